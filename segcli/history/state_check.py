"""The state that a run carries, compared with the one that its journal tells of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from segcli.history.carried import history_of, rebuilt_state
from segcli.history.past_runs import committed_runs
from segcli.history.rebuilding import SERIES
from segcli.history.tables import STATE, STATE_FILE
from segcli.problems import Problem, RecipeError, nearest

# The series that the two tell differently, and the columns in which they do.
DIFFERING: Mapping[str, pl.DataType] = {**dict.fromkeys(SERIES, pl.String()), "differs": pl.String()}
STATE_ONLY, JOURNAL_ONLY = "only in the state", "only in the journal"


def differing_series(folder: Path, name: str) -> pl.DataFrame:
    """DIFFERING: series of which the run's state says something else than the journals up to it; none if it is sound.

    A customer's earlier series that a newer one has replaced are in the journal alone, and are no difference.
    Raises RecipeError for a run that there is not, or whose state was deleted since later runs carry it on.
    """
    runs = committed_runs(folder)
    names = [run.name for run in runs]
    if name not in names:
        hint = nearest(name, names) or (f"The newest is {names[-1]}." if names else None)
        raise RecipeError([Problem(f"no committed run is named '{name}'.", hint=hint)])
    until = runs[: names.index(name) + 1]
    if not until[-1].has(STATE_FILE):
        hint = f"Later runs carry it on: the newest is {names[-1]}."
        raise RecipeError([Problem(f"the run {name} has no state any more.", hint=hint)])
    carried = until[-1].scan(STATE_FILE)
    return compared_states(carried, rebuilt_state(history_of(folder, until)))


def compared_states(carried: pl.LazyFrame, rebuilt: pl.LazyFrame) -> pl.DataFrame:
    """DIFFERING of two states, sorted."""
    values = [column for column in STATE if column not in SERIES]
    other = rebuilt.rename({column: f"{column}_rebuilt" for column in values}).with_columns(told=pl.lit(value=True))
    both = carried.with_columns(carried=pl.lit(value=True)).join(other, on=SERIES, how="full", coalesce=True)
    differs = pl.concat_str(
        (
            pl.when(pl.col(column).ne_missing(pl.col(f"{column}_rebuilt"))).then(pl.lit(column))
            for column in values
        ),
        separator=", ", ignore_nulls=True,
    )  # fmt: skip
    carries_one = pl.col("carried").any().over("campaign", "customer_id").fill_null(value=False)
    reason = (
        pl.when(pl.col("told").is_null()).then(pl.lit(STATE_ONLY))
        .when(pl.col("carried").is_null() & carries_one).then(pl.lit(""))
        .when(pl.col("carried").is_null()).then(pl.lit(JOURNAL_ONLY))
        .otherwise(differs)
    )  # fmt: skip
    rows = both.select(*SERIES, differs=reason).filter(pl.col("differs") != "")
    return rows.sort(SERIES).collect(engine="streaming")
