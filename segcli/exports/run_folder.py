"""Run folders: written whole in a hidden sibling, renamed into place, `latest` moved, old ones deleted."""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import re
import shutil
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from segcli.problems import DataError, Problem

RUN_NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{4}")
NAME_FORMAT = "%Y-%m-%dT%H%M"
LEFTOVER = re.compile(rf"\.(?:{RUN_NAME.pattern}|latest)\.[0-9a-z]+")
LATEST = "latest"
MANIFEST = "manifest.json"
ASIDE = "replaced"  # the old run of a name while the new one moves in


def run_name(as_of: dt.datetime) -> str:
    """The folder's name of a run as of this (naive, local) time: `2026-11-21T0700`."""
    return as_of.strftime(NAME_FORMAT)


def finished_runs(out: Path) -> list[Path]:
    """Every whole run in the output folder, the earliest first."""
    if not out.is_dir():
        return []
    return sorted(path for path in out.iterdir() if RUN_NAME.fullmatch(path.name) and (path / MANIFEST).is_file())


def latest_run(out: Path) -> Path | None:
    """The run that `latest` names, or None where there is none."""
    link = out / LATEST
    if link.is_symlink():
        run = out / link.readlink()
    elif link.is_file():
        run = out / link.read_text(encoding="utf-8").strip()
    else:
        return None
    return run if (run / MANIFEST).is_file() else None


@contextmanager
def staged_folder(out: Path, name: str) -> Iterator[Path]:
    """A hidden folder beside the run's, readable by the owner only; gone if the block raises."""
    staged = out / f".{name}.{uuid.uuid4().hex}"
    staged.mkdir(mode=0o700)
    try:
        yield staged
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


@contextmanager
def disk_problems(out: Path) -> Iterator[None]:
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
        hint = "Every run written before is as it was. Free some space or choose another folder with --out."
        raise DataError([Problem(f"the run could not be written to {out}: {reason}.", hint=hint)]) from error


def sweep(out: Path) -> None:
    """Removes what crashed attempts left, after putting back a run that was moved aside and not replaced."""
    for path in list(out.iterdir()):
        if not LEFTOVER.fullmatch(path.name):
            continue
        name, _, attempt = path.name[1:].rpartition(".")
        if attempt == ASIDE and not (out / name).exists():
            path.rename(out / name)
        else:
            _remove(path)


def publish(out: Path, staged: Path, name: str) -> Path:
    """Moves a staged run into place and `latest` to the run of the latest moment; durable when it returns."""
    seal(staged)
    run = out / name
    newest = max([name, *(path.name for path in finished_runs(out))])
    link = _prepare_link(out, newest)
    try:
        _move_in(staged, run)
        link.replace(out / LATEST)
    except BaseException:
        link.unlink(missing_ok=True)
        raise
    _sync_folder(out)
    return run


def _move_in(staged: Path, run: Path) -> None:
    if not run.exists():
        staged.rename(run)
    elif _exchange(staged, run):
        shutil.rmtree(staged)
    else:
        aside = run.with_name(f".{run.name}.{ASIDE}")
        run.rename(aside)
        try:
            staged.rename(run)
        except BaseException:
            aside.rename(run)
            raise
        shutil.rmtree(aside)


def delete_old_runs(out: Path, run: Path, keep: dt.timedelta) -> list[str]:
    """Deletes runs that were written more than `keep` before `run`, never the latest; returns their names.

    A run of a past day, written just now, is not old.
    """
    latest, before = latest_run(out), _written_at(run) - keep.total_seconds()
    old = [other for other in finished_runs(out) if _written_at(other) < before and other not in (latest, run)]
    for other in old:
        hidden = out / f".{other.name}.{uuid.uuid4().hex}"
        other.rename(hidden)
        shutil.rmtree(hidden)
    return [other.name for other in old]


def _written_at(run: Path) -> float:
    return (run / MANIFEST).stat().st_mtime


def seal(folder: Path) -> None:
    """Makes every file and folder readable by the owner only, and waits until all are on the disk."""
    paths = list(folder.rglob("*"))
    with ThreadPoolExecutor(8) as pool:  # the file system then commits many files at once
        list(pool.map(_seal_file, (path for path in paths if path.is_file())))
    for path in [*(path for path in paths if path.is_dir()), folder]:
        path.chmod(0o700)
        _sync_folder(path)


def _seal_file(path: Path) -> None:
    path.chmod(0o600)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _prepare_link(out: Path, name: str) -> Path:
    """A link to the run (or a file with its name) ready to be renamed to `latest`."""
    link = out / f".{LATEST}.{uuid.uuid4().hex}"
    try:
        link.symlink_to(name, target_is_directory=True)
    except (OSError, NotImplementedError):
        link.write_text(f"{name}\n", encoding="utf-8")
        _seal_file(link)
    return link


def _exchange(staged: Path, run: Path) -> bool:
    """Swaps two folders in one step, so that the name is never without a run; False where that cannot be."""
    if sys.platform != "linux":
        return False
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    with suppress(AttributeError, OSError):
        rename = ctypes.CDLL(None, use_errno=True).renameat2
        return bool(rename(here, os.fsencode(staged), here, os.fsencode(run), swap) == 0)
    return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
