"""The rows of each customer together and in order, which most windows need, without comparing long texts."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import cast

import polars as pl

CODE = "__customer"


def by_customer(rows: pl.DataFrame, time: str, *ties: str) -> pl.DataFrame:
    """Rows with each customer's together, by time and then `ties`; customers follow each other in no order.

    Sorts by a number for each customer: comparing ids is most of what sorting by them costs. Ties are
    compared only if there are any.
    """
    coded = rows.with_columns(pl.col("customer_id").hash(seed=3).alias(CODE))
    ordered = coded.sort(CODE, time)
    same = (pl.col(CODE) == pl.col(CODE).shift(1)).fill_null(False)
    collides = same & (pl.col("customer_id") != pl.col("customer_id").shift(1))
    tied = same & (pl.col(time) == pl.col(time).shift(1))
    collision, tie = ordered.select(collides.any().alias("collision"), tied.any().alias("tie")).row(0)
    if collision:  # two ids with one number
        ordered = coded.sort("customer_id", time, *ties)
    elif tie and ties:
        ordered = coded.sort(CODE, time, *ties)
    return ordered.drop(CODE)


def starts_customer() -> pl.Expr:
    """True of the first row of each customer where rows of one lie together."""
    return (pl.col("customer_id") != pl.col("customer_id").shift(1)).fill_null(True)


def codes(texts: pl.Series) -> pl.Series:
    """A number for each text, counted from 0; the same for equal texts of this one series. -1 where there is none."""
    # Categories of their own: those that have a name are kept for as long as the process lives.
    return texts.cast(pl.Categorical(pl.Categories.random())).to_physical().cast(pl.Int64).fill_null(-1)


def turns(keys: Sequence[pl.Series]) -> pl.Series:
    """Row numbers in the order of whole numbers or times that are never null; rows of equal keys as they stand.

    Sorts one number made of all keys and of the row, which is several times as fast as sorting by columns.
    """
    numbers = [key.to_physical() for key in keys]
    height = len(numbers[0])
    if not height:
        return pl.Series(dtype=pl.UInt32)
    lowest = [cast(int, number.min()) for number in numbers]
    spans = [cast(int, number.max()) - low + 1 for number, low in zip(numbers, lowest, strict=True)]
    if prod(spans) * height >= 2**127:
        table = pl.DataFrame([number.alias(str(place)) for place, number in enumerate(numbers)])
        return table.select(pl.arg_sort_by(table.columns, maintain_order=True)).to_series()
    one = pl.lit(0, pl.Int128)
    for number, low, span in zip(numbers, lowest, spans, strict=True):
        one = one * pl.lit(span, pl.Int128) + (pl.lit(number).cast(pl.Int128) - pl.lit(low, pl.Int128))
    one = one * pl.lit(height, pl.Int128) + pl.int_range(height).cast(pl.Int128)
    return pl.select((one.sort() % pl.lit(height, pl.Int128)).cast(pl.UInt32)).to_series()


def repeats(values: pl.Series) -> pl.Series:
    """True where a value is that of the row before."""
    return (values == values.shift(1)).fill_null(False)
