"""Carts: from an export of abandoned checkouts, or worked out from what customers put in and took out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from segcli.sources.customer_order import codes, repeats, turns
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
    items: pl.LazyFrame  # cart_id, customer_id, started_at, product_id, quantity, price


def carts_from_events(events: pl.DataFrame, orders: pl.DataFrame) -> Carts:
    """Carts from cart events and the times of all orders.

    `events` has customer_id, at, event, product_id, quantity, price; `orders` customer_id, ordered_at. A cart's
    id is the customer and the number of orders before it, cancelled ones included, so that nothing that
    comes later renames it; an order at the very time of an event comes after the event. A cart is there if
    it holds a product, or something of which no product is known and that was not taken out.
    """
    if not events["price"].is_null().all() or not (events["quantity"] == 1).all():
        events = events.sort("price", "quantity", "event")  # what decides between events of one time
    steps = _number_carts(events, orders)
    known, removed = pl.col("product") >= 0, pl.col("removed")
    carts = steps.group_by("cart", maintain_order=True).agg(
        pl.col("row", "nth").first(),
        started_at=pl.col("at").first(),
        last_activity_at=pl.col("at").last(),
        checked_out=pl.col("checkout").any(),
        unknown=(known.not_() & removed.not_()).any(),
        touched=(known & pl.col("checkout").not_()).any(),
    )
    contents = (
        steps.filter(known)
        .group_by(pair=pl.col("cart").cast(pl.Int64) * len(events) + pl.col("product"))
        .agg(pl.col("cart", "row").first(), quantity=pl.col("added").sum(), price=pl.col("price").drop_nulls().last())
        .filter(pl.col("quantity") > 0)
    )
    full = pl.col("cart").is_in(contents["cart"].unique().implode())
    carts = carts.filter(full | (pl.col("unknown") & pl.col("touched").not_()))
    carts = carts.join(_amounts(contents, "cart"), on="cart", how="left", maintain_order="left")
    carts = carts.with_columns(events["customer_id"].gather(carts["row"])).select(
        "cart", "customer_id", "started_at", "last_activity_at", "amount",
        cart_id=pl.format("{} {}", "customer_id", "nth"),
        stage=pl.when("checked_out").then(pl.lit("checkout")).otherwise(pl.lit("cart")),
    )  # fmt: skip
    owners = carts.lazy().select("cart", "cart_id", "customer_id", "started_at")
    items = contents.lazy().select(
        "cart", "quantity", "price", product_id=pl.lit(events["product_id"]).gather(pl.col("row"))
    )
    return Carts(carts.drop("cart"), items.join(owners, on="cart").drop("cart"))


def _number_carts(events: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """The events in turn, each with `row`, where it stands, `nth`, the orders of its customer before, and `cart`.

    Beside those at, price, `product` (a number, -1 for none), `added` (negative when taken out), checkout, removed.
    """
    customers = codes(pl.concat([events["customer_id"], orders["customer_id"]]))
    times = pl.concat([events["at"], orders["ordered_at"]])
    order = turns([customers, times])  # orders stand after the events, so at one time they come after them
    rows = pl.DataFrame({"row": order, "same": repeats(customers.gather(order)), "is_order": order >= len(events)})
    before = pl.col("is_order").cast(pl.Int64).cum_sum() - pl.col("is_order")
    started = pl.when(pl.col("same").not_()).then(before).forward_fill()
    rows = rows.select("row", "same", "is_order", nth=before - started)
    begins = pl.col("same").not_() | (pl.col("nth") != pl.col("nth").shift(1)).fill_null(True)
    rows = rows.with_columns(cart=begins.cum_sum()).filter(pl.col("is_order").not_()).select("row", "nth", "cart")
    removed = pl.col("event") == "remove_from_cart"
    facts = events.select(
        "at", "price", product=codes(events["product_id"]),
        added=pl.when(event="add_to_cart").then("quantity").when(removed).then(-pl.col("quantity")),
        checkout=pl.col("event") == "checkout", removed=removed,
    )  # fmt: skip
    return rows.hstack([fact.gather(rows["row"]) for fact in facts])


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
    items = derived.items.join(both.lazy(), on="cart_id", how="anti")
    return Carts(derived.carts.join(both, on="cart_id", how="anti"), items)


def abandoned(carts: pl.DataFrame, orders: pl.DataFrame, as_of: dt.datetime) -> pl.DataFrame:
    """Sets `abandoned`: idle for an hour, and no order of its customer since it was started."""
    grouped = orders.lazy().group_by("customer_id").agg(last_order=pl.col("ordered_at").max())
    last = grouped.collect(engine="streaming")
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
