"""The frozen models of recipe tests: rows that are given, moments, and what is expected in each.

Names that a test.yaml mentions keep their places: a `Named` is a customer, campaign, step ... as it was written.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segcli.messages.step_messages import StepMessage
from segcli.problems import Place
from segcli.project.models import Project
from segcli.project.shapes import Named, Values
from segcli.recipe_testing.given import Given, TableRules


@dataclass(frozen=True)
class Wanted:
    """A value that is expected, and where it was written."""

    value: Any
    place: Place


@dataclass(frozen=True)
class FieldExpectation:
    """The value of a customer's field."""

    customer: Named
    field: Named
    wanted: Wanted


@dataclass(frozen=True)
class SegmentExpectation:
    """Exactly these members of a segment."""

    segment: Named
    members: tuple[Named, ...]


@dataclass(frozen=True)
class DueExpectation:
    """Exactly who is sent what: campaigns, of each its steps, of each its customers. Without any nobody at all.

    A customer's value is a Wanted moment where the time of sending is expected too, else their name.
    """

    campaigns: tuple[Named, ...]
    place: Place


@dataclass(frozen=True)
class ExclusionExpectation:
    """The reason for which a customer is left out of a campaign."""

    customer: Named
    campaign: Named
    reason: Wanted


@dataclass(frozen=True)
class StepExpectation:
    """Something about a step as one customer gets it."""

    campaign: Named
    step: Named
    customer: Named


@dataclass(frozen=True)
class CouponExpectation(StepExpectation):
    """Some of what it offers: reward, value, code, code_starts_with, valid_until."""

    wanted: Values


@dataclass(frozen=True)
class ProductsExpectation(StepExpectation):
    """The ids of the products that it shows, in their order."""

    products: tuple[Named, ...]


@dataclass(frozen=True)
class MessageExpectation(StepExpectation):
    """Some of what they read: subject, preheader, version, and what text and HTML hold or lack."""

    wanted: Values


Expectation = (
    FieldExpectation
    | SegmentExpectation
    | DueExpectation
    | ExclusionExpectation
    | CouponExpectation
    | ProductsExpectation
    | MessageExpectation
)


@dataclass(frozen=True)
class Moment:
    """A committed run as of `at` (naive, on the shop's clocks), and what is expected of it."""

    at: dt.datetime
    place: Place
    given: Given
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True)
class RecipeTest:
    """One test: its rows besides those of the file, and its moments in the order of time."""

    name: str
    place: Place
    given: Given
    moments: tuple[Moment, ...]


@dataclass(frozen=True)
class RecipeTests:
    """A test.yaml. `project` has the recipes and settings, and no files yet; `messages` are those of its campaigns."""

    recipe: str
    file: Path
    project: Project
    tests: tuple[RecipeTest, ...]
    given: Given
    rules: TableRules
    messages: tuple[StepMessage, ...]
    own_campaigns: frozenset[str]  # of the recipe itself, not of those that it needs
