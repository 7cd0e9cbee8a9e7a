"""Who is or was in which segment, from when to when: carried on from run to run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

import polars as pl

from segcli.history.tables import MEMBERS

IN_ORDER = ("segment", "customer_id", "entered_at", "left_at")


def next_memberships(
    before: pl.LazyFrame, now: pl.LazyFrame, segments: Iterable[str], as_of: dt.datetime
) -> pl.LazyFrame:
    """MEMBERS after a run at which `now` (segment, customer_id) were the members of the `segments` that it decided.

    Who is in and was not enters now, who is not and was leaves now. Segments that the run did not decide stay as
    they are. `before` bears today's ids: of two people who became one, the one who was in longer is in. Rows come
    in the order of the file; they are merged and not sorted where each segment's customers are in order already.
    """
    decided = frozenset(segments)
    found = pl.defer(lambda: _after(before, now, decided, as_of), schema=pl.Schema(MEMBERS))
    return found.set_sorted(*IN_ORDER)


def _after(before: pl.LazyFrame, now: pl.LazyFrame, decided: Collection[str], as_of: dt.datetime) -> pl.DataFrame:
    earlier = _by_segment(before.select(*MEMBERS))
    current = _by_segment(now.select("segment", "customer_id").filter(pl.col("segment").is_in(list(decided))))
    nobody = pl.DataFrame(schema=pl.Schema(MEMBERS))
    parts = [nobody]
    for segment in sorted({*earlier, *current}):
        rows = earlier.get(segment, nobody)
        ids = current.get(segment, nobody)["customer_id"] if segment in decided else None
        parts.append(_of_segment(rows, ids, segment, as_of))
    return pl.concat(parts)


def _by_segment(rows: pl.LazyFrame) -> dict[str, pl.DataFrame]:
    parts = rows.collect().partition_by("segment", as_dict=True, maintain_order=True)
    return {str(segment): part for (segment,), part in parts.items()}


def _of_segment(rows: pl.DataFrame, now: pl.Series | None, segment: str, as_of: dt.datetime) -> pl.DataFrame:
    """One segment's rows in order; `now` are its members, or None where that was not decided."""
    closed = rows.filter(pl.col("left_at").is_not_null()).unique(maintain_order=True)
    inside = rows.filter(pl.col("left_at").is_null()).select("customer_id", "entered_at")
    if not _is_rising(inside["customer_id"]):
        inside = inside.group_by("customer_id").agg(pl.col("entered_at").min()).sort("customer_id")
    time = pl.lit(as_of, MEMBERS["entered_at"])
    left = pl.lit(None, MEMBERS["left_at"])
    if now is not None:
        ids = now if _is_rising(now) else now.unique().sort()
        today = ids.to_frame().select("customer_id", entered_at=time, today=pl.lit(value=True))
        inside = inside.with_columns(today=pl.lit(value=False)).merge_sorted(today, key="customer_id")
        # Who was in and is has two rows, one after the other.
        other = pl.col("customer_id")
        both = (other == other.shift(1)).fill_null(value=False) | (other == other.shift(-1)).fill_null(value=False)
        inside = inside.with_columns(both=both).filter(~(pl.col("today") & pl.col("both")))
        left = pl.when(~pl.col("today") & ~pl.col("both")).then(time)
    found = inside.select(pl.lit(segment).alias("segment"), "customer_id", "entered_at", left_at=left)
    if closed.is_empty():
        return found
    if not closed["customer_id"].is_sorted():
        closed = closed.sort(IN_ORDER)
    found = closed.merge_sorted(found, key="customer_id")
    return found if _is_in_order(found) else found.sort(IN_ORDER)


def _is_rising(ids: pl.Series) -> bool:
    return bool((ids.shift(1) < ids).fill_null(value=True).all())


def _is_in_order(rows: pl.DataFrame) -> bool:
    person, entered = pl.col("customer_id"), pl.col("entered_at")
    later = (person > person.shift(1)) | ((person == person.shift(1)) & (entered > entered.shift(1)))
    return bool(rows.select(later.fill_null(value=True).all()).item())
