"""The seven kinds of field, each on a few rows."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fields.inline_tables import Shop, column, computed, days_ago

ORDERS = [
    {"customer_id": "a", "order_id": "1", "ordered_at": days_ago(1), "amount": Decimal("10.10")},
    {"customer_id": "a", "order_id": "2", "ordered_at": days_ago(40), "amount": Decimal("20.20")},
    {"customer_id": "b", "order_id": "3", "ordered_at": days_ago(100), "amount": Decimal("5.00")},
]
LEAD = [{"customer_id": "lead", "email": "lead@example.com"}]


def test_an_aggregate_counts_rows_of_each_customer_and_gives_others_the_default(tmp_path: Path) -> None:
    text = "description: x\nfields:\n  orders: {from: orders, value: count(*), default: 0}\n"
    assert column("orders", text, Shop(orders=ORDERS, customers=LEAD), tmp_path) == {"a": 2, "b": 1, "lead": 0}


def test_without_a_default_a_customer_without_rows_has_null(tmp_path: Path) -> None:
    text = "description: x\nfields:\n  spend: {from: orders, value: sum(amount)}\n"
    spend = column("spend", text, Shop(orders=ORDERS, customers=LEAD), tmp_path)
    assert spend == {"a": Decimal("30.30"), "b": Decimal("5.00"), "lead": None}


@pytest.mark.parametrize("other", ["", "  spend: {from: orders, value: sum(amount)}\n"])
def test_within_cuts_every_aggregate_of_the_value_and_only_of_that_field(tmp_path: Path, other: str) -> None:
    text = (
        "description: x\nfields:\n  average_30d: {from: orders, value: sum(amount) / count(*), within: 30d}\n" + other
    )
    found = column("average_30d", text, Shop(orders=ORDERS), tmp_path)
    assert found == {"a": pytest.approx(10.10), "b": None}


def test_where_chooses_rows_before_anything_is_counted(tmp_path: Path) -> None:
    text = (
        "description: x\nfields:\n"
        "  small: {from: orders, where: amount < 15, value: count(*), default: 0}\n"
        "  orders: {from: orders, value: count(*), default: 0}\n"
    )
    found = computed(text, Shop(orders=ORDERS), tmp_path).customers.collect().sort("customer_id")
    assert found.select("small", "orders").rows() == [(1, 2), (1, 1)]


def test_a_where_may_name_a_field_of_the_customer(tmp_path: Path) -> None:
    text = (
        "description: x\nfields:\n"
        "  last_order_at: {from: orders, value: max(ordered_at)}\n"
        "  last_amount: {from: orders, where: ordered_at = last_order_at, value: max(amount)}\n"
    )
    found = column("last_amount", text, Shop(orders=ORDERS), tmp_path)
    assert found == {"a": Decimal("10.10"), "b": Decimal("5.00")}


def test_a_value_divides_without_an_error_where_the_divisor_is_zero(tmp_path: Path) -> None:
    text = (
        "description: x\nfields:\n"
        "  orders: {from: orders, value: count(*), default: 0}\n"
        "  spend: {from: orders, value: sum(amount), default: 0}\n"
        "  average: {value: spend / orders}\n"
    )
    found = column("average", text, Shop(orders=ORDERS, customers=LEAD), tmp_path)
    assert found == {"a": pytest.approx(15.15), "b": pytest.approx(5), "lead": None}


ITEMS = [
    {"customer_id": "a", "ordered_at": days_ago(9), "brand": "Zett", "quantity": 2.0},
    {"customer_id": "a", "ordered_at": days_ago(5), "brand": "Alba", "quantity": 2.0},
    {"customer_id": "b", "ordered_at": days_ago(5), "brand": "Zett", "quantity": 1.0},
    {"customer_id": "b", "ordered_at": days_ago(5), "brand": "Alba", "quantity": 1.0},
    {"customer_id": "c", "ordered_at": days_ago(1), "brand": "Alba", "quantity": 1.0},
    {"customer_id": "c", "ordered_at": days_ago(9), "brand": "Zett", "quantity": 3.0},
]


def test_top_takes_the_most_then_the_latest_then_the_alphabetically_first(tmp_path: Path) -> None:
    text = "description: x\nfields:\n  brand_liked: {from: order_items, top: brand, by: sum(quantity)}\n"
    found = column("brand_liked", text, Shop(order_items=ITEMS), tmp_path)
    assert found == {"a": "Alba", "b": "Alba", "c": "Zett"}


def spenders(amounts: list[int]) -> Shop:
    return Shop(
        orders=[
            {"customer_id": f"c{n:03}", "ordered_at": days_ago(n), "amount": Decimal(amount)}
            for n, amount in enumerate(amounts)
        ]
    )


SCORES = (
    "description: x\nfields:\n  spend: {{from: orders, value: sum(amount), default: 0}}\n  s: {{score: spend, {}}}\n"
)


def test_cuts_score_one_plus_the_number_of_cut_points_below(tmp_path: Path) -> None:
    found = column("s", SCORES.format("cuts: [1, 2, 4, 8]"), spenders([1, 2, 3, 4, 5, 8, 9]), tmp_path)
    assert list(found.values()) == [1, 2, 3, 3, 4, 4, 5]


def test_low_can_be_best(tmp_path: Path) -> None:
    found = column("s", SCORES.format("best: low, cuts: [1, 2]"), spenders([1, 2, 3]), tmp_path)
    assert list(found.values()) == [3, 2, 1]


def test_who_is_not_among_gets_no_score_and_does_not_move_the_cut_points(tmp_path: Path) -> None:
    text = SCORES.format("bins: 2, among: spend > 0")
    found = column("s", text, spenders([0, 0, 0, 1, 2]), tmp_path)
    assert list(found.values()) == [None, None, None, 1, 2]


@settings(max_examples=40, deadline=None)
@given(
    amounts=st.lists(st.integers(0, 6), min_size=1, max_size=30),
    bins=st.integers(2, 6),
    best=st.sampled_from(["high", "low"]),
    shards=st.sampled_from([1, 3]),
)
def test_equal_values_get_equal_scores_and_scores_follow_the_definition(
    tmp_path_factory: pytest.TempPathFactory, amounts: list[int], bins: int, best: str, shards: int
) -> None:
    shop = spenders(amounts)
    shop.shards = shards
    text = SCORES.format(f"bins: {bins}, best: {best}")
    found = column("s", text, shop, tmp_path_factory.mktemp("scores"))
    ordered = sorted(amounts)
    cuts = [ordered[math.floor((len(ordered) - 1) * k / bins)] for k in range(1, bins)]
    below = [sum(cut < amount for cut in cuts) for amount in amounts]
    expected = [1 + number if best == "high" else bins - number for number in below]
    assert list(found.values()) == expected


POINTS = """
description: x
fields:
  orders: {from: orders, value: count(*), default: 0}
  points:
    points:
      - {from: events, where: event = 'visit', each: 5, most: 8}
      - {from: events, where: event = 'click', each: 4, half_life: 10d}
      - {from: orders, each: amount / 10}
      - {when: orders > 1, each: 100}
