"""A CSV with structural trouble, read record by record through csv.reader: good rows kept, bad ones listed.

A stray or unclosed quote would swallow the rows after it. So a record that breaks, or that goes over several
lines and does not come out with the header's number of cells, costs its first line only: reading goes on with
the line after it.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import polars as pl

from segcli.sources.rejections import Rejections
from segcli.sources.source_file import ROW, SourceFile
from segcli.sources.structure import LONGEST_RECORD
from segcli.sources.text import text_lines

# The default of 128 kB would refuse a long note; it can only be set for the whole process.
csv.field_size_limit(2**31 - 1)

CELLS_AT_ONCE = 2_000_000
BAD_BYTES = re.compile("[\udc80-\udcff]")  # how Python writes bytes that are not UTF-8
NOT_CLOSED = "a quote opens here that is never closed"


@dataclass(frozen=True)
class Record:
    """One record: its 0-based number, its 1-based line, and either its cells or why it has none."""

    row: int
    line: int
    cells: list[str]
    fault: str | None = None
    text: str | None = None


class _TooManyLinesError(Exception):
    pass


class _Lines:
    """Lines for csv.reader that remembers which the current record took, and can take them back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) > LONGEST_RECORD:
            raise _TooManyLinesError
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.taken.append(line)
        return line

    def give_back_all_but_first(self) -> None:
        self._returned.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def read_records(file: SourceFile) -> Iterator[Record]:
    """Every record after the header, blank ones (no cells) included."""
    lines = _Lines(islice(text_lines(file), file.header_lines, None))
    reader = csv.reader(lines, delimiter=file.separator, strict=True)
    row, line = 0, file.header_lines + 1
    while True:
        lines.taken.clear()
        cells, fault = _next_record(reader, lines, len(file.header))
        if not lines.taken:
            return
        yield Record(row, line, cells, fault, _shown(lines.taken[0]) if fault else None)
        row += 1
        line += len(lines.taken)


def _next_record(reader: Iterator[list[str]], lines: _Lines, width: int) -> tuple[list[str], str | None]:
    """The cells, or the fault that costs the record's first line."""
    fault: str | None
    try:
        cells = next(reader, [])
    except _TooManyLinesError:
        cells, fault = [], NOT_CLOSED
    except csv.Error as error:
        # "unexpected end of data" is a quote open at the file's end; any other is a quote within a cell.
        end = "end of data" in str(error)
        cells, fault = [], NOT_CLOSED if end or len(lines.taken) > 1 else _stray(error)
    else:
        cells, fault = _checked(cells, width)
        if fault and len(lines.taken) > 1:
            fault = f"{NOT_CLOSED}, or {fault}"
        fault = fault or _bad_letters("".join(lines.taken))
    if fault:
        lines.give_back_all_but_first()
        return [], fault
    return cells, None


def _bad_letters(text: str) -> str | None:
    if "\0" in text:
        return "NUL bytes"
    return None if text.isascii() or not BAD_BYTES.search(text) else "bytes that are not UTF-8"


def _stray(error: csv.Error) -> str:
    if "new-line" in str(error):
        return "a carriage return in the middle of the row"
    return "a quote within a cell that is not doubled"


def _shown(line: str) -> str:
    """The line without what could not be written to a file again."""
    return BAD_BYTES.sub("\ufffd", line.rstrip("\r\n").replace("\0", "\ufffd"))


def _checked(cells: list[str], width: int) -> tuple[list[str], str | None]:
    if not any(cell.strip() for cell in cells):
        return [], None
    if len(cells) < width:
        return cells, f"too few cells: {len(cells)}, the header has {width}"
    if any(cells[width:]):
        return cells, f"too many cells: {len(cells)}, the header has {width}"
    return cells[:width], None  # separators at the end that hold nothing do no harm


def repaired_cells(file: SourceFile, folder: Path, rejections: Rejections) -> pl.LazyFrame:
    """The good rows as Parquet in `folder`, with their row numbers; the bad ones go to `rejections`."""
    folder.mkdir(parents=True)
    batch: list[Record] = []
    parts = 0
    for record in read_records(file):
        if record.fault:
            rejections.add(file.name, record.line, None, record.fault, record.text, dropped=True)
        elif record.cells:
            batch.append(record)
        if len(batch) * len(file.header) >= CELLS_AT_ONCE:
            _frame(batch, file.header).write_parquet(folder / f"{parts:08}.parquet")
            batch, parts = [], parts + 1
    _frame(batch, file.header).write_parquet(folder / f"{parts:08}.parquet")
    return pl.scan_parquet(folder, glob=False)


def _frame(records: list[Record], header: Sequence[str]) -> pl.DataFrame:
    columns = list(zip(*(record.cells for record in records), strict=True)) or [()] * len(header)
    rows = pl.Series(ROW, [record.row for record in records], dtype=pl.UInt32)
    texts = [pl.Series(name, cells, dtype=pl.String) for name, cells in zip(header, columns, strict=True)]
    return pl.DataFrame([rows, *texts]).with_columns(pl.col(pl.String).replace("", None))


def lines_of_troubled_rows(file: SourceFile, rows: Sequence[int]) -> list[int]:
    """The 1-based line where each row starts, counted as the rows were read."""
    wanted = set(rows)
    lines = {record.row: record.line for record in read_records(file) if record.row in wanted}
    return [lines[row] for row in rows]
