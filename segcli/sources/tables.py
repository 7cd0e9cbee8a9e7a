"""The canonical tables: their columns, and the shapes in which they pass from stage to stage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from segcli.problems import Place

if TYPE_CHECKING:
    from polars._typing import EngineType

    from segcli.sources.recognition import FilePlan

MONEY = pl.Decimal(18, 2)
UNIT_PRICE = pl.Decimal(18, 6)  # of one piece, as it is multiplied: screws cost 0.125
TIME = pl.Datetime("us")
TEXT = pl.String
NUMBER = pl.Float64
WHOLE = pl.Int64
DATE = pl.Date
FLAG = pl.Boolean
TEXTS = pl.List(pl.String)

PRODUCT_COLUMNS: dict[str, pl.DataType] = {"name": TEXT(), "category": TEXT(), "brand": TEXT()}

# Columns that a file may give. Types are exactly these, or Date and lists of them: nothing narrower.
CANONICAL: dict[str, dict[str, pl.DataType]] = {
    "customers": {
        "customer_id": TEXT(), "email": TEXT(), "phone": TEXT(), "first_name": TEXT(), "last_name": TEXT(),
        "gender": TEXT(), "birth_date": DATE(), "country": TEXT(), "region": TEXT(), "city": TEXT(),
        "postal_code": TEXT(), "latitude": NUMBER(), "longitude": NUMBER(), "language": TEXT(),
        "timezone": TEXT(), "subscribed_at": TIME, "created_at": TIME, "email_consent": FLAG(),
        "sms_consent": FLAG(), "consent_at": TIME, "consent_source": TEXT(), "tags": TEXTS,
        "referred_by": TEXT(), "active_at": TIME, "unsubscribed_at": TIME, "suppressed": FLAG(),
    },
    "orders": {
        "order_id": TEXT(), "customer_id": TEXT(), "ordered_at": TIME, "shipped_at": TIME,
        "delivered_at": TIME, "amount": MONEY, "currency": TEXT(), "status": TEXT(), "discount_code": TEXT(),
    },
    "order_items": {
        "order_id": TEXT(), "customer_id": TEXT(), "ordered_at": TIME, "product_id": TEXT(),
        "quantity": NUMBER(), "price": MONEY, **PRODUCT_COLUMNS,
    },
    "events": {
        "customer_id": TEXT(), "at": TIME, "event": TEXT(), "product_id": TEXT(), "campaign": TEXT(),
        "list": TEXT(), "page": TEXT(), "query": TEXT(), "value": MONEY, "tag": TEXT(), **PRODUCT_COLUMNS,
    },
    "carts": {
        "cart_id": TEXT(), "customer_id": TEXT(), "started_at": TIME, "last_activity_at": TIME,
        "stage": TEXT(), "amount": MONEY, "url": TEXT(), "abandoned": FLAG(),
    },
    "cart_items": {
        "cart_id": TEXT(), "customer_id": TEXT(), "started_at": TIME, "product_id": TEXT(),
        "quantity": NUMBER(), "price": MONEY, **PRODUCT_COLUMNS,
    },
    "products": {
        "product_id": TEXT(), "name": TEXT(), "category": TEXT(), "brand": TEXT(), "price": MONEY,
        "image_url": TEXT(), "url": TEXT(), "stock": WHOLE(), "rating": NUMBER(), "review": TEXT(),
        "created_at": TIME, "accessory_of": TEXT(),
    },
    "stores": {
        "store_id": TEXT(), "name": TEXT(), "city": TEXT(), "region": TEXT(), "country": TEXT(),
        "latitude": NUMBER(), "longitude": NUMBER(),
    },
}  # fmt: skip

# Columns that sources work out from what the files gave. They are `given` when what they rest on is.
DERIVED: dict[str, dict[str, pl.DataType]] = {
    "customers": {
        "age": WHOLE(), "birthday": DATE(), "signup_anniversary": DATE(), "season": TEXT(),
        "nearest_store": TEXT(), "nearest_store_name": TEXT(), "nearest_store_km": NUMBER(),
        "email_valid": FLAG(), "phone_valid": FLAG(),
        "forgotten": FLAG(),  # history remembers that they asked to be
    },
    "orders": {
        "counts": FLAG(), "order_number": WHOLE(), "gap_days": WHOLE(), "age_days": WHOLE(),
        "age_hours": NUMBER(),
    },
    "order_items": {"counts": FLAG(), "product_order": WHOLE(), "age_days": WHOLE(), "age_hours": NUMBER()},
    "events": {
        "age_days": WHOLE(), "age_hours": NUMBER(),
        "local_hour": WHOLE(), "local_weekday": WHOLE(),  # in the customer's timezone; Monday is 1
    },
    "carts": {"age_days": WHOLE(), "age_hours": NUMBER()},
    "cart_items": {"abandoned": FLAG(), "age_days": WHOLE(), "age_hours": NUMBER()},
}  # fmt: skip

# Of those, what the store nearest to a customer says.
NEAREST_STORE = frozenset(name for name in DERIVED["customers"] if name.startswith("nearest_store"))

# The column that says when a row happened; rows after as_of do not exist.
TIME_COLUMN = {
    "orders": "ordered_at",
    "order_items": "ordered_at",
    "events": "at",
    "carts": "last_activity_at",
    "cart_items": "started_at",
}

LOOKUPS = frozenset({"products", "stores"})

# segcli's own tables, which no file gives: the steps that it dealt with, and who was in which segment when.
HISTORY: dict[str, dict[str, pl.DataType]] = {
    "sends": {
        "customer_id": TEXT(), "send_at": TIME, "campaign": TEXT(), "step": TEXT(), "message": TEXT(),
        "status": TEXT(), "channel": TEXT(), "list": TEXT(), "variant": TEXT(), "reward": TEXT(),
        "offer_value": NUMBER(), "code": TEXT(), "code_expires_at": TIME, "products": TEXTS, "start": TIME,
        "age_days": WHOLE(), "age_hours": NUMBER(),
    },
    "memberships": {
        "customer_id": TEXT(), "segment": TEXT(), "entered_at": TIME, "left_at": TIME, "age_days": WHOLE(),
        "age_hours": NUMBER(),
    },
}  # fmt: skip
HISTORY_TIME = {"sends": "send_at", "memberships": "entered_at"}

# Orders that do not count (cancelled, voided, test, refunded), with the columns of `orders` and amount 0.
UNCOUNTED = "uncounted_orders"

# Columns that a source frame may carry beside the canonical ones. They are worked in and not handed on.
WORKING: dict[str, dict[str, pl.DataType]] = {
    "orders": {
        "email": TEXT(), "phone": TEXT(), "refunded": MONEY, "cancelled_at": TIME, "test": FLAG(),
        "test_tag": FLAG(),  # of an order that a shop marked as a test itself
        "line_amount": MONEY,  # what one line of an order came to, where a file has no order total
        "price": UNIT_PRICE, "quantity": NUMBER(),  # of one line, where it does not say that either
    },
    "order_items": {"email": TEXT(), "phone": TEXT(), "line_amount": MONEY, "currency": TEXT()},
    "events": {"email": TEXT(), "phone": TEXT(), "quantity": NUMBER(), "price": MONEY},
    "carts": {"email": TEXT(), "phone": TEXT(), "line_amount": MONEY, "currency": TEXT()},
    "cart_items": {"email": TEXT(), "phone": TEXT(), "line_amount": MONEY, "currency": TEXT()},
    "customers": {"updated_at": TIME, "seen_at": TIME},  # seen_at: the person of an order, not of a list
}  # fmt: skip


@dataclass(frozen=True)
class RecognisedFile:
    """What a file was taken for: said to the user, and kept in the manifest."""

    path: str
    tables: tuple[str, ...]
    platform: str  # the preset's name, or `plain`
    rows: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # canonical column -> column in the file
    note: str | None = None


@dataclass(frozen=True)
class SourceFrame:
    """The rows that one file gives to one table, typed as CANONICAL and WORKING say.

    Besides columns the frame has `__row` (the data row, from 0) and, where a cell may fail, `__problem`:
    null or a struct of column, reason, value and fatal (the row cannot be used). Text that identifies is
    already tidied: emails in lower case, phones as E.164. The lines of a line-item file come as they stand,
    with whatever the file repeats or leaves out on the lines after an order's first.
    """

    table: str
    frame: pl.LazyFrame
    given: frozenset[str]
    file: RecognisedFile
    platform: str
    line_items: bool


Frames = Mapping[str, Sequence[SourceFrame]]  # table -> what each file gives to it


@dataclass(frozen=True)
class CatalogTable:
    """A table known by its headers alone: what later stages check expressions against."""

    name: str
    columns: Mapping[str, pl.DataType]  # canonical, derived, and extra columns in snake_case
    given: frozenset[str]  # the columns that some file (or what is derived from it) really has
    time: str | None
    by_person: bool
    place: Place | None = None
    complete: bool = False  # a kind of row that is not in it did not happen; of files nobody knows that
    by: str | None = None  # of a lookup of the project's own: the column of customers that it is found by
    given_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column of a lookup -> what would give it


@dataclass(frozen=True)
class Catalog:
    """Every table that the files hold, before any row is read."""

    tables: Mapping[str, CatalogTable]
    files: tuple[RecognisedFile, ...]
    as_of: dt.datetime
    plans: tuple[FilePlan, ...] = ()  # per file, how its cells become tables: for source_frames alone
    declared: Mapping[str, CatalogTable] = field(default_factory=dict)  # of recipes, and no file is of them

    def table(self, name: str) -> CatalogTable | None:
        """A table by name; a known one that is not there has its columns all the same, none of them given."""
        known = self.tables.get(name) or self.declared.get(name)
        if known is not None or (name not in CANONICAL and name not in HISTORY):
            return known
        columns = {**(CANONICAL.get(name) or HISTORY[name]), **DERIVED.get(name, {})}
        time = TIME_COLUMN.get(name) or HISTORY_TIME.get(name)
        return CatalogTable(name, columns, frozenset(), time, by_person=name not in LOOKUPS)

    def by(self, name: str) -> str | None:
        """The column of customers that a lookup of the project's own is found by; None for any other table."""
        return self.tables[name].by if name in self.tables else None


