"""The rows that tests give: read from YAML with their places, and checked against the tables' columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from zoneinfo import ZoneInfo

import polars as pl

from segcli.problems import Place, Problems, nearest
from segcli.project.yaml_nodes import ListNode, MappingNode, Node, ScalarNode
from segcli.recipe_testing.cells import read_cell, type_of
from segcli.sources.declared_tables import DeclaredTable
from segcli.sources.tables import CANONICAL, DERIVED, HISTORY, TEXT, TIME, WORKING

PERSON = "customer_id"
# What tells a row from others: a later row of the same id changes the one that is there.
IDS = {
    "customers": PERSON, "products": "product_id", "stores": "store_id", "orders": "order_id", "carts": "cart_id",
}  # fmt: skip
EACH, POOLS = "each", "pools"


@dataclass(frozen=True)
class Row:
    """One row: its cells by column."""

    place: Place
    cells: Mapping[str, Node]
    places: Mapping[str, Place]  # of the columns' names

    def text(self, column: str) -> str | None:
        """A cell as it was written; None where there is none."""
        node = self.cells.get(column)
        return node.written if isinstance(node, ScalarNode) and node.value is not None else None


@dataclass(frozen=True)
class Given:
    """Rows by table; what every row of a table has unless it says otherwise; and files of codes."""

    tables: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    each: Mapping[str, Row] = field(default_factory=dict)
    pools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class TableRules:
    """Which tables and columns there are: the built-in ones, and `declared` by the settings and the recipes.

    `mentioned` are the names that the recipes' expressions and messages use.
    """

    declared: Mapping[str, DeclaredTable]
    mentioned: frozenset[str]
    zone: ZoneInfo

    @property
    def own(self) -> Mapping[str, DeclaredTable]:
        """The tables of the project's own."""
        return {name: table for name, table in self.declared.items() if name not in CANONICAL}

    def known(self, table: str) -> Mapping[str, pl.DataType]:
        """The columns that a table has whatever the rows, with their types."""
        own = self.own.get(table)
        if own is None:
            more = self.declared[table].columns if table in self.declared else {}
            return {**CANONICAL.get(table, {}), **WORKING.get(table, {}), **more}
        if own.by is not None:
            return {own.by: CANONICAL["customers"].get(own.by, TEXT()), **own.columns}
        time = {own.time: TIME} if own.time else {}
        return {**dict.fromkeys((PERSON, "email", "phone"), TEXT()), **time, **own.columns}

    def id_column(self, table: str) -> str | None:
        """The column that tells a row from others."""
        own = self.own.get(table)
        return own.by if own else IDS.get(table)

    def takes(self, table: str, column: str) -> bool:
        """Whether a column means something: the table has it, or an expression or a message names it."""
        known = column in self.known(table) or column in self.mentioned
        return known or (table in self.own and f"{table}_{column}" in self.mentioned)


def read_given(node: MappingNode | None, rules: TableRules, key: str, problems: Problems) -> Given:
    """The rows of a `given:`; what is wrong with any of them is a problem."""
    if node is None:
        return Given()
    tables, each, pools = {}, {}, {}
    for name, value in node.entries.items():
        place = node.key_places[name]
        if name == EACH:
            each = _each(value, rules, f"{key}.{EACH}", problems)
        elif name == POOLS:
            pools = _pools(value, f"{key}.{POOLS}", problems)
        elif _is_table(name, place, rules, key, problems):
            tables[name] = tuple(_rows(value, name, rules, f"{key}.{name}", problems))
    return Given(tables, each, pools)


def _is_table(name: str, place: Place, rules: TableRules, key: str, problems: Problems) -> bool:
    if name in CANONICAL or name in rules.own:
        return True
    if name in HISTORY:
        hint = "Let an earlier moment of the test make it."
        problems.error(f"'{name}' is the table of what segcli itself did.", place, key, hint=hint)
        return False
    own = f"A recipe declares a table of your own: tables: {{{name}: {{columns: {{topic: text}}}}}}."
    hint = nearest(name, [*CANONICAL, *rules.own, EACH, POOLS]) or own
    problems.error(f"there is no table '{name}'.", place, key, hint=hint)
    return False


