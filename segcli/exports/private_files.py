"""Files that only their owner reads: messages, pages, and the lists of who got which."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from segcli.exports.list_files import WrittenFile

OWNER_ONLY = 0o600
OWNER_FOLDER = 0o700
BINARY = getattr(os, "O_BINARY", 0)  # Windows would change line ends without it
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY
LEFT_OUT: Mapping[str, pl.DataType] = {"customer_id": pl.String(), "reason": pl.String()}  # who got no message


class PrivateFile:
    """A new file of the run that only its owner reads, written piece by piece, its digest computed on the way."""

    def __init__(self, run: Path, path: str) -> None:
        self._path, self._digest, self._bytes, self._rows = path, hashlib.sha256(), 0, 0
        self._file = os.open(f"{run}/{path}", NEW_FILE, OWNER_ONLY)

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
