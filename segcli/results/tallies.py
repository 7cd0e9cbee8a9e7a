"""Messages and orders -> how many people of each step were written to or held out, and what they bought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

SENT, HELD_OUT = "sent", "held_out"
STEP = ("campaign", "step")
UNIT = (*STEP, "customer_id")

# Sums over the people of one arm: to be added up over parts of the customers. A null step is the whole campaign.
# Money is whole cents as Int128, since sums of floats depend on their order and squares outgrow a Decimal(18, 2).
ARMS = {
    "campaign": pl.String(), "step": pl.String(), "arm": pl.String(), "people": pl.Int64(), "young": pl.Int64(),
    "converted": pl.Int64(), "cents": pl.Int128(), "squares": pl.Int128(), "unpriced": pl.Int64(),
}  # fmt: skip
# What was sent in all, and the orders whose last message it was.
TOUCHES = {
    "campaign": pl.String(), "step": pl.String(), "number": pl.Int64(), "messages": pl.Int64(),
    "orders": pl.Int64(), "cents": pl.Int128(), "unpriced": pl.Int64(),
}  # fmt: skip


def arm_tallies(journal: pl.LazyFrame, orders: pl.LazyFrame, as_of: dt.datetime, window: dt.timedelta) -> pl.DataFrame:
    """The frame ARMS, sorted: per campaign, step and arm the people, and what they ordered within the window.

    A person counts once per step, with their first message of it, and once per campaign, with the first of any step;
    later series of theirs do not count again. The window is after the message up to and including `send_at + window`.
    Who has a window that is not over at `as_of` is `young` and counts for nothing else.
    """
    units = _units(_messages(journal))
    over = pl.col("send_at") + window <= as_of
    people = units.group_by(*STEP, "arm").agg(people=over.sum(), young=over.not_().sum())
    in_window = (pl.col("ordered_at") > pl.col("send_at")) & (pl.col("ordered_at") <= pl.col("send_at") + window)
    # Who ordered nothing adds nothing to these sums, so only buyers are looked at one by one.
    buyers = (
        units.filter(over)
        .join(_priced(orders, as_of), on="customer_id")
        .filter(in_window)
        .group_by(*UNIT, "arm")
        .agg(cents=pl.col("cents").sum(), unpriced=pl.col("cents").null_count())
    )
    spent = buyers.group_by(*STEP, "arm").agg(
        converted=pl.len(),
        cents=pl.col("cents").sum(),
        squares=(pl.col("cents") * pl.col("cents")).sum(),
        unpriced=pl.col("unpriced").sum(),
    )
    return _typed(people.join(spent, on=[*STEP, "arm"], how="left", nulls_equal=True), ARMS)


def touch_tallies(
    journal: pl.LazyFrame, orders: pl.LazyFrame, as_of: dt.datetime, window: dt.timedelta
) -> pl.DataFrame:
    """The frame TOUCHES, sorted: per campaign and step the messages sent until `as_of`, and the orders they had last.

    An order belongs to the last message of any campaign before it, if that is no longer ago than the window; of
    several in the same second to the first campaign by name, there to its last step.
    """
    messages = _messages(journal)
    sent = messages.filter(pl.col("status") == SENT, pl.col("send_at") <= as_of)
    counts = messages.group_by(STEP).agg(
        number=pl.col("number").max(),
        messages=((pl.col("status") == SENT) & (pl.col("send_at") <= as_of)).sum(),
    )
    last = (
        sent.select("customer_id", "send_at", "campaign", "number", "step")
        .sort("customer_id", "send_at", "campaign", "number", "step", descending=[False, False, False, True, False])
        .unique(["customer_id", "send_at"], keep="first", maintain_order=True)
        .sort("send_at", maintain_order=True)
    )
    touched = (
        _priced(orders, as_of)
        .sort("ordered_at")
        .join_asof(
            last,
            left_on="ordered_at",
            right_on="send_at",
            by="customer_id",
            allow_exact_matches=False,
            check_sortedness=False,  # of groups it cannot be checked, and Polars warns of that
        )
        .filter(pl.col("ordered_at") <= pl.col("send_at") + window)
        .group_by(STEP)
        .agg(orders=pl.len(), cents=pl.col("cents").sum(), unpriced=pl.col("cents").null_count())
    )
    return _typed(counts.join(touched, on=STEP, how="left", nulls_equal=True), TOUCHES)


def added(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Tallies of parts of the customers as those of all."""
    whole = pl.concat(parts)
    keys = [name for name in ("campaign", "step", "arm") if name in whole.columns]
    rest = [name for name in whole.columns if name not in (*keys, "number")]
    number = [pl.col("number").max()] if "number" in whole.columns else []
    return whole.group_by(keys).agg(*number, pl.col(rest).sum()).select(whole.columns).sort(keys)


def _messages(journal: pl.LazyFrame) -> pl.LazyFrame:
    return journal.select("customer_id", "campaign", "step", "number", "send_at", "status").filter(
        pl.col("status").is_in([SENT, HELD_OUT]), pl.col("step").is_not_null(), pl.col("send_at").is_not_null()
    )


def _units(messages: pl.LazyFrame) -> pl.LazyFrame:
    """One row per person and step, and one per person and campaign (step null): arm and time of the first message.

    Only people whose records were merged can have both kinds in the same second: they did get the message.
    """
    sent = pl.col("status") == SENT
    firsts = [pl.col("send_at").filter(sent).min().alias(SENT), pl.col("send_at").filter(~sent).min().alias(HELD_OUT)]
    steps = messages.group_by(UNIT).agg(firsts)
    campaigns = (
        steps.group_by("campaign", "customer_id")
        .agg(pl.col(SENT, HELD_OUT).min())
        .select("campaign", pl.lit(None, pl.String).alias("step"), "customer_id", SENT, HELD_OUT)
    )
    is_sent = (pl.col(SENT) <= pl.col(HELD_OUT)).fill_null(pl.col(SENT).is_not_null())
    return pl.concat([steps, campaigns]).select(
        *UNIT,
        pl.when(is_sent).then(pl.lit(SENT)).otherwise(pl.lit(HELD_OUT)).alias("arm"),
        pl.min_horizontal(SENT, HELD_OUT).alias("send_at"),
    )


def _priced(orders: pl.LazyFrame, as_of: dt.datetime) -> pl.LazyFrame:
    """Orders until `as_of` with their amount in cents."""
    cents = (pl.col("amount").cast(pl.Decimal(38, 2)) * 100).cast(pl.Int128).alias("cents")
    return orders.select("customer_id", "ordered_at", cents).filter(pl.col("ordered_at") <= as_of)


def _typed(tallies: pl.LazyFrame, columns: dict[str, pl.DataType]) -> pl.DataFrame:
    keys = [name for name in ("campaign", "step", "arm") if name in columns]
    numbers = [pl.col(name).fill_null(0) for name, dtype in columns.items() if dtype.is_numeric() and name != "number"]
    typed = tallies.with_columns(numbers).select(pl.col(name).cast(dtype) for name, dtype in columns.items())
    return typed.sort(keys).collect(engine="streaming")
