"""Typed frames made inline, as the source presets would make them, and the tables that come of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from segcli.problems import Problems
from segcli.project.models import Project
from segcli.sources.assembling import assemble_tables
from segcli.sources.rejections import Rejections
from segcli.sources.tables import (
    CANONICAL,
    DERIVED,
    LOOKUPS,
    TIME_COLUMN,
    UNCOUNTED,
    WORKING,
    Catalog,
    CatalogTable,
    RecognisedFile,
    SourceFrame,
    Tables,
)

AS_OF = dt.datetime(2026, 6, 30, 9, 0)


def day(text: str) -> dt.datetime:
    """A time from `2026-06-01` or `2026-06-01 10:30`."""
    return dt.datetime.fromisoformat(text)


def source(
    table: str,
    rows: Mapping[str, list[Any]],
    *,
    file: str | None = None,
    platform: str = "canonical",
    line_items: bool = False,
    types: Mapping[str, pl.DataType] | None = None,
) -> SourceFrame:
    """A frame of canonical columns; times and amounts may be written as text."""
    known = {**CANONICAL.get(table, {}), **WORKING.get(table, {}), **(types or {})}
    columns = []
    for name, values in rows.items():
        dtype = known.get(name, pl.String())
        if dtype == pl.Datetime("us"):
            values = [day(value) if isinstance(value, str) else value for value in values]
        elif dtype == pl.Date():
            values = [dt.date.fromisoformat(value) if isinstance(value, str) else value for value in values]
        elif isinstance(dtype, pl.Decimal):
            values = [Decimal(value) if isinstance(value, str) else value for value in values]
        columns.append(pl.Series(name, values, dtype=dtype))
    recognised = RecognisedFile(file or f"{table}.csv", (table,), platform)
    return SourceFrame(table, pl.DataFrame(columns).lazy(), frozenset(rows), recognised, platform, line_items)


def project(**changes: Any) -> Project:
    """A project of nothing but defaults."""
    values: dict[str, Any] = {
        "root": Path("/shop"), "file": None, "shop": "Shop", "timezone": ZoneInfo("Europe/Istanbul"),
        "currency": None, "locale": "en", "country": None, "as_of": AS_OF, "sources": (), "recipes": (),
        "output": Path("/shop/out"),
    }  # fmt: skip
    return Project(**{**values, **changes})


def catalog(frames: list[SourceFrame], own: Mapping[str, CatalogTable] | None = None) -> Catalog:
    """What recognition would say of the frames."""
    tables = {}
    for name in dict.fromkeys([*(frame.table for frame in frames), "customers", "carts", "cart_items"]):
        given = frozenset(column for frame in frames if frame.table == name for column in frame.given)
        columns = {**CANONICAL.get(name, {}), **DERIVED.get(name, {})}
        tables[name] = CatalogTable(name, columns, given, TIME_COLUMN.get(name), name not in LOOKUPS)
    return Catalog({**tables, **(own or {})}, tuple(frame.file for frame in frames), AS_OF)


def read(
    frames: list[SourceFrame],
    scratch: Path,
    *,
    shard_count: int = 1,
    needed: Mapping[str, set[str]] | None = None,
    problems: Problems | None = None,
    own: Mapping[str, CatalogTable] | None = None,
    **changes: Any,
) -> Tables:
    """Tables with every canonical and derived column of the tables that the frames feed."""
    by_table: dict[str, list[SourceFrame]] = {}
    for frame in frames:
        by_table.setdefault(frame.table, []).append(frame)
    wanted = {
        name: frozenset({**CANONICAL.get(name, {}), **DERIVED.get(name, {})}) for name in (*by_table, "customers")
    }
    if "events" in by_table:
        wanted["carts"] = frozenset({**CANONICAL["carts"], **DERIVED["carts"]})
        wanted["cart_items"] = frozenset({**CANONICAL["cart_items"], **DERIVED["cart_items"]})
    if "orders" in by_table:
        wanted[UNCOUNTED] = wanted["orders"]
    if needed is not None:
        wanted = {name: frozenset(columns) for name, columns in needed.items()}
    return assemble_tables(
        project(**changes), catalog(frames, own), by_table, wanted, scratch, Rejections(),
        problems or Problems(), {}, shard_count,
    )  # fmt: skip


def rows(tables: Tables, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """The chosen columns of a table as sorted tuples."""
    found = tables[name].whole.select(columns).collect().rows()
    return sorted(found, key=lambda row: [(value is not None, str(value)) for value in row])
