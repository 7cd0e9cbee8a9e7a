"""Picks that are what they are: what lies in the cart, what was viewed, what was bought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from segcli.campaigns.products.catalogue import NUMBER
from segcli.campaigns.products.people import People
from segcli.campaigns.products.price_windows import cents
from segcli.campaigns.products.ranked import in_order_of
from segcli.sources.tables import MONEY, TEXT

TEXTS = ("name", "category", "brand")
# How a product outside the catalogue is told of: by the customer's newest row that has a name.
TOLD: Mapping[str, pl.DataType] = {
    "row": NUMBER, "product": NUMBER, "name": TEXT(), "category": TEXT(), "brand": TEXT(), "price": MONEY,
}  # fmt: skip


def facts(kind: str, people: People, within: dt.timedelta | None) -> pl.DataFrame:
    """row and product of the kind, those of one row together and in the order in which they are shown."""
    if kind == "cart":
        # A cart that began the series is shown whatever its age. The dearest first: it is what the mail is about.
        found = people.cart.filter(pl.col("named") | people.is_new("latest", within)).with_columns(cents("price"))
        found = in_order_of(found, "row", "price", "product", falling=["price"])
    elif kind == "viewed":
        found = in_order_of(people.viewed(within), "row", "times", "latest", "product", falling=["times", "latest"])
    else:
        found = people.bought.filter(people.is_new("latest", within))
        found = in_order_of(found, "row", "latest", "product", falling=["latest"])
    return found.select("row", "product")


def told(kind: str, people: People) -> pl.DataFrame:
    """What the customers' rows of the kind tell of products outside the catalogue: TOLD, once per row and product."""
    if kind == "cart":
        rows = people.rows_of("cart_items", ("customer_id", "cart_id", "product_id", *TEXTS, "price"))
        rows, time = rows.join(people.carts.lazy(), on=["row", "cart_id"]), "latest"
    elif kind == "viewed":
        rows, time = people.views(("customer_id", "at", "event", "product_id", *TEXTS)), "at"
        rows = rows.with_columns(price=pl.lit(None, MONEY))
    else:
        rows = people.rows_of("order_items", ("customer_id", "ordered_at", "product_id", *TEXTS, "price"))
        time = "ordered_at"
    strange = rows.select("row", "name", "category", "brand", "price", time, product=people.product).filter(
        pl.col("product") >= people.shop.catalogue.size, pl.col("name").is_not_null()
    )
    order = ["row", "product", time, *TEXTS, "price"]
    newest = strange.collect().sort(order, descending=[name == time for name in order], nulls_last=True)
    return newest.unique(["row", "product"], keep="first", maintain_order=True).select(TOLD.keys())


def of_their_group(found: pl.DataFrame, descriptions: pl.DataFrame, people: People) -> pl.DataFrame:
    """The rows whose product is of the category or brand that the customer's `of` names."""
    catalogue = people.shop.catalogue
    group = people.rows["group"].gather(found["row"])
    of = people.rows["of"].gather(found["row"])
    texts = descriptions.select("row", "product", "category", "brand")
    shown = found.select("row", "product", group=group, of=of)
    shown = shown.join(texts, on=["row", "product"], how="left", maintain_order="left")
    numbered = catalogue.rows.with_row_index("product").select("product", "category_group", "brand_group")
    shown = shown.join(numbered, on="product", how="left", maintain_order="left")
    is_category = (pl.col("group") < catalogue.categories).fill_null(False)
    told = (pl.col("category") == pl.col("of")) | ((pl.col("brand") == pl.col("of")) & is_category.not_())
    known = pl.any_horizontal(pl.col("category_group", "brand_group") == pl.col("group"))
    return found.filter(shown.select(pl.any_horizontal(told, known).fill_null(False)).to_series())
