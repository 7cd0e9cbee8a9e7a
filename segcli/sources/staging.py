"""Typed frames of text files -> Parquet read once, with the rows that cannot be used taken out and listed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import polars as pl

from segcli.problems import Place, Problems
from segcli.sources.files import lines_of_rows
from segcli.sources.rejections import Rejections
from segcli.sources.source_file import ROW, SourceFile
from segcli.sources.tables import TIME_COLUMN, Frames, SourceFrame

PROBLEM = "__problem"
MOST_SHOWN = 5  # rejected rows of a table that stops the run
LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Staged:
    """Frames whose rows can all be used, and per table how many there were, were unusable, and are yet to come."""

    frames: dict[str, list[SourceFrame]]
    rows: Mapping[str, int]
    unusable: Mapping[str, int]
    later: Mapping[str, int]


def stage_frames(
    frames: Frames,
    files: Mapping[str, SourceFile],
    as_of: dt.datetime,
    scratch: Path,
    rejections: Rejections,
) -> Staged:
    """Writes what must be parsed to Parquet, one pass per file; Parquet whose types are right stays where it is."""
    structural = _dropped_lines(rejections)
    parsed = _parse_once(frames, scratch)
    ready: dict[str, list[SourceFrame]] = {}
    rows: dict[str, int] = defaultdict(int)
    unusable: dict[str, int] = defaultdict(int)
    later: dict[str, int] = defaultdict(int)
    listed: dict[str, list[pl.DataFrame]] = defaultdict(list)
    for table, sources in parsed.items():
        ready[table] = []
        for source in sources:
            found = _problems_of(source)
            listed[source.file.path].append(found)
            fatal = found.filter("fatal")[ROW].n_unique()
            whole, coming = _count(source, as_of)
            lost = 0
            for column, count, what in _unplaced(source):
                lost += count
                reason = f"{count} {'row' if count == 1 else 'rows'} {what}"
                rejections.add(source.file.path, None, column, reason, None, True)
            broken = structural.get(source.file.path, 0)
            rows[table] += whole + broken
            unusable[table] += fatal + lost + broken
            later[table] += coming
            ready[table].append(replace(source, frame=_usable(source.frame)))
    for path, found_in_file in listed.items():
        _list_rejected(path, pl.concat(found_in_file), files.get(path), rejections)
    return Staged(ready, rows, unusable, later)


def check_share_rejected(
    staged: Staged, most: Decimal, problems: Problems, rejected: pl.DataFrame | None = None
) -> None:
    """A problem for each table of which more than the share `most` (0.01 is 1 %) cannot be read.

    The first of `rejected` (the columns of rejections.SCHEMA) are shown with it: no rejected.csv is written.
    """
    shown: set[str] = set()
    for table, unusable in sorted(staged.unusable.items()):
        if unusable > most * staged.rows[table]:
            files = [source.file.path for source in staged.frames[table]]
            share = f"{most * 100:f}".rstrip("0").rstrip(".") if most else "0"
            problems.error(
                f"{unusable:,} of {staged.rows[table]:,} rows of {table} cannot be read, more than {share} %.",
                Place(files[0]),
                "max_rejected",
                "Nothing was written. If that is how the file is, raise `max_rejected` in segcli.yaml.",
            )
            if rejected is not None and not shown & set(files):
                _show_first(rejected.filter("dropped", pl.col("file").is_in(files)), problems)
            shown |= set(files)


def _show_first(rejected: pl.DataFrame, problems: Problems) -> None:
    for row in rejected.head(MOST_SHOWN).iter_rows(named=True):
        value = row["value"]
        what = row["reason"] if value is None else f"{row['reason']}: {_shortened(value)!r}"
        problems.error(f"{what}.", Place(row["file"], row["line"]), row["column"])


def _shortened(value: str) -> str:
    return value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…"


def _parse_once(frames: Frames, scratch: Path) -> dict[str, list[SourceFrame]]:
    """Sinks of one file run together, so that Polars reads and parses it once."""
    sinks: dict[str, list[pl.LazyFrame]] = defaultdict(list)
    parsed: dict[str, list[SourceFrame]] = {}
    for table, sources in frames.items():
        parsed[table] = []
        for number, source in enumerate(sources):
            if PROBLEM in source.frame.collect_schema():
                path = scratch / "staged" / table / f"{number}.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                sinks[source.file.path].append(source.frame.sink_parquet(path, compression="lz4", lazy=True))
                source = replace(source, frame=pl.scan_parquet(path))
            parsed[table].append(source)
    for together in sinks.values():
        pl.collect_all(together)
    return parsed


def _usable(frame: pl.LazyFrame) -> pl.LazyFrame:
    columns = frame.collect_schema()
    if columns.get(PROBLEM, pl.Null()) != pl.Null():
        frame = frame.filter(pl.col(PROBLEM).struct.field("fatal").fill_null(False).not_())
    return frame.drop(ROW, PROBLEM, strict=False)


def _problems_of(source: SourceFrame) -> pl.DataFrame:
    """`__row`, column, reason, value, fatal of every row with a problem."""
    schema = {ROW: pl.Int64, "column": pl.String, "reason": pl.String, "value": pl.String, "fatal": pl.Boolean}
    columns = source.frame.collect_schema()
    if columns.get(PROBLEM, pl.Null()) == pl.Null():
        return pl.DataFrame(schema=schema)
    row = pl.col(ROW) if ROW in columns else pl.int_range(pl.len())
    found = source.frame.select(row.cast(pl.Int64).alias(ROW), PROBLEM).filter(pl.col(PROBLEM).is_not_null())
    return found.unnest(PROBLEM).select(pl.col(name).cast(dtype) for name, dtype in schema.items()).collect()


def _list_rejected(path: str, found: pl.DataFrame, file: SourceFile | None, rejections: Rejections) -> None:
    """Hands the problems of one file to `rejections`, each cell once, with lines instead of rows."""
    found = found.group_by(ROW, "column", "reason", "value").agg(pl.col("fatal").any()).sort(ROW, "column")
    rows = found[ROW].to_list()
    if not rows:
        return
    # Without a file (frames made in memory) a header and one line per row are assumed.
    lines = lines_of_rows(file, rows) if file is not None else [row + 2 for row in rows]
    rejections.add_frame(
        found.select(
            "column", "reason", "value", file=pl.lit(path), line=pl.Series(lines, dtype=pl.Int64), dropped="fatal"
        )
    )


def _count(source: SourceFrame, as_of: dt.datetime) -> tuple[int, int]:
    """Rows, and how many of the usable ones are after `as_of`."""
    rows = int(source.frame.select(pl.len()).collect().item())
    time = TIME_COLUMN.get(source.table)
    if time is None or not _says(source, time) or _of_other_rows(source):
        return rows, 0
    later = _usable(source.frame).select((pl.col(time) > as_of).sum()).collect(engine="streaming").item()
    return rows, int(later)


def _unplaced(source: SourceFrame) -> Iterator[tuple[str, int, str]]:
    """Usable rows that are of no time, or of no order: the column that lacks, how many they are, and why."""
    time = TIME_COLUMN.get(source.table)
    if time is None or not _says(source, time) or source.table in ("order_items", "cart_items"):
        return  # of an order's lines the first alone may bear its time
    usable, key = _usable(source.frame), f"{source.table.removesuffix('s')}_id"
    timeless = _number_of(usable.filter(pl.col(time).is_null()))
    if not _of_other_rows(source):
        if timeless:
            yield time, timeless, "without a time"
        return
    if not _says(source, key):
        return
    if of_none := _number_of(usable.filter(pl.col(key).is_null())):
        yield key, of_none, "of no order" if source.table == "orders" else "of no cart"
    if timeless:
        whole = usable.filter(pl.col(key).is_not_null()).group_by(key).agg(pl.len(), times=pl.col(time).count())
        lines = whole.filter(pl.col("times") == 0).select(pl.col("len").sum()).collect(engine="streaming").item()
        if lines:
            yield time, int(lines), "without a time"


def _of_other_rows(source: SourceFrame) -> bool:
    """Whether an order, or a cart, stands in several rows of the file, of which one may say it all."""
    return source.table == "cart_items" or (source.line_items and source.table != "order_items")


def _says(source: SourceFrame, column: str) -> bool:
    return column in source.frame.collect_schema()


def _number_of(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def _dropped_lines(rejections: Rejections) -> dict[str, int]:
    dropped = rejections.frame().filter("dropped").group_by("file").agg(pl.col("line").n_unique())
    return dict(dropped.iter_rows())
