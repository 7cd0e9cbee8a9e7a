"""What correct campaigns do on the data at hand that their author probably does not mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from segcli.campaigns.caps import shipped_caps
from segcli.campaigns.checked_campaigns import (
    READ_FOR_RESPONSES,
    CheckedCampaign,
    CheckedCap,
    CheckedRowStart,
    CheckedStep,
)
from segcli.campaigns.customers import Customers
from segcli.campaigns.planning import too_old
from segcli.campaigns.products import leading_nowhere
from segcli.fields.expressions import CheckedExpression
from segcli.fields.findings import Finding, finding, listed
from segcli.project.models import Expression
from segcli.sources.tables import Tables

ADDRESS = {"email": "email", "sms": "phone"}  # the column without which a channel reaches nobody
_SHOWN = 60  # characters of an address: that of a picture may be the picture itself


def lint_campaigns(
    campaigns: Sequence[CheckedCampaign],
    caps: Sequence[CheckedCap],
    customers: Customers,
    tables: Tables,
    newest: dict[str, dt.datetime | None],
) -> list[Finding]:
    """Everything worth a line about the campaigns of a run, in the order of their places.

    `newest` has the newest row of each table that a step's `fresh` names, as far as there is one.
    """
    able = [each for each in campaigns if not _lacking(each, customers, tables)]
    findings = [
        *(_unavailable(each, _lacking(each, customers, tables)) for each in campaigns if each not in able),
        *_nobody_or_everybody(able, customers),
        *(item for each in able for item in _of_steps(each, customers, tables)),
        *(item for each in campaigns for item in _of_times(each, tables, newest)),
        *_of_caps(caps, customers),
        *_of_catalogue(campaigns, tables),
    ]
    # What stands on a campaign is every step's, and told once.
    once = {(item.problem.place, item.problem.message): item for item in reversed(findings)}
    return sorted(once.values(), key=lambda item: item.problem.order())


def _lacking(campaign: CheckedCampaign, customers: Customers, tables: Tables) -> tuple[str, ...]:
    lacking = list(customers.missing(campaign.needs))
    start = campaign.start
    if isinstance(start, CheckedRowStart):
        table = tables.tables.get(start.table)
        if table is None or start.at not in table.given:
            lacking.append(start.table if table is None else f"{start.table}.{start.at}")
    return tuple(dict.fromkeys(lacking))


def _unavailable(campaign: CheckedCampaign, lacking: Sequence[str]) -> Finding:
    message = f"nothing of this campaign can be sent for want of {listed(lacking)}."
    return finding("unavailable", message, campaign.campaign.place, f"campaigns.{campaign.name}")


def _nobody_or_everybody(campaigns: Sequence[CheckedCampaign], customers: Customers) -> Iterator[Finding]:
    """Audiences without anybody; and those of everybody, where who enters is what begins a series."""
    if not campaigns:
        return
    asked: dict[str, str] = {}
    for number, each in enumerate(campaigns):
        inside = f"coalesce({each.audience.sql}, false)"
        start = each.start.sql if isinstance(each.start, CheckedExpression) else "true"
        asked |= {f"in{number}": inside, f"begins{number}": f"{inside} and ({start}) is not null"}
    counted = customers.asked(asked).select(pl.len().alias("all"), *(pl.col(name).sum() for name in asked))
    counts = counted.collect(engine="streaming").row(0, named=True)
    for number, each in enumerate(campaigns):
        key, place = f"campaigns.{each.name}.audience", each.campaign.audience.place
        inside = counts[f"in{number}"]
        if not inside:
            yield finding("never", "no customer is in this audience.", place, key)
        elif inside == counts["all"] and each.by_entering and not each.campaign.existing:
            message = "every customer is in this audience, so nobody enters it but new ones."
            yield finding("always", message, place, key, hint="To take those who are there: existing: true.")
        elif not counts[f"begins{number}"] and isinstance(each.campaign.start, Expression):
            message = f"nobody in the audience has a start: {each.campaign.start.text} has no value."
            yield finding("never", message, each.campaign.start.place, f"campaigns.{each.name}.start")


def _of_steps(campaign: CheckedCampaign, customers: Customers, tables: Tables) -> Iterator[Finding]:
    for each in campaign.steps:
        step, key = each.step, f"campaigns.{campaign.name}.steps[{each.step.number + 1}]"
        if each.when is not None and (needs := _unknown(each, customers, tables)):
            message = f"this cannot be known for want of {listed(needs)}, and so is never met."
            yield finding("unavailable", message, step.when.place if step.when else step.place, f"{key}.when")
        for number, offer in enumerate(each.offers, 1):
            parts = ((offer.when, offer.offer.when, "when"), (offer.value, offer.offer.value, "value"))
            for checked, expression, name in parts:
                lacking = customers.missing(checked.names - checked.optional) if checked else ()
                if lacking and expression:
                    message = f"this cannot be known for want of {listed(lacking)}."
                    yield finding("unavailable", message, expression.place, f"{key}.offer[{number}].{name}")
        if step.products and step.products.of and (lacking := customers.missing([step.products.of])):
            message = f"of {step.products.of} nothing is known for want of {listed(lacking)}, so it bounds nothing."
            yield finding("unavailable", message, step.products.place, f"{key}.products.of")
        column = ADDRESS.get(step.channel)
        if column is not None and column not in tables["customers"].given:
            message = f"no file has a customer's {column}, so nothing can go out by {step.channel}."
            yield finding("unavailable", message, step.place, key)


def _unknown(each: CheckedStep, customers: Customers, tables: Tables) -> tuple[str, ...]:
    """What would make a step's `when` known: fields, and the tables that tell who opened, clicked or ordered."""
    assert each.when is not None
    asked = (each.when.names - each.when.optional) & each.asks_for_responses
    lacking = customers.missing(each.when.names - each.when.optional - each.asks_for_responses)
    events = asked & {"opened", "clicked"}
    needed = (["events"] if events else []) + (["orders"] if "ordered" in asked else [])
    for name in needed:
        given = tables[name].given if name in tables else frozenset()
        missing = sorted(READ_FOR_RESPONSES[name] - given)
        lacking += (name,) if not given else tuple(f"{name}.{column}" for column in missing)
    return tuple(dict.fromkeys(lacking))


