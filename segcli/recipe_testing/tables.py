"""A test's rows as of a moment, as the files that a shop would have exported then."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from segcli.problems import Place, Problems
from segcli.project.models import SourceDefinition
from segcli.project.yaml_nodes import Node
from segcli.recipe_testing.cells import read_cell
from segcli.recipe_testing.given import PERSON, Given, Row, TableRules, column_types

# The columns that say since when a row is there; the first that is filled counts.
SINCE = {
    "orders": ("ordered_at",), "order_items": ("ordered_at",), "events": ("at",),
    "carts": ("last_activity_at", "started_at"), "cart_items": ("started_at",),
    "customers": ("created_at", "subscribed_at"), "products": ("created_at",),
}  # fmt: skip
# Lines whose own time is not given are there with what they belong to.
OF = {"order_items": ("orders", "order_id"), "cart_items": ("carts", "cart_id")}

Cells = dict[str, Any]


@dataclass(frozen=True)
class GivenTables:
    """The tables of one test. `levels` are the file's rows, the test's, and those of each moment in order."""

    rules: TableRules
    levels: Sequence[Given]

    @cached_property
    def types(self) -> dict[str, dict[str, pl.DataType]]:
        """Table -> column -> type; the same in all moments, so that a file has its columns before its rows."""
        names = dict.fromkeys(name for level in self.levels for name in level.tables)
        return {name: column_types(name, self.rules, list(self.levels)) for name in names}

    def ids(self, column: str) -> set[str]:
        """Every id of a column in any table."""
        rows = [row for level in self.levels for rows in level.tables.values() for row in rows]
        return {found for row in rows if (found := row.text(column)) is not None}

    def at(self, moment: dt.datetime, levels: int) -> dict[str, pl.DataFrame]:
        """The tables with the rows of the first `levels` levels that are there at the moment."""
        found: dict[str, list[Cells]] = {}
        for name in sorted(self.types, key=lambda table: table in OF):
            rows = list(self._rows(name, levels))
            found[name] = [row for row in rows if self._is_there(name, row, moment, found)]
        return {name: self._frame(name, rows) for name, rows in found.items()}

    def _frame(self, table: str, rows: list[Cells]) -> pl.DataFrame:
        return pl.DataFrame({name: [row[name] for row in rows] for name in self.types[table]}, self.types[table])

    def _rows(self, table: str, levels: int) -> Iterator[Cells]:
        """The rows, each with what every row has; a later row of an id changes the one before it."""
        name = self.rules.id_column(table)
        merged: dict[str, Row] = {}
        for level in self.levels[:levels]:
            for row in level.tables.get(table, ()):
                key = (row.text(name) if name else None) or f"row {len(merged)}"
                before = merged.get(key)
                merged[key] = replace(before, cells={**before.cells, **row.cells}) if before else row
        each: dict[str, Node] = {}
        for level in self.levels:
            each |= level.each[table].cells if table in level.each else {}
        for row in merged.values():
            yield self._typed(table, Row(row.place, {**each, **row.cells}, {}))

    def _typed(self, table: str, row: Row) -> Cells:
        zone, types = self.rules.zone, self.types[table]
        problems = Problems()  # every cell was read without one before
        found = {name: read_cell(node, types[name], zone, "", problems) for name, node in row.cells.items()}
        if table == "customers" and "email" not in row.cells:
            found["email"] = re.sub(r"[^a-z0-9._-]+", "-", found[PERSON].lower()) + "@example.com"
        return {name: found.get(name) for name in types}

    def _is_there(self, table: str, row: Cells, moment: dt.datetime, others: Mapping[str, list[Cells]]) -> bool:
        own = self.rules.own.get(table)
        columns = SINCE.get(table, ()) if own is None else (own.time,)
        since = next((row[name] for name in columns if name and row.get(name) is not None), None)
        if isinstance(since, dt.datetime):
            return since <= moment
        whole, key = OF.get(table, ("", ""))
        return whole not in others or any(other.get(key) == row.get(key) for other in others[whole])


def write_tables(tables: Mapping[str, pl.DataFrame], folder: Path, rules: TableRules) -> tuple[SourceDefinition, ...]:
    """Writes each table as a Parquet file, and says where it lies."""
    found = []
    for name, frame in tables.items():
        path = folder / f"{name}.parquet"
        frame.write_parquet(path)
        own = rules.own.get(name)
        place, by = (own.place, own.by) if own else (Place("given"), None)
        time = own.time if own and own.time in frame.columns else None
        found.append(SourceDefinition(name, (str(path),), place, by=by, time=time))
    return tuple(found)


def write_pools(levels: Sequence[Given], folder: Path) -> None:
    """Writes the files of codes, one a line."""
    for level in levels:
        for name, codes in level.pools.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{code}\n" for code in codes), encoding="utf-8")
