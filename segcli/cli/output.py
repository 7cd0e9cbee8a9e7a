"""What the terminal shows: data on stdout, everything else on stderr, colour only where it is wanted."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from rich.console import Console

from segcli.problems import Problem

PIPED_WIDTH = 110


class Terminal(Console):
    """A console that goes on in silence when whoever reads it has read enough (`| head`)."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        _close_quietly(self.file)


def _close_quietly(stream: IO[str]) -> None:
    """What is left in the stream's buffer goes nowhere, and does not fail when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def stdout_console() -> Console:
    """For what was asked for. Piped output is plain and as wide as it needs to be."""
    console = Terminal(highlight=False)
    return console if console.is_terminal else Terminal(highlight=False, width=PIPED_WIDTH)


def stderr_console() -> Console:
    """For everything else."""
    return Terminal(stderr=True, highlight=False, soft_wrap=True)


def print_json(answer: Any) -> None:
    """One JSON object on stdout, in UTF-8, with times in ISO 8601 and money as text."""
    ascii_only = (sys.stdout.encoding or "utf-8").lower().replace("-", "") != "utf8"
    try:
        sys.stdout.write(json.dumps(answer, ensure_ascii=ascii_only, indent=2, default=str) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _close_quietly(sys.stdout)


def print_problems(problems: Iterable[Problem]) -> None:
    """Each problem on a line of its own, ordered by place, then how many there are."""
    console = stderr_console()
    found = sorted(problems, key=Problem.order)
    for problem in found:
        style = "red" if problem.severity == "error" else "yellow"
        console.print(f"[{style}]{problem.severity}[/{style}] ", end="")
        console.print(on_one_line(str(problem)), markup=False)
    if len(found) > 1:
        errors = sum(problem.severity == "error" for problem in found)
        console.print(f"{counted(errors, 'error')}, {counted(len(found) - errors, 'warning')}", style="dim")


def on_one_line(text: str, longest: int | None = None) -> str:
    """Text that came out of somebody's data, without line ends or anything else that moves the cursor."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown if longest is None or len(shown) <= longest else shown[: longest - 1] + "…"


@contextmanager
def progress(*, quiet: bool) -> Iterator[Any]:
    """A function that says which stage is at work; a spinner, and only on a terminal."""
    console = stderr_console()
    if quiet or not console.is_terminal:
        yield lambda stage: None
        return
    with console.status("Starting", spinner="dots") as status:
        yield lambda stage: status.update(stage)


def counted(number: int, noun: str) -> str:
    """`1 error`, `2 errors`, `23,570 customers`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
