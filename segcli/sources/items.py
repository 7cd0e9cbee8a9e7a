"""Order lines: whose they are and when they were bought (from their order where the file does not say)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import polars as pl

from segcli.sources.currencies import converted
from segcli.sources.tables import MONEY, TEXT, TIME, SourceFrame


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


def says_all(source: SourceFrame, rates: Mapping[str, Decimal]) -> bool:
    """Whether every line of the file tells its customer, its time and its currency (if that matters)."""
    columns = set(source.frame.collect_schema())
    wanted = {"ordered_at", *(["currency"] if rates else [])}
    return not source.line_items and wanted <= columns and bool(columns & {"customer_id", "email", "phone"})


def order_facts(
    orders: Sequence[pl.LazyFrame], platform: str | None, rates: Mapping[str, Decimal]
) -> pl.LazyFrame | None:
    """order_id, customer_id, ordered_at (and currency) of partitioned orders, one row per order_id.

    Where orders are of several platforms, equal numbers are different orders: lines of
    one `platform` take its own.
    """
    if not orders:
        return None
    rows = pl.concat(list(orders)).filter(pl.col("order_id").is_not_null())
    if platform is not None and "__platform" in rows.collect_schema():
        rows = rows.filter(pl.col("__platform") == platform)
    names = ["customer_id", "ordered_at", *(["currency"] if rates else [])]
    return rows.group_by("order_id").agg(pl.col(names).min())


def with_their_orders(items: pl.LazyFrame, facts: pl.LazyFrame | None, rates: Mapping[str, Decimal]) -> pl.LazyFrame:
    """Lines with `customer_id`, `ordered_at` and `currency` filled from `facts`, and prices in one currency."""
    missing = {"customer_id": TEXT(), "ordered_at": TIME, "currency": TEXT()}
    columns = items.collect_schema()
    items = items.with_columns(pl.lit(None, missing[name]).alias(name) for name in missing if name not in columns)
    if facts is not None:
        names = [name for name in facts.collect_schema() if name != "order_id"]
        items = items.join(facts, on="order_id", how="left", suffix="_of_order")
        items = items.with_columns(pl.coalesce(name, f"{name}_of_order").alias(name) for name in names)
        items = items.drop(f"{name}_of_order" for name in names)
    return items.with_columns(converted("price", rates)) if "price" in columns else items


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
