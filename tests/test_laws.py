"""Laws that hold whatever the data: the order of rows, equal values, and other people's orders decide nothing."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import random
import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segcli import pipeline
from segcli.fields import Plan
from segcli.fields.nodes import AcrossNode, ScoreNode
from segcli.problems import Problems
from segcli.project.projects import load_project

# Values that come again and again: ties are what an answer may wrongly take from the order of rows.
PEOPLE = tuple("abcdefghij")
# Mostly blank, or everybody would be one person.
EMAILS = (*[""] * 20, "one@example.com", "TWO@example.com", "two@example.com", "three@example.com")
PHONES = (*[""] * 12, "+12025550101", "+12025550102", "+12025550103")
DAYS = ("2026-01-05", "2026-01-05 10:00:00", "2026-03-01 09:30:00", "2026-06-29 23:59:59")
PRODUCTS = ("", "cup", "pot", "tin")
AMOUNTS = ("5.00", "5.00", "0.10", "19.99", "0.00")
QUANTITIES = ("", "1", "0.1", "0.7", "2", "1.3")
WORDS = ("", "red", "green", "émile")

TABLES: dict[str, dict[str, Sequence[str]]] = {
    "customers": {
        "customer_id": PEOPLE, "email": EMAILS, "phone": PHONES, "first_name": WORDS, "city": WORDS,
        "birth_date": ("", "2000-02-29", "1999-12-31"), "created_at": ("", *DAYS), "email_consent": ("", "yes", "no"),
        "consent_at": ("", *DAYS), "tags": ("", "x", "y,x"), "referred_by": ("", *PEOPLE),
    },
    "orders": {
        "order_id": ("1", "2", "3", "4", "5", "6"), "customer_id": PEOPLE, "email": EMAILS, "ordered_at": DAYS,
        "amount": AMOUNTS, "discount_code": WORDS,
    },
    "order_items": {
        "order_id": ("1", "2", "3", "4", "5", "6"), "product_id": PRODUCTS, "quantity": QUANTITIES, "price": AMOUNTS,
    },
    "events": {
        "customer_id": PEOPLE, "email": EMAILS, "at": DAYS, "product_id": PRODUCTS, "query": WORDS, "value": AMOUNTS,
        "event": ("visit", "view", "search", "add_to_cart", "remove_from_cart", "checkout", "open", "click"),
    },
    "products": {"product_id": PRODUCTS[1:], "name": WORDS, "category": WORDS, "price": AMOUNTS},
    "carts": {"cart_id": ("k", "l", "m"), "customer_id": PEOPLE, "started_at": DAYS, "amount": AMOUNTS},
}  # fmt: skip

RECIPE = """
fields:
  average_quantity: {from: order_items, value: avg(quantity)}
  thirds: {from: order_items, value: sum(quantity / 3)}
  middle_amount: {from: orders, value: median(amount)}
  high_amount: {from: orders, value: "quantile_cont(amount, 0.7)"}
  amounts: {from: orders, value: array_agg(amount)}
  searches: {from: events, value: "string_agg(query, ', ')"}
  average_value: {from: events, value: avg(value)}
  favourite_price: {from: order_items, top: price, by: sum(quantity)}
  usual_spend: {across: avg(average_quantity)}
  usual_spend_there: {across: median(spend), by: city}
  warmth:
    points:
      - {from: events, each: 0.1, half_life: 30d}
      - {from: orders, each: amount / 7, half_life: 11d}
  quantity_rank: {score: average_quantity, bins: 4}
segments:
  looked_at: {each: category, from: events, where: event = 'view'}
"""
Shop = Mapping[str, Sequence[tuple[str, ...]]]


def tables_of_rows(most: int) -> st.SearchStrategy[Shop]:
    return st.fixed_dictionaries(
        {
            name: st.lists(st.tuples(*map(st.sampled_from, columns.values())), min_size=1, max_size=most)
            for name, columns in TABLES.items()
        }
    )


def write_shop(folder: Path, shop: Shop) -> Path:
    folder.mkdir(parents=True)
    (folder / "segcli.yaml").write_text(
        "timezone: Europe/Berlin\nas_of: 2026-06-30T09:00\nmax_rejected: 100%\nrecipes: [./laws]\n"
        "sources: {" + ", ".join(f"{name}: {name}.csv" for name in shop) + "}\n",
        encoding="utf-8",
    )
    (folder / "laws").mkdir()
    (folder / "laws" / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    for name, rows in shop.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([tuple(TABLES[name]), *rows])
    return folder


def everything(shop: Shop) -> pl.DataFrame:
    """Every field of the vocabulary and of the recipe above, of every customer."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_shop(Path(scratch) / "shop", shop)
        problems = Problems()
        project = load_project([folder])
        fields, segments = pipeline.definitions(project)
        prepared = pipeline.prepare(project, problems, wanted=[item.name for item in (*fields, *segments)])
        run = pipeline.compute(prepared, Path(scratch))
        return run.computed.customers.sort("customer_id").collect()


