"""The project's files -> what each is, and every table with its columns, before a row is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from segcli.problems import Problems, nearest
from segcli.project.models import Project, SourceDefinition
from segcli.sources.columns_of_file import type_at
from segcli.sources.declared_tables import Declared, DeclaredTable, declared_tables, with_declared
from segcli.sources.derived import derive_given
from segcli.sources.expectations import check_expected_tables
from segcli.sources.extra_types import common_type, native_type, settle_types
from segcli.sources.files import find_files, open_source_file
from segcli.sources.headers import fold, listed
from segcli.sources.history_tables import has_forgotten, history_catalog
from segcli.sources.presets import FileKind
from segcli.sources.recognition import FilePlan, describe, recognise_file
from segcli.sources.tables import (
    CANONICAL,
    DERIVED,
    HISTORY,
    LOOKUPS,
    NUMBER,
    TEXT,
    TIME,
    TIME_COLUMN,
    UNCOUNTED,
    WHOLE,
    WORKING,
    Catalog,
    CatalogTable,
)

Types = Mapping[str, pl.DataType]


def recognise(project: Project, mentioned: frozenset[str], problems: Problems) -> Catalog:
    """Every file of the project by its header, and the tables that they make.

    `mentioned` are the names that occur in expressions: extra columns among them get a type by a look through
    the whole file, others are text. What a file is short of, columns that were mapped and do not exist, and a
    project of which no file is recognised are problems.
    """
    declared = declared_tables(project.recipes, problems)
    project = replace(project, sources=with_declared(project.sources, declared, problems))
    plans = _plans(project, declared, problems)
    _check_maps(project, plans, declared, problems)
    plans = _without_doubles(plans)
    if plans and not any(plan.kind.tables for plan in plans) and not problems.errors:
        for plan in plans:
            problems.error(f"{plan.file.name} is {plan.recognised.note}")
    _check_own_names(project, problems)
    tables = _tables(project, plans, declared, mentioned, problems)
    check_expected_tables(project, {*tables, *(source.table for source in project.sources)} - {""}, problems)
    files = tuple(plan.recognised for plan in plans)
    absent = {name: _declared_table(table) for name, table in declared.items() if name not in tables}
    return Catalog(tables, files, project.as_of, tuple(plans), absent)


def _check_own_names(project: Project, problems: Problems) -> None:
    """What segcli writes down itself is no table of the project's own."""
    for definition in project.sources:
        if definition.table in HISTORY:
            message = f"'{definition.table}' is the table of what segcli itself did."
            key = f"sources.{definition.table}"
            problems.error(message, definition.place, key, "Give this table another name.")


def _plans(project: Project, declared: Declared, problems: Problems) -> list[FilePlan]:
    """One plan per file; a file that several sources name belongs to the one that names its table."""
    plans: dict[str, FilePlan] = {}
    # Definitions that name their table go first, so that a folder beside them does not take their files.
    for definition in sorted(project.sources, key=lambda each: not each.table):
        for path in _found_files(definition, project, problems):
            known = plans.get(path)
            if known is not None and (not definition.table or definition.table in known.recognised.tables):
                continue
            file = open_source_file(path, problems, root=project.root)
            if file is not None:
                key = path if known is None else f"{path}#{definition.table}"
                plans[key] = recognise_file(file, definition, project.maps, declared, problems)
    order = {id(definition): number for number, definition in enumerate(project.sources)}
    return sorted(plans.values(), key=lambda plan: order[id(plan.definition)])


def _found_files(definition: SourceDefinition, project: Project, problems: Problems) -> list[str]:
    """The definition's files; what is missing is told at its line in segcli.yaml, if it stands there."""
    found = Problems()
    files = find_files(definition.files, project.root, found)
    for problem in found.found:
        if definition.place.line is not None:
            message = f"{problem.place}: {problem.message}"
            key = f"sources.{definition.table}" if definition.table else "sources"
            problem = replace(problem, message=message, place=definition.place, key=key)
        problems.found.append(problem)
    return files


