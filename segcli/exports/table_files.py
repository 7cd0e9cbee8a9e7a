"""A table of a run to a plain CSV file: rejected rows, customers whom the gate left out."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from segcli.exports.cells import cell_text, quoted, quoted_text
from segcli.exports.list_files import WrittenFile, write_file

TIMES = "%Y-%m-%dT%H:%M:%S"


def write_table(run: Path, path: str, table: pl.DataFrame) -> WrittenFile:
    """Writes the rows as they come, with a header; empty where a value is null."""
    header = ",".join(quoted_text(name, ",") for name in table.columns)
    cells = [
        quoted(cell_text(pl.col(name), dtype, dates="%Y-%m-%d", times=TIMES), ",")
        for name, dtype in table.schema.items()
    ]
    lines = table.select(pl.concat_str(cells, separator=",")).to_series() if cells else pl.Series([], dtype=pl.String)
    text = pl.concat([pl.Series([header]), lines]).str.join("\n").item() + "\n"
    return write_file(run, path, text.encode(), table.height)
