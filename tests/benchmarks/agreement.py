"""Whether two tables of customers say the same: column by column, numbers to a millionth."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl


def compare(one: Path, other: Path) -> dict[str, Any]:
    """The number of customers and of columns that both have, the columns that only one has (`alone`), and
    how many rows differ in which column (`rows`). Both files are sorted by customer_id."""
    left, right = pl.scan_parquet(one), pl.scan_parquet(other)
    ours, theirs = left.collect_schema(), right.collect_schema()
    common = [name for name in ours if name in theirs]
    rows = {}
    for name in common:
        pair = pl.concat(
            [left.select(a=name), right.select(b=pl.col(name).cast(ours[name]))], how="horizontal"
        ).collect()
        unequal = pair.height - pair.select(_same(ours[name]).sum()).item()
        if unequal:
            rows[name] = unequal
    return {
        "customers": left.select(pl.len()).collect().item(),
        "columns": len(common),
        "alone": sorted(set(ours) ^ set(theirs)),
        "rows": rows,
    }


def _same(dtype: pl.DataType) -> pl.Expr:
    a, b = pl.col("a"), pl.col("b")
    if not dtype.is_float():
        return a.eq_missing(b)
    near = (a - b).abs() <= 1e-6 * pl.max_horizontal(a.abs(), 1.0)
    return (a.is_null() & b.is_null()) | near.fill_null(value=False)


if __name__ == "__main__":
    print(json.dumps(compare(Path(sys.argv[1]), Path(sys.argv[2]))))
