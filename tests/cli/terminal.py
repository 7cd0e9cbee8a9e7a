"""A command in a terminal of its own, with somebody who answers what it asks."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

CTRL_C = "\x03"
CTRL_D = "\x04"
_IN_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
_SECONDS = 60
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def typed(command: Sequence[str | Path], answers: Sequence[tuple[str, str]], folder: Path) -> tuple[int, str]:
    """Exit code and screen of a command that is answered when it shows each of the words in turn.

    An answer ends with the Enter key unless it is one of the control keys.
    """
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": "200", "LINES": "50"}
    with subprocess.Popen(
        [sys.executable, "-c", _IN_TERMINAL, *map(str, command)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, env=environment,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        shown, seen = "", 0
        for words, answer in answers:
            while words not in shown[seen:]:
                shown += _more(process.stdout.fileno(), waiting_for=words, shown=shown)
            seen = len(shown)
            process.stdin.write((answer if answer in (CTRL_C, CTRL_D) else f"{answer}\n").encode())
            process.stdin.flush()
        shown += process.stdout.read().decode(errors="replace")
        code = process.wait(_SECONDS)
    return code, _CONTROL.sub("", shown)


def _more(descriptor: int, *, waiting_for: str, shown: str) -> str:
    until = time.monotonic() + _SECONDS
    ready, _, _ = select.select([descriptor], [], [], until - time.monotonic())
    data = os.read(descriptor, 65536) if ready else b""
    assert data, f"{waiting_for!r} was never asked:\n{shown}"
    return data.decode(errors="replace")
