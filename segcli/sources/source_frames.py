"""Recognised files -> lazy frames of typed rows, one per file and table that it feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from segcli.problems import Problems
from segcli.project.models import Project
from segcli.sources.casting import (
    BY_TYPE,
    Cells,
    Formats,
    can_fail,
    cast_cells,
    first_problem,
    meaning_of,
)
from segcli.sources.evidence import Evidence, decide_decimal, decide_orders, gather_evidence
from segcli.sources.files import ROW, Rejections, scan_cells
from segcli.sources.presets import TableRule
from segcli.sources.raw_cells import named_cell, raw_cells, rows_of
from segcli.sources.recognition import FilePlan
from segcli.sources.tables import CANONICAL, WORKING, Catalog, SourceFrame


def source_frames(
    project: Project,
    catalog: Catalog,
    needed: Mapping[str, frozenset[str]],
    scratch: Path,
    rejections: Rejections,
    problems: Problems,
) -> dict[str, list[SourceFrame]]:
    """Table -> its frames in the order of the sources, with the needed columns that the files have.

    Reads a sample of each text file, and whole columns where that leaves a doubt of how dates and amounts are
    written. What cannot be decided is a problem that says the way out.
    """
    plans = [plan for plan in catalog.plans if any(rule.table in needed for rule in plan.kind.tables)]
    scans = [scan_cells(plan.file, scratch, rejections, problems) for plan in plans]
    evidence = [_look(plan, frame, needed, catalog) for plan, frame in zip(plans, scans, strict=True)]
    frames: dict[str, list[SourceFrame]] = {}
    for plan, frame, own in zip(plans, scans, evidence, strict=True):
        others = [
            each
            for other, each in zip(plans, evidence, strict=True)
            if other is not plan and other.file.header == plan.file.header
        ]
        formats = formats_of(project, plan, own, others, problems)
        for rule in plan.kind.tables:
            if rule.table in needed:
                types = catalog.tables[rule.table].columns
                made = table_frame(plan, rule, frame, _wanted(rule, needed, catalog), types, formats)
                frames.setdefault(rule.table, []).append(made)
    return frames


def formats_of(
    project: Project, plan: FilePlan, evidence: Evidence, others: list[Evidence], problems: Problems
) -> Formats:
    """How the file writes times and amounts: what its definition says, its preset, its cells."""
    zone = plan.definition.timezone or plan.kind.timezone
    date_format = plan.definition.date_format
    return Formats(
        zone=project.timezone,
        source_zone=ZoneInfo(zone) if zone else project.timezone,
        decimal=plan.definition.decimal or decide_decimal(plan, evidence, others, problems),
        date_format=date_format,
        orders={} if date_format else decide_orders(plan, evidence, others, problems),
        country=project.country,
        trusted=plan.file.format == "parquet" and plan.kind.platform == "canonical",
    )


def _wanted(rule: TableRule, needed: Mapping[str, frozenset[str]], catalog: Catalog) -> frozenset[str]:
    """The columns to read: of a lookup of the project's own all, since customers' columns ask for them."""
    table = catalog.tables.get(rule.table)
    return frozenset(table.columns) if table and table.by else needed.get(rule.table, frozenset())


def _look(plan: FilePlan, frame: pl.LazyFrame, needed: Mapping[str, frozenset[str]], catalog: Catalog) -> Evidence:
    if plan.file.types is not None:
        return Evidence()
    kinds: dict[str, set[str]] = {"time": set(), "money": set()}
    for rule in plan.kind.tables:
        wanted = _wanted(rule, needed, catalog)
        types = catalog.tables[rule.table].columns if rule.table in catalog.tables else {}
        for column, cell in rule.columns.items():
            meaning = meaning_of(rule.table, column, types.get(column))
            kind = {"date": "time", "number": "money", "whole": "money", "unit_price": "money"}.get(meaning, meaning)
            if kind in kinds and column in wanted and column not in ("latitude", "longitude"):
                kinds[kind] |= {name for name in cell.sources if name in plan.file.header}
    # Only amounts tell the decimal mark of a file; a count without one says nothing.
    return gather_evidence(frame, sorted(kinds["time"]), sorted(kinds["money"] - kinds["time"]))


def table_frame(
    plan: FilePlan,
    rule: TableRule,
    frame: pl.LazyFrame,
    needed: frozenset[str],
    types: Mapping[str, pl.DataType],
    formats: Formats,
) -> SourceFrame:
    """The rows that a file gives to one table: raw cells, typed columns, the problem of each row."""
    known = {**CANONICAL.get(rule.table, {}), **WORKING.get(rule.table, {}), **types}
    rows, schema = rows_of(frame, plan.file, rule, plan.kind.fill_down, plan.kind.fill_within)
    wanted = {name: cell for name, cell in rule.columns.items() if name in needed or name == "country"}
    extras = {name: raw for name, raw in plan.extras.get(rule.table, {}).items() if name in needed}
    cells: dict[str, Cells] = {}
    picked: list[pl.Expr] = []
    for column, cell in wanted.items():
        expression, dtype = raw_cells(cell, schema)
        cells[column] = Cells(f"raw:{column}", dtype, cell.sources)
        picked.append(_without_nan(expression, dtype).alias(f"raw:{column}"))
    for column, raw in extras.items():
        expression, dtype = named_cell(raw, schema)
        cells[column] = Cells(f"raw:{column}", dtype, (raw,))
        picked.append(_without_nan(expression, dtype).alias(f"raw:{column}"))
    own = {column: meaning_of(rule.table, column, types.get(column)) for column in cells if column not in extras}
    meanings = own | {column: BY_TYPE[types[column]] for column in extras if types[column] in BY_TYPE}
    land = cells["country"].column.cast(pl.String) if "country" in cells else None
    plain = replace(formats, decimal=".")  # an extra column is a number only if all of it has points
    typed = [
        cast_cells(each, meanings[column], plain if column in extras else formats, land).alias(column)
        if column in meanings
        else each.column.cast(types[column], strict=False).alias(column)
        for column, each in cells.items()
    ]
    checks = [
        (column, meanings[column], each)
        for column, each in cells.items()
        if column in meanings and can_fail(each, meanings[column]) and (column in known or column in extras)
    ]
    given = [column for column in cells if column in known or column in extras]
    out = rows.select(ROW, *picked).with_columns(typed)
    if checks:
        out = out.with_columns(first_problem(rule.table, checks).alias("__problem"))
    out = out.select(*given, ROW, *(["__problem"] if checks else []))
    return SourceFrame(rule.table, out, frozenset(given), plan.recognised, plan.kind.platform, rule.line_items)


def _without_nan(cells: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Cells of which the blank ones are null: many programs write NaN where a number is not known."""
    return cells.fill_nan(None) if dtype.is_float() else cells
