"""Lines of text to numbered CSV files within an importer's limits, digests computed as they are written."""

from __future__ import annotations

import codecs
import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from segcli.exports.formats import FileSpelling, Limits
from segcli.problems import DataError, Problem

BYTE_ORDER_MARKS = {"utf-8": b"", "utf-8-sig": codecs.BOM_UTF8, "utf-16": codecs.BOM_UTF16_LE}
CODECS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "utf-16": "utf-16-le"}
BINARY = getattr(os, "O_BINARY", 0)  # Windows would change line ends without it


@dataclass(frozen=True)
class WrittenFile:
    """A file of a run: its path inside the run's folder, digest, size, and rows without the header."""

    path: str
    sha256: str
    bytes: int
    rows: int | None = None


@dataclass(frozen=True)
class Lines:
    """Finished lines with their line ends, one after the other, as UTF-8.

    Their sizes in bytes are `sizes[first : first + count]`: few lists ever have to look at them.
    """

    text: memoryview
    sizes: pl.Series
    first: int
    count: int

    def cut(self, count: int) -> tuple[Lines, Lines]:
        """The first `count` lines, and the others."""
        end = int(self.sizes.slice(self.first, count).cast(pl.Int64).sum())
        rest = Lines(self.text[end:], self.sizes, self.first + count, self.count - count)
        return Lines(self.text[:end], self.sizes, self.first, count), rest


def joined(lines: pl.Series) -> Lines:
    """Lines, each with its line end already, as one text."""
    text = lines.str.join("").cast(pl.Binary).item()
    return Lines(memoryview(text), lines.str.len_bytes(), 0, len(lines))


class ListFile:
    """A list that grows by batches of lines: `<stem>.csv`, or `<stem>.1.csv`, `.2.csv`, ... past a limit.

    The file is there from the first line on, or from `close` for a list without any.
    """

    def __init__(self, run: Path, stem: str, header: str, spelling: FileSpelling, limits: Limits) -> None:
        self._run, self._stem = run, stem
        self._codec = CODECS[spelling.encoding]
        self._limits = limits
        self._head = BYTE_ORDER_MARKS[spelling.encoding] + (header + spelling.line_end).encode(self._codec)
        self._done: list[WrittenFile] = []
        self._begin()

    @property
    def rows(self) -> int:
        """Rows written so far, in all parts."""
        return self._rows + sum(part.rows or 0 for part in self._done)

    def write(self, lines: Lines) -> None:
        """Appends lines, in order. Raises DataError for a single line larger than a whole file may be."""
        while lines.count:
            fitting = self._fitting(lines)
            if not fitting:
                self._next_part()
                fitting = self._fitting(lines)
            if not fitting:
                limit = self._limits.bytes
                problem = Problem(
                    f"{self._stem}: one row has {lines.sizes[lines.first]} bytes, a file at most {limit}."
                )
                raise DataError([problem])
            if fitting == lines.count:
                self._append(lines)
                return
            fit, lines = lines.cut(fitting)
            self._append(fit)

    def close(self) -> list[WrittenFile]:
        """The finished parts."""
        return [*self._done, self._finished()]

    def _fitting(self, lines: Lines) -> int:
        """How many of the lines the file has room for."""
        room = lines.count
        if self._limits.rows is not None:
            room = min(room, self._limits.rows - self._rows)
        if self._limits.bytes is not None:
            free = self._limits.bytes - self._bytes
            if len(lines.text) > free:
                ends = lines.sizes.slice(lines.first, room).cast(pl.Int64).cum_sum()
                room = min(room, int(ends.search_sorted(free, side="right")))
        return room

    def _begin(self) -> None:
        number = f".{len(self._done) + 1}" if self._done else ""
        self._path = f"{self._stem}{number}.csv"
        self._digest = hashlib.sha256(self._head)
        self._rows, self._bytes = 0, len(self._head)
        self._exists = False

    def _next_part(self) -> None:
        finished = self._finished()
        if not self._done:
            first = f"{self._stem}.1.csv"
            (self._run / self._path).rename(self._run / first)
            finished = replace(finished, path=first)
        self._done.append(finished)
        self._begin()

    def _append(self, lines: Lines) -> None:
        # Texts are made as UTF-8; only the lists for spreadsheets are written otherwise.
        text = lines.text if self._codec == "utf-8" else str(lines.text, "utf-8").encode(self._codec)
        self._put(text)
        self._digest.update(text)
        self._bytes += len(text)
        self._rows += lines.count

    def _put(self, content: bytes | memoryview) -> None:
        """Adds to the file, and its header first. Thousands are written to by turns, so none stays open."""
        mode = os.O_APPEND if self._exists else os.O_CREAT | os.O_EXCL
        file = os.open(f"{self._run}/{self._path}", os.O_WRONLY | BINARY | mode, 0o666)
        try:
            if not self._exists:
                write_whole(file, self._head)
            write_whole(file, content)
        finally:
            os.close(file)
        self._exists = True

    def _finished(self) -> WrittenFile:
        if not self._exists:
            self._put(b"")
        return WrittenFile(self._path, self._digest.hexdigest(), self._bytes, self._rows)


def write_whole(file: int, content: bytes | memoryview) -> None:
    """Writes all of the content to an open file."""
    done = os.write(file, content) if content else 0
    # The system may take a part only; where it takes nothing it says why.
    while done < len(content):
        done += os.write(file, memoryview(content)[done:])


def write_file(run: Path, path: str, content: bytes, rows: int | None = None) -> WrittenFile:
    """Writes a whole file into the run's folder."""
    (run / path).write_bytes(content)
    return WrittenFile(path, hashlib.sha256(content).hexdigest(), len(content), rows)


def file_digest(run: Path, path: str, rows: int | None = None) -> WrittenFile:
    """Digest and size of a file that something else has written into the run's folder."""
    with (run / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return WrittenFile(path, digest, (run / path).stat().st_size, rows)
