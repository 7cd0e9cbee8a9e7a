"""The salt of a history: without it nobody can tell an id or address from its hash, nor try which it is."""

from __future__ import annotations

import secrets
from pathlib import Path

from segcli.history.folders import hidden, make_folder, new_attempt, seal_file, sync_folder
from segcli.history.past_runs import committed_runs
from segcli.problems import DataError, Problem

SALT = "salt"
SALT_BYTES = 32


def read_salt(folder: Path) -> str | None:
    """The salt of a history, or None where none was made yet. Raises DataError if a history has lost its salt."""
    try:
        salt = (folder / SALT).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        if committed_runs(folder):
            raise _no_salt(folder, "is missing") from None
        return None
    except (OSError, UnicodeError) as error:
        raise _no_salt(folder, "cannot be read") from error
    if len(salt) != 2 * SALT_BYTES:
        raise _no_salt(folder, "is cut off")
    return salt


def make_salt(folder: Path) -> str:
    """The salt of a history, made at random (readable by the owner only) before the first commit."""
    known = read_salt(folder)
    if known is not None:
        return known
    make_folder(folder)
    salt = secrets.token_hex(SALT_BYTES)
    written = hidden(folder, SALT, new_attempt())
    written.touch(mode=0o600)
    written.write_text(salt, encoding="ascii")
    seal_file(written)
    written.replace(folder / SALT)
    sync_folder(folder)
    return salt


def _no_salt(folder: Path, reason: str) -> DataError:
    hint = "Put the file back from a backup: without it nobody is known again whose id or address changed."
    return DataError([Problem(f"the history is damaged: {folder / SALT} {reason}.", hint=hint)])
