"""Committed runs: their folders, their facts, and their tables as lazy frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from segcli.history.folders import RUN_NAME, run_name
from segcli.history.run_facts import check_file, damaged, read_facts
from segcli.history.tables import SCHEMAS


@dataclass(frozen=True)
class PastRun:
    """A committed run. Its run.json is read when it is asked for, and once."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """What run.json says. Raises DataError if it is damaged or from a newer segcli."""
        return read_facts(self.folder)

    @property
    def as_of(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.facts["as_of"])

    @property
    def last_send_at(self) -> dt.datetime:
        """When the last of its messages was to go out; its own moment if there was none."""
        last = self.facts["last_send_at"]
        return dt.datetime.fromisoformat(last) if last else self.as_of

    def has(self, file: str) -> bool:
        """Whether the file is still there: those of older runs are deleted, but for sends."""
        return (self.folder / file).exists()

    def path(self, file: str) -> Path:
        """One of its files. Raises DataError if it is missing, or is not as large as run.json says."""
        return check_file(self.folder, file, self.facts)

    def scan(self, file: str) -> pl.LazyFrame:
        """One of its tables. Raises DataError if the file is missing or cannot be read."""
        path = self.path(file)
        try:
            schema = pl.read_parquet_schema(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise damaged(self.folder, f"{file} cannot be read") from error
        if dict(schema) != dict(SCHEMAS[file]):
            raise damaged(self.folder, f"{file} has other columns than a history has")
        return pl.scan_parquet(path, glob=False)


def committed_runs(folder: Path) -> list[PastRun]:
    """Every committed run, the oldest first."""
    if not folder.is_dir():
        return []
    return [PastRun(path) for path in sorted(folder.iterdir()) if RUN_NAME.fullmatch(path.name) and path.is_dir()]


def committed_run(folder: Path, as_of: dt.datetime) -> PastRun | None:
    """The run that was committed as of this minute, or None."""
    run = PastRun(folder / run_name(as_of))
    return run if run.folder.is_dir() else None
