"""functions.yaml as records: what an expression may call."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from segcli.problems import nearest


@dataclass(frozen=True)
class Parameter:
    """One argument: the kinds it may have (`same` and `any` among them), and how often it may stand there."""

    kinds: frozenset[str]
    optional: bool
    repeated: bool


@dataclass(frozen=True)
class Function:
    """One function; `sql` is a template over its arguments where Polars' own would answer otherwise."""

    name: str
    aggregate: bool
    meaning: str
    parameters: tuple[Parameter, ...]
    literal: frozenset[int]
    sql: str | None
    polars_name: str
    overflows: bool
    covers_absent: bool
    streaming: bool

    @property
    def least(self) -> int:
        return sum(not (parameter.optional or parameter.repeated) for parameter in self.parameters)

    @property
    def most(self) -> int | None:
        """The largest number of arguments; None where there may be any number."""
        return None if any(parameter.repeated for parameter in self.parameters) else len(self.parameters)

    def parameter(self, position: int) -> Parameter:
        return self.parameters[min(position, len(self.parameters) - 1)]


@dataclass(frozen=True)
class Vocabulary:
    """All functions by name, and what to say about names that are none."""

    functions: dict[str, Function]
    instead: dict[str, str]
    clock: frozenset[str]
    random: frozenset[str]

    def refusal(self, name: str) -> tuple[str, str | None]:
        """Why a function of this name cannot be called, and what to write instead."""
        if name in self.clock:
            return f"{name}() reads the clock, so that no run could be repeated", "Use as_of or today."
        if name in self.random:
            return f"{name}() differs from call to call, so that no run could be repeated", None
        return f"no function named '{name}'", self.instead.get(name) or nearest(name, self.functions)


@cache
def vocabulary() -> Vocabulary:
    """functions.yaml, read once."""
    text = (Path(__file__).parent / "functions.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    functions = {
        name: function_of(name, entry, aggregate=kind == "aggregate")
        for kind in ("scalar", "aggregate")
        for name, entry in loaded[kind].items()
    }
    return Vocabulary(functions, loaded["instead"], frozenset(loaded["clock"]), frozenset(loaded["random"]))


def function_of(name: str, entry: dict[str, Any], *, aggregate: bool) -> Function:
    """One entry of functions.yaml."""
    written = [part.strip() for part in entry["takes"].split(",") if part.strip()]
    parameters = tuple(
        Parameter(frozenset(part.rstrip("?*").split("|")), part.endswith("?"), part.endswith("*")) for part in written
    )
    return Function(
        name=name,
        aggregate=aggregate,
        meaning=str(entry["meaning"]),
        parameters=parameters,
        literal=frozenset(entry.get("literal", ())),
        sql=entry.get("sql"),
        polars_name=entry.get("sql_name", name),
        overflows=entry.get("overflows", False),
        covers_absent=entry.get("absent", False),
        streaming=entry.get("streaming", True),
    )
