"""The tables of the history: their columns and types, and their files, which are the same for the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

Frame = pl.LazyFrame | pl.DataFrame
TIME = pl.Datetime("us")

# What a run did: every message sent, held out or too late, and how series began and ended.
JOURNAL: Mapping[str, pl.DataType] = {
    "run": pl.String(), "as_of": TIME, "campaign": pl.String(), "step": pl.String(), "number": pl.Int64(),
    "message": pl.String(), "customer_id": pl.String(), "series": pl.String(), "start": TIME, "moment": TIME,
    "send_at": TIME, "status": pl.String(), "channel": pl.String(), "marketing": pl.Boolean(), "list": pl.String(),
    "variant": pl.String(), "reward": pl.String(), "offer_value": pl.Float64(), "code": pl.String(),
    "code_pool": pl.String(), "code_expires_at": TIME, "products": pl.List(pl.String()),
}  # fmt: skip

# Where every series stands after a run. `steps` are the names of those that were dealt with (sent, held out, skipped,
# too late), in alphabetical order with commas between them: names, since recipes put steps in and take them out.
STATE: Mapping[str, pl.DataType] = {
    "campaign": pl.String(), "customer_id": pl.String(), "series": pl.String(), "start": TIME, "steps": pl.String(),
    "message_at": TIME, "message": pl.String(), "served_at": TIME, "offer_since": TIME, "offer_code": pl.String(),
    "ended": pl.Boolean(), "inside": pl.Boolean(),
}  # fmt: skip

# Who is or was in which segment; `left_at` is null of who still is.
MEMBERS: Mapping[str, pl.DataType] = {
    "segment": pl.String(), "customer_id": pl.String(), "entered_at": TIME, "left_at": TIME,
}  # fmt: skip

# Every id, email and phone ever seen of a person, as salted hashes.
PEOPLE: Mapping[str, pl.DataType] = {"digest": pl.String(), "customer_id": pl.String()}

SENDS_FILE, STATE_FILE = "sends.parquet", "state.parquet"
MEMBERS_FILE, PEOPLE_FILE = "members.parquet", "people.parquet"
SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = {
    SENDS_FILE: JOURNAL, STATE_FILE: STATE, MEMBERS_FILE: MEMBERS, PEOPLE_FILE: PEOPLE,
}  # fmt: skip
# By what the rows of each file are sorted; columns that follow decide between equal ones.
SORTED_BY: Mapping[str, tuple[str, ...]] = {
    SENDS_FILE: ("campaign", "customer_id", "series", "number", "status"),
    STATE_FILE: ("campaign", "customer_id", "series"),
    MEMBERS_FILE: ("segment", "customer_id", "entered_at"),
    PEOPLE_FILE: ("digest", "customer_id"),
}
ROWS_PER_GROUP = 65_536


def empty(schema: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """A table without rows."""
    return pl.LazyFrame(schema=dict(schema))


def write_history_table(run: Path, name: str, rows: Frame | Sequence[Frame]) -> Path:
    """Writes one of a run's files with exactly its columns, sorted; a column that is missing is a Polars error.

    Rows that come in several frames are sorted frame by frame and written one after the other, so that no more than
    a frame is in memory. No segment (and no campaign) may be in two of them.
    """
    schema = SCHEMAS[name]
    ties = [column for column in schema if column not in SORTED_BY[name]]
    frames = [rows] if isinstance(rows, pl.LazyFrame | pl.DataFrame) else rows or [empty(schema)]
    ordered = [
        frame.lazy()
        .select(pl.col(column).cast(dtype) for column, dtype in schema.items())
        .sort(*SORTED_BY[name], *ties, nulls_last=False)
        for frame in frames
    ]
    write_row_groups(ordered, run / name)
    return run / name


def write_row_groups(frames: Sequence[pl.LazyFrame], path: Path) -> int:
    """Writes the rows of the frames, which have the same columns, in one pass; returns how many there were.

    The bytes of a row group depend on the pieces in which its rows arrive, and those on threads and sources.
    So every row group is handed over in one piece. A few row groups are in memory at a time.
    """
    count = 0

    def row_groups(
        columns: list[str] | None, predicate: pl.Expr | None, limit: int | None, batch: int | None
    ) -> Iterator[pl.DataFrame]:
        nonlocal count
        begun: list[pl.DataFrame] = []  # the rows of a group that is not full yet
        for frame in frames:
            for group in frame.collect_batches(chunk_size=ROWS_PER_GROUP, maintain_order=True):
                count += group.height
                rows = pl.concat([*begun, group]) if begun else group
                while rows.height >= ROWS_PER_GROUP:
                    yield _in_one_piece(rows.head(ROWS_PER_GROUP))
                    rows = rows.slice(ROWS_PER_GROUP)
                begun = [rows] if rows.height else []
        yield from map(_in_one_piece, begun)

    register_io_source(row_groups, schema=frames[0].collect_schema()).sink_parquet(
        path,
        compression="zstd",
        compression_level=3,
        row_group_size=ROWS_PER_GROUP,
        engine="streaming",
    )
    return count


def _in_one_piece(group: pl.DataFrame) -> pl.DataFrame:
    # A list column that is a slice of a longer one is written otherwise than its copy, so it is copied.
    lists = [name for name, dtype in group.schema.items() if isinstance(dtype, pl.List)]
    return group.rechunk().with_columns(pl.col(lists).gather(pl.int_range(pl.len())))
