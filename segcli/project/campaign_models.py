"""The frozen models of campaigns: an audience, a clock, and steps with everything that decides about a message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from segcli.problems import Place

if TYPE_CHECKING:
    from segcli.project.models import Expression

Channel = Literal["email", "sms", "list"]
ProductKind = Literal[
    "cart", "viewed", "bought", "bought_together", "accessories", "upsell", "bestsellers", "most_searched",
    "new_arrivals",
]  # fmt: skip
MessageClass = Literal["marketing", "transactional"]
WEIGHTS = 100  # what the weights of variants sum to


@dataclass(frozen=True)
class RowStart:
    """A series for every row of a table: it starts at the row's time in column `at`."""

    table: str
    at: str
    place: Place
    where: Expression | None = None


@dataclass(frozen=True)
class Code:
    """How a customer's code comes about: `fixed` for all, from the `pool` file, or unique with this prefix."""

    place: Place
    fixed: str | None = None
    pool: str | None = None  # a path relative to the project
    prefix: str | None = None  # unique; may be empty


@dataclass(frozen=True)
class Offer:
    """What a step offers. `reward` is a label; percent, amount and free_shipping mean something to the coupon file."""

    reward: str
    place: Place
    value: Expression | None = None
    code: Code | None = None
    valid: dt.timedelta | None = None  # from the first sending of the code
    when: Expression | None = None


@dataclass(frozen=True)
class Pick:
    """So many products of one kind, such as bestsellers or viewed."""

    kind: ProductKind
    count: int
    place: Place


@dataclass(frozen=True)
class Products:
    """The products of a step: picks in order, then `fill` up to the same number; too few skip the message."""

    picks: tuple[Pick, ...]
    place: Place
    of: str | None = None  # a field that holds a category or a brand
    within: dt.timedelta | None = None
    fill: tuple[ProductKind, ...] = ()
    at_least: int = 0

    @property
    def count(self) -> int:
        return sum(pick.count for pick in self.picks)


@dataclass(frozen=True)
class Active:
    """Bounds of sending, naive in the project's timezone; `until` is the first moment that is outside."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True)
class Step:
    """One message of a campaign. Keys that stand on the campaign are resolved into each of its steps.

    `send` is `now`, a clock time `HH:MM`, `best_hour` or `best_day`. `priority`: higher goes first.
    """

    name: str
    number: int  # from 0
    place: Place
    message: str
    after: dt.timedelta
    when: Expression | None = None
    offers: tuple[Offer, ...] = ()
    products: Products | None = None
    variants: Mapping[str, int] = field(default_factory=dict)
    send: str = "now"
    split: Literal["send_hour"] | None = None
    channel: Channel = "email"
    message_class: MessageClass = "marketing"
    list: str | None = None
    priority: int = 0
    holdout: Decimal = Decimal(0)
    active: Active = Active()
    fresh: Mapping[str, dt.timedelta] = field(default_factory=dict)
    grace: dt.timedelta = dt.timedelta(days=3)
    ahead: dt.timedelta | None = None  # None: the project's

    @property
    def marketing(self) -> bool:
        return self.message_class == "marketing"


@dataclass(frozen=True)
class Campaign:
    """Who gets a sequence of messages, and from when.

    `start` is a row of a table, an expression over fields (a date or a time), or None: from entering the audience.
    `again_after` is the least distance from start to start; with `never_again` there is one series per customer.
    """

    name: str
    place: Place
    recipe: str
    audience: Expression
    steps: tuple[Step, ...]
    start: RowStart | Expression | None = None
    until: Expression | None = None
    again_after: dt.timedelta | None = None
    never_again: bool = False
    existing: bool = False
    meaning: str | None = None


@dataclass(frozen=True)
class Cap:
    """At most `max` marketing messages `per` so much time over one channel to who meets `when`.

    Of the caps with the same channel and `per` the first whose `when` is met decides.
    """

    most: int
    per: dt.timedelta
    place: Place | None = None
    when: Expression | None = None
    channel: Channel = "email"


@dataclass(frozen=True)
class QuietHours:
    """Hours of the customer's clock without texts and calls: from `begin` on, until `end` (perhaps next day)."""

    begin: dt.time = dt.time(21)
    end: dt.time = dt.time(9)


@dataclass(frozen=True)
class Limits:
    """`limits:` how far ahead a run plans, how often a customer may be written to, and when not by text."""

    ahead: dt.timedelta = dt.timedelta(0)
    caps: tuple[Cap, ...] | None = None  # None: the shipped ones
    quiet_hours: QuietHours = QuietHours()
    most_due: int | None = None  # of `expect:`; a run that would write more messages stops


@dataclass(frozen=True)
class ConsentSettings:
    """`consent:` which policy decides where; their names are those of shipped policies and of `files`."""

    default: str | None = None  # the policy of countries that are not named, and of customers without one
    soft_opt_in: bool = False
    countries: Mapping[str, str] = field(default_factory=dict)  # ISO 3166 code -> policy
    files: tuple[Path, ...] = ()  # the project's own policies
    places: Mapping[str, Place] = field(default_factory=dict)  # of `default`, `soft_opt_in`, `policies`, `countries.TR`
