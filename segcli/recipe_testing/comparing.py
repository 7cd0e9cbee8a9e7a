"""What a run came to beside what was expected of it: every difference, with the reason where one is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from segcli.campaign_messages import TOO_MANY, UNFINISHED
from segcli.campaign_pipeline import CampaignRun
from segcli.campaigns.settling import excluded_of
from segcli.problems import Place, SegcliError
from segcli.project.models import Project
from segcli.project.shapes import Named
from segcli.recipe_testing.messages import differences_of_message
from segcli.recipe_testing.models import (
    CouponExpectation,
    DueExpectation,
    ExclusionExpectation,
    FieldExpectation,
    MessageExpectation,
    Moment,
    ProductsExpectation,
    RecipeTests,
    SegmentExpectation,
    StepExpectation,
    Wanted,
)
from segcli.recipe_testing.values import same, shown, shown_names
from segcli.segments.members import SegmentMembers

PERSON = "customer_id"
NOBODY = "nobody"
COUPON_COLUMNS = {
    "reward": "reward", "value": "offer_value", "code": "code", "code_starts_with": "code",
    "valid_until": "code_expires_at",
}  # fmt: skip
MOST_REASONS = 3
Why = Callable[[Project, str, str], str | None]


@dataclass(frozen=True)
class Failure:
    """One expectation that was not met."""

    place: Place
    test: str
    moment: dt.datetime
    what: str
    expected: str
    got: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class MomentRun:
    """A committed run and the moment that it was for."""

    run: CampaignRun
    moment: Moment
    test: str
    tests: RecipeTests
    why: Why | None = None
    known_reasons: dict[tuple[str, str], str] = field(default_factory=dict)

    @cached_property
    def sent(self) -> Mapping[str, Mapping[str, Mapping[str, dict[str, Any]]]]:
        """campaign -> step -> customer -> the row of what goes out."""
        found: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
        for row in self.run.sent.iter_rows(named=True):
            found.setdefault(row["campaign"], {}).setdefault(row["step"], {})[row[PERSON]] = row
        return found

    @cached_property
    def excluded(self) -> Mapping[tuple[str, str], dict[str, str]]:
        """customer and campaign -> steps, and the reason for which they are left out of each."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for row in excluded_of(self.run.planned, self.run.decided).iter_rows(named=True):
            found.setdefault((row[PERSON], row["campaign"]), {})[row["step"]] = row["reason"]
        return found

    @cached_property
    def customers(self) -> Mapping[str, dict[str, Any]]:
        """customer -> every column of theirs."""
        frame = self.run.run.computed.customers.collect()
        return {row[PERSON]: row for row in frame.iter_rows(named=True)}

    @cached_property
    def members(self) -> Mapping[str, SegmentMembers]:
        return {each.name: each for each in self.run.run.members}

    def members_of(self, name: str) -> list[str]:
        """The customers in a segment."""
        segment = self.members.get(name)
        if segment is None:
            return []
        frame = self.run.run.computed.customers
        condition = segment.condition(frame.collect_schema()[segment.column])
        return frame.filter(condition).select(PERSON).collect()[PERSON].sort().to_list()

    def needs_of(self, name: str) -> tuple[str, ...]:
        """What the files lack for a field or a segment, or for the one of which this is a value."""
        plan = self.run.run.computed.plan
        whole = (item.name for item in plan.segments if item.each and name.startswith(f"{item.name}-"))
        return next((plan.unavailable[each] for each in (name, *whole) if each in plan.unavailable), ())

    def reason(self, customer: str, campaign: str) -> str:
        """Why a customer gets of a campaign what they get."""
        key = (customer, campaign)
        if key not in self.known_reasons:
            self.known_reasons[key] = self._reason(customer, campaign)
        return self.known_reasons[key]

    def _reason(self, customer: str, campaign: str) -> str:
        if customer not in self.customers:
            return f"{customer} is not in the files yet"
        left_out = self.excluded.get((customer, campaign), {})
        unfinished = [reason for reason in left_out.values() if reason.startswith((UNFINISHED, TOO_MANY))]
        if unfinished:
            withheld = [each.message for each in self.run.withheld if each.message.startswith(f"{campaign}.")]
            return f"{customer}: {', '.join(withheld or unfinished)}"
        try:
            words = self.why(self.run.prepared.prepared.project, customer, campaign) if self.why else None
        except SegcliError:  # the run itself went well, and says less
            words = None
        told = ", ".join(f"{step}: {reason}" for step, reason in left_out.items())
        return f"{customer}: {words or told or 'is due nothing of it'}"

    def reasons(self, customers: Iterable[str], campaign: str) -> tuple[str, ...]:
        names = list(customers)
        more = (f"and {len(names) - MOST_REASONS} more",) if len(names) > MOST_REASONS else ()
        return (*(self.reason(name, campaign) for name in names[:MOST_REASONS]), *more)

    def failure(self, place: Place, what: str, expected: str, got: str, reasons: Iterable[str] = ()) -> Failure:
        return Failure(place, self.test, self.moment.at, what, expected, got, tuple(reasons))


