"""The state worked out anew from the journal: what every run carries forward, for when no file has it."""

from __future__ import annotations

import polars as pl

from segcli.history.tables import STATE

SERIES = ("campaign", "customer_id", "series")
SERVED = ("sent", "held_out")  # what counts as a message
DEALT_WITH = (*SERVED, "too_late", "skipped")  # what moves a series on to its next step
INSIDE, OUTSIDE = ("entered", "back", "there"), ("left",)
OVER = ("ended", "there")  # who was there at a campaign's first run gets nothing of it


def rebuild_state(journal: pl.LazyFrame) -> pl.LazyFrame:
    """Folds a journal (JOURNAL, runs in any order) into the state (STATE): one row per campaign, customer, series.

    Later runs go over earlier ones.
    """
    status = pl.col("status")
    served, dealt_with = status.is_in(SERVED), status.is_in(DEALT_WITH)
    went = pl.when(status.is_in(INSIDE)).then(True).when(status.is_in(OUTSIDE)).then(False)
    offered = (status == "sent") & pl.col("reward").is_not_null()
    last_code = pl.col("code").filter(offered).last()
    in_turn = ("run", "number", "send_at", "start", "step")
    of_series = (
        journal.sort(*in_turn, nulls_last=False)
        .group_by(*SERIES, maintain_order=True)
        .agg(
            pl.col("start").drop_nulls().last(),
            pl.col("step").filter(dealt_with).unique().sort().alias("steps"),
            pl.col("send_at").filter(served).last().alias("message_at"),
            pl.col("message").filter(served).last(),
            pl.col("send_at").filter(offered, pl.col("code").eq_missing(last_code)).min().alias("offer_since"),
            last_code.alias("offer_code"),
            status.is_in(OVER).any().alias("ended"),
            went.drop_nulls().last().fill_null(value=False).alias("inside"),
            pl.col("send_at").filter(served).max().alias("served_at"),
        )
    )
    of_customer = of_series.group_by("campaign", "customer_id").agg(pl.col("served_at").max())
    state = of_series.drop("served_at").join(of_customer, on=["campaign", "customer_id"])
    state = state.with_columns(pl.when(pl.col("steps").list.len() > 0).then(pl.col("steps").list.join(",")))
    return state.select(pl.col(name).cast(dtype) for name, dtype in STATE.items()).sort(*SERIES)
