"""The hour and the weekday of an event where its customer lives."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from zoneinfo import ZoneInfo, available_timezones

import polars as pl

from segcli.sources.tables import TIME

# No clock anywhere differs from another by less than a quarter of an hour, so times are moved by the quarter:
# there are few of those, and moving a time takes long.
SLOT_MICROSECONDS = 15 * 60 * 1_000_000
ZONE_STEP = 10**9  # more than twice the slots of any year that a time can have
LOCAL_COLUMNS = frozenset({"local_hour", "local_weekday"})


def zones_elsewhere(people: Sequence[pl.LazyFrame], here: ZoneInfo) -> tuple[str, ...]:
    """The timezones of customers other than the shop's; a name that is none counts as not known."""
    if not people or "timezone" not in people[0].collect_schema():
        return ()
    zones = pl.concat([shard.select("timezone").drop_nulls().unique() for shard in people]).unique().collect()
    return tuple(sorted(set(zones["timezone"]) & available_timezones() - {here.key}))


def local_columns(wanted: Collection[str], time: str = "at") -> list[pl.Expr]:
    """`local_hour` (0-23) and `local_weekday` (Monday is 1) of a naive time, as far as wanted."""
    parts = {"local_hour": pl.col(time).dt.hour(), "local_weekday": pl.col(time).dt.weekday()}
    return [part.cast(pl.Int64).alias(name) for name, part in parts.items() if name in wanted]


def with_local_time(
    events: pl.DataFrame, people: pl.DataFrame, here: ZoneInfo, zones: Sequence[str], wanted: Collection[str]
) -> pl.DataFrame:
    """Events with their local columns; customers of whom no timezone is known live where the shop is.

    `people` has customer_id and timezone. A time that comes twice when clocks go back is the first; one
    that they skip is taken an hour on.
    """
    numbers = {zone: number for number, zone in enumerate(zones)}
    number = pl.col("timezone").replace_strict(numbers, default=None, return_dtype=pl.Int64)
    abroad = people.select("customer_id", __zone=number).drop_nulls()
    events = events.join(abroad, on="customer_id", how="left")
    # Zone and slot as one number: joining by one column is faster than by two.
    slot = pl.col("at").dt.epoch("us") // SLOT_MICROSECONDS
    events = events.with_columns(__slot=slot + pl.col("__zone") * ZONE_STEP)
    slots = events.select(pl.col("__slot").drop_nulls().unique())
    moved = [_slots_in(zone, number, slots, here) for zone, number in numbers.items()]
    events = events.join(pl.concat(moved), on="__slot", how="left")
    here_or_there = pl.coalesce("__there", "at").alias("__there")
    return (
        events.with_columns(here_or_there)
        .with_columns(local_columns(wanted, "__there"))
        .drop("__zone", "__slot", "__there")
    )


def _slots_in(zone: str, number: int, slots: pl.DataFrame, here: ZoneInfo) -> pl.DataFrame:
    """The zone's slots with `__there`, the time in the zone at which each begins."""
    mine = slots.filter((pl.col("__slot") + ZONE_STEP // 2) // ZONE_STEP == number)
    begins = ((mine["__slot"] - number * ZONE_STEP) * SLOT_MICROSECONDS).cast(TIME)
    return mine.with_columns(__there=_moved(begins, here, zone))


def _moved(times: pl.Series, here: ZoneInfo, zone: str) -> pl.Series:
    zoned = times.dt.replace_time_zone(here.key, ambiguous="earliest", non_existent="null")
    if zoned.null_count() > times.null_count():
        later = times.dt.offset_by("1h").dt.replace_time_zone(here.key, ambiguous="earliest", non_existent="null")
        zoned = pl.select(pl.coalesce(zoned, later)).to_series()
    return zoned.dt.convert_time_zone(zone).dt.replace_time_zone(None)
