"""Who is or was in which segment, from when to when: carried on from run to run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

import polars as pl

from segcli.history.tables import MEMBERS

IN_ORDER = ("segment", "customer_id", "entered_at", "left_at")
WHO = IN_ORDER[:2]


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
    earlier = before.select(*MEMBERS).collect()
    time, is_decided = pl.lit(as_of, MEMBERS["entered_at"]), pl.col("segment").is_in(list(decided))
    inside = earlier.filter(pl.col("left_at").is_null()).select(*WHO, "entered_at")
    if not _is_rising(inside, WHO):
        inside = inside.group_by(WHO).agg(pl.col("entered_at").min()).sort(WHO)
    current = _once_each(now.select(WHO).filter(is_decided).collect())
    merged = _merged(
        inside.with_columns(today=pl.lit(value=False)),
        current.select(*WHO, entered_at=time, today=pl.lit(value=True)),
    )
    # Who was in and is has two rows, one after the other.
    other = pl.struct(WHO)
    both = (other == other.shift(1)).fill_null(value=False) | (other == other.shift(-1)).fill_null(value=False)
    merged = merged.with_columns(both=both).filter(~(pl.col("today") & pl.col("both")))
    left = pl.when(is_decided & ~pl.col("today") & ~pl.col("both")).then(time)
    found = merged.select(*WHO, "entered_at", left_at=left)
    closed = earlier.filter(pl.col("left_at").is_not_null())
    if not _is_rising(closed, IN_ORDER):
        closed = closed.unique().sort(IN_ORDER)
    found = _merged(closed, found)
    return found if _is_rising(found, IN_ORDER[:3]) else found.sort(IN_ORDER)


def _once_each(rows: pl.DataFrame) -> pl.DataFrame:
    """Each row once, by segment and customer; each segment's customers are mostly in order already."""
    if _is_rising(rows, WHO):
        return rows
    parts = rows.partition_by("segment", as_dict=True, maintain_order=True)
    rows = pl.concat(parts[segment] for segment in sorted(parts))
    return rows if _is_rising(rows, WHO) else rows.unique().sort(WHO)


def _merged(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The rows of two frames that are in order each; of equal ones the first frame's come first."""
    who = pl.struct(WHO).alias("who")
    return rows.with_columns(who).merge_sorted(others.with_columns(who), key="who").drop("who")


def _is_rising(rows: pl.DataFrame, columns: Sequence[str]) -> bool:
    """Whether the rows are in the order of these columns, and no two the same."""
    rising = pl.lit(value=False)
    for column in reversed(columns):
        here, before = pl.col(column), pl.col(column).shift(1)
        rising = (here > before) | ((here == before) & rising)
    return bool(rows.select(rising.slice(1).all()).item())
