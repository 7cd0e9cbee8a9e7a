"""Which columns sources can work out from the columns that files give, and which tables from which."""

from __future__ import annotations

from collections.abc import Mapping

from segcli.sources.tables import CANONICAL, DERIVED, PRODUCT_COLUMNS, WORKING

Given = dict[str, set[str]]
PERSON = {"customer_id", "email", "phone"}
PERSON_TABLES = ("orders", "order_items", "events", "carts", "cart_items")


def derive_given(given: Mapping[str, set[str]], country: str | None) -> Given:
    """What every table has once it is read, from what the files say of each; `country` is the project's."""
    found: Given = {table: set(columns) for table, columns in given.items()}
    found.setdefault("customers", set())
    for table in (*PERSON_TABLES, *(name for name in found if name not in CANONICAL)):
        if table in found and found[table] & PERSON:
            found["customers"] |= found[table] & PERSON | {"customer_id"}
            found[table].add("customer_id")
    found["customers"].add("customer_id")
    _derive_events(found)
    _derive_carts(found)
    _derive_orders(found)
    _derive_customers(found, country)
    for table in ("order_items", "events", "cart_items"):
        if table in found and "product_id" in found[table]:
            found[table] |= found.get("products", set()) & set(PRODUCT_COLUMNS)
    for table in PERSON_TABLES:
        if table in found:
            found[table] |= {"age_days", "age_hours"}
    return {
        table: columns - (set() if table not in CANONICAL else _working(table, columns))
        for table, columns in found.items()
    }


def _working(table: str, columns: set[str]) -> set[str]:
    """Columns that are only worked with, but for extra columns: those never bear such a name."""
    return columns & (set(WORKING.get(table, {})) - set(CANONICAL[table]) - set(DERIVED.get(table, {})))


def _derive_events(found: Given) -> None:
    if "referred_by" in found["customers"]:
        found.setdefault("events", set()).update({"customer_id", "at", "event"})
    if "events" in found:
        found["events"] |= {"local_hour", "local_weekday"}


def _derive_carts(found: Given) -> None:
    """Carts come from what customers put in and took out, if no file lists them."""
    events = found.get("events", set())
    if {"customer_id", "at", "event"} <= events:
        found.setdefault("carts", set()).update(
            {"cart_id", "customer_id", "started_at", "last_activity_at", "stage", "abandoned"}
        )
        if "product_id" in events:
            found.setdefault("cart_items", set()).update(
                {"cart_id", "customer_id", "started_at", "product_id", "quantity", "abandoned"}
            )
        if "product_id" in events and ("price" in events or "price" in found.get("products", set())):
            found["carts"].add("amount")
            found["cart_items"].add("price")
    if "carts" in found:
        found["carts"] |= {"customer_id", "abandoned"}
        if "cart_items" in found:
            found["cart_items"] |= {"customer_id", "started_at", "abandoned"}


def _derive_orders(found: Given) -> None:
    orders = found.get("orders")
    if orders is not None:
        orders |= {"order_id", "counts", "order_number", "gap_days"}
        if orders & {"line_amount", "price"}:
            orders.add("amount")
        if "shipped_at" in orders:
            orders.add("delivered_at")
    items = found.get("order_items")
    if items is not None:
        if orders is not None and "order_id" in items:
            items |= {"customer_id", "ordered_at"}
        if "line_amount" in items:
            items.add("price")
        items |= {"quantity", "counts"} | ({"product_order"} if "product_id" in items else set())


def _derive_customers(found: Given, country: str | None) -> None:
    customers, stores = found["customers"], found.get("stores", set())
    if "birth_date" in customers:
        customers |= {"age", "birthday"}
    if customers & {"created_at", "subscribed_at"}:
        customers.add("signup_anniversary")
    if customers & {"country", "latitude"} or country:
        customers.add("season")
    customers |= {f"{address}_valid" for address in ("email", "phone") if address in customers}
    coordinates = {"latitude", "longitude"}
    if coordinates <= customers & stores:
        customers |= {"nearest_store", "nearest_store_km"}
    elif customers & stores & {"city", "region"}:
        customers.add("nearest_store")
    if "nearest_store" in customers and "name" in stores:
        customers.add("nearest_store_name")
