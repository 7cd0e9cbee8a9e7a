"""A file's header -> what the file is: a platform's preset or a plain table, and what its columns mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from segcli.problems import Problems, nearest
from segcli.project.models import SourceDefinition
from segcli.sources.columns_of_file import Names, flat_names, lacking, resolve_kind
from segcli.sources.declared_tables import Declared
from segcli.sources.files import SourceFile
from segcli.sources.headers import fold, listed, name_extras
from segcli.sources.own_tables import own_kind, own_time, renamed_columns, typed_as_declared
from segcli.sources.plain import (
    feeds,
    map_columns,
    overrides_for,
    recognise_plain,
    shapes,
)
from segcli.sources.presets import Cell, FileKind, load_presets
from segcli.sources.tables import CANONICAL, DERIVED, WORKING, RecognisedFile

# What stands in a row and never above one: a number, a date, an address.
DATA_CELL = re.compile(r"[-+]?\d+([.,]\d+)*|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[^@\s]+@[^@\s]+\.[^@\s]+")
Overrides = Mapping[str, Mapping[str, str]]  # table -> our column -> the file's column


@dataclass(frozen=True)
class FilePlan:
    """A file, what it is, and the rules that turn its cells into tables, in the file's own column names."""

    file: SourceFile
    recognised: RecognisedFile
    kind: FileKind
    definition: SourceDefinition
    extras: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # table -> column -> the file's column
    time: str | None = None  # of a table of the project's own: the column that says when


def recognise_file(
    file: SourceFile,
    definition: SourceDefinition,
    maps: Overrides,
    declared: Declared,
    problems: Problems,
) -> FilePlan:
    """What `file` is. A file that is nothing we know feeds no table and says so in its note."""
    names = Names(file.header, file.types)
    overrides = {table: dict(columns) for table, columns in maps.items()}
    if definition.table and definition.columns:
        named = {column: raw for column, raw in definition.columns.items() if _is_column(column, definition, declared)}
        overrides[definition.table] = {**overrides.get(definition.table, {}), **named}
    present = {
        table: {column: names.index[fold(raw)] for column, raw in columns.items() if fold(raw) in names.index}
        for table, columns in overrides.items()
    }
    _check_definition(file, definition, names, declared, problems)
    own = bool(definition.table) and definition.table not in CANONICAL
    # What a project names is no platform's file by chance: status, reason, email, created are a help desk's words too.
    found, time = None if own and definition.preset is None else _find_preset(names, definition), None
    if found is None and own:
        time = own_time(names, definition, declared.get(definition.table))
        found = own_kind(file, names, definition, time, problems)
    kind = found or _find_plain(file, names, present, definition, problems)
    kind = _apply_overrides(resolve_kind(kind, names), present)
    _check_required(file, kind, problems)
    kind, extras = typed_as_declared(kind, extra_columns(file, kind, definition), declared)
    return FilePlan(file, describe(file, kind), kind, definition, extras, time)


def _check_definition(
    file: SourceFile, definition: SourceDefinition, names: Names, declared: Declared, problems: Problems
) -> None:
    known = {kind.platform for kind in load_presets()} | {f"{kind.platform}.{kind.name}" for kind in load_presets()}
    if definition.preset is not None and definition.preset not in known:
        key = f"sources.{definition.table}.preset"
        hint = nearest(definition.preset, known) or f"Known are {listed(sorted(known), 40)}."
        problems.error(f"there is no preset '{definition.preset}'.", definition.place, key, hint)
    for column, raw in definition.columns.items():
        by_option = column in definition.mapped
        place = None if by_option else definition.place
        key = "--map" if by_option else f"sources.{definition.table}.columns.{column}"
        if not _is_column(column, definition, declared):
            columns = _columns_of(definition.table, declared)
            hint = nearest(column, columns) or f"Known are {', '.join(columns)}."
            problems.error(f"{definition.table} has no column '{column}'.", place, key, hint)
        elif fold(raw) not in names.index:
            problems.error(
                f"{file.name} has no column '{raw}'. Its columns are {listed(file.header)}.",
                place,
                key,
                hint=nearest(raw, file.header),
            )


