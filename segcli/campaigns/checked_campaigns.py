"""What campaigns are once they are checked: frozen, with every expression as Polars may have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from segcli.fields.expressions import CheckedExpression
from segcli.project.campaign_models import Campaign, Cap, Offer, Step

# What a step's `when` may ask of the time since the series' last message.
RESPONSES = ("opened", "clicked", "ordered")
READ_FOR_RESPONSES: Mapping[str, frozenset[str]] = {
    "events": frozenset({"customer_id", "at", "event", "campaign"}),
    "orders": frozenset({"customer_id", "ordered_at"}),
}


@dataclass(frozen=True)
class CheckedRowStart:
    """A row of a table that starts a series: its id, its time, and which rows count."""

    table: str
    row_id: str | None
    at: str
    where: CheckedExpression | None


@dataclass(frozen=True)
class CheckedOffer:
    offer: Offer
    when: CheckedExpression | None
    value: CheckedExpression | None


@dataclass(frozen=True)
class CheckedStep:
    step: Step
    when: CheckedExpression | None
    offers: tuple[CheckedOffer, ...]

    @property
    def asks_for_responses(self) -> frozenset[str]:
        """Which of opened, clicked and ordered the step's `when` names."""
        return (self.when.names if self.when else frozenset()) & frozenset(RESPONSES)


@dataclass(frozen=True)
class CheckedCampaign:
    """A campaign whose expressions Polars can have; `condition` changes when what its audience means changes."""

    campaign: Campaign
    audience: CheckedExpression
    start: CheckedExpression | CheckedRowStart | None
    until: CheckedExpression | None
    steps: tuple[CheckedStep, ...]
    condition: str

    @property
    def name(self) -> str:
        return self.campaign.name

    @property
    def by_row(self) -> bool:
        """A series for every row of a table."""
        return isinstance(self.start, CheckedRowStart)

    @property
    def by_entering(self) -> bool:
        """A series from entering the audience."""
        return self.start is None

    @property
    def by_day(self) -> bool:
        """The start is a day, and days are counted on the customer's calendar."""
        return isinstance(self.start, CheckedExpression) and self.start.dtype == pl.Date

    @property
    def needs(self) -> frozenset[str]:
        """The fields and customer columns without which nothing can be said of it."""
        found = self.audience.names - self.audience.optional
        if isinstance(self.start, CheckedExpression):
            found |= self.start.names - self.start.optional
        return found | (self.until.names - self.until.optional if self.until else frozenset())

    def needed_columns(self) -> dict[str, frozenset[str]]:
        """The columns that its tables have to bring: table -> columns."""
        needed: dict[str, frozenset[str]] = {}
        if isinstance(self.start, CheckedRowStart):
            where = self.start.where.names if self.start.where else frozenset()
            needed[self.start.table] = where | {"customer_id", self.start.at} | {self.start.row_id or self.start.at}
        if any(step.asks_for_responses for step in self.steps):
            for table, columns in READ_FOR_RESPONSES.items():
                needed[table] = needed.get(table, frozenset()) | columns
        return needed


@dataclass(frozen=True)
class CheckedCap:
    cap: Cap
    when: CheckedExpression | None
