"""A header without a platform's signature -> the table it is, by our names and the words of other people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from segcli.sources.headers import fold
from segcli.sources.presets import Cell, FileKind, TableRule, load_yaml
from segcli.sources.tables import CANONICAL

PERSON = ("customer_id", "email", "phone")
# What an orders file may say about its customer, beyond who it is.
BUYER = (
    "first_name", "last_name", "gender", "birth_date", "country", "region", "city", "postal_code", "language",
    "email_consent", "sms_consent",
)  # fmt: skip
ORDER_LEVEL = ("currency", "status", "test", "cancelled_at", "discount_code", "shipped_at", "delivered_at")
# What words say of a file as a whole; such columns stay columns of their own.
SIGNS = frozenset({"describes", "ticket", "goods"})
# Two times of a cart: either stands in for the other.
CART_TIMES = {"started_at": "last_activity_at", "last_activity_at": "started_at"}


@dataclass(frozen=True)
class Shape:
    """What a header needs to be a table: groups of columns, one of each."""

    table: str
    title: str
    needs: tuple[tuple[str, ...], ...]
    never: tuple[str, ...]

    def lacks(self, columns: Iterable[str]) -> list[tuple[str, ...]]:
        """The groups of which `columns` has none."""
        return [group for group in self.needs if not set(group) & set(columns)]


@cache
def shapes() -> dict[str, Shape]:
    """Every table a plain file can be, in the order in which they are tried."""
    tables: dict[str, Any] = load_yaml("canonical.yaml")["tables"]
    return {
        table: Shape(table, rule["title"], tuple(tuple(group) for group in rule["needs"]), tuple(rule.get("never", ())))
        for table, rule in tables.items()
    }


@cache
def words_of(table: str) -> dict[str, tuple[str, ...]]:
    """Our column -> the names that people give it, surest first; our own name comes before all."""
    tables: dict[str, dict[str, list[Any]]] = load_yaml("plain.yaml")["tables"]
    words = {column: (column, *_flat(names)) for column, names in tables[table].items()}
    return {**words, **{column: (column,) for column in CANONICAL[table] if column not in words}}


def _flat(names: Iterable[Any]) -> Iterable[str]:
    for name in names:
        if isinstance(name, list):
            yield from _flat(name)
        else:
            yield name


def map_columns(table: str, names: Mapping[str, str], overrides: Mapping[str, str]) -> dict[str, str]:
    """Our column -> the file's column, for the columns of `table` that a header has.

    `names` are the file's columns by folded name; `overrides` (our column -> file's column) go first. A
    column of the file serves once, and a column that bears our own name serves under it.
    """
    words = words_of("order_items" if table == "order_lines" else table)
    mapping = dict(overrides)
    used = {fold(name) for name in overrides.values()}
    for column in words:
        if column in names and column not in mapping and column not in used:
            mapping[column] = names[column]
            used.add(column)
    for column, choices in words.items():
        found = next((word for word in choices if word in names and word not in used), None)
        if column not in mapping and found is not None:
            mapping[column] = names[found]
            used.add(found)
    return mapping


def recognise_plain(
    names: Mapping[str, str], overrides: Mapping[str, Mapping[str, str]], table: str | None = None
) -> FileKind | None:
    """The first shape that the header fits (of those that feed `table`, if given) as a kind of file."""
    for shape in shapes().values():
        if table is not None and table not in feeds(shape.table):
            continue
        mapping = map_columns(shape.table, names, overrides_for(shape.table, overrides))
        unwanted = set(shape.never) & set(mapping) if table is None else set()
        if shape.table == table == "customers":
            if set(PERSON) & set(mapping):
                return build_kind(shape, mapping, names)
        elif not shape.lacks(mapping) and not unwanted:
            return build_kind(shape, mapping, names)
    return None


def feeds(shape: str) -> tuple[str, ...]:
    """The tables that a shape gives."""
    return ("orders", "order_items") if shape == "order_lines" else (shape,)


def overrides_for(shape: str, overrides: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The overrides that matter to a shape; in order lines the orders' amount is the line's amount."""
    if shape != "order_lines":
        return dict(overrides.get(shape, {}))
    orders = {
        "line_amount" if column == "amount" else column: name for column, name in overrides.get("orders", {}).items()
    }
    return {**orders, **overrides.get("order_items", {})}


def build_kind(shape: Shape, mapping: Mapping[str, str], names: Mapping[str, str]) -> FileKind:
    """A plain file's rules from the columns that were found; `canonical` if every one bears our own name."""
    own = all(column == fold(name) for column, name in mapping.items())
    tables = _line_rules(mapping, names) if shape.table == "order_lines" else (_rule(shape.table, mapping),)
    if shape.table in ("orders", "order_lines") and (buyer := _buyer_rule(mapping, names)):
        tables = (*tables, buyer)
    platform = "canonical" if own else "plain"
    return FileKind(platform=platform, name=shape.table, title=shape.title, tables=tables)


def _rule(table: str, mapping: Mapping[str, str]) -> TableRule:
    columns = {column: Cell(sources=(name,)) for column, name in mapping.items() if column not in SIGNS}
    if table == "carts":
        for column, other in CART_TIMES.items():
            columns.setdefault(column, columns.get(other, Cell()))
    return TableRule(table=table, columns=columns)


def _line_rules(mapping: Mapping[str, str], names: Mapping[str, str]) -> tuple[TableRule, ...]:
    """Order lines: the lines, and one order per order id whose amount is the sum of its lines."""
    order_words = map_columns("orders", names, {})
    taken = set(mapping.values())
    columns = {column: mapping[column] for column in (*PERSON, "order_id", "ordered_at") if column in mapping} | {
        column: order_words[column]
        for column in ORDER_LEVEL
        if column in order_words and order_words[column] not in taken
    }
    orders = {column: Cell(sources=(name,)) for column, name in columns.items()}
    for column in ("line_amount", "price", "quantity"):
        if column in mapping:
            orders[column] = Cell(sources=(mapping[column],))
    return (
        TableRule(table="orders", columns=orders, line_items=True, alone=True),
        _rule("order_items", mapping),
    )


def _buyer_rule(mapping: Mapping[str, str], names: Mapping[str, str]) -> TableRule | None:
    """The customers that an orders file describes, if it says more of them than who they are."""
    words = map_columns("customers", names, {})
    taken = set(mapping.values()) - {mapping.get("country")}
    about = {column: words[column] for column in BUYER if column in words and words[column] not in taken}
    if not about:
        return None
    columns = {column: mapping[column] for column in PERSON if column in mapping} | about
    columns["seen_at"] = mapping["ordered_at"]
    return TableRule(table="customers", columns={column: Cell(sources=(name,)) for column, name in columns.items()})
