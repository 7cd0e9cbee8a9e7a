"""Who is on a segment's list: members who can be written to and whom no other segment suppresses."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from segcli.segments import SegmentMembers, membership


def is_member(segment: SegmentMembers, schema: pl.Schema) -> pl.Expr:
    """True for the segment's members, false where the frame lacks its column; never null."""
    if segment.column not in schema:
        return pl.lit(value=False)
    return membership(segment.column, segment.value, schema[segment.column])


def is_suppressed(segments: Sequence[SegmentMembers], schema: pl.Schema) -> pl.Expr:
    """True for members of any segment that suppresses."""
    return pl.any_horizontal(
        pl.lit(value=False), *(is_member(segment, schema) for segment in segments if segment.suppress)
    )


def is_listed(
    segment: SegmentMembers, segments: Sequence[SegmentMembers], schema: pl.Schema, needs: pl.Expr
) -> pl.Expr:
    """True for those on the segment's list; `needs` is what the importer asks of every row.

    Lists of suppressing segments are whole: they are for taking people off, and one must not hide another.
    """
    listed = is_member(segment, schema) & pl.col("contactable") & needs.fill_null(value=False)
    return listed if segment.suppress else listed & ~is_suppressed(segments, schema)
