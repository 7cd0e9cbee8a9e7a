"""Which products are bought together: lift over the baskets of everybody, counted in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.campaigns.products.catalogue import NUMBER, Catalogue
from segcli.campaigns.products.ranked import first_of_each, in_order_of
from segcli.campaigns.products.reading import read_columns
from segcli.sources.tables import Tables

# A basket of n products has n(n - 1)/2 pairs: one of a thousand would outweigh ten thousand ordinary ones, in
# memory and in what it says. Larger baskets (resellers, or years of orders without ids) are not counted at all.
LARGEST_BASKET = 50
LEAST_TOGETHER = 5  # baskets: below it a pair may be chance, and its lift is the higher the rarer both are
MOST_PARTNERS = 100  # kept of each product
PAIRS_AT_ONCE = 8_000_000
_FIRST = 2**32  # a pair is one number: first * _FIRST + second


@dataclass(frozen=True)
class _Baskets:
    """One shard: how many baskets it has, in how many of them each product is, and the file of its pairs."""

    baskets: int
    products: pl.DataFrame  # product, baskets
    pairs: Path  # pair, baskets
    different: int


def find_partners(tables: Tables, catalogue: Catalogue, scratch: Path) -> pl.DataFrame:
    """Pairs `anchor`, `product` (one that can be suggested), `lift`, `together` (baskets): the best of each anchor.
    `order` is 1 for the highest lift of all, and the same for equal ones.

    lift = P(a and b) / (P(a) P(b)) = together * baskets / (baskets with a * baskets with b), as in Brin, Motwani,
    Ullman and Tsur, "Dynamic itemset counting and implication rules for market basket data", SIGMOD 1997 (there
    called interest). Kept are pairs in at least LEAST_TOGETHER baskets that are bought together more often than
    chance would have it (lift above 1). A basket is an order of a customer; lines without order ids are one basket.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    counted = [_count(tables, catalogue, scratch, shard) for shard in range(tables.shard_count)]
    baskets = sum(shard.baskets for shard in counted)
    products = pl.concat(shard.products for shard in counted).group_by("product").agg(pl.col("baskets").sum())
    best = pl.DataFrame(schema={"anchor": NUMBER, "product": NUMBER, "lift": pl.Float64, "together": pl.Int64})
    # Pairs are added up a part at a time, so that memory does not grow with how many there are.
    parts = -(-sum(shard.different for shard in counted) // PAIRS_AT_ONCE)
    for part in range(parts):
        pairs = (
            pl.scan_ipc([shard.pairs for shard in counted])
            .filter(pl.col("pair") % parts == part)
            .group_by("pair")
            .agg(together=pl.col("baskets").sum())
            .filter(pl.col("together") >= LEAST_TOGETHER)
            .collect(engine="streaming")
        )
        lifted = _lifted(pairs, products, baskets)
        best = pl.concat([best, catalogue.sellable(lifted)])
        best = best.sort("anchor", "lift", "product", descending=[False, True, False])
        best = first_of_each(best, "anchor", MOST_PARTNERS)
    for shard in counted:
        shard.pairs.unlink()
    return best.with_columns(order=pl.col("lift").rank("dense", descending=True))


def _count(tables: Tables, catalogue: Catalogue, scratch: Path, shard: int) -> _Baskets:
    lines = _lines_by_basket(tables, catalogue, shard)
    sizes = lines["basket"].rle().struct.field("len").cast(pl.Int64)
    # Of each line the row after the last of its basket: it makes a pair with every row up to there.
    ends = pl.DataFrame({"end": sizes.cum_sum(), "size": sizes}).select(pl.col("end").repeat_by("size").explode())
    products = lines["product"]
    rows = ends.with_row_index("row").select(pl.col("row").cast(pl.Int64), "end", first=products)
    made = (rows["end"] - rows["row"] - 1).cum_sum()  # pairs that the rows up to each one make
    counted = [pl.DataFrame(schema={"pair": pl.Int64, "baskets": pl.Int64})]
    begin = 0
    while begin < rows.height:
        before = int(made[begin - 1]) if begin else 0
        end = max(begin + 1, int(made.search_sorted(before + PAIRS_AT_ONCE, side="right")))
        counted.append(_pairs(rows[begin:end], products))
        begin = end
    pairs = pl.concat(counted)
    if len(counted) > 2:
        pairs = pairs.group_by("pair").agg(pl.col("baskets").sum())
    path = scratch / f"pairs-{shard}.arrow"
    pairs.write_ipc(path)
    each = lines.group_by("product").agg(baskets=pl.len().cast(pl.Int64))
    return _Baskets(len(sizes), each, path, pairs.height)


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


def _pairs(rows: pl.DataFrame, products: pl.Series) -> pl.DataFrame:
    """The pairs (the smaller number first) that these rows make with the rest of their baskets, and how often."""
    spread = rows.with_columns(second=pl.int_ranges(pl.col("row") + 1, "end"))
    spread = spread.filter(pl.col("row") + 1 < pl.col("end")).select("first", "second").explode("second")
    second = products.gather(spread["second"]).cast(pl.Int64)
    pairs = spread.select(pair=pl.col("first").cast(pl.Int64) * _FIRST + second)
    return pairs.group_by("pair").agg(baskets=pl.len().cast(pl.Int64))


def _lifted(pairs: pl.DataFrame, products: pl.DataFrame, baskets: int) -> pl.DataFrame:
    """Both directions of the pairs that go together: anchor, product, lift, together."""
    numbers = pairs.select(
        "together", a=(pl.col("pair") // _FIRST).cast(NUMBER), b=(pl.col("pair") % _FIRST).cast(NUMBER)
    )
    for name in ("a", "b"):
        numbers = numbers.join(products.select(pl.col("product").alias(name), of="baskets"), on=name)
        numbers = numbers.rename({"of": f"baskets_{name}"})
    chance = pl.col("baskets_a") * pl.col("baskets_b")
    lifted = numbers.filter(pl.col("together") * baskets > chance).with_columns(
        lift=(pl.col("together") * baskets).cast(pl.Float64) / chance.cast(pl.Float64)
    )
    return pl.concat(
        lifted.select(pl.col(anchor).alias("anchor"), pl.col(product).alias("product"), "lift", "together")
        for anchor, product in (("a", "b"), ("b", "a"))
    )
