"""Campaigns checked before any row is read: every expression typed, every table and column known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace

import polars as pl

from segcli.campaigns.checked_campaigns import (
    RESPONSES,
    CheckedCampaign,
    CheckedCap,
    CheckedOffer,
    CheckedRowStart,
    CheckedStep,
)
from segcli.fields import Plan, references
from segcli.fields.expressions import CheckedExpression, Scope, check_expression, names_in
from segcli.problems import Problems, nearest
from segcli.project.campaign_models import Campaign, Cap, Offer, RowStart, Step
from segcli.project.models import Expression, Field, Segment
from segcli.sources.tables import CANONICAL, Catalog

# The columns that tell the rows of a table apart; elsewhere a row is known by its time.
ROW_ID = {"carts": "cart_id", "cart_items": "cart_id", "orders": "order_id", "order_items": "order_id"}
WORDS = frozenset({"place", "recipe", "meaning", "unit", "source"})  # of a definition, for people


def campaign_names(campaigns: Iterable[Campaign], caps: Iterable[Cap] = ()) -> frozenset[str]:
    """Every name that the campaigns' expressions mention: the fields among them have to be computed."""
    names: set[str] = set()
    for campaign in campaigns:
        for expression in _expressions(campaign):
            names |= names_in(expression)
        names |= {step.products.of for step in campaign.steps if step.products and step.products.of}
    for cap in caps:
        names |= names_in(cap.when) if cap.when else set()
    return frozenset(names)


def _expressions(campaign: Campaign) -> list[Expression]:
    start = campaign.start.where if isinstance(campaign.start, RowStart) else campaign.start
    found = [campaign.audience, start, campaign.until]
    for step in campaign.steps:
        found += [step.when, *(part for offer in step.offers for part in (offer.when, offer.value))]
    return [expression for expression in found if expression is not None]


def check_campaigns(
    campaigns: Iterable[Campaign],
    plan: Plan,
    catalog: Catalog,
    definitions: Mapping[str, Field | Segment],
    problems: Problems,
) -> tuple[CheckedCampaign, ...]:
    """The campaigns without a fault; whatever is wrong goes to `problems`, with its place.

    `definitions` are all fields and segments, for the meaning of the names and to offer the nearest ones.
    """
    columns = {**plan.customer_columns, **{node.name: node.dtype for node in plan.nodes}}
    scope = Scope(columns, "a field", catalog.as_of, others=frozenset(definitions))
    checker = _Checker(scope, catalog, definitions, problems)
    found = [checker.campaign(campaign) for campaign in campaigns]
    return tuple(campaign for campaign in found if campaign is not None)


def check_caps(caps: Iterable[Cap], plan: Plan, problems: Problems) -> tuple[CheckedCap, ...]:
    """The caps with their conditions checked."""
    columns = {**plan.customer_columns, **{node.name: node.dtype for node in plan.nodes}}
    scope = Scope(columns, "a field", plan.as_of)
    found = []
    for number, cap in enumerate(caps, 1):
        key = f"limits.caps[{number}].when"
        when = check_expression(cap.when, scope, problems, key, wants="condition") if cap.when else None
        found.append(CheckedCap(cap, when))
    return tuple(found)