"""


def test_points_add_up_with_a_most_a_half_life_and_a_condition(tmp_path: Path) -> None:
    events = [
        {"customer_id": "a", "at": days_ago(1), "event": "visit"},
        {"customer_id": "a", "at": days_ago(2), "event": "visit"},
        {"customer_id": "b", "at": days_ago(10), "event": "click"},
        {"customer_id": "b", "at": days_ago(20), "event": "click"},
    ]
    found = column("points", POINTS, Shop(orders=ORDERS, events=events, customers=LEAD), tmp_path)
    assert found == {"a": 8 + 3.03 + 100, "b": 2 + 1 + 0.5, "lead": 0.0}


def test_the_first_case_that_holds_wins_and_a_null_condition_does_not_hold(tmp_path: Path) -> None:
    text = """
description: x
fields:
  orders: {from: orders, value: count(*), default: 0}
  recency: {from: orders, value: min(age_days)}
  stage:
    cases:
      - {when: recency < 30, then: active}
      - {when: orders = 0, then: lead}
      - {when: recency < 60, then: never}
    otherwise: lapsed
"""
    found = column("stage", text, Shop(orders=ORDERS, customers=LEAD), tmp_path)
    assert found == {"a": "active", "b": "lapsed", "lead": "lead"}


def test_across_gives_one_number_for_the_base_or_one_per_group(tmp_path: Path) -> None:
    text = """
description: x
fields:
  spend: {from: orders, value: sum(amount)}
  most: {across: max(spend)}
  letter: {value: "case when customer_id = 'a' then 'x' end"}
  most_of_group: {across: max(spend), by: letter}
"""
    found = computed(text, Shop(orders=ORDERS, customers=LEAD), tmp_path).customers.collect().sort("customer_id")
    thirty, five = Decimal("30.30"), Decimal("5.00")
    assert found.select("most", "most_of_group").rows() == [(thirty, thirty), (thirty, five), (thirty, five)]


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_shards_change_nothing(tmp_path: Path, shards: int) -> None:
    shop = spenders([5, 1, 9, 9, 2, 7, 3])
    shop.shards = shards
    text = """
description: x
fields:
  spend: {from: orders, value: sum(amount)}
  middle: {across: median(spend)}
  score: {score: spend, bins: 3}
  stage: {cases: [{when: spend > middle, then: above}], otherwise: below}
segments:
  above: {where: stage = 'above'}
"""
    found = computed(text, shop, tmp_path).customers.collect().sort("customer_id")
    assert found["score"].to_list() == [2, 1, 3, 3, 1, 2, 1]
    assert found["above"].to_list() == [False, False, True, True, False, True, False]
    assert found["middle"].to_list() == [5.0] * 7


def test_a_list_segment_holds_the_values_with_enough_rows(tmp_path: Path) -> None:
    events = [
        {"customer_id": customer, "at": days_ago(days), "event": "view", "category": category}
        for customer, days, category in [
            ("a", 1, "shoes"), ("a", 2, "shoes"), ("a", 1, "hats"), ("a", 50, "hats"), ("b", 1, "hats"),
        ]
    ]  # fmt: skip
    text = (
        "description: x\nsegments:\n"
        "  interest: {each: category, from: events, where: event = 'view', within: 30d, at_least: 2}\n"
    )
    found = column("interest", text, Shop(events=events), tmp_path)
    assert found == {"a": ["shoes"], "b": None}


def test_a_segment_is_a_boolean_that_others_can_name(tmp_path: Path) -> None:
    text = """
description: x
fields:
  spend: {from: orders, value: sum(amount)}
segments:
  rich: {where: spend > 10}
  not_rich: {where: not rich}
"""
    found = computed(text, Shop(orders=ORDERS, customers=LEAD), tmp_path).customers.collect().sort("customer_id")
    assert found["rich"].to_list() == [True, False, False]
    assert found["not_rich"].to_list() == [False, True, True]
    assert found["rich"].dtype == pl.Boolean
