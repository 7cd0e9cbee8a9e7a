"""Suggestions: what others bought with it, accessories, dearer ones, best sold, most searched, new."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from segcli.campaigns.products.kinds import KINDS
from tests.campaigns.products.small_shops import pick, products_key, requests, shown
from tests.campaigns.products.test_facts import carts, items, lines, views
from tests.fields.inline_tables import Shop, days_ago

Rows = list[dict[str, object]]


def listed(*ids: str, **columns: object) -> Rows:
    return [{"product_id": item, "name": item.title(), **columns} for item in ids]


def orders(*baskets: tuple[str, str], days: float = 10) -> Rows:
    """Lines of orders: the customer, and the products of the order as words."""
    return [
        {"order_id": str(number), "customer_id": person, "product_id": product, "ordered_at": days_ago(days)}
        for number, (person, products) in enumerate(baskets)
        for product in products.split()
    ]


def searches(*rows: tuple[str, str | None, str | None], days: float = 1) -> Rows:
    return [
        {"customer_id": person, "at": days_ago(days), "event": "search", "query": query, "product_id": product}
        for person, query, product in rows
    ]


def test_best_sold_counts_units_of_ninety_days_and_leaves_out_what_the_customer_has_and_the_shop_has_not() -> None:
    sold = lines(("bob", "cup", 80), ("cem", "cup", 5), ("bob", "pot", 3), ("bob", "tin", 100), ("cem", "tin", 99))
    sold[2]["quantity"] = 9.0
    people: Rows = [{"customer_id": "eve"}]
    shop = Shop(products=[*listed("cup", "tin"), *listed("pot", stock=0)], order_items=sold, customers=people)
    assert shown(shop, products_key(bestsellers=3), ["bob", "eve"]) == {"bob": [], "eve": ["cup"]}
    shop = Shop(products=listed("cup", "tin", "pot"), order_items=sold, customers=people)
    found = shown(shop, products_key(bestsellers=3), ["bob", "cem", "eve"])
    assert found == {"bob": [], "cem": ["pot"], "eve": ["pot", "cup"]}
    year = products_key(bestsellers=3, within=timedelta(days=365))
    assert shown(shop, year, ["eve"]) == {"eve": ["pot", "cup", "tin"]}


def test_equally_sold_go_by_the_latest_sale_and_then_by_id() -> None:
    sold = lines(("bob", "cup", 5), ("bob", "pot", 3), ("bob", "tin", 5))
    shop = Shop(products=listed("cup", "tin", "pot"), order_items=sold, customers=[{"customer_id": "ann"}])
    assert shown(shop, products_key(bestsellers=3), ["ann"]) == {"ann": ["pot", "cup", "tin"]}


def test_who_bought_the_whole_top_of_the_list_still_gets_the_next() -> None:
    names = [f"p{number:03}" for number in range(60)]
    sold = lines(*(("bob", name, 5) for name in names)) + lines(*(("ann", name, 4) for name in names[:57]))
    shop = Shop(products=listed(*names), order_items=sold, customers=[{"customer_id": "eve"}])
    found = shown(shop, products_key(bestsellers=2), ["ann", "eve"])
    assert found == {"ann": ["p057", "p058"], "eve": ["p000", "p001"]}


def test_of_keeps_to_a_category_before_a_brand_and_fill_tops_up_from_everything() -> None:
    products = [
        *listed("cup", category="Kiln", brand="Quill"), *listed("pot", category="pots", brand="Kiln"),
        *listed("tin", category="tins", brand="Tindrel"),
    ]  # fmt: skip
    sold = lines(("bob", "cup", 5), ("bob", "pot", 3), ("bob", "tin", 1), ("cem", "tin", 1))
    people: Rows = [{"customer_id": name} for name in ("a", "b", "c", "d")]
    shop = Shop(products=products, order_items=sold, customers=people)
    wants: dict[str, str | None] = {"a": "Kiln", "b": "Tindrel", "c": "no such", "d": None}
    found = shown(shop, products_key(bestsellers=2, of="field"), wants)
    assert found == {"a": ["cup"], "b": ["tin"], "c": [], "d": []}
    found = shown(shop, products_key(bestsellers=2, of="field", fill=["bestsellers"]), wants)
    assert found == {"a": ["cup", "tin"], "b": ["tin", "pot"], "c": ["tin", "pot"], "d": ["tin", "pot"]}


def test_fill_goes_through_its_kinds_in_turn_until_the_count_is_reached() -> None:
    products = [*listed("old"), *listed("new", created_at=days_ago(3)), *listed("newer", created_at=days_ago(2))]
    shop = Shop(products=products, order_items=lines(("bob", "old", 5)), events=views(("ann", "old", 1)))
    asked = products_key(viewed=2, fill=["bestsellers", "new_arrivals"])
    assert shown(shop, asked, ["ann", "bob"]) == {"ann": ["old", "newer"], "bob": ["newer", "new"]}


def test_too_few_products_are_not_enough() -> None:
    shop = Shop(products=listed("cup", "pot"), order_items=lines(("bob", "cup", 5), ("cem", "pot", 5)))
    found = pick(shop, products_key(bestsellers=2, at_least=1), requests(["bob", "cem", "nobody"]))
    assert dict(found.select("customer_id", "enough").iter_rows()) == {"bob": True, "cem": True, "nobody": False}
    found = pick(shop, products_key(bestsellers=2, at_least=2), requests(["bob"]))
    assert found["enough"].to_list() == [False]


def test_new_arrivals_are_of_sixty_days_the_newest_first_and_none_from_tomorrow() -> None:
    products = [
        *listed("old", created_at=days_ago(61)), *listed("new", created_at=days_ago(59)),
        *listed("newer", created_at=days_ago(1)), *listed("coming", created_at=days_ago(-1)), *listed("undated"),
    ]  # fmt: skip
    shop = Shop(products=products, customers=[{"customer_id": "ann"}])
    assert shown(shop, products_key(new_arrivals=9), ["ann"]) == {"ann": ["newer", "new"]}
    assert shown(shop, products_key(new_arrivals=9, within=timedelta(days=30)), ["ann"]) == {"ann": ["newer"]}


def test_a_search_counts_for_its_product_or_for_those_whose_names_have_all_its_words() -> None:
    products: Rows = [
        {"product_id": "1", "name": "Blue Café Cup"}, {"product_id": "2", "name": "Red cup"},
        {"product_id": "3", "name": "Kettle"}, {"product_id": "4", "name": "Fincan ILIK"},
    ]  # fmt: skip
    asked = [
        ("bob", "CUP cafe", None), ("cem", "cup  CAFE!", None), ("bob", "cup", None), ("bob", "cup teapot", None),
        ("bob", None, "3"), ("cem", "anything", "3"), ("eve", None, "3"), ("bob", None, "gone"), ("bob", "...", None),
        ("bob", "ılık", None),
    ]  # fmt: skip
    shop = Shop(products=products, events=searches(*asked) + searches(("bob", "red", None), days=91))
    # Three searches for 3; two and a half for 1; one for 4; half a search for 2.
    assert shown(shop, products_key(most_searched=9), ["bob"]) == {"bob": ["3", "1", "4", "2"]}


def test_accessories_go_with_what_was_bought_last_and_are_not_in_the_cart() -> None:
    products = [
        *listed("kettle", "grinder"), *listed("brush", "burrs", "lid", accessory_of="grinder"),
        *listed("filter", accessory_of="kettle"), *listed("stand", accessory_of="kettle", stock=0),
        *listed("gone", accessory_of="retired"),
    ]  # fmt: skip
    shop = Shop(
        products=products,
        order_items=lines(("ann", "kettle", 5), ("ann", "grinder", 9), ("ann", "lid", 9), ("bob", "retired", 4)),
        carts=carts(("1", "ann", 1, True)),
        cart_items=items(("1", "ann", "burrs", "5")),
    )
    found = shown(shop, products_key(accessories=9), ["ann", "bob"])
    assert found == {"ann": ["filter", "brush"], "bob": ["gone"]}


def test_an_accessory_is_found_however_much_else_was_bought_since() -> None:
    names = [f"p{number}" for number in range(30)]
    shop = Shop(
        products=[*listed("kettle", *names), *listed("filter", accessory_of="kettle")],
        order_items=lines(("ann", "kettle", 90), *(("ann", name, 1) for name in names)),
    )
    assert shown(shop, products_key(accessories=1), ["ann"]) == {"ann": ["filter"]}


def test_bought_together_has_the_highest_lift_first_and_a_floor_of_support() -> None:
    others = [f"o{number}" for number in range(40)]
    baskets = [
        *[("bob", "cup saucer")] * 5, *[("bob", "cup tea")] * 8, *[("bob", "tea")] * 12,
        *[("bob", "cup rare")] * 4, *[("bob", name) for name in others], ("ann", "cup"),
    ]  # fmt: skip
    products = listed("cup", "saucer", "tea", "rare", *others)
    shop = Shop(products=products, order_items=orders(*baskets))
    # 70 baskets, 18 with a cup: saucers 5 * 70 / (18 * 5), tea 8 * 70 / (18 * 20); `rare` is in 4 with a cup.
    assert shown(shop, products_key(bought_together=9), ["ann"]) == {"ann": ["saucer", "tea"]}


def test_what_is_bought_together_less_than_by_chance_is_not_suggested() -> None:
    baskets = [*[("bob", "cup tea")] * 5, *[("bob", "tea")] * 20, *[("bob", "cup")] * 5]
    shop = Shop(products=listed("cup", "tea"), order_items=orders(*baskets, ("ann", "cup")))
    assert shown(shop, products_key(bought_together=9), ["ann"]) == {"ann": []}


def test_bought_together_goes_with_the_cart_of_who_never_bought() -> None:
    baskets = [*[("bob", "cup saucer tray")] * 5, *[("bob", "x")] * 5]
    shop = Shop(
        products=listed("cup", "saucer", "tray", "x"),
        order_items=orders(*baskets),
        carts=carts(("1", "ann", 1, True)),
        cart_items=items(("1", "ann", "cup", "9"), ("1", "ann", "tray", "9")),
    )
    assert shown(shop, products_key(cart=1, bought_together=9), ["ann"]) == {"ann": ["cup", "saucer"]}


def test_without_order_ids_all_that_a_customer_bought_is_one_basket() -> None:
    sold = [line for number in range(5) for line in lines((f"b{number}", "cup", 90), (f"b{number}", "saucer", 3))]
    shop = Shop(products=listed("cup", "saucer"), order_items=[*sold, *lines(("ann", "cup", 1), ("eve", "pot", 1))])
    assert shown(shop, products_key(bought_together=9), ["ann"]) == {"ann": ["saucer"]}


def test_baskets_too_large_to_say_anything_are_not_counted() -> None:
    names = [f"p{number}" for number in range(51)]
    shop = Shop(products=listed(*names), order_items=orders(*[("bob", " ".join(names))] * 9, ("ann", "p1")))
    assert shown(shop, products_key(bought_together=9), ["ann"]) == {"ann": []}


def test_what_the_shop_no_longer_lists_is_gone_with_but_never_suggested() -> None:
    baskets = [*[("bob", "retired saucer")] * 5, *[("bob", "x")] * 5]
    shop = Shop(products=listed("saucer", "x"), order_items=orders(*baskets, ("ann", "retired"), ("eve", "saucer")))
    assert shown(shop, products_key(bought_together=9), ["ann", "eve"]) == {"ann": ["saucer"], "eve": []}


def priced(prices: dict[str, str], category: str = "cups", **columns: object) -> Rows:
    return [
        {"product_id": item, "name": item, "category": category, "price": Decimal(price), **columns}
        for item, price in prices.items()
    ]


def paid(person: str, product: str, price: str, days: float) -> Rows:
    return [{**line, "price": Decimal(price)} for line in lines((person, product, days))]


def test_upsell_is_of_the_category_bought_last_and_costs_a_little_more_than_usual() -> None:
    products = [
        *priced({"a": "9", "low": "10.99", "least": "11.00", "most": "15.00", "high": "15.01", "mid": "12"}),
        *priced({"pot": "12"}, category="pots"), *priced({"out": "12"}, stock=0),
    ]  # fmt: skip
    # What ann usually pays for a piece: the median of 8, 9, 11 and 60, which is 10.
    history = [*paid("ann", "a", "8", 1), *paid("ann", "pot", "9", 2), *paid("ann", "pot", "11", 2)]
    history += [*paid("ann", "pot", "60", 3), *paid("ann", "a", "0", 9), *paid("bob", "mid", "12", 5)]
    shop = Shop(products=products, order_items=history)
    assert shown(shop, products_key(upsell=9), ["ann"]) == {"ann": ["mid", "least", "most"]}
    found = shown(shop, products_key(upsell=9, of="field"), {"ann": "pots"})
    assert found == {"ann": []}


def test_a_usual_price_of_odd_cents_has_exact_bounds() -> None:
    # The median of 9.99 and 10.00 is 9.995: from 10.9945 to 14.9925.
    products = priced({"a": "9", "low": "10.99", "least": "11.00", "most": "14.99", "high": "15.00"})
    shop = Shop(products=products, order_items=[*paid("ann", "a", "9.99", 1), *paid("ann", "a", "10", 2)])
    assert shown(shop, products_key(upsell=9), ["ann"]) == {"ann": ["least", "most"]}


def test_upsell_follows_a_later_view() -> None:
    products = [*priced({"a": "10", "b": "12"}), *priced({"pot": "10", "tall": "13"}, category="pots")]
    history = paid("ann", "a", "10", 5)
    shop = Shop(products=products, order_items=history, events=views(("ann", "pot", 2)))
    assert shown(shop, products_key(upsell=9), ["ann"]) == {"ann": ["tall"]}
    shop = Shop(products=products, order_items=history, events=views(("ann", "pot", 5)))
    assert shown(shop, products_key(upsell=9), ["ann"]) == {"ann": ["b"]}


def test_a_later_pick_shows_nothing_that_an_earlier_one_shows() -> None:
    products = listed("cup", "pot", "tin", created_at=days_ago(2))
    shop = Shop(
        products=products, order_items=lines(("bob", "cup", 5), ("bob", "pot", 9)), events=views(("ann", "pot", 1))
    )
    asked = products_key(viewed=1, bestsellers=1, new_arrivals=2)
    assert shown(shop, asked, ["ann"]) == {"ann": ["pot", "cup", "tin"]}


def test_a_shop_without_anything_shows_nothing() -> None:
    shop = Shop(customers=[{"customer_id": "ann"}])
    for kind in KINDS:
        assert shown(shop, products_key(**{kind: 2}), ["ann"]) == {"ann": []}


def test_nobody_asked_is_nobody_answered() -> None:
    shop = Shop(products=listed("cup"), order_items=lines(("bob", "cup", 5)))
    assert pick(shop, products_key(bestsellers=2), requests([])).is_empty()
