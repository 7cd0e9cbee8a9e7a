"""The fields and segment flags of the recipes that the benchmark names, by hand in Polars for one known shop.

It knows what segcli has to find out: that every file is clean, which orders do not count, that there is one
currency and one record per customer. What segcli checks on the way in is not done here.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from tests.benchmarks.by_hand_people import with_dates, with_defaults, with_row_fields
from tests.benchmarks.by_hand_scores import with_groups, with_scores
from tests.benchmarks.by_hand_tables import PERSON, by_carts, by_events, by_lines, by_orders, places

VOID = ["cancelled", "refunded"]


def main(shop: Path, out: Path) -> None:
    """Reads the shop's files and writes one row per customer to `out`."""

    def scan(table: str) -> pl.LazyFrame:
        if (shop / f"{table}.parquet").exists():
            return pl.scan_parquet(shop / f"{table}.parquet")
        text = dict.fromkeys(
            ("customer_id", "order_id", "product_id", "postal_code", "region", "query", "tag"), pl.String
        )
        exact = {name: pl.Decimal(18, 2) for name in ("amount", "price")}
        path = shop / f"{table}.csv"
        header = pl.scan_csv(path, infer_schema=False).collect_schema().names()
        known = {name: dtype for name, dtype in {**text, **exact}.items() if name in header}
        return pl.scan_csv(path, schema_overrides=known, try_parse_dates=True)

    products = scan("products").select("product_id", "name", "category", "brand")
    orders = scan("orders")
    counted = orders.filter(pl.col("status").is_in(VOID).not_())
    pieces = [
        by_orders(counted),
        *by_lines(scan("order_items"), counted, products),
        *by_events(scan("events"), scan("customers"), products),
        by_carts(scan("events"), orders),
    ]
    base = places(scan("customers"), scan("stores"))
    for piece in pl.collect_all(pieces, engine="streaming"):
        base = base.join(piece.lazy(), on=PERSON, how="left")
    people = base.pipe(with_defaults).pipe(with_dates).pipe(with_row_fields).collect()
    people = people.pipe(with_scores).pipe(with_groups)
    people.sort(PERSON).write_parquet(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
