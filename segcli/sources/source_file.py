"""What is known of one input file before its rows are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from segcli.problems import DataError, Place, Problem

ROW = "__row"  # the 0-based data row; blank rows count, so that it leads back to a line


@dataclass(frozen=True)
class SourceFile:
    """A file with its header read; `header` holds unique, non-empty names, otherwise as written."""

    path: str  # absolute, or a URL
    name: str  # as shown to users
    format: Literal["csv", "parquet", "ndjson"]
    header: tuple[str, ...]
    types: Mapping[str, pl.DataType] | None = None  # Parquet and NDJSON; None: all text
    encoding: str = "utf-8"
    separator: str = ","
    size: int = 0  # bytes on disk; 0 when remote
    header_lines: int = 1  # lines up to the end of the header, blank ones and `sep=;` included
    gzipped: bool = False
    line_end: str = "\n"  # "\r" as on a very old Mac, which Polars does not take for a line end

    @property
    def remote(self) -> bool:
        """Whether Polars fetches it from a URL."""
        return "://" in self.path


class UnreadableFileError(Exception):
    """A file that cannot be used at all: why, on which line, and the way out."""

    def __init__(self, message: str, line: int | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.hint = hint

    def problem(self, name: str) -> Problem:
        return Problem(str(self), Place(name, self.line), hint=self.hint, in_data=True)

    def data_error(self, name: str) -> DataError:
        return DataError([self.problem(name)])


def shown_name(path: str, root: Path | None) -> str:
    """The path relative to the project (else to the current folder) when it lies there, else whole."""
    for base in (root, Path.cwd()):
        if base is not None and Path(path).is_relative_to(base):
            return Path(path).relative_to(base).as_posix()
    return path
