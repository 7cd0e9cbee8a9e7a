"""Text files of any encoding, gzipped or not -> their lines, a plain UTF-8 copy; which separator."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, cast

import polars as pl

from segcli.sources.source_file import SourceFile, UnreadableFileError

HEAD_BYTES = 1 << 20
CHUNK_BYTES = 1 << 22
SEPARATORS = ",;\t|"
SAMPLE_ROWS = 50


@contextmanager
def open_bytes(path: str, gzipped: bool) -> Iterator[IO[bytes]]:
    """The unpacked bytes. Raises UnreadableFileError for a gzip file that is cut off or damaged."""
    try:
        with gzip.open(path) if gzipped else Path(path).open("rb") as stream:
            yield cast("IO[bytes]", stream)
    except EOFError as error:
        raise UnreadableFileError(
            "the gzip file ends too early: it was cut off", hint="Export or copy it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFileError(f"the gzip file is damaged ({error})", hint="Export or copy it again.") from error


def byte_chunks(path: str, gzipped: bool) -> Iterator[bytes]:
    """The whole file, some megabytes at a time."""
    with open_bytes(path, gzipped) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def text_lines(file: SourceFile) -> Iterator[str]:
    """Lines with their ends, without a byte order mark; bytes that are not UTF-8 come as lone surrogates."""
    if file.remote:
        for batch in pl.scan_lines(file.path).collect_batches():
            yield from (line + "\n" for line in batch["line"])
        return
    errors = "surrogateescape" if file.encoding == "utf-8" else "strict"
    with open_bytes(file.path, file.gzipped) as stream:
        text = io.TextIOWrapper(stream, encoding=file.encoding, errors=errors, newline=file.line_end)
        if first := text.readline().removeprefix("\ufeff"):
            yield first
        yield from text


def decode_head(head: bytes, encoding: str) -> str:
    """The text of a file's beginning, which may end within a letter, without its byte order mark."""
    errors = "replace" if encoding == "utf-8" else "strict"
    text = codecs.getincrementaldecoder(encoding)(errors).decode(head, final=False)
    return text.removeprefix("\ufeff")


def copy_as_utf8(file: SourceFile, target: Path) -> None:
    """Unpacks the text and writes it as UTF-8, line for line.

    Raises UnreadableFileError, with the line, where bytes are not in the encoding.
    """
    lines = 1
    decoder = codecs.getincrementaldecoder(file.encoding)()
    with target.open("wb") as copy:
        try:
            for chunk in byte_chunks(file.path, file.gzipped):
                # UTF-8 is copied as it is: a bad byte in it costs a row, later, and not the file.
                text = chunk if file.encoding == "utf-8" else decoder.decode(chunk).encode("utf-8")
                lines += text.count(b"\n")
                copy.write(text)
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise UnreadableFileError(
                f"bytes that are not {file.encoding} in or after this line",
                line=lines,
                hint="Export it again as CSV UTF-8.",
            ) from error


def copy_remote(url: str, target: Path) -> None:
    """Fetches a remote text file once, through Polars and so with every URL and credential that it knows."""
    pl.scan_lines(url).sink_csv(target, include_header=False, quote_style="never")


def separator_of(lines: list[str]) -> str:
    """The separator under which the header has most columns and the first rows agree with it.

    Quotes are respected; `a;b` with amounts such as `1,50` is not taken for two columns by the comma.
    """

    def evidence(separator: str) -> float:
        try:
            rows = list(islice(csv.reader(lines, delimiter=separator), SAMPLE_ROWS))
        except csv.Error:
            return 0
        rows = [row for row in rows if row]
        width = len(rows[0]) if rows else 0
        return width * sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0

    best = max(SEPARATORS, key=evidence)  # the first of equals: a comma for a file of one column
    return best if evidence(best) else ","
