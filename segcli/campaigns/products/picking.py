"""The products of one step for a whole audience: pick after pick, shard by shard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from segcli.campaigns.products.catalogue import NUMBER
from segcli.campaigns.products.describing import TAKEN, described
from segcli.campaigns.products.facts import TOLD, facts, of_their_group, told
from segcli.campaigns.products.kinds import FACTS, KIND, PRODUCT, WITHOUT_CART, Turn, turns_of
from segcli.campaigns.products.people import People
from segcli.campaigns.products.ranked import first_of_each, pair_of
from segcli.campaigns.products.shop import ShopProducts
from segcli.campaigns.products.suggestions import suggestions
from segcli.project.campaign_models import Products
from segcli.sources.tables import TEXT, Tables

PICKED: Mapping[str, pl.DataType] = {
    "customer_id": pl.String(), "products": pl.List(PRODUCT), "enough": pl.Boolean(),
}  # fmt: skip


def pick_products(
    requests: pl.DataFrame,
    products: Products,
    tables: Tables,
    as_of: dt.datetime,
    scratch: Path,
    shop: ShopProducts | None = None,
) -> pl.DataFrame:
    """The products that each customer is shown, and whether they are `enough` (at_least): PICKED, by customer_id.

    `requests` has one row per customer: customer_id, `of` (the value of the field that products.of names: a
    category of the catalogue, else a brand; null: none, then only `fill` finds something) and `series` (that of
    a campaign that a row of carts starts: the cart's id; null otherwise). `of` and `within` bind the picks but
    neither `fill`, which is there for when they leave too little, nor, as for `of`, a cart. `shop` is what the
    picks of other steps of the same run have worked out already.
    """
    shop = shop or ShopProducts(tables, as_of, scratch)
    everybody = requests.select("customer_id", pl.col("of", "series").cast(TEXT())).sort("customer_id")
    everybody = everybody.join(shop.catalogue.groups, on="of", how="left", maintain_order="left")
    everybody = everybody.with_columns(number=pl.int_range(pl.len(), dtype=NUMBER))
    taken, descriptions = [pl.DataFrame(schema=TAKEN)], [pl.DataFrame(schema=TOLD)]
    for shard in range(tables.shard_count):
        customers = tables["customers"].shards[shard].select("customer_id")
        rows = everybody.lazy().join(customers, on="customer_id", how="semi", maintain_order="left").collect()
        rows = rows.with_columns(row=pl.int_range(pl.len(), dtype=NUMBER))
        found, more = _taken(People(shop, shard, rows), products)
        for parts, part in ((taken, found), (descriptions, more)):
            parts.append(part.with_columns(row=rows["number"].gather(part["row"])))
    picked = described(everybody.select("customer_id"), pl.concat(taken), pl.concat(descriptions), shop.catalogue)
    return picked.with_columns(enough=pl.col("products").list.len() >= products.at_least)


def _taken(people: People, products: Products) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the customers are shown, and how products outside the catalogue are told of: TAKEN and TOLD."""
    taken, descriptions = pl.DataFrame(schema=TAKEN), pl.DataFrame(schema=TOLD)
    for turn in turns_of(products):
        had = taken.group_by("row").agg(had=pl.len().cast(pl.Int64))
        asked = people.rows.select("row").join(had, on="row", how="left", maintain_order="left")
        wanted = pl.min_horizontal(pl.lit(turn.most), turn.up_to - pl.col("had").fill_null(0))
        asked = asked.select("row", wanted=wanted.cast(pl.Int64)).filter(pl.col("wanted") > 0)
        if turn.kind in FACTS:
            found, more = _facts(turn, people)
            descriptions = pl.concat([descriptions, more])
            # Of those at most `up_to` are shown already, so that twice as many are enough.
            found = first_of_each(found, "row", 2 * turn.up_to)
            found = found.join(taken, on=["row", "product"], how="anti", maintain_order="left")
        else:
            found = suggestions(turn, people, asked, _hidden(turn, people, taken))
        found = first_of_each(found.join(asked, on="row", maintain_order="left"), "row", pl.col("wanted"))
        taken = pl.concat([taken, found.select("row", "product", kind=pl.lit(turn.kind, KIND))])
    return taken, descriptions


def _facts(turn: Turn, people: People) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What can be shown of the kind, and how products outside the catalogue are told of."""
    found = facts(turn.kind, people, turn.within)
    size = people.shop.catalogue.size
    more = pl.DataFrame(schema=TOLD)
    if (found["product"] >= size).any():
        more = told(turn.kind, people)
        nameless = found.filter(pl.col("product") >= size).join(more, on=["row", "product"], how="anti")
        found = found.join(nameless, on=["row", "product"], how="anti", maintain_order="left")
    return (of_their_group(found, more, people) if turn.bounded else found), more


def _hidden(turn: Turn, people: People, taken: pl.DataFrame) -> pl.DataFrame:
    """row and pair of what the customer has, what the message shows already and, for what goes with it, the cart."""
    has = [people.bought, taken, *([people.cart] if turn.kind in WITHOUT_CART else [])]
    return pl.concat(frame.select("row", pair=pair_of(pl.col("row"), pl.col("product"))) for frame in has)
