"""Every command passes here: what it raises becomes a message on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
from collections.abc import Sequence

from segcli.problems import ExitCode, SegcliError

# What a full disk says, and what a path can be guilty of, wherever in a command it was met.
FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS})
PATH = frozenset({errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.EIO, errno.EISDIR, errno.ENOTDIR})
LONGEST_PATH = 200


def run(arguments: Sequence[str]) -> int:
    """Runs the command line and returns the exit code; never raises."""
    from segcli.cli.app import app

    _accept_any_letter()
    try:
        app(list(arguments), prog_name="segcli")
    except SystemExit as done:
        if done.code == ExitCode.INTERRUPTED:  # what Typer makes of Ctrl-C
            sys.stderr.write("Interrupted. Every run written before is as it was.\n")
        return done.code if isinstance(done.code, int) else ExitCode.DONE
    except SegcliError as error:
        from segcli.cli.output import print_problems

        print_problems(error.problems)
        return error.exit_code
    except Exception as error:
        if os.environ.get("SEGCLI_DEBUG"):
            raise
        if (refusal := _refusal(error)) is not None:
            sys.stderr.write(f"error {refusal}\n")
            return ExitCode.DATA
        sys.stderr.write(
            f"segcli met something that it did not expect: {type(error).__name__}: {error}\n"
            "Nothing was written over. SEGCLI_DEBUG=1 shows where it happened.\n"
        )
        return ExitCode.UNEXPECTED
    return ExitCode.DONE


def _refusal(error: Exception) -> str | None:
    """What the disk or a path refused, in plain words; Polars gives such refusals in errors of its own."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None and (found := re.search(r"\(os error (\d+)\)", str(error))):
        number = int(found.group(1))
    if number in FULL:
        return (
            f"the disk takes no more: {os.strerror(number)}. Besides its output segcli needs room in "
            f"{tempfile.gettempdir()} (or in TMPDIR) while it works. Every run written before is as it was."
        )
    if number in PATH and isinstance(error, OSError):
        return f"{str(error.filename)[:LONGEST_PATH]}: {error.strerror}."
    return None


def _accept_any_letter() -> None:
    """A terminal that cannot show a letter shows a question mark instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
