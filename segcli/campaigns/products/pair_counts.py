"""How many baskets hold each pair of products: counted in sorted pieces on disk, and added up range by range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import polars as pl

from segcli.campaigns.products.catalogue import Catalogue
from segcli.campaigns.products.ranked import in_order_of
from segcli.campaigns.products.reading import read_columns
from segcli.sources.tables import Tables

# A basket of n products has n(n - 1)/2 pairs: one of a thousand would outweigh ten thousand ordinary ones, in
# memory and in what it says. Larger baskets (resellers, or years of orders without ids) are not counted at all.
LARGEST_BASKET = 50
PAIRS_AT_ONCE = 4_000_000  # in memory
STEP = 1_024  # every so many pairs of a piece are looked at to choose where ranges begin
FIRST = 2**32  # a pair is one number: the smaller product's times FIRST, and the other's


@dataclass(frozen=True)
class PairCounts:
    """How many baskets there are, in how many of them each product is (product, baskets), and files of pairs.

    Each file has `pair` and `baskets` in the order of pairs, each pair once; one pair may be in many files.
    """

    baskets: int
    products: pl.DataFrame
    pieces: tuple[Path, ...]
    begins: pl.Series  # where ranges of about PAIRS_AT_ONCE begin, but the first

    def ranges(self) -> Iterator[pl.DataFrame]:
        """Every pair once with `together`, the baskets that hold it; a range of pairs at a time."""
        if not self.pieces:
            return
        scans = [pl.scan_ipc(piece) for piece in self.pieces]
        cuts = []
        for scan in scans:
            pairs = scan.select("pair").collect().to_series()
            cuts.append([0, *pairs.search_sorted(self.begins, side="left"), len(pairs)])
        for bounds in zip(*map(pairwise, cuts), strict=True):
            parts = [scan.slice(first, last - first) for scan, (first, last) in zip(scans, bounds, strict=True)]
            ordered = pl.concat(part.collect() for part in parts).sort("pair")
            yield ordered.group_by("pair", maintain_order=True).agg(together=pl.col("baskets").cast(pl.Int64).sum())


def count_pairs(tables: Tables, catalogue: Catalogue, scratch: Path) -> PairCounts:
    """Counts baskets: each order of a customer is one, and so are all lines of a customer without order id."""
    scratch.mkdir(parents=True, exist_ok=True)
    baskets, products, sampled = 0, [], [pl.Series("pair", [], pl.Int64)]
    pieces: list[Path] = []
    for shard in range(tables.shard_count):
        lines = _lines_by_basket(tables, catalogue, shard)
        sizes = lines["basket"].rle().struct.field("len").cast(pl.Int64)
        baskets += len(sizes)
        products.append(lines.group_by("product").agg(baskets=pl.len().cast(pl.Int64)))
        for pairs in _pairs(lines["product"], sizes):
            path = scratch / f"pairs-{len(pieces)}.arrow"
            pairs.write_ipc(path)
            pieces.append(path)
            sampled.append(pairs["pair"].gather_every(STEP))
    each = pl.concat(products).group_by("product").agg(pl.col("baskets").sum())
    every = max(1, PAIRS_AT_ONCE // STEP)
    begins = pl.concat(sampled).sort().gather_every(every, every).unique().sort()
    return PairCounts(baskets, each, tuple(pieces), begins)


def _lines_by_basket(tables: Tables, catalogue: Catalogue, shard: int) -> pl.DataFrame:
    """Each `product` of each `basket` once, sorted by both, without the baskets that are too large."""
    lines = read_columns(tables, "order_items", ("customer_id", "order_id", "product_id"), shard)
    known = lines.select(
        # Of a million baskets two have the same 64 bits once in forty million shops; they would count as one.
        basket=pl.struct("customer_id", "order_id").hash(seed=4).reinterpret(signed=True),
        product=catalogue.number_of("product_id"),
    ).filter(pl.col("product").is_not_null())
    ordered = in_order_of(known.collect(engine="streaming"), "basket", "product")
    repeated = (pl.col("basket") == pl.col("basket").shift(1)) & (pl.col("product") == pl.col("product").shift(1))
    once = ordered.filter(repeated.fill_null(False).not_())
    return once.filter(pl.len().over("basket") <= LARGEST_BASKET)


def _pairs(products: pl.Series, sizes: pl.Series) -> Iterator[pl.DataFrame]:
    """`pair` and `baskets` in the order of pairs, so many baskets at a time as make about PAIRS_AT_ONCE pairs.

    `products` are those of basket after basket, in order inside each; `sizes` how many each basket has.
    """
    ends = pl.DataFrame({"end": sizes.cum_sum(), "size": sizes}).select(pl.col("end").repeat_by("size").explode())
    # A product makes a pair with every one that comes later in its basket.
    rows = ends.with_row_index("row").select(pl.col("row").cast(pl.Int64) + 1, "end", first=products)
    rows = rows.filter(pl.col("row") < pl.col("end"))
    made = (rows["end"] - rows["row"]).cum_sum()
    begin, before = 0, 0
    while begin < rows.height:
        end = max(begin + 1, int(made.search_sorted(before + PAIRS_AT_ONCE, side="right")))
        part = rows[begin:end].select("first", second=pl.int_ranges("row", "end")).explode("second")
        second = products.gather(part["second"]).cast(pl.Int64)
        pairs = part.select(pair=pl.col("first").cast(pl.Int64) * FIRST + second).to_series().sort()
        counted = pairs.rle().struct.unnest()
        yield counted.select(pair="value", baskets="len")
        begin, before = end, int(made[end - 1])
