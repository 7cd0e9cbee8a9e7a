"""Runs by_hand_in_duckdb.sql over a shop's files and writes one row per customer."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

TABLES = ("customers", "orders", "order_items", "events", "products", "stores")
TEXT = ("customer_id", "order_id", "product_id", "postal_code", "region", "query", "tag")


def main(shop: Path, out: Path) -> None:
    """Reads the shop's files and writes one row per customer to `out`."""
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set TimeZone = 'UTC'")
        for table in TABLES:
            connection.execute(f"create view {table} as select * from {_reader(shop, table, connection)}")
        connection.execute(Path(__file__).with_suffix(".sql").read_text())
        connection.execute(
            f"copy (select * from people order by customer_id) to '{out}' (format parquet, compression zstd)"
        )


def _reader(shop: Path, table: str, connection: duckdb.DuckDBPyConnection) -> str:
    path = shop / f"{table}.parquet"
    if path.exists():
        return f"read_parquet('{path}')"
    path = shop / f"{table}.csv"
    header = path.open().readline().strip().split(",")
    types = {name: "varchar" for name in TEXT if name in header}
    types |= {name: "decimal(18,2)" for name in ("amount", "price") if name in header}
    return f"read_csv('{path}', types = {types})"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
