"""Folders that appear whole or not at all: written under a hidden name beside their place, sealed, renamed."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from segcli.history import points
from segcli.problems import DataError, Problem

NAME_FORMAT = "%Y-%m-%dT%H%M"
RUN_NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{4}")
CAMPAIGNS, REHEARSAL = "-campaigns", "-rehearsal"  # what follows the run's name where campaigns wrote the folder
ANY_RUN = re.compile(rf"{RUN_NAME.pattern}(?:{CAMPAIGNS}|{REHEARSAL})?")
ATTEMPT = re.compile(r"[0-9a-f]{32}")  # of a folder being written; other ends are of folders on their way out
DOOMED = "gone"  # begins the end of a folder's name that is being deleted


def run_name(as_of: dt.datetime) -> str:
    """The name of a run as of this (naive, local) time: `2026-11-21T0700`."""
    return as_of.strftime(NAME_FORMAT)


def new_attempt() -> str:
    """What tells one attempt at writing a folder from the others; only ever in the name of a hidden folder."""
    return uuid.uuid4().hex


def hidden(folder: Path, name: str, attempt: str) -> Path:
    """Where the folder `name` lies while it is not in its place."""
    return folder / f".{name}.{attempt}"


@contextmanager
def staged_folder(parent: Path, name: str) -> Iterator[Path]:
    """A hidden folder beside the place of `name`, readable by the owner only; gone if the block raises."""
    staged = hidden(parent, name, new_attempt())
    staged.mkdir(mode=0o700)
    try:
        yield staged
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


RUNS_STAY = "Every run written before is as it was. Free some space or choose another folder with --out."


@contextmanager
def disk_problems(folder: Path, what: str = "the run", hint: str = RUNS_STAY) -> Iterator[None]:
    """Turns what the disk refuses into a DataError; Polars gives such refusals in errors of its own."""
    try:
        yield
    except Exception as error:
        refused = isinstance(error, OSError) or "(os error " in str(error)
        if not refused or isinstance(error, FileNotFoundError):
            raise
        if isinstance(error, OSError) and error.strerror:
            reason = error.strerror
        else:
            reason = str(error).rsplit(": ", 1)[-1].split(" (os error")[0]
        raise DataError([Problem(f"{what} could not be written to {folder}: {reason}.", hint=hint)]) from error


def seal(folder: Path) -> None:
    """Makes every file and folder readable by the owner only, and waits until all are on the disk."""
    paths = list(folder.rglob("*"))
    with ThreadPoolExecutor(8) as pool:  # the file system then commits many files at once
        list(pool.map(seal_file, (path for path in paths if path.is_file())))
    for path in [*(path for path in paths if path.is_dir()), folder]:
        path.chmod(0o700)
        sync_folder(path)


def seal_file(path: Path) -> None:
    """Makes a file readable by the owner only, and waits until it is on the disk."""
    path.chmod(0o600)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Waits until the names in a folder are on the disk."""
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Makes a folder with those above it, readable by the owner only, and waits until its name is on the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def delete_folder(parent: Path, name: str) -> None:
    """Deletes a folder: it is gone at once, or there and whole."""
    doomed = hidden(parent, name, DOOMED + new_attempt())
    (parent / name).rename(doomed)
    sync_folder(parent)
    points.reached("out of its place")
    shutil.rmtree(doomed)


def remove(path: Path) -> None:
    """Removes a file, a link or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
