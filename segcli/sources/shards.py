"""Frames to Parquet in the scratch folder: whole, or in shards that each hold all rows of their customers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from segcli.sources.source_file import SourceFile
from segcli.sources.tables import SourceFrame

ONE_SHARD_ROWS = 2_000_000
SHARD_ROWS = 3_000_000
# Rows in memory while shards are written, and those of a row group: small ones take longer to read.
HELD_ROWS = 2_000_000
SMALLEST_GROUP, LARGEST_GROUP = 16_384, 122_880
# Bytes on disk that a row takes, about; only the number of shards rests on it.
BYTES_PER_ROW = {"csv": 60, "ndjson": 150}
GZIP_RATIO = 5


def shards_for(rows: int) -> int:
    """How many shards that many rows need: one up to 2 million, else one for every 3 million.

    The environment variable SEGCLI_SHARDS overrules that: for tests, and for tuning memory against time. A
    run's outputs do not depend on it.
    """
    asked = os.environ.get("SEGCLI_SHARDS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    return 1 if rows <= ONE_SHARD_ROWS else -(-rows // SHARD_ROWS)


def estimated_rows(frames: Iterable[SourceFrame], files: Mapping[str, SourceFile]) -> int:
    """About how many rows the frames have, from Parquet footers and file sizes, without reading them."""
    return sum(_rows_of(frame, files.get(frame.file.path)) for frame in frames)


def _rows_of(source: SourceFrame, file: SourceFile | None) -> int:
    if source.file.rows is not None:
        return source.file.rows
    if file is None or file.format == "parquet":
        frame = source.frame if file is None else pl.scan_parquet(file.path)
        return int(frame.select(pl.len()).collect().item())
    return file.size * (GZIP_RATIO if file.gzipped else 1) // BYTES_PER_ROW[file.format]


def write_parquet(frame: pl.LazyFrame, path: Path) -> pl.LazyFrame:
    """Runs the frame into a Parquet file and returns a scan of it."""
    frame.sink_parquet(path, compression="lz4", statistics=False, mkdir=True)
    return pl.scan_parquet(path)


def partition(frame: pl.LazyFrame, key: str, count: int, folder: Path) -> tuple[pl.LazyFrame, ...]:
    """Writes the frame into `count` shards by a hash of `key` and returns a scan of each."""
    if count == 1:
        return (write_parquet(frame, folder / "whole.parquet"),)
    schema = frame.collect_schema()
    by_hash = pl.PartitionBy(folder, key="__shard", include_key=False)
    shard = (pl.col(key).hash(seed=0) % count).alias("__shard")
    # Each shard's file holds a row group in memory until it is full, so they are smaller where shards are many.
    rows = min(LARGEST_GROUP, max(SMALLEST_GROUP, HELD_ROWS // count))
    frame.with_columns(shard).sink_parquet(
        by_hash, compression="lz4", statistics=False, row_group_size=rows, mkdir=True
    )
    return tuple(_scan_shard(folder / f"__shard={number}", schema) for number in range(count))


def _scan_shard(folder: Path, schema: pl.Schema) -> pl.LazyFrame:
    files = sorted(folder.glob("*.parquet"))
    if not files:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(files, hive_partitioning=False)


def count_rows(shards: Iterable[pl.LazyFrame]) -> int:
    """The rows of all shards together (from the footers when the shards are plain scans)."""
    return sum(int(shard.select(pl.len()).collect().item()) for shard in shards)
