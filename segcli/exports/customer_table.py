"""The customers of a run to customers.parquet: the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from segcli.exports.list_files import WrittenFile, file_digest

CUSTOMERS = "customers.parquet"
ROWS_PER_GROUP = 65_536


def write_customers(run: Path, customers: pl.LazyFrame) -> WrittenFile:
    """Writes the customers in one pass, holding a few row groups in memory.

    The bytes of a row group depend on the pieces in which its rows arrive, and those on threads and sources.
    So every row group is handed over in one piece.
    """
    rows = 0

    def row_groups(
        columns: list[str] | None, predicate: pl.Expr | None, limit: int | None, batch: int | None
    ) -> Iterator[pl.DataFrame]:
        nonlocal rows
        for group in customers.collect_batches(chunk_size=ROWS_PER_GROUP, maintain_order=True):
            rows += group.height
            yield _in_one_piece(group)

    register_io_source(row_groups, schema=customers.collect_schema()).sink_parquet(
        run / CUSTOMERS,
        compression="zstd",
        compression_level=3,
        row_group_size=ROWS_PER_GROUP,
        engine="streaming",
    )
    return file_digest(run, CUSTOMERS, rows)


def _in_one_piece(group: pl.DataFrame) -> pl.DataFrame:
    # A list column that is a slice of a longer one is written otherwise than its copy, so it is copied.
    lists = [name for name, dtype in group.schema.items() if isinstance(dtype, pl.List)]
    return group.rechunk().with_columns(pl.col(lists).gather(pl.int_range(pl.len())))
