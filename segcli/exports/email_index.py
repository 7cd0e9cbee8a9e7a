"""The emails of a folder or a mailbox as lines of its index, which says who got which file."""

from __future__ import annotations

import polars as pl
import polars_hash as plh

from segcli.exports.cells import finished_cells

INDEX = ("customer_id", "email", "file", "subject", "message_id", "bytes")
DIGEST = "xxh3_128"  # of an email that is a file of its own, as `xxhsum -H128` writes it
_DIGEST = plh.col("email").nchash.xxh3_128(return_binary=True, byte_order="big").bin.encode("hex")


def index_header(*, digests: bool) -> bytes:
    """The first line of an index; `digests` for one that has those of the emails."""
    return (",".join([*INDEX, *([DIGEST] if digests else [])]) + "\n").encode()


def with_index_cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds what stands before and after the file in the index: `before_file` and `after_file`."""
    cells = rows.select("customer_id", "email", "subject_line")
    customer, email, subject = finished_cells(cells, ",", cells.columns)
    return rows.with_columns(
        before_file=customer + "," + email + ",",
        after_file="," + subject + "," + rows["message_id"] + ",",
    )


def indexed(rows: pl.DataFrame, emails: pl.Series, *, digests: bool) -> pl.DataFrame:
    """`content` of each email as Binary, its `size` in bytes and its `line` of the index.

    The rows are `with_index_cells`, and have `file`; `digests` for an index that has those of the emails, which are
    quick to make: they tell whether two runs wrote the same, not who wrote it.
    """
    size = pl.col("email").str.len_bytes()
    digest = [pl.lit(","), _DIGEST] if digests else []
    line = pl.concat_str("before_file", "file", "after_file", size, *digest, pl.lit("\n"))
    cells = rows.select("before_file", "file", "after_file").with_columns(emails.alias("email"))
    return cells.select(content=pl.col("email").cast(pl.Binary), size=size, line=line)
