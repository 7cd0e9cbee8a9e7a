"""What picks read, and what is said to be missing."""

from __future__ import annotations

from segcli.campaigns.products import kinds_of, missing_columns, needed_tables
from segcli.campaigns.products.kinds import KINDS
from segcli.sources.tables import CANONICAL
from tests.campaigns.products.small_shops import pick, products_key, requests
from tests.campaigns.products.test_picks_agree import shop_of, shop_rows


def test_picks_and_what_fills_up_are_both_needed() -> None:
    products = products_key(viewed=2, fill=["most_searched", "viewed"])
    assert kinds_of(products) == ("viewed", "most_searched")
    needed = needed_tables(products)
    assert needed["events"] == {"customer_id", "at", "event", "product_id", "name", "category", "brand", "query"}
    assert set(needed) == {"products", "events", "order_items"}


def test_every_needed_column_is_a_canonical_one() -> None:
    for kind in KINDS:
        for table, columns in needed_tables(products_key(**{kind: 1})).items():
            assert columns <= set(CANONICAL[table]), kind


def test_what_is_read_is_enough() -> None:
    """Columns beyond the needed ones, which a run would not read, change nothing."""
    rows = shop_rows(3)
    for kind in KINDS:
        products = products_key(of="field", **{kind: 3})
        needed = {"customers": frozenset({"customer_id"}), **needed_tables(products)}
        whole = shop_of(rows)
        frames = {
            name: frame.select(column for column in frame.columns if column in needed[name])
            for name, frame in whole.frames.items()
            if name in needed
        }
        narrow = shop_of(rows)
        narrow.frames = frames
        asked = requests(dict.fromkeys("abcdefgh", "Kiln"))
        assert pick(whole, products, asked).equals(pick(narrow, products, asked)), kind


def test_what_a_kind_lacks_is_said_by_table_and_column() -> None:
    products = products_key(cart=1, accessories=1, fill=["bestsellers", "most_searched", "new_arrivals"])
    given = {
        "products": frozenset({"product_id", "name"}),
        "order_items": frozenset({"customer_id", "product_id"}),
        "events": frozenset({"customer_id", "at", "event"}),
    }
    assert missing_columns(products, given) == {
        "cart": ("carts.cart_id", "cart_items.product_id"),
        "accessories": ("products.accessory_of",),
        "most_searched": ("events.query or events.product_id",),
        "new_arrivals": ("products.created_at",),
    }
