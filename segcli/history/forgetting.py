"""A person is erased from the history and from past runs, but for salted hashes by which they stay suppressed."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from segcli.history import points
from segcli.history.folders import CAMPAIGNS, hidden, new_attempt, seal, sync_folder
from segcli.history.identity import FORGOTTEN, read_forgotten
from segcli.history.known_persons import KnownPerson, digests_of_person, known_person, run_folders
from segcli.history.manifests import read_manifest
from segcli.history.past_runs import PastRun, committed_runs
from segcli.history.publishing import move_in
from segcli.history.redacting import Redacted, redact_folder, redactions
from segcli.history.rewriting import replace_outputs, replace_table, rewritten, write_run_anew
from segcli.history.run_facts import outputs_digest
from segcli.history.salt import make_salt, read_salt
from segcli.history.searching import left_of
from segcli.history.tables import MEMBERS_FILE, PEOPLE_FILE, SENDS_FILE, STATE_FILE
from segcli.history.traces import Person
from segcli.history.used_codes import USED_CODES_FILE, keep_codes, read_used_codes
from segcli.problems import DataError, Problem

FORGETTING = ".forgetting.parquet"  # digest, day: of who is being forgotten, until nothing of them is left
TABLES = (SENDS_FILE, STATE_FILE, MEMBERS_FILE, PEOPLE_FILE)


@dataclass
class Erased:
    """What was erased of a person: rows per table of the history, and rows and cells per folder of a past run."""

    history: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TABLES, 0))
    runs: int = 0  # of the history that had any of it
    outputs: dict[str, Redacted] = field(default_factory=dict)
    codes: int = 0  # of pools, which stay used
    known_by: int = 0  # hashes by which the person stays suppressed

    @property
    def anything(self) -> bool:
        return bool(self.outputs) or any(self.history.values())


def forget(
    history: Path, out: Path, person: Person, day: dt.date, others: pl.DataFrame | None = None, *, known: bool = True
) -> Erased:
    """Erases everything of a person from the history and from every run's folder in `out`.

    `others` (customer_id, email, phone) are the shop's other customers, where its files were read. Who is not `known`
    from those, nor to the history, nor in any past run, is not taken up: then nothing is written. The hashes of
    the person are written first: from then on they are suppressed, and whoever recovers after a crash goes on with
    it. Every run is put anew in one step. Repeating it changes nothing. Whoever calls this holds the lock and has
    recovered. Raises DataError where bytes of the person are still found afterwards.
    """
    salt = make_salt(history)
    theirs = known_person(history, out, person, salt, others=others)
    if not known and not theirs.found and not is_forgotten(history, person):
        return Erased()
    marker = pl.DataFrame({"digest": sorted(theirs.digests)}, {"digest": pl.String}).with_columns(day=pl.lit(day))
    replace_table(history, FORGETTING, marker)
    _suppress(history, theirs)
    erased = _erase(history, out, theirs.person, day)
    erased.known_by = len(theirs.digests)
    _done(history)
    left = left_of(theirs.person, history, out)
    if left:
        hint = "What segcli did not write there it cannot change: delete that file, and do it again."
        raise DataError([Problem(f"{path} still speaks of that person.", hint=hint) for path in left])
    return erased


def is_interrupted(history: Path) -> bool:
    """Whether somebody is being forgotten, and a crash left it unfinished."""
    return (history / FORGETTING).exists()


def finish_forgetting(history: Path, out: Path) -> bool:
    """Goes on with what a crash left of `forget`; whether there was anything. Whoever calls this holds the lock."""
    if not is_interrupted(history):
        return False
    marker = pl.read_parquet(history / FORGETTING, glob=False)
    salt = read_salt(history)
    if salt is None or marker.is_empty():
        _done(history)
        return True
    known = known_person(history, out, Person(), salt, digests=frozenset(marker["digest"]))
    _suppress(history, known)
    _erase(history, out, known.person, marker["day"][0])
    _done(history)
    return True


def is_forgotten(history: Path, person: Person) -> bool:
    """Whether one of these ids, emails and phones is of somebody who was forgotten."""
    forgotten, salt = read_forgotten(history), read_salt(history)
    if forgotten is None or salt is None:
        return False
    known = digests_of_person(person, salt)
    return not forgotten.filter(pl.col("digest").is_in(list(known))).collect().is_empty()


def _done(history: Path) -> None:
    (history / FORGETTING).unlink()
    sync_folder(history)
    points.reached("forgotten")


def _suppress(history: Path, known: KnownPerson) -> None:
    """Adds the person's hashes to those of the forgotten."""
    before = read_forgotten(history)
    rows = pl.DataFrame({"digest": sorted(known.digests)}, {"digest": pl.String})
    whole = rows if before is None else pl.concat([before.collect(), rows])
    replace_table(history, FORGOTTEN, whole.unique().sort("digest"))


