"""Picks over small tables in a test's own lines."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import polars as pl

from segcli.campaigns.products import pick_products
from segcli.problems import Place
from segcli.project.campaign_models import Pick, Products
from tests.fields.inline_tables import AS_OF, Shop

HERE = Place("recipe.yaml", 1, 1)


def products_key(
    of: str | None = None,
    within: timedelta | None = None,
    fill: Sequence[str] = (),
    at_least: int = 0,
    **picks: int,
) -> Products:
    """What a recipe's `products:` says."""
    chosen = tuple(Pick(kind, count, HERE) for kind, count in picks.items())
    return Products(chosen, HERE, of, within, tuple(fill), at_least)


def requests(people: Mapping[str, str | None] | Sequence[str], series: str | None = None) -> pl.DataFrame:
    """One row per customer; a mapping also says the value of the field that `of` names."""
    of = [people[person] for person in people] if isinstance(people, Mapping) else [None] * len(people)
    return pl.DataFrame(
        {"customer_id": list(people), "of": of, "series": [series] * len(of)},
        schema={"customer_id": pl.String, "of": pl.String, "series": pl.String},
    )


def pick(shop: Shop, products: Products, asked: pl.DataFrame) -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as scratch:
        return pick_products(asked, products, shop.tables(), AS_OF, Path(scratch))


def shown(
    shop: Shop, products: Products, people: Mapping[str, str | None] | Sequence[str], series: str | None = None
) -> dict[str, list[str]]:
    """Customer -> the ids of the products that they are shown."""
    found = pick(shop, products, requests(people, series))
    return {row["customer_id"]: [item["product_id"] for item in row["products"]] for row in found.iter_rows(named=True)}
