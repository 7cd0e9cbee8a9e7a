"""What `check` has to say of definitions that are correct: a warning, or a note that asks for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from segcli.problems import Place, Problem
from segcli.project.models import Field, Segment

Kind = Literal[
    "negation", "never", "always", "unreachable", "overlap", "gap", "never reached", "threshold",
    "unavailable", "waits", "over", "message",
]  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One line of `check`; `kind` lets a program pick, `note` says that nothing has to be done."""

    kind: Kind
    problem: Problem
    note: bool = False


def finding(
    kind: Kind, message: str, place: Place | None, key: str, *, hint: str | None = None, note: bool = False
) -> Finding:
    """A finding from its parts."""
    return Finding(kind, Problem(message, place, key, hint, severity="warning"), note)


def key_of(definition: Field | Segment) -> str:
    """`segments.lapsed`, as problems name it."""
    return f"{'segments' if isinstance(definition, Segment) else 'fields'}.{definition.name}"


def listed(words: Sequence[str], most: int = 6, last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`; of many words only the first, and how many more there are."""
    shown = list(words)
    if len(shown) > most:
        shown = [*shown[: most - 1], f"{len(words) - most + 1} more"]
    return f" {last} ".join([*([", ".join(shown[:-1])] if len(shown) > 1 else []), *shown[-1:]])
