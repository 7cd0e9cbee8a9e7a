"""The members of two versions of the recipes on the same data: who would enter, leave and move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from segcli.fields import Computed
from segcli.project.models import Segment
from segcli.segments.members import SPEND

PERSON = "customer_id"


@dataclass(frozen=True)
class SegmentChange:
    """One segment before and after; None where a version does not have it (or cannot answer it)."""

    name: str
    before: int | None
    after: int | None
    entering: int
    leaving: int
    spend: Decimal | None  # what those who enter and leave have spent


@dataclass(frozen=True)
class Migration:
    """Where the members of a segment with `each` over a field go: value before, value after, customers."""

    name: str
    moves: tuple[tuple[str | None, str | None, int], ...]


@dataclass(frozen=True)
class Comparison:
    """What changes; `unchanged` counts the segments that keep exactly their members."""

    changes: tuple[SegmentChange, ...]
    migrations: tuple[Migration, ...]
    unchanged: int
    customers: int  # who enters or leaves any segment


def compare_members(before: Computed, after: Computed) -> Comparison:
    """Compares two computations over the same customers."""
    changes: list[SegmentChange] = []
    migrations: list[Migration] = []
    movers: list[pl.Series] = []
    unchanged = 0
    for name in dict.fromkeys((*_available(after), *_available(before))):
        old, new = _available(before).get(name), _available(after).get(name)
        moved = _moved(before, old, after, new)
        for change in _changes(moved, old, new):
            if change.before == change.after and not change.entering:
                unchanged += 1
            else:
                changes.append(change)
        movers.append(moved.filter(pl.col("before") != pl.col("after"))[PERSON])
        if old and new and _by_field(old) and _by_field(new):
            moves = _moves(before, str(old.each), after, str(new.each))
            if moves:
                migrations.append(Migration(name, moves))
    customers = pl.concat(movers).n_unique() if movers else 0
    return Comparison(tuple(changes), tuple(migrations), unchanged, customers)


def _available(computed: Computed) -> dict[str, Segment]:
    plan = computed.plan
    return {item.name: item for item in plan.segments if item.name not in plan.unavailable}


def _by_field(segment: Segment) -> bool:
    return segment.each is not None and segment.table is None


def _membership(computed: Computed, segment: Segment | None) -> pl.LazyFrame:
    """One row per customer and segment (`name`, or `name-value`) that they are in."""
    if segment is None:
        return pl.LazyFrame(schema={PERSON: pl.String, "name": pl.String})
    frame = computed.customers
    if segment.each is None:
        return frame.filter(pl.col(segment.name)).select(PERSON, pl.lit(segment.name).alias("name"))
    column = segment.name if segment.table else segment.each
    found = frame.select(PERSON, pl.col(column).alias("name"))
    if segment.table:
        found = found.explode("name")
    value = pl.lit(f"{segment.name}-") + pl.col("name").cast(pl.String)
    return found.drop_nulls("name").with_columns(value.alias("name"))


def _moved(before: Computed, old: Segment | None, after: Computed, new: Segment | None) -> pl.DataFrame:
    """customer_id, name, before, after (both Boolean), spend: everybody in either."""
    spend = next((side for side in (after, before) if SPEND in side.columns), None)
    joined = (
        _membership(before, old)
        .with_columns(pl.lit(value=True).alias("before"))
        .join(
            _membership(after, new).with_columns(pl.lit(value=True).alias("after")),
            on=[PERSON, "name"], how="full", coalesce=True,
        )
        .with_columns(pl.col("before", "after").fill_null(value=False))
    )  # fmt: skip
    if spend is None:
        joined = joined.with_columns(pl.lit(None, pl.Decimal(18, 2)).alias(SPEND))
    else:
        joined = joined.join(spend.customers.select(PERSON, SPEND), on=PERSON, how="left")
    return joined.collect(engine="streaming")


def _changes(moved: pl.DataFrame, old: Segment | None, new: Segment | None) -> Iterator[SegmentChange]:
    before, after = pl.col("before"), pl.col("after")
    counted = (
        moved.group_by("name")
        .agg(
            before.sum().alias("before"),
            after.sum().alias("after"),
            (after & ~before).sum().alias("entering"),
            (before & ~after).sum().alias("leaving"),
            pl.col(SPEND).filter(before != after).sum().alias("spend"),
            pl.col(SPEND).count().alias("known"),
        )
        .sort("name")
    )
    for row in counted.iter_rows(named=True):
        yield SegmentChange(
            row["name"],
            row["before"] if old else None,
            row["after"] if new else None,
            row["entering"],
            row["leaving"],
            row["spend"] if row["known"] else None,
        )


def _moves(before: Computed, old: str, after: Computed, new: str) -> tuple[tuple[str | None, str | None, int], ...]:
    counted = (
        before.customers.select(PERSON, pl.col(old).cast(pl.String).alias("before"))
        .join(after.customers.select(PERSON, pl.col(new).cast(pl.String).alias("after")), on=PERSON)
        .filter(pl.col("before").ne_missing(pl.col("after")))
        .group_by("before", "after")
        .len()
        .sort("len", "before", "after", descending=[True, False, False])
    )
    return tuple(counted.collect(engine="streaming").iter_rows())
