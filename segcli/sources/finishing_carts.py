"""The carts of one shard: of an export and of events, each once, with what is in them."""

from __future__ import annotations

import polars as pl

from segcli.sources.ages import age_columns
from segcli.sources.carts import (
    CART,
    Carts,
    abandoned,
    cart_amounts,
    cart_quantity,
    carts_from_events,
    without_exported,
)
from segcli.sources.currencies import converted
from segcli.sources.items import with_products
from segcli.sources.partitioned import Inputs
from segcli.sources.person_tables import PRODUCT_TEXTS, cart_events
from segcli.sources.reading import Reading
from segcli.sources.tables import CANONICAL, MONEY, TEXT


def finish_carts(
    reading: Reading, inputs: Inputs, moments: pl.DataFrame, number: int
) -> tuple[pl.DataFrame, pl.LazyFrame]:
    """Carts, and what is in them."""
    exported = inputs.carts[number].collect() if inputs.carts else _no_rows("carts")
    # A checkout that is in two files is one; ties by all that is said of it, not by the order of rows. Equal
    # numbers of two customers are two carts, as with orders: which customers share a shard decides nothing.
    exported = exported.sort(
        "cart_id", "last_activity_at", *sorted(set(exported.columns) - {"cart_id", "last_activity_at"})
    )
    exported = exported.unique(list(CART), keep="last", maintain_order=True)
    contents = _no_rows("cart_items")
    if inputs.cart_items is not None and not exported.is_empty():
        owners = exported.lazy().select("cart_id", "customer_id", "started_at", "currency")
        lines = inputs.cart_items.drop("customer_id", "started_at", "currency", strict=False)
        last = pl.col("__source").max().over("cart_id")
        contents = lines.join(owners, on="cart_id").filter(pl.col("__source") == last).drop("__source").collect()
        if "price" in contents.columns:
            contents = contents.with_columns(converted("price", reading.rates))
        contents = contents.drop("currency")
        if {"price", "quantity"} <= set(contents.columns):
            exported = exported.join(cart_amounts(contents), on=CART, how="left", suffix="_of_lines")
            exported = exported.with_columns(pl.coalesce("amount", "amount_of_lines").alias("amount"))
    inside = contents.lazy()
    derived = _derived_carts(reading, inputs, moments, number) if inputs.events else None
    if derived is not None:
        derived = without_exported(derived, exported)
        exported = pl.concat([exported, derived.carts], how="diagonal_relaxed")
        inside = pl.concat([inside, derived.items], how="diagonal_relaxed")
    carts = abandoned(exported, moments, reading.as_of)
    carts = carts.with_columns(age_columns(reading.as_of, "last_activity_at", reading.needed.get("carts", ())))
    wanted = reading.needed.get("cart_items", frozenset())
    texts = [name for name in PRODUCT_TEXTS if name in wanted]
    items = with_products(inside, inputs.products, texts)
    items = items.join(carts.lazy().select(*CART, "abandoned"), on=CART, how="left")
    items = items.with_columns(age_columns(reading.as_of, "started_at", wanted))
    return carts, items


def _derived_carts(reading: Reading, inputs: Inputs, moments: pl.DataFrame, number: int) -> Carts:
    events = cart_events(inputs.events[number])
    columns = events.collect_schema()
    quantity = cart_quantity() if "quantity" in columns else pl.lit(1.0).alias("quantity")
    events = events.with_columns(quantity)
    prices = []
    wants_prices = reading.wants("carts", "amount") or reading.wants("cart_items", "price")
    if wants_prices and "price" in columns:
        prices.append(pl.col("price").cast(MONEY, strict=False))
    if wants_prices and "value" in columns:  # of all the pieces that the event is about
        each = pl.col("value").cast(pl.Float64) / pl.col("quantity")
        prices.append(pl.when(pl.col("quantity") > 0).then(each.round(2).cast(MONEY)))
    products = inputs.products
    if wants_prices and products is not None and "price" in products.columns and "product_id" in columns:
        usual = products.lazy().select("product_id", usual_price="price")
        events = events.join(usual, on="product_id", how="left")
        prices.append(pl.col("usual_price"))
    price = pl.coalesce(prices) if prices else pl.lit(None, MONEY).alias("price")
    product = pl.col("product_id") if "product_id" in columns else pl.lit(None, TEXT())
    chosen = events.select("customer_id", "at", "event", product.alias("product_id"), "quantity", price.alias("price"))
    return carts_from_events(chosen.collect(), moments)


def _no_rows(table: str) -> pl.DataFrame:
    return pl.DataFrame(schema=CANONICAL[table])
