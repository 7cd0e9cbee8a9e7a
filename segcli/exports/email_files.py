"""Rendered emails to files for any mail program: one `.eml` each in numbered folders, or one mailbox; and an index."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from segcli.exports.email_headers import EmailSettings
from segcli.exports.email_index import digests_of, index_header, index_lines, with_index_cells
from segcli.exports.email_parts import email_texts, with_heads, with_reasons
from segcli.exports.file_names import RESERVED, file_stems
from segcli.exports.list_files import WrittenFile
from segcli.exports.mbox import mbox_entries
from segcli.exports.private_files import LEFT_OUT, NEW_FILE, OWNER_FOLDER, OWNER_ONLY, PrivateFile, write_whole

Kind = Literal["eml", "mbox"]
FOLDER_SIZE = 1000  # files: mail programs and file managers open such a folder at once
PREPARED = 20 * FOLDER_SIZE  # emails at a time: what does not depend on the number of rows is done once for them
AT_ONCE = 50  # emails as Python's bytes, so few that each time they take the same memory
SAFE_NAME = r"^[A-Za-z0-9_-]{1,80}$"
RESERVED_NAME = rf"(?i)^(?:{'|'.join(sorted(RESERVED))})$"


@dataclass(frozen=True)
class WrittenEmails:
    """Which files there are now, how many emails are in them, and who got none (LEFT_OUT).

    Single `.eml` files are not among the files: the index has the digest of each.
    """

    files: list[WrittenFile]
    emails: int
    bytes: int
    left_out: pl.DataFrame


@dataclass
class _Tally:
    emails: int = 0
    bytes: int = 0
    left_out: list[pl.DataFrame] = field(default_factory=list)


def write_emails(
    run: Path, folder: str, slices: Iterable[pl.DataFrame], settings: EmailSettings, kind: Kind = "eml"
) -> WrittenEmails:
    """Writes `<folder>/eml/0000/<customer>.eml` and `<folder>/eml/index.csv`, or `messages.mbox` and `messages.csv`.

    Each slice has customer_id (each once), email, name (may be null), subject, text and html (coded as the settings
    say, with CRLF; null or no html: a mail of text alone), send_at_utc, key (what the ids are derived from: another one
    for each email), and for marketing unsubscribe_url; it may have from_name and reply_to. The same rows give the same
    bytes, however they are sliced. Memory is that of two slices. Only the owner can read what is written. Raises
    FileExistsError where such files are already.
    """
    tally = _Tally()
    (run / folder).mkdir(parents=True, exist_ok=True)
    write = _write_folders if kind == "eml" else _write_mailbox
    files = write(run, folder, _prepared(slices, settings, tally), settings, tally)
    empty = pl.DataFrame(schema=LEFT_OUT)
    return WrittenEmails(files, tally.emails, tally.bytes, pl.concat([empty, *tally.left_out]))


@dataclass(frozen=True)
class _Batch:
    """The emails of one folder, FOLDER_SIZE at most, as rows `with_heads` and `with_index_cells`."""

    number: int
    rows: pl.DataFrame


def _prepared(slices: Iterable[pl.DataFrame], settings: EmailSettings, tally: _Tally) -> Iterator[_Batch]:
    first = 0
    for part in _in_folders(slices):
        rows = with_reasons(part, settings).with_columns(folder=pl.int_range(pl.len()) // FOLDER_SIZE + first)
        first += -(-part.height // FOLDER_SIZE)
        if rows["reason"].is_not_null().any():
            left_out = rows.filter(pl.col("reason").is_not_null()).select(*LEFT_OUT).cast(pl.Schema(LEFT_OUT))
            tally.left_out.append(left_out)
            rows = rows.filter(pl.col("reason").is_null())
        rows = with_index_cells(with_heads(rows, settings))
        tally.emails += rows.height
        for batch in rows.partition_by("folder", maintain_order=True):
            yield _Batch(batch["folder"][0], batch)


def _texts(batch: _Batch, settings: EmailSettings, tally: _Tally) -> tuple[pl.Series, pl.Series]:
    """The emails of a batch and the bytes of each."""
    emails = email_texts(batch.rows, settings)
    sizes = emails.str.len_bytes()
    tally.bytes += int(sizes.sum())
    return emails, sizes


def _in_folders(slices: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The rows in multiples of FOLDER_SIZE, so that what is in a folder does not depend on the slices."""
    rest: pl.DataFrame | None = None
    for rows in slices:
        there = rows if rest is None else pl.concat([rest, rows], how="vertical_relaxed")
        whole = there.height - there.height % FOLDER_SIZE
        yield from there.head(whole).iter_slices(PREPARED)
        rest = there.slice(whole) if whole < there.height else None
    if rest is not None:
        yield rest


def file_names(customers: pl.Series) -> pl.Series:
    """A name for each customer's file without its ending, which every file system takes; no two are the same."""
    name = customers.alias("name").to_frame()
    safe = pl.col("name").str.contains(SAFE_NAME) & ~pl.col("name").str.contains(RESERVED_NAME)
    alone = pl.col("name").str.to_lowercase().is_duplicated().not_()
    if name.select((safe & alone).all()).item():
        return customers
    return customers.replace_strict(file_stems(customers.unique().to_list()), return_dtype=pl.String)


def _write_folders(
    run: Path, folder: str, batches: Iterator[_Batch], settings: EmailSettings, tally: _Tally
) -> list[WrittenFile]:
    (run / folder / "eml").mkdir(mode=OWNER_FOLDER)
    index = PrivateFile(run, f"{folder}/eml/index.csv")
    try:
        index.write(index_header(digests=True))
        for batch in batches:
            subfolder = f"{batch.number:04}"
            (run / folder / "eml" / subfolder).mkdir(mode=OWNER_FOLDER)
            files = (subfolder + "/" + file_names(batch.rows["customer_id"]) + ".eml").to_list()
            emails, sizes = _texts(batch, settings, tally)
            _write_files(f"{run}/{folder}/eml", files, emails)
            index.write(index_lines(batch.rows, files, sizes, digests_of(emails)), batch.rows.height)
    finally:
        index.close()
    return [index.written]


def _write_mailbox(
    run: Path, folder: str, batches: Iterator[_Batch], settings: EmailSettings, tally: _Tally
) -> list[WrittenFile]:
    mailbox, index = PrivateFile(run, f"{folder}/messages.mbox"), PrivateFile(run, f"{folder}/messages.csv")
    try:
        index.write(index_header(digests=False))
        for batch in batches:
            rows = batch.rows
            emails, sizes = _texts(batch, settings, tally)
            mailbox.write(mbox_entries(emails, rows["send_at_utc"], settings.sender), rows.height)
            index.write(index_lines(rows, ["messages.mbox"] * rows.height, sizes), rows.height)
    finally:
        mailbox.close()
        index.close()
    return [mailbox.written, index.written]


def _write_files(folder: str, files: Sequence[str], emails: pl.Series) -> None:
    contents = emails.cast(pl.Binary)
    for start in range(0, len(files), AT_ONCE):
        few = contents.slice(start, AT_ONCE).to_list()
        for name, email in zip(files[start : start + AT_ONCE], few, strict=True):
            file = os.open(f"{folder}/{name}", NEW_FILE, OWNER_ONLY)
            try:
                write_whole(file, email)
            finally:
                os.close(file)
