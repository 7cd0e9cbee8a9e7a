"""The project's wall clock and those of customers: naive times of one to naive times of the other, column by column.

A repeated time is the first of the two. A skipped one is read by the clock before the change, so it moves on by what
was skipped: 02:30 becomes 03:30, on Lord Howe 02:15 becomes 02:45.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
import yaml
import yamlcore

COUNTRY_TIMEZONES = Path(__file__).parent / "country_timezones.yaml"
DAY = dt.timedelta(days=1)


@cache
def country_timezones() -> Mapping[str, str]:
    """ISO 3166 code of a country -> the timezone in which most of its people live."""
    text = COUNTRY_TIMEZONES.read_text(encoding="utf-8")
    return dict(yaml.load(text, Loader=yamlcore.CCoreLoader))


def zones_of(customers: pl.DataFrame, here: ZoneInfo) -> pl.Series:
    """`zone` of each customer: `timezone` if there is one of that name, else their country's, else the project's.

    Never null; either column may be absent.
    """
    absent = [name for name in ("timezone", "country") if name not in customers.columns]
    asked = customers.with_columns(pl.lit(None).alias(name) for name in absent)
    asked = asked.select(pl.col("timezone", "country").cast(pl.String))
    names = {name: name for name in asked["timezone"].unique().drop_nulls() if _is_zone(name)}
    own = pl.col("timezone").replace_strict(names, default=None, return_dtype=pl.String)
    of_country = pl.col("country").replace_strict(country_timezones(), default=None, return_dtype=pl.String)
    return asked.select(zone=pl.coalesce(own, of_country, pl.lit(here.key))).to_series()


def in_utc(times: pl.Series, here: ZoneInfo) -> pl.Series:
    """Naive times of the project as naive UTC."""
    return _with_skipped(times, lambda walls: _converted(walls, _instants(here.key)))


def project_times(instants: pl.Series, here: ZoneInfo) -> pl.Series:
    """Naive UTC as naive times of the project, read back never as an earlier moment.

    The second pass of an hour that the project's clocks repeat has no naive time of its own: it is written an
    hour on, and is then that much later.
    """
    times = _converted(instants, _walls(here.key))
    return times + (instants - in_utc(times, here))


def local_times(times: pl.Series, zones: pl.Series, here: ZoneInfo) -> pl.Series:
    """Naive times of the project as what the clock of each row's zone shows then."""
    return wall_clock(in_utc(times, here), zones)


def wall_clock(instants: pl.Series, zones: pl.Series) -> pl.Series:
    """Naive UTC as what the clock of each row's zone shows."""
    return _by_zone(instants, zones, _walls)


def instants_of(walls: pl.Series, zones: pl.Series) -> pl.Series:
    """What the clock of each row's zone shows as naive UTC."""
    return _with_skipped(walls, lambda some: _by_zone(some, zones, _instants))


def _by_zone(times: pl.Series, zones: pl.Series, converted: Callable[[str], pl.Expr]) -> pl.Series:
    rows = pl.DataFrame({"time": times, "zone": zones}).with_row_index("row")
    parts = rows.partition_by("zone", as_dict=True, include_key=False)
    if len(parts) < 2:
        return _converted(times, converted(*next(iter(parts), ("UTC",))))
    done = pl.collect_all([part.lazy().with_columns(converted(zone)) for (zone,), part in parts.items()])
    return pl.concat(done).sort("row")["time"]


def _converted(times: pl.Series, conversion: pl.Expr) -> pl.Series:
    return pl.DataFrame({"time": times}).select(conversion).to_series().alias(times.name)


def _walls(zone: str) -> pl.Expr:
    """Naive UTC in the column `time` as what the clock of the zone shows."""
    return pl.col("time").dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)


def _instants(zone: str) -> pl.Expr:
    """What the clock of the zone shows, in the column `time`, as naive UTC; null of what it skips."""
    zoned = pl.col("time").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _with_skipped(walls: pl.Series, instants: Callable[[pl.Series], pl.Series]) -> pl.Series:
    found = instants(walls)
    if found.null_count() > walls.null_count():
        # No clock changes twice within a day, so the day before still has the clock before the change.
        found = found.zip_with(found.is_not_null(), instants(walls - DAY) + DAY)
    return found


@cache
def _is_zone(name: str) -> bool:
    if name not in available_timezones():
        return False
    try:
        _converted(pl.Series([dt.datetime(2000, 1, 1)]), _walls(name))
    except pl.exceptions.PolarsError:  # 'localtime', and zones younger than Polars' own list
        return False
    return True
