"""No data is not "no"."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.fields.inline_tables import Shop, computed, days_ago, plan_of

VISITS = [{"customer_id": "a", "at": days_ago(1), "event": "visit"}]
ORDERS = [{"customer_id": "a", "ordered_at": days_ago(1), "amount": Decimal(1)}]


def test_a_field_over_a_table_that_no_file_gave_is_unavailable_and_null(tmp_path: Path) -> None:
    text = """
description: x
fields:
  visits: {from: events, where: event = 'visit', value: count(*), default: 0}
  visitor: {cases: [{when: visits > 0, then: "yes"}], otherwise: "no"}
segments:
  visitors: {where: visits > 0}
"""
    found = computed(text, Shop(orders=ORDERS), tmp_path)
    assert found.plan.unavailable == {"visits": ("events",), "visitor": ("events",), "visitors": ("events",)}
    assert found.customers.select("visits", "visitor", "visitors").collect().rows() == [(None, None, None)]


def test_a_column_that_no_file_gave_makes_its_fields_unavailable(tmp_path: Path) -> None:
    text = "description: x\nfields:\n  codes: {from: orders, where: discount_code = 'X', value: count(*), default: 0}\n"
    plan, problems = plan_of(text, Shop(orders=ORDERS), tmp_path)
    assert not list(problems)
    assert plan.unavailable == {"codes": ("orders.discount_code",)}


def test_a_condition_that_no_row_of_the_whole_table_meets_counts_as_not_known(tmp_path: Path) -> None:
    text = """
description: x
fields:
  opens: {from: events, where: event = 'open', value: count(*), default: 0}
  visits: {from: events, where: event = 'visit', value: count(*), default: 0}
  both: {value: opens + visits}
"""
    found = computed(text, Shop(events=VISITS), tmp_path)
    assert set(found.plan.unavailable) == {"opens", "both"}
    assert found.plan.unavailable["both"] == ("events where event = 'open'",)
    assert found.customers.select("opens", "visits", "both").collect().rows() == [(None, 1, None)]


def test_a_window_without_rows_is_zero_because_the_table_does_know_such_rows(tmp_path: Path) -> None:
    old = [{"customer_id": "a", "at": days_ago(100), "event": "open"}]
    text = (
        "description: x\nfields:\n"
        "  o: {from: events, where: event = 'open', within: 30d, value: count(*), default: 0}\n"
    )
    found = computed(text, Shop(events=old), tmp_path)
    assert found.plan.unavailable == {}
    assert found.customers.collect()["o"].to_list() == [0]


def test_coalesce_says_that_a_value_can_be_missed(tmp_path: Path) -> None:
    text = """
description: x
fields:
  opens: {from: events, where: event = 'open', value: count(*), default: 0}
  clicks: {from: events, where: event = 'click', value: count(*), default: 0}
  orders: {from: orders, value: count(*), default: 0}
  either: {value: "coalesce(opens, orders)"}
  neither: {value: "coalesce(opens, clicks)"}
"""
    found = computed(text, Shop(events=VISITS, orders=ORDERS), tmp_path)
    assert found.customers.collect()["either"].to_list() == [1]
    assert set(found.plan.unavailable) == {"opens", "clicks", "neither"}


def test_a_customers_column_that_no_file_gave_makes_what_names_it_unavailable(tmp_path: Path) -> None:
    text = "description: x\nsegments:\n  women: {where: gender = 'female'}\n  by_city: {each: city}\n"
    plan, _ = plan_of(text, Shop(orders=ORDERS), tmp_path)
    assert plan.unavailable == {"women": ("customers.gender",), "by_city": ("customers.city",)}
