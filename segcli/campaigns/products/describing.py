"""From numbers of products to what a message says of them: one list per customer, a few customers at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from segcli.campaigns.products.catalogue import NUMBER, Catalogue
from segcli.campaigns.products.kinds import KIND, PRODUCT, SHOWN

# What is shown to each customer (`row`), in the order of the rows.
TAKEN: Mapping[str, pl.DataType] = {"row": NUMBER, "product": NUMBER, "kind": KIND}
AT_ONCE = 65_536  # customers: descriptions take many times the room of numbers, so they are made in pieces


def described(customers: pl.DataFrame, taken: pl.DataFrame, told: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """`customers` (customer_id, in the order of `row`) with their `products`; who is shown nothing has an empty list.

    `told` has what the customers' own rows say of products outside the catalogue.
    """
    taken = taken.sort("row", maintain_order=True)
    told = told.unique(["row", "product"], keep="first", maintain_order=True)
    return pl.concat(_pieces(customers, taken, told, catalogue), rechunk=False)


def _pieces(
    customers: pl.DataFrame, taken: pl.DataFrame, told: pl.DataFrame, catalogue: Catalogue
) -> Iterator[pl.DataFrame]:
    nothing = pl.lit([], pl.List(PRODUCT))
    numbered = customers.with_columns(row=pl.int_range(pl.len(), dtype=NUMBER))
    for begin in range(0, max(1, customers.height), AT_ONCE):
        piece = numbered[begin : begin + AT_ONCE]
        first, last = (taken["row"].search_sorted(row, side="left") for row in (begin, begin + AT_ONCE))
        shown = _columns(taken[first:last], told, catalogue)
        lists = shown.group_by("row", maintain_order=True).agg(products=pl.struct(*SHOWN, "low_stock", "kind"))
        found = piece.join(lists, on="row", how="left", maintain_order="left")
        yield found.select("customer_id", pl.col("products").cast(pl.List(PRODUCT)).fill_null(nothing))


def _columns(taken: pl.DataFrame, told: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """`taken` with the columns of SHOWN and `low_stock`: of the catalogue, else as the customer's rows tell."""
    is_known = taken["product"] < catalogue.size
    known = taken.filter(is_known)
    listed = known.hstack(catalogue.rows.select(*SHOWN, "low_stock")[known["product"]])
    if is_known.all():
        return listed
    strange = taken.with_row_index("place").filter(~is_known).join(told, on=["row", "product"])
    strange = strange.with_columns(product_id=catalogue.ids.gather(strange["product"]), low_stock=pl.lit(False))
    placed = listed.with_columns(place=is_known.arg_true())
    return pl.concat([placed, strange], how="diagonal").sort("place")
