"""Source files -> lazy frames of raw cells, and the way back to lines; the face of reading files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from segcli.problems import Place, Problems
from segcli.sources.encodings import WAY_OUT, encoding_by_letters, reading_note
from segcli.sources.finding import find_files
from segcli.sources.json_lines import json_cells, lines_of_json_rows
from segcli.sources.opening import open_source_file, scan_parquet
from segcli.sources.rejections import Rejections
from segcli.sources.repair import lines_of_troubled_rows, repair
from segcli.sources.source_file import ROW, SourceFile, UnreadableFileError
from segcli.sources.structure import UNSOUND, Structure, lines_of_sound_rows, look_through
from segcli.sources.text import byte_chunks, copy_as_utf8, copy_remote, text_lines

__all__ = [
    "ROW",
    "Rejections",
    "SourceFile",
    "find_files",
    "lines_of_rows",
    "open_source_file",
    "scan_cells",
]


def scan_cells(
    file: SourceFile, scratch: Path, rejections: Rejections, problems: Problems | None = None
) -> pl.LazyFrame:
    """The rows as written, with `__row`: CSV all text (an empty cell is null), the others in their own types.

    To be called once per file: rows that cannot be read go to `rejections` and are not in the frame. A
    sound UTF-8 CSV is scanned where it lies; anything else is first copied or repaired into `scratch`. Rows
    without any content are left out. Warnings go to `problems`. Raises DataError when a file cannot be read
    to its end.
    """
    folder = scratch / hashlib.sha256(file.path.encode()).hexdigest()[:16]
    try:
        if file.format == "parquet":
            return scan_parquet(file.path, row_index_name=ROW)
        if file.format == "ndjson":
            return json_cells(file, folder, rejections)
        copy, structure = _look_through_copy(file, folder.with_suffix(".csv"), problems)
        if not structure.sound:
            copy, structure = repair(copy, folder.with_suffix(".sound.csv"), rejections)
        return _scan_csv(copy, structure)
    except UnreadableFileError as fault:
        raise fault.data_error(file.name) from fault
    except (OSError, UnicodeError, pl.exceptions.PolarsError) as error:
        message = f"cannot be read: {str(error).splitlines()[0]}"
        raise UnreadableFileError(message).data_error(file.name) from error


def lines_of_rows(file: SourceFile, rows: Sequence[int]) -> list[int]:
    """The 1-based line in the file where each data row starts; for Parquet the 1-based number of the row.

    Reads the file once more, whatever the number of rows: ask for all rows of a file at once.
    """
    if not rows:
        return []
    if file.format == "parquet":
        return [row + 1 for row in rows]
    if file.format == "ndjson":
        return lines_of_json_rows(file, rows)
    file, structure = _look_through(file)
    if structure.sound:
        return lines_of_sound_rows(file, structure, rows)
    return lines_of_troubled_rows(file, rows)


def _look_through(file: SourceFile) -> tuple[SourceFile, Structure]:
    """The structure, and the file with the encoding that its last line speaks for."""
    if file.encoding != "utf-8" or file.line_end != "\n":
        return file, UNSOUND
    try:
        return file, look_through(file)
    except pl.exceptions.ComputeError:  # bytes that are not UTF-8, after a head that was
        if file.remote:
            raise
        return replace(file, encoding=encoding_by_letters(byte_chunks(file.path, file.gzipped))), UNSOUND


def _look_through_copy(file: SourceFile, target: Path, problems: Problems | None) -> tuple[SourceFile, Structure]:
    """The file (or its plain UTF-8 copy) and its structure."""
    copy = _plain_copy(file, target)
    copy, structure = _look_through(copy)
    if copy.encoding == "utf-8":
        return copy, structure
    if problems is not None:
        word = next(line for line in text_lines(copy) if not line.isascii())
        note = reading_note(copy.encoding, word)
        problems.warn(note, Place(file.name), hint=f"If letters look wrong: {WAY_OUT}")
    return _look_through(_plain_copy(copy, target.with_suffix(".utf8.csv")))


def _plain_copy(file: SourceFile, target: Path) -> SourceFile:
    """The file itself where Polars can scan it, else a copy that is local, unpacked and UTF-8."""
    if not file.remote and not file.gzipped and file.encoding == "utf-8":
        return file
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.remote:
        copy_remote(file.path, target)
    else:
        copy_as_utf8(file, target)
    return replace(file, path=str(target), encoding="utf-8", gzipped=False)


def _scan_csv(file: SourceFile, structure: Structure) -> pl.LazyFrame:
    # The header is skipped and not read: names may be there twice or go over several lines.
    cells = pl.scan_csv(
        file.path,
        has_header=False,
        skip_lines=file.header_lines,
        schema=dict.fromkeys(file.header, pl.String()),
        separator=file.separator,
        null_values=[""] if structure.quoted_empty else None,
        missing_columns="insert",  # a blank line before the first row; a short row cannot occur here
        row_index_name=ROW,
        raise_if_empty=False,
        glob=False,
    )
    # By number: a condition on their cells would make every later query read all columns.
    empty = pl.Series(structure.empty, dtype=pl.UInt32)
    return cells if empty.is_empty() else cells.filter(~pl.col(ROW).is_in(empty.implode()))
