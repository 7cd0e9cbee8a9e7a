"""Products as flat columns for email services."""

from __future__ import annotations

from decimal import Decimal

from segcli.campaigns.products import product_columns
from tests.campaigns.products.small_shops import pick, products_key, requests
from tests.campaigns.products.test_facts import PRODUCTS, lines
from tests.fields.inline_tables import Shop


def test_each_product_has_its_columns_and_a_missing_one_is_null() -> None:
    shop = Shop(products=PRODUCTS, order_items=lines(("ann", "pot", 1), ("bob", "cup", 1), ("bob", "tin", 2)))
    found = pick(shop, products_key(bought=2), requests(["ann", "bob"])).select("customer_id", *product_columns(2))
    assert found.columns[1:13] == [
        "product_1_id", "product_1_name", "product_1_category", "product_1_brand", "product_1_price",
        "product_1_image_url", "product_1_url", "product_1_stock", "product_1_rating", "product_1_review",
        "product_1_low_stock", "product_1_kind",
    ]  # fmt: skip
    assert found.select("product_1_id", "product_1_price", "product_1_low_stock", "product_2_id").rows() == [
        ("pot", Decimal("39.90"), True, None),
        ("cup", Decimal("9.90"), False, "tin"),
    ]


def test_nobody_has_columns_too() -> None:
    found = pick(Shop(products=PRODUCTS, order_items=lines(("bob", "cup", 1))), products_key(bought=1), requests([]))
    assert found.select(product_columns(1)).width == 12
