"""Carts: from an export of abandoned checkouts, or worked out from what customers put in and took out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from segcli.sources.customer_order import by_customer, starts_customer
from segcli.sources.orders import line_amount
from segcli.sources.tables import MONEY, NUMBER, TIME

CART = ("cart_id", "customer_id")  # what tells carts apart
CART_EVENTS = ("add_to_cart", "remove_from_cart", "checkout")
IDLE = dt.timedelta(hours=1)  # after which a cart counts as abandoned
SAME_CART = dt.timedelta(hours=1)  # between an export's checkout and the events of the same cart


@dataclass(frozen=True)
class Carts:
    """One row per cart, and one per product in it."""

    carts: pl.DataFrame  # cart_id, customer_id, started_at, last_activity_at, stage, amount
    items: pl.DataFrame  # cart_id, customer_id, started_at, product_id, quantity, price


def carts_from_events(events: pl.DataFrame, orders: pl.DataFrame) -> Carts:
    """Carts from cart events and the times of all orders.

    `events` has customer_id, at, event, product_id, quantity, price; `orders` customer_id, ordered_at. A cart's
    id is the customer and the number of orders before it, cancelled ones included, so that nothing that
    comes later renames it; an order at the very time of an event comes after the event. A cart is there if
    it holds a product, or something of which no product is known and that was not taken out.
    """
    numbered = _number_carts(events, orders)
    signed = pl.when(event="add_to_cart").then("quantity").when(event="remove_from_cart").then(-pl.col("quantity"))
    known = pl.col("product_id").is_not_null()
    carts = numbered.group_by("cart").agg(
        pl.col("customer_id").first(),
        pl.col("nth").first(),
        started_at=pl.col("at").min(),
        last_activity_at=pl.col("at").max(),
        checked_out=(pl.col("event") == "checkout").any(),
        unknown=(known.not_() & (pl.col("event") != "remove_from_cart")).any(),
        touched=(known & (pl.col("event") != "checkout")).any(),
    )
    contents = (
        numbered.filter(known)
        .group_by("cart", "product_id")
        .agg(quantity=signed.sum().round(6), price=pl.col("price").drop_nulls().last())  # groups keep the order of rows
        .filter(pl.col("quantity") > 0)
    )
    full = pl.col("cart").is_in(contents["cart"].implode())
    carts = carts.filter(full | (pl.col("unknown") & pl.col("touched").not_()))
    carts = carts.join(_amounts(contents, "cart"), on="cart", how="left").select(
        "cart", "customer_id", "started_at", "last_activity_at", "amount",
        cart_id=pl.format("{} {}", "customer_id", "nth"),
        stage=pl.when("checked_out").then(pl.lit("checkout")).otherwise(pl.lit("cart")),
    )  # fmt: skip
    owners = carts.select("cart", "cart_id", "customer_id", "started_at")
    return Carts(carts.drop("cart"), contents.join(owners, on="cart").drop("cart"))


def _number_carts(events: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Events with `nth`, the orders of their customer before them, and `cart`, a number for each cart."""
    theirs = orders.join(events.select("customer_id").unique(), on="customer_id", how="semi")
    moments = pl.concat(
        [
            events.with_columns(is_order=pl.lit(0, pl.Int64)),
            theirs.select("customer_id", at="ordered_at", is_order=pl.lit(1, pl.Int64)),
        ],
        how="diagonal",
    )
    ordered = by_customer(moments, "at", "is_order", "price", "quantity")
    before = pl.col("is_order").cum_sum() - pl.col("is_order")
    started = pl.when(starts_customer()).then(before).forward_fill()
    numbered = ordered.with_columns(nth=before - started, first=starts_customer())
    begins = pl.col("first") | (pl.col("nth") != pl.col("nth").shift(1)).fill_null(True)
    return numbered.with_columns(cart=begins.cum_sum()).filter(is_order=0).drop("is_order", "first")


def without_exported(derived: Carts, exported: pl.DataFrame) -> Carts:
    """Derived carts but those that an export has too.

    The export knows more (its link, its amount), so it wins over a cart of the same customer whose events lie
    within an hour of the exported checkout.
    """
    if exported.is_empty() or derived.carts.is_empty():
        return derived
    spans = derived.carts.select("cart_id", "customer_id", "started_at", "last_activity_at")
    both = spans.join(exported.select("customer_id", checkout="started_at"), on="customer_id").filter(
        pl.col("checkout") >= pl.col("started_at") - SAME_CART,
        pl.col("checkout") <= pl.col("last_activity_at") + SAME_CART,
    )
    return Carts(derived.carts.join(both, on="cart_id", how="anti"), derived.items.join(both, on="cart_id", how="anti"))


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
    """Per cart and customer `amount`: the sum of quantity times price; null where no price is known."""
    return _amounts(items, *CART)


def _amounts(items: pl.DataFrame, *key: str) -> pl.DataFrame:
    line = line_amount(pl.col("price"), pl.col("quantity"))
    total = pl.when(pl.col("price").count() > 0).then(line.sum())
    return items.group_by(key).agg(amount=total.cast(MONEY))


def cart_quantity(column: str = "quantity") -> pl.Expr:
    """How many a cart event is about: 1 where it does not say."""
    return pl.col(column).cast(NUMBER, strict=False).fill_null(1.0).alias("quantity")
