"""The names that presets use -> the columns that a file has, nested ones too; what is absent falls away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

import polars as pl

from segcli.sources.headers import fold, index_names
from segcli.sources.plain import PERSON
from segcli.sources.presets import FileKind, TableRule
from segcli.sources.source_file import SourceFile

# Without these columns a file cannot feed the table; a group needs one of its columns.
REQUIRED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "customers": (PERSON,),
    "orders": (("ordered_at",), ("amount",)),
    "order_items": (("order_id",), ("product_id",)),
    "events": (("at",), ("event",)),
    "carts": (("cart_id",), ("last_activity_at",)),
    "cart_items": (("cart_id",), ("product_id",)),
}


class Names:
    """The columns of a file by folded name, with what lies inside nested columns (`geo.country`)."""

    def __init__(self, header: Iterable[str], types: Mapping[str, pl.DataType] | None) -> None:
        self.header = tuple(header)
        self.types = types or {}
        self.index = index_names(self.header) | index_names(_leaves(self.types))

    def find(self, name: str, parts: frozenset[str] | None = frozenset()) -> tuple[str, ...]:
        """The file's columns that a preset's name means; `parts` are those of a line item, None for any."""
        if name.startswith("line."):
            return (name,) if parts is None or name.removeprefix("line.") in parts else ()
        if "*" in name:
            pattern = "*".join(fold(part) for part in name.split("*"))
            return tuple(raw for raw in self.header if fnmatchcase(fold(raw), pattern))
        if fold(name) in self.index:
            return (self.index[fold(name)],)
        outer, dot, _ = name.partition(".")
        return (name,) if dot and is_parameter_list(self.types.get(outer)) else ()


def is_parameter_list(dtype: pl.DataType | None) -> bool:
    """Whether a column is a list of key and value, as GA4 keeps its event parameters."""
    return (
        isinstance(dtype, pl.List)
        and isinstance(dtype.inner, pl.Struct)
        and {"key", "value"} <= {field.name for field in dtype.inner.fields}
    )


def _leaves(types: Mapping[str, pl.DataType]) -> list[str]:
    return [
        f"{name}.{leaf}"
        for name, dtype in types.items()
        if isinstance(dtype, pl.Struct)
        for inner in [{field.name: field.dtype for field in dtype.fields}]
        for leaf in (*inner, *_leaves(inner))  # type: ignore[arg-type]
    ]


def resolve_kind(kind: FileKind, names: Names) -> FileKind:
    """The kind with every name replaced by the file's own; what the file does not have falls away."""
    tables = tuple(_resolve_rule(rule, names) for rule in kind.tables)
    # A further table that the file has too little for falls away; the main one is a problem later.
    kept = [rule for number, rule in enumerate(tables) if number == 0 or not lacking(rule)]
    return replace(
        kind,
        tables=tuple(rule for rule in kept if rule.columns),
        drop=tuple(raw for name in kind.drop for raw in names.find(name)),
        fill_down=tuple(raw for name in kind.fill_down for raw in names.find(name)),
        fill_within=next(iter(names.find(kind.fill_within)), None) if kind.fill_within else None,
    )


def lacking(rule: TableRule) -> list[tuple[str, ...]]:
    """The groups of columns that a table cannot do without and the rule does not have."""
    return [group for group in REQUIRED.get(rule.table, ()) if not set(group) & set(rule.columns)]


def _resolve_rule(rule: TableRule, names: Names) -> TableRule:
    lines = rule.lines
    parts: frozenset[str] | None = frozenset()
    if lines is not None:
        found = names.find(lines.cells)
        parts = _line_parts(names, found)
        lines = replace(lines, cells=found[0] if "*" not in lines.cells else lines.cells) if found else None

    def first(name: str | None) -> str | None:
        return next(iter(names.find(name, parts)), None) if name else None

    cells = {
        column: replace(
            cell,
            sources=tuple(dict.fromkeys(raw for name in cell.sources for raw in names.find(name, parts))),
            unless=first(cell.unless),
            or_filled=first(cell.or_filled),
            only_with=first(cell.only_with),
            zero_unless={raw: word for name, word in cell.zero_unless.items() if (raw := first(name))},
        )
        for column, cell in rule.columns.items()
    }
    return replace(
        rule,
        columns={column: cell for column, cell in cells.items() if cell.used or cell.constant is not None},
        filled=tuple(raw for name in rule.filled for raw in names.find(name)),
        matching={raw: word for name, word in rule.matching.items() for raw in names.find(name)},
        one_per=tuple(raw for name in rule.one_per for raw in names.find(name)),
        lines=lines,
    )


def _line_parts(names: Names, found: tuple[str, ...]) -> frozenset[str] | None:
    if not found:
        return frozenset()
    dtype = names.types.get(found[0])
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        return frozenset(field.name for field in dtype.inner.fields)
    return None


def flat_names(file: SourceFile) -> list[str]:
    """The columns of a file that hold one value or a list of values; nested ones by their fields."""
    if file.types is None:
        return list(file.header)
    leaves = {leaf: type_at(file.types, leaf) for leaf in _leaves(file.types)}
    return [
        name
        for name, dtype in {**file.types, **leaves}.items()
        if not (isinstance(dtype, pl.Struct) or (isinstance(dtype, pl.List) and dtype.inner.is_nested()))
    ]


def type_at(types: Mapping[str, pl.DataType], path: str) -> pl.DataType:
    """The type of `geo.country`."""
    outer, _, rest = path.partition(".")
    dtype = types[outer]
    if not rest:
        return dtype
    assert isinstance(dtype, pl.Struct)
    return type_at({field.name: field.dtype for field in dtype.fields}, rest)  # type: ignore[misc]
