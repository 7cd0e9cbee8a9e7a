"""The hour and the weekday at which each customer opens and clicks, on the customer's own clock."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl

from segcli.sources.local_time import SLOT_MICROSECONDS, ZONE_STEP, clock_moves
from segcli.sources.tables import TIME

ENGAGED = ("open", "click")
WITHIN = dt.timedelta(days=365)
# Of four openings in four different hours the rule for ties would choose the hour; from five on, one repeats or
# the customer opens at any hour and none is wrong.
OWN_AT_LEAST = 5
GROUP_AT_LEAST = 50  # of a country or the whole base: two for each hour of the day
DEFAULT_HOUR = 10
COLUMNS = {"customer_id": pl.String(), "best_hour": pl.Int64(), "best_weekday": pl.Int64(), "source": pl.String()}
_PARTS = {"hour": "best_hour", "weekday": "best_weekday"}


def best_times(
    events: pl.LazyFrame | None, customers: pl.DataFrame, as_of: dt.datetime, here: ZoneInfo
) -> pl.DataFrame:
    """customer_id, best_hour (0-23), best_weekday (Monday is 1) and source of every customer, by customer_id.

    The hour with the most openings and clicks of the last 365 days, and the weekday; of equals the earlier. Who has
    too few gets those of the country, then everybody's, then ten o'clock on any day (a null weekday). `events` has
    customer_id, at and event; `customers` customer_id, zone and perhaps country, and should be everybody: the
    fallbacks count them all.
    """
    people = customers.sort("customer_id").with_row_index("person")
    if "country" not in people.columns:
        people = people.with_columns(country=pl.lit(None, pl.String))
    best = people.select("customer_id", "person", "country")
    counts = _counts(events, people, as_of, here)
    for source, key, floor in (("own", "person", OWN_AT_LEAST), ("country", "country", GROUP_AT_LEAST)):
        found = _best({part: frame.drop_nulls(key) for part, frame in counts.items()}, key, source, floor)
        best = best.join(found, on=key, how="left", maintain_order="left")
    everybody = {part: frame.with_columns(base=pl.lit(0)) for part, frame in counts.items()}
    best = best.with_columns(base=pl.lit(0)).join(
        _best(everybody, "base", "all", GROUP_AT_LEAST), on="base", how="left", maintain_order="left"
    )
    return best.select("customer_id", *_first_known(("own", "country", "all")))


def _counts(
    events: pl.LazyFrame | None, people: pl.DataFrame, as_of: dt.datetime, here: ZoneInfo
) -> dict[str, pl.DataFrame]:
    """Openings and clicks: person, country, hour or weekday, and how many."""
    if events is None or people.is_empty():
        schema = {"person": pl.UInt32(), "country": pl.String(), "count": pl.Int64()}
        return {part: pl.DataFrame(schema={**schema, part: pl.Int64()}) for part in _PARTS}
    times = events.filter(pl.col("event").is_in(ENGAGED), pl.col("at") > as_of - WITHIN, pl.col("at") <= as_of)
    zones = people["zone"].unique().sort().to_list()
    numbers = {zone: number for number, zone in enumerate(zones)}
    who = people.lazy().select("customer_id", "person", zone=pl.col("zone").replace_strict(numbers, default=None))
    moves = clock_moves([times], zones, here)
    there = pl.map_batches(["zone", "at"], lambda rows: _there(rows[0], rows[1], moves), TIME, is_elementwise=True)
    local = times.select("customer_id", "at").join(who, on="customer_id").select("person", there=there)
    parts = {"hour": pl.col("there").dt.hour(), "weekday": pl.col("there").dt.weekday()}
    counted = pl.collect_all(
        [
            local.select("person", part.cast(pl.Int64).alias(name)).group_by("person", name).agg(count=pl.len())
            for name, part in parts.items()
        ],
        engine="streaming",
    )
    countries = people.select("person", "country")
    return {
        name: frame.with_columns(pl.col("count").cast(pl.Int64)).join(countries, on="person")
        for name, frame in zip(parts, counted, strict=True)
    }


def _there(zones: pl.Series, times: pl.Series, moves: pl.DataFrame) -> pl.Series:
    """Times on the clock of the zone with this number, by the table of `clock_moves`."""
    slots = zones * ZONE_STEP + times.dt.epoch("us") // SLOT_MICROSECONDS
    last = moves["begins"].search_sorted(slots, side="right").cast(pl.Int64) - 1
    return times + moves["moved"].gather(last.clip(0))


def _best(counts: dict[str, pl.DataFrame], key: str, source: str, floor: int) -> pl.DataFrame:
    """`key`, and what most of its rows have, where it has `floor` of them: `<source>:best_hour` and weekday."""
    frames = []
    for part, column in _PARTS.items():
        sums = counts[part].group_by(key, part).agg(pl.col("count").sum())
        rank = pl.col("count") * 100 + (99 - pl.col(part))  # the most, and of equals the earlier
        best = sums.group_by(key).agg(total=pl.col("count").sum(), rank=rank.max()).filter(pl.col("total") >= floor)
        frames.append(best.select(key, (99 - pl.col("rank") % 100).alias(f"{source}:{column}")))
    hours, weekdays = frames
    return hours.join(weekdays, on=key)


def _first_known(sources: tuple[str, ...]) -> list[pl.Expr]:
    columns = {column: [pl.col(f"{source}:{column}") for source in sources] for column in _PARTS.values()}
    named = [pl.when(pl.col(f"{source}:best_hour").is_not_null()).then(pl.lit(source)) for source in sources]
    return [
        pl.coalesce(*columns["best_hour"], DEFAULT_HOUR).cast(pl.Int64).alias("best_hour"),
        pl.coalesce(*columns["best_weekday"]).alias("best_weekday"),
        pl.coalesce(*named, pl.lit("default")).alias("source"),
    ]
