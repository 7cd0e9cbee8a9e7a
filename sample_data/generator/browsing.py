"""Visits to the shop: pages, views, searches and carts, before orders, for their own sake, and ever less."""

from __future__ import annotations

import math
import random

from generator.catalogue import Product, slug
from generator.clock import AS_OF, DAY, TRACKED, local, moment
from generator.diary import Checkout, Diary
from generator.people import Person
from generator.purchases import Line, Order, Shelf

PAGES = ("/", "/sale", "/pages/loyalty", "/pages/brew-guide", "/pages/stores", "/blogs/recipes",
    "/pages/shipping", "/pricing", "/pages/wholesale")  # fmt: skip
PAGE_WEIGHTS = (40, 14, 6, 9, 4, 8, 6, 5, 1.5)
SEARCHES = {
    "coffee": ("decaf", "espresso beans", "turkish coffee", "single origin", "cold brew", "ethiopia"),
    "tea": ("earl grey", "matcha", "rize tea", "green tea", "chai", "herbal tea"),
    "brewers": ("french press", "moka pot", "cezve", "phin filter", "v60", "teapot"),
    "grinders": ("hand grinder", "burr grinder", "grinder for espresso"),
    "espresso machines": ("espresso machine", "milk frother", "small espresso machine"),
    "kettles": ("gooseneck kettle", "electric kettle", "samovar"),
    "cups": ("espresso cups", "tea glasses", "gift set", "travel mug"),
    "care": ("paper filters", "descaler", "milk jug", "grinder brush"),
}


def browse(person: Person, shelf: Shelf, orders: list[Order], diary: Diary) -> None:
    """All visits of a person since visits are tracked."""
    for order in orders:
        if order.at > TRACKED:
            _visits_before_order(order, shelf, diary)
    if not person.guest:
        _visits_for_their_own_sake(person, shelf, orders, diary)


def interest(person: Person, at: int, orders: list[Order]) -> float:
    """From 1 to 0: how much of a person's first curiosity is left."""
    if at < person.signed_up:
        return 0.0
    if person.keeps_looking or (person.kind == "repeat" and at < person.quits_at):
        return 1.0
    touched = max([person.signed_up, *(order.at for order in orders if order.at <= at)])
    if person.kind == "repeat":
        touched = max(touched, person.quits_at)
    return max(math.exp(-(at - touched) / (50 * DAY)), 0.012)


def _visits_before_order(order: Order, shelf: Shelf, diary: Diary) -> None:
    rng, person = diary.rng, order.person
    wanted = [line.product for line in order.lines]
    dear = max(product.cents for product in wanted) > 9000
    if not person.guest:
        for _ in range(rng.choices((0, 1, 2, 3), (3, 4, 2, 1) if not dear else (1, 3, 4, 4))[0]):
            before = order.at - int(rng.expovariate(1 / (3.0 * DAY))) - 1800
            if before > max(TRACKED, person.signed_up):
                look = [*rng.sample(wanted, 1), *_finds(shelf, before, rng)]
                visit(diary, shelf, before, look, leaves_cart=rng.random() < 0.55)
    if order.at - 1500 <= person.signed_up and not person.guest:
        begin = max(order.at - 1500, person.signed_up + 5)
    else:
        begin = order.at - 1500
    at = begin
    step = max(8, (order.at - begin) // (3 + 2 * len(wanted)) - 2)
    diary.note(at, "visit", page=_landing(person, rng))
    for product in wanted:
        at += step
        if rng.random() < 0.9:
            diary.note(at, "view", product_id=product.product_id, page=product.page)
        at += step
        diary.note(at, "add_to_cart", product_id=product.product_id, value=product.cents)
    diary.note(order.at - 5, "checkout", page="/checkout", value=order.total)


def _visits_for_their_own_sake(person: Person, shelf: Shelf, orders: list[Order], diary: Diary) -> None:
    rng = diary.rng
    first_day = max(TRACKED, person.signed_up)
    weeks = (AS_OF - first_day) // (7 * DAY) + 1
    if first_day == person.signed_up:
        visit(diary, shelf, first_day + 60, _finds(shelf, first_day + 60, rng), leaves_cart=rng.random() < 0.25)
    for week in range(weeks):
        start = first_day + week * 7 * DAY
        rate = 1.35 * person.curiosity * interest(person, start + 3 * DAY, orders)
        count = 0
        while rng.random() < rate / (1 + rate) and count < 5:
            count += 1
            day = local(start + rng.randrange(7) * DAY, person.timezone).date()
            at = moment(day, min(23.7, max(6.2, rng.gauss(person.browse_hour, 1.8))), person.timezone)
            if at > person.signed_up:
                visit(diary, shelf, at, _finds(shelf, at, rng), leaves_cart=rng.random() < 0.42)


def visit(
    diary: Diary, shelf: Shelf, at: int, look: list[Product], leaves_cart: bool, campaign: str | None = None
) -> None:
    """One visit: a page, perhaps a search, some products, perhaps a cart that stays behind."""
    rng = diary.rng
    diary.note(at, "visit", page=_landing(diary.person, rng), campaign=campaign)
    if rng.random() < 0.35:
        at += rng.randrange(15, 120)
        diary.note(at, "visit", page=rng.choices(PAGES, PAGE_WEIGHTS)[0])
    if rng.random() < 0.24:
        at += rng.randrange(10, 60)
        diary.note(at, "search", query=rng.choice(SEARCHES[look[0].category]))
    for product in look:
        at += rng.randrange(20, 240)
        diary.note(at, "view", product_id=product.product_id, page=product.page)
    if leaves_cart:
        _leave_cart(diary, at, look, rng)


def _leave_cart(diary: Diary, at: int, look: list[Product], rng: random.Random) -> None:
    wanted = list(dict.fromkeys(look))[: rng.choices((1, 2, 3), (6, 3, 1))[0]]
    for product in wanted:
        at += rng.randrange(10, 90)
        diary.note(at, "add_to_cart", product_id=product.product_id, value=product.cents)
    if len(wanted) > 1 and rng.random() < 0.25:
        gone = wanted.pop()
        at += rng.randrange(10, 90)
        diary.note(at, "remove_from_cart", product_id=gone.product_id, value=gone.cents)
    if rng.random() < 0.42:
        at += rng.randrange(20, 200)
        diary.note(at, "checkout", page="/checkout", value=sum(product.cents for product in wanted))
        if at < AS_OF - 60:
            diary.checkouts.append(Checkout(diary.person, at, tuple(Line(product, 1) for product in wanted)))


def _finds(shelf: Shelf, at: int, rng: random.Random) -> list[Product]:
    """Products of a visit; people come back to what they looked at before."""
    count = rng.choices((1, 2, 3, 4, 6), (30, 28, 20, 14, 8))[0]
    finds = [shelf.pick(at) for _ in range(count)]
    if rng.random() < 0.25:
        finds[0] = shelf.staple
    return finds


def _landing(person: Person, rng: random.Random) -> str:
    if rng.random() < 0.4:
        return "/"
    if rng.random() < 0.5:
        favourite = rng.choices(list(person.taste), list(person.taste.values()))[0]
        return f"/collections/{slug(favourite)}"
    return rng.choices(PAGES, PAGE_WEIGHTS)[0]
