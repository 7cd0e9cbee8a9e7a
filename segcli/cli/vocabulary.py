"""The fields and customers' columns that a project's expressions can name, as records to print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

from segcli.problems import Problems
from segcli.project.models import (
    AcrossField,
    AggregateField,
    CasesField,
    Field,
    PointsField,
    Recipe,
    ScoreField,
    Segment,
    TopField,
    ValueField,
)
from segcli.sources.declared_tables import declared_tables
from segcli.sources.tables import DERIVED

KINDS: dict[type, str] = {
    AggregateField: "aggregate",
    ValueField: "value",
    AcrossField: "across",
    TopField: "top",
    ScoreField: "score",
    PointsField: "points",
    CasesField: "cases",
}


@dataclass(frozen=True)
class Entry:
    """One name of the vocabulary."""

    name: str
    kind: str
    meaning: str
    unit: str | None
    source: str | None
    recipe: str
    place: str
    tables: tuple[str, ...]
    definition: str


def vocabulary(definitions: Iterable[Field | Segment], recipes: Iterable[Recipe] = ()) -> list[Entry]:
    """Every field of the definitions, then the columns of customers, in the order they were written.

    Columns that the `recipes` declare come last.
    """
    by_name = {item.name: item for item in definitions}
    declared = list(_declared_columns(recipes))
    tables = {entry.name: entry.tables for entry in declared}
    entries = [_entry(item, by_name, tables) for item in by_name.values() if not isinstance(item, Segment)]
    columns = yaml.safe_load(resources.files("segcli.sources").joinpath("columns.yaml").read_text("utf-8"))
    for name, meaning in columns["customers"].items():
        how = "worked out from the customers file" if name in DERIVED["customers"] else "from the files"
        entries.append(Entry(name, "column", meaning, None, how, "customers", "", ("customers",), ""))
    return [*entries, *declared]


def _declared_columns(recipes: Iterable[Recipe]) -> Iterator[Entry]:
    """The columns of customers that recipes declare: their own, and those of lookups."""
    for table in declared_tables(recipes, Problems()).values():
        place = f"{table.place.path}:{table.place.line}"
        for column in table.columns:
            if table.name == "customers":
                meaning = "A column that the customers file may have"
                yield Entry(column, "column", meaning, None, "from the files", "customers", place, ("customers",), "")
            elif table.by is not None and column != table.by:
                meaning = f"{column} of {table.name}, by the customer's {table.by}"
                name, of = f"{table.name}_{column}", ("customers", table.name)
                yield Entry(name, "column", meaning, None, f"the table {table.name}", "customers", place, of, "")


def _entry(item: Field, by_name: dict[str, Field | Segment], columns: Mapping[str, tuple[str, ...]]) -> Entry:
    return Entry(
        name=item.name,
        kind=KINDS[type(item)],
        meaning=" ".join((item.meaning or "").split()),
        unit=item.unit,
        source=item.source,
        recipe=item.recipe,
        place=f"{item.place.path}:{item.place.line}" if item.place.line else item.place.path,
        tables=tuple(sorted(_tables(item, by_name, columns, set()))),
        definition=definition_text(Path(item.place.path), item.place.line or 1),
    )


def _tables(
    item: Field | Segment, by_name: dict[str, Field | Segment], columns: Mapping[str, tuple[str, ...]], seen: set[str]
) -> set[str]:
    """The tables that a definition reads, through everything it names."""
    from segcli.fields.planning import references

    if item.name in seen:
        return set()
    seen.add(item.name)
    tables = {part.table for part in getattr(item, "points", ()) if part.table}
    table = getattr(item, "table", None)  # not every kind reads one
    if table:
        tables.add(table)
    for name in references(item):
        tables |= {*columns.get(name, ())}
        if name in by_name:
            tables |= _tables(by_name[name], by_name, columns, seen)
    return tables


def definition_text(path: Path, line: int) -> str:
    """The YAML of a definition as it stands in its file: from its line to the next one no deeper."""
    try:
        lines = path.read_text("utf-8").splitlines()[line - 1 :]
    except OSError:
        return ""
    if not lines:
        return ""
    depth = len(lines[0]) - len(lines[0].lstrip())
    block = [lines[0]]
    for text in lines[1:]:
        if text.strip() and len(text) - len(text.lstrip()) <= depth:
            break
        block.append(text)
    while block and not block[-1].strip():
        block.pop()
    return "\n".join(text[depth:] for text in block)
