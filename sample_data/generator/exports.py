"""The files of the sample project, as bytes."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

import polars as pl

from generator.catalogue import PRODUCT_HEADER, STORE_HEADER, STORES, Product, slug
from generator.clock import AS_OF, HOUR, shop_time
from generator.diary import Event
from generator.loyalty import LOYALTY_HEADER, loyalty_rows
from generator.people import CUSTOMER_HEADER, Person
from generator.places import ARCTIC, COUNTRIES
from generator.purchases import Order
from generator.shopify import CHECKOUT_HEADER, ORDER_HEADER, checkout_rows, money, order_rows
from generator.story import Story
from generator.talking import TICKET_HEADER, support_tickets

# What a second registration does not say again.
ONLY_ONCE = ("gender", "birth_date", "postal_code", "tags", "referred_by", "interests", "reward_preference")
SURVEY_ANSWERS = ("birth_date", "interests", "reward_preference")
IN_THE_SURVEY = ("email", "first_name", "last_name", "country", *SURVEY_ANSWERS)
WEATHER_HEADER = ("city", "weather", "temperature_c")
EVENT_SCHEMA: dict[str, pl.DataType] = {
    "customer_id": pl.String(), "at": pl.Int64(), "event": pl.String(), "product_id": pl.String(),
    "campaign": pl.String(), "list": pl.String(), "page": pl.String(), "query": pl.String(),
    "value": pl.Int64(),
    "tag": pl.String(),
}  # fmt: skip


def export_files(story: Story, seed: int) -> dict[str, bytes]:
    """File name -> content."""
    orders_of: dict[int, list[Order]] = defaultdict(list)
    for order in story.orders:
        orders_of[order.person.index].append(order)
    return {
        "customers.csv": csv_bytes(CUSTOMER_HEADER, customer_rows(story.people, seed)),
        "orders_export.csv": csv_bytes(ORDER_HEADER, order_rows(story.orders)),
        "checkouts_export.csv": csv_bytes(CHECKOUT_HEADER, checkout_rows(story.checkouts)),
        "products.csv": csv_bytes(PRODUCT_HEADER, map(product_row, story.products)),
        "stores.csv": csv_bytes(STORE_HEADER, STORES),
        "support.csv": csv_bytes(TICKET_HEADER, support_tickets(story.people, orders_of, seed)),
        "loyalty.csv": csv_bytes(LOYALTY_HEADER, loyalty_rows(story.people, orders_of, seed)),
        "weather.csv": csv_bytes(WEATHER_HEADER, weather_rows(seed)),
        "events.parquet": parquet_bytes(event_frame(story.events)),
    }


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file: UTF-8, commas, lines ending in a newline; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def event_frame(events: Sequence[Event]) -> pl.DataFrame:
    """The events, with UTC times and amounts with cents."""
    return pl.DataFrame(events, schema=EVENT_SCHEMA, orient="row").with_columns(
        (pl.col("at") * 1000).cast(pl.Datetime("ms", "UTC")),
        (pl.col("value").cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2)),
    )


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """A zstd Parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=15)
    return buffer.getvalue()


def product_row(product: Product) -> list[object]:
    return [
        product.product_id, product.name, product.category, product.brand, money(product.cents),
        f"https://shop.example/images/{slug(product.name)}.jpg", f"https://shop.example{product.page}",
        product.stock,
        product.rating, product.review, shop_time(product.created_at), product.accessory_of,
    ]  # fmt: skip


def customer_rows(people: Iterable[Person], seed: int) -> list[list[object]]:
    """Everybody who registered, by id; a second registration is a row of its own and knows less."""
    rows: list[list[object]] = []
    for person in people:
        if person.guest:
            continue
        row = _customer_row(person, random.Random(f"{seed}:row:{person.index}"))
        if person.answered_at:
            rows += _surveyed(person, row)
            continue
        rows.append(row)
        if person.second_id:
            again = dict(zip(CUSTOMER_HEADER, row, strict=True)) | dict.fromkeys(ONLY_ONCE)
            again["customer_id"] = person.second_id
            if person.index % 2:
                # They moved between the two, so the file disagrees with itself.
                moved = person.country.cities[person.index % len(person.country.cities)]
                again |= {"city": moved.name, "region": moved.region, "latitude": None, "longitude": None}
            again["created_at"] = shop_time(min(person.signed_up + 200 * HOUR, AS_OF))
            rows.append(list(again.values()))
    return sorted(rows, key=lambda cells: str(cells[0]))


def _surveyed(person: Person, row: list[object]) -> list[list[object]]:
    """The record of their sign-up without the answers, and the one that the survey made, which knows little else."""
    cells = dict(zip(CUSTOMER_HEADER, row, strict=True))
    answered = dict.fromkeys(CUSTOMER_HEADER) | {name: cells[name] for name in IN_THE_SURVEY}
    answered |= {"customer_id": f"C{20001 + person.index:05d}", "created_at": shop_time(person.answered_at)}
    return [list((cells | dict.fromkeys(SURVEY_ANSWERS)).values()), list(answered.values())]


def _customer_row(person: Person, rng: random.Random) -> list[object]:
    city = person.city
    located = rng.random() < 0.6
    latitude, longitude = city.latitude + rng.gauss(0, 0.07), city.longitude + rng.gauss(0, 0.09)
    asked_at = person.unsubscribed_at or person.signed_up
    known = person.email_consent is not None or person.sms_consent is not None
    source = rng.choice(("signup form", "checkout", "in store"))
    source = "unsubscribe link" if person.unsubscribed_at else source
    return [
        person.customer_id, person.email, person.phone, person.first_name, person.last_name, person.gender,
        person.birth_date, person.country.code, city.region, city.name if rng.random() < 0.93 else None,
        city.postal_code if rng.random() < 0.8 else None, f"{latitude:.4f}" if located else None,
        f"{longitude:.4f}" if located else None, person.language, city.timezone,
        shop_time(person.signed_up) if person.email_consent or person.unsubscribed_at or person.unconfirmed else None,
        shop_time(person.signed_up), _yes_no(person.email_consent), _yes_no(person.sms_consent),
        shop_time(asked_at) if known else None,
        source if known else None,
        ", ".join(person.tags) or None, person.referred_by, shop_time(person.unsubscribed_at) or None,
        ", ".join(person.interests) or None, person.reward,
    ]  # fmt: skip


def _yes_no(answer: bool | None) -> str | None:
    return None if answer is None else "yes" if answer else "no"


def weather_rows(seed: int) -> list[tuple[str, str, int]]:
    """One line per city: the weather on the morning of the export."""
    rng = random.Random(f"{seed}:weather")
    rows = []
    for city in sorted((city for country in COUNTRIES for city in country.cities), key=lambda city: city.name):
        degrees = round(34 - abs(city.latitude - 15) / 2.2 + rng.gauss(0, 3))
        rows.append((city.name, rng.choice(("sunny", "sunny", "cloudy", "rain", "storm")), degrees))
    return sorted([*rows, (ARCTIC.name, "cloudy", 4)])
