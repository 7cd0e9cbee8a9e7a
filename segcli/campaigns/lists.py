"""The due steps that go out as the rows of their send lists, with every value that a message could name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign
from segcli.campaigns.clocks import in_utc, local_times
from segcli.campaigns.customer_times import SendTimes
from segcli.campaigns.customers import PERSON, Customers
from segcli.campaigns.products import product_columns
from segcli.campaigns.send_times import send_hours
from segcli.project.campaign_models import Step

HOUR = "send_hour"
# What a list has of the message besides the customer: column of the decided steps -> column of the list.
OF_MESSAGE = {
    "campaign": "campaign", "step": "step", "message": "message", "variant": "variant", "send_at": "send_at",
    "send_at_local": "send_at_local", "send_at_utc": "send_at_utc", "reward": "offer_reward",
    "offer_value": "offer_value", "code": "coupon_code", "code_expires_at": "coupon_expires_at",
}  # fmt: skip


@dataclass(frozen=True)
class StepRows:
    """One step that goes out: its rows by customer_id, and the columns that a list carries, in order."""

    campaign: str
    step: Step
    rows: pl.DataFrame  # the decided rows, as they are
    members: pl.DataFrame  # the customers' columns, then those of the message
    fields: tuple[str, ...]


def rows_of_steps(
    sent: pl.DataFrame,
    campaigns: Sequence[CheckedCampaign],
    customers: Customers,
    times: SendTimes,
    columns: Collection[str],
    importable: Collection[str],
) -> Iterator[StepRows]:
    """Every step that somebody is sent, in the order of the recipes.

    `columns` are the fields that a list carries, `importable` what else an importer may choose from.
    """
    names = {*columns, *importable} & {*customers.frame.collect_schema().names()}
    people = customers.columns_of(sent[PERSON], names)  # once, and not for every step
    sent = times.with_zones(sent)
    for campaign in campaigns:
        for each in campaign.steps:
            rows = sent.filter(pl.col("campaign") == campaign.name, pl.col("step") == each.step.name).sort(PERSON)
            if rows.is_empty():
                continue
            yield _of_step(rows, campaign.name, each.step, people, times, columns)


def _of_step(
    rows: pl.DataFrame, campaign: str, step: Step, people: pl.DataFrame, times: SendTimes, columns: Collection[str]
) -> StepRows:
    timed = rows.with_columns(
        send_at_utc=in_utc(rows["send_at"], times.here).dt.replace_time_zone("UTC"),
        send_at_local=local_times(rows["send_at"], rows["zone"], times.here),
    )
    details = [pl.col(name).alias(header) for name, header in OF_MESSAGE.items() if name in timed.columns]
    if step.split == "send_hour":
        timed = timed.with_columns(send_hours(timed, times.here).alias(HOUR))
        details.append(pl.col(HOUR))
    if step.products is not None:
        details += product_columns(step.products.count)
    of_message = timed.select(PERSON, *details)
    taken = {*of_message.columns}
    known = [name for name in people.columns if name not in taken and name != PERSON]
    theirs = people.select(PERSON, *known)
    members = of_message.select(PERSON).join(theirs, on=PERSON, how="left", maintain_order="left")
    members = members.hstack(of_message.drop(PERSON).get_columns())
    fields = [name for name in columns if name in known] + [name for name in of_message.columns if name != PERSON]
    return StepRows(campaign, step, rows.drop("zone"), members, tuple(fields))
