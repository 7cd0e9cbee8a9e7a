"""Orders: when people come back, what they put in the bag, what they pay and what is sent back."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field

from generator.catalogue import Product
from generator.clock import AS_OF, BLACK_FRIDAYS, DAY, HOUR, OPENED, in_black_friday_week, local, moment
from generator.people import Person

FREE_SHIPPING_FROM = 6000
SHIPPING = 590


@dataclass
class Line:
    product: Product
    quantity: int


@dataclass
class Order:
    person: Person
    at: int
    lines: list[Line]
    code: str | None = None
    discount: int = 0  # cents, like every amount here
    status: str = "paid"
    refunded: int = 0
    cancelled_at: int | None = None
    fulfilled_at: int | None = None
    test: bool = False
    number: int = 0
    visits_before: list[int] = field(default_factory=list)

    @property
    def subtotal(self) -> int:
        return sum(line.product.cents * line.quantity for line in self.lines) - self.discount

    @property
    def shipping(self) -> int:
        return 0 if self.subtotal >= FREE_SHIPPING_FROM or self.code == "FREESHIP" else SHIPPING

    @property
    def total(self) -> int:
        return self.subtotal + self.shipping


class Shelf:
    """What one person is likely to pick: their taste, their budget, and what is popular."""

    def __init__(self, person: Person, products: list[Product], rng: random.Random) -> None:
        self.rng = rng
        self.products = products
        favourites = {brand: rng.uniform(0.4, 2.5) for brand in sorted({p.brand for p in products})}
        counts: dict[str, int] = {}
        for product in products:
            counts[product.category] = counts.get(product.category, 0) + 1
        weights = [
            person.taste[p.category] / counts[p.category] * p.popularity * favourites[p.brand]
            * (1.0 if p.cents < 6000 * person.budget else 0.2) * rng.uniform(0.3, 2.5)
            for p in products
        ]  # fmt: skip
        self.cumulative = list(itertools.accumulate(weights))
        consumables = [w if p.category in ("coffee", "tea") else 0.0 for p, w in zip(products, weights, strict=True)]
        self.consumable = list(itertools.accumulate(consumables))
        self.staple = self.pick(OPENED, staples=True)

    def pick(self, at: int, staples: bool = False) -> Product:
        """A product that was on sale at that time."""
        while True:
            weights = self.consumable if staples else self.cumulative
            product = self.rng.choices(self.products, cum_weights=weights)[0]
            if product.created_at <= at:
                return product


def build_orders(person: Person, shelf: Shelf, seed: int) -> list[Order]:
    """The orders of one person, oldest first; numbers are given when everybody's are known."""
    rng = random.Random(f"{seed}:orders:{person.index}")
    orders: list[Order] = []
    for at in _order_times(person, rng):
        lines = _lines(person, shelf, at, rng, first=not orders)
        order = Order(person, at, lines)
        _discount(order, rng, nth=len(orders) + 1)
        _outcome(order, rng)
        orders.append(order)
    return orders


def _order_times(person: Person, rng: random.Random) -> list[int]:
    if person.first_order_at is None:
        return []
    times = [person.first_order_at]
    while person.kind == "repeat":
        gap = person.gap_days * rng.lognormvariate(0, 0.35)
        if person.guest and len(times) == 3:
            break
        following = times[-1] + int(gap * DAY)
        for friday in BLACK_FRIDAYS:
            sale = moment(friday, rng.uniform(0, 23), "Europe/Istanbul")
            # Whoever would buy in the weeks around Black Friday often waits for it.
            if abs(following - sale) < 20 * DAY and sale > times[-1] + 5 * DAY and rng.random() < 0.55:
                following = sale
        if not in_black_friday_week(following):
            day = local(following, person.timezone).date()
            following = moment(day, min(23.5, max(7.0, rng.gauss(person.browse_hour, 1.5))), person.timezone)
        if following > min(person.quits_at, AS_OF - HOUR) or len(times) > 40:
            break
        times.append(following)
        if rng.random() < 0.01:
            times.append(following + rng.randrange(1, 5) * HOUR)  # something was forgotten: a second order that day
    return [at for at in times if at <= AS_OF - 600]


def _lines(person: Person, shelf: Shelf, at: int, rng: random.Random, first: bool) -> list[Line]:
    chosen: dict[str, Line] = {}
    if not first and person.kind == "repeat" and rng.random() < 0.75:
        staple = shelf.staple
        chosen[staple.product_id] = Line(staple, rng.choices((1, 2, 3), (6, 3, 1))[0])
    wanted = rng.choices((1, 2, 3, 4), (58, 26, 11, 5))[0]
    for _ in range(12):
        if len(chosen) >= wanted:
            break
        product = shelf.pick(at, staples=rng.random() < (0.25 if first else 0.45))
        several = product.cents < 4000 and rng.random() < 0.2
        chosen.setdefault(product.product_id, Line(product, 2 if several else 1))
    return list(chosen.values())


def _discount(order: Order, rng: random.Random, nth: int) -> None:
    full = order.subtotal
    if in_black_friday_week(order.at) and rng.random() < 0.7:
        order.code, order.discount = "BLACKFRIDAY25", full * 25 // 100
    elif nth == 1 and rng.random() < 0.28:
        order.code, order.discount = "WELCOME10", full // 10
    elif nth > 1 and rng.random() < 0.10:
        order.code, order.discount = "THANKYOU15", full * 15 // 100
    elif rng.random() < 0.04:
        order.code = "FREESHIP"


def _outcome(order: Order, rng: random.Random) -> None:
    fate, at = rng.random(), order.at
    shipped = at + int(rng.uniform(0.4, 3.0) * DAY)
    if fate < 0.018:
        order.status, order.cancelled_at = (
            ("voided" if rng.random() < 0.5 else "refunded"),
            at + rng.randrange(1, 30) * HOUR,
        )
        order.refunded = order.total if order.status == "refunded" else 0
    elif fate < 0.038:
        order.status, order.refunded = "refunded", order.total
    elif fate < 0.062:
        order.status, order.refunded = (
            "partially_refunded",
            max(100, int(order.total * rng.uniform(0.2, 0.7))),
        )
    elif fate < 0.07 or (order.person.country.code in ("TR", "VN") and at > AS_OF - 6 * DAY and rng.random() < 0.3):
        order.status = "pending"
    if order.cancelled_at is not None and order.cancelled_at > AS_OF:
        order.status, order.refunded, order.cancelled_at = "paid", 0, None
    if order.status in ("refunded", "partially_refunded") and order.at > AS_OF - 8 * DAY:
        order.status, order.refunded = "paid", 0
    if order.cancelled_at is None and shipped < AS_OF:
        order.fulfilled_at = shipped


def number_orders(orders: list[Order], tests: list[Order]) -> list[Order]:
    """All orders by time with the shop's running numbers from 1001 on."""
    numbered = sorted([*orders, *tests], key=lambda order: (order.at, order.person.index))
    for number, order in enumerate(numbered, start=1001):
        order.number = number
    return numbered
