"""What lies in the cart, what was viewed and what was bought are shown as they are."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.campaigns.products.small_shops import pick, products_key, requests, shown
from tests.fields.inline_tables import Shop, days_ago

PRODUCTS = [
    {"product_id": "cup", "name": "Cup", "category": "cups", "brand": "Kiln", "price": Decimal("9.90"), "stock": 0},
    {"product_id": "pot", "name": "Pot", "category": "pots", "brand": "Kiln", "price": Decimal("39.90"), "stock": 3},
    {"product_id": "tin", "name": "Tin", "category": "tins", "brand": "Tindrel", "price": Decimal("5.00"), "stock": 9},
]


def carts(*rows: tuple[str, str, float, bool]) -> list[dict[str, object]]:
    return [
        {"cart_id": cart, "customer_id": person, "started_at": days_ago(days), "last_activity_at": days_ago(days),
         "abandoned": abandoned}
        for cart, person, days, abandoned in rows
    ]  # fmt: skip


def items(*rows: tuple[str, str, str, str]) -> list[dict[str, object]]:
    return [
        {"cart_id": cart, "customer_id": person, "product_id": product, "started_at": days_ago(1), "quantity": 1.0,
         "price": Decimal(price)}
        for cart, person, product, price in rows
    ]  # fmt: skip


def views(*rows: tuple[str, str, float]) -> list[dict[str, object]]:
    return [
        {"customer_id": person, "at": days_ago(days), "event": "view", "product_id": product}
        for person, product, days in rows
    ]


def lines(*rows: tuple[str, str, float]) -> list[dict[str, object]]:
    return [
        {"customer_id": person, "product_id": product, "ordered_at": days_ago(days), "quantity": 1.0}
        for person, product, days in rows
    ]


def test_the_newest_abandoned_cart_is_shown_with_its_dearest_product_first() -> None:
    shop = Shop(
        products=PRODUCTS,
        carts=carts(("old", "ann", 5, True), ("new", "ann", 1, True), ("open", "ann", 0.01, False)),
        cart_items=items(
            ("old", "ann", "tin", "5"), ("new", "ann", "cup", "9.90"), ("new", "ann", "pot", "39.90"),
            ("open", "ann", "tin", "5"),
        ),
    )  # fmt: skip
    assert shown(shop, products_key(cart=3), ["ann"]) == {"ann": ["pot", "cup"]}


def test_a_series_that_a_cart_began_shows_that_cart() -> None:
    shop = Shop(
        products=PRODUCTS,
        carts=carts(("old", "ann", 5, True), ("new", "ann", 1, True)),
        cart_items=items(("old", "ann", "tin", "5"), ("new", "ann", "cup", "9.90")),
    )
    asked = products_key(cart=3, within=timedelta(days=2))
    assert shown(shop, asked, ["ann"], series="old") == {"ann": ["tin"]}
    assert shown(shop, asked, ["ann"]) == {"ann": ["cup"]}


def test_carts_of_two_customers_with_one_number_are_two() -> None:
    shop = Shop(
        products=PRODUCTS,
        carts=carts(("1", "ann", 1, True), ("1", "bob", 1, True)),
        cart_items=items(("1", "ann", "tin", "5"), ("1", "bob", "cup", "9.90")),
    )
    assert shown(shop, products_key(cart=2), ["ann", "bob"], series="1") == {"ann": ["tin"], "bob": ["cup"]}


def test_a_cart_of_products_that_are_on_no_list_is_shown_as_its_own_rows_tell() -> None:
    strange = items(("1", "ann", "x", "7.50"), ("1", "ann", "nameless", "8"))
    strange[0] |= {"name": "Old saucer", "brand": "Kiln"}
    shop = Shop(carts=carts(("1", "ann", 1, True)), cart_items=strange)
    (row,) = pick(shop, products_key(cart=3), requests(["ann"])).to_dicts()
    assert row["products"] == [
        {"product_id": "x", "name": "Old saucer", "category": None, "brand": "Kiln", "price": Decimal("7.50"),
         "image_url": None, "url": None, "stock": None, "rating": None, "review": None, "low_stock": False,
         "kind": "cart"}
    ]  # fmt: skip


def test_what_was_viewed_most_often_comes_first_and_then_the_latest() -> None:
    shop = Shop(
        products=PRODUCTS,
        events=[
            *views(("ann", "cup", 9), ("ann", "cup", 8), ("ann", "pot", 2), ("ann", "tin", 1)),
            {"customer_id": "ann", "at": days_ago(1), "event": "add_to_cart", "product_id": "pot"},
        ],
    )
    assert shown(shop, products_key(viewed=3), ["ann"]) == {"ann": ["cup", "tin", "pot"]}
    assert shown(shop, products_key(viewed=3, within=timedelta(days=3)), ["ann"]) == {"ann": ["tin", "pot"]}


def test_what_was_bought_last_comes_first_even_if_it_is_sold_out() -> None:
    shop = Shop(products=PRODUCTS, order_items=lines(("ann", "pot", 9), ("ann", "cup", 8), ("ann", "pot", 90)))
    assert shown(shop, products_key(bought=5), ["ann"]) == {"ann": ["cup", "pot"]}


def test_two_facts_never_show_one_product_twice() -> None:
    shop = Shop(
        products=PRODUCTS,
        events=views(("ann", "pot", 1), ("ann", "tin", 2)),
        order_items=lines(("ann", "pot", 9), ("ann", "cup", 8)),
    )
    assert shown(shop, products_key(bought=1, viewed=1), ["ann"]) == {"ann": ["cup", "pot"]}
    assert shown(shop, products_key(viewed=1, bought=2), ["ann"]) == {"ann": ["pot", "cup"]}


def test_of_keeps_facts_to_a_category_or_brand_but_not_the_cart() -> None:
    strange: list[dict[str, object]] = [{**view, "name": "Gone", "brand": "Tindrel"} for view in views(("ann", "x", 3))]
    seen: list[dict[str, object]] = [
        {**view, "name": None, "brand": None} for view in views(("ann", "pot", 1), ("ann", "tin", 2))
    ]
    shop = Shop(
        products=PRODUCTS,
        events=seen + strange,
        carts=carts(("1", "ann", 1, True)),
        cart_items=items(("1", "ann", "cup", "9.90")),
    )
    assert shown(shop, products_key(viewed=3, of="brand"), {"ann": "Tindrel"}) == {"ann": ["tin", "x"]}
    assert shown(shop, products_key(viewed=3, of="brand"), {"ann": None}) == {"ann": []}
    assert shown(shop, products_key(cart=1, viewed=3, of="brand"), {"ann": "pots"}) == {"ann": ["cup", "pot"]}


def test_low_stock_is_one_to_five_pieces() -> None:
    listed: list[dict[str, object]] = [
        {"product_id": str(stock), "name": "Tray", "stock": stock} for stock in (0, 1, 5, 6, None)
    ]
    shop = Shop(products=listed, order_items=lines(*(("ann", str(item["stock"]), 1) for item in listed)))
    (row,) = pick(shop, products_key(bought=5), requests(["ann"])).to_dicts()
    low = {item["product_id"]: item["low_stock"] for item in row["products"]}
    assert low == {"0": False, "1": True, "5": True, "6": False, "None": False}


def test_ratings_reviews_and_links_are_carried() -> None:
    listed = [{**PRODUCTS[1], "image_url": "https://shop.example/pot.jpg", "url": "https://shop.example/pot",
               "rating": 4.5, "review": "Pours well."}]  # fmt: skip
    shop = Shop(products=listed, order_items=lines(("ann", "pot", 1)))
    (row,) = pick(shop, products_key(bought=1), requests(["ann"])).to_dicts()
    assert row["products"] == [
        {"product_id": "pot", "name": "Pot", "category": "pots", "brand": "Kiln", "price": Decimal("39.90"),
         "image_url": "https://shop.example/pot.jpg", "url": "https://shop.example/pot", "stock": 3, "rating": 4.5,
         "review": "Pours well.", "low_stock": True, "kind": "bought"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "carried"),
    [
        ("HTTPS://shop.example/pot 1", "HTTPS://shop.example/pot 1"),
        (" https://shop.example", "https://shop.example"),
        ("//cdn.example/pot.jpg", "https://cdn.example/pot.jpg"),
        ("/pot", None),
        ("pot.jpg", None),
        ("https://", None),
        ("javascript:alert(1)//https://shop.example", None),
        ("data:image/png;base64,AAAA", None),
    ],
)
def test_a_link_or_picture_that_leads_nowhere_from_a_mail_is_left_out(given: str, carried: str | None) -> None:
    shop = Shop(products=[{**PRODUCTS[1], "image_url": given, "url": given}], order_items=lines(("ann", "pot", 1)))
    (row,) = pick(shop, products_key(bought=1), requests(["ann"])).to_dicts()
    assert [row["products"][0][name] for name in ("url", "image_url")] == [carried] * 2
