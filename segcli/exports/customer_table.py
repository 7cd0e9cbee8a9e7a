"""The customers of a run to customers.parquet: the same bytes for the same rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from segcli.exports.list_files import WrittenFile, file_digest
from segcli.history.tables import write_row_groups

CUSTOMERS = "customers.parquet"


def write_customers(run: Path, customers: pl.LazyFrame) -> WrittenFile:
    """Writes the customers in one pass, holding a few row groups in memory."""
    return file_digest(run, CUSTOMERS, write_row_groups([customers], run / CUSTOMERS))
