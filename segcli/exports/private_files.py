"""Files that only their owner reads: messages, pages, and the lists of who got which."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import polars as pl

from segcli.exports.list_files import BINARY, WrittenFile, write_whole

OWNER_ONLY = 0o600
OWNER_FOLDER = 0o700
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


class OpenFolder:
    """A folder in which many new files are made, each readable by its owner only.

    Where the system can open a file by its folder, the way to the folder is walked once.
    """

    def __init__(self, path: str) -> None:
        by_folder = os.open in os.supports_dir_fd
        self._folder = os.open(path, os.O_RDONLY) if by_folder else None
        self._before = "" if by_folder else f"{path}/"

    def write(self, name: str, content: bytes) -> None:
        """As `write_private`, in this folder."""
        write_private(self._before + name, content, folder=self._folder)

    def close(self) -> None:
        if self._folder is not None:
            os.close(self._folder)


def open_private(path: str) -> BinaryIO:
    """A new file that only its owner reads, to be written; raises FileExistsError where there is one."""
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags | BINARY, OWNER_ONLY))


def write_private(path: str, content: bytes, *, folder: int | None = None) -> None:
    """Makes a file with this content, perhaps in an open folder; raises FileExistsError where there is one."""
    file = os.open(path, NEW_FILE, OWNER_ONLY, dir_fd=folder)
    try:
        write_whole(file, content)
    finally:
        os.close(file)
