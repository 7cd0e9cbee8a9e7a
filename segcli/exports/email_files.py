"""Rendered emails to files for any mail program: one `.eml` each in numbered folders, or one mailbox; and an index."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from segcli.exports.email_headers import EmailSettings
from segcli.exports.email_index import (
    BINARY,
    OWNER_ONLY,
    PrivateFile,
    digests_of,
    index_header,
    index_lines,
    with_index_cells,
    write_whole,
)
from segcli.exports.email_parts import email_texts, with_heads, with_reasons
from segcli.exports.file_names import RESERVED, file_stems
from segcli.exports.list_files import WrittenFile
from segcli.exports.mbox import mbox_entries

Kind = Literal["eml", "mbox"]
FOLDER_SIZE = 1000  # files: mail programs and file managers open such a folder at once
PREPARED = 20 * FOLDER_SIZE  # emails at a time: what does not depend on the number of rows is done once for them
OWNER_FOLDER = 0o700
SAFE_NAME = r"^[A-Za-z0-9_-]{1,80}$"
RESERVED_NAME = rf"(?i)^(?:{'|'.join(sorted(RESERVED))})$"
LEFT_OUT: Mapping[str, pl.DataType] = {"customer_id": pl.String(), "reason": pl.String()}


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
    batches = _prepared(slices, settings, tally)
    if kind == "eml":
        files = _write_folders(run, folder, batches)
    else:
        files = _write_mailbox(run, folder, batches, settings.sender)
    empty = pl.DataFrame(schema=LEFT_OUT)
    return WrittenEmails(files, tally.emails, tally.bytes, pl.concat([empty, *tally.left_out]))


@dataclass(frozen=True)
class _Batch:
    """The emails of one folder, FOLDER_SIZE at most, and their rows `with_heads`, with the bytes of each."""

    number: int
    rows: pl.DataFrame
    emails: pl.Series


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
        for batch in rows.partition_by("folder", maintain_order=True):
            emails = email_texts(batch, settings)
            sizes = emails.str.len_bytes().alias("bytes")
            tally.emails += batch.height
            tally.bytes += int(sizes.sum())
            yield _Batch(batch["folder"][0], batch.with_columns(sizes), emails)


def _in_folders(slices: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The rows in multiples of FOLDER_SIZE, so that what is in a folder does not depend on the slices."""
    rest: pl.DataFrame | None = None
    for rows in slices:
        there = rows if rest is None or rest.is_empty() else pl.concat([rest, rows], how="vertical_relaxed")
        whole = there.height - there.height % FOLDER_SIZE
        yield from there.head(whole).iter_slices(PREPARED)
        rest = there.slice(whole)
    if rest is not None and not rest.is_empty():
        yield rest


def file_names(customers: pl.Series) -> pl.Series:
    """A name for each customer's file without its ending, which every file system takes; no two are the same."""
    name = customers.alias("name").to_frame()
    safe = pl.col("name").str.contains(SAFE_NAME) & ~pl.col("name").str.contains(RESERVED_NAME)
    alone = pl.col("name").str.to_lowercase().is_duplicated().not_()
    if name.select((safe & alone).all()).item():
        return customers
    return customers.replace_strict(file_stems(customers.unique().to_list()), return_dtype=pl.String)


def _write_folders(run: Path, folder: str, batches: Iterator[_Batch]) -> list[WrittenFile]:
    (run / folder / "eml").mkdir(mode=OWNER_FOLDER)
    index = PrivateFile(run, f"{folder}/eml/index.csv")
    try:
        index.write(index_header(digests=True))
        for batch in batches:
            subfolder = f"{batch.number:04}"
            (run / folder / "eml" / subfolder).mkdir(mode=OWNER_FOLDER)
            names = (subfolder + "/" + file_names(batch.rows["customer_id"]) + ".eml").alias("file")
            for name, email in zip(names.to_list(), batch.emails.cast(pl.Binary).to_list(), strict=True):
                _write_file(f"{run}/{folder}/eml/{name}", email)
            indexed = batch.rows.with_columns(names, digests_of(batch.emails))
            index.write(index_lines(indexed), batch.rows.height)
    finally:
        index.close()
    return [index.written]


def _write_mailbox(run: Path, folder: str, batches: Iterator[_Batch], sender: str) -> list[WrittenFile]:
    mailbox, index = PrivateFile(run, f"{folder}/messages.mbox"), PrivateFile(run, f"{folder}/messages.csv")
    try:
        index.write(index_header(digests=False))
        for batch in batches:
            mailbox.write(mbox_entries(batch.emails, batch.rows["send_at_utc"], sender), batch.rows.height)
            indexed = batch.rows.with_columns(file=pl.lit("messages.mbox"))
            index.write(index_lines(indexed), batch.rows.height)
    finally:
        mailbox.close()
        index.close()
    return [mailbox.written, index.written]


def _write_file(path: str, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, OWNER_ONLY)
    try:
        write_whole(file, content)
    finally:
        os.close(file)
