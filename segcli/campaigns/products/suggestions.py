"""Picks that suggest something: for every asked customer the best products that are not hidden from them."""

from __future__ import annotations

import polars as pl

from segcli.campaigns.products.catalogue import NUMBER
from segcli.campaigns.products.kinds import Turn
from segcli.campaigns.products.people import People
from segcli.campaigns.products.price_windows import a_little_dearer
from segcli.campaigns.products.ranked import RankedLists, first_allowed, first_of_each, in_order_of, pair_of

# What somebody bought last says most of what they may want with it; all that they ever bought says less for much time.
MOST_ANCHORS = 5


def suggestions(turn: Turn, people: People, asked: pl.DataFrame, hidden: pl.DataFrame) -> pl.DataFrame:
    """row and product, those of one row together and the best first; of each row at least those `wanted`.

    `asked` has row (in order) and wanted, `hidden` row and pair.
    """
    if turn.kind == "upsell":
        priced = _groups_of_taste(turn, people, asked).join(people.usual, on="row", maintain_order="left")
        return a_little_dearer(priced, people.shop.windows(turn.within), hidden)
    lists = people.shop.lists(turn.kind, turn.within, bounded=turn.bounded)
    asked = _with_group(turn, people, asked)
    if turn.kind not in ("bought_together", "accessories"):
        return first_allowed(asked, lists, hidden).select("row", "product")
    # Of every list as many as are wanted in all: what comes later in it is beaten by those of the same list.
    found = first_allowed(_anchors(turn, people, asked, lists), lists, hidden)
    found = in_order_of(found, "row", "order", "latest", "product", falling=["latest"]).select("row", "product")
    return found.filter(pair_of(pl.col("row"), pl.col("product")).is_first_distinct())


def _with_group(turn: Turn, people: People, asked: pl.DataFrame) -> pl.DataFrame:
    if not turn.bounded:
        return asked.with_columns(group=pl.lit(people.shop.catalogue.everything, NUMBER))
    grouped = asked.with_columns(group=people.rows["group"].gather(asked["row"]))
    return grouped.filter(pl.col("group").is_not_null())


def _anchors(turn: Turn, people: People, asked: pl.DataFrame, lists: RankedLists) -> pl.DataFrame:
    """`asked` with each `anchor` and its `latest`: the products last bought that something goes with.

    For bought_together those in the cart too.
    """
    bought = people.bought.filter(people.is_new("latest", turn.within)).select("row", "product", "latest")
    if turn.kind == "bought_together":
        bought = pl.concat([bought, people.cart.select("row", "product", "latest")])
    found = bought.rename({"product": "anchor"}).join(asked, on="row").join(lists.index, on=lists.key, how="semi")
    found = in_order_of(found, "row", "latest", "anchor", falling=["latest"])
    found = first_of_each(found, "row", 2 * MOST_ANCHORS)  # where all of them are in the cart too
    found = found.filter(pair_of(pl.col("row"), pl.col("anchor")).is_first_distinct())
    return first_of_each(found, "row", MOST_ANCHORS)


def _groups_of_taste(turn: Turn, people: People, asked: pl.DataFrame) -> pl.DataFrame:
    """`asked` with the group of `of`, else with the category of what was bought or viewed last (of both: bought)."""
    if turn.bounded:
        return _with_group(turn, people, asked)
    bought = people.bought.filter(people.is_new("latest", turn.within))
    viewed = people.viewed(turn.within)
    both = [
        frame.select("row", "product", "latest", viewed=pl.lit(place)) for place, frame in enumerate((bought, viewed))
    ]
    known = pl.concat(both).filter(pl.col("product") < people.shop.catalogue.size)
    category = people.shop.catalogue.rows["category_group"].gather(known["product"])
    known = known.with_columns(group=category).filter(pl.col("group").is_not_null())
    known = in_order_of(known, "row", "latest", "viewed", "product", falling=["latest"])
    last = first_of_each(known, "row", 1).select("row", "group")
    return asked.join(last, on="row", maintain_order="left")
