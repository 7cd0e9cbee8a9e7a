"""The rendered messages of a person taken out of a run's folder: files of their own, and entries of a mailbox."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from segcli.history.rewriting import write_over

OWN_FILE = frozenset({".eml", ".html"})  # of one recipient
MAILBOX = ".mbox"
_ENTRY = re.compile(rb"^From ", re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^Message-ID: <([^>\r\n]+)>", re.MULTILINE)


def remove_messages(staged: Path, index: Path, files: Collection[str], message_ids: Collection[str]) -> Iterator[Path]:
    """Removes what an index (`index.csv`, `messages.csv`, `landing.csv`) said of the person: `files` and `message_ids`
    of their rows. Yields the mailboxes that changed; files of their own are gone."""
    for name in sorted(files):
        # An index names its files from its own folder on, or from the run's.
        for path in (index.parent / name, staged / name):
            if not path.is_file() or not path.resolve().is_relative_to(staged.resolve()):
                continue
            if path.suffix in OWN_FILE:
                path.unlink()
            elif path.suffix == MAILBOX and _without_entries(path, {each.encode() for each in message_ids}):
                yield path
            break


def _without_entries(mailbox: Path, message_ids: Collection[bytes]) -> bool:
    content = mailbox.read_bytes()
    # Every other line that begins so is quoted in a mailbox.
    begins = [found.start() for found in _ENTRY.finditer(content)]
    entries = [content[begin:end] for begin, end in zip(begins, [*begins[1:], len(content)], strict=True)]
    kept = [entry for entry in entries if _id_of(entry) not in message_ids]
    if len(kept) == len(entries):
        return False
    write_over(mailbox, b"".join(kept))
    return True


def _id_of(entry: bytes) -> bytes | None:
    head = entry.partition(b"\n\n")[0]
    found = _MESSAGE_ID.search(head)
    return found[1] if found else None
