"""The whole story of the shop: people, what they bought, and everything else that they did."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from generator.additions import add_subscriptions, add_survey_answers, added_people, days_of
from generator.browsing import browse
from generator.catalogue import Product, build_catalogue
from generator.clock import AS_OF, DAY
from generator.diary import Checkout, Diary, Event
from generator.mailing import Mailing, read_mail, shop_mailings
from generator.people import Person, build_people
from generator.purchases import Line, Order, Shelf, build_orders, number_orders
from generator.talking import talk


@dataclass(frozen=True)
class Story:
    people: list[Person]
    products: list[Product]
    orders: list[Order]
    events: list[Event]
    checkouts: list[Checkout]


def tell(seed: int, only: Sequence[int] | None = None) -> Story:
    """Everything, or (`only`) the part of the people with these indices, which is the same in both cases."""
    products, everybody, mailings = build_catalogue(seed), build_people(seed), shop_mailings()
    add_survey_answers(everybody)
    people = everybody if only is None else [everybody[index] for index in only]
    orders: list[Order] = []
    events: list[Event] = []
    checkouts: list[Checkout] = []
    for person in people:
        ordered, diary = live(person, products, mailings, seed)
        orders += ordered
        checkouts += diary.checkouts
        # A guest has no account to be recognised by; only their checkouts and orders carry an address.
        events += [] if person.guest else diary.events
    if only is None:
        added = added_people(seed, len(everybody))
        people = [*people, *added]
        events += [event for person in added for event in days_of(person, products).events]
    tests = [] if only else _test_orders(everybody[0], products)
    events.sort(key=lambda e: (e.at, e.customer_id, e.event, e.product_id or "", e.campaign or "", e.list or ""))
    return Story(people, products, number_orders(orders, tests), events, checkouts)


def live(person: Person, products: list[Product], mailings: list[Mailing], seed: int) -> tuple[list[Order], Diary]:
    """One person's orders and diary, from random numbers of their own."""
    shelf = Shelf(person, products, random.Random(f"{seed}:shelf:{person.index}"))
    orders = build_orders(person, shelf, seed)
    diary = Diary(person, random.Random(f"{seed}:diary:{person.index}"))
    browse(person, shelf, orders, diary)
    talk(person, orders, diary)
    read_mail(person, shelf, orders, mailings, diary)
    add_subscriptions(diary)
    return orders, diary


def _test_orders(somebody: Person, products: list[Product]) -> list[Order]:
    """The orders with which the shop tries its own checkout."""
    staff = replace(
        somebody, index=-1, customer_id="", first_name="Test", last_name="Checkout",
        email="checkout-test@shop.example",
        phone=None, second_id=None,
    )  # fmt: skip
    return [Order(staff, AS_OF - days * DAY, [Line(products[0], 1)], test=True) for days in (700, 320, 12)]