def _of_times(campaign: CheckedCampaign, tables: Tables, newest: dict[str, dt.datetime | None]) -> Iterator[Finding]:
    """Campaigns that wait for fresher data, and steps whose time of sending is over."""
    told = None
    for each in campaign.steps:
        step, key = each.step, f"campaigns.{campaign.name}.steps[{each.step.number + 1}]"
        reason = too_old(each, newest, tables.as_of)
        if reason is not None and reason != told:
            absent = any(newest.get(table) is None for table in step.fresh)
            message = f"the campaign waits: {reason}."
            yield finding("waits", message, step.place, f"{key}.fresh", note=not absent)
            told = reason
        if step.active.until is not None and step.active.until <= tables.as_of:
            message = f"it was sent until {step.active.until:%Y-%m-%d %H:%M} only, which is over."
            yield finding("over", message, step.place, f"{key}.active", note=True)


def _of_caps(caps: Iterable[CheckedCap], customers: Customers) -> Iterator[Finding]:
    for number, each in enumerate(caps, 1):
        lacking = customers.missing(each.when.names - each.when.optional) if each.when else ()
        if lacking and each.cap not in shipped_caps():
            message = f"this cap is nobody's: its condition cannot be known for want of {listed(lacking)}."
            place = each.cap.when.place if each.cap.when else each.cap.place
            yield finding("unavailable", message, place, f"limits.caps[{number}].when")


def _of_catalogue(campaigns: Iterable[CheckedCampaign], tables: Tables) -> Iterator[Finding]:
    steps = (each.step for campaign in campaigns for each in campaign.steps)
    nowhere = leading_nowhere(tables) if any(step.products and step.channel == "email" for step in steps) else None
    if nowhere is not None:
        message = (
            f"{nowhere.count:,} of {nowhere.products:,} products {'has' if nowhere.count == 1 else 'have'} a link or a "
            f"picture that leads nowhere from a mail, which shows them without it: '{nowhere.address[:_SHOWN]}' of "
            f"{nowhere.product_id}."
        )
        hint = "Give whole addresses in url and image_url, such as https://shop.example/cup."
        yield finding("message", message, None, "products", hint=hint)
