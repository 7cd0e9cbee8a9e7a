"""What can be wrong, as values: a problem with its place, the errors that carry them, and the exit codes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal


class ExitCode(IntEnum):
    """What the shell and cron see."""

    DONE = 0
    DATA = 1
    USAGE = 2
    UNEXPECTED = 3
    LOCKED = 4
    INTERRUPTED = 130


@dataclass(frozen=True)
class Place:
    """Where something was written: a file, and the line and column in it, both counted from 1.

    One that is `fixed` stands for text that was put in there from elsewhere, so that nothing stands further on in it.
    """

    path: str
    line: int | None = None
    column: int | None = None
    fixed: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)

    def moved(self, columns: int) -> Place:
        """The place some columns further on in the same line."""
        if self.column is None or self.fixed:
            return self
        return Place(self.path, self.line, self.column + columns)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, in which named thing (`segments.lapsed`), what, and the way out."""

    message: str
    place: Place | None = None
    key: str | None = None
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"
    in_data: bool = False  # a file is there and cannot be used as it is: nothing that anybody typed is wrong

    def __str__(self) -> str:
        head = "".join(f"{part}: " for part in (self.place, self.key) if part)
        end = "" if self.message.endswith((".", "?", "!", ":")) else "."
        return f"{head}{self.message}{end}" + (f" {self.hint}" if self.hint else "")

    def order(self) -> tuple[str, int, int, str]:
        place = self.place or Place("")
        return (place.path, place.line or 0, place.column or 0, self.message)


@dataclass
class Problems:
    """Collects problems, so that a user sees all of them at once."""

    found: list[Problem] = field(default_factory=list)

    def error(self, message: str, place: Place | None = None, key: str | None = None, hint: str | None = None) -> None:
        self.found.append(Problem(message, place, key, hint))

    def warn(self, message: str, place: Place | None = None, key: str | None = None, hint: str | None = None) -> None:
        self.found.append(Problem(message, place, key, hint, severity="warning"))

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.found if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self.found if problem.severity == "warning"]

    def __iter__(self) -> Iterator[Problem]:
        """By place. What stands in one place is told once, however many definitions (a campaign's steps) share it."""
        once: dict[object, Problem] = {}
        for problem in self.found:
            once.setdefault((problem.place, problem.message, problem.severity) if problem.place else problem, problem)
        return iter(sorted(once.values(), key=Problem.order))

    def stop_on_errors(self, error: type[SegcliError]) -> None:
        """Raises `error` with every problem found so far if one of them is an error."""
        if self.errors:
            raise error(list(self))

    def stop(self) -> None:
        """Raises every problem found so far: a DataError if each error is in the data, else a RecipeError."""
        if self.errors:
            raise kind_of_error(self.errors)(list(self))


class SegcliError(Exception):
    """An error that a user can act on; carries every problem that was found."""

    exit_code = ExitCode.UNEXPECTED

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        self.problems = [Problem(problems)] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DataError(SegcliError):
    """The input files cannot be used as they are."""

    exit_code = ExitCode.DATA


class RecipeError(SegcliError):
    """A project file, a recipe or an option is wrong."""

    exit_code = ExitCode.USAGE


def kind_of_error(errors: Iterable[Problem]) -> type[SegcliError]:
    """DataError if every error is in the data, else RecipeError: something that was typed is wrong."""
    return DataError if all(problem.in_data for problem in errors) else RecipeError


class LockedError(SegcliError):
    """Another run works on the same project."""

    exit_code = ExitCode.LOCKED


def nearest(name: str, known: Iterable[str], count: int = 3) -> str | None:
    """The hint `Did you mean 'frequency'?` with the known names nearest to `name`, or None."""
    names = difflib.get_close_matches(name, sorted(set(known)), n=count, cutoff=0.6)
    if not names:
        return None
    return f"Did you mean {' or '.join(repr(name) for name in names)}?"
