"""The codes of pools that were ever given: those in the journal, and those whose rows were taken out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from segcli.history.rewriting import replace_table
from segcli.history.store import History
from segcli.history.tables import empty
from segcli.problems import DataError, Problem

USED_CODES_FILE = "used_codes.parquet"  # of runs that were undone, and of people who were forgotten
USED_CODES: Mapping[str, pl.DataType] = dict.fromkeys(
    ("code", "code_pool", "campaign", "series", "customer_id"), pl.String()
)


def used_codes(history: History) -> pl.LazyFrame:
    """code, code_pool, campaign, series, customer_id of every code of a pool that was ever given, each row once.

    Of a code whose run was undone and of one whose owner was forgotten it is known that it was given, and of the
    latter no more. Raises DataError if the file of those cannot be read: a code might be given twice.
    """
    given = history.journal(list(USED_CODES)).filter(pl.col("code_pool").is_not_null())
    return pl.concat([given, read_used_codes(history.folder)]).unique()


def read_used_codes(folder: Path) -> pl.LazyFrame:
    """USED_CODES of which the journal knows no more."""
    path = folder / USED_CODES_FILE
    if not path.exists():
        return empty(USED_CODES)
    try:
        return pl.read_parquet(path, glob=False).select(*USED_CODES).lazy()
    except (OSError, pl.exceptions.PolarsError) as error:
        hint = "Nothing was written. Put the file back from a backup: without it a code might be given twice."
        raise DataError([Problem(f"the history is damaged: {path} cannot be read.", hint=hint)]) from error


def keep_codes(folder: Path, codes: pl.LazyFrame) -> int:
    """Adds codes (USED_CODES) to those that stay used; returns how many different ones were to be added."""
    rows = codes.select(pl.col(name).cast(dtype) for name, dtype in USED_CODES.items()).unique().collect()
    if not rows.is_empty():
        known = read_used_codes(folder).collect()
        replace_table(folder, USED_CODES_FILE, pl.concat([known, rows]).unique().sort(pl.all()))
    return rows["code"].n_unique()
