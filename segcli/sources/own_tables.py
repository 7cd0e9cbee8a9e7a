"""Files of tables of the project's own: whose their rows are, when they happened, and what recipes declare of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from segcli.problems import Problems, nearest
from segcli.project.models import SourceDefinition
from segcli.sources.columns_of_file import Names
from segcli.sources.declared_tables import Declared, DeclaredTable
from segcli.sources.files import SourceFile
from segcli.sources.headers import fold, listed
from segcli.sources.plain import PERSON, map_columns
from segcli.sources.presets import Cell, FileKind, TableRule
from segcli.sources.tables import CANONICAL

Extras = Mapping[str, Mapping[str, str]]  # table -> column -> the file's column


def own_kind(
    file: SourceFile, names: Names, definition: SourceDefinition, time: str | None, problems: Problems
) -> FileKind:
    """A table of the project's own: a person's rows, or a lookup by one column. `time` is its column that says when."""
    wanted = [(name, _raw(name, names, definition)) for name in (time, definition.by) if name]
    cells = {_column(name, definition): Cell(sources=(raw or name,)) for name, raw in wanted}
    for key, name in (("time", definition.time), ("by", definition.by)):
        if name is not None and _raw(name, names, definition) is None:
            problems.error(
                f"{file.name} has no column '{name}'. Its columns are {listed(file.header)}.",
                definition.place,
                key=f"sources.{definition.table}.{key}",
                hint=nearest(name, file.header) or f"Say which it is: columns: {{{name}: COLUMN}}.",
            )
    if definition.by is None:
        words = map_columns("orders", names.index, {})
        words |= {column: name for column, name in definition.columns.items() if column in PERSON}
        cells |= {column: Cell(sources=(words[column],)) for column in PERSON if column in words}
        if not set(PERSON) & set(cells):
            problems.error(
                f"{file.name} has no column that says whose its rows are. Its columns are {listed(file.header)}.",
                definition.place,
                key=f"sources.{definition.table}",
                hint="Name it: `columns: {customer_id: COLUMN}`, or `by: COLUMN` for a lookup.",
            )
    return FileKind("own", definition.table, definition.table, (TableRule(definition.table, cells),))


def own_time(names: Names, definition: SourceDefinition, declared: DeclaredTable | None) -> str | None:
    """The column that says when, in a table of the project's own: by what the project says, a recipe, or the header."""
    if definition.time is not None:
        return _column(definition.time, definition)
    if definition.by is not None:
        return None
    if declared is not None and declared.time is not None and _raw(declared.time, names, definition):
        return declared.time
    found = map_columns("events", names.index, {}).get("at")
    return fold(found) if found else None


def _column(name: str, definition: SourceDefinition) -> str:
    return name if name in definition.columns else fold(name)


def _raw(name: str, names: Names, definition: SourceDefinition) -> str | None:
    """The file's name of a column."""
    return names.index.get(fold(definition.columns.get(name, name)))


def renamed_columns(file: SourceFile, kind: FileKind, definition: SourceDefinition) -> dict[str, str]:
    """Of a table of the project's own the columns that the project names anew -> the file's."""
    if definition.table in CANONICAL or not definition.table:
        return {}
    names = Names(file.header, file.types)
    settled = {column for rule in kind.tables for column in rule.columns} | {*PERSON}
    found = {column: _raw(column, names, definition) for column in definition.columns if column not in settled}
    return {column: raw for column, raw in found.items() if raw is not None}


def typed_as_declared(kind: FileKind, extras: Extras, declared: Declared) -> tuple[FileKind, dict[str, dict[str, str]]]:
    """The kind with the columns that recipes declare among its own, to be cast to their types; the other extras."""
    rules = []
    others = {table: dict(columns) for table, columns in extras.items()}
    for rule in kind.tables:
        types: Mapping[str, pl.DataType] = declared[rule.table].columns if rule.table in declared else {}
        named = {column: others[rule.table].pop(column) for column in types if column in others.get(rule.table, {})}
        cells = {column: Cell(sources=(raw,)) for column, raw in named.items()}
        rules.append(replace(rule, columns={**rule.columns, **cells}))
    return replace(kind, tables=tuple(rules)), others
