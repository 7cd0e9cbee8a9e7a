"""What was committed and never mailed is taken back: whole runs, the newest first, or one campaign of the newest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.history import points
from segcli.history.carried import history_of, restore_carried
from segcli.history.folders import CAMPAIGNS, REHEARSAL, delete_folder
from segcli.history.past_runs import PastRun, committed_runs
from segcli.history.publishing import repair_latest
from segcli.history.run_facts import is_newer
from segcli.history.tables import JOURNAL, SENDS_FILE, empty
from segcli.history.used_codes import USED_CODES, keep_codes
from segcli.problems import DataError, Problem, RecipeError, nearest

RETRACTED: Mapping[str, pl.DataType] = {
    "run": pl.String(), "campaign": pl.String(), "step": pl.String(), "messages": pl.Int64(), "held_out": pl.Int64(),
}  # fmt: skip
SERVED = ("sent", "held_out")


@dataclass(frozen=True)
class Undone:
    """What was taken back. `retracted` (RETRACTED) counts messages that are due again; `codes` of pools stay used.

    `unreadable` are runs so damaged that nobody can tell what they sent.
    """

    runs: tuple[str, ...]  # the newest first
    campaign: str | None
    retracted: pl.DataFrame
    codes: int
    unreadable: tuple[str, ...] = ()


def run_of(text: str) -> str:
    """The name of a run in what was typed: a name, with or without `-campaigns`, or the path of its folder.

    Raises RecipeError for a rehearsal, of which nothing has to be taken back, and for `latest`.
    """
    name = Path(text).name
    if name.endswith(REHEARSAL):
        hint = "Nothing is remembered of it. Delete its folder if it is in the way."
        raise RecipeError([Problem(f"{name} is a rehearsal and no history.", hint=hint)])
    if name.startswith("latest"):
        hint = "A run is taken back by its own name, so that a command that comes too late takes back no other."
        raise RecipeError([Problem(f"'{name}' may be another run by now.", hint=hint)])
    return name.removesuffix(CAMPAIGNS)


def runs_to_undo(history: Path, text: str, *, later: bool = False) -> list[PastRun]:
    """The run that was named, and with `later` all after it: the newest first. Nothing of them is read.

    Raises RecipeError for a run that there is not, and for one that is not the newest without `later`; DataError
    for a history that a later segcli has written.
    """
    name, runs = run_of(text), committed_runs(history)
    names = [run.name for run in runs]
    if name not in names:
        there = nearest(name, names) or (f"The newest is {names[-1]}." if names else None)
        what = f"no committed run is named '{name}'" if names else f"{history} has no committed run"
        raise RecipeError([Problem(f"nothing to undo: {what}.", hint=there)])
    found = runs[names.index(name) :][::-1]
    if len(found) > 1 and not later:
        after = ", ".join(sorted(run.name for run in found[:-1]))
        hint = (
            f"`segcli undo {name} --later` takes all {len(found)} back. Whatever of them was mailed would then be "
            "mailed again."
        )
        raise RecipeError([Problem(f"{name} is not the newest run: {after} came after it.", hint=hint)])
    newer = [run.name for run in found if is_newer(run.folder)]
    if newer:
        hint = "Use that version or a later one. Nothing was changed."
        raise DataError([Problem(f"a newer segcli has written the run {newer[0]}.", hint=hint)])
    return found


def undo_runs(history: Path, out: Path, text: str, *, later: bool = False) -> Undone:
    """Takes back the newest run, or with `later` the named one and all after it, with their folders in `out`.

    Each is gone in one step, the newest first, so that a crash leaves a history as it was at some moment. A run
    that is damaged is taken back as well. The run that is then the newest has all of its tables again. Whoever
    calls this holds the lock and has recovered. Raises as `runs_to_undo` does.
    """
    found = runs_to_undo(history, text, later=later)
    names = [run.name for run in found]
    left = [run for run in committed_runs(history) if run.name not in names]
    if left:
        restore_carried(history_of(history, left, found[::-1]))
    counts, codes, unreadable = [pl.DataFrame(schema=dict(RETRACTED))], 0, []
    for run in found:
        outputs = run.name + CAMPAIGNS
        journal = _journal(run)
        if journal is None:
            unreadable.append(run.name)
            keep_codes(history, _codes_of_files(out / outputs))
        else:
            codes += keep_codes(history, pool_codes(journal.lazy()))
            counts.append(retracted(journal.lazy()))
        points.reached("codes kept")
        if (out / outputs).is_dir():
            delete_folder(out, outputs)
        repair_latest(out, CAMPAIGNS)
        points.reached("outputs undone")
        delete_folder(history, run.name)
        points.reached("run undone")
    return Undone(tuple(names), None, pl.concat(counts), codes, tuple(unreadable))


def retracted(journal: pl.LazyFrame) -> pl.DataFrame:
    """RETRACTED: how many messages of each step a journal has, and how many were held out, for which there is none."""
    status = pl.col("status")
    counted = journal.filter(status.is_in(SERVED)).group_by("run", "campaign", "step").agg(
        (status == "sent").sum().alias("messages"), (status == "held_out").sum().alias("held_out"),
        pl.col("number").min(),
    )  # fmt: skip
    rows = counted.sort("run", "campaign", "number", "step", descending=[True, False, False, False])
    return rows.select(pl.col(name).cast(dtype) for name, dtype in RETRACTED.items()).collect(engine="streaming")


def _journal(run: PastRun) -> pl.DataFrame | None:
    """The run's messages, or None where nobody can tell them any more."""
    columns = ["run", "step", "number", "status", *USED_CODES]
    try:
        frame = pl.read_parquet(run.folder / SENDS_FILE, glob=False, columns=columns)
        return frame.cast({name: JOURNAL[name] for name in columns})
    except (OSError, pl.exceptions.PolarsError):
        return None


def pool_codes(journal: pl.LazyFrame) -> pl.LazyFrame:
    """USED_CODES of the messages of a journal."""
    return journal.filter(pl.col("code_pool").is_not_null()).select(*USED_CODES)


def _codes_of_files(outputs: Path) -> pl.LazyFrame:
    """Every code that was for one customer, in the files for the shop: it may be of a pool."""
    parts = [empty(USED_CODES)]
    for path in sorted(outputs.rglob("coupons.csv")):
        coupons = pl.read_csv(path, infer_schema=False).lazy()
        parts.append(coupons.filter(pl.col("customer_id") != "").select("code", "campaign", "customer_id"))
    return pl.concat(parts, how="diagonal").select(*USED_CODES)
