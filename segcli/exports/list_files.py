"""Lines of text to numbered CSV files within an importer's limits, digests computed as they are written."""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.exports.formats import FileSpelling, Limits
from segcli.problems import DataError, Problem

BYTE_ORDER_MARKS = {"utf-8": b"", "utf-8-sig": codecs.BOM_UTF8, "utf-16": codecs.BOM_UTF16_LE}
CODECS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "utf-16": "utf-16-le"}


@dataclass(frozen=True)
class WrittenFile:
    """A file of a run: its path inside the run's folder, digest, size, and rows without the header."""

    path: str
    sha256: str
    bytes: int
    rows: int | None = None


class ListFile:
    """A list that grows by batches of lines: `<stem>.csv`, or `<stem>.1.csv`, `.2.csv`, ... past a limit."""

    def __init__(self, run: Path, stem: str, header: str, spelling: FileSpelling, limits: Limits) -> None:
        self._run, self._stem = run, stem
        self._codec = CODECS[spelling.encoding]
        self._line_end = spelling.line_end
        self._limits = limits
        self._head = BYTE_ORDER_MARKS[spelling.encoding] + (header + self._line_end).encode(self._codec)
        self._done: list[WrittenFile] = []
        self._begin()

    @property
    def rows(self) -> int:
        """Rows written so far, in all parts."""
        return self._rows + sum(part.rows or 0 for part in self._done)

    def write(self, lines: pl.Series) -> None:
        """Appends lines, in order. Raises DataError for a single line larger than a whole file may be."""
        if self._limits.rows is None and self._limits.bytes is None:
            self._append(lines)
            return
        sizes = lines.str.len_bytes().cast(pl.Int64) + len(self._line_end)
        while len(lines):
            fitting = self._fitting(sizes)
            if not fitting:
                self._next_part()
                fitting = self._fitting(sizes)
            if not fitting:
                limit = self._limits.bytes
                problem = Problem(f"{self._stem}: one row has {sizes[0]} bytes, a file at most {limit}.")
                raise DataError([problem])
            self._append(lines[:fitting])
            lines, sizes = lines[fitting:], sizes[fitting:]

    def close(self) -> list[WrittenFile]:
        """The finished parts."""
        return [*self._done, self._finished()]

    def _fitting(self, sizes: pl.Series) -> int:
        room = len(sizes) if self._limits.rows is None else self._limits.rows - self._rows
        if self._limits.bytes is not None:
            free = self._limits.bytes - self._bytes
            room = min(room, int(sizes.cum_sum().search_sorted(free, side="right")))
        return min(room, len(sizes))

    def _begin(self) -> None:
        number = f".{len(self._done) + 1}" if self._done else ""
        self._path = f"{self._stem}{number}.csv"
        self._digest = hashlib.sha256()
        self._rows = self._bytes = 0
        self._put(self._head, "xb")

    def _next_part(self) -> None:
        if not self._done:
            first = f"{self._stem}.1.csv"
            (self._run / self._path).rename(self._run / first)
            self._path = first
        self._done.append(self._finished())
        self._begin()

    def _append(self, lines: pl.Series) -> None:
        if len(lines):
            text = str(lines.str.join(self._line_end).item()) + self._line_end
            self._put(text.encode(self._codec), "ab")
            self._rows += len(lines)

    def _put(self, content: bytes, mode: str) -> None:
        with (self._run / self._path).open(mode) as file:
            file.write(content)
        self._digest.update(content)
        self._bytes += len(content)

    def _finished(self) -> WrittenFile:
        return WrittenFile(self._path, self._digest.hexdigest(), self._bytes, self._rows)


def write_file(run: Path, path: str, content: bytes, rows: int | None = None) -> WrittenFile:
    """Writes a whole file into the run's folder."""
    (run / path).write_bytes(content)
    return WrittenFile(path, hashlib.sha256(content).hexdigest(), len(content), rows)


def file_digest(run: Path, path: str, rows: int | None = None) -> WrittenFile:
    """Digest and size of a file that something else has written into the run's folder."""
    with (run / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return WrittenFile(path, digest, (run / path).stat().st_size, rows)
