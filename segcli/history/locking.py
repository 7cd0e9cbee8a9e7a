"""One run at a time per project: whoever writes to a folder holds its lock, and says who that is."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from segcli.problems import DataError, LockedError, Problem

LOCK = ".lock"
HOLDER = ".lock.holder"  # a file of its own: taking a lock may empty the lock's file


@contextmanager
def project_lock(out: Path, history: Path | None = None) -> Iterator[None]:
    """Holds the output folder, and the history, which runs with another output share.

    Folders are made if they are missing; entering twice in one process is allowed. A lock whose process has died
    is free. Raises LockedError at once when another process holds one, DataError where no folder can be.
    """
    with ExitStack() as held:
        if history is not None:
            held.enter_context(_locked(history, "is working with the history in", "history", "Wait until it is done."))
        held.enter_context(_locked(out, "is writing to", "output", _WAIT))
        yield


_WAIT = "Wait until it is done, or give this run another folder with --out."


@contextmanager
def _locked(folder: Path, does: str, key: str, way_out: str) -> Iterator[None]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(folder.resolve() / LOCK, timeout=0, is_singleton=True, mode=0o600)
        lock.acquire()
    except Timeout:
        raise LockedError([Problem(f"another run {_holder(folder)} {does} {folder}.", hint=way_out)]) from None
    except OSError as error:
        raise _no_folder(folder, key, error) from error
    try:
        _name_holder(folder)
        yield
    finally:
        lock.release()


def _no_folder(folder: Path, key: str, error: OSError) -> DataError:
    if isinstance(error, FileExistsError | NotADirectoryError):
        first = next((path for path in (folder, *folder.parents) if path.exists()), folder)
        reason = f"{first} is a file, and no folder"
    else:
        reason = str(error.strerror or error)
    option = "--out, or " if key == "output" else ""
    hint = f"Choose another folder with {option}`{key}:` in segcli.yaml."
    return DataError([Problem(f"the run could not be written to {folder}: {reason}.", hint=hint)])


def _name_holder(folder: Path) -> None:
    started = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "started": started}
    file = folder / HOLDER
    file.write_text(json.dumps(holder), encoding="utf-8")
    file.chmod(0o600)


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        who = f"process {holder['pid']} on {holder['host']}, since {holder['started']}"
        ended = holder["host"] == socket.gethostname() and _has_ended(int(holder["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return "(it has not said which)"
    return f"({who}, which has ended: something it began still runs)" if ended else f"({who})"


def _has_ended(pid: int) -> bool:
    """Whether no process of this host has the number. Elsewhere than on POSIX asking could end it."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
