"""One campaign's part of the newest run is taken back; what the run did for other campaigns stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from segcli.history import points
from segcli.history.carried import history_of, rebuilt_state, with_known_ids
from segcli.history.csv_records import change_records
from segcli.history.folders import CAMPAIGNS
from segcli.history.manifests import manifest_text, read_manifest
from segcli.history.past_runs import PastRun, committed_runs
from segcli.history.publishing import MANIFEST
from segcli.history.rewriting import copy_linked, replace_outputs, rewritten, write_over, write_run_anew
from segcli.history.run_facts import file_facts
from segcli.history.salt import read_salt
from segcli.history.tables import PEOPLE_FILE, SCHEMAS, SENDS_FILE, STATE_FILE, empty
from segcli.history.undoing import Undone, pool_codes, retracted, runs_to_undo, undo_runs
from segcli.history.used_codes import keep_codes
from segcli.problems import Problem, RecipeError, nearest

EXCLUDED_FILE = "excluded.csv"


def undo_campaign(history: Path, out: Path, text: str, campaign: str) -> Undone:
    """Takes back what the newest run did for one campaign: its journal, state, outputs, and what was remembered of it.

    In one step, after which the outputs follow, by the next start if need be. A run of no other campaign is taken
    back whole. Whoever calls this holds the lock and has recovered. Raises RecipeError for a run that is not the
    newest and for a campaign that it did not plan; DataError for a run that is damaged.
    """
    run = runs_to_undo(history, text)[0]
    planned = list(run.facts["planned"])
    if campaign not in planned:
        hint = nearest(campaign, planned) or f"It planned {', '.join(planned) or 'none'}."
        raise RecipeError([Problem(f"the run {run.name} planned no campaign '{campaign}'.", hint=hint)])
    if planned == [campaign]:
        return replace(undo_runs(history, out, run.name), campaign=campaign)
    others, own = pl.col("campaign") != campaign, pl.col("campaign") == campaign
    journal = run.scan(SENDS_FILE)
    counts = retracted(journal.filter(own))
    before = committed_runs(history)[:-1]
    state = pl.concat([run.scan(STATE_FILE).filter(others), _state_before(run, before, campaign)])
    tables = {SENDS_FILE: journal.filter(others), STATE_FILE: state}
    facts = _facts_without(run, before, campaign, journal.filter(others))
    codes = keep_codes(history, pool_codes(journal.filter(own)))
    points.reached("codes kept")
    outputs = out / (run.name + CAMPAIGNS)
    if (outputs / MANIFEST).is_file():
        replace_outputs(run, out, lambda staged: _outputs_without(outputs, staged, campaign), facts, tables)
    else:
        with rewritten(run.folder) as staged:
            write_run_anew(run, staged, tables, facts)
    return Undone((run.name,), campaign, counts, codes)


def _state_before(run: PastRun, before: list[PastRun], campaign: str) -> pl.LazyFrame:
    """The campaign's series as they stood before the run, under the ids that the run knows their customers by."""
    if not before:
        return empty(SCHEMAS[STATE_FILE])
    if not before[-1].has(STATE_FILE):
        return rebuilt_state(history_of(run.folder.parent, before, [run]), campaign)
    rows = before[-1].scan(STATE_FILE).filter(pl.col("campaign") == campaign)
    salt = read_salt(run.folder.parent)
    return rows if salt is None else with_known_ids(rows, run.scan(PEOPLE_FILE), salt)


def _facts_without(run: PastRun, before: list[PastRun], campaign: str, journal: pl.LazyFrame) -> dict[str, Any]:
    campaigns = {name: facts for name, facts in run.facts["campaigns"].items() if name != campaign}
    known = before[-1].facts["campaigns"] if before else {}
    if campaign in known:
        campaigns[campaign] = known[campaign]
    last = journal.select(pl.col("send_at").max()).collect().item()
    return {
        "planned": [name for name in run.facts["planned"] if name != campaign],
        "campaigns": campaigns,
        "last_send_at": last and last.isoformat(),
        "undone": sorted({*run.facts.get("undone", ()), campaign}),
    }


def _outputs_without(outputs: Path, staged: Path, campaign: str) -> bool:
    """Fills `staged` with the run's folder without the campaign's lists and its lines of excluded.csv."""
    manifest = read_manifest(outputs)
    theirs = [step for step in manifest["steps"] if step["campaign"] == campaign]
    gone = {file for step in theirs for file in step["files"]}
    # Finished emails and pages are files of their own, which the manifest does not name one by one.
    folders = [outputs / step["folder"] for step in theirs if step.get("folder")]
    gone |= {path.relative_to(outputs).as_posix() for folder in folders for path in folder.rglob("*") if path.is_file()}
    copy_linked(outputs, staged, without=gone)
    for path in sorted((path for path in staged.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
    files = {name: facts for name, facts in manifest["outputs"].items() if name not in gone}
    if (staged / EXCLUDED_FILE).is_file():
        files[EXCLUDED_FILE] = _excluded_without(staged / EXCLUDED_FILE, files[EXCLUDED_FILE], campaign)
    manifest |= {
        "outputs": files,
        "steps": [step for step in manifest["steps"] if step["campaign"] != campaign],
        "undone": sorted({*manifest.get("undone", ()), campaign}),
    }
    write_over(staged / MANIFEST, manifest_text(manifest).encode())
    return True


def _excluded_without(path: Path, facts: Mapping[str, Any], campaign: str) -> dict[str, Any]:
    def change(cells: list[str], header: list[str]) -> list[str] | None:
        return None if dict(zip(header, cells, strict=False)).get("campaign") == campaign else cells

    done = change_records(path.read_bytes(), re.escape(campaign), change)
    write_over(path, done.content)
    return {**facts, **file_facts(path), "rows": facts["rows"] - done.dropped}
