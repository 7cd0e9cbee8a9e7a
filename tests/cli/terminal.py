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
        try:
            shown = _answered(process, answers)
            return process.wait(_SECONDS), _CONTROL.sub("", shown)
        finally:
            process.kill()  # one that still waits for an answer would be waited for without end


def _answered(process: subprocess.Popen[bytes], answers: Sequence[tuple[str, str]]) -> str:
    """All that was shown until the command ended."""
    assert process.stdin
    assert process.stdout
    screen, shown, seen, key = process.stdout.fileno(), "", 0, ""
    for words, answer in answers:
        until = time.monotonic() + _SECONDS
        while words not in shown[seen:]:
            data = _more(screen, until - time.monotonic())
            assert data, f"{words!r} was never asked:\n{shown}"
            shown += data
        seen = len(shown)
        key = answer if answer in (CTRL_C, CTRL_D) else ""
        process.stdin.write((key or f"{answer}\n").encode())
        process.stdin.flush()
    until = time.monotonic() + _SECONDS
    while (data := _more(screen, 2 if key else until - time.monotonic())) != "":
        assert time.monotonic() < until, f"it never ended:\n{shown}"
        shown += data or ""
        if data is None and key:  # one that comes while the terminal changes its mode is lost
            process.stdin.write(key.encode())
            process.stdin.flush()
    return shown


def _more(screen: int, seconds: float) -> str | None:
    """What is shown next, empty at the end, or None if that takes longer."""
    ready, _, _ = select.select([screen], [], [], max(0, seconds))
    return os.read(screen, 65536).decode(errors="replace") if ready else None
