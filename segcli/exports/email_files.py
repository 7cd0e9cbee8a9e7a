"""Rendered emails to files for any mail program: one `.eml` each in numbered folders, or one mailbox; and an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Literal, Protocol

import polars as pl

from segcli.exports.email_headers import EmailSettings
from segcli.exports.email_index import index_header, indexed, with_index_cells
from segcli.exports.email_parts import email_texts, joined_emails, with_heads, with_reasons
from segcli.exports.file_names import RESERVED, file_stems
from segcli.exports.list_files import WrittenFile
from segcli.exports.mbox import mbox_entries
from segcli.exports.private_files import LEFT_OUT, OWNER_FOLDER, OpenFolder, PrivateFile
from segcli.messages.texts import AT_ONCE, RenderedSlice, Texts

Kind = Literal["eml", "mbox"]
FOLDER_SIZE = 1000  # files: mail programs and file managers open such a folder at once
PREPARED = 20 * FOLDER_SIZE  # emails at a time: what does not depend on the number of rows is done once for them
FEW = 50  # emails as Python's bytes, so few that each time they take the same memory
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
class Tally:
    """How many emails and bytes were written, and who got none."""

    emails: int = 0
    bytes: int = 0
    left_out: list[pl.DataFrame] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Counts those of another one too."""
        self.emails += other.emails
        self.bytes += other.bytes
        self.left_out += other.left_out


class Target(Protocol):
    """Where bytes go that stand for so many rows."""

    def write(self, content: bytes, rows: int = 0) -> None: ...


def write_emails(
    run: Path, folder: str, slices: Iterable[RenderedSlice], settings: EmailSettings, kind: Kind = "eml"
) -> WrittenEmails:
    """Writes `<folder>/eml/0000/<customer>.eml` and `<folder>/eml/index.csv`, or `messages.mbox` and `messages.csv`.

    The rows of a slice have customer_id (each once), email, name (may be null), subject, send_at_utc, key (what the ids
    are derived from: another one for each email), and for marketing unsubscribe_url; they may have from_name and
    reply_to. Its texts are `text` and perhaps `html` (coded as the settings say, with CRLF; null or no html: a mail of
    text alone). The same rows give the same bytes, however they are sliced. Memory is that of two slices. Only the
    owner can read what is written. Raises FileExistsError where such files are already.
    """
    with EmailFiles(run, folder, kind) as files:
        tally = write_batches(f"{run}/{folder}", slices, settings, kind, 0, files.mailbox, files.index)
    return files.told(tally)


class EmailFiles:
    """The mailbox, if there is to be one, and the index."""

    def __init__(self, run: Path, folder: str, kind: Kind) -> None:
        (run / folder).mkdir(parents=True, exist_ok=True)
        self.mailbox: PrivateFile | None = None
        if kind == "eml":
            (run / folder / "eml").mkdir(mode=OWNER_FOLDER)
            self.index = PrivateFile(run, f"{folder}/eml/index.csv")
        else:
            self.mailbox = PrivateFile(run, f"{folder}/messages.mbox")
            self.index = PrivateFile(run, f"{folder}/messages.csv")
        self.index.write(index_header(digests=kind == "eml"))

    def __enter__(self) -> EmailFiles:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self.mailbox, self.index):
            if each is not None:
                each.close()

    def told(self, tally: Tally) -> WrittenEmails:
        """What was written, all in all."""
        files = [each.written for each in (self.mailbox, self.index) if each is not None]
        empty = pl.DataFrame(schema=LEFT_OUT)
        return WrittenEmails(files, tally.emails, tally.bytes, pl.concat([empty, *tally.left_out]))


def write_batches(
    place: str, slices: Iterable[RenderedSlice], settings: EmailSettings, kind: Kind, first: int,
    mailbox: Target | None, index: Target,
) -> Tally:  # fmt: skip
    """Writes the emails of slices whose first folder is number `first`."""
    tally = Tally()
    # One thread puts emails together while this one writes those before.
    with ThreadPoolExecutor(max_workers=1) as beside:
        batches = _ahead(beside, _batches(slices, settings, kind, tally, first))
        if mailbox is None:
            _write_folders(place, batches, index)
        else:
            for batch in batches:
                mailbox.write(mbox_entries(batch.contents, batch.sent_at, settings.sender), len(batch.names))
                index.write(batch.index, len(batch.names))
    return tally


@dataclass(frozen=True)
class _Batch:
    """Some emails of one folder, AT_ONCE at most: the files' names, their bytes, and their part of the index."""

    folder: str
    names: list[str]
    contents: pl.Series
    sent_at: pl.Series
    index: bytes


