"""Files of older runs that newer runs carry forward: deleted after a commit, so that a history stays small."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from segcli.history import points
from segcli.history.past_runs import committed_runs
from segcli.history.tables import MEMBERS_FILE, PEOPLE_FILE, STATE_FILE

CARRIED = (STATE_FILE, MEMBERS_FILE, PEOPLE_FILE)
NEWEST = 3  # runs that keep them: `undo` goes back to them
DAYS = 7  # whose last runs keep them


def delete_superseded(history: Path) -> None:
    """Deletes state, members and people of all runs but the newest 3 and the last of each of the newest run's 7 days.

    A later run has all that was in members and people, and the journal all of state. May stop at any file: what
    the disk does not let go today goes another time.
    """
    runs = [run.name for run in committed_runs(history)]
    for name in sorted(set(runs) - keeping(runs)):
        for path in (history / name / file for file in CARRIED):
            if path.exists():
                with suppress(OSError):
                    path.unlink()
                points.reached("superseded file deleted")


def keeping(runs: Sequence[str]) -> set[str]:
    """Those of the runs (the oldest first) that keep all of their files."""
    last_of_day = {name[:10]: name for name in runs}
    days = [dt.date.fromisoformat(day) for day in last_of_day]
    since = max(days) - dt.timedelta(days=DAYS - 1) if days else dt.date.min
    recent = {name for day, name in last_of_day.items() if dt.date.fromisoformat(day) >= since}
    return recent | set(runs[-NEWEST:])
