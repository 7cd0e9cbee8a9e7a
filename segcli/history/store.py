"""The history as a run may see it: committed runs before a moment, and their tables as lazy frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.history.folders import run_name
from segcli.history.identity import resolve, with_ids_of_today
from segcli.history.past_runs import PastRun, committed_runs
from segcli.history.rebuilding import rebuild_state
from segcli.history.run_facts import damaged
from segcli.history.salt import read_salt
from segcli.history.tables import (
    JOURNAL,
    MEMBERS,
    MEMBERS_FILE,
    PEOPLE,
    PEOPLE_FILE,
    SENDS_FILE,
    STATE,
    STATE_FILE,
    empty,
)

# No message goes out longer than this after the moment of the run that it was planned in.
LONGEST_WAIT = dt.timedelta(days=40)


@dataclass(frozen=True)
class History:
    """Committed runs before a moment, the oldest first. `later` is the newest of those that are not before it."""

    folder: Path
    before: dt.datetime
    runs: tuple[PastRun, ...]
    after: tuple[PastRun, ...] = ()

    @property
    def newest(self) -> PastRun | None:
        return self.runs[-1] if self.runs else None

    @property
    def later(self) -> str | None:
        return self.after[-1].name if self.after else None

    def journal(self, columns: Sequence[str] | None = None, since: dt.datetime | None = None) -> pl.LazyFrame:
        """What the runs did (JOURNAL), run by run. Runs whose messages all went out before `since` are not read."""
        runs = self.runs if since is None else _sending_since(self.runs, since)
        names = list(JOURNAL if columns is None else columns)
        if not runs:
            return empty(JOURNAL).select(names)
        for run in runs:
            run.scan(SENDS_FILE)  # what is damaged is told by its name
        paths = [run.folder / SENDS_FILE for run in runs]
        return pl.scan_parquet(paths, glob=False, schema=dict(JOURNAL)).select(names)

    def state(self) -> pl.LazyFrame:
        """Where every series stands (STATE), from the newest run, or worked out where that has it no more."""
        if self.newest is None:
            return empty(STATE)
        if self.newest.has(STATE_FILE) or not self.after:
            return self.newest.scan(STATE_FILE)
        # Under the ids that a later run knows them by, as that run's people and memberships are.
        return rebuild_state(self.with_current_ids(self.journal(), self.people().select("customer_id")))

    def memberships(self) -> pl.LazyFrame:
        """Who is or was in which segment (MEMBERS) as the newest run left it."""
        if self.newest is None:
            return empty(MEMBERS)
        run = self._with_file(MEMBERS_FILE)
        if run is self.newest:
            return run.scan(MEMBERS_FILE)
        # A later run remembers what there was, and what came after it.
        then = pl.lit(self.newest.as_of, MEMBERS["entered_at"])
        rows = run.scan(MEMBERS_FILE).filter(pl.col("entered_at") <= then)
        return rows.with_columns(left_at=pl.when(pl.col("left_at") <= then).then("left_at"))

    def people(self) -> pl.LazyFrame:
        """Digests of every id, email and phone ever seen, and whose they are (PEOPLE)."""
        return empty(PEOPLE) if self.newest is None else self._with_file(PEOPLE_FILE).scan(PEOPLE_FILE)

    def with_current_ids(self, rows: pl.LazyFrame, current: pl.LazyFrame) -> pl.LazyFrame:
        """Rows of any of these runs with today's customer_id. `current` is as for `identity.digests_of`."""
        salt = read_salt(self.folder)
        if salt is None or not self.runs:
            return rows
        ids = rows.select(old_id="customer_id")
        return with_ids_of_today(rows, resolve(self.people(), current, salt, ids))

    def _with_file(self, file: str) -> PastRun:
        """The newest run, or the next after it that still has the file. The last of all is never without."""
        candidates = (*self.runs[-1:], *self.after)
        return next((run for run in candidates if run.has(file)), candidates[-1])


def _sending_since(runs: Sequence[PastRun], since: dt.datetime) -> list[PastRun]:
    now, possible = run_name(since), run_name(since - LONGEST_WAIT)
    return [run for run in runs if run.name >= now or (run.name >= possible and run.last_send_at >= since)]


def open_history(folder: Path, before: dt.datetime) -> History:
    """The history as of a moment: what was committed as of any moment before it.

    A folder that is not there is an empty history. Raises DataError for one written by a newer segcli, and for
    runs that cannot be read.
    """
    runs = committed_runs(folder)
    for run in runs:
        if not run.has(SENDS_FILE):
            raise damaged(run.folder, f"{SENDS_FILE} is missing")
    if runs:
        _ = runs[-1].facts  # whatever a newer version wrote last tells of the whole history
    minute = run_name(before)
    # Names are of whole minutes: only a run of the same minute has to be asked for its moment.
    seen = [run for run in runs if run.name < minute or (run.name == minute and run.as_of < before)]
    for run in seen[-1:]:
        _ = run.facts
    return History(folder, before, tuple(seen), tuple(runs[len(seen) :]))
