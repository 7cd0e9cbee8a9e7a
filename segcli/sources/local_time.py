"""The hour and the weekday of an event where its customer lives."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import polars as pl

from segcli.sources.tables import TIME

# Clocks go forward and back on the quarter of an hour, so between two quarters two zones always differ by the same.
SLOT_MICROSECONDS = 15 * 60 * 1_000_000
SLOTS_A_DAY = 96
ZONE_STEP = 10**9  # more than twice the slots of any year that a time can have
NO_PLACES = ("Factory", "localtime")  # names in the database that stand for no zone of their own
LOCAL_COLUMNS = frozenset({"local_hour", "local_weekday"})


def zones_elsewhere(people: Sequence[pl.LazyFrame], here: ZoneInfo) -> tuple[str, ...]:
    """The timezones of customers other than the shop's; a name that is none counts as not known."""
    if not people or "timezone" not in people[0].collect_schema():
        return ()
    zones = pl.concat([shard.select("timezone").drop_nulls().unique() for shard in people]).unique().collect()
    return tuple(sorted(set(zones["timezone"]) & available_timezones() - {here.key, *NO_PLACES}))


def local_columns(wanted: Collection[str], time: str = "at") -> list[pl.Expr]:
    """`local_hour` (0-23) and `local_weekday` (Monday is 1) of a naive time, as far as wanted."""
    parts = {"local_hour": pl.col(time).dt.hour(), "local_weekday": pl.col(time).dt.weekday()}
    return [part.cast(pl.Int64).alias(name) for name, part in parts.items() if name in wanted]


def local_columns_abroad(abroad: Path, moves: pl.DataFrame, wanted: Collection[str], time: str = "at") -> list[pl.Expr]:
    """The same where customers live: `abroad` is a file of `write_abroad`, `moves` those of `clock_moves`.

    Worked out as rows are read, for the rows and in the queries that need it. Customers of whom no timezone is known
    live where the shop is.
    """
    there = pl.map_batches(
        ["customer_id", time], lambda rows: _there(rows[0], rows[1], str(abroad), moves), TIME, is_elementwise=True
    )
    parts = {"local_hour": there.dt.hour(), "local_weekday": there.dt.weekday()}
    return [part.cast(pl.Int64).alias(name) for name, part in parts.items() if name in wanted]


def write_abroad(people: pl.DataFrame, zones: Sequence[str], path: Path) -> Path:
    """Writes customer_id and the number of the zone of everybody who lives in one of `zones`."""
    numbers = {zone: number for number, zone in enumerate(zones)}
    number = pl.col("timezone").replace_strict(numbers, default=None, return_dtype=pl.Int64)
    path.parent.mkdir(parents=True, exist_ok=True)
    people.select("customer_id", zone=number).drop_nulls().serialize(path)
    return path


@lru_cache(maxsize=1)
def _abroad(path: str) -> pl.DataFrame:
    # Asked for with every batch of a shard's rows; kept for one shard at a time.
    return pl.DataFrame.deserialize(path)


def _there(customers: pl.Series, times: pl.Series, abroad: str, moves: pl.DataFrame) -> pl.Series:
    rows = pl.DataFrame({"customer_id": customers, "at": times})
    rows = rows.join(_abroad(abroad), on="customer_id", how="left", maintain_order="left")
    slot = rows["zone"] * ZONE_STEP + rows["at"].dt.epoch("us") // SLOT_MICROSECONDS
    last = moves["begins"].search_sorted(slot, side="right").cast(pl.Int64) - 1
    moved = pl.select(pl.when(slot.is_not_null()).then(moves["moved"].gather(last.clip(0)))).to_series()
    return pl.select(pl.coalesce(times + moved, times)).to_series()


def clock_moves(events: Sequence[pl.LazyFrame], zones: Sequence[str], here: ZoneInfo, time: str = "at") -> pl.DataFrame:
    """By how much the clocks of each zone differ from the shop's, on the days on which there are events.

    `begins` (a number of zone and slot from which on it is so; sorted) and `moved` (a duration). A time that comes
    twice when the shop's clocks go back is the first; one that they skip is taken an hour on.
    """
    days = pl.concat([frame.select(day=pl.col(time).dt.date()).unique() for frame in events]).unique()
    known = days.drop_nulls().sort("day").collect(engine="streaming")["day"]
    begins = (known.cast(TIME).dt.epoch("us") // SLOT_MICROSECONDS).alias("slot")
    first, after = _offsets(begins, here, zones), _offsets(begins + SLOTS_A_DAY, here, zones)
    changes_here = first["here"].ne_missing(after["here"])
    moves = []
    for number, zone in enumerate(zones):
        slots = _slots(begins, changes_here | first[zone].ne_missing(after[zone]))
        there = _wall(zone) - pl.col("here")
        moves.append(_moments(slots, here).select(begins=slots + number * ZONE_STEP, moved=there))
    changes = pl.col("moved").ne_missing(pl.col("moved").shift(1))
    return pl.concat(frame.filter(changes) for frame in moves)


def _slots(begins: pl.Series, changes: pl.Series) -> pl.Series:
    """The first slot of each day, and all of a day on which the clocks of either zone change, which is seldom."""
    if not changes.any():
        return begins
    days = pl.DataFrame({"slot": begins, "count": changes.cast(pl.Int64) * (SLOTS_A_DAY - 1) + 1})
    return days.select(pl.int_ranges("slot", pl.col("slot") + pl.col("count"))).explode("slot")["slot"]


def _offsets(slots: pl.Series, here: ZoneInfo, zones: Sequence[str]) -> pl.DataFrame:
    """By how much the clocks of the shop (`here`) and of each zone differ from UTC at the beginning of each slot."""
    utc = _wall("UTC")
    offsets = [(_wall(zone) - utc).alias(zone) for zone in zones]
    return _moments(slots, here).select(pl.col("here") - utc, *offsets)


def _wall(zone: str) -> pl.Expr:
    return pl.col("zoned").dt.convert_time_zone(zone).dt.replace_time_zone(None)


def _moments(slots: pl.Series, here: ZoneInfo) -> pl.DataFrame:
    """The beginning of each slot as the shop's clocks have it: `here`, and `zoned`, an hour on where they skip it."""
    rows = pl.DataFrame({"here": (slots * SLOT_MICROSECONDS).cast(TIME)})
    time = pl.col("here")
    zoned = time.dt.replace_time_zone(here.key, ambiguous="earliest", non_existent="null")
    later = time.dt.offset_by("1h").dt.replace_time_zone(here.key, ambiguous="earliest", non_existent="null")
    rows = rows.with_columns(zoned=zoned)
    return rows.with_columns(pl.coalesce("zoned", later)) if rows["zoned"].null_count() else rows
