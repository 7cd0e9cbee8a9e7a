"""Laws of all picks together: they agree with plain Python, whatever the order of rows and the number of shards."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segcli.campaigns.products.kinds import FACTS, KINDS
from segcli.project.campaign_models import Products
from tests.campaigns.products.by_hand import ByHand
from tests.campaigns.products.small_shops import pick, products_key
from tests.fields.inline_tables import AS_OF, Shop, days_ago

pytestmark = pytest.mark.slow

PEOPLE = tuple("abcdefgh")
LISTED = tuple(f"p{number}" for number in range(9))
OTHERS = ("q0", "q1")  # sold once, on no list now
WORDS = ("red", "blue", "cup", "pot", "big")
PRICES = tuple(Decimal(price) for price in ("0.00", "10.00", "11.00", "12.50", "15.00", "16.50", "20.00"))
Rows = list[dict[str, Any]]


def rows(chance: random.Random, count: int, **columns: Callable[[], object]) -> Rows:
    return [{name: draw() for name, draw in columns.items()} for _ in range(count)]


def shop_rows(seed: int) -> dict[str, Rows]:
    """A small shop full of ties: few products, prices and moments, some of them missing."""
    chance = random.Random(seed)
    one_of = chance.choice

    def moment() -> dt.datetime:
        return days_ago(one_of((0, 1, 1, 2, 10, 59.5, 60, 89, 90, 91, 200)))

    def any_product() -> str | None:
        return one_of((*LISTED, *LISTED, *OTHERS, None))

    products = [
        {
            "product_id": item,
            "name": one_of((None, *WORDS, *(f"{one} {other}" for one in WORDS for other in WORDS))),
            "category": one_of(("cups", "pots", "Kiln", None)),
            "brand": one_of(("Kiln", "Quill", None)),
            "price": one_of((*PRICES, None)),
            "stock": one_of((None, 0, 1, 5, 6, 99)),
            "created_at": one_of((None, moment())),
            "accessory_of": one_of((None, None, *LISTED, *OTHERS)),
        }
        for item in LISTED
    ]
    few_orders = [str(number) for number in range(chance.randint(1, 40))]
    lines = rows(
        chance, chance.randint(0, 150), order_id=lambda: one_of((*few_orders, None)),
        customer_id=lambda: one_of(PEOPLE), ordered_at=moment, product_id=any_product,
        quantity=lambda: one_of((1.0, 2.0, 0.1, 0.7)), price=lambda: one_of(PRICES),
    )  # fmt: skip
    events = rows(
        chance, chance.randint(0, 60), customer_id=lambda: one_of(PEOPLE), at=moment,
        event=lambda: one_of(("view", "view", "search", "visit")), product_id=any_product,
        query=lambda: one_of((None, *WORDS, "Blue  CÜP", "pot big", "tea")),
    )  # fmt: skip
    carts = [
        {"cart_id": number, "customer_id": person, "started_at": days_ago(9), "last_activity_at": moment(),
         "abandoned": one_of((True, True, False))}
        for person in PEOPLE for number in "12" if chance.random() < 0.6
    ]  # fmt: skip
    items = rows(
        chance, chance.randint(0, 40), cart_id=lambda: one_of("12"), customer_id=lambda: one_of(PEOPLE),
        started_at=lambda: days_ago(9), product_id=any_product, quantity=lambda: 1.0, price=lambda: one_of(PRICES),
    )  # fmt: skip
    return {"products": products, "order_items": lines, "events": events, "carts": carts, "cart_items": items}


def shop_of(found: dict[str, Rows], shards: int = 1) -> Shop:
    people: Rows = [{"customer_id": person} for person in PEOPLE]
    return Shop(shards, customers=people, **{name: table for name, table in found.items() if table})


def asked_rows(seed: int) -> pl.DataFrame:
    chance = random.Random(seed)
    return pl.DataFrame(
        [
            (person, chance.choice(("Kiln", "cups", "Quill", "none", None)), chance.choice((None, "1")))
            for person in PEOPLE
        ],
        schema={"customer_id": pl.String, "of": pl.String, "series": pl.String},
        orient="row",
    )


@st.composite
def product_keys(draw: st.DrawFn) -> Products:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True))
    return products_key(
        of=draw(st.sampled_from((None, "field"))),
        within=draw(st.sampled_from((None, dt.timedelta(days=2), dt.timedelta(days=60)))),
        fill=draw(st.lists(st.sampled_from(KINDS), max_size=2, unique=True)),
        at_least=draw(st.integers(0, 3)),
        **{kind: draw(st.integers(1, 4)) for kind in kinds},
    )


SEEDS = st.integers(0, 2**32)
LAW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LAW
@given(seed=SEEDS, products=product_keys(), shards=st.sampled_from((1, 3)))
def test_picks_are_those_of_plain_python(seed: int, products: Products, shards: int) -> None:
    found = shop_rows(seed)
    hand = ByHand(*found.values(), AS_OF)
    asked = asked_rows(seed)
    answer = pick(shop_of(found, shards), products, asked)
    for row, wish in zip(answer.iter_rows(named=True), asked.iter_rows(named=True), strict=True):
        expected = hand.picks(row["customer_id"], wish["of"], wish["series"], products)
        assert [item["product_id"] for item in row["products"]] == expected, row["customer_id"]
        assert row["enough"] == (len(expected) >= products.at_least)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_that_of_plain_python(kind: str) -> None:
    for seed in range(12):
        for of, within in ((None, None), ("field", None), (None, dt.timedelta(days=60))):
            found, products = shop_rows(seed), products_key(of=of, within=within, **{kind: 3})
            asked = asked_rows(seed)
            answer = pick(shop_of(found), products, asked)
            for row, wish in zip(answer.iter_rows(named=True), asked.iter_rows(named=True), strict=True):
                hand = ByHand(*found.values(), AS_OF)
                expected = hand.picks(row["customer_id"], wish["of"], wish["series"], products)
                assert [item["product_id"] for item in row["products"]] == expected, (seed, row["customer_id"])


@LAW
@given(seed=SEEDS, products=product_keys())
def test_neither_the_order_of_rows_nor_the_shards_matter(seed: int, products: Products) -> None:
    found, asked = shop_rows(seed), asked_rows(seed)
    chance = random.Random(seed)
    shuffled = {name: chance.sample(table, len(table)) for name, table in found.items()}
    answer = pick(shop_of(found), products, asked)
    assert_frame_equal(
        answer, pick(shop_of(shuffled, shards=4), products, asked.sample(fraction=1, shuffle=True, seed=1))
    )


@LAW
@given(seed=SEEDS, products=product_keys())
def test_suggestions_are_new_to_the_customer_in_stock_and_shown_once(seed: int, products: Products) -> None:
    found = shop_rows(seed)
    stock = {row["product_id"]: row["stock"] for row in found["products"]}
    counts = dict.fromkeys(KINDS, 0) | {pick.kind: pick.count for pick in products.picks}
    for row in pick(shop_of(found), products, asked_rows(seed)).iter_rows(named=True):
        items = row["products"]
        has = {line["product_id"] for line in found["order_items"] if line["customer_id"] == row["customer_id"]}
        assert len({item["product_id"] for item in items}) == len(items) <= products.count
        for item in items:
            if item["kind"] not in FACTS:
                assert item["product_id"] not in has
                assert stock[item["product_id"]] != 0
        for kind in KINDS:
            if kind not in products.fill:
                assert sum(item["kind"] == kind for item in items) <= counts[kind]
