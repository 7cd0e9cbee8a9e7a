"""Paths, folders, globs and URLs as a user gives them -> the files that hold tables."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from segcli.problems import Place, Problems, nearest

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".ndjson", ".jsonl")
PARQUET_SUFFIXES = (".parquet", ".pq")
SPREADSHEET_SUFFIXES = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
# What segcli itself writes is never taken for input: its output folder, and any folder of a run.
OWN_FOLDERS = frozenset({"out", "__pycache__"})
RUN_MARKS = ("manifest.json", "run.json")


def find_files(patterns: Sequence[str], root: Path, problems: Problems) -> list[str]:
    """Absolute paths (or URLs, as given), in the order of the patterns and sorted within each, each once.

    A folder gives the tables in it and below; a folder of `key=value` folders, or one that is named
    like a Parquet file, is one table. What does not exist is a problem with the nearest names.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        found.update(dict.fromkeys(_expand(pattern, root, problems)))
    return list(found)


def _expand(pattern: str, root: Path, problems: Problems) -> list[str]:
    if "://" in pattern:
        return [pattern]
    # Not resolve(): a link keeps the name that the user knows.
    path = Path(os.path.abspath(root / Path(pattern).expanduser()))  # noqa: PTH100
    if path.is_dir():
        files = [str(path)] if is_dataset(path) else sorted(_tables_below(path))
        if not files:
            problems.error("this folder holds no tables", Place(pattern), hint=f"Known are {_suffixes()}.")
        for sheet in sorted(entry for entry in path.iterdir() if entry.name.lower().endswith(SPREADSHEET_SUFFIXES)):
            problems.warn("this spreadsheet is left out", Place(str(sheet)), hint="Save it as CSV UTF-8 to use it.")
        return files
    if path.exists():
        return [str(path)]
    if glob.has_magic(pattern):
        files = _matches(str(path))
        if not files:
            problems.error("no file matches", Place(pattern))
        return files
    hint = "It is a link to what is not there." if path.is_symlink() else _nearest_names(path)
    problems.error("no such file or folder", Place(pattern), hint=hint)
    return []


def is_dataset(folder: Path) -> bool:
    """Whether the folder is one table: named like a Parquet file, or partitioned into `key=value` folders."""
    if folder.name.lower().endswith(PARQUET_SUFFIXES):
        return True
    return any("=" in entry.name and any(entry.rglob("*.parquet")) for entry in _folders(folder))


def _tables_below(folder: Path) -> Iterator[str]:
    for entry in sorted(folder.iterdir()):
        if entry.is_file() and is_table_name(entry.name):
            yield str(entry)
    for entry in _folders(folder):
        if is_dataset(entry):
            yield str(entry)
        elif entry.name not in OWN_FOLDERS and not any((entry / mark).exists() for mark in RUN_MARKS):
            yield from _tables_below(entry)


def _folders(folder: Path) -> list[Path]:
    # Links to folders are not followed: they can lead in circles.
    return sorted(
        entry
        for entry in folder.iterdir()
        if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith(".")
    )


def _matches(pattern: str) -> list[str]:
    # Not Path.glob(): it takes hidden files too, and no absolute pattern.
    paths = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
    inside = [path for path in paths if not (OWN_FOLDERS & set(path.parent.parts[_fixed_parts(pattern) :]))]
    files = [path for path in inside if path.is_file() or is_dataset(path)]
    # `exports/*` means the tables there and not the notes beside them; `exports/*.dat` means what it says.
    tables = [path for path in files if path.is_dir() or is_table_name(path.name)]
    return [str(path) for path in tables or files]


def _fixed_parts(pattern: str) -> int:
    """How many leading parts of the pattern are plain names: a shop may live below a folder named out."""
    parts = Path(pattern).parts
    return next((at for at, part in enumerate(parts) if glob.has_magic(part)), len(parts))


def is_table_name(name: str) -> bool:
    """Whether a file of this name is taken from a folder; hidden files never are."""
    lowered = name.lower().removesuffix(".gz")
    return lowered.endswith(TABLE_SUFFIXES) and not name.startswith(".")


def _nearest_names(path: Path) -> str | None:
    """Names beside the missing one; when its folder is missing too, names beside that."""
    missing = path
    while not missing.parent.is_dir():
        missing = missing.parent
    names = sorted(entry.name for entry in missing.parent.iterdir() if not entry.name.startswith("."))
    by_lower = {name.lower(): name for name in names}
    return (
        f"Did you mean {by_lower[missing.name.lower()]!r}?"
        if missing.name.lower() in by_lower
        else nearest(missing.name, names)
    )


def _suffixes() -> str:
    return ", ".join(TABLE_SUFFIXES) + " (CSV and NDJSON also with .gz)"
