"""Customers to the finished lines of a send list, built once for all lists of a run."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from segcli.exports.cells import (
    cell_text,
    finished_cells,
    in_utc,
    is_runnable,
    json_text,
    neutralised,
    quoted,
    quoted_text,
)
from segcli.exports.formats import (
    CUSTOMER_CLOCK,
    SEGMENT_MARK,
    ListFormat,
    ResolvedColumn,
    resolve_columns,
    with_every_column,
)


@dataclass(frozen=True)
class Cell:
    """The text of a column's cells; `runnable` are those that a spreadsheet might take for a formula."""

    text: pl.Expr
    runnable: bool


@dataclass(frozen=True)
class LineBuilder:
    """A format fitted to a frame: its header, and the text of each cell, in one of which the segment is a mark."""

    form: ListFormat
    header: str
    cells: tuple[Cell, ...]

    @property
    def needs(self) -> set[str]:
        """The customers' columns of which the lines are made."""
        return {name for cell in self.cells for name in cell.text.meta.root_names()}

    def tags(self, segments: Sequence[str]) -> pl.Series:
        """The segments' names as they stand in a line in place of the mark."""
        names = pl.Series("tag", segments, dtype=pl.String)
        if any(column.json_of for column in self.form.columns.values()):
            escaped = [json.dumps(name, ensure_ascii=False)[1:-1].replace('"', '""') for name in segments]
            return pl.Series("tag", escaped, dtype=pl.String)
        for column in self.form.columns.values():
            if column.between is not None and "segment" in column.value:
                names = names.str.replace_all(rf"\s*{re.escape(column.between)}\s*", " ")  # one tag, and not two
        return pl.select(quoted(neutralised(pl.lit(names)), self.form.file.separator)).to_series()

    def halves(self, customers: pl.DataFrame) -> pl.DataFrame:
        """The customers' lines with their line ends, cut at the mark into `head` and `tail`."""
        cells = customers.select(cell.text.alias(str(number)) for number, cell in enumerate(self.cells))
        runnable = [str(number) for number, cell in enumerate(self.cells) if cell.runnable]
        cells = finished_cells(cells, self.form.file.separator, runnable)
        lines = cells.select(pl.concat_str(pl.all(), separator=self.form.file.separator) + self.form.file.line_end)
        halves = lines.to_series().str.split_exact(SEGMENT_MARK, 1)
        return halves.struct.unnest().rename({"field_0": "head", "field_1": "tail"})


def line_builder(
    form: ListFormat,
    customers: pl.LazyFrame,
    fields: Sequence[str] = (),
    money: Collection[str] = (),
    timezone: str = "UTC",
) -> LineBuilder:
    """Fits the format to the columns of `customers`; the lines are those of `with_every_column(customers)`."""
    columns = resolve_columns(form, customers.collect_schema().names(), fields, money)
    cells = _cells(form, with_every_column(customers), columns, timezone)
    separator = form.file.separator
    header = separator.join(quoted_text(column.header, separator) for column in columns)
    return LineBuilder(form, header, tuple(cells))


def list_cells(form: ListFormat, frame: pl.LazyFrame, columns: Sequence[ResolvedColumn]) -> dict[str, pl.Expr]:
    """Header -> the text of that column's cells, null where empty."""
    texts = [neutralised(cell.text) if cell.runnable else cell.text for cell in _cells(form, frame, columns, "UTC")]
    return {column.header: pl.when(text != "").then(text) for column, text in zip(columns, texts, strict=True)}


def _cells(form: ListFormat, frame: pl.LazyFrame, columns: Sequence[ResolvedColumn], timezone: str) -> Iterator[Cell]:
    types = frame.select(column.source.alias(column.header) for column in columns).collect_schema()
    return (_cell(form, column, types[column.header], timezone) for column in columns)


def _cell(form: ListFormat, column: ResolvedColumn, dtype: pl.DataType, timezone: str) -> Cell:
    source, spelling = column.source, column.column.spelling
    if isinstance(dtype, pl.Struct):
        return Cell(json_text(source, dtype, dates=form.dates, times=form.times, utc_times=form.utc_times), False)
    if column.column.consent is not None:
        consent = column.column.consent
        unknown = pl.lit(consent.unknown, pl.String)
        spelled = pl.when(source).then(pl.lit(consent.given)).when(~source).then(pl.lit(consent.refused))
        return Cell(spelled.otherwise(unknown), False)
    times = form.times
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        times = form.utc_times
    elif column.column.value == (CUSTOMER_CLOCK,):
        times = form.local_times
    elif form.utc and isinstance(dtype, pl.Datetime):
        source = in_utc(source, timezone)
    dates, times = spelling or form.dates, spelling or times
    text = cell_text(source, dtype, dates=dates, times=times, money=column.money, text=False)
    return Cell(text, is_runnable(dtype))
