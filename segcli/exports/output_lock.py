"""One run at a time per output folder, and who holds it."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from segcli.problems import DataError, LockedError, Problem

LOCK = ".lock"
HOLDER = ".lock.holder"  # a file of its own: taking a lock may empty the lock's file


@contextmanager
def output_lock(out: Path) -> Iterator[None]:
    """Holds the output folder, which is made if it is missing; entering twice in one process is allowed.

    Raises LockedError at once when another process holds it, DataError where no folder can be.
    """
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(out.resolve() / LOCK, timeout=0, is_singleton=True, mode=0o600)
        lock.acquire()
    except Timeout:
        raise LockedError([Problem(f"another run {_holder(out)} is writing to {out}.", hint=_WAIT)]) from None
    except OSError as error:
        raise _no_folder(out, error) from error
    try:
        _name_holder(out)
        yield
    finally:
        lock.release()


def _no_folder(out: Path, error: OSError) -> DataError:
    if isinstance(error, FileExistsError | NotADirectoryError):
        first = next((path for path in (out, *out.parents) if path.exists()), out)
        reason = f"{first} is a file, and no folder"
    else:
        reason = str(error.strerror or error)
    message = f"the run could not be written to {out}: {reason}."
    return DataError([Problem(message, hint="Choose another folder with --out, or `output:` in segcli.yaml.")])


_WAIT = "Wait until it is done, or give this run another folder with --out."


def _name_holder(out: Path) -> None:
    started = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "started": started}
    file = out / HOLDER
    file.write_text(json.dumps(holder), encoding="utf-8")
    file.chmod(0o600)


def _holder(out: Path) -> str:
    try:
        holder = json.loads((out / HOLDER).read_text(encoding="utf-8"))
        return f"(process {holder['pid']} on {holder['host']}, since {holder['started']})"
    except (OSError, ValueError, KeyError):
        return "(it has not said which)"
