"""Order lines whose amount is the order's total, told from lines that say what they came to themselves."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.sources.inline_files import project_of, typed_sources, write_csv
from tests.sources.inline_sources import read, rows

HEADER = "order_id,customer_id,ordered_at,product_id,quantity,price,amount"


def told(tmp_path: Path, lines: list[str], header: str = HEADER) -> tuple[dict[str, Decimal | None], int]:
    """The amount of each order, and how many orders were found to bear it on each of their lines."""
    names = header.split(",")
    cells = [dict(zip(names, line.split(","), strict=True)) for line in lines]
    project = project_of(tmp_path, write_csv(tmp_path / "lines.csv", header, *cells))
    frames = [frame for found in typed_sources(project).values() for frame in found]
    tables = read(frames, tmp_path)
    return dict(rows(tables, "orders", "order_id", "amount")), tables.counts["repeated_totals"]


def test_a_total_that_stands_on_every_line_counts_once(tmp_path: Path) -> None:
    lines = [
        "1,a,2026-01-05,P1,1,10.00,30.00",
        "1,a,2026-01-05,P2,2,10.00,30.00",
        "2,b,2026-01-06,P1,1,10.00,10.00",
        "3,b,2026-01-07,P1,1,10.00,15.50",
        "3,b,2026-01-07,P3,1,5.50,15.50",
    ]
    expected = {"1": Decimal("30.00"), "2": Decimal("10.00"), "3": Decimal("15.50")}
    assert told(tmp_path, lines) == (expected, 2)


def test_what_lines_came_to_is_added_up(tmp_path: Path) -> None:
    lines = [
        "1,a,2026-01-05,P1,1,10.00,10.00",
        "1,a,2026-01-05,P2,1,10.00,10.00",
        "2,b,2026-01-06,P1,3,10.00,30.00",
        "2,b,2026-01-06,P2,1,10.00,10.00",
    ]
    assert told(tmp_path, lines) == ({"1": Decimal("20.00"), "2": Decimal("40.00")}, 0)


def test_totals_with_shipping_are_told_by_many_orders(tmp_path: Path) -> None:
    lines = [
        f"{number},c{number},2026-01-05,P{line},1,{number}.00,{2 * number + 4}.90"
        for number in range(1, 13)
        for line in (1, 2)
    ]
    amounts, found = told(tmp_path, lines)
    assert amounts == {str(number): Decimal(f"{2 * number + 4}.90") for number in range(1, 13)}
    assert found == 12


@pytest.mark.parametrize("orders", [9, 10])
def test_without_prices_ten_orders_are_enough(tmp_path: Path, orders: int) -> None:
    header = "order_id,customer_id,ordered_at,product_id,amount"
    lines = [f"{number},a,2026-01-05,P{line},{number}.00" for number in range(1, orders + 1) for line in (1, 2)]
    amounts, found = told(tmp_path, lines, header)
    assert found == (orders if orders == 10 else 0)
    assert amounts["3"] == Decimal("3.00" if orders == 10 else "6.00")


def test_a_shop_in_which_everything_costs_the_same_adds_up(tmp_path: Path) -> None:
    header = "order_id,customer_id,ordered_at,product_id,amount"
    lines = [f"{number},a,2026-01-05,P{line},9.99" for number in range(20) for line in (1, 2)]
    amounts, found = told(tmp_path, lines, header)
    assert set(amounts.values()) == {Decimal("19.98")}
    assert found == 0


def test_lines_of_an_order_with_its_total_keep_their_prices(tmp_path: Path) -> None:
    lines = ["1,a,2026-01-05,P1,1,10.00,30.00", "1,a,2026-01-05,P2,2,10.00,30.00"]
    cells = [dict(zip(HEADER.split(","), line.split(","), strict=True)) for line in lines]
    project = project_of(tmp_path, write_csv(tmp_path / "lines.csv", HEADER, *cells))
    frames = [frame for found in typed_sources(project).values() for frame in found]
    items = read(frames, tmp_path).tables["order_items"].whole.select("product_id", "quantity", "price").collect()
    assert items.sort("product_id").rows() == [("P1", 1.0, Decimal("10.00")), ("P2", 2.0, Decimal("10.00"))]
    assert items.schema["price"] == pl.Decimal(18, 2)
