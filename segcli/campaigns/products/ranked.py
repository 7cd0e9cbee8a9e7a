"""Lists of products, the best first, and the heads of many lists at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from segcli.sources.customer_order import turns

FIRST_SPARE = 4  # entries that are looked at beyond those wanted, before it is known how many are hidden


@dataclass(frozen=True)
class RankedLists:
    """The entries of all lists one after another, and where each list (known by its key columns) lies in them."""

    entries: pl.DataFrame
    index: pl.DataFrame  # the key columns, begin, length

    @property
    def key(self) -> list[str]:
        return self.index.columns[:-2]


def ranked_lists(
    entries: pl.DataFrame, key: Sequence[str], by: Sequence[str], descending: Sequence[bool]
) -> RankedLists:
    """One list per key, in the order of `by`, which must leave no ties; nulls last."""
    ordered = entries.sort([*key, *by], descending=[*[False] * len(key), *descending], nulls_last=True)
    index = ordered.with_row_index("begin").group_by(key, maintain_order=True).agg(
        pl.col("begin").first().cast(pl.Int64), length=pl.len().cast(pl.Int64)
    )  # fmt: skip
    return RankedLists(ordered.drop(key), index)


def first_allowed(asked: pl.DataFrame, lists: RankedLists, hidden: pl.DataFrame) -> pl.DataFrame:
    """For each row of `asked` the first `wanted` entries of the list of its key whose product is not hidden, in order.

    `asked` has the key, `row`, `wanted` and columns that stay; `hidden` has `row` and `pair`. A list is read on only
    for those who did not get enough: somebody who has the first hundred of it gets the next, and it costs no others.
    """
    listed = asked.join(lists.index, on=lists.key, maintain_order="left").with_row_index("asking")
    products = lists.entries["product"]
    still = listed.select("asking", "row", at="begin", left="wanted", end=pl.col("begin") + pl.col("length"))
    spare, parts = FIRST_SPARE, [listed.select("asking", place="begin").clear()]
    while still.height:
        reach = pl.min_horizontal("end", pl.col("at") + pl.col("left") + spare)
        spread = still.select("asking", "row", "left", place=pl.int_ranges("at", reach)).explode("place")
        spread = spread.with_columns(pair=pair_of(pl.col("row"), products.gather(spread["place"])))
        allowed = spread.join(hidden, on="pair", how="anti", maintain_order="left")
        part = first_of_each(allowed, "asking", pl.col("left")).select("asking", "place")
        parts.append(part)
        got = part.group_by("asking").agg(got=pl.len().cast(pl.Int64))
        still = still.with_columns(at=reach).filter(pl.col("at") < pl.col("end")).join(got, on="asking", how="left")
        still = still.with_columns(left=pl.col("left") - pl.col("got").fill_null(0)).drop("got")
        still = still.filter(pl.col("left") > 0).sort("asking")
        hidden = hidden.filter(pl.col("row").is_in(still["row"].unique().implode()))
        spare *= 4
    places = pl.concat(parts).sort("asking", "place")
    stays = listed.drop("asking", "wanted", "begin", "length", *lists.key)
    return stays[places["asking"]].hstack(lists.entries[places["place"]])


def in_order_of(frame: pl.DataFrame, *keys: str, falling: Collection[str] = ()) -> pl.DataFrame:
    """The rows by whole numbers or times, from the highest where a key is `falling`; null is below everything.

    Several times as fast as sorting by several columns, see turns.
    """
    numbers = []
    for key in keys:
        number = frame[key].to_physical().cast(pl.Int64)
        if number.null_count():
            lowest = number.min()
            number = number.fill_null(lowest - 1 if isinstance(lowest, int) else 0)
        numbers.append(-number if key in falling else number)
    return frame[turns(numbers)]


def pair_of(row: pl.Expr, product: pl.Expr | pl.Series) -> pl.Expr:
    """A customer's row and a product as one number: joins and groups by one are twice as fast as by two."""
    return row.cast(pl.UInt64) * 2**32 + product


def first_of_each(frame: pl.DataFrame, key: str, most: pl.Expr | int) -> pl.DataFrame:
    """The first `most` rows of each key where the rows of a key lie together."""
    starts = (pl.col(key) != pl.col(key).shift(1)).fill_null(True)
    row = pl.int_range(pl.len())
    nth = row - pl.when(starts).then(row).forward_fill()
    return frame.filter(nth < most)