@dataclass(frozen=True)
class _Piece:
    """Consecutive rows of a slice that belong to one folder; `first` is where they begin in the slice."""

    rows: pl.DataFrame
    texts: Mapping[str, Texts]
    first: int

    def emails(self, named: pl.DataFrame, start: int, settings: EmailSettings) -> tuple[pl.DataFrame, pl.Series]:
        """The emails of AT_ONCE of its rows, `named`, from `start` on, and the rows; without those that get none."""
        rows = named.slice(start, AT_ONCE)
        place = (self.first + start, rows.height)
        pieces = {part: texts.pieces(*place) for part, texts in self.texts.items()}
        ready = {part: each for part, each in pieces.items() if each is not None}
        if len(ready) == len(pieces):
            whole = rows.hstack([column for each in ready.values() for column in each.columns.get_columns()])
            emails = joined_emails(whole, {part: each.text for part, each in ready.items()}, settings)
            if rows["reason"].null_count() == rows.height:
                return rows, emails
            good = rows["reason"].is_null()
            return rows.filter(good), emails.filter(good)
        whole = rows.hstack([texts.part(*place).alias(part) for part, texts in self.texts.items()])
        whole = whole.filter(pl.col("reason").is_null())
        return whole.drop(*self.texts), email_texts(whole, settings)


def _ahead(beside: ThreadPoolExecutor, batches: Iterator[_Batch]) -> Iterator[_Batch]:
    """The batches, each of them made while the one before is used."""
    coming = beside.submit(next, batches, None)
    while (batch := coming.result()) is not None:
        coming = beside.submit(next, batches, None)
        yield batch


def _batches(
    slices: Iterable[RenderedSlice], settings: EmailSettings, kind: Kind, tally: Tally, first: int
) -> Iterator[_Batch]:
    for number, pieces in enumerate(_folders(slices, settings), first):
        named = _named(pieces, f"{number:04}", kind, tally)
        for piece, rows in zip(pieces, named, strict=True):
            for start in range(0, rows.height, AT_ONCE):
                some, emails = piece.emails(rows, start, settings)
                each = indexed(some, emails, digests=kind == "eml")
                tally.emails += each.height
                tally.bytes += int(each["size"].sum())
                index = "".join(each["line"].to_list()).encode()
                yield _Batch(f"{number:04}", some["file"].to_list(), each["content"], some["send_at_utc"], index)


def _named(pieces: Sequence[_Piece], folder: str, kind: Kind, tally: Tally) -> list[pl.DataFrame]:
    """The rows of each piece with the `file` of each email, as the index names it; who gets none is in the tally."""
    if kind == "mbox":
        files = [piece.rows.with_columns(file=pl.lit("messages.mbox")) for piece in pieces]
    else:
        customers = pl.concat([piece.rows["customer_id"] for piece in pieces])
        names = f"{folder}/" + file_names(customers) + ".eml"
        starts = accumulate((piece.rows.height for piece in pieces), initial=0)
        files = [piece.rows.with_columns(file=names.slice(start, piece.rows.height))
                 for piece, start in zip(pieces, starts, strict=False)]  # fmt: skip
    for piece in pieces:
        if piece.rows["reason"].null_count() < piece.rows.height:
            left_out = piece.rows.filter(pl.col("reason").is_not_null()).select(*LEFT_OUT)
            tally.left_out.append(left_out.cast(pl.Schema(LEFT_OUT)))
    return files


def _folders(slices: Iterable[RenderedSlice], settings: EmailSettings) -> Iterator[list[_Piece]]:
    """The rows of each folder: FOLDER_SIZE, so that what is in a folder does not depend on the slices."""
    pieces: list[_Piece] = []
    room = FOLDER_SIZE
    for each in slices:
        for begin in range(0, each.rows.height, PREPARED):
            rows = _with_all_but_texts(each, begin, settings)
            first = 0
            while first < rows.height:
                piece = _Piece(rows.slice(first, room), each.texts, begin + first)
                pieces.append(piece)
                first, room = first + piece.rows.height, room - piece.rows.height
                if not room:
                    yield pieces
                    pieces, room = [], FOLDER_SIZE
    if pieces:
        yield pieces


def _with_all_but_texts(part: RenderedSlice, first: int, settings: EmailSettings) -> pl.DataFrame:
    there = part.texts["text"].missing().slice(first, PREPARED).not_()
    rows = part.rows.slice(first, PREPARED).with_columns(text=pl.when(there).then(pl.lit("")))
    return with_index_cells(with_heads(with_reasons(rows, settings).drop("text"), settings))


def file_names(customers: pl.Series) -> pl.Series:
    """A name for each customer's file without its ending, which every file system takes; no two are the same."""
    name = customers.alias("name").to_frame()
    safe = pl.col("name").str.contains(SAFE_NAME) & ~pl.col("name").str.contains(RESERVED_NAME)
    alone = pl.col("name").str.to_lowercase().is_duplicated().not_()
    if name.select((safe & alone).all()).item():
        return customers
    return customers.replace_strict(file_stems(customers.unique().to_list()), return_dtype=pl.String)


def _write_folders(place: str, batches: Iterator[_Batch], index: Target) -> None:
    emails, made = OpenFolder(f"{place}/eml"), ""
    try:
        for batch in batches:
            if batch.folder != made:
                Path(f"{place}/eml/{batch.folder}").mkdir(mode=OWNER_FOLDER)
                made = batch.folder
            for name, content in zip(batch.names, _each_email(batch.contents), strict=True):
                emails.write(name, content)
            index.write(batch.index, len(batch.names))
    finally:
        emails.close()


def _each_email(contents: pl.Series) -> Iterator[bytes]:
    for few in range(0, len(contents), FEW):
        yield from contents.slice(few, FEW).to_list()
