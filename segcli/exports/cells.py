"""Typed columns to the text of CSV cells and lines, as Polars expressions."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

# What a spreadsheet would run at the start of a cell, and the two kinds of cell that may start so:
# a number, and a phone number in international spelling.
RUNS = r"^[=+\-@\t\r\n＝＋－＠]"
NUMBER_OR_PHONE = r"^(?:[+-]?[0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]+)?%?|\+[0-9][0-9 ().-]*)$"


def cell_text(
    column: pl.Expr, dtype: pl.DataType, *, dates: str, times: str, money: bool = False, text: bool = True
) -> pl.Expr:
    """The text of a column's cells; null where there is nothing to write.

    Money and every Decimal has two decimals, other fractions at most four; a list is joined by `;`. With
    `text`, a cell that a spreadsheet would run is neutralised by a leading apostrophe.
    """
    if dtype == pl.Date:
        return column.dt.strftime(dates)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime(times)
    if isinstance(dtype, pl.Decimal) or (money and dtype.is_numeric()):
        return column.cast(pl.Decimal(38, 2), strict=False).cast(pl.String)  # NaN and infinity are empty
    if dtype.is_float():
        return _fraction(column)
    if isinstance(dtype, pl.List):
        column = column.cast(pl.List(pl.String)).list.join(";")
    cells = column.cast(pl.String)
    return neutralised(cells) if text and is_runnable(dtype) else cells


def is_runnable(dtype: pl.DataType) -> bool:
    """Whether cells of this type are free text, which a spreadsheet might take for a formula."""
    return not dtype.is_numeric() and dtype not in (pl.Boolean, pl.Date, pl.Datetime)


def in_utc(column: pl.Expr, timezone: str) -> pl.Expr:
    """Naive times of this timezone as UTC; an hour that the clocks left out counts as the hour after it."""
    later = column + pl.duration(hours=1)
    zoned = (time.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null") for time in (column, later))
    return pl.coalesce(zoned).dt.convert_time_zone("UTC")


def _fraction(column: pl.Expr) -> pl.Expr:
    # 12.0 is written 12, so that a whole number reads the same whatever its type.
    rounded = column.round(4)
    written = pl.when(rounded == 0).then(pl.lit("0")).otherwise(rounded.cast(pl.String).str.strip_suffix(".0"))
    return pl.when(column.is_finite()).then(written)


def json_text(column: pl.Expr, dtype: pl.Struct, *, dates: str, times: str, utc_times: str) -> pl.Expr:
    """One JSON object per row from a struct: numbers as numbers, dates as text, lists as lists."""
    zoned = {field.name: utc_times for field in dtype.fields if getattr(field.dtype, "time_zone", None)}
    return pl.struct(
        _json_value(column.struct.field(field.name), field.dtype, dates, zoned.get(field.name, times)).alias(field.name)
        for field in dtype.fields
    ).struct.json_encode()


def _json_value(column: pl.Expr, dtype: object, dates: str, times: str) -> pl.Expr:
    if dtype == pl.Date:
        return column.dt.strftime(dates)
    if dtype == pl.Datetime:
        return column.dt.strftime(times)
    if dtype == pl.Decimal:
        return column.cast(pl.Float64).round(2)
    return column.round(4) if dtype in (pl.Float64, pl.Float32) else column


def neutralised(cells: pl.Expr) -> pl.Expr:
    """Cells as they are, with an apostrophe before those that a spreadsheet would run; of several columns too."""
    runs = cells.str.contains(RUNS) & ~cells.str.contains(NUMBER_OR_PHONE)
    return pl.when(runs).then(pl.lit("'") + cells).otherwise(cells)


def quoted(cells: pl.Expr, separator: str) -> pl.Expr:
    """Cells quoted where they must be, empty where they are null; of several columns too."""
    in_quotes = pl.lit('"') + cells.str.replace_all('"', '""', literal=True) + pl.lit('"')
    return pl.when(cells.str.contains(_must_be_quoted(separator))).then(in_quotes).otherwise(cells).fill_null("")


def finished_cells(texts: pl.DataFrame, separator: str, runnable: Sequence[str]) -> pl.DataFrame:
    """The texts of cells as they stand in a file: quoted, and the `runnable` columns neutralised before.

    Few columns have a cell that must be changed, and to look for one costs less than to make all cells anew.
    """
    runs = _columns_with(texts.select(runnable), RUNS)
    cells = texts.with_columns(neutralised(pl.col(runs)).name.keep())
    special = _columns_with(cells, _must_be_quoted(separator))
    return cells.with_columns(
        quoted(pl.col(special), separator).name.keep(),
        pl.all().exclude(special).fill_null(""),
    )


def _columns_with(texts: pl.DataFrame, pattern: str) -> list[str]:
    """The columns of which a cell has the pattern."""
    found = texts.select(pl.all().str.contains(pattern).any())
    return [name for name, some in zip(found.columns, found.row(0), strict=True) if some] if found.width else []


def quoted_text(cell: str, separator: str) -> str:
    """One cell as `quoted` writes it."""
    return '"' + cell.replace('"', '""') + '"' if re.search(_must_be_quoted(separator), cell) else cell


def _must_be_quoted(separator: str) -> str:
    return f'[{separator}"\r\n]'
