"""When a message goes out: moments moved to an hour that customers like, and out of the hours in which they sleep.

Columns in and out are naive times of the project. Days and hours of the day are those of the customer's clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from zoneinfo import ZoneInfo

import polars as pl

from segcli.campaigns.clocks import DAY, in_utc, instants_of, local_times, project_times, wall_clock
from segcli.project.campaign_models import QuietHours
from segcli.sources.tables import TIME

NOW = "now"
BEST_HOUR = "best_hour"
BEST_DAY = "best_day"
WORDS = (NOW, BEST_HOUR, BEST_DAY)  # else `send` is a clock time
MICROSECOND = dt.timedelta(microseconds=1)
WEEK = 7 * DAY


def local_midnight(dates: pl.Series, zones: pl.Series, here: ZoneInfo) -> pl.Series:
    """When each date begins where the customer lives."""
    return project_times(instants_of(dates.cast(TIME), zones), here)


def later(start: pl.Series, zones: pl.Series, after: pl.Series, here: ZoneInfo) -> pl.Series:
    """`start + after`. Whole days are counted on the customer's calendar, all else in hours that have passed.

    So what was at nine is at nine on the days after, though clocks have changed: people think so of days. An hour
    after a cart was left is sixty minutes after, whatever clocks do.
    """
    found = start + after
    by_hours = after.dt.total_microseconds() % (DAY // MICROSECOND) != 0
    if by_hours.any():
        found = project_times(in_utc(start, here) + after, here).zip_with(by_hours, found)
    elsewhere = ~by_hours & (zones != here.key) & (after.dt.total_microseconds() != 0)
    if elsewhere.any():
        there = project_times(instants_of(local_times(start, zones, here) + after, zones), here)
        found = there.zip_with(elsewhere, found)
    return found


def moved_moments(frame: pl.DataFrame, here: ZoneInfo) -> pl.Series:
    """`moment`: `earliest`, or the first time at or after it that is as `send` says.

    `now` is `earliest` itself; "HH:MM" and `best_hour` come at most a day later on the customer's clock, `best_day`
    at most a week. `frame` has send, earliest and, but for `now`, zone; best_hour and best_weekday for `best_*`.
    """
    moments, moves = frame["earliest"], frame["send"] != NOW
    if moves.any():
        moments = _next(moments, frame, here).zip_with(moves, moments)
    return moments.alias("moment")


def sending_times(frame: pl.DataFrame, as_of: dt.datetime, here: ZoneInfo) -> pl.Series:
    """`send_at`: the moment, and where `as_of` is past it, `as_of` or the next such hour from then on.

    A run that comes late keeps to the hour, and waits for no weekday: it has been missed. `frame` is that of
    `moved_moments` with moment in the place of earliest.
    """
    moments = frame["moment"]
    reached = moments.clip(lower_bound=as_of)
    late = (moments < as_of) & (frame["send"] != NOW)
    if late.any():
        hours = frame.with_columns(pl.col("send").replace(BEST_DAY, BEST_HOUR))
        reached = _next(reached, hours, here).zip_with(late, reached)
    return reached.alias("send_at")


def out_of_quiet(frame: pl.DataFrame, quiet: QuietHours, here: ZoneInfo) -> pl.Series:
    """`send_at`, and where that lies in the customer's quiet hours, their end. `frame` has send_at and zone."""
    times = frame["send_at"]
    instants, zones = in_utc(times, here), _zones(frame, here)
    begin, end = (_since_midnight(clock) for clock in (quiet.begin, quiet.end))
    rows = pl.DataFrame({"instant": instants, "wall": wall_clock(instants, zones)})
    hour = pl.col("wall") - pl.col("wall").dt.truncate("1d")
    over_night = begin > end
    is_quiet = (hour >= begin) | (hour < end) if over_night else (hour >= begin) & (hour < end)
    wait = (end - hour) + pl.when(hour >= end).then(DAY).otherwise(dt.timedelta(0))
    rows = rows.with_columns(quiet=is_quiet, wait=wait)
    if not rows["quiet"].any():
        return times
    ends = instants_of(rows["wall"] + rows["wait"], zones)
    # In the second pass of a repeated hour the end seems to be past; it comes once more.
    ends = ends.zip_with(ends >= instants, instants + rows["wait"])
    return times.zip_with(~rows["quiet"].fill_null(value=False), project_times(ends, here)).alias("send_at")


def send_hours(frame: pl.DataFrame, here: ZoneInfo) -> pl.Series:
    """`send_hour` (0-23) of send_at on the customer's clock. `frame` has send_at and zone."""
    walls = local_times(frame["send_at"], _zones(frame, here), here)
    return walls.dt.hour().cast(pl.Int64).alias("send_hour")


def _next(times: pl.Series, frame: pl.DataFrame, here: ZoneInfo) -> pl.Series:
    """The first time at or after `times` with the hour, and the weekday, that `send` asks for; null of `now`.

    Every day has every clock time once, so a time that clocks repeat has passed with its first pass.
    """
    instants, zones = in_utc(times, here), _zones(frame, here)
    hour, weekday = _asked(frame["send"].unique().drop_nulls().to_list())
    rows = frame.with_columns(wall_clock(instants, zones).alias("wall")).select("wall", hour=hour, weekday=weekday)
    wait = ((pl.col("weekday") - pl.col("wall").dt.weekday()) % 7).fill_null(0) * DAY
    rows = rows.select(
        first=pl.col("wall").dt.truncate("1d") + pl.col("hour") + wait,
        period=pl.when(pl.col("weekday").is_null()).then(DAY).otherwise(WEEK),
    )
    first = instants_of(rows["first"], zones)
    again = instants_of(rows["first"] + rows["period"], zones)
    return project_times(first.zip_with((first >= instants).fill_null(value=False), again), here)


def _asked(sends: Collection[str]) -> tuple[pl.Expr, pl.Expr]:
    """The hour of the day and the weekday that `send`, which has one of these values, asks for."""
    send = pl.col("send")
    clocks = {value: _since_midnight(dt.time.fromisoformat(value)) for value in sends if value not in WORDS}
    hour = send.replace_strict(clocks, default=None, return_dtype=pl.Duration("us"))
    weekday = pl.lit(None, pl.Int64)
    if not {BEST_HOUR, BEST_DAY}.isdisjoint(sends):
        best = send.is_in([BEST_HOUR, BEST_DAY])
        hour = pl.when(best).then(pl.duration(hours="best_hour")).otherwise(hour)
    if BEST_DAY in sends:
        weekday = pl.when(send == BEST_DAY).then("best_weekday")
    return hour, weekday


def _since_midnight(clock: dt.time) -> dt.timedelta:
    return dt.timedelta(hours=clock.hour, minutes=clock.minute)


def _zones(frame: pl.DataFrame, here: ZoneInfo) -> pl.Series:
    return frame["zone"].fill_null(here.key)
