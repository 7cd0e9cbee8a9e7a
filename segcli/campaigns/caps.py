"""Caps: at most so many marketing messages to a customer in so much time, rolling, by channel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import polars as pl

from segcli.problems import Problems, RecipeError
from segcli.project.campaign_models import Cap, Limits
from segcli.project.limit_keys import LIMITS
from segcli.project.yaml_text import read_yaml

SHIPPED = Path(__file__).with_name("caps.yaml")


@cache
def shipped_caps() -> tuple[Cap, ...]:
    """The caps of a project that has none of its own."""
    problems = Problems()
    tree = read_yaml(SHIPPED, problems)
    values = LIMITS.read(tree, "", problems) if tree else None
    problems.stop_on_errors(RecipeError)
    assert values is not None
    return tuple(
        Cap(each["max"], each["per"], each.place, each.get("when"), each.get("channel", "email"))
        for each in values["caps"]
    )


def caps_of(limits: Limits) -> tuple[Cap, ...]:
    """The project's caps, or the shipped ones."""
    return shipped_caps() if limits.caps is None else limits.caps


def cap_column(number: int) -> str:
    """The Boolean column that says whether the `when` of cap number `number` (from 1) is met."""
    return f"cap_{number}"


def over_cap(messages: pl.DataFrame, caps: Sequence[Cap], recent: pl.LazyFrame) -> pl.Series:
    """Whether each message would be one too many.

    `messages` have customer_id, channel, send_at and the columns of caps with a `when`; at most one of a customer and
    channel. `recent` (customer_id, send_at, channel) is every marketing message that went out or is to, and counts
    if it is less than a cap's `per` away, before or after.
    """
    over = pl.Series("over", [False]).new_from_index(0, messages.height)
    if messages.is_empty():
        return over
    rows = messages.with_row_index("__row")
    for channel, per in sorted({(cap.channel, cap.per) for cap in caps}):
        group = [(number, cap) for number, cap in enumerate(caps, 1) if (cap.channel, cap.per) == (channel, per)]
        most = pl.coalesce(pl.when(_is_met(number, cap)).then(pl.lit(cap.most, pl.Int64)) for number, cap in group)
        limited = rows.filter(pl.col("channel") == channel).select("__row", "customer_id", "send_at", __most=most)
        limited = limited.filter(pl.col("__most").is_not_null())
        counts = (
            recent.filter(pl.col("channel") == channel)
            .select("customer_id", __at="send_at")
            .join(limited.lazy(), on="customer_id")
            .filter((pl.col("__at") - pl.col("send_at")).abs() < per)
            .group_by("__row", "__most")
            .len()
            .filter(pl.col("len") >= pl.col("__most"))
            .collect(engine="streaming")
        )
        over |= rows.select(pl.col("__row").is_in(counts["__row"].implode())).to_series()
    return over


def _is_met(number: int, cap: Cap) -> pl.Expr:
    return pl.lit(value=True) if cap.when is None else pl.col(cap_column(number)).fill_null(value=False)
