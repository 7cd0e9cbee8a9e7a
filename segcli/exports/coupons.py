"""The codes of a step's messages as files for the shop: plain, and as an importer of Shopify's discounts reads them.

Shopify itself imports no file of discounts; its apps do. The file has columns of the `Discounts` sheet that Matrixify
documents (matrixify.app/documentation/discounts) and other importers read as well: it is taken for discounts by its
name, a percentage is in points (20 is 20 %), MERGE makes a code or brings the one that is there up to date, and a
discount without a title of its own is called by its code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from segcli.campaigns.offers import AMOUNT, FREE_SHIPPING, PERCENT
from segcli.exports.cells import cell_text, in_utc, quoted, quoted_text
from segcli.exports.list_files import WrittenFile, write_file

PLAIN_FILE = "coupons.csv"
SHOPIFY_FILE = "shopify-discounts.csv"
PLAIN_TIMES = "%Y-%m-%dT%H:%M:%S"
SHOPIFY_TIMES = "%Y-%m-%d %H:%M:%S +0000"
COUPONS: Mapping[str, pl.DataType] = {
    "code": pl.String(), "reward": pl.String(), "value": pl.Float64(), "currency": pl.String(),
    "starts_at": pl.Datetime("us"), "expires_at": pl.Datetime("us"), "campaign": pl.String(), "step": pl.String(),
    "usage_limit": pl.Int64(), "customer_id": pl.String(), "pool": pl.String(),
}  # fmt: skip


def coupons_of(sends: pl.DataFrame, as_of: dt.datetime, currency: str | None) -> pl.DataFrame:
    """One row per code that these messages show, with the columns COUPONS, sorted by code.

    A code can be used from the run on, so that no message is faster than the shop. One that all share has no
    customer, and ends when the last of them may use it. `sends` has campaign, step, customer_id, reward,
    offer_value, code, code_pool, code_expires_at, offer_since and code_uses.
    """
    alone = pl.col("code_uses").is_not_null()
    rows = sends.filter(pl.col("code").is_not_null()).select(
        "code",
        "reward",
        pl.col("offer_value").alias("value"),
        pl.when(pl.col("reward") == AMOUNT).then(pl.lit(currency, pl.String)).alias("currency"),
        pl.col("offer_since").clip(upper_bound=as_of).alias("starts_at"),
        pl.col("code_expires_at").alias("expires_at"),
        "campaign",
        "step",
        pl.col("code_uses").alias("usage_limit"),
        pl.when(alone).then("customer_id").alias("customer_id"),
        pl.col("code_pool").alias("pool"),
    )
    span = ("starts_at", "expires_at")
    endless = pl.col("expires_at").is_null().any()
    ends = pl.when(endless).then(None).otherwise(pl.col("expires_at").max())
    codes = rows.group_by([name for name in COUPONS if name not in span]).agg(
        pl.col("starts_at").min(), ends.alias("expires_at")
    )
    return codes.select(*COUPONS).cast(pl.Schema(COUPONS)).sort("code", "campaign", "step", "reward", "value")


def write_coupons(
    run: Path, folder: str, coupons: pl.DataFrame, timezone: str, *, shopify: bool = False
) -> list[WrittenFile]:
    """Writes `coupons.csv`, and for Shopify `shopify-discounts.csv`, into the folder of the run; nothing without codes.

    `coupons` is that of `coupons_of`. Times are of the project in the plain file, and UTC in Shopify's.
    """
    shapes = [(PLAIN_FILE, plain_cells(), coupons)]
    if shopify:
        shapes.append((SHOPIFY_FILE, shopify_cells(timezone), coupons.filter(importable())))
    return [_write(run, f"{folder}/{name}", cells, rows) for name, cells, rows in shapes if not rows.is_empty()]


def plain_cells() -> dict[str, pl.Expr]:
    """Header -> the text of the cells of `coupons.csv`."""
    return {name: _text(pl.col(name), dtype) for name, dtype in COUPONS.items() if name != "pool"}


def shopify_cells(timezone: str) -> dict[str, pl.Expr]:
    """Header -> the text of the cells of Shopify's import."""
    free = pl.col("reward") == FREE_SHIPPING
    value_type = pl.when(pl.col("reward") == PERCENT).then(pl.lit("Percentage")).otherwise(pl.lit("Fixed Amount"))
    value = pl.col("value").round(2).cast(pl.Decimal(38, 2))
    shared = pl.col("usage_limit").is_null()
    return {
        "Title": _text(pl.col("code"), pl.String()),
        "Command": pl.lit("MERGE"),
        "Code": _text(pl.col("code"), pl.String()),
        "Method": pl.lit("Code"),
        "Type": pl.when(free).then(pl.lit("Free Shipping")).otherwise(pl.lit("Amount off Order")),
        "Value Type": pl.when(~free).then(value_type),
        "Value": pl.when(~free).then(value.cast(pl.String)),
        "Limit Total Times": _text(pl.col("usage_limit"), pl.Int64()),
        "Limit One Use Per Customer": pl.when(shared).then(pl.lit("TRUE")).otherwise(pl.lit("FALSE")),
        "Starts At": in_utc(pl.col("starts_at"), timezone).dt.strftime(SHOPIFY_TIMES),
        "Ends At": in_utc(pl.col("expires_at"), timezone).dt.strftime(SHOPIFY_TIMES),
    }


def importable() -> pl.Expr:
    """Codes that a shop can be told of: a discount that it knows by a value that it can have, and not there already.

    Codes of a pool come from the shop, so they are there.
    """
    value = pl.col("value")
    valued = ((pl.col("reward") == PERCENT) & (value <= 100)) | (pl.col("reward") == AMOUNT)
    known = (pl.col("reward") == FREE_SHIPPING) | (valued & (value >= 0.01)).fill_null(value=False)
    return known & pl.col("pool").is_null()


def _text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return cell_text(column, dtype, dates="%Y-%m-%d", times=PLAIN_TIMES)


def _write(run: Path, path: str, cells: Mapping[str, pl.Expr], rows: pl.DataFrame) -> WrittenFile:
    header = ",".join(quoted_text(name, ",") for name in cells)
    line = pl.concat_str((quoted(cell, ",") for cell in cells.values()), separator=",")
    lines = [header, *rows.select(line).to_series()]
    return write_file(run, path, ("\n".join(lines) + "\n").encode(), rows.height)
