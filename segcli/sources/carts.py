"""Carts: from an export of abandoned checkouts, or worked out from what customers put in and took out."""

from __future__ import annotations

import datetime as dt

import polars as pl

from segcli.sources.tables import MONEY, NUMBER, TIME

CART_EVENTS = ("add_to_cart", "remove_from_cart", "checkout")
IDLE = dt.timedelta(hours=1)  # after which a cart counts as abandoned
SAME_CART = dt.timedelta(hours=1)  # between an export's checkout and the events of the same cart


def carts_from_events(events: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """One row per cart and product that is still in it, from cart events and the times of all orders.

    `events` has customer_id, at, event, product_id, quantity, price; `orders` customer_id, ordered_at. A cart's
    id is the customer and the number of orders before it, cancelled ones included, so that nothing that
    comes later renames it; an order at the very time of an event comes after the event.
    Columns: cart_id, customer_id, started_at, last_activity_at, stage, product_id, quantity, price; a cart
    that holds no known product has one row with a null product_id.
    """
    moments = pl.concat(
        [
            events.with_columns(is_order=pl.lit(0, pl.Int64)),
            orders.select("customer_id", at="ordered_at", is_order=pl.lit(1, pl.Int64)),
        ],
        how="diagonal",
    ).sort("customer_id", "at", "is_order", "price")
    numbered = moments.with_columns(nth=pl.col("is_order").cum_sum().over("customer_id")).filter(is_order=0)
    signed = (
        pl.when(event="add_to_cart").then("quantity").when(event="remove_from_cart").then(-pl.col("quantity"))
    )
    name = pl.format("{} {}", "customer_id", "nth").alias("cart_id")
    cart = ["customer_id", "nth"]
    carts = numbered.group_by(cart).agg(
        started_at=pl.col("at").min(),
        last_activity_at=pl.col("at").max(),
        stage=pl.when((pl.col("event") == "checkout").any()).then(pl.lit("checkout")).otherwise(pl.lit("cart")),
        # Of what is unknown only the presence is known: a checkout, or something put in.
        unknown=(pl.col("product_id").is_null() & (pl.col("event") != "remove_from_cart")).any(),
    )
    last_price = pl.col("price").drop_nulls().last()  # groups keep the order of the rows
    contents = (
        numbered.filter(pl.col("product_id").is_not_null())
        .group_by([*cart, "product_id"])
        .agg(quantity=signed.sum(), touched=signed.count(), price=last_price)
    )
    held = contents.filter(pl.col("quantity") > 0).drop("touched")
    emptied = contents.filter(pl.col("touched") > 0).join(held, on=cart, how="anti").select(cart).unique()
    # A cart is there if it holds something, or something unknown and was not emptied.
    return (
        carts.join(held, on=cart, how="left")
        .join(emptied.with_columns(emptied=True), on=cart, how="left")
        .filter(pl.col("product_id").is_not_null() | (pl.col("unknown") & pl.col("emptied").is_null()))
        .with_columns(name)
        .drop("nth", "unknown", "emptied")
    )


def without_exported(derived: pl.DataFrame, exported: pl.DataFrame) -> pl.DataFrame:
    """Derived carts but those that an export has too.

    The export knows more (its link, its amount), so it wins over a cart of the same customer whose events lie
    within an hour of the exported checkout.
    """
    if exported.is_empty() or derived.is_empty():
        return derived
    spans = derived.select("cart_id", "customer_id", "started_at", "last_activity_at").unique()
    both = spans.join(exported.select("customer_id", checkout="started_at"), on="customer_id").filter(
        pl.col("checkout") >= pl.col("started_at") - SAME_CART,
        pl.col("checkout") <= pl.col("last_activity_at") + SAME_CART,
    )
    return derived.join(both, on="cart_id", how="anti")


def abandoned(carts: pl.DataFrame, orders: pl.DataFrame, as_of: dt.datetime) -> pl.DataFrame:
    """Sets `abandoned`: idle for an hour, and no order of its customer since it was started."""
    last = orders.group_by("customer_id").agg(last_order=pl.col("ordered_at").max())
    since = pl.col("last_order") >= pl.col("started_at")
    idle = pl.lit(as_of, TIME) - pl.col("last_activity_at") >= IDLE
    closed_by_file = pl.col("abandoned").eq(False).fill_null(False) if "abandoned" in carts.columns else pl.lit(False)
    return (
        carts.join(last, on="customer_id", how="left")
        .with_columns(abandoned=idle & since.fill_null(False).not_() & closed_by_file.not_())
        .drop("last_order")
    )


def cart_amounts(items: pl.DataFrame) -> pl.DataFrame:
    """`cart_id` and `amount`: the sum of quantity times price; null where no price is known."""
    line = (pl.col("price").cast(pl.Decimal(38, 5)) * pl.col("quantity").cast(pl.Decimal(38, 5))).round(2)
    total = pl.when(pl.col("price").count() > 0).then(line.sum())
    return items.group_by("cart_id").agg(amount=total.cast(MONEY))


def cart_quantity(column: str = "quantity") -> pl.Expr:
    """How many a cart event is about: 1 where it does not say."""
    return pl.col(column).cast(NUMBER, strict=False).fill_null(1.0).alias("quantity")
