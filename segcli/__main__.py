"""The entry of the `segcli` command: the one place where errors become exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from segcli import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments == ["--version"]:
        # Before anything heavy is imported: scripts ask this often.
        sys.stdout.write(f"segcli {__version__}\n")
        return 0
    try:
        from segcli.cli.gate import run

        return run(arguments)
    except KeyboardInterrupt:
        return 130  # ExitCode.INTERRUPTED, before anything could be imported


if __name__ == "__main__":
    sys.exit(main())
