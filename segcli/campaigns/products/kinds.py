"""The kinds of picks: what each reads of which table, and what it cannot do without."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import polars as pl

from segcli.project.campaign_models import ProductKind, Products
from segcli.sources.tables import FLAG, MONEY, NUMBER, TEXT, WHOLE

FACTS = frozenset({"cart", "viewed", "bought"})  # what they are, whatever the shop has of it
KINDS: tuple[str, ...] = get_args(ProductKind)
KIND = pl.Enum(KINDS)
WITHOUT_CART = frozenset({"bought_together", "accessories"})  # which go with a cart, so never into it again

SOLD_WITHIN = dt.timedelta(days=90)  # a season: longer remembers what has gone out of it
NEW_WITHIN = dt.timedelta(days=60)

# Few enough to say "only a few left" of, and that is true of one to five pieces for any buyer of one.
LOW_STOCK = 5

SHOWN: Mapping[str, pl.DataType] = {
    "product_id": TEXT(), "name": TEXT(), "category": TEXT(), "brand": TEXT(), "price": MONEY, "image_url": TEXT(),
    "url": TEXT(), "stock": WHOLE(), "rating": NUMBER(), "review": TEXT(),
}  # fmt: skip
PRODUCT = pl.Struct({**SHOWN, "low_stock": FLAG(), "kind": TEXT()})  # one product of a message

Needs = Mapping[str, frozenset[str]]
_TEXTS = frozenset({"name", "category", "brand"})
_CART: Needs = {
    "carts": frozenset({"cart_id", "customer_id", "last_activity_at", "abandoned"}),
    "cart_items": frozenset({"cart_id", "customer_id", "product_id", "price"}),
}
_BOUGHT = frozenset({"customer_id", "ordered_at", "product_id"})
_SEEN = frozenset({"customer_id", "at", "event", "product_id"})
_READ: Mapping[str, Needs] = {
    "cart": {**_CART, "cart_items": _CART["cart_items"] | _TEXTS},
    "viewed": {"events": _SEEN | _TEXTS},
    "bought": {"order_items": _BOUGHT | _TEXTS | {"price"}},
    "bought_together": {"order_items": _BOUGHT | {"order_id"}, **_CART},
    "accessories": {"order_items": _BOUGHT, "products": frozenset({"accessory_of"}), **_CART},
    "upsell": {"order_items": _BOUGHT | {"price", "quantity"}, "events": _SEEN},
    "bestsellers": {"order_items": _BOUGHT | {"quantity"}},
    "most_searched": {"order_items": _BOUGHT, "events": _SEEN | {"query"}},
    "new_arrivals": {"order_items": _BOUGHT, "products": frozenset({"created_at"})},
}
_SOLD = (("products.name",), ("order_items.product_id",))
# Each of these must be given; of several in one tuple, one of them.
_REQUIRED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "cart": (("carts.cart_id",), ("cart_items.product_id",), ("cart_items.name", "products.name")),
    "viewed": (("events.event",), ("events.product_id",), ("events.name", "products.name")),
    "bought": (("order_items.product_id",), ("order_items.name", "products.name")),
    "bought_together": _SOLD,
    "accessories": (*_SOLD, ("products.accessory_of",)),
    "upsell": (*_SOLD, ("order_items.price",), ("products.price",), ("products.category", "products.brand")),
    "bestsellers": _SOLD,
    "most_searched": (("products.name",), ("events.event",), ("events.query", "events.product_id")),
    "new_arrivals": (("products.name",), ("products.created_at",)),
}


@dataclass(frozen=True)
class Turn:
    """One kind's turn: at most `most` products more, and no more than `up_to` in all."""

    kind: str
    most: int
    up_to: int
    within: dt.timedelta | None
    bounded: bool  # to the category or brand that `of` names


def turns_of(products: Products) -> tuple[Turn, ...]:
    """The picks in turn, then what fills up. `of` and `within` bind the picks alone, `of` all but the cart."""
    up_to, bounded = products.count, products.of is not None
    return (
        *(
            Turn(pick.kind, pick.count, up_to, products.within, bounded and pick.kind != "cart")
            for pick in products.picks
        ),
        *(Turn(kind, up_to, up_to, None, bounded=False) for kind in products.fill),
    )


def kinds_of(products: Products) -> tuple[str, ...]:
    """Every kind that may be picked, each once, in the order in which they are tried."""
    return tuple(dict.fromkeys((*(pick.kind for pick in products.picks), *products.fill)))


def needed_tables(products: Products) -> dict[str, frozenset[str]]:
    """Table -> the columns that the picks read of it, as far as files give them."""
    needed: dict[str, frozenset[str]] = {"products": frozenset(SHOWN)}
    for kind in kinds_of(products):
        for table, columns in _READ[kind].items():
            needed[table] = needed.get(table, frozenset()) | columns
    return needed


def missing_columns(products: Products, given: Mapping[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    """Kind -> the columns (`table.column`, or several with `or`) without which it picks nothing.

    `given` has the columns of each table that files give. Kinds that lack nothing are not in it.
    """
    known = {f"{table}.{column}" for table, columns in given.items() for column in columns}
    missing = {
        kind: tuple(" or ".join(choice) for choice in _REQUIRED[kind] if known.isdisjoint(choice))
        for kind in kinds_of(products)
    }
    return {kind: columns for kind, columns in missing.items() if columns}
