"""Tables that are looked up rather than owned by a person: products, stores, and the project's own."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from segcli.sources.reading import Reading
from segcli.sources.tables import SourceFrame


def read_lookup(sources: Sequence[SourceFrame], key: str) -> pl.DataFrame:
    """One row per key: of several the last source's, there the one with the largest values."""
    frames = [source.frame.with_columns(__source=pl.lit(number)) for number, source in enumerate(sources)]
    rows = pl.concat(frames, how="diagonal_relaxed").filter(pl.col(key).is_not_null()).collect()
    ties = [name for name, dtype in rows.schema.items() if not dtype.is_nested() and name not in ("__source", key)]
    rows = rows.sort(key, "__source", *ties).unique(key, keep="last", maintain_order=True)
    return rows.drop("__source")


def lookup_columns(reading: Reading, table: str, rows: pl.DataFrame, by: str) -> pl.DataFrame:
    """A project's own lookup as columns of customers: `<table>_<column>` for every column but `by`."""
    names = {name: f"{table}_{name}" for name in rows.columns if name != by}
    chosen = [name for name, added in names.items() if reading.wants("customers", added)]
    return rows.select(by, *chosen).rename({name: names[name] for name in chosen})
