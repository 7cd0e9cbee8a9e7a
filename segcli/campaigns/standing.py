"""How the customer of each due step stands with the gate: barred, allowed, suppressed, and which caps are theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from segcli.campaigns.caps import cap_column
from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedCap
from segcli.campaigns.customers import PERSON, Customers
from segcli.contact import allowed_field
from segcli.project.campaign_models import Step
from segcli.segments import SegmentMembers, membership

ADDRESSED = ("email", "sms")  # the channels that need consent


def gate_fields(campaigns: Iterable[CheckedCampaign] | Iterable[Sequence[Step]]) -> frozenset[str]:
    """The fields that the gate reads for these campaigns (or their steps)."""
    names: set[str] = set()
    for campaign in campaigns:
        steps = [each.step for each in campaign.steps] if isinstance(campaign, CheckedCampaign) else campaign
        for step in steps:
            names.add(f"{step.channel}_barred")
            if step.channel in ADDRESSED:
                names.add(allowed_field(step.channel, step.list))
    return frozenset(names)


def with_standing(
    due: pl.DataFrame, customers: Customers, caps: Sequence[CheckedCap], suppressing: Sequence[SegmentMembers]
) -> pl.DataFrame:
    """The due frame with `barred`, `allowed`, `suppressed_by` and a `cap_<n>` for each cap with a condition."""
    pairs = list(due.select("channel", "list").unique(maintain_order=True).iter_rows())
    fields = {f"{channel}_barred" for channel, _ in pairs}
    fields |= {allowed_field(channel, list_) for channel, list_ in pairs if channel in ADDRESSED}
    schema = customers.frame.collect_schema()
    known = [item for item in suppressing if item.column in schema]
    conditions = [(number, cap) for number, cap in enumerate(caps, 1) if cap.when is not None]
    names = {*fields, *(item.column for item in known)}.union(*(cap.when.names for _, cap in conditions if cap.when))
    people = customers.columns_of(due[PERSON], names)
    met = {cap_column(number): f"coalesce({cap.when.sql}, false)" for number, cap in conditions if cap.when}
    met_by = ", ".join([f'"{PERSON}"', *(f'{sql} as "{name}"' for name, sql in met.items())])
    capped = people.lazy().sql(f"select {met_by} from self").collect()
    by = [
        pl.when(membership(item.column, item.value, schema[item.column])).then(pl.lit(item.name))
        for item in sorted(known, key=lambda item: item.name)
    ]
    people = people.select(PERSON, *fields, suppressed_by=pl.coalesce(*by, pl.lit(None, pl.String)))
    people = people.hstack(capped.drop(PERSON).get_columns())
    joined = due.join(people, on=PERSON, how="left", maintain_order="left")
    barred, allowed = pl.lit(None, pl.String), pl.lit(None, pl.Boolean)
    for channel, list_ in pairs:
        here = (pl.col("channel") == channel) & pl.col("list").eq_missing(pl.lit(list_, pl.String))
        barred = pl.when(here).then(pl.col(f"{channel}_barred")).otherwise(barred)
        if channel in ADDRESSED:
            allowed = pl.when(here).then(pl.col(allowed_field(channel, list_))).otherwise(allowed)
    joined = joined.with_columns(barred=barred, allowed=allowed)
    return joined.select(*due.columns, "barred", "allowed", "suppressed_by", *met)
