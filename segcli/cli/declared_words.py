"""How to give a table or a column that a recipe declares, in the words of `sources:`."""

from __future__ import annotations

from collections.abc import Iterable

from segcli.fields.findings import listed
from segcli.problems import Problems
from segcli.project.models import Recipe
from segcli.sources.declared_tables import DeclaredTable, declared_tables
from segcli.sources.tables import CANONICAL


def ways_to_give(needs: Iterable[str], recipes: Iterable[Recipe]) -> dict[str, str]:
    """What is declared of the needs (`weather`, `support.topic`): table -> what to write for it, in a sentence."""
    declared = declared_tables(recipes, Problems())
    ways: dict[str, str] = {}
    columns: dict[str, list[str]] = {}
    for need in dict.fromkeys(needs):
        name, _, column = need.partition(".")
        if name in declared and not column and name not in CANONICAL:
            ways[name] = f"Give it as {table_words(declared[name])}."
        elif name in declared and column in declared[name].columns:
            columns.setdefault(name, []).append(column)
    for name, lacking in columns.items():
        renamed = ", ".join(f"{column}: COLUMN" for column in lacking)
        other = "another name" if len(lacking) == 1 else "other names"
        ways[name] = f"If the file has {listed(lacking)} under {other}, write columns: {{{renamed}}} at sources.{name}."
    return ways


def table_words(table: DeclaredTable) -> str:
    """`weather: {files: weather.csv, by: city}` under sources, with the columns city and temperature_c."""
    columns = "the column" if len(table.header) == 1 else "the columns"
    return f"{table.entry} under sources, with {columns} {listed(table.header, most=20)}"
