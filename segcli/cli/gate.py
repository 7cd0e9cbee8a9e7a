"""Every command passes here: what it raises becomes a message on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
from collections.abc import Sequence

from segcli.problems import ExitCode, SegcliError


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
        if (reason := _refusal_of_disk(error)) is not None:
            sys.stderr.write(
                f"error the disk takes no more: {reason}. Besides its output segcli needs room in "
                f"{tempfile.gettempdir()} (or in TMPDIR) while it works. Every run written before is as it was.\n"
            )
            return ExitCode.DATA
        sys.stderr.write(
            f"segcli met something that it did not expect: {type(error).__name__}: {error}\n"
            "Nothing was written over. SEGCLI_DEBUG=1 shows where it happened.\n"
        )
        return ExitCode.UNEXPECTED
    return ExitCode.DONE


FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS})


def _refusal_of_disk(error: Exception) -> str | None:
    """What the disk said, if it is the disk that refused; Polars gives that in errors of its own."""
    if isinstance(error, OSError) and error.errno is not None:
        number = error.errno
    elif found := re.search(r"\(os error (\d+)\)", str(error)):
        number = int(found.group(1))
    else:
        return None
    return os.strerror(number) if number in FULL else None


def _accept_any_letter() -> None:
    """A terminal that cannot show a letter shows a question mark instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
