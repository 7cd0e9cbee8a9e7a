from decimal import Decimal
from pathlib import Path

from tests.sources.inline_sources import read, rows, source


def events(*happened: tuple[str, str, str, str | None]):
    customers, times, names, products = zip(*happened, strict=True)
    return source("events", {"customer_id": [*customers], "at": [*times], "event": [*names], "product_id": [*products]})


PRODUCTS = source("products", {"product_id": ["p", "q"], "price": ["10.00", "2.50"]})


def test_a_cart_is_what_was_put_in_and_not_taken_out_before_the_next_order(tmp_path: Path) -> None:
    happened = events(
        ("a", "2026-06-01 10:00", "add_to_cart", "p"),
        ("a", "2026-06-01 10:05", "add_to_cart", "p"),
        ("a", "2026-06-01 10:06", "add_to_cart", "q"),
        ("a", "2026-06-01 10:07", "remove_from_cart", "q"),
        ("a", "2026-06-01 10:10", "checkout", None),
        ("a", "2026-06-29 10:00", "add_to_cart", "q"),
        ("b", "2026-06-30 08:30", "add_to_cart", "q"),
        ("c", "2026-06-01 10:00", "add_to_cart", "q"),
        ("c", "2026-06-01 10:01", "remove_from_cart", "q"),
    )
    orders = source(
        "orders", {"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-06-01 10:10"], "amount": ["20.00"]}
    )
    tables = read([happened, orders, PRODUCTS], tmp_path)
    assert rows(tables, "carts", "cart_id", "customer_id", "stage", "amount", "abandoned") == [
        ("a 0", "a", "checkout", Decimal("20.00"), False),
        ("a 1", "a", "cart", Decimal("2.50"), True),
        ("b 0", "b", "cart", Decimal("2.50"), False),
    ]
    assert rows(tables, "cart_items", "cart_id", "product_id", "quantity", "price", "abandoned") == [
        ("a 0", "p", 2.0, Decimal("10.00"), False),
        ("a 1", "q", 1.0, Decimal("2.50"), True),
        ("b 0", "q", 1.0, Decimal("2.50"), False),
    ]


def test_an_order_that_was_cancelled_later_still_closed_its_cart(tmp_path: Path) -> None:
    happened = events(("a", "2026-06-01 10:00", "add_to_cart", "p"))
    orders = source(
        "orders",
        {
            "order_id": ["1"],
            "customer_id": ["a"],
            "ordered_at": ["2026-06-01 11:00"],
            "amount": ["10.00"],
            "status": ["cancelled"],
        },
    )
    assert rows(read([happened, orders], tmp_path), "carts", "cart_id", "abandoned") == [("a 0", False)]


def test_late_events_do_not_rename_a_cart(tmp_path: Path) -> None:
    first = events(("a", "2026-06-02", "add_to_cart", "p"))
    both = events(("a", "2026-06-02", "add_to_cart", "p"), ("a", "2026-06-01", "add_to_cart", "q"))
    assert rows(read([first], tmp_path / "1"), "carts", "cart_id") == [("a 0",)]
    assert rows(read([both], tmp_path / "2"), "carts", "cart_id") == [("a 0",)]


def test_the_price_of_the_event_goes_before_the_product_s(tmp_path: Path) -> None:
    happened = source(
        "events",
        {
            "customer_id": ["a"],
            "at": ["2026-06-01"],
            "event": ["add_to_cart"],
            "product_id": ["p"],
            "quantity": [2.0],
            "value": ["16.00"],
        },
    )
    tables = read([happened, PRODUCTS], tmp_path)
    assert rows(tables, "cart_items", "quantity", "price") == [(2.0, Decimal("8.00"))]


def test_a_checkout_of_which_no_product_is_known_is_a_cart_without_an_amount(tmp_path: Path) -> None:
    tables = read([events(("a", "2026-06-01", "checkout", None))], tmp_path)
    assert rows(tables, "carts", "cart_id", "stage", "amount") == [("a 0", "checkout", None)]
    assert tables["cart_items"].rows == 0


def test_an_exported_checkout_is_abandoned_until_its_customer_orders(tmp_path: Path) -> None:
    carts = source(
        "carts",
        {"cart_id": ["c1", "c2", "c3"], "email": ["a@example.com", "b@example.com", "c@example.com"],
         "started_at": ["2026-06-01", "2026-06-01", "2026-06-30 08:30"], "amount": ["9.00", "8.00", None]},
    )  # fmt: skip
    items = source(
        "cart_items",
        {
            "cart_id": ["c1", "c3", "c3"],
            "product_id": ["p", "p", "q"],
            "quantity": [1, 2, 1],
            "price": ["9.00", "1.00", "0.50"],
        },
    )
    orders = source(
        "orders", {"order_id": ["1"], "email": ["b@example.com"], "ordered_at": ["2026-06-02"], "amount": ["8.00"]}
    )
    tables = read([carts, items, orders], tmp_path)
    assert rows(tables, "carts", "cart_id", "stage", "abandoned", "amount") == [
        ("c1", "checkout", True, Decimal("9.00")),
        ("c2", "checkout", False, Decimal("8.00")),
        ("c3", "checkout", False, Decimal("2.50")),
    ]
    assert rows(tables, "cart_items", "cart_id", "customer_id", "product_id", "abandoned") == [
        ("c1", "a@example.com", "p", True), ("c3", "c@example.com", "p", False), ("c3", "c@example.com", "q", False),
    ]  # fmt: skip


def test_a_cart_in_an_export_and_in_events_is_one_cart(tmp_path: Path) -> None:
    happened = events(("a", "2026-06-01 10:00", "add_to_cart", "p"), ("b", "2026-06-01 10:00", "add_to_cart", "p"))
    carts = source(
        "carts",
        {
            "cart_id": ["c1", "c2"],
            "customer_id": ["a", "b"],
            "started_at": ["2026-06-01 10:40", "2026-05-01"],
            "url": ["https://shop.example/c1", None],
        },
    )
    tables = read([happened, carts], tmp_path)
    assert rows(tables, "carts", "cart_id", "customer_id") == [("b 0", "b"), ("c1", "a"), ("c2", "b")]
