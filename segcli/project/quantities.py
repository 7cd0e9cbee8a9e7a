"""Kinds of numbers in YAML files: whole, exact, and shares of a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from segcli.problems import Problems
from segcli.project.values import scalar, warn_of_number
from segcli.project.yaml_nodes import Node, ScalarNode


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds."""

    least: int = 0
    most: int = 2**31
    instead_of_none: str | None = None  # the way out for who writes 0 and means something

    def read(self, node: Node, key: str, problems: Problems) -> int | None:
        says = (
            f"a whole number from {self.least} on"
            if self.most == 2**31
            else f"a whole number from {self.least} to {self.most}"
        )
        found = scalar(node, says, key, problems)
        if found is None:
            return None
        value = found.value
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            hint = "Take the quotes away." if not found.plain and found.written.isdigit() else None
            hint = self.instead_of_none if value == 0 and value is not False else hint
            problems.error(f"must be {says}, not '{found.written}'.", found.place, key, hint=hint)
            return None
        warn_of_number(found, key, problems)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Number:
    """An exact number, as it was written."""

    positive: bool = False

    def read(self, node: Node, key: str, problems: Problems) -> Decimal | None:
        says = "a number above 0" if self.positive else "a number"
        found = scalar(node, says, key, problems)
        if found is None:
            return None
        value = exact(found)
        if value is None or (self.positive and value <= 0):
            problems.error(f"must be {says}, not '{found.written}'.", found.place, key)
            return None
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "number", **({"exclusiveMinimum": 0} if self.positive else {})}


def exact(node: ScalarNode) -> Decimal | None:
    """The number of a node without the detour of a float; None when it is none."""
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return None
    try:
        return Decimal(node.value) if isinstance(node.value, int) else Decimal(node.written)
    except InvalidOperation:
        return Decimal(repr(node.value))


@dataclass(frozen=True)
class Share:
    """A share of a whole: `1 %` or 0.01. Where the whole makes no sense, `not_whole` says the way out."""

    not_whole: str | None = None

    def read(self, node: Node, key: str, problems: Problems) -> Decimal | None:
        found = scalar(node, "a share such as '1 %' or 0.01", key, problems)
        if found is None:
            return None
        match = re.fullmatch(r"\s*([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%\s*", found.written)
        share = Decimal(match[1]) / 100 if match else exact(found)
        if share is None or not 0 <= share <= 1 or (share == 1 and not match):
            percent = share is not None and not match and 0 < share <= 100
            hint = f"Write {found.written} % if that is meant." if percent else "Write 1 % or 0.01."
            problems.error(f"'{found.written}' is no share of a whole.", found.place, key, hint=hint)
            return None
        if share == 1 and self.not_whole:
            problems.error("must be less than 100 %.", found.place, key, hint=self.not_whole)
            return None
        return share

    def schema(self) -> dict[str, Any]:
        return {
            "anyOf": [
                {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
                {"type": "string", "pattern": r"^\s*[0-9]{1,3}(\.[0-9]{1,6})?\s*%\s*$"},
            ]
        }
