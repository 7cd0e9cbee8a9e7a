"""Who is or was in which segment, from when to when: carried on from run to run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from segcli.history.tables import MEMBERS


def next_memberships(
    before: pl.LazyFrame, now: pl.LazyFrame, segments: Iterable[str], as_of: dt.datetime
) -> pl.LazyFrame:
    """MEMBERS after a run at which `now` (segment, customer_id) were the members of the `segments` that it decided.

    Who is in and was not enters now, who is not and was leaves now. Segments that the run did not decide stay as
    they are. `before` bears today's ids: of two people who became one, the one who was in longer is in.
    """
    key = ["segment", "customer_id"]
    time = pl.lit(as_of, MEMBERS["entered_at"])
    decided = list(segments)
    current = now.select(*key).filter(pl.col("segment").is_in(decided)).unique().with_columns(__in=pl.lit(value=True))
    left = pl.col("left_at")
    open_rows = before.filter(left.is_null()).group_by(key).agg(pl.col("entered_at").min())
    closed = before.filter(left.is_not_null()).select(*MEMBERS).unique()
    open_rows = open_rows.join(current, on=key, how="left")
    leaves = pl.col("__in").is_null() & pl.col("segment").is_in(decided)
    went_on = open_rows.select(*key, "entered_at", left_at=pl.when(leaves).then(time))
    entered = current.join(open_rows, on=key, how="anti").select(
        *key, entered_at=time, left_at=pl.lit(None, MEMBERS["left_at"])
    )
    return pl.concat([closed, went_on, entered])
