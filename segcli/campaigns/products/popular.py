"""What the whole shop looks for: best sold, most searched and newest products, each with its score and latest time."""

from __future__ import annotations

import datetime as dt

import polars as pl

from segcli.campaigns.products.catalogue import Catalogue
from segcli.campaigns.products.reading import read_columns
from segcli.campaigns.products.searches import SHARES, products_named, tidy_words
from segcli.sources.tables import TIME, Tables

# Quantities are summed as whole thousandths: a sum of fractions would depend on the order of the rows.
THOUSANDTHS = 1_000


def units_sold(tables: Tables, catalogue: Catalogue, since: dt.datetime) -> pl.DataFrame:
    """Products of the catalogue sold after `since`: product, score (thousandths of units), latest sale."""
    parts = []
    for shard in range(tables.shard_count):
        lines = read_columns(tables, "order_items", ("product_id", "ordered_at", "quantity"), shard)
        units = (pl.col("quantity").fill_null(1.0) * THOUSANDTHS).round().cast(pl.Int64, strict=False)
        parts.append(
            lines.filter(pl.col("ordered_at") > since, pl.col("product_id").is_not_null())
            .group_by("product_id")
            .agg(score=units.sum(), latest=pl.col("ordered_at").max())
            .collect(engine="streaming")
        )
    return _summed(pl.concat(parts).with_columns(product=catalogue.number_of("product_id")), catalogue)


def times_searched(tables: Tables, catalogue: Catalogue, since: dt.datetime) -> pl.DataFrame:
    """Products searched for after `since`: product, score, latest search.

    A search that names its product counts for it; another is shared by the products whose name has all its words.
    """
    parts = []
    for shard in range(tables.shard_count):
        events = read_columns(tables, "events", ("at", "event", "product_id", "query"), shard)
        parts.append(
            events.filter(pl.col("event") == "search", pl.col("at") > since)
            .group_by("product_id", "query")
            .agg(times=pl.len().cast(pl.Int64), latest=pl.col("at").max())
            .collect(engine="streaming")
        )
    searches = pl.concat(parts).with_columns(product=catalogue.number_of("product_id"))
    named = searches.filter(pl.col("product").is_not_null())
    queries = searches.filter(pl.col("product").is_null() & pl.col("query").is_not_null()).group_by(
        words=tidy_words("query")
    )
    found = products_named(queries.agg(pl.col("times").sum(), pl.col("latest").max()), catalogue)
    direct = named.select("product", pl.col("times") * SHARES, "latest").rename({"times": "score"})
    return _summed(pl.concat([direct, found]), catalogue)


def _summed(scored: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per product that can be suggested, of those that have a score."""
    summed = scored.group_by("product").agg(pl.col("score").sum(), pl.col("latest").max())
    return catalogue.sellable(summed.filter(pl.col("score") > 0))


def newest(catalogue: Catalogue, since: dt.datetime, as_of: dt.datetime) -> pl.DataFrame:
    """Products that came after `since`: product, score and latest, which is when they came."""
    created = pl.col("created_at")
    numbered = catalogue.rows.with_row_index("product").filter(created > since, created <= pl.lit(as_of, TIME))
    return catalogue.sellable(numbered.select("product", score=created.cast(pl.Int64), latest=created))
