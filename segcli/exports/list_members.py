"""Who is on a segment's list: members who can be written to and whom no other segment suppresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from segcli.exports.formats import with_every_column
from segcli.segments import SegmentMembers, membership


@dataclass(frozen=True)
class Roster:
    """The customers of one run, sorted by customer_id, and what decides who may be on its lists.

    `suppressing` are the segments that take their members off all other lists, `columns` those of the
    segments that are asked for, `needs` is what the importer asks of every row.
    """

    customers: pl.LazyFrame
    suppressing: tuple[SegmentMembers, ...]
    columns: frozenset[str]
    needs: pl.Expr

    @property
    def flags(self) -> pl.LazyFrame:
        """customer_id, `contactable`, `importable`, `suppressed` (never null) and the segments' columns."""
        schema = self.customers.collect_schema()
        suppressed = [membership(segment.column, segment.value, schema[segment.column]) for segment in self.suppressing]
        return with_every_column(self.customers).select(
            "customer_id",
            pl.col("contactable").alias("__contactable"),
            self.needs.fill_null(value=False).alias("__importable"),
            pl.any_horizontal(pl.lit(value=False), *suppressed).alias("__suppressed"),
            *sorted(self.columns),
        )

    @property
    def height(self) -> int:
        return int(self.customers.select(pl.len()).collect().item())

    @property
    def listed_customers(self) -> pl.LazyFrame:
        """Everybody who is on any list, with every canonical column."""
        schema = self.customers.collect_schema()
        anywhere = [_somewhere(name, schema[name]) for name in sorted(self.columns)]
        on_a_list = pl.any_horizontal(pl.lit(value=False), *anywhere)
        return with_every_column(self.customers).filter(pl.col("contactable"), self.needs, on_a_list)


def _somewhere(column: str, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Boolean:
        return pl.col(column).fill_null(value=False)
    if isinstance(dtype, pl.List):
        return (pl.col(column).list.len() > 0).fill_null(value=False)
    return pl.col(column).is_not_null()


def memberships(flags: pl.DataFrame, segments: Mapping[int, SegmentMembers]) -> pl.DataFrame:
    """One row per member, a segment's in order: `row` in `flags`, the segment's number, `contactable`,
    `suppressed` and `listed`.

    A segment that suppresses hides its members from other lists, and never from those that suppress too:
    they are for taking people off.
    """
    found = [pl.DataFrame(schema={"row": pl.UInt32, "segment": pl.UInt32})]
    values: dict[str, dict[str, int]] = {}
    for number, segment in segments.items():
        if segment.value is not None:
            values.setdefault(segment.column, {})[segment.value] = number
        else:
            rows = flags[segment.column].fill_null(value=False).arg_true().cast(pl.UInt32)
            found.append(pl.DataFrame({"row": rows}).with_columns(segment=pl.lit(number, pl.UInt32)))
    found += [_members_by_value(flags, column, numbers) for column, numbers in values.items()]
    members = pl.concat(found)
    rows, suppressing = members["row"], [number for number, item in segments.items() if item.suppress]
    contactable, importable = flags["__contactable"].gather(rows), flags["__importable"].gather(rows)
    suppressed = flags["__suppressed"].gather(rows) & ~members["segment"].is_in(suppressing)
    return members.with_columns(
        contactable=contactable,
        suppressed=contactable & suppressed,
        listed=contactable & importable & ~suppressed,
    )


def _members_by_value(flags: pl.DataFrame, column: str, numbers: Mapping[str, int]) -> pl.DataFrame:
    """Members of all segments of one column at once: the cost grows with members, not with segments."""
    members = flags.lazy().select(pl.row_index("row").cast(pl.UInt32), pl.col(column).alias("value"))
    if isinstance(flags.schema[column], pl.List):
        members = members.with_columns(pl.col("value").list.unique()).explode("value", empty_as_null=False)
    known = pl.LazyFrame(
        {"value": list(numbers), "segment": list(numbers.values())},
        schema={"value": pl.String, "segment": pl.UInt32},
    )
    return (
        members.with_columns(pl.col("value").cast(pl.String))
        .join(known, on="value", maintain_order="left")
        .select("row", "segment")
        .collect()
    )


def absent_from(
    members: pl.DataFrame, ids: pl.Series, other: Roster, segments: Mapping[int, SegmentMembers]
) -> pl.DataFrame:
    """Those members (rows of the sorted `ids`) of these segments who are not on the same list of `other`."""
    asked = members.filter(pl.col("segment").is_in(list(segments)))
    if not len(ids):
        return asked
    within = pl.col("customer_id").is_between(pl.lit(ids[0]), pl.lit(ids[-1]))
    flags = other.flags.filter(within).collect(engine="streaming")
    theirs = memberships(flags, segments).filter("listed")
    here = ids.to_frame("customer_id").with_row_index("row")
    rows = flags.select("customer_id").join(here, on="customer_id", how="left", maintain_order="left")["row"]
    same = theirs.select("segment", row=rows.gather(theirs["row"])).select(_pair())
    return asked.filter(~_pair().is_in(same.to_series().implode()))


def _pair() -> pl.Expr:
    # Segment and row in one number: a set of numbers is searched several times faster than one of pairs.
    return pl.col("segment").cast(pl.UInt64) * 2**32 + pl.col("row")