def _erase(history: Path, out: Path, person: Person, day: dt.date) -> Erased:
    """Takes the person out of all folders: what stands in texts first, since only the columns tell what to look for."""
    erased = Erased()
    for page in sorted(out.glob("preview-*.html")):
        # It shows a few customers, these or others, and can be made again.
        page.unlink()
    for rows in (False, True):
        for folder in run_folders(out):
            done = _redact_outputs(history, out, folder, person, day, rows=rows)
            if done.files:
                so_far = erased.outputs.setdefault(folder.name, Redacted())
                so_far.rows, so_far.cells = so_far.rows + done.rows, so_far.cells + done.cells
                so_far.files |= done.files
    for name in _runs_with(history, person):
        _erase_from_run(PastRun(history / name), person, day, erased)
    _forget_whose_codes(history, person)
    return erased


def _redact_outputs(history: Path, out: Path, folder: Path, person: Person, day: dt.date, *, rows: bool) -> Redacted:
    done: list[Redacted] = []

    def fill(staged: Path) -> bool:
        done.append(redact_folder(folder, staged, person, day, rows=rows))
        return bool(done[0].files)

    run = PastRun(history / folder.name.removesuffix(CAMPAIGNS))
    if folder.name.endswith(CAMPAIGNS) and run.folder.is_dir() and _belong_together(run, folder):
        replace_outputs(run, out, fill, {})
    else:
        _replace(folder, fill)
    return done[0]


def _belong_together(run: PastRun, folder: Path) -> bool:
    with suppress(OSError, ValueError, KeyError):
        return bool(run.facts["outputs_digest"] == outputs_digest(read_manifest(folder)["outputs"]))
    return False


def _replace(folder: Path, fill: Callable[[Path], bool]) -> None:
    staged = hidden(folder.parent, folder.name, new_attempt())
    staged.mkdir(mode=0o700)
    try:
        if not fill(staged):
            shutil.rmtree(staged)
            return
        seal(staged)
        points.reached("outputs rewritten")
        move_in(staged, folder)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    sync_folder(folder.parent)
    points.reached("outputs replaced")


def _runs_with(history: Path, person: Person) -> list[str]:
    """The runs of whose tables any has a row of the person."""
    found: set[str] = set()
    ids = list(person.ids)
    for file in TABLES:
        paths = [run.path(file) for run in committed_runs(history) if run.has(file)]
        if paths:
            rows = pl.scan_parquet(paths, glob=False, include_file_paths="path")
            named = rows.filter(pl.col("customer_id").is_in(ids)).select("path").unique().collect(engine="streaming")
            found |= {Path(path).parent.name for path in named["path"]}
    return sorted(found)


def _erase_from_run(run: PastRun, person: Person, day: dt.date, erased: Erased) -> None:
    theirs = pl.col("customer_id").is_in(list(person.ids))
    tables, removed = {}, 0
    for file in TABLES:
        if not run.has(file):
            continue
        rows = run.scan(file)
        count = rows.filter(theirs).select(pl.len()).collect(engine="streaming").item()
        if count:
            tables[file] = rows.filter(~theirs)
            erased.history[file] += count
            removed += count
    journal = run.scan(SENDS_FILE).filter(theirs, pl.col("code_pool").is_not_null())
    nobody = (pl.lit(None, pl.String).alias(name) for name in ("campaign", "series", "customer_id"))
    # A code that they were given may be with somebody: nobody else gets it.
    erased.codes += keep_codes(run.folder.parent, journal.select("code", "code_pool", *nobody))
    points.reached("codes kept")
    facts: Mapping[str, Any] = {"redactions": redactions(run.facts.get("redactions"), removed, 0, day)}
    with rewritten(run.folder) as staged:
        write_run_anew(run, staged, tables, facts)
    erased.runs += 1


def _forget_whose_codes(history: Path, person: Person) -> None:
    """Leaves the codes of runs that were undone used, and forgets that they were the person's."""
    codes = read_used_codes(history).collect()
    theirs = pl.col("customer_id").is_in(list(person.ids)).fill_null(value=False)
    if codes.filter(theirs).is_empty():
        return
    whose = pl.col("campaign", "series", "customer_id")
    unnamed = codes.with_columns(pl.when(~theirs).then(whose))
    replace_table(history, USED_CODES_FILE, unnamed.unique().sort(pl.all()))
