"""The people and the goods of the benchmark's shop: who they are, and how much they will order and do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from tests.benchmarks.shop_clock import START, WEEK, WEEKS

BUYERS = 0.62  # share of the customers who ever order
ORDERS_PER_CUSTOMER = 5.0
EVENTS_PER_CUSTOMER = 20.0
TRACKED = 0.4  # share of the orders whose views, cart and checkout were seen

COUNTRIES = (  # country, timezone, share, cities: name, region, latitude, longitude
    (
        "TR",
        "Europe/Istanbul",
        0.40,
        (
            ("Istanbul", "34", 41.01, 28.98),
            ("Ankara", "06", 39.93, 32.86),
            ("Izmir", "35", 38.42, 27.14),
            ("Bursa", "16", 40.19, 29.06),
        ),
    ),
    ("VN", "Asia/Ho_Chi_Minh", 0.15, (("Hanoi", "HN", 21.03, 105.85), ("Da Nang", "DN", 16.05, 108.21))),
    ("DE", "Europe/Berlin", 0.15, (("Berlin", "BE", 52.52, 13.40), ("Munich", "BY", 48.14, 11.58))),
    ("GB", "Europe/London", 0.10, (("London", "ENG", 51.51, -0.13), ("Glasgow", "SCT", 55.86, -4.25))),
    ("US", "America/New_York", 0.12, (("New York", "NY", 40.71, -74.01), ("Boston", "MA", 42.36, -71.06))),
    ("US", "America/Los_Angeles", 0.06, (("San Diego", "CA", 32.72, -117.16), ("Portland", "OR", 45.52, -122.68))),
    ("CA", "America/Toronto", 0.02, (("Toronto", "ON", 43.65, -79.38),)),
)


@dataclass(frozen=True)
class People:
    """Who the customers are to the shop; arrays of one element per customer."""

    signed_up: np.ndarray  # week
    buys_from: np.ndarray  # week of the first order; WEEKS for those who never order
    buys_until: np.ndarray  # week after which no order comes
    order_rate: np.ndarray  # further orders per week
    seen_until: np.ndarray
    event_rate: np.ndarray  # per week
    own_hour: np.ndarray  # at which they read their mail
    taste: np.ndarray  # index of a product that they and the likes of them look at


def make_people(customers: int, random: np.random.Generator) -> People:
    """Draws everybody's habits so that orders and events add up to their averages per customer."""
    earlier = random.random(customers) < 0.3
    signed_up = np.where(earlier, 0, random.integers(0, WEEKS, customers)).astype(np.int16)
    buys = random.random(customers) < BUYERS
    wait = random.exponential(4, customers).astype(np.int16)
    buys_from = np.where(buys, np.minimum(signed_up + wait, WEEKS - 1), WEEKS).astype(np.int16)
    buys_until = np.minimum(buys_from + 1 + random.exponential(70, customers), WEEKS).astype(np.int16)
    # Over half of the buyers have next to no appetite for more; of the rest few have most of it.
    appetite = np.where(buys, np.minimum(random.lognormal(0, 1.7, customers), 25), 0) / WEEKS
    appetite[random.random(customers) < 0.3] = 0
    active = np.maximum(buys_until - buys_from - 1, 0)
    further = ORDERS_PER_CUSTOMER * customers - buys.sum()
    order_rate = appetite * further / (appetite * active).sum()
    seen_until = np.maximum(np.minimum(signed_up + 2 + random.exponential(90, customers), WEEKS), buys_until)
    seen_until = np.where(
        buys, np.minimum(seen_until, WEEKS), np.minimum(signed_up + 2 + random.exponential(60, customers), WEEKS)
    ).astype(np.int16)
    interest = np.minimum(random.lognormal(0, 1.0, customers), 20) * (1 + 4 * np.minimum(order_rate, 1))
    untied = EVENTS_PER_CUSTOMER - 3 * TRACKED * ORDERS_PER_CUSTOMER
    event_rate = interest * untied * customers / (interest * np.maximum(seen_until - signed_up, 0)).sum()
    return People(
        signed_up,
        buys_from,
        buys_until,
        order_rate.astype(np.float32),
        seen_until,
        event_rate.astype(np.float32),
        random.integers(7, 23, customers).astype(np.int8),
        random.integers(0, 2_000, customers).astype(np.int16),
    )


