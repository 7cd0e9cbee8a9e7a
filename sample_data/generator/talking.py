"""What customers say: reviews, feedback, friends they bring, calls, and tickets to the support desk."""

from __future__ import annotations

import random

from generator.clock import AS_OF, DAY, HOUR, OPENED, shop_time
from generator.diary import Diary
from generator.people import Person
from generator.purchases import Order

FEEDBACK = {
    "UI": ("The filter by roast is hard to find on a phone.", "Please show the price per 100 g.",
        "Search does not find my last order."),
    "delivery": ("The parcel came two days late.", "The driver left the box in the rain.",
        "Could you ship on Saturdays?"),
    "quality": ("One cup arrived with a chip.", "The last bag tasted flat.", "The lid of the jar is loose."),
    "price": ("Shipping costs more than the tea.", "A bigger bag at a better price, please."),
    "range": ("More decaf, please.", "Please bring back the spring tea."),
}  # fmt: skip
TICKET_TOPICS = ("delivery", "return", "product question", "payment", "grinder settings", "subscription")


def talk(person: Person, orders: list[Order], diary: Diary) -> None:
    """Reviews after deliveries, feedback (tag `used`: the suggestion was adopted), referrals and calls."""
    rng = diary.rng
    for order in orders:
        arrived = order.at + rng.randrange(6, 18) * DAY + rng.randrange(9, 22) * HOUR
        if order.fulfilled_at and rng.random() < 0.10:
            line = rng.choice(order.lines)
            stars = rng.choices((5, 4, 3, 2, 1), (56, 26, 9, 5, 4))[0]
            diary.note(arrived, "review", product_id=line.product.product_id, value=stars * 100)
        if rng.random() < 0.03:
            topic = rng.choices(list(FEEDBACK), (5, 4, 3, 2, 2))[0]
            diary.note(arrived + HOUR, "feedback", tag=topic, query=rng.choice(FEEDBACK[topic]))
            if rng.random() < 0.18:
                diary.note(arrived + 20 * DAY, "feedback", tag="used", query=topic)
    # Friends who bought as guests; friends who registered are in `referred_by`.
    if person.kind == "repeat" and rng.random() < 0.10:
        for _ in range(rng.choices((1, 2, 3), (7, 2, 1))[0]):
            diary.note(person.signed_up + int((AS_OF - person.signed_up) * rng.random()), "referral", tag="guest")
    if person.phone and not person.guest and rng.random() < 0.10:
        at = max(person.signed_up, AS_OF - rng.randrange(3, 300) * DAY) + rng.randrange(HOUR, 9 * HOUR)
        diary.note(at, "call", tag=rng.choice(("answered", "answered", "no answer", "call back")))


TICKET_HEADER = ("ticket_id", "email", "opened_at", "topic", "status", "satisfaction")


def support_tickets(people: list[Person], orders_of: dict[int, list[Order]], seed: int) -> list[tuple[object, ...]]:
    """The support desk's own export: it knows customers by their email alone."""
    rng = random.Random(f"{seed}:support")
    tickets = [
        (order.at + rng.randrange(HOUR, 9 * DAY), person.email)
        for person in people
        for order in orders_of.get(person.index, [])
        if person.email and rng.random() < 0.06
    ]
    rows: list[tuple[object, ...]] = []
    for number, (at, email) in enumerate(sorted(t for t in tickets if OPENED < t[0] < AS_OF - HOUR), start=1):
        fresh = at > AS_OF - 4 * DAY
        stars = "" if fresh or rng.random() < 0.4 else rng.choices((5, 4, 3, 2, 1), (40, 25, 15, 10, 10))[0]
        rows.append(
            (
                f"T{number:05d}",
                email,
                shop_time(at),
                rng.choice(TICKET_TOPICS),
                "open" if fresh else "solved",
                stars,
            )
        )
    return rows
