"""The emails of a folder or a mailbox as lines of its index, which says who got which file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import polars as pl
import polars_hash as plh

from segcli.exports.cells import neutralised, quoted
from segcli.exports.list_files import WrittenFile

INDEX = ("customer_id", "email", "file", "subject", "message_id", "bytes")
DIGEST = "xxh3_128"  # of an email that is a file of its own, as `xxhsum -H128` writes it
QUOTED_CELLS = ("customer_id", "email", "subject")
OWNER_ONLY = 0o600
BINARY = getattr(os, "O_BINARY", 0)  # Windows would change line ends without it


class PrivateFile:
    """A new file of the run that only its owner reads, written piece by piece, its digest computed on the way."""

    def __init__(self, run: Path, path: str) -> None:
        self._path, self._digest, self._bytes, self._rows = path, hashlib.sha256(), 0, 0
        self._file = os.open(f"{run}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, OWNER_ONLY)

    def write(self, content: bytes, rows: int = 0) -> None:
        self._digest.update(content)
        self._bytes += len(content)
        self._rows += rows
        write_whole(self._file, content)

    def close(self) -> None:
        os.close(self._file)

    @property
    def written(self) -> WrittenFile:
        return WrittenFile(self._path, self._digest.hexdigest(), self._bytes, self._rows)


def write_whole(file: int, content: bytes) -> None:
    """Writes all of the content to an open file."""
    left = os.write(file, content)
    # The system may take a part only; where it takes nothing it says why.
    while left < len(content):
        left += os.write(file, memoryview(content)[left:])


def index_header(*, digests: bool) -> bytes:
    """The first line of an index; `digests` for one that has those of the emails."""
    return (",".join([*INDEX, *([DIGEST] if digests else [])]) + "\n").encode()


def with_index_cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds what of the index comes from data, as its cells: `cell_customer_id`, `cell_email` and `cell_subject`."""
    sources = zip(QUOTED_CELLS, ("customer_id", "email", "subject_line"), strict=True)
    return rows.with_columns(quoted(neutralised(pl.col(source)), ",").alias(f"cell_{name}") for name, source in sources)


def index_lines(rows: pl.DataFrame) -> bytes:
    """The lines of emails: `rows` has the cells, file, message_id, bytes, and the digests for an index with them."""
    cells = [pl.col(f"cell_{name}" if name in QUOTED_CELLS else name) for name in INDEX]
    digests = [pl.col(DIGEST)] if DIGEST in rows.columns else []
    lines = rows.select(pl.concat_str(*cells, *digests, separator=",")).to_series().to_list()
    return ("\n".join(lines) + "\n").encode()


def digests_of(emails: pl.Series) -> pl.Series:
    """A short digest of each email, quick to make: it tells whether two runs wrote the same, not who wrote it."""
    numbers = emails.alias("email").to_frame().select(plh.col("email").nchash.xxh3_128()).to_series()
    return pl.Series(DIGEST, [f"{number:032x}" for number in numbers.to_list()], dtype=pl.String)
