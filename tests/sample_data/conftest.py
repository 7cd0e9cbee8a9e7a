"""The sample shop's files and its generator, which lies beside them and is not part of the package."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

SAMPLE = Path(__file__).parents[2] / "sample_data"
sys.path.insert(0, str(SAMPLE))


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of the sample project."""
    return SAMPLE


@pytest.fixture(scope="session")
def order_lines(sample: Path) -> pl.DataFrame:
    """The orders export, all text, one row per line item."""
    return pl.read_csv(sample / "orders_export.csv", infer_schema=False)


@pytest.fixture(scope="session")
def counted_orders(order_lines: pl.DataFrame) -> pl.DataFrame:
    """One row per order that brought money: who, when, how much net of refunds."""
    return (
        order_lines.filter(pl.col("Total").is_not_null(), pl.col("Cancelled at").is_null(), pl.col("Tags").is_null())
        .filter(~pl.col("Financial Status").is_in(["voided", "refunded"]))
        .select(
            who=pl.coalesce(pl.col("Email").str.to_lowercase(), "Phone"),
            at=pl.col("Created at").str.to_datetime("%Y-%m-%d %H:%M:%S %z"),
            net=pl.col("Total").cast(pl.Decimal(18, 2)) - pl.col("Refunded Amount").cast(pl.Decimal(18, 2)),
        )
    )


@pytest.fixture(scope="session")
def customers(sample: Path) -> pl.DataFrame:
    """The registered customers, all text."""
    return pl.read_csv(sample / "customers.csv", infer_schema=False)


@pytest.fixture(scope="session")
def events(sample: Path) -> pl.DataFrame:
    """What people did, with UTC times."""
    return pl.read_parquet(sample / "events.parquet")