def _columns_of(table: str, declared: Declared) -> tuple[str, ...]:
    more = declared[table].columns if table in declared else ()
    return (*CANONICAL[table], *WORKING.get(table, {}), *more)


def _is_column(column: str, definition: SourceDefinition, declared: Declared) -> bool:
    """Whether a column that the definition names is one of its table; own tables may name any."""
    return definition.table not in CANONICAL or column in _columns_of(definition.table, declared)


def _find_preset(names: Names, definition: SourceDefinition) -> FileKind | None:
    """The preset that the definition names (`shopify.checkouts`), else the first whose signature the header bears.

    A platform alone (`shopify`) narrows the choice.
    """
    for kind in load_presets():
        full = f"{kind.platform}.{kind.name}"
        if definition.preset == full:
            return kind
        if definition.preset not in (None, kind.platform):
            continue
        signed = all(any(names.find(name) for name in group) for group in kind.signature)
        if not signed or any(names.find(name) for name in kind.never) or (kind.named and definition.preset is None):
            continue
        if kind.exact and len(names.header) > len(kind.signature):
            continue
        tables = {rule.table for rule in kind.tables}
        if definition.table not in CANONICAL or not tables or definition.table in tables:
            return kind
    return None


def _find_plain(
    file: SourceFile, names: Names, overrides: Overrides, definition: SourceDefinition, problems: Problems
) -> FileKind:
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
    return FileKind("plain", "unknown", "not recognised", (), note=f"not recognised: {lack}")


def _stem(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]


def _what_lacks(file: SourceFile, names: Names, overrides: Overrides, table: str | None) -> str:
    """What is missing for the table that the header comes nearest to, and the --map lines that would say it.

    Without a table in mind only a near miss is worth a guess.
    """
    has = f"its columns are {listed(file.header)}."
    about = map_columns("customers", names.index, {})
    if table is None and "ticket" in about and not shapes()["customers"].lacks(about):
        return (
            f"{has} With '{about['ticket']}' it tells what people wrote, such as tickets, and not who is a customer: "
            f"`sources: {{support: {{files: {file.name}}}}}` in segcli.yaml would use it."
        )
    tries = []
    for shape in shapes().values():
        if table is None or table in feeds(shape.table):
            mapping = map_columns(shape.table, names.index, overrides_for(shape.table, overrides))
            lacks = shape.lacks(mapping)
            tries.append((len(lacks) - len(shape.needs) * 0.5, shape, lacks))
    if table is not None:  # the table itself, rather than the lines of it
        tries = [attempt for attempt in tries if attempt[1].table == table] or tries
    _, shape, lacks = min(tries, key=lambda attempt: attempt[0])
    if table is None and (len(lacks) != 1 or shape.table == "customers"):
        return f"{has} `--map TABLE.COLUMN=HEADER` or `sources:` in segcli.yaml would use it."
    goal = table or feeds(shape.table)[0]
    missing = [next((name for name in group if name in CANONICAL[goal]), group[0]) for group in lacks]
    lines = " ".join(f"--map {goal}.{column}=COLUMN" for column in missing)
    if sum(bool(DATA_CELL.fullmatch(name.strip())) for name in file.header) > 1:
        return f"{has} That looks like a row: does the line with the columns' names lack at its top?"
    if not missing:
        return f"{has} `sources:` in segcli.yaml would use it."
    return f"{has} As {goal} it lacks {listed(missing)}: say which that is with {lines}."


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


def extra_columns(file: SourceFile, kind: FileKind, definition: SourceDefinition) -> dict[str, dict[str, str]]:
    """Table -> snake-case column -> the file's column, for what no rule uses.

    Lines get what neither they nor their order use, further tables nothing: they are about something else.
    """
    used = {
        rule.table: {name for column, cell in rule.columns.items() for name in _kept(rule.table, column, cell)}
        for rule in kind.tables
    }
    renamed = renamed_columns(file, kind, definition)
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


def _kept(table: str, column: str, cell: Cell) -> tuple[str, ...]:
    # An order's country only helps to read its phone numbers, and stays a column of its own; so do its tags.
    if column == "test_tag":
        return ()
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
