"""Which products are bought together: lift over the baskets of everybody."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from segcli.campaigns.products.catalogue import NUMBER, Catalogue
from segcli.campaigns.products.pair_counts import FIRST, PairCounts, count_pairs
from segcli.campaigns.products.ranked import first_of_each
from segcli.sources.tables import Tables

LEAST_TOGETHER = 5  # baskets: below it a pair may be chance, and its lift is the higher the rarer both are
MOST_PARTNERS = 100  # kept of each product


def find_partners(tables: Tables, catalogue: Catalogue, scratch: Path) -> pl.DataFrame:
    """Pairs `anchor`, `product` (one that can be suggested), `lift`, `together` (baskets): the best of each anchor.
    `order` is 1 for the highest lift of all, and the same for equal ones.

    lift = P(a and b) / (P(a) P(b)) = together * baskets / (baskets with a * baskets with b), as in Brin, Motwani,
    Ullman and Tsur, "Dynamic itemset counting and implication rules for market basket data", SIGMOD 1997 (there
    called interest). Kept are pairs in at least LEAST_TOGETHER baskets that are bought together more often than
    chance would have it (lift above 1).
    """
    counts = count_pairs(tables, catalogue, scratch)
    best = pl.DataFrame(schema={"anchor": NUMBER, "product": NUMBER, "lift": pl.Float64, "together": pl.Int64})
    for pairs in counts.ranges():
        found = _lifted(pairs.filter(pl.col("together") >= LEAST_TOGETHER), counts)
        best = pl.concat([best, catalogue.sellable(found)])
        best = best.sort("anchor", "lift", "product", descending=[False, True, False])
        best = first_of_each(best, "anchor", MOST_PARTNERS)
    for piece in counts.pieces:
        piece.unlink()
    return best.with_columns(order=pl.col("lift").rank("dense", descending=True))


def _lifted(pairs: pl.DataFrame, counts: PairCounts) -> pl.DataFrame:
    """Both directions of the pairs that go together: anchor, product, lift, together."""
    numbers = pairs.select(
        "together", a=(pl.col("pair") // FIRST).cast(NUMBER), b=(pl.col("pair") % FIRST).cast(NUMBER)
    )
    for name in ("a", "b"):
        each = counts.products.select(pl.col("product").alias(name), pl.col("baskets").alias(f"baskets_{name}"))
        numbers = numbers.join(each, on=name)
    chance = pl.col("baskets_a") * pl.col("baskets_b")
    lifted = numbers.filter(pl.col("together") * counts.baskets > chance).with_columns(
        lift=(pl.col("together") * counts.baskets).cast(pl.Float64) / chance.cast(pl.Float64)
    )
    return pl.concat(
        lifted.select(pl.col(anchor).alias("anchor"), pl.col(product).alias("product"), "lift", "together")
        for anchor, product in (("a", "b"), ("b", "a"))
    )
