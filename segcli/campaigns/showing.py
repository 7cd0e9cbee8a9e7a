"""The products that due steps show: picked for everybody at once, step by step, and whether they are enough."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedRowStart, CheckedStep
from segcli.campaigns.customers import PERSON, Customers
from segcli.campaigns.gate import FOR_PEOPLE
from segcli.campaigns.products import PICKED, ShopProducts, pick_products
from segcli.sources.tables import Tables

NO_PRODUCTS = pl.lit(None, PICKED["products"])


def with_products(
    due: pl.DataFrame,
    campaigns: Sequence[CheckedCampaign],
    customers: Customers,
    tables: Tables,
    as_of: dt.datetime,
    scratch: Path,
    shop: ShopProducts | None = None,
) -> pl.DataFrame:
    """The due frame with `products`, null for steps that show none, and `enough`: whether there are `at_least`.

    Nothing is picked for who is barred or has not agreed: the gate leaves them out before it looks at products.
    `shop` is what other calls of the same run have worked out already.
    """
    shop = shop or ShopProducts(tables, as_of, scratch / "products")
    steps = {
        (campaign.name, each.step.name): (campaign, each)
        for campaign in campaigns
        for each in campaign.steps
        if each.step.products is not None
    }
    asked = due.filter(
        pl.col("barred").is_null(),
        ~pl.col("marketing") | pl.col("allowed").fill_null(value=False) | (pl.col("channel") == FOR_PEOPLE),
    )
    parts = [
        _picked(rows, *steps[campaign, step], customers, tables, as_of, shop)
        for (campaign, step), rows in asked.partition_by("campaign", "step", as_dict=True).items()
        if (campaign, step) in steps
    ]
    if not parts:
        return due.with_columns(products=NO_PRODUCTS, enough=pl.lit(value=True))
    picked = pl.concat(parts)
    found = due.join(picked, on=[PERSON, "campaign"], how="left", maintain_order="left")
    return found.with_columns(pl.col("enough").fill_null(value=True))


def _picked(
    rows: pl.DataFrame,
    campaign: CheckedCampaign,
    each: CheckedStep,
    customers: Customers,
    tables: Tables,
    as_of: dt.datetime,
    shop: ShopProducts,
) -> pl.DataFrame:
    products = each.step.products
    assert products is not None
    of_cart = isinstance(campaign.start, CheckedRowStart) and campaign.start.row_id == "cart_id"
    cart = pl.col("row_id") if of_cart else pl.lit(None, pl.String)
    requests = rows.select(PERSON, series=cart)
    if products.of is not None:
        of = customers.columns_of(rows[PERSON], [products.of]).rename({products.of: "of"})
        requests = requests.join(of, on=PERSON, how="left")
    else:
        requests = requests.with_columns(of=pl.lit(None, pl.String))
    picked = pick_products(requests, products, tables, as_of, shop.scratch, shop)
    return picked.select(PERSON, pl.lit(campaign.name).alias("campaign"), "products", "enough")
