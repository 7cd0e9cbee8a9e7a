"""A path -> its format, encoding, separator and header, or a problem that says why it is no table."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import polars as pl

from segcli.problems import Place, Problem, Problems
from segcli.sources.encodings import (
    WAY_OUT,
    encoding_by_letters,
    reading_note,
    refuse_other_formats,
    unicode_encoding,
)
from segcli.sources.finding import PARQUET_SUFFIXES
from segcli.sources.json_lines import json_types
from segcli.sources.source_file import ROW, SourceFile, UnreadableFileError, shown_name
from segcli.sources.text import HEAD_BYTES, byte_chunks, decode_head, open_bytes, separator_of

GZIP = b"\x1f\x8b"
REMOTE_HEAD_LINES = 200
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # Excel's own hint, above the header
CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f]")


def open_source_file(
    path: str,
    problems: Problems,
    *,
    root: Path | None = None,
    encoding: str | None = None,
    separator: str | None = None,
) -> SourceFile | None:
    """The file with its header, or None and a problem.

    Reads about a megabyte; all of it for NDJSON (a key may occur late) and for text that is not Unicode
    (its letters tell the encoding). `encoding` and `separator` overrule what the file looks like.
    """
    name = shown_name(path, root)
    try:
        if _is_parquet(path):
            return _open_parquet(path, name)
        if "://" in path:
            file, text = _open_remote(path, name)
        else:
            file, text = _open_text(path, name, encoding, problems)
        return _open_json(file, text) or _with_header(file, text, separator, problems)
    except UnreadableFileError as fault:
        problems.found.append(fault.problem(name))
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        problems.found.append(Problem(f"cannot be read: {reason}", Place(name), in_data=True))
    return None


def _is_parquet(path: str) -> bool:
    if "://" in path:
        return path.lower().split("?")[0].endswith(PARQUET_SUFFIXES)
    return Path(path).is_dir() or _first_bytes(path) == b"PAR1" or path.lower().endswith(PARQUET_SUFFIXES)


def _first_bytes(path: str) -> bytes:
    with Path(path).open("rb") as stream:
        return stream.read(4)


def scan_parquet(path: str, row_index_name: str | None = None) -> pl.LazyFrame:
    """One file, a URL, or a folder with `key=value` folders."""
    folder = "://" not in path and Path(path).is_dir()
    return pl.scan_parquet(path, glob=folder, hive_partitioning=folder, row_index_name=row_index_name)


def _open_parquet(path: str, name: str) -> SourceFile:
    local = [] if "://" in path else [Path(path), *Path(path).rglob("*")]
    size = sum(part.stat().st_size for part in local if part.is_file())
    if local and not size:
        raise UnreadableFileError("the file is empty")
    try:
        types = dict(scan_parquet(path).collect_schema())
    except pl.exceptions.PolarsError as error:
        raise UnreadableFileError(
            f"the Parquet file is cut off or damaged ({str(error).splitlines()[0]})",
            hint="Export or copy it again.",
        ) from error
    if ROW in types:
        raise UnreadableFileError(f"a column is named {ROW!r}, which segcli uses itself", hint="Rename it.")
    return SourceFile(path, name, "parquet", tuple(types), types, size=size, header_lines=0)


def _open_text(path: str, name: str, encoding: str | None, problems: Problems) -> tuple[SourceFile, str]:
    """The file without its header, and its beginning: whole lines only."""
    gzipped = _first_bytes(path)[:2] == GZIP
    with open_bytes(path, gzipped) as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise UnreadableFileError("the file is empty")
    refuse_other_formats(head)
    chosen = encoding or unicode_encoding(head) or encoding_by_letters(byte_chunks(path, gzipped))
    try:
        text = decode_head(head, chosen)
    except (UnicodeError, LookupError) as error:
        raise UnreadableFileError(f"cannot be read as {chosen}: {error}", hint=WAY_OUT) from error
    if len(CONTROL.findall(text[:4000])) > 0.1 * len(text[:4000]):
        raise UnreadableFileError("this is not a text file", hint="Export the data as CSV.")
    if encoding is None and chosen.startswith("cp"):
        problems.warn(reading_note(chosen, text), Place(name), hint=f"If letters look wrong: {WAY_OUT}")
    line_end = "\r" if "\r" in text.rstrip("\r") and "\n" not in text else "\n"
    if len(head) == HEAD_BYTES:
        text = text[: text.rfind(line_end) + 1]
        if not text:
            raise UnreadableFileError("the first line does not end within a megabyte: this is no table")
    size = Path(path).stat().st_size
    file = SourceFile(path, name, "csv", (), None, chosen, size=size, gzipped=gzipped, line_end=line_end)
    return file, text


def _open_remote(url: str, name: str) -> tuple[SourceFile, str]:
    lines = pl.scan_lines(url).head(REMOTE_HEAD_LINES).collect()["line"]
    text = "".join(f"{line}\n" for line in lines).removeprefix("\ufeff")
    if not text:
        raise UnreadableFileError("the file is empty")
    refuse_other_formats(text.encode())
    return SourceFile(url, name, "csv", ()), text


def _open_json(file: SourceFile, text: str) -> SourceFile | None:
    """The file as NDJSON, when its first line is an object."""
    start = text.lstrip()
    if re.match(r"\[\s*[{\]]", start):
        raise UnreadableFileError("this is one JSON array", hint="Write one JSON object per line (NDJSON).")
    named_json = file.path.lower().removesuffix(".gz").endswith((".ndjson", ".jsonl", ".json"))
    if not named_json and not _is_object(start.partition("\n")[0]):
        return None
    if not start:
        raise UnreadableFileError("the file holds only blank lines")
    types = json_types(file)
    if not types:
        raise UnreadableFileError("no line is a JSON object", hint="Write one JSON object per line (NDJSON).")
    return replace(file, format="ndjson", header=tuple(types), types=types, header_lines=0)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _with_header(file: SourceFile, text: str, separator: str | None, problems: Problems) -> SourceFile:
    lines = list(io.StringIO(text, newline=file.line_end))
    before = _blank_lines(lines)
    if before < len(lines) and (hinted := SEPARATOR_LINE.fullmatch(lines[before])):
        separator = separator or hinted.group(1)
        before += 1 + _blank_lines(lines[before + 1 :])
    body = lines[before:]
    if not body:
        raise UnreadableFileError("the file holds only blank lines")
    separator = separator or separator_of(body)
    reader = csv.reader(body, delimiter=separator, strict=True)
    try:
        names = next(reader)
    except csv.Error as error:
        fault = "a quote opens in the header that is never closed"
        raise UnreadableFileError(fault, before + 1) from error
    if any("\0" in name for name in names):
        raise UnreadableFileError("NUL bytes in the header: this is no text, or a damaged copy", before + 1)
    place = Place(file.name, before + 1)
    if file.remote is False and file.size < HEAD_BYTES and not "".join(body[reader.line_num :]).strip():
        problems.warn("the file has a header and no rows", place)
    header = _unique_names(names, place, problems)
    return replace(file, header=header, separator=separator, header_lines=before + reader.line_num)


def _blank_lines(lines: Iterable[str]) -> int:
    """How many blank lines come first."""
    count = 0
    for line in lines:
        if line.strip():
            break
        count += 1
    return count


def _unique_names(names: list[str], place: Place, problems: Problems) -> tuple[str, ...]:
    """Each name once: a column without a name is `column_3`, a second `email` is `email_2`."""
    unique: dict[str, None] = {}
    for position, written in enumerate(names, start=1):
        name = wanted = written if written.strip() else f"column_{position}"
        number = 1
        while name in unique or name == ROW or (name != written and name in names):
            number += 1
            name = f"{wanted}_{number}"
        if written in unique and written.strip():
            problems.warn(f"two columns are named {written!r}: the later one is called {name!r}", place)
        unique[name] = None
    return tuple(unique)
