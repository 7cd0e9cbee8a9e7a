"""What segcli knows about export files, as YAML: one file per platform, read into frozen rules.

The grammar of a platform's file:

    platform: shopify
    files:
      orders:                                # one kind of file
        title: Shopify orders
        signature: [Name, Lineitem name]     # the header has all of these (a list in it: one of them) ...
        never: [Employee]                    # ... and none of these; the kind with the longest signature wins
        exact: true                          # the header has no other columns than the signature's
        named: true                          # too plain to be told by its header: only where `preset:` names it
        drop: [password_hash]                # columns that are never read
        timezone: UTC                        # of times without an offset; absent: the project's
        fill_down: [Order Number]            # an empty cell repeats the cell above it ...
        fill_within: Handle                  # ... as long as this one is the same
        note: one sentence for the user
        tables:                              # a file may feed several tables
          orders:
            rows: {filled: [Total]}          # only rows where one of these cells is filled ...
            # rows: {event_name: purchase}   # ... or where this cell is this word
            one_per: [Name]                  # one row per value of these; the first
            lines: {cells: line_item_*}      # a row per line item, with parts like `line.quantity`: in
            #                                  a cell each, several in one (`between: ";"`), or a list
            line_items: true                 # several rows make one order: amounts are summed later
            alone: true                      # only when no other file feeds this table
            columns:
              order_id: Name                 # the column of that name
              phone: [Phone, Billing Phone]  # the first of these that is filled; `*` stands for any letters
              currency: {constant: EUR}
              status: {from: Status, words: {closed: refunded}}  # values by their folded names
              email_consent: {from: Accepts, as: yes_only, unless: Suppressed}  # no where that is filled
              suppressed: {from: Status, words: {left: yes}, or_filled: Suppressed}  # yes where that is filled
              stock: {from: Quantity, only_with: Tracker}  # nothing where that is not filled
              stock: {from: Quantity, zero_unless: {Status: active}}  # 0 where that is filled with something else

Names are compared folded (see headers.py): case, punctuation, spaces, accents, byte order marks are nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
import yamlcore

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Cell:
    """Where the cells of one canonical column come from; columns of the file by name."""

    sources: tuple[str, ...] = ()  # the first that is filled
    constant: str | None = None
    transform: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)  # folded value -> our word
    unless: str | None = None
    or_filled: str | None = None
    only_with: str | None = None
    zero_unless: Mapping[str, str] = field(default_factory=dict)  # column -> the word in it

    @property
    def used(self) -> tuple[str, ...]:
        """Every column of the file that this cell is made of."""
        others = (self.unless, self.or_filled, self.only_with, *self.zero_unless)
        return (*self.sources, *(name for name in others if name))


@dataclass(frozen=True)
class Lines:
    """Line items packed into cells of one row."""

    cells: str  # a column, or a pattern that ends in `*`
    between: str | None = None  # what separates several items in a cell


@dataclass(frozen=True)
class TableRule:
    """How a file feeds one table."""

    table: str
    columns: Mapping[str, Cell]
    filled: tuple[str, ...] = ()
    matching: Mapping[str, str] = field(default_factory=dict)
    one_per: tuple[str, ...] = ()
    lines: Lines | None = None
    line_items: bool = False
    alone: bool = False


@dataclass(frozen=True)
class FileKind:
    """One kind of export file: how its header is known, and what it feeds."""

    platform: str
    name: str
    title: str
    tables: tuple[TableRule, ...]
    signature: tuple[tuple[str, ...], ...] = ()  # groups of alternatives
    never: tuple[str, ...] = ()
    exact: bool = False
    named: bool = False
    drop: tuple[str, ...] = ()
    timezone: str | None = None
    fill_down: tuple[str, ...] = ()
    fill_within: str | None = None
    note: str | None = None


def load_yaml(name: str) -> Any:
    """The content of a YAML file that lies in this folder."""
    return yaml.load((FOLDER / name).read_text(encoding="utf-8"), Loader=yamlcore.CCoreLoader)


@cache
def load_presets() -> tuple[FileKind, ...]:
    """Every kind of file of every platform, those with the longest signature first."""
    kinds = [
        _read_kind(content["platform"], name, kind)
        for path in sorted(FOLDER.glob("*.yaml"))
        if "files" in (content := load_yaml(path.name))
        for name, kind in content["files"].items()
    ]
    return tuple(sorted(kinds, key=lambda kind: -len(kind.signature)))


def _read_kind(platform: str, name: str, kind: dict[str, Any]) -> FileKind:
    return FileKind(
        platform=platform,
        name=name,
        title=kind["title"],
        tables=tuple(_read_table(table, rule) for table, rule in (kind.get("tables") or {}).items()),
        signature=tuple(_names(group) for group in kind["signature"]),
        never=_names(kind.get("never")),
        exact=kind.get("exact", False),
        named=kind.get("named", False),
        drop=_names(kind.get("drop")),
        timezone=kind.get("timezone"),
        fill_down=_names(kind.get("fill_down")),
        fill_within=kind.get("fill_within"),
        note=kind.get("note"),
    )


def _read_table(table: str, rule: dict[str, Any]) -> TableRule:
    columns = {**rule["columns"].get("<<", {}), **rule["columns"]}
    columns.pop("<<", None)  # the merge key is no part of YAML 1.2, and spares copies here
    rows = dict(rule.get("rows", {}))
    lines = rule.get("lines")
    return TableRule(
        table=table,
        columns={column: read_cell(cell) for column, cell in columns.items()},
        filled=_names(rows.pop("filled", None)),
        matching=rows,
        one_per=_names(rule.get("one_per")),
        lines=Lines(**lines) if lines else None,
        line_items=rule.get("line_items", False),
        alone=rule.get("alone", False),
    )


def read_cell(cell: Any) -> Cell:
    """A column's rule from its YAML: a name, a list of names, or a mapping."""
    if not isinstance(cell, dict):
        return Cell(sources=_names(cell))
    return Cell(
        sources=_names(cell.get("from")),
        constant=cell.get("constant"),
        transform=cell.get("as"),
        words=cell.get("words", {}),
        unless=cell.get("unless"),
        or_filled=cell.get("or_filled"),
        only_with=cell.get("only_with"),
        zero_unless=cell.get("zero_unless", {}),
    )


def _names(value: str | list[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
