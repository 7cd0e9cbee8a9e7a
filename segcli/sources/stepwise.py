"""Casting in steps: the plain spelling over the whole column first, slower readings only for what is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

Step = Callable[[pl.Series], pl.Series]


def in_steps(cells: pl.Series, steps: Sequence[Step]) -> pl.Series:
    """The cells as the first step that can read them reads them; null where none can."""
    result = steps[0](cells)
    for step in steps[1:]:
        left = result.is_null() & cells.is_not_null()
        if not left.any():
            break
        found = step(cells.filter(left))
        nth = (left.cast(pl.UInt32).cum_sum() - left.cast(pl.UInt32)).clip(0, max(len(found) - 1, 0))
        result = found.gather(nth).zip_with(left, result).alias(cells.name)
    return result


def stepwise(cells: pl.Expr, steps: Sequence[Step], dtype: pl.DataType) -> pl.Expr:
    """`in_steps` as an expression; blank cells are null."""
    filled = pl.when(cells.str.len_bytes() > 0).then(cells)
    return filled.map_batches(
        lambda column: in_steps(column, steps).cast(dtype), return_dtype=dtype, is_elementwise=True
    )
