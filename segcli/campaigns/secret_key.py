"""The key that unique codes are made with: a file that only its owner reads, or an environment variable."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from segcli.problems import DataError, Problem

ENVIRONMENT = "SEGCLI_KEY"
SHORTEST = 32  # characters: 128 bits of a key in hexadecimal
_FINGERPRINT_DIGITS = 8  # enough to notice another key, too few to try out guesses of one that a person made up


def make_key(path: Path) -> None:
    """Writes a new random key (256 bits) that only its owner can read; a file that is there stays as it is.

    The file appears whole or not at all. Whoever has the key can guess every code.
    """
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        _take_place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def read_key(path: Path, environment: Mapping[str, str]) -> bytes:
    """The key of the environment variable SEGCLI_KEY, else of the file.

    Raises DataError for none, for a file that others may read, and for a key that is short enough to guess.
    """
    given = environment.get(ENVIRONMENT, "").strip()
    key, origin = (given.encode(), ENVIRONMENT) if given else (_of_file(path), str(path))
    if len(key) < SHORTEST:
        hint = f"Take the key of a backup, or another of at least {SHORTEST} characters: `openssl rand -hex 32`."
        raise _error(f"the key in {origin} has {len(key)} characters, too few to be a secret.", hint)
    return key


def fingerprint(key: bytes) -> str:
    """Eight hexadecimal digits by which a run knows that the key is the one of the runs before."""
    return hashlib.sha256(b"segcli key\0" + key).hexdigest()[:_FINGERPRINT_DIGITS]


def _take_place(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)  # fails where another has made one meanwhile, whose codes may be out already
    except FileExistsError:
        return
    except OSError:  # a file system without links
        if not path.exists():
            draft.replace(path)


def _of_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            key = file.read().strip()
    except FileNotFoundError:
        hint = (
            f"Put back the {path.name} that earlier codes were made with, or set {ENVIRONMENT}. If no code was sent "
            f"yet, make one: `(umask 077; openssl rand -hex 32 > {path})`."
        )
        raise _error(f"there is no key for unique codes: {path} is not there.", hint) from None
    except OSError as error:
        hint = f"Let the user that runs segcli read it, or set {ENVIRONMENT}."
        raise _error(f"the key {path} cannot be read: {error.strerror}.", hint) from error
    if os.name != "nt" and mode & 0o077:
        hint = f"Type: chmod 600 {path}"
        raise _error(f"others can read the key {path} (mode {mode:04o}), and with it guess every code.", hint)
    with contextlib.suppress(UnicodeDecodeError):
        return key.decode("utf-8").encode()
    raise _error(f"the key {path} is not text.", f"Put back the {path.name} that earlier codes were made with.")


def _error(message: str, hint: str) -> DataError:
    return DataError([Problem(message, hint=hint, in_data=True)])
