"""Which runs in the output folder are too old to keep, and their deletion."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from segcli.history.folders import delete_folder
from segcli.history.publishing import LATEST, MANIFEST, finished_runs, latest_run


def delete_old_runs(out: Path, run: Path, keep: dt.timedelta) -> list[str]:
    """Deletes runs of every kind that were written more than `keep` before `run`; returns their names.

    Never the latest of their kind, and nothing of the history. A run of a past day, written just now, is not old.
    """
    spared = {run, *(latest_run(out, kind) for kind in LATEST)}
    before = _written_at(run) - keep.total_seconds()
    runs = [other for kind in LATEST for other in finished_runs(out, kind)]
    old = sorted(other.name for other in runs if _written_at(other) < before and other not in spared)
    for name in old:
        delete_folder(out, name)
    return old


def _written_at(run: Path) -> float:
    return (run / MANIFEST).stat().st_mtime