class _Checker:
    """What all checks of one run share."""

    def __init__(
        self, scope: Scope, catalog: Catalog, definitions: Mapping[str, Field | Segment], problems: Problems
    ) -> None:
        self.scope, self.catalog, self.definitions, self.problems = scope, catalog, definitions, problems
        self.told: set[tuple[str, str]] = set()

    def campaign(self, campaign: Campaign) -> CheckedCampaign | None:
        before = len(self.problems.errors)
        key = f"campaigns.{campaign.name}"
        campaign = replace(campaign, audience=self._segment_value(campaign.audience))
        audience = self._condition(campaign.audience, f"{key}.audience")
        until = self._condition(campaign.until, f"{key}.until") if campaign.until else None
        start = self._start(campaign, f"{key}.start")
        steps = tuple(self._step(step, f"{key}.steps[{step.number + 1}]") for step in campaign.steps)
        if audience is not None:
            self._warn_of_own_clock(campaign, audience, key)
        if audience is None or len(self.problems.errors) > before:
            return None
        return CheckedCampaign(campaign, audience, start, until, steps, self._meaning(campaign))

    def _condition(self, expression: Expression, key: str) -> CheckedExpression | None:
        return check_expression(expression, self.scope, self.problems, key, wants="condition")

    def _segment_value(self, audience: Expression) -> Expression:
        """`rfm-champions`, a segment with `each` and one of its values, as the condition that it stands for."""
        name, dash, value = audience.text.partition("-")
        segment = self.definitions.get(name)
        if not dash or not isinstance(segment, Segment) or segment.each is None or segment.table is not None:
            return audience
        if " " in audience.text or value in self.scope.columns:
            return audience
        return replace(audience, text=f"{segment.each} = '{value}'")

    def _start(self, campaign: Campaign, key: str) -> CheckedExpression | CheckedRowStart | None:
        if campaign.start is None:
            return None
        if isinstance(campaign.start, RowStart):
            return self._row_start(campaign.start, key)
        checked = check_expression(campaign.start, self.scope, self.problems, key)
        if checked is None:
            return None
        if checked.dtype not in (pl.Date, pl.Datetime):
            self.problems.error(
                "a start is a date or a time, and this is neither.", campaign.start.place, key,
                "Name a field such as last_engaged_at, or a table's column such as carts.last_activity_at.",
            )  # fmt: skip
            return None
        self._refuse_future(campaign.start, checked, key)
        return checked

    def _refuse_future(self, start: Expression, checked: CheckedExpression, key: str) -> None:
        if checked.names:
            return
        moment = pl.LazyFrame({"x": [0]}).sql(f"select {checked.sql} as x from self").collect().item()
        if pl.select(pl.lit(moment).cast(pl.Datetime("us")) > pl.lit(self.scope.as_of)).item():
            hint = "Leave 'start' as it will be, and bound the sending: active: {since: ...}."
            self.problems.error(f"this start, {moment:%Y-%m-%d}, is still to come.", start.place, key, hint)

    def _row_start(self, start: RowStart, key: str) -> CheckedRowStart | None:
        table = self.catalog.table(start.table)
        if table is None or not table.by_person:
            people = {name for name in CANONICAL if name not in ("products", "stores")}
            known = people | {name for name, each in self.catalog.tables.items() if each.by_person}
            message = (
                f"no table named '{start.table}'." if table is None else f"'{start.table}' has no customers in it."
            )
            self.problems.error(message, start.place, key, nearest(start.table, known))
            return None
        if start.at not in table.columns:
            hint = nearest(start.at, table.columns)
            self.problems.error(f"{table.name} has no column '{start.at}'.", start.place, key, hint)
            return None
        if table.columns[start.at] not in (pl.Date, pl.Datetime):
            self.problems.error(f"{table.name}.{start.at} says no time.", start.place, key)
            return None
        where = None
        if start.where is not None:
            columns = {**self.scope.columns, **table.columns}
            rows = replace(self.scope, columns=columns, what=f"a column of {table.name} or a field")
            where = check_expression(start.where, rows, self.problems, f"{key}.where", wants="condition")
            if where is None:
                return None
        row_id = ROW_ID.get(table.name)
        return CheckedRowStart(table.name, row_id if row_id in table.given else None, start.at, where)

    def _step(self, step: Step, key: str) -> CheckedStep:
        responses = {name: pl.Boolean() for name in RESPONSES if name not in self.scope.columns}
        scope = replace(self.scope, columns={**self.scope.columns, **responses})
        when = (
            check_expression(step.when, scope, self.problems, f"{key}.when", wants="condition") if step.when else None
        )
        offers = tuple(self._offer(offer, f"{key}.offer[{number}]") for number, offer in enumerate(step.offers, 1))
        for table in step.fresh:
            found = self.catalog.table(table)
            if (found is None or found.time is None) and (
                named := (key.partition(".steps")[0], table)
            ) not in self.told:
                self.told.add(named)  # `fresh` may stand on the campaign and be every step's
                message = f"no table '{table}' whose rows say when."
                self.problems.error(message, step.place, f"{key}.fresh", nearest(table, self.catalog.tables))
        of = step.products.of if step.products else None
        if of is not None and self.scope.columns.get(of) != pl.String:
            message = f"no field named '{of}'." if of not in self.scope.columns else f"the field '{of}' is no text."
            hint = nearest(of, self.scope.columns) or "Name a field that holds a category or a brand."
            place = step.products.place if step.products else step.place
            self.problems.error(message, place, f"{key}.products.of", hint)
        return CheckedStep(step, when, offers)

    def _offer(self, offer: Offer, key: str) -> CheckedOffer:
        when = self._condition(offer.when, f"{key}.when") if offer.when else None
        value = None
        if offer.value is not None:
            value = check_expression(offer.value, self.scope, self.problems, f"{key}.value", wants="number")
        return CheckedOffer(offer, when, value)

    def _warn_of_own_clock(self, campaign: Campaign, audience: CheckedExpression, key: str) -> None:
        if not isinstance(campaign.start, Expression):
            return
        # Whether there is a clock at all (`is not null`) does not move with it.
        both = (audience.names - audience.optional) & names_in(campaign.start) & self.scope.columns.keys()
        if both and campaign.until is None:
            self.problems.warn(
                f"the audience reads '{min(both)}', which is the clock of the series as well.",
                campaign.audience.place, f"{key}.audience",
                "When the clock moves, the customer may leave the audience: say with 'until' what ends the series.",
            )  # fmt: skip

    def _meaning(self, campaign: Campaign) -> str:
        """A digest of the audience and of every definition that it rests on."""
        texts, waiting, seen = [campaign.audience.text], sorted(names_in(campaign.audience)), set[str]()
        while waiting:
            name = waiting.pop()
            definition = self.definitions.get(name)
            if definition is None or name in seen:
                continue
            seen.add(name)
            waiting += sorted(references(definition))
            texts.append(_spelt(definition))
        return hashlib.sha256("\n".join([texts[0], *sorted(texts[1:])]).encode()).hexdigest()[:16]


def _spelt(value: object) -> str:
    """A definition without its places and its words for people."""
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, tuple):
        return f"[{', '.join(map(_spelt, value))}]"
    if is_dataclass(value):
        parts = {part.name: getattr(value, part.name) for part in fields(value) if part.name not in WORDS}
        return f"{type(value).__name__}({', '.join(f'{name}={_spelt(part)}' for name, part in parts.items())})"
    return repr(value)
