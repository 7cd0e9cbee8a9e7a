"""What messages name and their recipients do not have: looked for before anything is rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign
from segcli.campaigns.customers import Customers
from segcli.campaigns.starting_rows import ROW
from segcli.fields.expressions.names import quoted
from segcli.fields.findings import Finding, finding
from segcli.messages.context import OF_MESSAGE
from segcli.messages.step_rendering import CheckedMessage
from segcli.messages.template_checking import Nullable
from segcli.project.campaign_models import Step
from segcli.project.message_models import MessageSettings

_LINKS = {f"{link}_url": link for link in ("shop", "help", "referral", "survey", "subscribe")}
_THERE = " there "
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
                share = shares[step.step.name].get(each.column, 0.0)
                found += _of_name(each, step.step, share, settings, campaign.name)
    once = {(item.problem.place, item.problem.message): item for item in reversed(found)}
    return sorted(once.values(), key=lambda item: item.problem.order())


def _nullables(checked: CheckedMessage) -> Iterator[Nullable]:
    for parts in checked.templates.values():
        for template in parts.values():
            yield from template.nullable


def told_beforehand(checked: CheckedMessage, step: Step, settings: MessageSettings) -> frozenset[str]:
    """What can be missing and is told by `lint_messages`, as reasons call it."""
    return frozenset(
        each.path
        for each in _nullables(checked)
        if each.column not in (*OF_MESSAGE, ROW)
        or (each.column in _OFFER and not step.offers)
        or (each.column in _LINKS and getattr(settings.links, _LINKS[each.column]) is None)
    )


def way_out(reason: str) -> str | None:
    """What to write where the reason is that something is missing."""
    path = reason.removesuffix(" is missing")
    if path == reason or " " in path:
        return None
    return f"Write `{path} | default('...')`, or put it into `{{% if {path} %}}`."


def _shares(campaign: CheckedCampaign, names: Iterable[str], customers: Customers) -> dict[str, dict[str, float]]:
    """For each step and name the share that has none of the audience, and of it those whom the step's `when` takes, as
    far as fields decide that."""
    known = sorted(set(names) & {*customers.frame.collect_schema().names()})
    asked, counted = {name: quoted(name) for name in known}, []
    for number, each in enumerate(campaign.steps):
        when = each.when.sql if each.when and not each.asks_for_responses else "true"
        there = f"{_THERE}{number}"  # no column is called like this
        asked[there] = f"coalesce({campaign.audience.sql}, false) and coalesce({when}, false)"
        counted.append(pl.col(there).sum())
        counted += [(pl.col(there) & pl.col(name).is_null()).sum().alias(f"{there} {name}") for name in known]
    counts = customers.asked(asked).select(counted).collect(engine="streaming").row(0, named=True) if known else {}
    found: dict[str, dict[str, float]] = {}
    for number, each in enumerate(campaign.steps):
        there = f"{_THERE}{number}"
        everybody = counts.get(there, 0)
        shares = {name: counts[f"{there} {name}"] / everybody for name in known} if everybody else {}
        found[each.step.name] = shares
    return found


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
        message = f"{each.path} is missing for {share:.1%} of the audience, who would not get this."
        yield finding("unavailable", message, each.place, key, hint=way_out(f"{each.path} is missing"))
