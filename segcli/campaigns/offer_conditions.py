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
    asking = {
        (campaign.name, each.step.name): each
        for campaign in campaigns
        for each in campaign.steps
        if any(offer.when or offer.value for offer in each.offers)
    }
    if not asking:
        return due
    names = {name for each in asking.values() for name in _asked(each)}
    types = {name: pl.Float64() if name.startswith("value_") else pl.Boolean() for name in names}
    nobody = pl.DataFrame(schema={PERSON: pl.String(), "campaign": pl.String(), **types})
    parts = [
        _of_step(rows, asking[campaign, step], customers)
        for (campaign, step), rows in due.partition_by("campaign", "step", as_dict=True).items()
        if (campaign, step) in asking
    ]
    found = pl.concat([nobody, *parts], how="diagonal")
    return due.join(found, on=[PERSON, "campaign"], how="left", maintain_order="left")


def _asked(each: CheckedStep) -> dict[str, str]:
    """The SQL of each column that the step's offers ask for."""
    asked = {}
    for number, offer in enumerate(each.offers):
        if offer.when is not None:
            asked[f"offer_{number}"] = f"coalesce({offer.when.sql}, false)"
        if offer.value is not None:
            asked[f"value_{number}"] = f"cast({offer.value.sql} as double)"
    return asked


def _of_step(rows: pl.DataFrame, each: CheckedStep, customers: Customers) -> pl.DataFrame:
    expressions = [found for offer in each.offers for found in (offer.when, offer.value) if found is not None]
    people = customers.columns_of(rows[PERSON], {name for found in expressions for name in found.names})
    values = ", ".join(f'{sql} as "{name}"' for name, sql in _asked(each).items())
    answers = people.lazy().sql(f'select "{PERSON}" as __person, {values} from self').collect()
    answers = answers.rename({"__person": PERSON})
    return rows.select(PERSON, "campaign").join(answers, on=PERSON, how="inner")
