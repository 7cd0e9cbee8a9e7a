"""The tables that a run hands on to the next: worked out again for a run whose own files of them were deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from segcli.history.identity import digest, with_ids_of_today
from segcli.history.past_runs import PastRun
from segcli.history.rebuilding import rebuild_state
from segcli.history.rewriting import rewritten, write_run_anew
from segcli.history.run_facts import file_facts
from segcli.history.salt import read_salt
from segcli.history.store import History
from segcli.history.tables import MEMBERS_FILE, PEOPLE_FILE, STATE_FILE


def history_of(folder: Path, runs: list[PastRun], after: list[PastRun] | None = None) -> History:
    """A history of just these runs (at least one, the oldest first), whatever else is there. `after` came later."""
    return History(folder, runs[-1].as_of, tuple(runs), tuple(after or ()))


def with_known_ids(rows: pl.LazyFrame, people: pl.LazyFrame, salt: str) -> pl.LazyFrame:
    """Rows of a journal, or made of one, under the customer_ids that PEOPLE has for theirs."""
    ids = rows.select(old_id="customer_id").unique().with_columns(digest=digest("old_id", "customer_id", salt))
    known = pl.col("customer_id")
    found = ids.join(people, on="digest", how="inner").group_by("old_id").agg(
        pl.when((known == pl.col("old_id")).any()).then(pl.col("old_id").first()).otherwise(known.min()).alias("known")
    )  # fmt: skip
    moved = found.filter(pl.col("known") != pl.col("old_id")).select("old_id", customer_id="known")
    return with_ids_of_today(rows, moved.sort("old_id").collect(engine="streaming"))


def rebuilt_state(history: History, campaign: str | None = None) -> pl.LazyFrame:
    """The state of a history (STATE), or a campaign's part of it, from nothing but the journal and PEOPLE.

    Who was known by another id in the journal has the id of the newest run. Grouping 50 million rows takes some
    ten seconds and 5 GB.
    """
    journal = history.journal()
    if campaign is not None:
        journal = journal.filter(pl.col("campaign") == campaign)
    salt = read_salt(history.folder)
    return rebuild_state(journal if salt is None else with_known_ids(journal, history.people(), salt))


def restore_carried(history: History) -> tuple[str, ...]:
    """Gives the newest run its state, members and people again, as far as they were deleted; their names.

    They are worked out from the journal and from the runs after it; run.json says so. In one step.
    """
    run = history.newest
    if run is None:
        return ()
    sources: Mapping[str, Callable[[History], pl.LazyFrame]] = {
        STATE_FILE: rebuilt_state, MEMBERS_FILE: History.memberships, PEOPLE_FILE: History.people,
    }  # fmt: skip
    missing = {file: rows_of(history) for file, rows_of in sources.items() if not run.has(file)}
    if missing:
        with rewritten(run.folder) as staged:
            write_run_anew(run, staged, missing, {"rebuilt": sorted({*run.facts.get("rebuilt", ()), *missing})})
    return tuple(missing)


def rebuild_newest_state(folder: Path, runs: list[PastRun]) -> bool:
    """Writes the newest run's state anew from the journal; whether it was another one than the journal tells of.

    Raises DataError where the journal itself cannot be read.
    """
    history = history_of(folder, runs)
    run = runs[-1]
    before = run.facts["files"].get(STATE_FILE, {}).get("sha256")
    damaged = not run.has(STATE_FILE) or file_facts(run.folder / STATE_FILE)["sha256"] != before
    with rewritten(run.folder) as staged:
        facts = {"rebuilt": sorted({*run.facts.get("rebuilt", ()), STATE_FILE})}
        write_run_anew(run, staged, {STATE_FILE: rebuilt_state(history)}, facts)
    return damaged or PastRun(run.folder).facts["files"][STATE_FILE]["sha256"] != before
