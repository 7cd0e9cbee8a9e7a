"""The same email files written by several processes, each of which does some of the recipients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from segcli.exports.email_files import FOLDER_SIZE, EmailFiles, Kind, Tally, WrittenEmails, write_batches
from segcli.exports.email_headers import EmailSettings
from segcli.exports.private_files import open_private
from segcli.messages.texts import RenderedSlice
from segcli.processes import results_in_order

SHARE = 20 * FOLDER_SIZE  # emails that a process writes before it takes others
COPIED = 1 << 20  # bytes of a mailbox at a time
Slices = Callable[[], Iterable[RenderedSlice]]


def write_emails_in_shares(
    run: Path, folder: str, shares: Iterable[Slices], settings: EmailSettings, kind: Kind, processes: int,
    size: int = SHARE,
) -> WrittenEmails:  # fmt: skip
    """The files of `write_emails`, of shares of the rows: `size` of them (whole folders) in each, and in the last as
    many or fewer.

    Shares have to be picklable. Memory is that of one share in each process.
    """
    tally, place, folders = Tally(), f"{run}/{folder}", size // FOLDER_SIZE
    with EmailFiles(run, folder, kind) as files:
        tasks = (_Share(place, each, settings, kind, number, number * folders) for number, each in enumerate(shares))
        for number, share in enumerate(results_in_order(tasks, processes)):
            tally.add(share.tally)
            files.index.write(share.index, share.tally.emails)
            if files.mailbox is not None:
                part = Path(_mailbox_part(place, number))
                with part.open("rb") as content:
                    while piece := content.read(COPIED):
                        files.mailbox.write(piece)
                files.mailbox.write(b"", share.tally.emails)
                part.unlink()
    return files.told(tally)


@dataclass(frozen=True)
class _Share:
    """The emails of some folders, or of a part of the mailbox, as one process writes them."""

    place: str
    slices: Slices
    settings: EmailSettings
    kind: Kind
    number: int
    first: int  # folder

    def __call__(self) -> _WrittenShare:
        index = BytesIO()
        with ExitStack() as files:
            mailbox = None
            if self.kind == "mbox":
                mailbox = _Plain(files.enter_context(open_private(_mailbox_part(self.place, self.number))))
            tally = write_batches(
                self.place, self.slices(), self.settings, self.kind, self.first, mailbox, _Plain(index)
            )
        return _WrittenShare(tally, index.getvalue())


@dataclass(frozen=True)
class _WrittenShare:
    """What a process wrote, and the lines of the index for it."""

    tally: Tally
    index: bytes


@dataclass(frozen=True)
class _Plain:
    """A file, or memory, for which rows are not counted."""

    file: BinaryIO

    def write(self, content: bytes, rows: int = 0) -> None:
        self.file.write(content)


def _mailbox_part(place: str, number: int) -> str:
    return f"{place}/messages.mbox.{number}"