HELD_CELLS = 2_000_000  # of one table, in memory for the length of a run


def is_small(rows: int, columns: int) -> bool:
    """Whether a table is held in memory: hundreds of queries read it, each of which would read the file."""
    return rows * columns <= HELD_CELLS


def engine_for(rows: int, columns: int) -> EngineType:
    """The engine for queries of such a table: to start the streaming engine costs more than a small table does."""
    return "in-memory" if is_small(rows, columns) else "streaming"


@dataclass(frozen=True)
class Table:
    """A canonical table, ready to query.

    A person table has one lazy frame per shard; the rows of one customer lie in the shard of the same
    number in every person table. A lookup (products, stores, own lookups) has exactly one frame.
    """

    name: str
    columns: Mapping[str, pl.DataType]
    given: frozenset[str]
    time: str | None
    by_person: bool
    shards: tuple[pl.LazyFrame, ...]
    rows: int
    complete: bool = False  # as of CatalogTable

    @property
    def whole(self) -> pl.LazyFrame:
        """All shards as one lazy frame."""
        return self.shards[0] if len(self.shards) == 1 else pl.concat(self.shards)


@dataclass(frozen=True)
class Tables:
    """What sources hand on. `customers` is always there: everybody who occurs in any person table, once."""

    tables: Mapping[str, Table]
    rejected: pl.DataFrame  # file, line, column, reason, value: every row that could not be read
    counts: Mapping[str, int]  # facts for the screen and the manifest: duplicates, merged, conflicts ...
    shard_count: int
    as_of: dt.datetime
    identifiers: pl.LazyFrame | None = None  # customer_id, id, email, phone: of customers beside their own

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def __contains__(self, name: str) -> bool:
        return name in self.tables
