"""The products of a message as flat columns, for email services that render messages themselves."""

from __future__ import annotations

import polars as pl

from segcli.campaigns.products.kinds import PRODUCT


def product_columns(count: int) -> list[pl.Expr]:
    """Of a frame's column `products`: product_1_id, product_1_name, ... product_1_kind, up to product_<count>_kind.

    Null where a customer has fewer products.
    """
    return [
        pl.col("products")
        .list.get(place, null_on_oob=True)
        .struct.field(field.name)
        .alias(f"product_{place + 1}_{field.name.removeprefix('product_')}")
        for place in range(count)
        for field in PRODUCT.fields
    ]
