"""Columns that no preset knows: what type they have, settled by all of their cells."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from segcli.problems import DataError, Problems
from segcli.sources.columns_of_file import type_at
from segcli.sources.files import Rejections, scan_cells
from segcli.sources.source_file import SourceFile
from segcli.sources.tables import DATE, FLAG, MONEY, NUMBER, TEXT, TIME, WHOLE

# Tried in this order; every filled cell has to fit. No leading zeros: those are codes.
SPELLINGS: tuple[tuple[str, pl.DataType], ...] = (
    (r"^\s*-?(?:0|[1-9]\d{0,17})\s*$", WHOLE()),
    (r"^\s*-?(?:0|[1-9]\d*)(?:\.\d+)?\s*$", NUMBER()),
    (r"^\s*\d{4}-\d\d-\d\d\s*$", DATE()),
    (r"^\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)?\s*$", TIME),
    (r"(?i)^\s*(?:true|false)\s*$", FLAG()),
)


def settle_types(file: SourceFile, columns: Iterable[str], problems: Problems) -> dict[str, pl.DataType | None]:
    """Type of each column of the file; None for an empty one. Text files are read through once for it."""
    names = list(dict.fromkeys(columns))
    if file.types is not None:
        return {name: native_type(type_at(file.types, name)) for name in names}
    if not names:
        return {}
    with tempfile.TemporaryDirectory(prefix="segcli-") as scratch:
        try:
            frame = scan_cells(file, Path(scratch), Rejections())
            row = frame.select(
                check.alias(f"{number}:{kind}")
                for number, name in enumerate(names)
                for kind, check in _checks(pl.col(name)).items()
            )
            found = row.collect(engine="streaming").row(0, named=True)
        except DataError as error:
            problems.found.extend(error.problems)
            return dict.fromkeys(names, TEXT())
    return {name: _settled(number, found) for number, name in enumerate(names)}


def _checks(cells: pl.Expr) -> Mapping[str, pl.Expr]:
    filled = pl.when(cells.str.contains(r"\S")).then(cells)
    fits = {str(kind): filled.str.contains(spelling).all() for kind, (spelling, _) in enumerate(SPELLINGS)}
    return {"filled": filled.count(), **fits}


def _settled(number: int, found: Mapping[str, object]) -> pl.DataType | None:
    if not found[f"{number}:filled"]:
        return None
    return next((dtype for kind, (_, dtype) in enumerate(SPELLINGS) if found[f"{number}:{kind}"]), TEXT())


def native_type(dtype: pl.DataType) -> pl.DataType:
    """The type that a column of Parquet or NDJSON has here: nothing narrower than 64 bits."""
    if dtype.is_integer():
        return WHOLE()
    if dtype.is_decimal():
        return MONEY if getattr(dtype, "scale", None) == 2 else NUMBER()
    if dtype.is_float():
        return NUMBER()
    if dtype == pl.Date or dtype == pl.Boolean:
        return dtype
    if isinstance(dtype, pl.Datetime):
        return TIME
    if isinstance(dtype, pl.List) and not dtype.inner.is_nested():
        return pl.List(native_type(dtype.inner))  # type: ignore[arg-type]
    return TEXT()


def common_type(types: Iterable[pl.DataType | None]) -> pl.DataType:
    """One type for a column that several files have: whole numbers give way to others, all else to text."""
    found = {dtype for dtype in types if dtype is not None}
    if len(found) == 1:
        return found.pop()
    if found == {WHOLE(), NUMBER()}:
        return NUMBER()
    return TEXT()
