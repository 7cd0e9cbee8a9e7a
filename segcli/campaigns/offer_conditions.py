"""What each offer of a due step depends on: whether its `when` is met, and its value, for every customer at once."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedStep
from segcli.campaigns.customers import PERSON, Customers


def with_offer_conditions(
    due: pl.DataFrame, campaigns: Sequence[CheckedCampaign], customers: Customers
) -> pl.DataFrame:
    """The due frame with `offer_<n>` (Boolean) and `value_<n>` (Float64) of the n-th offer of each row's step, from 0.

    A condition that is null is not met. A column is there if any step's n-th offer has such an expression.
    """
    parts = [
        _of_step(due.filter(pl.col("campaign") == campaign.name, pl.col("step") == each.step.name), each, customers)
        for campaign in campaigns
        for each in campaign.steps
        if any(offer.when or offer.value for offer in each.offers)
    ]
    if not parts:
        return due
    found = pl.concat(parts, how="diagonal")
    return due.join(found, on=[PERSON, "campaign"], how="left", maintain_order="left")


def _of_step(rows: pl.DataFrame, each: CheckedStep, customers: Customers) -> pl.DataFrame:
    asked: dict[str, str] = {}
    names: set[str] = set()
    for number, offer in enumerate(each.offers):
        if offer.when is not None:
            asked[f"offer_{number}"] = f"coalesce({offer.when.sql}, false)"
            names |= offer.when.names
        if offer.value is not None:
            asked[f"value_{number}"] = f"cast({offer.value.sql} as double)"
            names |= offer.value.names
    people = customers.columns_of(rows[PERSON], names)
    values = ", ".join(f'{sql} as "{name}"' for name, sql in asked.items())
    answers = people.lazy().sql(f'select "{PERSON}" as __person, {values} from self').collect()
    answers = answers.rename({"__person": PERSON})
    return rows.select(PERSON, "campaign").join(answers, on=PERSON, how="inner")
