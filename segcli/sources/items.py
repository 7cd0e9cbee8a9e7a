"""Order lines: whose they are and when they were bought (from their order where the file does not say)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import polars as pl

from segcli.sources.currencies import converted
from segcli.sources.customer_order import codes, repeats, turns
from segcli.sources.tables import MONEY, TEXT, TIME, SourceFrame

MOST_LOOKED_UP = 100_000  # products that are looked up by expressions and not joined


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


def with_products(rows: pl.LazyFrame, products: pl.DataFrame | None, wanted: Collection[str]) -> pl.LazyFrame:
    """Adds the product's name, category, brand (as far as wanted) where the row does not say them itself.

    They are looked up as rows are read, by expressions: those cost nothing in a query that does not use them, and a
    join would. Of very many products a join it is, since every batch of rows has to learn them anew.
    """
    columns = rows.collect_schema()
    if products is None or products.is_empty() or "product_id" not in columns:
        return rows
    names = [name for name in wanted if name in products.columns]
    added = {f"__product_{name}": name for name in names}
    if len(products) > MOST_LOOKED_UP and names:
        texts = products.lazy().select("product_id", **{column: pl.col(name) for column, name in added.items()})
        found = {name: pl.col(column) for column, name in added.items()}
        rows = rows.join(texts, on="product_id", how="left")
    else:
        ids = products["product_id"]
        found = {
            name: pl.col("product_id").replace_strict(ids, products[name], default=None, return_dtype=TEXT())
            for name in names
        }
    told = {name: pl.coalesce(name, value) if name in columns else value for name, value in found.items()}
    return rows.with_columns(**told).drop(added, strict=False)


def product_order(items: pl.DataFrame) -> pl.Series:
    """Of each line the nth order with which its customer buys its product, ties by order_id; null without a product."""
    product, times, ids = codes(items["product_id"]), items["ordered_at"], items["order_id"]
    pair = codes(items["customer_id"]) * (len(items) + 1) + product
    order = turns([pair, times])
    same_pair = repeats(pair.gather(order))
    same_time = same_pair & repeats(times.gather(order))
    tied = same_time.arg_true()
    same_id = ids.gather(order.gather(tied)).eq_missing(ids.gather(order.gather(tied - 1)))
    if not same_id.all():  # several orders at one time: their ids decide
        rank = ids.rank("dense").fill_null(0)
        order = turns([pair, times, rank])
        same_time &= repeats(rank.gather(order))
    lines = pl.DataFrame({"same_pair": same_pair, "same_order": same_time})
    nth = pl.col("same_order").not_().cast(pl.Int64).cum_sum()
    before = pl.when(pl.col("same_pair").not_()).then(nth - 1).forward_fill()
    counts = pl.zeros(len(items), dtype=pl.Int64, eager=True).scatter(order, lines.select(nth - before).to_series())
    return pl.select(pl.when(product >= 0).then(counts).alias("product_order")).to_series()
