"""A CSV with structural trouble -> a sound copy of its good rows, and its bad ones with their lines.

A stray or unclosed quote would swallow the rows after it. So a record that breaks, or that goes over several
lines and does not come out with the header's number of cells, costs its first line only: reading goes on with
the line after it. In the copy a rejected line is an empty one, so that rows keep their numbers.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from segcli.sources.rejections import Rejections
from segcli.sources.source_file import SourceFile
from segcli.sources.structure import LONGEST_RECORD, UNSOUND, Structure
from segcli.sources.text import text_lines

# The default of 128 kB would refuse a long note; it can only be set for the whole process.
csv.field_size_limit(2**31 - 1)

BAD_BYTES = re.compile("[\\udc80-\\udcff]")  # how Python writes bytes that are not UTF-8
NOT_CLOSED = "a quote opens here that is never closed"


class Record(NamedTuple):
    """One record: its 0-based number, its 1-based line, and its text or cells, or why it is rejected."""

    row: int
    line: int
    text: str
    cells: list[str] | None = None  # when the text is not what Polars reads, or goes over several lines
    fault: str | None = None


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

    def give_back(self, keep: int) -> None:
        """All but the first `keep` lines of the record."""
        self._returned.extendleft(reversed(self.taken[keep:]))
        del self.taken[keep:]


def read_records(file: SourceFile) -> Iterator[Record]:
    """Every record after the header; one without content has an empty text."""
    width, separator = len(file.header), file.separator
    lines = _Lines(islice(text_lines(file), file.header_lines, None))
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = file.header_lines + 1
    for row, text in enumerate(lines):
        cells, fault = None, None
        if _is_blank(text, width, separator):
            text = ""
        elif '"' in text or text.count(separator) != width - 1 or _bad_letters(text):
            lines.give_back(keep=0)
            cells, fault = _next_record(reader, lines, width)
        yield Record(row, line, text.rstrip("\r\n"), cells, fault)
        line += len(lines.taken)
        lines.taken.clear()


def _is_blank(text: str, width: int, separator: str) -> bool:
    return not text.strip(separator + "\r\n") or (width > 1 and text.isspace())


def _next_record(reader: Iterator[list[str]], lines: _Lines, width: int) -> tuple[list[str] | None, str | None]:
    """The cells, or the fault that costs the record's first line."""
    cells: list[str] | None = None
    try:
        cells = next(reader)
    except _TooManyLinesError:
        fault: str | None = NOT_CLOSED
    except csv.Error as error:
        # "unexpected end of data" is a quote open at the file's end; any other is a quote within a cell.
        open_at_end = len(lines.taken) > 1 or "end of data" in str(error)
        fault = NOT_CLOSED if open_at_end else _stray(error)
    else:
        fault = _wrong_width(cells, width)
        if fault and len(lines.taken) > 1:
            fault = f"{NOT_CLOSED}, or {fault}"
        fault = fault or _bad_letters("".join(lines.taken))
    if cells is None or fault:
        lines.give_back(keep=1)
        return None, fault
    return cells[:width], None


def _wrong_width(cells: list[str], width: int) -> str | None:
    """Separators at the end that hold nothing do no harm."""
    if len(cells) < width:
        return f"too few cells: {len(cells)}, the header has {width}"
    return f"too many cells: {len(cells)}, the header has {width}" if any(cells[width:]) else None


def _bad_letters(text: str) -> str | None:
    if "\0" in text:
        return "NUL bytes"
    return None if text.isascii() or not BAD_BYTES.search(text) else "bytes that are not UTF-8"


def _stray(error: csv.Error) -> str:
    if "new-line" in str(error):
        return "a carriage return in the middle of the row"
    return "a quote within a cell that is not doubled"


def repair(file: SourceFile, target: Path, rejections: Rejections) -> tuple[SourceFile, Structure]:
    """Writes the good rows to `target`, without a header, and the bad ones to `rejections`."""
    empty: list[int] = []
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as copy:
        writer = csv.writer(copy, delimiter=file.separator, lineterminator="\n")
        for record in read_records(file):
            if record.fault:
                shown = BAD_BYTES.sub("\ufffd", record.text.replace("\0", "\ufffd"))
                rejections.add(file.name, record.line, None, record.fault, shown, dropped=True)
            if record.fault or not (record.text if record.cells is None else any(record.cells)):
                empty.append(record.row)
                copy.write("\n")
            elif record.cells:
                writer.writerow(record.cells)
            else:
                copy.write(record.text + "\n")
    repaired = replace(file, path=str(target), header_lines=0, encoding="utf-8", gzipped=False, line_end="\n")
    return repaired, replace(UNSOUND, sound=True, quoted_empty=True, empty=tuple(empty))


def lines_of_troubled_rows(file: SourceFile, rows: Sequence[int]) -> list[int]:
    """The 1-based line where each row starts, counted as the rows were read."""
    wanted = set(rows)
    lines = {record.row: record.line for record in read_records(file) if record.row in wanted}
    return [lines[row] for row in rows]