def compare(run: MomentRun) -> list[Failure]:
    """Every expectation of the moment that is not met, in the order of the file."""
    found: list[Failure] = []
    for expectation in run.moment.expectations:
        match expectation:
            case FieldExpectation():
                found += _field(run, expectation)
            case SegmentExpectation():
                found += _segment(run, expectation)
            case DueExpectation():
                found += _due(run, expectation)
            case ExclusionExpectation():
                found += _exclusion(run, expectation)
            case StepExpectation():
                found += _of_step(run, expectation, {failure.what for failure in found})
    found = sorted(found, key=lambda each: (each.place.line or 0, each.place.column or 0))
    if found and (unread := _unread(run)):
        found[0] = replace(found[0], reasons=(*found[0].reasons, *unread))
    return found


def _unread(run: MomentRun) -> list[str]:
    """Cells that could not be read: perhaps on purpose, and perhaps the reason for a failure."""
    rows = run.run.run.tables.rejected.head(MOST_REASONS).iter_rows(named=True)
    return [
        f"{Path(row['file']).stem}.{row['column']} '{row['value']}' could not be read: {row['reason']}" for row in rows
    ]


def _of_step(
    run: MomentRun, expectation: CouponExpectation | ProductsExpectation | MessageExpectation, told: set[str]
) -> Iterator[Failure]:
    """What one customer's message offers, shows or says. That it is not due at all is told once."""
    campaign, step, customer = expectation.campaign.name, expectation.step.name, expectation.customer
    row = run.sent.get(campaign, {}).get(step, {}).get(customer.name)
    if row is None:
        if f"due {campaign}.{step}" not in told:
            what, reasons = f"{campaign}.{step} to {customer.name}", run.reasons([customer.name], campaign)
            yield run.failure(customer.place, what, "it is due", "it is not due", reasons)
        return
    match expectation:
        case CouponExpectation():
            yield from _coupon(run, expectation, row)
        case ProductsExpectation():
            yield from _products(run, expectation, row)
        case MessageExpectation():
            yield from _message(run, expectation)


def _lacking(needs: tuple[str, ...]) -> list[str]:
    return [f"not available for want of {', '.join(needs)}"] if needs else []


def _field(run: MomentRun, expectation: FieldExpectation) -> Iterator[Failure]:
    customer, field, wanted = expectation.customer.name, expectation.field.name, expectation.wanted
    row = run.customers.get(customer)
    got = row.get(field) if row else None
    if row is not None and same(wanted.value, got):
        return
    reasons = _lacking(run.needs_of(field)) if row else [f"{customer} is not in the files yet"]
    yield run.failure(wanted.place, f"fields {customer}.{field}", shown(wanted.value), shown(got), reasons)


def _segment(run: MomentRun, expectation: SegmentExpectation) -> Iterator[Failure]:
    name = expectation.segment.name
    wanted, got = sorted(each.name for each in expectation.members), run.members_of(name)
    if wanted != got:
        reasons = _lacking(run.needs_of(name))
        place = expectation.segment.place
        yield run.failure(place, f"segments {name}", shown_names(wanted), shown_names(got), reasons)


