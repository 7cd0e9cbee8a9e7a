"""What happens in the benchmark's shop, week by week: orders with their lines, and events."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from tests.benchmarks.shop_clock import START, WEEK, WEEKS
from tests.benchmarks.shop_people import TRACKED, People, choice, choice_index, customer_ids, times

LINES_PER_ORDER = 1.8

# Shares of what is not tied to an order; the rest of the funnel comes with the orders.
EVENTS = {
    "sent": 0.36,
    "open": 0.155,
    "click": 0.03,
    "visit": 0.20,
    "view": 0.17,
    "search": 0.042,
    "add_to_cart": 0.024,
    "remove_from_cart": 0.004,
    "checkout": 0.006,
    "review": 0.004,
    "feedback": 0.001,
    "subscribe": 0.001,
    "unsubscribe": 0.0015,
    "bounce": 0.0007,
    "complaint": 0.0001,
    "referral": 0.0007,
}
OF_A_PRODUCT = ("view", "add_to_cart", "remove_from_cart", "checkout", "review")
# A day of the shop, hour by hour.
BUSY = np.array([2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 14, 13, 12, 12, 13, 14, 15, 17, 19, 18, 11, 5], float)


def weeks(people: People, products: pl.DataFrame, random: np.random.Generator) -> Iterator[dict[str, pl.DataFrame]]:
    prices = (products["price"].cast(pl.Float64).to_numpy() * 100).round().astype(np.int64)
    # A few products sell much more than the others.
    popular = np.cumsum(1 / np.arange(1, len(prices) + 1) ** 0.7)
    popular /= popular[-1]
    orders_before = 0
    for week in range(WEEKS):
        orders, lines, tracked = _orders_of(people, week, orders_before, prices, popular, random)
        orders_before += orders.height
        events = _events_of(people, week, popular, len(prices), random)
        yield {
            "orders": orders,
            "order_items": lines,
            "events": pl.concat([tracked, events]).sort("at"),
        }


def _orders_of(
    people: People, week: int, before: int, prices: np.ndarray, popular: np.ndarray, random: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    buying = (people.buys_from < week) & (people.buys_until > week)
    counts = random.poisson(np.where(buying, people.order_rate, 0)) + (people.buys_from == week)
    who = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    moments = _moments(week, choice_index(random, BUSY / BUSY.sum(), len(who)), random)
    by_time = np.argsort(moments, kind="stable")
    who, moments = who[by_time], moments[by_time]
    number = np.arange(before, before + len(who))
    sizes = 1 + np.minimum(random.poisson(LINES_PER_ORDER - 1, len(who)), 12)
    line_order = np.repeat(np.arange(len(who)), sizes)
    product = _pick(people, who[line_order], popular, len(prices), random)
    quantity = 1 + np.minimum(random.poisson(0.3, len(product)), 9)
    price = (prices[product] * random.choice([1.0, 1.0, 1.0, 0.9, 0.8], len(product))).round().astype(np.int64)
    amount = np.bincount(line_order, weights=price * quantity, minlength=len(who)).astype(np.int64)
    ids = (pl.Series("order_id", number) + 1_000_000).cast(pl.String)
    customers, ordered = customer_ids(who), times(moments).alias("ordered_at")
    shipped = ordered + pl.Series(random.integers(6 * 3600, 72 * 3600, len(who)) * 1_000_000).cast(pl.Duration("us"))
    status = choice(random, ["fulfilled", "cancelled", "refunded"], [0.96, 0.025, 0.015], len(who))
    orders = pl.DataFrame([ids, customers, ordered]).with_columns(
        shipped.alias("shipped_at"),
        _money(amount).alias("amount"),
        pl.lit("USD").alias("currency"),
        pl.Series("status", status),
        pl.Series(
            "discount_code", choice(random, ["WELCOME10", "SUMMER", "BACK20", None], [0.1, 0.1, 0.05, 0.75], len(who))
        ),
    )
    lines = pl.DataFrame(
        [ids.gather(line_order), customers.gather(line_order), ordered.gather(line_order)]
    ).with_columns(
        _product_ids(product),
        pl.Series("quantity", quantity.astype(np.int64)),
        _money(price).alias("price"),
    )
    first_line = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if len(who) else np.zeros(0, np.int64)
    seen = np.flatnonzero(random.random(len(who)) < TRACKED)
    tracked = [
        _events(
            who[seen],
            moments[seen] - seconds - random.integers(0, 240, len(seen)),
            pl.Series([event]).new_from_index(0, len(seen)),
            product[first_line[seen]],
        )
        for event, seconds in (("view", 1800), ("add_to_cart", 900), ("checkout", 300))
    ]
    return orders, lines, pl.concat(tracked)


def _events_of(
    people: People, week: int, popular: np.ndarray, products: int, random: np.random.Generator
) -> pl.DataFrame:
    here = (people.signed_up <= week) & (people.seen_until > week)
    counts = random.poisson(np.where(here, people.event_rate, 0))
    who = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    names = list(EVENTS)
    kind = choice_index(random, np.array(list(EVENTS.values())), len(who))
    # Mail is read at one's own hour, more or less; the rest follows the day of the shop.
    reads = np.isin(kind, [names.index("open"), names.index("click")])
    own = (people.own_hour[who] + random.normal(0, 2, len(who)).round().astype(np.int64)) % 24
    hour = np.where(reads, own, choice_index(random, BUSY / BUSY.sum(), len(who)))
    of_product = np.isin(kind, [names.index(name) for name in OF_A_PRODUCT])
    product = np.where(of_product, _pick(people, who, popular, products, random), -1)
    frame = _events(who, _moments(week, hour, random), pl.Series(names).gather(kind), product)
    event, any_of = pl.col("event"), pl.Series(random.integers(0, 400, len(who)))
    return frame.with_columns(
        pl.when(event.is_in(["sent", "open", "click"])).then(pl.lit(f"news-{week + 1:03}")).alias("campaign"),
        pl.when(event == "visit").then(pl.lit("/") + (any_of % 40).cast(pl.String)).alias("page"),
        pl.when(event == "search").then(pl.format("search words {}", (any_of * any_of // 400))).alias("query"),
        pl.when(event == "feedback").then(pl.format("topic {}", any_of % 6)).alias("tag"),
    )


def _events(who: np.ndarray, moments: np.ndarray, event: pl.Series, product: np.ndarray) -> pl.DataFrame:
    missing = pl.lit(None, pl.String)
    return pl.DataFrame([customer_ids(who), times(moments).alias("at"), event.alias("event")]).with_columns(
        _product_ids(product), campaign=missing, page=missing, query=missing, tag=missing
    )


def _pick(
    people: People, who: np.ndarray, popular: np.ndarray, products: int, random: np.random.Generator
) -> np.ndarray:
    """Products: half of the time near the customer's taste, else what everybody buys."""
    common = np.searchsorted(popular, random.random(len(who)))
    near = (people.taste[who] + 24 * random.integers(0, 4, len(who))) % products
    return np.where(random.random(len(who)) < 0.5, near, common)


def _product_ids(index: np.ndarray) -> pl.Series:
    ids = pl.format("P{}", pl.Series(np.arange(2_000) + 1000))
    names = pl.select(ids).to_series()
    known = pl.Series(index.astype(np.int64))
    return names.gather(known.set(known < 0, None)).alias("product_id")


def _moments(week: int, hour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Seconds since START; the week begins at nine, so a day runs from nine to nine."""
    day = random.integers(0, 7, len(hour))
    since_nine = (hour.astype(np.int64) - START.hour) % 24
    return week * WEEK + day * 86_400 + since_nine * 3600 + random.integers(0, 3600, len(hour))


def _money(cents: np.ndarray) -> pl.Series:
    amounts = pl.Series(cents.astype(np.int64)).cast(pl.Decimal(18, 0)).to_frame("cents")
    return amounts.select(
        (pl.col("cents") * pl.lit("0.01").cast(pl.Decimal(18, 2))).cast(pl.Decimal(18, 2))
    ).to_series()
