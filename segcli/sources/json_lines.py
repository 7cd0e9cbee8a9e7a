"""NDJSON -> typed cells. Nested values stay structs and lists; broken lines are listed, the others kept."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from segcli.sources.rejections import Rejections
from segcli.sources.source_file import ROW, SourceFile
from segcli.sources.text import text_lines

NOT_AN_OBJECT = "not a JSON object on one line"


def json_types(file: SourceFile) -> dict[str, pl.DataType]:
    """The columns and their types, from the whole file: a key may first occur in its last line.

    A column for which Polars finds no one type (an object here, a number there) is text.
    """
    try:
        types = dict(_scan(file.path, None).collect_schema())
        if _parses(file.path, types):
            return types
    except pl.exceptions.PolarsError:
        pass  # lines that are no JSON, or not UTF-8: looked at one by one
    source = "\n".join(text for _, text, good in _good_lines(file) if good).encode()
    types = dict(_scan(io.BytesIO(source), None).collect_schema()) if source else {}
    return {name: dtype if _parses(io.BytesIO(source), {name: dtype}) else pl.String() for name, dtype in types.items()}


def _parses(source: str | io.BytesIO, types: Mapping[str, pl.DataType]) -> bool:
    try:
        _scan(source, types).select(pl.all().count()).collect(engine="streaming")
    except pl.exceptions.PolarsError:
        return False
    return True


def json_cells(file: SourceFile, folder: Path, rejections: Rejections) -> pl.LazyFrame:
    """The rows as Parquet in `folder`, so that they are parsed once."""
    types = file.types or {}
    folder.mkdir(parents=True)
    target = folder / "rows.parquet"
    try:
        # Polars unpacks gzip by itself, and refuses what is not UTF-8.
        _scan(file.path, types).with_row_index(ROW).sink_parquet(target, compression="lz4")
    except pl.exceptions.PolarsError:
        _repaired(file, types, rejections).write_parquet(target, compression="lz4")
    return pl.scan_parquet(target, glob=False)


def _scan(source: str | io.BytesIO, types: Mapping[str, pl.DataType] | None) -> pl.LazyFrame:
    return pl.scan_ndjson(source, schema=types, infer_schema_length=None)


def _good_lines(file: SourceFile) -> Iterator[tuple[int, str, bool]]:
    """Every line that is not blank, counted from 1, and whether it is a JSON object."""
    for number, line in enumerate(text_lines(file), start=1):
        if text := line.strip():
            yield number, text, _is_object(text)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _repaired(file: SourceFile, types: Mapping[str, pl.DataType], rejections: Rejections) -> pl.DataFrame:
    rows: list[tuple[int, str]] = []
    for row, (number, text, good) in enumerate(_good_lines(file)):
        if good:
            rows.append((row, text))
        else:
            rejections.add(file.name, number, None, NOT_AN_OBJECT, text, dropped=True)
    numbers = pl.Series(ROW, [row for row, _ in rows], dtype=pl.UInt32)
    texts = "\n".join(text for _, text in rows).encode()
    frame = _scan(io.BytesIO(texts), types).collect() if rows else pl.DataFrame(schema=dict(types))
    return frame.insert_column(0, numbers)


def lines_of_json_rows(file: SourceFile, rows: Sequence[int]) -> list[int]:
    """The 1-based line of each row; blank lines are no rows."""
    wanted = set(rows)
    lines = {row: line for row, (line, _, _) in enumerate(_good_lines(file)) if row in wanted}
    return [lines[row] for row in rows]