def _due(run: MomentRun, expectation: DueExpectation) -> Iterator[Failure]:
    """Differences step by step; of a campaign that is not named nothing may be due if it is of the recipe itself."""
    named = {campaign.name: campaign for campaign in expectation.campaigns}
    for name in sorted(named.keys() | run.sent.keys()):
        campaign, sent = named.get(name), run.sent.get(name, {})
        if campaign is None and named and name not in run.tests.own_campaigns:
            continue
        place = campaign.place if campaign else expectation.place
        steps = {step.name: step for step in campaign.value} if campaign else {}
        for step in dict.fromkeys([*steps, *sent]):
            yield from _due_step(run, name, step, steps.get(step), sent.get(step, {}), place)


def _due_step(
    run: MomentRun, campaign: str, step: str, wanted: Named | None, sent: Mapping[str, dict[str, Any]], place: Place
) -> Iterator[Failure]:
    people = {each.name: each for each in wanted.value} if wanted else {}
    place, what = wanted.place if wanted else place, f"due {campaign}.{step}"
    if people.keys() != sent.keys():
        missing = [name for name in people if name not in sent]
        reasons = run.reasons([*missing, *sorted(sent.keys() - people.keys())], campaign)
        yield run.failure(place, what, shown_names(people), shown_names(sent), reasons)
    for name, each in people.items():
        if isinstance(each.value, Wanted) and name in sent and each.value.value != sent[name]["send_at"]:
            got = shown(sent[name]["send_at"])
            yield run.failure(each.value.place, f"{what} to {name}", shown(each.value.value), got)


def _exclusion(run: MomentRun, expectation: ExclusionExpectation) -> Iterator[Failure]:
    customer, campaign, wanted = expectation.customer.name, expectation.campaign.name, expectation.reason.value
    reasons_given = list(run.excluded.get((customer, campaign), {}).values())
    if wanted is None and not reasons_given:
        return
    if wanted is not None and any(each == wanted or each.startswith(f"{wanted}:") for each in reasons_given):
        return
    sent = [name for name, people in run.sent.get(campaign, {}).items() if customer in people]
    got = ", ".join(reasons_given) or (f"is sent {sent[0]}" if sent else "not left out")
    expected = wanted or "not left out"
    reasons = run.reasons([customer], campaign)
    yield run.failure(expectation.reason.place, f"excluded {customer}.{campaign}", expected, got, reasons)


def _coupon(run: MomentRun, expectation: CouponExpectation, row: Mapping[str, Any]) -> Iterator[Failure]:
    for key, wanted in expectation.wanted.values.items():
        got = row.get(COUPON_COLUMNS[key])
        met = same(wanted.value, got)
        if key == "code_starts_with" and wanted.value is not None:
            met = got is not None and got.startswith(wanted.value)
        if not met:
            yield run.failure(wanted.place, f"coupons {_of(expectation)} {key}", shown(wanted.value), shown(got))


def _of(expectation: StepExpectation) -> str:
    return f"{expectation.campaign.name}.{expectation.step.name} to {expectation.customer.name}"


def _products(run: MomentRun, expectation: ProductsExpectation, row: Mapping[str, Any]) -> Iterator[Failure]:
    wanted = [each.name for each in expectation.products]
    got = [each["product_id"] for each in row.get("products") or []]
    if wanted != got:
        what, place = f"products {_of(expectation)}", expectation.customer.place
        yield run.failure(place, what, shown_names(wanted, "none"), shown_names(got, "none"))


def _message(run: MomentRun, expectation: MessageExpectation) -> Iterator[Failure]:
    recipients = run.run.recipients[expectation.campaign.name, expectation.step.name]
    recipient = recipients.of(pl.Series([expectation.customer.name]))
    for key, wanted, expected, got in differences_of_message(recipient, expectation.wanted, run.moment.at):
        yield run.failure(wanted.place, f"messages {_of(expectation)} {key}", expected, got)
