"""Lift over co-purchase agrees with counting it out in plain Python, in one part or in many."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segcli.campaigns.products import pair_counts, partners
from segcli.campaigns.products.catalogue import read_catalogue
from segcli.campaigns.products.pair_counts import LARGEST_BASKET
from segcli.campaigns.products.partners import find_partners
from tests.fields.inline_tables import Shop, days_ago

LISTED = [
    {"product_id": item, "name": item.upper(), "stock": stock}
    for item, stock in zip("abcdef", (1, 0, 3, None, 5, 6), strict=True)
]


def baskets_of(seed: int) -> list[list[str]]:
    chance = random.Random(seed)
    return [
        chance.choices("abcdefxy", (9, 5, 5, 3, 3, 2, 2, 1), k=chance.randint(1, 6))
        for _ in range(chance.randint(1, 150))
    ]


def shop_of(baskets: list[list[str]], shards: int = 1) -> Shop:
    lines: list[dict[str, object]] = [
        {"order_id": f"{number}", "customer_id": f"c{number % 7}", "product_id": item, "ordered_at": days_ago(3)}
        for number, basket in enumerate(baskets)
        for item in basket
    ]
    return Shop(shards, products=LISTED, order_items=lines)


def partners_of(shop: Shop) -> pl.DataFrame:
    tables = shop.tables()
    catalogue = read_catalogue(tables)
    with TemporaryDirectory() as scratch:
        found = find_partners(tables, catalogue, Path(scratch))
    names = dict(enumerate(catalogue.ids))
    named = found.with_columns(pl.col("anchor", "product").replace_strict(names, return_dtype=pl.String))
    return named.sort("anchor", "product")


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), shards=st.sampled_from((1, 3)))
def test_lift_is_that_of_counting_by_hand(seed: int, shards: int) -> None:
    baskets = [set(basket) for basket in baskets_of(seed)]
    each = Counter(item for basket in baskets for item in basket)
    expected = {}
    for (a, b), together in Counter(pair for basket in baskets for pair in combinations(sorted(basket), 2)).items():
        if together >= 5 and together * len(baskets) > each[a] * each[b]:
            lift = (together * len(baskets)) / (each[a] * each[b])
            expected |= {(one, other): lift for one, other in ((a, b), (b, a)) if other in "acdef"}
    found = partners_of(shop_of(baskets_of(seed), shards))
    assert {(row["anchor"], row["product"]): row["lift"] for row in found.iter_rows(named=True)} == expected
    ranks = {lift: place for place, lift in enumerate(sorted(set(expected.values()), reverse=True), 1)}
    assert found["order"].to_list() == [ranks[lift] for lift in found["lift"]]


def test_counting_in_many_parts_is_counting_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = partners_of(shop_of(baskets_of(4)))
    assert whole.height > 6
    monkeypatch.setattr(pair_counts, "PAIRS_AT_ONCE", 5)
    monkeypatch.setattr(pair_counts, "STEP", 2)
    assert_frame_equal(partners_of(shop_of(baskets_of(4), shards=2)), whole)


def test_only_the_best_partners_of_a_product_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = partners_of(shop_of(baskets_of(4)))
    monkeypatch.setattr(partners, "MOST_PARTNERS", 1)
    monkeypatch.setattr(pair_counts, "PAIRS_AT_ONCE", 3)
    monkeypatch.setattr(pair_counts, "STEP", 2)
    best = whole.sort("lift", "product", descending=[True, False]).unique("anchor", keep="first")
    kept = partners_of(shop_of(baskets_of(4))).drop("order")
    assert_frame_equal(kept, best.drop("order").sort("anchor"))


def test_a_basket_of_the_largest_size_still_counts() -> None:
    for size, pairs in ((LARGEST_BASKET, 10), (LARGEST_BASKET + 1, 0)):
        names = ["a", "c", *(f"z{number}" for number in range(size - 2))]
        baskets = [names] * 5 + [["d"]] * 5
        found = partners_of(shop_of(baskets)).filter(pl.col("anchor").is_in(["a", "c"]))
        assert found.height == (2 if pairs else 0)
