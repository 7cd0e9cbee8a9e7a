"""The benchmark's shop is believable: ratios of speed mean nothing on data that no shop has."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

pytest.importorskip("numpy", reason="the benchmark's generator needs the extra `benchmark`")

from tests.benchmarks.make_shop import make_shop
from tests.benchmarks.shop_clock import AS_OF
from tests.benchmarks.shop_weeks import EVENTS

pytestmark = pytest.mark.slow

CUSTOMERS = 4_000


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("benchmark") / "shop", CUSTOMERS)


def rows_per_customer(shop: Path, table: str) -> pl.Series:
    return pl.read_parquet(shop / f"{table}.parquet").group_by("customer_id").len()["len"]


def test_it_has_five_orders_and_twenty_events_per_customer(shop: Path) -> None:
    orders, events = rows_per_customer(shop, "orders"), rows_per_customer(shop, "events")

    assert orders.sum() == pytest.approx(5 * CUSTOMERS, rel=0.1)
    assert events.sum() == pytest.approx(20 * CUSTOMERS, rel=0.1)
    assert rows_per_customer(shop, "order_items").sum() == pytest.approx(9 * CUSTOMERS, rel=0.1)


def test_more_than_half_of_the_customers_buy_and_one_time_buyers_are_the_largest_group(shop: Path) -> None:
    orders = rows_per_customer(shop, "orders")

    assert len(orders) > CUSTOMERS / 2
    assert orders.mode().to_list() == [1]
    assert (orders == 1).mean() > 0.4


def test_no_customer_has_more_rows_than_people_make_in_two_years(shop: Path) -> None:
    # In a shop of a million customers 0.1 % of the rows are 5,000 orders and 20,000 events.
    assert rows_per_customer(shop, "orders").max() < 1_000
    assert rows_per_customer(shop, "events").max() < 4_000


def test_orders_and_events_lie_in_the_two_years_before_the_run(shop: Path) -> None:
    for table, time in (("orders", "ordered_at"), ("events", "at")):
        times = pl.read_parquet(shop / f"{table}.parquet")[time]
        assert times.max() <= AS_OF
        assert (AS_OF - times.min()).days in range(700, 735)


def test_every_kind_of_event_occurs_and_amounts_are_the_sums_of_their_lines(shop: Path) -> None:
    events = pl.read_parquet(shop / "events.parquet")["event"]
    lines = pl.read_parquet(shop / "order_items.parquet")
    orders = pl.read_parquet(shop / "orders.parquet").sort("order_id")

    amounts = (lines["price"] * lines["quantity"]).alias("amount")
    sums = lines.with_columns(amounts).group_by("order_id").agg(pl.col("amount").sum()).sort("order_id")
    # The rarest event has one row in ten thousand.
    assert set(EVENTS) - {"complaint"} <= set(events)
    assert sums["amount"].to_list() == orders["amount"].to_list()


def test_the_same_shop_is_made_twice(shop: Path, tmp_path: Path) -> None:
    again = make_shop(tmp_path / "shop", CUSTOMERS, files="csv")

    first = pl.read_parquet(shop / "orders.parquet", columns=["order_id", "customer_id"])
    second = pl.read_csv(again / "orders.csv", columns=["order_id", "customer_id"], infer_schema=False)
    assert first.equals(second)
