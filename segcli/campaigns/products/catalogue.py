"""The shop's products as numbers: what can be shown, what can be sold, and in which category and of which brand."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from segcli.campaigns.products.kinds import LOW_STOCK
from segcli.campaigns.products.reading import read_columns
from segcli.sources.tables import CANONICAL, Tables

NUMBER = pl.UInt32()
_WEB = r"^(?i:https?)://[^\s/?#]"


@dataclass(frozen=True)
class Catalogue:
    """Every product that has a name, numbered from 0 in the order of product_id, so that a number is a row.

    `rows` has the columns of products, `low_stock`, `sellable` (stock is not 0; no stock given counts as in
    stock) and the numbers of its groups, `category_group` and `brand_group`. `ids` has the product_id of every
    number: after the catalogue's, those that occur in lines, views and carts alone. `groups` has the `group`
    of each `of`: first the categories, then the brands that are no category. `everything` is the group of all.
    """

    rows: pl.DataFrame
    ids: pl.Series
    groups: pl.DataFrame
    categories: int
    everything: int

    @property
    def size(self) -> int:
        return self.rows.height

    def number_of(self, column: str) -> pl.Expr:
        """The number of the product whose id stands in the column; null where none is known."""
        return pl.col(column).cast(pl.Enum(self.ids), strict=False).to_physical().cast(NUMBER)

    def sellable(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows whose `product` can be suggested to somebody."""
        known = frame.filter(pl.col("product") < self.size)
        return known.filter(self.rows["sellable"].gather(known["product"]))

    def in_groups(self, frame: pl.DataFrame, *, bounded: bool) -> pl.DataFrame:
        """Rows of a known `product` with its `group`: of everything, or one of its category and one of its brand."""
        if not bounded:
            return frame.with_columns(group=pl.lit(self.everything, NUMBER))
        return pl.concat(
            frame.with_columns(group=self.rows[name].gather(frame["product"])).filter(pl.col("group").is_not_null())
            for name in ("category_group", "brand_group")
        )


def read_catalogue(tables: Tables) -> Catalogue:
    """The catalogue of the table products; empty where there is none. A product without a name cannot be shown, and
    one whose link or picture leads nowhere from a mail is shown without it."""
    rows = read_columns(tables, "products", CANONICAL["products"]).collect()
    rows = rows.with_columns(_web_address(pl.col(name)) for name in ("url", "image_url"))
    rows = rows.filter(pl.col("name").is_not_null()).sort("product_id")
    categories, brands = (rows[name].drop_nulls().unique().sort() for name in ("category", "brand"))
    everything = len(categories) + len(brands)
    of_category = categories.alias("of").to_frame().with_row_index("group")
    of_brand = brands.alias("of").to_frame().with_row_index("group", offset=len(categories))
    rows = rows.with_columns(
        low_stock=pl.col("stock").is_between(1, LOW_STOCK).fill_null(False),
        sellable=(pl.col("stock") > 0).fill_null(True),
        category_group=_looked_up(rows["category"], of_category),
        brand_group=_looked_up(rows["brand"], of_brand),
    )
    groups = pl.concat([of_category, of_brand]).select("of", "group").unique("of", keep="first", maintain_order=True)
    ids = pl.concat([rows["product_id"], _other_ids(tables, rows["product_id"])])
    return Catalogue(rows, ids, groups, len(categories), everything)


@dataclass(frozen=True)
class LeadingNowhere:
    """How many of the products have a link or picture that leads nowhere from a mail, and the first of them."""

    count: int
    products: int
    product_id: str
    address: str


def leading_nowhere(tables: Tables) -> LeadingNowhere | None:
    """What `read_catalogue` leaves out of the table products; None where that is nothing."""
    rows = read_columns(tables, "products", ("product_id", "name", "url", "image_url"))
    named = rows.filter(pl.col("name").is_not_null())
    lost = [
        pl.when(_web_address(pl.col(name)).is_null() & (pl.col(name).str.strip_chars() != "")).then(pl.col(name))
        for name in ("url", "image_url")
    ]
    found = named.select("product_id", address=pl.coalesce(lost)).collect()
    nowhere = found.drop_nulls("address").sort("product_id")
    return LeadingNowhere(nowhere.height, found.height, *nowhere.row(0)) if nowhere.height else None


def _web_address(address: pl.Expr) -> pl.Expr:
    """The address as it is, `//cdn.example/cup.png` with https; null where it is none of the web (`/cup`, `data:...`,
    `javascript:...`)."""
    text = address.str.strip_chars()
    whole = pl.when(text.str.starts_with("//")).then(pl.concat_str(pl.lit("https:"), text)).otherwise(text)
    return pl.when(whole.str.contains(_WEB)).then(whole).name.keep()


def _looked_up(texts: pl.Series, groups: pl.DataFrame) -> pl.Series:
    return texts.alias("of").to_frame().join(groups, on="of", how="left", maintain_order="left")["group"]


def _other_ids(tables: Tables, known: pl.Series) -> pl.Series:
    """What the shop had once, or has on no list: it is shown as its rows tell, and goes with what is on the list."""
    found = [pl.Series("product_id", [], pl.String)]
    catalogue = pl.LazyFrame({"product_id": known})
    for name in ("order_items", "events", "cart_items"):
        if name not in tables or "product_id" not in tables[name].columns:
            continue
        for shard in tables[name].shards:
            ids = shard.select("product_id").filter(pl.col("product_id").is_not_null()).unique()
            found.append(ids.join(catalogue, on="product_id", how="anti").collect(engine="streaming").to_series())
    return pl.concat(found).unique().sort()