def _check_maps(project: Project, plans: list[FilePlan], declared: Declared, problems: Problems) -> None:
    """What `--map` names has to exist: the table, its column, and the column of some file."""
    headers = [name for plan in plans for name in plan.file.header]
    folded = {fold(name) for name in headers}
    for table, columns in project.maps.items():
        if table not in CANONICAL:
            problems.error(
                f"there is no table '{table}'.",
                key="--map",
                hint=nearest(table, CANONICAL) or _one_of(CANONICAL),
            )
            continue
        more = declared[table].columns if table in declared else {}
        known = {**CANONICAL[table], **WORKING.get(table, {}), **more}
        for column, raw in columns.items():
            if column not in known:
                hint = nearest(column, known) or _one_of(known)
                problems.error(f"{table} has no column '{column}'.", key="--map", hint=hint)
            elif plans and fold(raw) not in folded:
                hint = nearest(raw, headers) or f"The columns are {listed(headers)}."
                problems.error(f"no file has a column '{raw}' for {table}.{column}.", key="--map", hint=hint)


def _one_of(names: Iterable[str]) -> str:
    return f"Known are {', '.join(names)}."


def _without_doubles(plans: list[FilePlan]) -> list[FilePlan]:
    """Orders that are only inferred (sums of lines, tracked purchases) give way to a file of orders."""
    sure = {rule.table for plan in plans for rule in plan.kind.tables if not rule.alone}
    return [_giving_way(plan, sure) for plan in plans]


def _giving_way(plan: FilePlan, sure: set[str]) -> FilePlan:
    dropped = [
        rule.table
        for rule in plan.kind.tables
        if rule.alone and rule.table in sure and rule.table != plan.definition.table
    ]
    if not dropped:
        return plan
    kind: FileKind = replace(
        plan.kind,
        tables=tuple(rule for rule in plan.kind.tables if rule.table not in dropped or not rule.alone),
    )
    told = f"its {' and '.join(dropped)} are left out, since another file has them"
    kind = replace(kind, note=f"{kind.note} {told}" if kind.note else told)
    return replace(plan, kind=kind, recognised=describe(plan.file, kind))


def _tables(
    project: Project, plans: list[FilePlan], declared: Declared, mentioned: frozenset[str], problems: Problems
) -> dict[str, CatalogTable]:
    extras = _extra_types(plans, mentioned, problems)
    given: dict[str, set[str]] = {}
    for plan in plans:
        for rule in plan.kind.tables:
            given.setdefault(rule.table, set()).update(rule.columns, plan.extras.get(rule.table, {}))
    if "country" not in CANONICAL["orders"] and "orders" in given:
        given["orders"] -= {"country"} - set(extras.get("orders", {}))
    found = derive_given(given, project.country)
    if has_forgotten(project):
        found["customers"].add("forgotten")
    tables = {
        table: _table(table, columns, extras.get(table, {}), plans, declared.get(table))
        for table, columns in found.items()
    }
    lookups = {**{name: _declared_table(table) for name, table in declared.items() if name not in CANONICAL}, **tables}
    tables["customers"] = _with_lookups(tables["customers"], lookups.values())
    _check_lookups(project, declared, tables["customers"], problems)
    if "orders" in tables:
        tables[UNCOUNTED] = replace(tables["orders"], name=UNCOUNTED)
    return {**tables, **history_catalog(project)}


