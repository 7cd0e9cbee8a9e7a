"""The results of all campaigns, from the journal of what was sent and the orders that followed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

import polars as pl

from segcli.results.outcomes import Group, LastTouch, StepResult, compared
from segcli.results.tallies import HELD_OUT, SENT, added, arm_tallies, touch_tallies


def campaign_results(
    journal: pl.LazyFrame,
    orders: pl.LazyFrame,
    as_of: dt.datetime,
    window: dt.timedelta,
    campaigns: Collection[str] | None = None,
) -> tuple[StepResult, ...]:
    """What each campaign and each of its steps brought as of then: the sent against the held out.

    `journal` has at least customer_id, campaign, step, number, send_at and status; `orders` customer_id, ordered_at
    and amount (Decimal), and only orders that count. Sorted by campaign, each followed by its steps in order;
    `campaigns` chooses some (a name without messages gives nothing), last touch looks at all.

    What is estimated. Who is held out is drawn by lot per campaign and customer, after every other reason to write or
    not, so the sent and the held out of a campaign differ in nothing but its messages. One unit is one customer:
    with the first message of the campaign that was sent to them or held back, which also says their group, whatever
    came after (intention to treat). Later series of the same customer do not count again: they would not be
    independent, and who comes to have one may be what the first brought about. The campaign's row is therefore the
    effect, on those it reaches and within the window after its first message, of the campaign as it was run beside
    the others: a held-out customer may get another campaign's message in the room that a cap left.

    A step's row compares in the same way from each customer's first message of that step. For the first step it is an
    experiment too. For later ones it is not: buyers leave the series, more of them where the message works, so those
    who got that far differ between the groups, and the difference is as a rule too small. It also holds what the
    steps before it did, as a held-out customer was held out of those.

    A change of the holdout's share while a campaign runs mixes times in which the groups had different weights.
    """
    return results_of_shards([(journal, orders)], as_of, window, campaigns)


def results_of_shards(
    shards: Iterable[tuple[pl.LazyFrame, pl.LazyFrame]],
    as_of: dt.datetime,
    window: dt.timedelta,
    campaigns: Collection[str] | None = None,
) -> tuple[StepResult, ...]:
    """As `campaign_results`, of a journal and orders in parts; each customer lies in one part."""
    parts = [(arm_tallies(*shard, as_of, window), touch_tallies(*shard, as_of, window)) for shard in shards]
    arms = added(arms for arms, _ in parts)
    touches = added(touches for _, touches in parts)
    # Both are as short as there are steps.
    groups = {(row.pop("campaign"), row.pop("step"), row.pop("arm")): Group(**row) for row in arms.to_dicts()}
    steps = [row for row in touches.to_dicts() if campaigns is None or row["campaign"] in campaigns]
    whole = [{**row, "step": None, "number": -1} for row in _sums(steps)]
    ordered = sorted([*whole, *steps], key=lambda row: (row["campaign"], row["number"], row["step"] or ""))
    return tuple(_result(row, groups) for row in ordered)


def _sums(steps: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """One row per campaign: what its steps had."""
    for campaign in sorted({row["campaign"] for row in steps}):
        of_campaign = [row for row in steps if row["campaign"] == campaign]
        counts = ("messages", "orders", "cents", "unpriced")
        yield {"campaign": campaign, **{name: sum(row[name] for row in of_campaign) for name in counts}}


def _result(row: dict[str, Any], groups: dict[tuple[str, str | None, str], Group]) -> StepResult:
    campaign, step = row["campaign"], row["step"]
    sent, held_out = (groups.get((campaign, step, arm), Group()) for arm in (SENT, HELD_OUT))
    touch = LastTouch(row["messages"], row["orders"], row["cents"], row["unpriced"])
    return compared(campaign, step, row["number"], sent, held_out, touch)
