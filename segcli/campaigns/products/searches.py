"""From the words of searches to the products that they name."""

from __future__ import annotations

import polars as pl

from segcli.campaigns.products.catalogue import Catalogue

SHARES = 1_000_000  # a search is shared in millionths, as whole numbers: sums of those depend on no order
MOST_QUERIES = 10_000  # different ones that are looked at, the most frequent: below them are slips of the keyboard
NAMES_NOTHING = 200  # products that answer to a word or a query which then names none of them


def tidy_words(column: str) -> pl.Expr:
    """The different words of a text, sorted: in lower case, without accents, `ı` as `i`."""
    plain = pl.col(column).str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    words = plain.str.replace_all("ı", "i", literal=True).str.extract_all(r"[\p{L}\p{N}]+")
    return words.list.unique().list.sort()


def products_named(queries: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """The products whose name has all words of a query (words, times, latest): product, score in SHARES, latest."""
    queries = (
        queries.filter(pl.col("words").list.len() > 0)
        .with_columns(text=pl.col("words").list.join(" "))
        .sort("times", "latest", "text", descending=[True, True, False])
        .head(MOST_QUERIES)
        .with_row_index("query")
    )
    names = catalogue.rows.with_row_index("product").filter("sellable").select("product", word=tidy_words("name"))
    names = names.explode("word", empty_as_null=False)
    spread = names.group_by("word").agg(spread=pl.len())
    asked = queries.select("query", word="words").explode("word").join(spread, on="word", how="left")
    # The rarest word leaves few products to look at; one that is in no name leaves none.
    asked = asked.with_columns(pl.col("spread").fill_null(0)).sort("query", "spread", "word")
    rarest = asked.unique("query", keep="first", maintain_order=True).filter(pl.col("spread") <= NAMES_NOTHING)
    candidates = rarest.select("query", "word").join(names, on="word").select("query", "product")
    met = candidates.join(asked.select("query", "word"), on="query").join(names, on=["product", "word"], how="semi")
    counted = met.group_by("query", "product").agg(met=pl.len())
    named = counted.join(queries, on="query").filter(pl.col("met") == pl.col("words").list.len())
    shared = named.join(named.group_by("query").agg(products=pl.len().cast(pl.Int64)), on="query")
    return shared.select("product", score=pl.col("times") * SHARES // pl.col("products"), latest=pl.col("latest"))