def _table(
    table: str, given: set[str], extras: Types, plans: list[FilePlan], declared: DeclaredTable | None
) -> CatalogTable:
    typed = declared.columns if declared else {}
    definition = next((plan.definition for plan in plans if plan.definition.table == table), None)
    place = definition.place if definition else None
    if table in CANONICAL:
        columns = {**CANONICAL[table], **DERIVED.get(table, {}), **typed, **extras}
        return CatalogTable(table, columns, frozenset(given), TIME_COLUMN.get(table), table not in LOOKUPS, place)
    assert definition is not None
    rules = [rule for plan in plans for rule in plan.kind.tables if rule.table == table]
    fixed = [column for rule in rules for column in rule.columns if column not in extras]
    time = next((plan.time for plan in plans if plan.time and plan.definition.table == table), None)
    time = time or (declared.time if declared else None)
    columns = {**dict.fromkeys(fixed, TEXT()), **typed, **({time: TIME} if time else {}), **extras}
    return _own_table(CatalogTable(table, columns, frozenset(given), time, True, place, by=definition.by))


def _declared_table(table: DeclaredTable) -> CatalogTable:
    """A table of which there is no file: its columns, none of them given."""
    if table.name in CANONICAL:
        return _table(table.name, set(), {}, [], table)
    return _own_table(CatalogTable(table.name, table.columns, frozenset(), table.time, True, table.place, by=table.by))


def _own_table(table: CatalogTable) -> CatalogTable:
    """A table of the project's own with what joins it to customers; rows of theirs that have a time have an age."""
    if table.by is not None:
        return replace(table, columns={table.by: TEXT(), **table.columns}, by_person=False)
    ages = {"age_days": WHOLE(), "age_hours": NUMBER()} if table.time else {}
    given = table.given | (set(ages) if table.time in table.given else set())
    return replace(table, columns={"customer_id": TEXT(), **ages, **table.columns}, given=given)


def _check_lookups(project: Project, declared: Declared, customers: CatalogTable, problems: Problems) -> None:
    """A lookup is joined by a column of customers, which has to be one."""
    named = {source.table for source in project.sources}
    lookups = [(source.table, source.by, source.place, "sources") for source in project.sources]
    lookups += [(name, table.by, table.place, "tables") for name, table in declared.items() if name not in named]
    for name, by, place, part in lookups:
        if by is not None and by not in customers.columns:
            hint = nearest(by, customers.columns) or f"Known are {listed(customers.columns, 40)}."
            problems.error(f"customers has no column '{by}'.", place, f"{part}.{name}.by", hint)


def _with_lookups(customers: CatalogTable, lookups: Iterable[CatalogTable]) -> CatalogTable:
    """A lookup's columns are columns of customers too: `<table>_<column>`, given where it and what finds it are."""
    columns, given = dict(customers.columns), set(customers.given)
    given_by: dict[str, tuple[str, ...]] = {}
    for table in lookups:
        for name, dtype in table.columns.items() if table.by else ():
            if name != table.by:
                found_by = () if table.by in customers.given else (f"customers.{table.by}",)
                lacking = () if name in table.given else (f"{table.name}.{name}",) if table.given else (table.name,)
                columns[f"{table.name}_{name}"] = dtype
                given_by[f"{table.name}_{name}"] = (*lacking, *found_by)
    given |= {name for name, causes in given_by.items() if not causes}
    return replace(customers, columns=columns, given=frozenset(given), given_by=given_by)


def _extra_types(
    plans: list[FilePlan], mentioned: frozenset[str], problems: Problems
) -> dict[str, dict[str, pl.DataType]]:
    """Table -> extra column -> its type, the same for all files that have it."""
    types: dict[str, dict[str, list[pl.DataType | None]]] = {}
    for plan in plans:
        lookup = plan.definition.by is not None
        wanted = {
            raw
            for table, extras in plan.extras.items()
            for column, raw in extras.items()
            if column in mentioned or (lookup and f"{table}_{column}" in mentioned)
        }
        settled = settle_types(plan.file, sorted(wanted), problems)
        for table, extras in plan.extras.items():
            for column, raw in extras.items():
                native = native_type(type_at(plan.file.types, raw)) if plan.file.types else TEXT()
                types.setdefault(table, {}).setdefault(column, []).append(settled.get(raw, native))
    return {
        table: {column: common_type(found) for column, found in columns.items()} for table, columns in types.items()
    }
