"""Every command passes here: what it raises becomes a message on stderr and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from segcli.problems import ExitCode, SegcliError


def run(arguments: Sequence[str]) -> int:
    """Runs the command line and returns the exit code; never raises."""
    from segcli.cli.app import app

    try:
        app(list(arguments), prog_name="segcli")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else ExitCode.DONE
    except SegcliError as error:
        from segcli.cli.output import print_problems

        print_problems(error.problems)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:
        if os.environ.get("SEGCLI_DEBUG"):
            raise
        sys.stderr.write(
            f"segcli met something that it did not expect: {type(error).__name__}: {error}\n"
            "Nothing was written over. SEGCLI_DEBUG=1 shows where it happened.\n"
        )
        return ExitCode.UNEXPECTED
    return ExitCode.DONE
