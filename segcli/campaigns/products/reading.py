"""Reading of a table's shard where a column, or the whole table, may be missing."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from segcli.sources.tables import CANONICAL, Tables


def read_columns(tables: Tables, name: str, columns: Iterable[str], shard: int = 0) -> pl.LazyFrame:
    """A shard with exactly these columns, null where they were not read; without rows where there is no table."""
    types = CANONICAL[name]
    if name not in tables:
        return pl.LazyFrame(schema={column: types[column] for column in columns})
    read = tables[name].columns
    return tables[name].shards[shard].select(
        pl.col(column) if column in read else pl.lit(None, types[column]).alias(column) for column in columns
    )  # fmt: skip
