"""What the terminal shows: data on stdout, everything else on stderr, colour only where it is wanted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from segcli.problems import Problem

PIPED_WIDTH = 110


def stdout_console() -> Console:
    """For what was asked for. Piped output is plain and as wide as it needs to be."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def stderr_console() -> Console:
    """For everything else."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(answer: Any) -> None:
    """One JSON object on stdout, in UTF-8, with times in ISO 8601 and money as text."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2, default=str) + "\n")


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
