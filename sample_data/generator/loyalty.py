"""What the shop's loyalty app exports: points, tier and referral link by email."""

from __future__ import annotations

import random

from generator.people import Person
from generator.purchases import Order

LOYALTY_HEADER = ("email", "state", "points_balance", "vip_tier", "referral_url")
TIERS = ((2000, "Gold"), (500, "Silver"), (0, "Bronze"))


def loyalty_rows(people: list[Person], orders_of: dict[int, list[Order]], seed: int) -> list[tuple[object, ...]]:
    """One row for everybody with an account and an email; the app knows who took part and what was redeemed."""
    rows: list[tuple[object, ...]] = []
    for person in people:
        if person.guest or not person.email:
            continue
        rng = random.Random(f"{seed}:loyalty:{person.index}")
        state = rng.choices(("member", "candidate", "disabled"), (70, 28, 2))[0]
        if state == "candidate":
            rows.append((person.email, state, 0, None, None))
            continue
        cents = sum(
            line.product.cents * line.quantity for order in orders_of.get(person.index, []) for line in order.lines
        )
        earned = cents // 100 + rng.choice((0, 0, 25, 50))
        redeemed = 200 * rng.randrange(0, earned // 200 + 1)
        tier = next(name for least, name in TIERS if earned >= least)
        link = f"https://shop.example/friends/{rng.randrange(16**8):08x}"
        rows.append((person.email, state, earned - redeemed, tier, link))
    return sorted(rows, key=lambda row: str(row[0]))
