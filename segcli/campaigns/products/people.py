"""The asked customers of one shard and what they bought, viewed and left in a cart, all by numbers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from segcli.campaigns.products.catalogue import NUMBER
from segcli.campaigns.products.price_windows import cents
from segcli.campaigns.products.ranked import pair_of
from segcli.campaigns.products.reading import read_columns
from segcli.campaigns.products.shop import ShopProducts


@dataclass(frozen=True)
class People:
    """`rows`: customer_id, of, series, `row` (from 0) and `group` (of `of`; null if there is none) of each customer."""

    shop: ShopProducts
    shard: int
    rows: pl.DataFrame

    @cached_property
    def bought(self) -> pl.DataFrame:
        """row, product, `latest`: each product that they ever bought, in no order."""
        lines = self.rows_of("order_items", ("customer_id", "product_id", "ordered_at"))
        known = lines.select("row", "ordered_at", product=self.product).filter(pl.col("product").is_not_null())
        return _by_pair(known, latest=pl.col("ordered_at").max())

    @cached_property
    def usual(self) -> pl.DataFrame:
        """row, `usual`: twice the median price in cents of what they paid for a piece; gifts are left out."""
        lines = self.rows_of("order_items", ("customer_id", "price")).filter(pl.col("price") > 0)
        return lines.group_by("row").agg(usual=(cents("price").median() * 2).cast(pl.Int64)).collect()

    def viewed(self, within: dt.timedelta | None) -> pl.DataFrame:
        """row, product, `times`, `latest` of each product that they viewed, in no order."""
        views = self.views(("customer_id", "at", "event", "product_id"))
        known = views.filter(self.is_new("at", within)).select("row", "at", product=self.product)
        known = known.filter(pl.col("product").is_not_null())
        return _by_pair(known, times=pl.len(), latest=pl.col("at").max())

    @cached_property
    def cart(self) -> pl.DataFrame:
        """row, product, price, and `latest`, `named` of the cart: what lies in each customer's."""
        carts = self.carts.lazy()
        columns = ("customer_id", "cart_id", "product_id", "price")
        items = self.rows_of("cart_items", columns).join(carts, on=["row", "cart_id"])
        known = items.select("row", "latest", "named", "price", product=self.product)
        known = known.filter(pl.col("product").is_not_null())
        return known.group_by("row", "product").agg(pl.col("latest", "named").first(), pl.col("price").max()).collect()

    @cached_property
    def carts(self) -> pl.DataFrame:
        """row, cart_id, `latest`, `named`: the cart that `series` names, else the newest abandoned one."""
        columns = ("customer_id", "cart_id", "last_activity_at", "abandoned")
        named = pl.col("cart_id").eq(pl.col("series")).fill_null(False)
        carts = self.rows_of("carts", columns).with_columns(named=named)
        chosen = carts.filter(pl.col("named") | pl.col("abandoned")).select(
            "row", "cart_id", "named", latest="last_activity_at"
        )
        order = chosen.collect().sort(
            "row", "named", "latest", "cart_id", descending=[False, True, True, False], nulls_last=True
        )
        return order.unique("row", keep="first", maintain_order=True)

    def rows_of(self, table: str, columns: tuple[str, ...]) -> pl.LazyFrame:
        """The rows of the asked customers with these columns, and those of `rows`."""
        return read_columns(self.shop.tables, table, columns, self.shard).join(self.rows.lazy(), on="customer_id")

    def views(self, columns: tuple[str, ...]) -> pl.LazyFrame:
        return self.rows_of("events", columns).filter(pl.col("event") == "view")

    def is_new(self, time: str, within: dt.timedelta | None) -> pl.Expr:
        """Whether a time lies within the age, if one is asked for."""
        return pl.lit(True) if within is None else pl.col(time) > self.shop.as_of - within

    @property
    def product(self) -> pl.Expr:
        return self.shop.catalogue.number_of("product_id")


def _by_pair(rows: pl.LazyFrame, **columns: pl.Expr) -> pl.DataFrame:
    grouped = rows.group_by(pair=pair_of(pl.col("row"), pl.col("product"))).agg(**columns)
    row, product = (pl.col("pair") // 2**32).cast(NUMBER), (pl.col("pair") % 2**32).cast(NUMBER)
    return grouped.select(*columns, row=row, product=product).collect(engine="streaming")