def shuffled(shop: Shop, seed: int) -> Shop:
    chance = random.Random(seed)
    return {name: chance.sample(rows, len(rows)) for name, rows in shop.items()}


# Each example writes files and reads them, which has no steady pace.
few = settings(max_examples=3, suppress_health_check=list(HealthCheck))
many = settings(max_examples=25, suppress_health_check=list(HealthCheck))


def row_order_decides_nothing(shop: Shop, seed: int, shards: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGCLI_SHARDS", "1")
        expected = everything(shop)
        patch.setenv("SEGCLI_SHARDS", str(shards))
        assert_frame_equal(everything(shuffled(shop, seed)), expected, check_exact=True)


@pytest.mark.slow
@many
@given(tables_of_rows(most=60), st.integers(0, 9), st.integers(1, 3))
def test_the_order_of_rows_decides_nothing_in_many_shops(shop: Shop, seed: int, shards: int) -> None:
    row_order_decides_nothing(shop, seed, shards)


@pytest.mark.parametrize("shards", ["1", "3"])
def test_equal_cart_numbers_of_two_customers_are_two_carts(shards: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGCLI_SHARDS", shards)
    carts = [("k", "a", "2026-01-05", "5.00"), ("k", "b", "2026-01-05", "7.00"), ("k", "b", "2026-01-05", "7.00")]
    people = everything({"carts": carts})
    assert people.select("customer_id", "abandoned_carts", "cart_amount").rows() == [
        ("a", 1, Decimal("5.00")),
        ("b", 1, Decimal("7.00")),
    ]


OrderRow = tuple[str, dt.datetime, int]
ORDERS = st.lists(
    st.tuples(
        st.sampled_from([f"c{number}" for number in range(40)]),
        st.sampled_from([dt.datetime(2026, 6, 30) - dt.timedelta(hours=7 * hours) for hours in range(200)]),
        st.sampled_from([0, 500, 999, 1000, 2550]),
    ),
    min_size=1,
    max_size=80,
)
SCHEMES = ["rfm", "rfm-klaviyo", "rfm-shopify-like", "rfm-grid", "rfm-thresholds", "value"]


def of_orders(rows: Sequence[OrderRow]) -> tuple[pl.DataFrame, Plan]:
    """Every field that a bare file of these orders (amounts in cents) gives, and the plan behind them."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "orders.parquet"
        columns = {"customer_id": pl.String, "ordered_at": pl.Datetime("us"), "cents": pl.Int64}
        orders = pl.DataFrame(rows, schema=columns, orient="row").select(
            "customer_id", "ordered_at", amount=(pl.col("cents").cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2))
        )
        orders.write_parquet(path)
        project = load_project([path], as_of="2026-06-30", recipes=SCHEMES)
        fields, _ = pipeline.definitions(project)
        prepared = pipeline.prepare(project, Problems(), wanted=[item.name for item in fields])
        run = pipeline.compute(prepared, Path(scratch))
        return run.computed.customers.sort("customer_id").collect(), run.computed.plan


@few
@given(ORDERS)
def test_equal_values_get_equal_scores_and_better_ones_no_worse(orders: list[OrderRow]) -> None:
    people, plan = of_orders(orders)
    scores = [node for node in plan.nodes if isinstance(node, ScoreNode) and node.name not in plan.unavailable]
    assert len(scores) >= 14
    for node in scores:
        scored = people.filter(pl.col(node.name).is_not_null()).sort(node.definition.score.text)
        values = [tuple(row) for row in scored.select(node.definition.score.text, node.name).iter_rows()]
        for (value, score), (next_value, next_score) in itertools.pairwise(values):
            if value == next_value:
                assert score == next_score, node.name
            else:
                assert score >= next_score if node.definition.best == "low" else score <= next_score, node.name


def of_one_customer(plan: Plan) -> list[str]:
    """The fields in which nothing takes part that looks at the whole base: no score, no number across it."""
    across: set[str] = set()
    for node in plan.nodes:
        if isinstance(node, ScoreNode | AcrossNode) or node.needs & across:
            across.add(node.name)
    return [node.name for node in plan.nodes if node.name not in across and node.name not in plan.hidden]


@pytest.mark.slow
@few
@given(ORDERS, st.data())
def test_an_order_changes_no_field_of_other_customers_but_scores(orders: list[OrderRow], data: st.DataObject) -> None:
    more = data.draw(st.tuples(st.just(orders[0][0]), st.just(dt.datetime(2026, 6, 29, 12)), st.integers(0, 9999)))
    people, plan = of_orders(orders)
    later, _ = of_orders([*orders, more])
    names = of_one_customer(plan)
    assert {"orders", "spend", "recency_days", "average_order"} <= set(names)
    others = pl.col("customer_id") != more[0]
    assert_frame_equal(
        later.filter(others).select("customer_id", *names), people.filter(others).select("customer_id", *names)
    )
    mine = pl.col("customer_id") == more[0]
    before, after = (frame.filter(mine).row(0, named=True) for frame in (people, later))
    assert after["orders"] == before["orders"] + 1
    assert after["spend"] == before["spend"] + Decimal(more[2]) / 100
