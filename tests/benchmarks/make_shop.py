"""A shop of any size for measuring: customers, orders, lines, events, products and stores as canonical files.

Behaviour is human rather than uniform: more than half of the customers buy, most of those once, spend and
activity are skewed with a tail that is cut (the largest customer holds under 0.1 % of the rows), files are in
the order of time. Nobody in it exists. Weeks are written one by one, so that memory stays flat.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

AS_OF = dt.datetime(2026, 6, 30, 9, 0)
WEEKS = 104
START = AS_OF - dt.timedelta(weeks=WEEKS)
WEEK = 7 * 24 * 3600  # seconds
BUYERS = 0.62  # share of the customers who ever order
ORDERS_PER_CUSTOMER = 5.0
LINES_PER_ORDER = 1.8
EVENTS_PER_CUSTOMER = 20.0
TRACKED = 0.4  # share of the orders whose views, cart and checkout were seen
EDITION = 1  # of this generator; in the name of the cached folder

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


def make_shop(folder: Path, customers: int, files: str = "parquet", seed: int = 7) -> Path:
    """Writes the tables of a shop into `folder`, with a segcli.yaml that loads every shipped recipe."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    products = make_products()
    people = make_people(customers, random)
    _write(folder, "products", iter([products]), files)
    _write(folder, "stores", iter([make_stores()]), files)
    _write(folder, "customers", _customer_pieces(people, random), files)
    parts = folder / "parts"
    for week, frames in enumerate(_weeks(people, products, random)):
        for table, frame in frames.items():
            (parts / table).mkdir(parents=True, exist_ok=True)
            frame.write_parquet(parts / table / f"{week:03}.parquet", compression="lz4")
    for table in ("orders", "order_items", "events"):
        _sink(pl.scan_parquet(parts / table / "*.parquet"), folder, table, files)
    shutil.rmtree(parts)
    recipes = sorted(path.parent.name for path in Path("recipes").resolve().glob("*/recipe.yaml"))
    (folder / "segcli.yaml").write_text(
        "shop: Sample Warehouse\ntimezone: Europe/Istanbul\ncurrency: USD\n"
        f"as_of: {AS_OF:%Y-%m-%dT%H:%M}\n"
        "sources:\n"
        + "".join(
            f"  {table}: {table}.{files}\n"
            for table in ("customers", "orders", "order_items", "events", "products", "stores")
        )
        + f"recipes: [{', '.join(recipes)}]\n"
    )
    return folder


def cached_shop(customers: int, files: str = "parquet", cache: Path | None = None) -> Path:
    """The folder of a shop of this size, made now unless an earlier benchmark made it."""
    cache = cache or Path(tempfile.gettempdir()) / "segcli-benchmark"
    folder = cache / f"shop-{EDITION}-{customers}-{files}"
    if not folder.exists():
        making = make_shop(cache / f".{folder.name}", customers, files)
        making.rename(folder)
    return folder


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


def _customer_pieces(people: People, random: np.random.Generator, size: int = 500_000) -> Iterator[pl.DataFrame]:
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
        created = _times(joined + random.integers(0, WEEK // 8, count))
        yield pl.DataFrame({"customer_id": ids}).with_columns(
            ("customer." + ids + "@example.com").alias("email"),
            pl.format("Sample{}", pl.Series(index % 997)).alias("first_name"),
            pl.format("Customer{}", pl.Series(index % 9973)).alias("last_name"),
            pl.Series("gender", _choice(random, ["female", "male", None], [0.45, 0.35, 0.2], count)),
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


def _weeks(people: People, products: pl.DataFrame, random: np.random.Generator) -> Iterator[dict[str, pl.DataFrame]]:
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
    moments = _moments(week, _choice_index(random, BUSY / BUSY.sum(), len(who)), random)
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
    customers, times = customer_ids(who), _times(moments).alias("ordered_at")
    shipped = times + pl.Series(random.integers(6 * 3600, 72 * 3600, len(who)) * 1_000_000).cast(pl.Duration("us"))
    status = _choice(random, ["fulfilled", "cancelled", "refunded"], [0.96, 0.025, 0.015], len(who))
    orders = pl.DataFrame([ids, customers, times]).with_columns(
        shipped.alias("shipped_at"),
        _money(amount).alias("amount"),
        pl.lit("USD").alias("currency"),
        pl.Series("status", status),
        pl.Series(
            "discount_code", _choice(random, ["WELCOME10", "SUMMER", "BACK20", None], [0.1, 0.1, 0.05, 0.75], len(who))
        ),
    )
    lines = pl.DataFrame([ids.gather(line_order), customers.gather(line_order), times.gather(line_order)]).with_columns(
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
    kind = _choice_index(random, np.array(list(EVENTS.values())), len(who))
    # Mail is read at one's own hour, more or less; the rest follows the day of the shop.
    reads = np.isin(kind, [names.index("open"), names.index("click")])
    own = (people.own_hour[who] + random.normal(0, 2, len(who)).round().astype(np.int64)) % 24
    hour = np.where(reads, own, _choice_index(random, BUSY / BUSY.sum(), len(who)))
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
    return pl.DataFrame([customer_ids(who), _times(moments).alias("at"), event.alias("event")]).with_columns(
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


def _times(seconds: np.ndarray) -> pl.Series:
    start = int((START - dt.datetime(1970, 1, 1)).total_seconds())
    return ((pl.Series(seconds.astype(np.int64)) + start) * 1_000_000).cast(pl.Datetime("us"))


def _money(cents: np.ndarray) -> pl.Series:
    amounts = pl.Series(cents.astype(np.int64)).cast(pl.Decimal(18, 0)).to_frame("cents")
    return amounts.select(
        (pl.col("cents") * pl.lit("0.01").cast(pl.Decimal(18, 2))).cast(pl.Decimal(18, 2))
    ).to_series()


def _choice_index(random: np.random.Generator, shares: np.ndarray, count: int) -> np.ndarray:
    cumulative = np.cumsum(shares)
    return np.searchsorted(cumulative / cumulative[-1], random.random(count), side="right")


def _choice(random: np.random.Generator, values: list[str | None], shares: list[float], count: int) -> pl.Series:
    return pl.Series(values, dtype=pl.String).gather(_choice_index(random, np.array(shares), count))


def _write(folder: Path, table: str, frames: Iterator[pl.DataFrame], files: str) -> None:
    _sink(pl.concat([frame.lazy() for frame in frames]), folder, table, files)


def _sink(frame: pl.LazyFrame, folder: Path, table: str, files: str) -> None:
    if files == "csv":
        frame.sink_csv(folder / f"{table}.csv", datetime_format="%Y-%m-%dT%H:%M:%S")
    else:
        frame.sink_parquet(folder / f"{table}.parquet", compression="zstd", compression_level=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--files", choices=("parquet", "csv"), default="parquet")
    arguments = parser.parse_args()
    print(cached_shop(arguments.customers, arguments.files))
