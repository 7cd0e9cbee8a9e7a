"""One command in a process of its own: how long it took, and the most memory that it held."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Measured:
    """Seconds of wall time and of processor time, peak of the resident memory in MB, and what it printed."""

    wall: float
    cpu: float
    peak: float
    output: str


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Runs a command with this Python's modules. Raises RuntimeError with its last lines when it fails.

    Memory is the kernel's own high-water mark of that process, which is why this one stays small: a child
    starts with the mark of its parent.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output[-3000:]}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


@dataclass(frozen=True)
class Middle:
    """The medians of several runs."""

    wall: float
    cpu: float
    peak: float

    @staticmethod
    def of(runs: Sequence[Measured]) -> Middle:
        return Middle(
            median(run.wall for run in runs), median(run.cpu for run in runs), median(run.peak for run in runs)
        )
