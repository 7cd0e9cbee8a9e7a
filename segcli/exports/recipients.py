"""Whose token is whose, as a list that only the shop itself reads: links carry the token and never an id."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from segcli.exports.cells import finished_cells
from segcli.exports.list_files import WrittenFile
from segcli.exports.private_files import PrivateFile

FILE = "recipients.csv"


def write_recipients(run: Path, folder: str, rows: pl.DataFrame) -> WrittenFile:
    """Writes `<folder>/recipients.csv`: customer_id, email and phone as far as they are known, token."""
    (run / folder).mkdir(parents=True, exist_ok=True)
    file = PrivateFile(run, f"{folder}/{FILE}")
    cells = finished_cells(rows, ",", rows.columns)
    try:
        lines = cells.select(pl.concat_str(pl.all(), separator=",")).to_series().to_list()
        file.write("".join(f"{each}\n" for each in [",".join(rows.columns), *lines]).encode(), rows.height)
    finally:
        file.close()
    return file.written
