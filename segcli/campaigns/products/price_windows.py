"""Products a little dearer than usual: of any range of prices in a group the best sold ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from segcli.campaigns.products.catalogue import NUMBER, Catalogue
from segcli.campaigns.products.ranked import RankedLists, first_allowed, in_order_of, ranked_lists

_ENTRIES: Mapping[str, pl.DataType] = {
    "product": NUMBER, "score": pl.Int64(), "latest": pl.Datetime("us"), "level": pl.Int64(), "run": pl.Int64(),
}  # fmt: skip
_DEAREST = 2**40  # in cents; group * _DEAREST + cents is one number to search among


@dataclass(frozen=True)
class PriceWindows:
    """Products in order of group and price (`keys`), and lists of each aligned run of 1, 2, 4 ... of them.

    Any range of prices is a few runs, so that it costs little however many products lie in it.
    """

    keys: pl.Series
    runs: RankedLists  # of (level, run), the best sold first
    levels: int


def cents(column: str) -> pl.Expr:
    """An amount as a whole number of hundredths, at most what a key has room for."""
    return (pl.col(column) * 100).cast(pl.Int64).clip(0, _DEAREST - 1)


def price_windows(catalogue: Catalogue, sold: pl.DataFrame) -> PriceWindows:
    """Windows over all that can be suggested and has a price, by category and by brand; `sold` is units_sold."""
    priced = catalogue.sellable(catalogue.rows.with_row_index("product")).filter(pl.col("price") > 0)
    scored = priced.select("product", cents=cents("price")).join(sold, on="product", how="left")
    grouped = catalogue.in_groups(scored.with_columns(pl.col("score").fill_null(0)), bounded=True)
    ordered = grouped.sort("group", "cents", "product").with_row_index("place")
    largest = ordered.group_by("group").len()["len"].max()
    levels = int(largest).bit_length() if isinstance(largest, int) else 0
    place = pl.col("place").cast(pl.Int64)
    runs = [
        ordered.select("product", "score", "latest", level=pl.lit(level, pl.Int64), run=place // 2**level)
        for level in range(levels)
    ]
    entries = pl.concat([pl.DataFrame(schema=_ENTRIES), *runs])
    lists = ranked_lists(entries, ("level", "run"), ("score", "latest", "product"), (True, True, False))
    return PriceWindows(ordered.select(_key()).to_series(), lists, levels)


def a_little_dearer(asked: pl.DataFrame, windows: PriceWindows, hidden: pl.DataFrame) -> pl.DataFrame:
    """row and product, the best sold first, of those not hidden whose price is 1.1 to 1.5 times the usual one.

    `asked` has row, group, wanted and `usual`: twice the usual price in cents, which is whole for any median.
    """
    lowest, highest = (pl.col("usual") * 11 + 19) // 20, pl.col("usual") * 3 // 4
    bounds = asked.with_columns(low=lowest, high=highest)
    left = windows.keys.search_sorted(bounds.select(_key("low")).to_series(), side="left")
    right = windows.keys.search_sorted(bounds.select(_key("high")).to_series(), side="right")
    ranges = asked.select("row", "wanted", left=left.cast(pl.Int64), right=right.cast(pl.Int64))
    found = first_allowed(_runs(ranges, windows.levels), windows.runs, hidden)
    found = in_order_of(found, "row", "score", "latest", "product", falling=["score", "latest"])
    return found.select("row", "product")


def _runs(ranges: pl.DataFrame, levels: int) -> pl.DataFrame:
    """The few aligned runs that make up each range [left, right): row, wanted, level, run."""
    left, right, found = pl.col("left"), pl.col("right"), []
    for level in range(levels):
        ranges = ranges.filter(left < right)
        for odd, run in ((left % 2 == 1, left), (right % 2 == 1, right - 1)):
            found.append(ranges.filter(odd).select("row", "wanted", level=pl.lit(level, pl.Int64), run=run))
        ranges = ranges.with_columns(left=(left + 1) // 2, right=right // 2)
    none = ranges.clear().select("row", "wanted", level=pl.lit(0, pl.Int64), run="left")
    return pl.concat([none, *found])


def _key(column: str = "cents") -> pl.Expr:
    return pl.col("group").cast(pl.Int64) * _DEAREST + pl.col(column).clip(0, _DEAREST - 1)
