"""Rows that say the same, found once: what is rendered of one is rendered of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import polars as pl

_WORTH = 3  # so many rows must share what is rendered once, on average
_LEAST = 500


@dataclass(frozen=True)
class Distinct:
    """`first` are the rows in which something new stands, `positions` for each row which of them it equals."""

    first: pl.Series
    positions: pl.Series


def distinct_rows(rows: pl.DataFrame) -> Distinct | None:
    """The distinct rows of a frame, or None where they are few, too many, or of kinds that cannot be compared."""
    nested = any(dtype.is_nested() for dtype in rows.schema.dtypes())
    if rows.height < _LEAST or nested or not rows.width:
        return None
    hashes = rows.hash_rows(seed=1).rename("hash")
    if cast(int, hashes.approx_n_unique()) * _WORTH > rows.height:
        return None
    first = hashes.arg_unique()
    table = pl.DataFrame({"hash": hashes.gather(first), "at": pl.int_range(0, len(first), dtype=pl.UInt32, eager=True)})
    positions = hashes.to_frame().join(table, on="hash", how="left", maintain_order="left")["at"]
    back = first.gather(positions)
    same = rows.select(pl.col(name).eq_missing(pl.col(name).gather(back)).all() for name in rows.columns)
    return Distinct(first, positions) if all(same.row(0)) else None  # two rows may, once in an age, share a hash
