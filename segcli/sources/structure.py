"""Whether every record of a CSV has the header's cells and closes its quotes, found out column-wise.

Polars pads a short row in silence and names no line when it fails, so a file is looked through once
before it is trusted. One regular expression says of a physical line whether it is a complete record: the
right number of cells, every quote opened at a cell's beginning and closed at its end, no NUL. Reading
begins outside quotes and a complete record ends outside quotes; so if every line is complete (or empty),
the whole file is sound. Only where some are not, the lines with an odd number of quotes are paired, each
pair with the lines between is put together, and the same expression decides. 5 million lines take about
0.4 s. What is not sound goes to `repair.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from segcli.sources.source_file import SourceFile

# A cell over more lines than this is a quote that was never closed.
LONGEST_RECORD = 10_000
# Compiled counts of cells grow with the header; beyond this, separators are counted instead.
WIDEST_PATTERN = 300
LINE, TEXT = pl.col("__line"), pl.col("line")


@dataclass(frozen=True)
class Structure:
    """What the look-through found; `longer` has the first and last line (0-based) of records over several."""

    sound: bool
    empty: tuple[int, ...]  # rows without any content
    quoted_empty: bool  # some cells may be "" in quotes, which Polars keeps apart from nothing
    longer: pl.DataFrame


NO_RECORDS = pl.DataFrame(schema={"first": pl.UInt32(), "last": pl.UInt32()})
UNSOUND = Structure(False, (), False, NO_RECORDS)


def look_through(file: SourceFile) -> Structure:
    """The structure of a UTF-8 CSV. Raises polars.exceptions.ComputeError for bytes that are not UTF-8."""
    complete = _complete(len(file.header), file.separator)
    mark = re.escape(file.separator)
    nothing = TEXT.str.contains(f'^(?:(?:"")?{mark})*(?:"")?$')
    odd_lines = (
        _lines(file)
        .select(
            LINE,
            ((TEXT == "") | complete).alias("complete"),
            nothing.alias("nothing"),
            TEXT.str.contains('""', literal=True).alias("doubled"),
            (TEXT.str.count_matches('"', literal=True) % 2 == 1).alias("odd"),
        )
        .filter(~pl.col("complete") | pl.col("nothing") | pl.col("doubled"))
        .collect(engine="streaming")
    )
    longer = _longer_records(file, odd_lines.filter(~pl.col("complete")), complete)
    if longer is None:
        return UNSOUND
    nothing_rows = _rows_of_lines(file, longer, odd_lines.filter("nothing").select("__line"))
    return Structure(True, nothing_rows, bool(odd_lines["doubled"].any()), longer)


def _lines(file: SourceFile) -> pl.LazyFrame:
    return pl.scan_lines(file.path, glob=False, row_index_name="__line").slice(file.header_lines)


def _complete(width: int, separator: str) -> pl.Expr:
    """Whether a text is one record of `width` cells."""
    mark = re.escape(separator)
    cell = rf'(?:[^"{mark}\x00\n]*|"(?:[^"\x00]|"")*")'
    if width <= WIDEST_PATTERN:
        return TEXT.str.contains(f"^(?:{cell}{mark}){{{width - 1}}}{cell}$")
    outside_quotes = TEXT.str.replace_all('"[^"]*"', "").str.count_matches(separator, literal=True)
    return TEXT.str.contains(f"^(?:{cell}{mark})*{cell}$") & (outside_quotes == width - 1)


def _longer_records(file: SourceFile, incomplete: pl.DataFrame, complete: pl.Expr) -> pl.DataFrame | None:
    """First and last lines of the records over several lines; None where they do not come out right."""
    ends = incomplete.filter("odd")["__line"]
    if ends.len() % 2:
        return None
    longer = pl.DataFrame({"first": ends.gather_every(2), "last": ends.gather_every(2, 1)})
    if longer.is_empty():
        return longer if incomplete.is_empty() else None
    if longer.select((pl.col("last") - pl.col("first")).max()).item() >= LONGEST_RECORD:
        return None
    within = longer.with_columns(pl.int_ranges("first", pl.col("last") + 1).alias("__line")).explode("__line")
    within = within.with_columns(pl.col("__line").cast(pl.UInt32))
    if not incomplete.join(within, on="__line", how="anti").is_empty():
        return None
    records = (
        _lines(file)
        .join(within.lazy(), on="__line")
        .group_by("first")
        .agg(TEXT.sort_by("__line").str.join("\n"))
        .select(complete.all())
        .collect(engine="streaming")
    )
    return longer if records.item() else None


def _rows_of_lines(file: SourceFile, longer: pl.DataFrame, lines: pl.DataFrame) -> tuple[int, ...]:
    """The row numbers of lines, without those in the middle of a record over several."""
    taken = longer.select(
        pl.col("first").alias("__line"), "last", (pl.col("last") - pl.col("first")).cum_sum().alias("extra")
    )
    rows = (
        lines.sort("__line")
        .join_asof(taken, on="__line")
        .filter(pl.col("last").is_null() | (pl.col("last") < LINE))
        .select(LINE - file.header_lines - pl.col("extra").fill_null(0))
    )
    return tuple(rows["__line"].to_list())


def lines_of_sound_rows(file: SourceFile, structure: Structure, rows: Sequence[int]) -> list[int]:
    """The 1-based line where each row starts: one line per row, more for the longer records before it."""
    extra = pl.col("last").cast(pl.Int64) - pl.col("first").cast(pl.Int64)
    longer = structure.longer.select(
        (pl.col("first").cast(pl.Int64) - file.header_lines - extra.cum_sum() + extra).alias("row"),
        extra.cum_sum().alias("extra"),
    )
    asked = pl.DataFrame({"row": pl.Series(rows, dtype=pl.Int64)}).with_row_index("asked")
    found = asked.sort("row").join_asof(longer, on="row", allow_exact_matches=False).sort("asked")
    first_lines = found["row"] + found["extra"].fill_null(0) + file.header_lines + 1
    return first_lines.to_list()
