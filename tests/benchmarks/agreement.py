"""Whether two tables of customers say the same: column by column, numbers to a millionth."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl


def differences(one: Path, other: Path) -> tuple[int, list[str], dict[str, int]]:
    """The number of columns that both have, those that only one has, and rows that differ per column."""
    left, right = pl.scan_parquet(one), pl.scan_parquet(other)
    ours, theirs = left.collect_schema(), right.collect_schema()
    common = [name for name in ours if name in theirs]
    alone = sorted(set(ours) ^ set(theirs))
    found = {}
    for name in common:
        frame = pl.DataFrame(
            [left.select(name).collect().to_series().alias("a"), right.select(name).collect().to_series().alias("b")]
        )
        a, b = pl.col("a"), pl.col("b")
        if ours[name].is_numeric():
            a, b = a.cast(pl.Float64), b.cast(pl.Float64)
            same = (a.is_null() & b.is_null()) | ((a - b).abs() <= 1e-6 * a.abs().clip(1)).fill_null(value=False)
        else:
            if ours[name] != theirs[name]:
                b = b.cast(ours[name])
            same = a.eq_missing(b)
        unequal = frame.select(same.not_().sum()).item()
        if unequal:
            found[name] = unequal
    return len(common), alone, found


if __name__ == "__main__":
    print(differences(Path(sys.argv[1]), Path(sys.argv[2])))
