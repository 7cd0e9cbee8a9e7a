"""What every step of reading knows: the project, the columns that are wanted, who is who, and the facts counted."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import polars as pl

from segcli.project.models import Project
from segcli.sources.identity import People, with_person
from segcli.sources.tables import CANONICAL, DERIVED, NEAREST_STORE, PRODUCT_COLUMNS, UNCOUNTED, WORKING, Catalog

IDENTITY = frozenset({"customer_id", "email", "phone"})
# Columns that a table is read with whether or not anybody asked for them.
ALWAYS: dict[str, frozenset[str]] = {
    "customers": IDENTITY,
    "orders": frozenset({"order_id", "customer_id", "ordered_at", "amount"}),
    "order_items": frozenset({"order_id", "customer_id", "ordered_at", "product_id"}),
    "events": frozenset({"customer_id", "at", "event"}),
    "carts": frozenset({"cart_id", "customer_id", "started_at", "last_activity_at", "abandoned"}),
    "cart_items": frozenset({"cart_id", "customer_id", "started_at", "product_id"}),
    "products": frozenset({"product_id"}),
    "stores": frozenset({"store_id"}),
}
# Of these nobody needs the id once repeats are out, and long texts that are all different take the most room.
SHORT_OF_IDS = frozenset({"orders", "order_items", UNCOUNTED})
# What the wanted columns rest on: (table, column) -> columns of a table that must be read for it.
RESTS_ON: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("customers", "age"): ("customers", ("birth_date",)),
    ("customers", "birthday"): ("customers", ("birth_date",)),
    ("customers", "signup_anniversary"): ("customers", ("created_at", "subscribed_at")),
    ("customers", "season"): ("customers", ("country", "latitude")),
    **dict.fromkeys(
        (("customers", column) for column in NEAREST_STORE),
        ("customers", ("latitude", "longitude", "city", "region", "country")),
    ),
    ("orders", "delivered_at"): ("orders", ("shipped_at",)),
    ("events", "local_hour"): ("customers", ("timezone",)),
    ("events", "local_weekday"): ("customers", ("timezone",)),
    ("events", "event"): ("customers", ("referred_by", "created_at")),
    **{
        (table, column): ("products", (column,))
        for table in ("order_items", "events", "cart_items")
        for column in ("name", "category", "brand")
    },
}
ORDER_WORK = frozenset({"currency", "status", "price", "quantity", *WORKING["orders"]})
CUSTOMER_WORK = frozenset(
    {"first_name", "last_name", "created_at", "subscribed_at", "email_consent", "sms_consent", "consent_at",
     "unsubscribed_at", "suppressed", *WORKING["customers"]}
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """Passed to every step; `counts` is the one thing that steps add to."""

    project: Project
    catalog: Catalog
    needed: Mapping[str, frozenset[str]]
    scratch: Path
    shard_count: int
    people: People
    rates: Mapping[str, Decimal]
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def as_of(self) -> dt.datetime:
        return self.project.as_of

    def wants(self, table: str, *columns: str) -> bool:
        """Whether a recipe uses one of these columns of the table, or (without columns) the table."""
        if not columns:
            return table in self.needed
        return bool(self.needed.get(table, frozenset()) & set(columns))

    def columns(self, table: str, schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
        """The columns the table is handed on with: canonical, derived, then the files' own, as far as wanted."""
        known = "orders" if table == UNCOUNTED else table
        key = self.catalog.by(table) or "customer_id"
        wanted = self.needed.get(table, frozenset()) | ALWAYS.get(known, frozenset({key}))
        fixed = {**CANONICAL.get(known, {}), **DERIVED.get(known, {})}
        listed = self.catalog.tables[table].columns if table in self.catalog.tables else {}
        extras = {
            name: schema.get(name) or listed[name]
            for name in sorted(wanted - set(fixed))
            if name in schema or name in listed
        }
        return {**{name: dtype for name, dtype in fixed.items() if name in wanted}, **extras}

    def shaped(self, table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The frame with exactly the table's columns, typed; what it lacks is null."""
        schema = frame.collect_schema()
        columns = self.columns(table, schema)
        if table in SHORT_OF_IDS and not self.wants(table, "order_id"):
            columns.pop("order_id", None)
        return frame.select(
            pl.col(name)
            if schema.get(name) == dtype
            else (pl.col(name) if name in schema else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in columns.items()
        )

    def of_people(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The frame with each row's person in customer_id."""
        return with_person(frame, self.people)


def columns_to_read(catalog: Catalog, needed: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Per table the columns that files must give: what is needed, what that rests on, and who a row is of."""
    read: dict[str, set[str]] = defaultdict(set)
    for name, table in catalog.tables.items():
        read[name] |= ALWAYS.get(name, frozenset())
        if table.by_person:
            read[name] |= IDENTITY | ({table.time} if table.time else set())
    for name, columns in needed.items():
        target = "orders" if name == UNCOUNTED else name
        read[target] |= columns
        for column in columns:
            source, rest = RESTS_ON.get((target, column), (target, ()))
            read[source] |= set(rest)
    read["customers"] |= CUSTOMER_WORK
    read["orders"] |= ORDER_WORK
    read["order_items"] |= {"quantity", "price"} & read["order_items"] | {"currency", "line_amount"}
    if read["events"] & set(PRODUCT_COLUMNS):
        read["events"].add("product_id")  # the key by which the product's own columns are found
    if {"carts", "cart_items"} & set(needed):
        read["events"] |= {"product_id", "quantity", "price", "value"}
        read["carts"] |= {"amount", "currency", "stage"}
        read["cart_items"] |= {"quantity", "price", "currency"}
        read["products"] |= {"price"}
    for name, table in catalog.tables.items():
        if table.by is not None and any(column.startswith(f"{name}_") for column in needed.get("customers", ())):
            read["customers"].add(table.by)  # an own lookup is found by it
    if "stores" in catalog.tables and read["customers"] & NEAREST_STORE:
        read["stores"] |= {"name", "latitude", "longitude", "city", "region", "country"}
    return {name: frozenset(columns) for name, columns in read.items() if name in catalog.tables or name in needed}
