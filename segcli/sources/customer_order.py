"""The rows of each customer together and in order, which most windows need, without comparing long texts."""

from __future__ import annotations

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
