"""What is wrong with definitions is said before any row is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fields.inline_tables import Shop, days_ago, plan_of

SHOP = Shop(orders=[{"customer_id": "a", "ordered_at": days_ago(1), "order_id": "1"}])


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("a: {value: b + 1}\n  b: {value: a + 1}", "these definitions go in a circle"),
        ("a: {from: ordrs, value: count(*)}", "no table named 'ordrs'. Did you mean 'orders'"),
        ("a: {from: tickets, value: count(*)}", "such as tickets: {files: tickets.csv}."),
        ("a: {from: products, value: count(*)}", "has no customers in it"),
        ("a: {from: order_items, top: brnd}", "no column 'brnd'. Did you mean 'brand'?"),
        ("a: {from: orders, value: count(*), default: none}", "its default 'none' is not"),
        ("a: {score: first_name, bins: 5}", "a score needs a number"),
        ("a: {across: count(*), by: nobody}", "no field named 'nobody'"),
        ("a: {cases: [{when: customer_id = 'x', then: 1}], otherwise: one}", "of different kinds"),
        ("a: {value: frequncy + 1}\n  frequency: {from: orders, value: count(*)}", "Did you mean 'frequency'"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, definition: str, said: str) -> None:
    _, problems = plan_of(f"description: x\nfields:\n  {definition}\n", SHOP, tmp_path)
    messages = [str(problem) for problem in problems]
    assert any(said in message for message in messages), messages
    assert all(":3:" in message for message in messages), messages


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = "description: x\nfields:\n  a: {value: nothing}\n  b: {value: nowhere}\nsegments:\n  c: {where: nobody}\n"
    _, problems = plan_of(text, SHOP, tmp_path)
    assert len(problems.errors) == 3


def test_a_circle_is_said_once_and_hides_no_other_mistake(tmp_path: Path) -> None:
    text = "description: x\nfields:\n  a: {value: b}\n  b: {value: a}\n  c: {value: nothing}\n"
    _, problems = plan_of(text, SHOP, tmp_path)
    assert [("circle" in problem.message) for problem in problems] == [True, False]


def test_only_columns_that_somebody_reads_are_asked_for(tmp_path: Path) -> None:
    text = "description: x\nfields:\n  last: {from: orders, value: max(ordered_at)}\n"
    plan, _ = plan_of(text, SHOP, tmp_path)
    assert plan.needed_columns()["orders"] == {"ordered_at"}
