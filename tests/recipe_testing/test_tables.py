"""The rows of a test as of a moment: what is there, what changed, and which types the files have."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from textwrap import indent

import polars as pl
import pytest

from segcli.recipe_testing.naming import levels_of
from segcli.recipe_testing.tables import GivenTables
from segcli.recipe_testing.values import same
from tests.recipe_testing.recipes_of_tests import loaded, recipe_in

TEXT = """
settings: {{timezone: Europe/Istanbul, sources: {{weather: {{by: city}}, support: {{time: opened_at}}}}}}
given:
{given}
tests:
  - name: it
    given:
{more}
    at:
      2026-06-01 09:00:
        due: {{}}
      2026-06-02 09:00:
        given:
{later}
"""
RECIPE = """
description: x
fields:
  open_tickets: {from: support, where: not resolved, value: count(*), default: 0}
  warm: {value: weather_temperature > 20}
  size: {value: shoe_size}
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recipe_in(tmp_path_factory.mktemp("recipes") / "fields", RECIPE)


def tables(
    recipe: Path, given: str, more: str = "orders: []", later: str = "orders: []"
) -> list[dict[str, pl.DataFrame]]:
    """The tables of both moments."""
    texts = {"given": (given, 2), "more": (more, 6), "later": (later, 10)}
    found = loaded(recipe, TEXT.format(**{name: indent(text, " " * by) for name, (text, by) in texts.items()}))
    levels = levels_of(found, found.tests[0])
    rows = GivenTables(found.rules, levels)
    return [rows.at(moment.at, number + 3) for number, moment in enumerate(found.tests[0].moments)]


def ids(frame: pl.DataFrame, column: str) -> list[str]:
    return frame[column].to_list()


def test_rows_are_there_from_their_time_on(recipe: Path) -> None:
    first, second = tables(recipe, """customers:
  - {customer_id: old, created_at: 2026-01-01}
  - {customer_id: new, created_at: 2026-06-02}
  - {customer_id: reader, subscribed_at: 2026-06-01 09:00}
  - {customer_id: late, subscribed_at: 2026-06-01 09:01}
orders:
  - {order_id: a, customer_id: old, ordered_at: 2026-06-01 09:00, amount: 1}
  - {order_id: b, customer_id: old, ordered_at: 2026-06-01 09:00:01, amount: 1}
order_items:
  - {order_id: a, product_id: P1, quantity: 1}
  - {order_id: b, product_id: P1, quantity: 1}
carts:
  - {cart_id: c, customer_id: old, started_at: 2026-05-01, last_activity_at: 2026-06-02}
cart_items:
  - {cart_id: c, product_id: P1}
events:
  - {customer_id: old, at: 2026-06-01T05:59:00Z, event: visit}
  - {customer_id: old, at: 2026-06-01T06:01:00Z, event: visit}
products:
  - {product_id: P1, name: Cup}
  - {product_id: P2, name: Pot, created_at: 2026-06-02}
support:
  - {customer_id: old, opened_at: 2026-06-02, resolved: false}""")  # fmt: skip
    assert ids(first["customers"], "customer_id") == ["old", "reader"]
    assert ids(second["customers"], "customer_id") == ["old", "new", "reader", "late"]
    assert ids(first["orders"], "order_id") == ids(first["order_items"], "order_id") == ["a"]
    assert ids(second["order_items"], "order_id") == ["a", "b"]
    assert [each.height for each in (first["carts"], first["cart_items"], first["support"])] == [0, 0, 0]
    assert [each.height for each in (second["carts"], second["cart_items"], second["support"])] == [1, 1, 1]
    assert first["events"]["at"].to_list() == [dt.datetime(2026, 6, 1, 8, 59)]  # in the shop's time zone
    assert ids(first["products"], "product_id") == ["P1"]
    assert first["support"].schema == second["support"].schema


def test_a_row_of_a_known_id_changes_the_one_that_is_there(recipe: Path) -> None:
    first, second = tables(
        recipe,
        "customers: [{customer_id: ada, first_name: Ada, email_consent: true}]\n"
        "weather: [{city: Rome, temperature: 20}]",
        "customers: [{customer_id: ada, country: TR}]",
        "{customers: [{customer_id: ada, email_consent: false}], weather: [{city: Rome, temperature: 21.5}]}",
    )
    ada = {"customer_id": "ada", "email": "ada@example.com", "first_name": "Ada", "country": "TR"}
    assert first["customers"].to_dicts() == [{**ada, "email_consent": True}]
    assert second["customers"].to_dicts() == [{**ada, "email_consent": False}]
    assert first["weather"].to_dicts() == [{"city": "Rome", "temperature": 20.0}]
    assert second["weather"].to_dicts() == [{"city": "Rome", "temperature": 21.5}]