def make_products() -> pl.DataFrame:
    """2,000 products of 24 categories and 80 brands."""
    number = pl.int_range(2_000, eager=True).alias("number").to_frame()
    return number.select(
        pl.format("P{}", pl.col("number") + 1000).alias("product_id"),
        pl.format("Sample product {}", pl.col("number") + 1).alias("name"),
        pl.format("Category {}", (pl.col("number") * 7 % 24) + 1).alias("category"),
        pl.format("Brand {}", (pl.col("number") * 13 % 80) + 1).alias("brand"),
        ((pl.col("number") * 37 % 9_000 + 499) / 100).cast(pl.Decimal(18, 2)).alias("price"),
        pl.format("https://shop.example/p/{}", pl.col("number") + 1000).alias("url"),
        (pl.col("number") * 17 % 50).alias("stock"),
    )


def make_stores() -> pl.DataFrame:
    """A store in every second city."""
    places = [(country, *city) for country, _, _, cities in COUNTRIES for city in cities][::2]
    return pl.DataFrame(
        [
            (f"S{number}", f"Store {place[1]}", place[1], place[2], place[0], place[3], place[4])
            for number, place in enumerate(places, 1)
        ],
        schema=["store_id", "name", "city", "region", "country", "latitude", "longitude"],
        orient="row",
    )


def customer_ids(index: np.ndarray) -> pl.Series:
    """The ids of the customers at these positions."""
    return (pl.Series("customer_id", index.astype(np.int64)) + 10_000_000).cast(pl.String)


def customer_pieces(people: People, random: np.random.Generator, size: int = 500_000) -> Iterator[pl.DataFrame]:
    places = pl.DataFrame(
        [(country, zone, share / len(cities), *city) for country, zone, share, cities in COUNTRIES for city in cities],
        schema=["country", "timezone", "share", "city", "region", "latitude", "longitude"],
        orient="row",
    )
    for start in range(0, len(people.signed_up), size):
        index = np.arange(start, min(start + size, len(people.signed_up)))
        count = len(index)
        lives = places.drop("share")[random.choice(len(places), count, p=places["share"].to_numpy())]
        ids = customer_ids(index)
        week = people.signed_up[index].astype(np.int64)
        joined = week * WEEK - np.where(week == 0, random.integers(0, 52 * WEEK, count), 0)
        created = times(joined + random.integers(0, WEEK // 8, count))
        yield pl.DataFrame({"customer_id": ids}).with_columns(
            ("customer." + ids + "@example.com").alias("email"),
            pl.format("Sample{}", pl.Series(index % 997)).alias("first_name"),
            pl.format("Customer{}", pl.Series(index % 9973)).alias("last_name"),
            pl.Series("gender", choice(random, ["female", "male", None], [0.45, 0.35, 0.2], count)),
            pl.Series("birth_date", random.integers(-9_000, 13_000, count))
            .cast(pl.Int32)
            .cast(pl.Date)
            .set(pl.Series(random.random(count) < 0.4), None),
            *lives.with_columns(
                (pl.col(name) + pl.Series(random.normal(0, 0.1, count))).round(2) for name in ("latitude", "longitude")
            ).get_columns(),
            pl.Series("postal_code", random.integers(10_000, 99_999, count)).cast(pl.String),
            created.alias("created_at"),
            created.set(pl.Series(random.random(count) < 0.2), None).alias("subscribed_at"),
            pl.Series("email_consent", random.random(count) < 0.88),
        )


def times(seconds: np.ndarray) -> pl.Series:
    start = int((START - dt.datetime(1970, 1, 1)).total_seconds())
    return ((pl.Series(seconds.astype(np.int64)) + start) * 1_000_000).cast(pl.Datetime("us"))


def choice_index(random: np.random.Generator, shares: np.ndarray, count: int) -> np.ndarray:
    cumulative = np.cumsum(shares)
    return np.searchsorted(cumulative / cumulative[-1], random.random(count), side="right")


def choice(random: np.random.Generator, values: list[str | None], shares: list[float], count: int) -> pl.Series:
    return pl.Series(values, dtype=pl.String).gather(choice_index(random, np.array(shares), count))
