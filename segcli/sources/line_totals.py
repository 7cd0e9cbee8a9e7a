"""Files of order lines in which every line bears the order's total: told from those that say what a line came to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import polars as pl

from segcli.sources.orders import line_amount
from segcli.sources.tables import Frames, SourceFrame

PLATFORMS = ("plain", "canonical")  # of others it is known what their columns mean
ENOUGH = 10  # orders of several lines, to tell by them
MOST = 0.95  # of them have one amount on all of their lines


def with_totals_once(frames: Frames) -> tuple[dict[str, list[SourceFrame]], int]:
    """The frames, in which an amount that is the order's total is that and no line's; and of how many orders it is."""
    found = {
        source.file.path: orders
        for source in frames.get("orders", ())
        if source.line_items and source.platform in PLATFORMS and (orders := orders_with_totals(source.frame))
    }
    told = {name: [_told(source, found) for source in sources] for name, sources in frames.items()}
    return told, sum(found.values())


def _told(source: SourceFrame, found: Collection[str]) -> SourceFrame:
    if source.file.path not in found or "line_amount" not in source.frame.collect_schema():
        return source
    if source.table == "orders":
        return replace(source, frame=source.frame.rename({"line_amount": "amount"}))
    return replace(source, frame=source.frame.drop("line_amount"))


def orders_with_totals(lines: pl.LazyFrame) -> int:
    """How many orders of several lines (order_id, line_amount; perhaps price and quantity) bear their total on each of
    them; 0 where the lines say what they came to themselves.

    Nearly all of such orders have one amount on all of their lines. Where there are prices, that is what the lines come
    to together, or at least not what most of them come to by themselves; else the amounts are not the few of a shop in
    which everything costs the same.
    """
    columns = lines.collect_schema()
    if not {"order_id", "line_amount"} <= set(columns) or "amount" in columns:
        return 0
    quantity = pl.col("quantity").fill_null(1.0) if "quantity" in columns else pl.lit(1.0)
    each = line_amount(pl.col("price"), quantity) if "price" in columns else pl.lit(None, columns["line_amount"])
    amount = pl.col("line_amount")
    orders = (
        lines.filter(pl.col("order_id").is_not_null() & amount.is_not_null())
        .with_columns(each=each)
        .group_by("order_id")
        .agg(
            pl.len(), amount.max(), one=amount.min() == amount.max(),
            own=(amount == pl.col("each")).fill_null(value=False).all(),
            together=pl.col("each").sum() == amount.max(), priced=pl.col("each").count() == pl.len(),
        )
        .filter(pl.col("len") > 1)
    )  # fmt: skip
    counts = orders.select(
        pl.len(),
        pl.col("one", "own").sum(),
        fitting=(pl.col("together") & pl.col("priced") & ~pl.col("own")).sum(),
        amounts=amount.n_unique(),
    )
    several, one, own, fitting, amounts = counts.collect(engine="streaming").row(0)
    if not several or one < MOST * several or 2 * own > several:
        return 0
    by_prices = fitting >= MOST * several
    by_many = several >= ENOUGH and 2 * amounts >= several
    return int(one) if by_prices or by_many else 0
