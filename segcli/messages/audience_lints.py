"""What messages name and their recipients do not have: looked for before anything is rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign
from segcli.campaigns.customers import PERSON, Customers
from segcli.fields.findings import Finding, finding
from segcli.messages.context import OF_MESSAGE
from segcli.messages.step_rendering import CheckedMessage
from segcli.messages.template_checking import Nullable
from segcli.project.campaign_models import Step
from segcli.project.message_models import MessageSettings

_LINKS = {f"{link}_url": link for link in ("shop", "help", "referral", "survey", "subscribe")}
_OFFER = ("offer_reward", "offer_value", "coupon_code", "coupon_expires_at")


def lint_messages(
    messages: Mapping[tuple[str, str], CheckedMessage],
    campaigns: Sequence[CheckedCampaign],
    customers: Customers,
    settings: MessageSettings,
) -> list[Finding]:
    """A finding for each name that is shown without a default and that some or all of the audience lack."""
    found: list[Finding] = []
    for campaign in campaigns:
        own = [(step, messages[key]) for step in campaign.steps if (key := (campaign.name, step.step.name)) in messages]
        named = {each.column for _, checked in own for each in _nullables(checked)}
        shares = _shares(campaign, named - OF_MESSAGE.keys(), customers)
        for step, checked in own:
            for each in _nullables(checked):
                found += _of_name(each, step.step, shares.get(each.column, 0.0), settings, campaign.name)
    once = {(item.problem.place, item.problem.message): item for item in reversed(found)}
    return sorted(once.values(), key=lambda item: item.problem.order())


def _nullables(checked: CheckedMessage) -> Iterator[Nullable]:
    for parts in checked.templates.values():
        for template in parts.values():
            yield from template.nullable


def _shares(campaign: CheckedCampaign, names: Iterable[str], customers: Customers) -> dict[str, float]:
    """For each name the share of the audience that has none."""
    known = sorted(set(names) & {*customers.frame.collect_schema().names()})
    if not known:
        return {}
    audience = customers.asked({"audience": f"coalesce({campaign.audience.sql}, false)"})
    people = audience.filter("audience").select(PERSON)
    counted = customers.frame.select(PERSON, *known).join(people, on=PERSON, how="semi")
    row = counted.select(pl.len().alias(" people"), *(pl.col(name).null_count() for name in known))
    counts = row.collect(engine="streaming").row(0, named=True)
    everybody = counts.pop(" people")
    return {name: count / everybody for name, count in counts.items()} if everybody else {}


def _of_name(
    each: Nullable, step: Step, share: float, settings: MessageSettings, campaign: str
) -> Iterator[Finding]:  # fmt: skip
    key = f"{campaign}.{step.name}"
    if link := _LINKS.get(each.column):
        if getattr(settings.links, link) is None:
            hint = f"Write `links: {{{link}: https://...}}` in segcli.yaml."
            yield finding("unavailable", f"nobody has a {each.path}, so nobody gets this.", each.place, key, hint=hint)
    elif each.column in _OFFER and not step.offers:
        hint = f"Give the step an offer, or write `{each.path} | default('...')`."
        yield finding("unavailable", f"the step has no offer, so nobody has a {each.path}.", each.place, key, hint=hint)
    elif share > 0:
        hint = f"Write `{each.path} | default('...')`, or put it into `{{% if {each.path} %}}`."
        message = f"{each.path} is missing for {share:.1%} of the audience, who would not get this."
        yield finding("unavailable", message, each.place, key, hint=hint)
