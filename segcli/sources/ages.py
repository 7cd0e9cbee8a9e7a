"""What a row's time is to the moment of the run: rows after it do not exist, and every other has an age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

import polars as pl

from segcli.sources.tables import TIME

MICROSECONDS_PER_HOUR = 3_600_000_000


def until(as_of: dt.datetime, time: str) -> pl.Expr:
    """True of rows that have happened by `as_of`."""
    return pl.col(time) <= pl.lit(as_of, TIME)


def known_by(as_of: dt.datetime, columns: Iterable[str]) -> list[pl.Expr]:
    """The time columns with what was still to come set to null."""
    return [pl.when(until(as_of, name)).then(pl.col(name)).alias(name) for name in columns]


def age_columns(as_of: dt.datetime, time: str, wanted: Collection[str]) -> list[pl.Expr]:
    """`age_days` (whole days) and `age_hours` (exact) between the row and `as_of`, as far as wanted."""
    age = pl.lit(as_of, TIME) - pl.col(time)
    ages = {
        "age_days": age.dt.total_days(),
        "age_hours": age.dt.total_microseconds() / MICROSECONDS_PER_HOUR,
    }
    return [value.alias(name) for name, value in ages.items() if name in wanted]
