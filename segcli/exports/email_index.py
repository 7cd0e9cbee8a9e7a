"""The emails of a folder or a mailbox as lines of its index, which says who got which file."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import polars_hash as plh

from segcli.exports.cells import neutralised, quoted

INDEX = ("customer_id", "email", "file", "subject", "message_id", "bytes")
DIGEST = "xxh3_128"  # of an email that is a file of its own, as `xxhsum -H128` writes it
_DIGEST = plh.col("email").nchash.xxh3_128(return_binary=True, byte_order="big").bin.encode("hex")


def index_header(*, digests: bool) -> bytes:
    """The first line of an index; `digests` for one that has those of the emails."""
    return (",".join([*INDEX, *([DIGEST] if digests else [])]) + "\n").encode()


def with_index_cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds what stands before and after the file in the index: `before_file` and `after_file`."""
    customer, email, subject = (
        quoted(neutralised(pl.col(source)), ",") for source in ("customer_id", "email", "subject_line")
    )
    return rows.with_columns(
        before_file=pl.concat_str(customer, pl.lit(","), email, pl.lit(",")),
        after_file=pl.concat_str(pl.lit(","), subject, pl.lit(","), "message_id", pl.lit(",")),
    )


def index_lines(rows: pl.DataFrame, files: Sequence[str], sizes: pl.Series, digests: pl.Series | None = None) -> bytes:
    """The lines of emails `with_index_cells`: the file and the bytes of each, and its digest for an index with them."""
    columns = (rows["before_file"].to_list(), files, rows["after_file"].to_list(), sizes.to_list())
    if digests is None:
        lines = [f"{before}{file}{after}{size}\n" for before, file, after, size in zip(*columns, strict=True)]
    else:
        lines = [
            f"{before}{file}{after}{size},{digest}\n"
            for before, file, after, size, digest in zip(*columns, digests.to_list(), strict=True)
        ]
    return "".join(lines).encode()


def digests_of(emails: pl.Series) -> pl.Series:
    """A short digest of each email, quick to make: it tells whether two runs wrote the same, not who wrote it."""
    return emails.alias("email").to_frame().select(_DIGEST.alias(DIGEST)).to_series()
