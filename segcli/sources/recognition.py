"""A file's header -> what the file is: the platform's preset, or a plain table, and which column means what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

import polars as pl

from segcli.problems import Problems, nearest
from segcli.project.models import SourceDefinition
from segcli.sources.files import SourceFile
from segcli.sources.headers import fold, index_names, name_extras
from segcli.sources.plain import (
    PERSON,
    feeds,
    map_columns,
    overrides_for,
    recognise_plain,
    shapes,
)
from segcli.sources.presets import Cell, FileKind, TableRule, load_presets
from segcli.sources.tables import CANONICAL, DERIVED, WORKING, RecognisedFile

# Without these columns a file cannot feed the table; a group needs one of its columns.
REQUIRED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "customers": (PERSON,),
    "orders": (("ordered_at",), ("amount",)),
    "order_items": (("order_id",), ("product_id",)),
    "events": (("at",), ("event",)),
    "carts": (("cart_id",), ("last_activity_at",)),
    "cart_items": (("cart_id",), ("product_id",)),
}

Overrides = Mapping[str, Mapping[str, str]]  # table -> our column -> the file's column


@dataclass(frozen=True)
class FilePlan:
    """A file, what it is, and the rules that turn its cells into tables; columns named as the file names them."""

    file: SourceFile
    recognised: RecognisedFile
    kind: FileKind
    definition: SourceDefinition
    extras: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict
    )  # table -> column -> the file's column


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


def recognise_file(
    file: SourceFile, definition: SourceDefinition, maps: Overrides, problems: Problems
) -> FilePlan:
    """What `file` is. A file that is nothing we know feeds no table and says so in its note."""
    names = Names(file.header, file.types)
    overrides = {table: dict(columns) for table, columns in maps.items()}
    if definition.table and definition.columns:
        overrides[definition.table] = {**overrides.get(definition.table, {}), **definition.columns}
    present = {
        table: {column: names.index[fold(raw)] for column, raw in columns.items() if fold(raw) in names.index}
        for table, columns in overrides.items()
    }
    _check_definition(file, definition, names, problems)
    kind = _find_preset(names, definition) or _find_plain(file, names, present, definition, problems)
    kind = _apply_overrides(resolve_kind(kind, names), present)
    _check_required(file, kind, problems)
    return FilePlan(file, describe(file, kind), kind, definition, extra_columns(file, kind, definition))


def _check_definition(
    file: SourceFile, definition: SourceDefinition, names: Names, problems: Problems
) -> None:
    for column, raw in definition.columns.items():
        if fold(raw) not in names.index:
            problems.error(
                f"{file.name} has no column '{raw}'. Its columns are {listed(file.header)}.",
                definition.place,
                key=f"sources.{definition.table}.columns.{column}",
                hint=nearest(raw, file.header),
            )


def _find_preset(names: Names, definition: SourceDefinition) -> FileKind | None:
    """The preset that the definition names, else the first whose signature the header bears."""
    for kind in load_presets():
        if definition.preset is not None and definition.preset not in (
            kind.platform,
            f"{kind.platform}.{kind.name}",
        ):
            continue
        if not all(any(names.find(name) for name in group) for group in kind.signature):
            continue
        if any(names.find(name) for name in kind.never):
            continue
        tables = {rule.table for rule in kind.tables}
        if definition.table in CANONICAL and tables and definition.table not in tables:
            continue
        return kind
    return None


def _find_plain(
    file: SourceFile, names: Names, overrides: Overrides, definition: SourceDefinition, problems: Problems
) -> FileKind:
    if definition.table and definition.table not in CANONICAL:
        return _own_kind(file, names, definition, problems)
    table = definition.table or None
    found = recognise_plain(names.index, overrides, table)
    named = next((name for name in CANONICAL if name == fold(_stem(file.name))), None)
    if found is None and table is None and named is not None:
        table = named
        found = recognise_plain(names.index, overrides, named)
    if found is not None:
        return found
    lack = _what_lacks(file, names, overrides, table)
    if table is not None:
        problems.error(f"{file.name} cannot be read as {table}: {lack}", definition.place)
        return FileKind("plain", "unknown", "not recognised", ())
    return FileKind("plain", "unknown", "not recognised", (), note=f"not recognised, left out: {lack}")


def _own_kind(file: SourceFile, names: Names, definition: SourceDefinition, problems: Problems) -> FileKind:
    """A table of the project's own: a person's rows, or a lookup by one column."""
    wanted: list[str | None] = [own_time(names, definition), definition.by]
    cells = {fold(name): Cell(sources=(names.index.get(fold(name), name),)) for name in wanted if name}
    if definition.by is None:
        words = map_columns("orders", names.index, {})
        words |= {column: name for column, name in definition.columns.items() if column in PERSON}
        cells |= {column: Cell(sources=(words[column],)) for column in PERSON if column in words}
        if not set(PERSON) & set(cells):
            problems.error(
                f"{file.name} has no column that says whose its rows are. Its columns are {listed(file.header)}.",
                definition.place,
                key=f"sources.{definition.table}",
                hint="Name it: `columns: {customer_id: COLUMN}`, or `by: COLUMN` if it is looked up by something.",
            )
    return FileKind("own", definition.table, definition.table, (TableRule(definition.table, cells),))


def own_time(names: Names, definition: SourceDefinition) -> str | None:
    """The file's column that says when, in a table of the project's own."""
    if definition.time is not None or definition.by is not None:
        return definition.time
    return map_columns("events", names.index, {}).get("at")


def _stem(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]


def _what_lacks(file: SourceFile, names: Names, overrides: Overrides, table: str | None) -> str:
    """What is missing for the table that the header comes nearest to, and the --map lines that would say it.

    Without a table in mind only a near miss is worth a guess.
    """
    has = f"its columns are {listed(file.header)}."
    tries = []
    for shape in shapes().values():
        if table is None or table in feeds(shape.table):
            mapping = map_columns(shape.table, names.index, overrides_for(shape.table, overrides))
            lacks = shape.lacks(mapping)
            tries.append((len(lacks) - len(shape.needs) * 0.5, shape, lacks))
    _, shape, lacks = min(tries, key=lambda attempt: attempt[0])
    if table is None and (len(lacks) != 1 or shape.table == "customers"):
        return f"{has} `--map TABLE.COLUMN=HEADER` or `sources:` in segcli.yaml would use it."
    goal = table or feeds(shape.table)[0]
    missing = [next((name for name in group if name in CANONICAL[goal]), group[0]) for group in lacks]
    lines = " ".join(f"--map {goal}.{column}=COLUMN" for column in missing)
    if not missing:
        return f"{has} `sources:` in segcli.yaml would use it."
    return f"{has} As {goal} it lacks {listed(missing)}: say which that is with {lines}."


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names for a message, not endlessly many."""
    every = list(names)
    rest = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(name.lstrip("\ufeff") for name in every[:most]) + rest


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
        )
        for column, cell in rule.columns.items()
    }
    return replace(
        rule,
        columns={column: cell for column, cell in cells.items() if cell.sources or cell.constant is not None},
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


def _apply_overrides(kind: FileKind, overrides: Overrides) -> FileKind:
    """Columns that the user named go before what the preset says; a plain kind has them already."""
    if kind.platform in ("plain", "canonical", "own"):
        return kind
    tables = tuple(
        replace(
            rule,
            columns={
                **rule.columns,
                **{column: Cell(sources=(raw,)) for column, raw in overrides.get(rule.table, {}).items()},
            },
        )
        for rule in kind.tables
    )
    return replace(kind, tables=tables)


def _check_required(file: SourceFile, kind: FileKind, problems: Problems) -> None:
    if kind.platform in ("plain", "canonical", "own") or not kind.tables:
        return
    main = kind.tables[0]
    for group in lacking(main):
        problems.error(
            f"{file.name} looks like {kind.title}, but has no column for {main.table}.{group[0]}. "
            f"Its columns are {listed(file.header)}.",
            hint=f"Say which it is: --map {main.table}.{group[0]}=COLUMN",
        )


def extra_columns(
    file: SourceFile, kind: FileKind, definition: SourceDefinition
) -> dict[str, dict[str, str]]:
    """Table -> snake-case column -> the file's column, for what no rule uses.

    Lines get what neither they nor their order use, further tables nothing: they are about something else.
    """
    used = {
        rule.table: {
            name for column, cell in rule.columns.items() for name in _kept(rule.table, column, cell)
        }
        for rule in kind.tables
    }
    renamed = (
        {}
        if definition.table in CANONICAL or not definition.table
        else {
            column: raw
            for column, raw in definition.columns.items()
            if column not in PERSON and raw in file.header
        }
    )
    extras: dict[str, dict[str, str]] = {}
    for number, rule in enumerate(kind.tables):
        lines = rule.table in ("order_items", "cart_items")
        if number and not lines:
            continue
        others = set().union(*used.values()) if lines else used[rule.table] | used.get("order_items", set())
        gone = {*others, *kind.drop, *renamed.values()}
        free = [name for name in flat_names(file) if name not in gone]
        taken = {
            **CANONICAL.get(rule.table, {}),
            **DERIVED.get(rule.table, {}),
            **WORKING.get(rule.table, {}),
        }
        extras[rule.table] = {**renamed, **name_extras(free, {**taken, **renamed})}
    return extras


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


def _kept(table: str, column: str, cell: Cell) -> tuple[str, ...]:
    # An order's country only helps to read its phone numbers, and stays a column of its own.
    known = column in CANONICAL.get(table, {}) or column in WORKING.get(table, {}) or table not in CANONICAL
    return cell.used if known else ()


def describe(file: SourceFile, kind: FileKind) -> RecognisedFile:
    """What the user is told about a file; a column that feeds several tables is named once."""
    columns: dict[str, str] = {}
    for rule in kind.tables:
        for column, cell in rule.columns.items():
            if cell.sources:
                shown = "amount" if column == "line_amount" and rule.table == "orders" else column
                columns.setdefault(shown, cell.sources[0])
    tables = tuple(rule.table for rule in kind.tables)
    return RecognisedFile(file.name, tables, kind.platform, columns=columns, note=kind.note)
