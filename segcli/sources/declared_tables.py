"""The tables that recipes declare: those of all recipes as one, and what `sources:` says of them besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from segcli.problems import Place, Problems
from segcli.project.models import DeclaredColumn, Recipe, SourceDefinition, TableDeclaration
from segcli.sources.casting import dtype_of
from segcli.sources.plain import PERSON
from segcli.sources.tables import CANONICAL, DERIVED, HISTORY, WORKING

TYPE_OF_TIMES = "time"


@dataclass(frozen=True)
class DeclaredTable:
    """What recipes say of a table together; of a built-in one only the columns that it has in some files."""

    name: str
    place: Place
    columns: Mapping[str, pl.DataType] = field(default_factory=dict)
    by: str | None = None
    time: str | None = None

    @property
    def entry(self) -> str:
        """What `sources:` has to say for a file of it: `weather: {files: weather.csv, by: city}`."""
        keys = {"files": f"{self.name}.csv", "by": self.by, "time": self.time}
        return f"{self.name}: {{{', '.join(f'{key}: {value}' for key, value in keys.items() if value)}}}"

    @property
    def header(self) -> tuple[str, ...]:
        """The columns that a file of it has; the first, where its rows are customers', is one that says whose."""
        person = "customer_id or email"
        return tuple(dict.fromkeys([self.by or person, *([self.time] if self.time else []), *self.columns]))


Declared = Mapping[str, DeclaredTable]


def declared_tables(recipes: Iterable[Recipe], problems: Problems) -> dict[str, DeclaredTable]:
    """Every table that the recipes declare, by name; declarations that contradict each other are problems."""
    found: dict[str, list[TableDeclaration]] = {}
    for recipe in recipes:
        for table in recipe.tables:
            if _can_be_declared(table, problems):
                found.setdefault(table.name, []).append(table)
    return {name: _merged(tables, problems) for name, tables in found.items()}


def _can_be_declared(table: TableDeclaration, problems: Problems) -> bool:
    key = f"tables.{table.name}"
    if table.name in HISTORY:
        problems.error(f"'{table.name}' is the table of what segcli itself did.", table.place, key, "Leave it out.")
        return False
    if table.name not in CANONICAL:
        return True
    known = {**CANONICAL[table.name], **DERIVED.get(table.name, {}), **WORKING.get(table.name, {})}
    taken = [(column, each.place) for column, each in table.columns.items() if column in known]
    for column, place in taken:
        message, hint = f"segcli's table '{table.name}' has a column '{column}' always.", "Leave it out."
        problems.error(message, place, f"{key}.columns", hint)
    if table.by or table.time or not table.columns:
        hint = (
            f"Only columns that some files have besides are declared: {table.name}: {{columns: {{shoe_size: number}}}}."
        )
        problems.error(f"'{table.name}' is a table of segcli's own.", table.place, key, hint)
        return False
    return not taken


def _merged(tables: Sequence[TableDeclaration], problems: Problems) -> DeclaredTable:
    first = tables[0]
    columns: dict[str, DeclaredColumn] = {}
    times: dict[str, Place] = {}
    for table in tables:
        key = f"tables.{table.name}"
        if table.by != first.by:
            message = f"'{table.name}' is {_kind(table.by)} here, and {_kind(first.by)} at {first.place}."
            problems.error(message, table.place, key, "Give one of the two another name.")
        times |= {table.time: table.place} if table.time and table.time not in times else {}
        for column, declared in _columns_of(table):
            before = columns.setdefault(column, declared)
            if before.type != declared.type:
                message = f"'{column}' is of type {declared.type} here, and of type {before.type} at {before.place}."
                problems.error(message, declared.place, f"{key}.columns", "Write the same type at both places.")
    time, *others = times or [None]
    for other in others:
        if other is not None and time is not None:
            message = f"the time of '{first.name}' is {other} here, and {time} at {times[time]}."
            problems.error(message, times[other], f"tables.{first.name}.time", "Write the same column at both places.")
    types = {column: dtype_of(declared.type) for column, declared in columns.items()}
    return DeclaredTable(first.name, first.place, types, first.by, time)


def _columns_of(table: TableDeclaration) -> Iterator[tuple[str, DeclaredColumn]]:
    """The declared columns; the one that says when is a time, whether it stands among them or not."""
    if table.time is not None:
        yield table.time, DeclaredColumn(TYPE_OF_TIMES, table.place)
    yield from table.columns.items()


def _kind(by: str | None) -> str:
    return f"a lookup by {by}" if by else "a table of customers' rows"


def with_declared(
    sources: Iterable[SourceDefinition], declared: Declared, problems: Problems
) -> tuple[SourceDefinition, ...]:
    """The sources, those of declared tables joined as the recipes say where they do not say it themselves.

    One that makes a lookup of what a recipe takes for customers' rows, or the other way round, is a problem.
    """
    return tuple(_with_declared(source, declared.get(source.table), problems) for source in sources)


def _with_declared(source: SourceDefinition, table: DeclaredTable | None, problems: Problems) -> SourceDefinition:
    if table is None or source.table in CANONICAL:
        return source
    of_persons = source.by is None and (source.time is not None or bool(set(source.columns) & {*PERSON}))
    if (source.by is not None and table.by is None) or (of_persons and table.by is not None):
        said = f"'{source.table}' is {_kind(source.by)} here, and {_kind(table.by)} for the recipe at {table.place}."
        problems.error(said, source.place, f"sources.{source.table}", "Give this table another name, or join it so.")
    return replace(source, by=source.by or table.by)
