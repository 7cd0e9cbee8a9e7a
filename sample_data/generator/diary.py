"""What the shop records of one person, and the carts that they leave behind."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import NamedTuple

from generator.clock import AS_OF
from generator.people import Person
from generator.purchases import Line


class Event(NamedTuple):
    customer_id: str
    at: int
    event: str
    product_id: str | None = None
    campaign: str | None = None
    list: str | None = None
    page: str | None = None
    query: str | None = None
    value: int | None = None  # cents
    tag: str | None = None


@dataclass(frozen=True)
class Checkout:
    """A checkout that was begun and not finished."""

    person: Person
    at: int
    lines: tuple[Line, ...]


@dataclass
class Diary:
    """Collects one person's events; nothing after the moment of the export is written."""

    person: Person
    rng: random.Random
    events: list[Event] = field(default_factory=list)
    checkouts: list[Checkout] = field(default_factory=list)

    def note(self, at: int, event: str, **details: object) -> None:
        """One event; who registered twice is sometimes logged in with the second account."""
        if at > AS_OF - 30:
            return
        customer_id = self.person.customer_id
        if self.person.second_id and self.rng.random() < 0.3:
            customer_id = self.person.second_id
        self.events.append(Event(customer_id, at, event, **details))  # type: ignore[arg-type]
