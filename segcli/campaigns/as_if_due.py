"""Due steps as they would be if their time were now: of some of an audience, to see what they would be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign
from segcli.campaigns.customer_times import RINGS, SendTimes
from segcli.campaigns.planning import DUE
from segcli.campaigns.variants import with_variants

SERIES = "preview"  # of codes that are shown: they are nobody's


def as_if_due(
    campaigns: Sequence[CheckedCampaign], people: Mapping[str, pl.DataFrame], number: int, times: SendTimes
) -> pl.DataFrame:
    """Rows as the gate lets them through, of the step with this number of each campaign that has one.

    `people` has the customer_id of whom each campaign is looked at for.
    """
    parts = [
        _rows(campaign, number, people[campaign.name], times) for campaign in campaigns if number < len(campaign.steps)
    ]
    return pl.concat(parts)


def _rows(campaign: CheckedCampaign, number: int, people: pl.DataFrame, times: SendTimes) -> pl.DataFrame:
    step = campaign.steps[number].step
    now = pl.lit(times.as_of, pl.Datetime("us"))
    values: dict[str, Any] = {
        "campaign": campaign.name, "step": step.name, "number": step.number, "series": SERIES, "message":
        f"{campaign.name}.{step.name}", "channel": step.channel, "marketing": step.marketing, "list": step.list,
        "priority": step.priority, "holdout": 0.0,
    }  # fmt: skip
    rows = people.with_columns(
        *(pl.lit(value, DUE[name]).alias(name) for name, value in values.items()),
        *(now.alias(name) for name in ("start", "moment")),
        *(pl.lit(None, DUE[name]).alias(name) for name in ("row_id", "offer_since", "offer_code")),
    )
    rows = rows.with_columns(send=pl.lit(step.send), rings=pl.lit(step.channel in RINGS), calendar=pl.lit(value=False))
    rows = times.with_times(rows, rows)
    rows = rows.with_columns(times.sending(rows))
    rows = with_variants(rows, {(campaign.name, step.name): step.variants})
    rows = rows.select(pl.col(name).cast(dtype) for name, dtype in DUE.items())
    return rows.with_columns(barred=pl.lit(None, pl.String), allowed=pl.lit(value=True), reason=pl.lit(None, pl.String))
