"""Customers to the finished lines of a send list, built once for all lists of a run."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from segcli.exports.cells import cell_text, in_utc, json_text, neutralised, quoted, quoted_text
from segcli.exports.formats import (
    CUSTOMER_CLOCK,
    SEGMENT_MARK,
    ListFormat,
    ResolvedColumn,
    resolve_columns,
    with_every_column,
)


@dataclass(frozen=True)
class LineBuilder:
    """A format fitted to a frame: its header, and the expression of a line in which the segment is a mark."""

    form: ListFormat
    header: str
    line: pl.Expr

    def tags(self, segments: Sequence[str]) -> pl.Series:
        """The segments' names as they stand in a line in place of the mark."""
        names = pl.Series("tag", segments, dtype=pl.String)
        if any(column.json_of for column in self.form.columns.values()):
            escaped = [json.dumps(name, ensure_ascii=False)[1:-1].replace('"', '""') for name in segments]
            return pl.Series("tag", escaped, dtype=pl.String)
        return pl.select(quoted(neutralised(pl.lit(names)), self.form.file.separator)).to_series()

    def halves(self, customers: pl.DataFrame) -> pl.DataFrame:
        """The customers' lines with their line ends, cut at the mark into `head` and `tail`."""
        lines = customers.select(line=pl.concat_str(self.line, pl.lit(self.form.file.line_end)))
        return lines.select(pl.col("line").str.split_exact(SEGMENT_MARK, 1).struct.unnest()).rename(
            {"field_0": "head", "field_1": "tail"}
        )


def line_builder(
    form: ListFormat,
    customers: pl.LazyFrame,
    fields: Sequence[str] = (),
    money: Collection[str] = (),
    timezone: str = "UTC",
) -> LineBuilder:
    """Fits the format to the columns of `customers`; the line is for `with_every_column(customers)`."""
    columns = resolve_columns(form, customers.collect_schema().names(), fields, money)
    cells = list_cells(form, with_every_column(customers), columns, timezone)
    separator = form.file.separator
    header = separator.join(quoted_text(column.header, separator) for column in columns)
    line = pl.concat_str((quoted(cell, separator) for cell in cells.values()), separator=separator)
    return LineBuilder(form, header, line)


def list_cells(
    form: ListFormat, frame: pl.LazyFrame, columns: Sequence[ResolvedColumn], timezone: str = "UTC"
) -> dict[str, pl.Expr]:
    """Header -> the text of that column's cells, null where empty."""
    types = frame.select(column.source.alias(column.header) for column in columns).collect_schema()
    return {column.header: _cell(form, column, types[column.header], timezone) for column in columns}


def _cell(form: ListFormat, column: ResolvedColumn, dtype: pl.DataType, timezone: str) -> pl.Expr:
    source, spelling = column.source, column.column.spelling
    if isinstance(dtype, pl.Struct):
        return json_text(source, dtype, dates=form.dates, times=form.times, utc_times=form.utc_times)
    if column.column.consent is not None:
        consent = column.column.consent
        unknown = pl.lit(consent.unknown, pl.String)
        spelled = pl.when(source).then(pl.lit(consent.given)).when(~source).then(pl.lit(consent.refused))
        return spelled.otherwise(unknown)
    times = form.times
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        times = form.utc_times
    elif column.column.value == (CUSTOMER_CLOCK,):
        times = form.local_times
    elif form.utc and isinstance(dtype, pl.Datetime):
        source = in_utc(source, timezone)
    dates, times = spelling or form.dates, spelling or times
    cells = cell_text(source, dtype, dates=dates, times=times, money=column.money)
    return pl.when(cells != "").then(cells)