def _rows(node: Node, table: str, rules: TableRules, key: str, problems: Problems) -> Iterator[Row]:
    if not isinstance(node, ListNode):
        problems.error(
            "must be a list of rows.", node.place, key, hint="Write - {column: value} for each, [] for none."
        )
        return
    seen: dict[str, Place] = {}
    name = rules.id_column(table)
    for number, item in enumerate(node.items, start=1):
        row = _row(item, table, rules, f"{key}[{number}]", problems)
        if row is None:
            continue
        found = row.text(name) if name else None
        if name and found is None:
            problems.error(f"the row has no '{name}'.", row.place, f"{key}[{number}]")
        elif found is not None and found in seen:
            hint = f"The first is at line {seen[found].line}; keep one of them."
            problems.error(f"{name} '{found}' stands here a second time.", row.place, f"{key}[{number}]", hint=hint)
        else:
            seen[found or ""] = row.place
            yield row


def _row(node: Node, table: str, rules: TableRules, key: str, problems: Problems) -> Row | None:
    if not isinstance(node, MappingNode):
        problems.error("must be a row: {column: value, ...}.", node.place, key)
        return None
    known = rules.known(table)
    for column, cell in node.entries.items():
        place = node.key_places[column]
        if not rules.takes(table, column):
            _report_column(column, place, table, rules, key, problems)
        elif column in known:
            read_cell(cell, known[column], rules.zone, f"{key}.{column}", problems)
        elif isinstance(cell, MappingNode):
            problems.error("must be a single value.", cell.place, f"{key}.{column}")
    return Row(node.place, node.entries, node.key_places)


def _report_column(column: str, place: Place, table: str, rules: TableRules, key: str, problems: Problems) -> None:
    known = rules.known(table)
    if column in DERIVED.get(table, {}):
        problems.error(f"'{column}' is worked out from the other columns.", place, key, hint="Leave it out.")
        return
    unused = "No expression and no message of the recipes uses it: leave it out."
    hint = nearest(column, [*known, *rules.mentioned] if table in rules.own else known) or unused
    problems.error(f"{table} has no column '{column}'.", place, key, hint=hint)


def _each(node: Node, rules: TableRules, key: str, problems: Problems) -> dict[str, Row]:
    if not isinstance(node, MappingNode):
        problems.error("must be tables and columns: {customers: {country: US}}.", node.place, key)
        return {}
    found: dict[str, Row] = {}
    for table, value in node.entries.items():
        if _is_table(table, node.key_places[table], rules, key, problems):
            row = _row(value, table, rules, f"{key}.{table}", problems)
            found |= {table: row} if row else {}
    return found


def _pools(node: Node, key: str, problems: Problems) -> dict[str, tuple[str, ...]]:
    if not isinstance(node, MappingNode):
        problems.error("must be files and codes: {codes.txt: [A1, A2]}.", node.place, key)
        return {}
    found = {}
    for name, value in node.entries.items():
        cells = value.items if isinstance(value, ListNode) else ()
        codes = tuple(cell.written for cell in cells if isinstance(cell, ScalarNode) and not cell.empty)
        if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
            problems.error("must be a path inside the project.", node.key_places[name], f"{key}.{name}")
        if not codes or len(codes) < len(cells):
            problems.error("must be a list of codes.", value.place, f"{key}.{name}")
        found[name] = codes
    return found


def column_types(table: str, rules: TableRules, levels: list[Given]) -> dict[str, pl.DataType]:
    """Every column of a table that some row has, with its type; all that it has of itself where no row is there."""
    rows = [row for level in levels for row in level.tables.get(table, ())]
    rows += [level.each[table] for level in levels if table in level.each]
    names = list(dict.fromkeys(name for row in rows for name in row.cells))
    known = rules.known(table)
    if not names:
        return {name: dtype for name, dtype in known.items() if name not in WORKING.get(table, {})}
    if table == "customers":
        names = list(dict.fromkeys([PERSON, "email", *names]))
    cells = {name: [row.cells[name] for row in rows if name in row.cells] for name in names}
    return {name: known[name] if name in known else type_of(cells[name]) for name in names}
