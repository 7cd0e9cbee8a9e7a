import datetime as dt
from pathlib import Path

from segcli.problems import Problems
from segcli.project.models import Project
from segcli.sources import read_tables, recognise
from segcli.sources.tables import UNCOUNTED, Catalog, Tables
from tests.sources.inline_files import project_of, write_csv
from tests.sources.inline_sources import rows
from tests.sources.test_presets import SHOPIFY_ORDERS

ORDER = {
    "Name": "#1001", "Email": "ada@example.com", "Financial Status": "paid", "Currency": "USD", "Total": "20.00",
    "Refunded Amount": "0.00", "Created at": "2026-06-01 10:00:00 +0000", "Payment Method": "Shop card",
    "Lineitem quantity": "1", "Lineitem name": "Mug", "Lineitem price": "20.00", "Lineitem sku": "M-1",
}  # fmt: skip


def read_orders(folder: Path, *orders: dict[str, str], needed: set[str]) -> tuple[Tables, Catalog]:
    """The tables of one orders export, whose orders are ORDER but for what is said of each."""
    export = write_csv(folder / "orders_export.csv", SHOPIFY_ORDERS, *({**ORDER, **order} for order in orders))
    shop: Project = project_of(folder, export, delivery_days=5)
    problems = Problems()
    catalog = recognise(shop, frozenset(needed), problems)
    columns = {"orders": frozenset(needed), UNCOUNTED: frozenset({"order_id"})}
    tables = read_tables(shop, catalog, columns, folder / "scratch", problems)
    assert not problems.errors
    return tables, catalog


def test_a_delivery_that_shopify_does_not_tell_is_reckoned_from_the_fulfilment(tmp_path: Path) -> None:
    tables, catalog = read_orders(
        tmp_path,
        {"Name": "#1", "Fulfilled at": "2026-06-02 12:00:00 +0000"},
        {"Name": "#2", "Fulfilled at": "2026-06-28 12:00:00 +0000"},
        {"Name": "#3"},
        needed={"delivered_at", "order_id"},
    )
    assert {"shipped_at", "delivered_at"} <= catalog.tables["orders"].given
    assert "delivered_at" in tables["orders"].given
    assert rows(tables, "orders", "order_id", "delivered_at") == [
        ("1", dt.datetime(2026, 6, 7, 12)), ("2", None), ("3", None),
    ]  # fmt: skip


def test_shopify_orders_that_were_only_tests_do_not_count(tmp_path: Path) -> None:
    tables, _ = read_orders(
        tmp_path,
        {"Name": "#1", "Tags": "contest, test drive"},
        {"Name": "#2", "Payment Method": "(for testing) Bogus Gateway"},
        {"Name": "#3", "Tags": "vip, Test"},
        {"Name": "#4", "Tags": "test-order"},
        {"Name": "#5"},
        needed={"order_id", "tags"},
    )
    assert rows(tables, "orders", "order_id", "tags") == [("1", "contest, test drive"), ("5", None)]
    assert rows(tables, UNCOUNTED, "order_id") == [("2",), ("3",), ("4",)]
