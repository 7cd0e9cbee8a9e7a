"""Order lines: whose they are and when they were bought (from their order where the file does not say)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import polars as pl

from segcli.sources.currencies import converted
from segcli.sources.tables import MONEY, SourceFrame


def items_of(source: SourceFrame, number: int) -> pl.LazyFrame:
    """The lines of a file with a quantity (1 where none is said) and a unit price in the row's currency."""
    frame = source.frame.drop("__row", "__problem", strict=False)
    columns = frame.collect_schema()
    quantity = pl.col("quantity").fill_null(1.0) if "quantity" in columns else pl.lit(1.0)
    frame = frame.with_columns(quantity.alias("quantity"), pl.lit(number, pl.Int64).alias("__source"))
    if "line_amount" in columns:
        each = pl.when(pl.col("quantity") != 0).then(
            (pl.col("line_amount").cast(pl.Float64) / pl.col("quantity")).round(2).cast(MONEY)
        )
        price = pl.coalesce("price", each) if "price" in columns else each
        frame = frame.with_columns(price.alias("price"))
    return frame


def with_their_orders(
    items: pl.LazyFrame, orders: Sequence[pl.LazyFrame], rates: Mapping[str, Decimal]
) -> pl.LazyFrame:
    """Fills `customer_id`, `ordered_at` and `currency` of lines from the order that bears their `order_id`.

    `orders` are partitioned orders. Lines that say all of it themselves are not joined.
    """
    columns = items.collect_schema()
    wanted = ["customer_id", "ordered_at", *(["currency"] if rates else [])]
    if orders and not set(wanted) <= set(columns):
        facts = pl.concat(orders).select("order_id", *wanted).filter(pl.col("order_id").is_not_null())
        facts = facts.unique("order_id", keep="any") if not rates else facts.sort(facts.collect_schema().names())
        facts = facts.unique("order_id", keep="first", maintain_order=bool(rates))
        items = items.join(facts, on="order_id", how="left", suffix="_of_order")
        for name in wanted:
            if name in columns:
                filled = pl.coalesce(name, f"{name}_of_order")
                items = items.with_columns(filled.alias(name)).drop(f"{name}_of_order")
    absent = [name for name in ("customer_id", "currency") if name not in items.collect_schema()]
    items = items.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    if "ordered_at" not in items.collect_schema():
        items = items.with_columns(pl.lit(None, pl.Datetime("us")).alias("ordered_at"))
    if "price" in items.collect_schema():
        items = items.with_columns(converted("price", rates))
    return items


def with_products(rows: pl.LazyFrame, products: pl.LazyFrame | None, wanted: Collection[str]) -> pl.LazyFrame:
    """Adds the product's name, category, brand (as far as wanted) where the row does not say them itself."""
    columns = rows.collect_schema()
    if products is None or "product_id" not in columns:
        return rows
    names = [name for name in wanted if name in products.collect_schema()]
    if not names:
        return rows
    rows = rows.join(products.select("product_id", *names), on="product_id", how="left", suffix="_of_product")
    own = [name for name in names if name in columns]
    return rows.with_columns(pl.coalesce(name, f"{name}_of_product").alias(name) for name in own).drop(
        f"{name}_of_product" for name in own
    )


def with_product_order(items: pl.DataFrame) -> pl.DataFrame:
    """Adds `product_order`: the nth order with which this customer buys this product, ties by order_id."""
    pair = ("customer_id", "product_id")
    items = items.sort(*pair, "ordered_at", "order_id")
    first = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in pair)
    new = first | pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(name).shift(1)) for name in ("ordered_at", "order_id")
    )
    nth = new.cast(pl.Int64).cum_sum()
    started = pl.when(pl.int_range(pl.len()) == 0).then(True).otherwise(first)
    count = nth - pl.when(started).then(nth).forward_fill() + 1
    return items.with_columns(pl.when(pl.col("product_id").is_not_null()).then(count).alias("product_order"))


def bought_by(items: pl.LazyFrame, as_of: dt.datetime) -> pl.LazyFrame:
    """Lines bought by `as_of`."""
    return items.filter(pl.col("ordered_at") <= as_of)