def test_rows_without_an_id_are_added(recipe: Path) -> None:
    event = "{customer_id: ada, at: 2026-05-01, event: visit}"
    first, second = tables(recipe, f"events: [{event}]", f"events: [{event}]", f"events: [{event}]")
    assert (first["events"].height, second["events"].height) == (2, 3)


def test_each_is_what_a_row_has_unless_it_says_otherwise(recipe: Path) -> None:
    first, _ = tables(
        recipe,
        "each: {customers: {country: US, language: en, email: all@example.com}}\n"
        "customers: [{customer_id: ada}, {customer_id: ben, country: TR, email: null}]",
        "each: {customers: {language: tr}}",
    )
    assert first["customers"].select("customer_id", "country", "language", "email").rows() == [
        ("ada", "US", "tr", "all@example.com"), ("ben", "TR", "tr", None),
    ]  # fmt: skip


def test_columns_have_the_types_of_the_tables(recipe: Path) -> None:
    first, _ = tables(
        recipe,
        """customers:
  - {customer_id: 7, postal_code: 01234, birth_date: 1990-05-31, tags: [vip, 2], latitude: 41, shoe_size: 42}
  - {customer_id: ada, tags: "a, b", shoe_size: 38.5}
orders:
  - {order_id: 1, customer_id: ada, ordered_at: 2026-05-01, amount: 19.9}""",
    )
    customers, orders = first["customers"], first["orders"]
    assert customers.schema == {
        "customer_id": pl.String, "email": pl.String, "postal_code": pl.String, "birth_date": pl.Date,
        "tags": pl.List(pl.String), "latitude": pl.Float64, "shoe_size": pl.Float64,
    }  # fmt: skip
    assert customers.row(0) == (
        "7", "7@example.com", "01234", dt.date(1990, 5, 31), ["vip", "2"], 41.0, 42.0,
    )  # fmt: skip
    assert customers["tags"].to_list()[1] == ["a", "b"]
    assert orders.row(0) == ("1", "ada", dt.datetime(2026, 5, 1), Decimal("19.90"))


def test_a_table_without_rows_has_every_column(recipe: Path) -> None:
    first, _ = tables(recipe, "customers: [{customer_id: ada}]\nsupport: []\nweather: []")
    assert {"order_id", "customer_id", "ordered_at", "amount"} <= set(first["orders"].columns)
    assert first["support"].columns == ["customer_id", "email", "phone", "opened_at"]
    assert first["weather"].columns == ["city"]


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (1, 1), (1, 1.0), (40, Decimal("40.00")), (40.5, Decimal("40.50")), (33.33, 33.3333), (33.3, 33.3333),
        ("a", "a"),
        (True, True), (None, None), ([1, 2], [1, 2]), ([], []), ("2026-06-01", dt.date(2026, 6, 1)),
        ("2026-06-01 09:00", dt.datetime(2026, 6, 1, 9)), ("2026-06-01T09:00:30", dt.datetime(2026, 6, 1, 9, 0, 30)),
        ("2026-06-01", dt.datetime(2026, 6, 1)), (7, "7"),
    ],
)  # fmt: skip
def test_values_that_are_the_same(wanted: object, got: object) -> None:
    assert same(wanted, got)


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (33, 33.3333), (33.34, 33.3333), (40.5, Decimal("40.51")), (40, Decimal("40.01")), (1, True), (True, 1),
        (0, None),
        (None, 0), (False, None), ("", None), ([1], [1, 2]), ([2, 1], [1, 2]), ("2026-06-02", dt.date(2026, 6, 1)),
        ("2026-06-01", dt.datetime(2026, 6, 1, 9)), ("soon", dt.date(2026, 6, 1)), (1, [1]), (1, "2"),
    ],
)  # fmt: skip
def test_values_that_are_not_the_same(wanted: object, got: object) -> None:
    assert not same(wanted, got)
