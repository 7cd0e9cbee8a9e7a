"""Computed columns to segments: who is in which, how many can be written to, and what they have spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from segcli.fields import Computed
from segcli.project.models import Segment
from segcli.sources.tables import engine_for

CONTACTABLE = "contactable"
SPEND = "spend"
ORDERS = "orders"
COUNTED_AT_ONCE = 150_000  # customers times columns whose values are counted together


@dataclass(frozen=True)
class SegmentMembers:
    """One segment of a run: a condition, or one value of a segment with `each`.

    `column` is the column of the customers' frame that tells who is in: Boolean where `value` is None, else
    a column or a list column that holds `value`. `spend` is None where the orders are not known.
    """

    name: str
    column: str
    value: str | None
    suppress: bool
    recipe: str
    meaning: str | None
    customers: int = 0
    contactable: int = 0
    spend: Decimal | None = None
    buyers: int | None = None
    one_time_buyers: int | None = None

    def condition(self, dtype: pl.DataType) -> pl.Expr:
        """True for members; `dtype` is the type of the segment's column."""
        return membership(self.column, self.value, dtype)


def membership(column: str, value: str | None, dtype: pl.DataType) -> pl.Expr:
    """True (never null) for the customers whose column says that they are in."""
    if value is None:
        return pl.col(column).fill_null(value=False)
    if isinstance(dtype, pl.List):
        return pl.col(column).list.contains(value).fill_null(value=False)
    return (pl.col(column).cast(pl.String) == value).fill_null(value=False)


def decide_members(computed: Computed) -> tuple[SegmentMembers, ...]:
    """Every segment that the data can answer, with its counts, in the order of the recipes.

    The values of a segment with `each` come in alphabetical order.
    """
    frame = computed.customers
    schema = frame.collect_schema()
    available = [item for item in computed.plan.segments if item.name not in computed.plan.unavailable]
    counts = _condition_counts(frame, computed, [item for item in available if item.each is None])
    columns = {item.name: item.name if item.table else item.each for item in available if item.each is not None}
    values = [_value_counts(frame, computed, column, schema[column]) for column in columns.values()]
    # Many columns of few customers at once, few columns of many.
    size = max(1, COUNTED_AT_ONCE // max(1, computed.rows))
    groups = [values[first : first + size] for first in range(0, len(values), size)]
    engine = engine_for(computed.rows, len(computed.columns))
    counted = [rows for group in groups for rows in pl.collect_all(group, engine=engine)]
    by_value = dict(zip(columns, counted, strict=True))
    found: list[SegmentMembers] = []
    for segment in available:
        if segment.name not in by_value:
            found.append(_members(segment, segment.name, None, counts[segment.name]))
            continue
        rows = by_value[segment.name].iter_rows(named=True)
        found.extend(_members(segment, columns[segment.name], row.pop("__value"), row) for row in rows)
    return tuple(found)


def _measures(computed: Computed, among: pl.Expr) -> dict[str, pl.Expr]:
    """What is counted of the customers for whom `among` is true. None where the files do not tell."""

    def known(name: str) -> bool:
        return name in computed.columns and name not in computed.plan.unavailable

    orders = pl.col(ORDERS)
    return {
        "customers": among.sum().cast(pl.Int64),
        "contactable": (among & pl.col(CONTACTABLE)).sum().cast(pl.Int64) if known(CONTACTABLE) else pl.lit(0),
        "spend": pl.col(SPEND).filter(among).sum() if known(SPEND) else pl.lit(None),
        "buyers": (among & (orders > 0)).sum().cast(pl.Int64) if known(ORDERS) else pl.lit(None),
        "one_time_buyers": (among & (orders == 1)).sum().cast(pl.Int64) if known(ORDERS) else pl.lit(None),
    }


def _condition_counts(
    frame: pl.LazyFrame, computed: Computed, segments: Sequence[Segment]
) -> dict[str, dict[str, Any]]:
    """Counts of all segments with a condition, in one pass over the customers."""
    columns = [
        measure.alias(f"{segment.name}.{name}")
        for segment in segments
        for name, measure in _measures(computed, pl.col(segment.name).fill_null(value=False)).items()
    ]
    if not columns:
        return {}
    row = frame.select(columns).collect(engine="streaming").row(0, named=True)
    counts: dict[str, dict[str, Any]] = {segment.name: {} for segment in segments}
    for key, value in row.items():
        segment_name, measure_name = key.split(".")
        counts[segment_name][measure_name] = value
    return counts


def _value_counts(frame: pl.LazyFrame, computed: Computed, column: str, dtype: pl.DataType) -> pl.LazyFrame:
    """Counts of each value of a column, or of each value in the lists of one: `__value`, and what _measures counts."""
    values = frame.with_columns(pl.col(column).alias("__value"), pl.lit(value=True).alias("__in"))
    if isinstance(dtype, pl.List):
        values = values.explode("__value")
    return (
        values.filter(pl.col("__value").is_not_null())
        .group_by(pl.col("__value").cast(pl.String))
        .agg(measure.alias(name) for name, measure in _measures(computed, pl.col("__in")).items())
        .sort("__value")
    )


def _members(segment: Segment, column: str, value: str | None, counts: dict[str, Any]) -> SegmentMembers:
    name = segment.name if value is None else f"{segment.name}-{value}"
    return SegmentMembers(name, column, value, segment.suppress, segment.recipe, segment.meaning, **counts)
