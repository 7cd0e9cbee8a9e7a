"""The gate: whether each due message may go out, and if not, the first reason against it."""

from __future__ import annotations

import polars as pl

from segcli.campaigns.caps import caps_of, over_cap
from segcli.campaigns.holdout import held_out
from segcli.project.campaign_models import Limits

SUPPRESSED = "suppressed"
NO_ADDRESS = "no address"
INVALID_ADDRESS = "invalid address"
NO_CONSENT = "no consent"
NOTHING_TO_SHOW = "nothing to show"
OUTRANKED = "beaten by a campaign of higher priority"
OVER_CAP = "over the cap"
HELD_OUT = "held out"
# In their order.
REASONS = (
    SUPPRESSED, NO_ADDRESS, INVALID_ADDRESS, NO_CONSENT, NOTHING_TO_SHOW, OUTRANKED, OVER_CAP, HELD_OUT,
)  # fmt: skip

FOR_PEOPLE = "list"  # the channel of those who call: it has no address, no consent to mail and no cap of its own


def decide(due: pl.DataFrame, limits: Limits, recent: pl.LazyFrame) -> pl.DataFrame:
    """The due frame with `reason`: null for what goes out, else the first of REASONS that holds. Rows stay in order.

    Besides the columns of the due frame it has to have, as of the step's channel and list:
    `barred` (text or null: `<channel>_barred`), `allowed` (Boolean: `<channel>_allowed` or that of the list),
    `suppressed_by` (text or null: a `suppress: true` segment that the customer is in), and `cap_<n>` for every cap
    with a `when`, n its place from 1. Where `enough` is false a step has too few products to show. `recent` has
    customer_id, send_at, channel of the marketing messages that others or earlier runs sent.

    What bars a customer bars every message. A suppressing segment, consent, priority and caps are for marketing;
    lists for people need no consent and rank nowhere. A message that is beaten, over its cap or held out leaves
    its place to no other, so that an experiment changes nothing but itself.
    """
    marketing, mailed = pl.col("marketing"), pl.col("channel") != FOR_PEOPLE
    before = (
        pl.when(pl.col("barred") == SUPPRESSED)
        .then(pl.lit(SUPPRESSED))
        .when(marketing & pl.col("suppressed_by").is_not_null())
        .then(pl.lit(SUPPRESSED))
        .when(mailed)
        .then(
            pl.coalesce(
                "barred",
                pl.when(marketing & pl.col("allowed").fill_null(value=False).not_()).then(pl.lit(NO_CONSENT)),
            )
        )
    )
    rows = due.with_columns(before.cast(pl.String).alias("reason"), __ranked=marketing & mailed)
    if "enough" in rows.columns:
        rows = _marked(rows, rows.select(pl.col("reason").is_null() & ~pl.col("enough")).to_series(), NOTHING_TO_SHOW)
    rows = _marked(rows, _outranked(rows), OUTRANKED)
    capped = rows.select(pl.col("reason").is_null() & pl.col("marketing")).to_series()
    over = over_cap(rows.filter(capped), caps_of(limits), recent)
    too_many = pl.Series([False]).new_from_index(0, rows.height).scatter(capped.arg_true(), over)
    rows = _marked(rows, too_many, OVER_CAP)
    held = rows.filter(pl.col("reason").is_null(), pl.col("holdout") > 0).filter(held_out())
    return _marked(rows, _is_among(rows, held), HELD_OUT).drop("__ranked")


def _outranked(rows: pl.DataFrame) -> pl.Series:
    """Whether another message to the customer over the channel goes before: by priority, then moment, then name."""
    waiting = rows.filter(pl.col("reason").is_null(), pl.col("__ranked"))
    in_turn = waiting.sort("priority", "moment", "campaign", descending=[True, False, False])
    beaten = in_turn.filter(pl.struct("customer_id", "channel").is_first_distinct().not_())
    return _is_among(rows, beaten)


def _is_among(rows: pl.DataFrame, chosen: pl.DataFrame) -> pl.Series:
    """Whether each row is one of the chosen: a customer has one row in a campaign."""
    marked = chosen.select("customer_id", "campaign", __is=pl.lit(value=True))
    found = rows.select("customer_id", "campaign").join(
        marked, on=["customer_id", "campaign"], how="left", maintain_order="left"
    )
    return found["__is"].fill_null(value=False)


def _marked(rows: pl.DataFrame, among: pl.Series, reason: str) -> pl.DataFrame:
    return rows.with_columns(pl.when(among).then(pl.lit(reason)).otherwise("reason").alias("reason"))
