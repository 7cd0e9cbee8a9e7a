"""Rows and cells that could not be read, with file, line, column and reason: what becomes rejected.csv."""

from __future__ import annotations

import polars as pl

SCHEMA: dict[str, pl.DataType] = {
    "file": pl.String(),
    "line": pl.Int64(),
    "column": pl.String(),
    "reason": pl.String(),
    "value": pl.String(),
    "dropped": pl.Boolean(),
}

# A whole line, or a cell of a megabyte, would drown the list; its beginning is enough to find it.
LONGEST_VALUE = 200


class Rejections:
    """Collects rejected rows (`dropped`) and cells that became null while their row stays."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, int | None, str | None, str, str | None, bool]] = []
        self._frames: list[pl.DataFrame] = []

    def add(
        self, file: str, line: int | None, column: str | None, reason: str, value: str | None, dropped: bool
    ) -> None:
        """One row (`column` is None) or one cell; `line` counts from 1 in the file as the user has it."""
        self._rows.append((file, line, column, reason, value, dropped))

    def add_frame(self, frame: pl.DataFrame) -> None:
        """Many at once: a frame with the columns of SCHEMA, in any order and castable to its types."""
        self._frames.append(frame.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()))

    def frame(self) -> pl.DataFrame:
        """Everything that was added, sorted, so that the same input gives the same bytes."""
        rows = pl.DataFrame(self._rows, schema=SCHEMA, orient="row")
        shown = pl.col("value").str.slice(0, LONGEST_VALUE)
        cut = pl.when(pl.col("value").str.len_chars() > LONGEST_VALUE).then(shown + "…").otherwise(shown)
        return (
            pl.concat([rows, *self._frames])
            .with_columns(cut.alias("value"))
            .sort(["file", "line", "column", "reason", "value", "dropped"], nulls_last=False)
        )
