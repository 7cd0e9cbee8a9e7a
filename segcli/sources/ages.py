"""What a row's time is to the moment of the run: rows after it do not exist, and every other has an age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from zoneinfo import ZoneInfo

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


def local_columns(
    time: str, timezone: str, here: ZoneInfo, elsewhere: Iterable[str], wanted: Collection[str]
) -> list[pl.Expr]:
    """`local_hour` (0-23) and `local_weekday` (Monday is 1) of a time of the shop in the row's timezone.

    `elsewhere` holds the timezones that occur; rows of any other, or none, keep the shop's time. A time
    that occurs twice when clocks go back is the first; one that clocks skip is taken an hour on.
    """
    shop = pl.col(time)
    skipped_over = shop.dt.offset_by("1h").dt.replace_time_zone(here.key, ambiguous="earliest", non_existent="null")
    zoned = pl.coalesce(
        shop.dt.replace_time_zone(here.key, ambiguous="earliest", non_existent="null"), skipped_over
    )
    local = shop
    for name in sorted(elsewhere):
        there = zoned.dt.convert_time_zone(name).dt.replace_time_zone(None)
        local = pl.when(pl.col(timezone) == name).then(there).otherwise(local)
    parts = {"local_hour": local.dt.hour(), "local_weekday": local.dt.weekday()}
    return [part.cast(pl.Int64).alias(name) for name, part in parts.items() if name in wanted]
