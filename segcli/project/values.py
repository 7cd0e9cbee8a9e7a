"""Kinds of single values in YAML files: each reads a node and can say itself as a JSON Schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from segcli.problems import Problems, nearest
from segcli.project.durations import DURATION_OR_NONE_PATTERN, DURATION_PATTERN, duration_hint, parse_duration
from segcli.project.models import Expression
from segcli.project.names import NAME_PATTERN
from segcli.project.yaml_nodes import ListNode, Node, ScalarNode

# What YAML 1.1 took for true and false and YAML 1.2 takes for text. NO is Norway and ON Ontario.
_OLD_FLAGS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_PLACES = frozenset({"NO", "ON"})


class Kind(Protocol):
    """How a value is read and described. `read` returns None when it has noted a problem."""

    def read(self, node: Node, key: str, problems: Problems) -> Any: ...

    def schema(self) -> dict[str, Any]: ...


def scalar(node: Node, says: str, key: str, problems: Problems) -> ScalarNode | None:
    """The node when it is a single, written value; else None and a problem."""
    if not isinstance(node, ScalarNode):
        shape = "a list" if isinstance(node, ListNode) else "a mapping"
        problems.error(f"must be {says}, not {shape}.", node.place, key)
        return None
    if node.empty or (not node.plain and not str(node.value).strip()):
        problems.error(f"has no value: {says} is expected.", node.place, key)
        return None
    return node


def old_flag(node: ScalarNode) -> str | None:
    """What `yes`, `on`, `no`, `off` would have been in YAML 1.1, where they stand without quotes."""
    return _OLD_FLAGS.get(node.written.lower()) if node.plain else None


def warn_of_number(node: ScalarNode, key: str, problems: Problems) -> None:
    """`012` is 12 and `1e3` is 1000.0: fine where a number is meant, and rarely meant otherwise."""
    number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if number and re.match(r"^[-+]?(0[0-9]|0[ox])|^[-+.0-9]+[eE]", node.written):
        problems.warn(
            f"'{node.written}' is the number {node.value}.", node.place, key,
            hint="Put it in quotes if it is meant as text.",
        )  # fmt: skip


@dataclass(frozen=True)
class Text:
    """A text, perhaps of a certain pattern."""

    says: str = "text"
    pattern: str | None = None
    or_empty: bool = False

    def read(self, node: Node, key: str, problems: Problems) -> str | None:
        if self.or_empty and _is_empty_text(node):
            return ""
        found = scalar(node, self.says, key, problems)
        if found is None:
            return None
        if not isinstance(found.value, str):
            fits = self.says == "text" or (self.pattern and re.search(self.pattern, found.written))
            hint = f'Write "{found.written}".' if fits else None
            message = f"must be {self.says}, and '{found.written}' without quotes is not text."
            problems.error(message, found.place, key, hint=hint)
            return None
        text = found.value.strip()
        if self.pattern and not re.search(self.pattern, text):
            problems.error(f"must be {self.says}, not '{text}'.", found.place, key)
            return None
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", **({"pattern": self.pattern} if self.pattern else {})}


NAME = Text("a single name of lower case letters, digits and _", NAME_PATTERN)


@dataclass(frozen=True)
class SqlExpression:
    """An SQL expression; a number or a boolean is one too."""

    def read(self, node: Node, key: str, problems: Problems) -> Expression | None:
        found = scalar(node, "an SQL expression", key, problems)
        if found is None:
            return None
        if found.value is None:
            problems.error("must be an SQL expression, not null.", found.place, key)
            return None
        if meant := old_flag(found):
            problems.error(f"'{found.written}' is text and no condition.", found.place, key, hint=f"Write {meant}.")
            return None
        return Expression(found.written.strip(), found.place)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True)
class Duration:
    """A span of time such as 90d; `0d` where that means something, or a word instead."""

    from_zero: bool = False
    word: str | None = None

    def read(self, node: Node, key: str, problems: Problems) -> Any:
        found = scalar(node, "a duration such as 90d" + (f" or '{self.word}'" if self.word else ""), key, problems)
        if found is None:
            return None
        if self.word and found.written == self.word:
            return self.word
        span = parse_duration(found.written, from_zero=self.from_zero)
        if span is None:
            hint = nearest(found.written.lower(), [self.word]) if self.word else None
            nor_word = f" and not '{self.word}'" if self.word else ""
            hint = hint or duration_hint(found.written)
            problems.error(f"'{found.written}' is no duration{nor_word}.", found.place, key, hint=hint)
        return span

    def schema(self) -> dict[str, Any]:
        span = {"type": "string", "pattern": DURATION_OR_NONE_PATTERN if self.from_zero else DURATION_PATTERN}
        return {"anyOf": [span, {"const": self.word}]} if self.word else span


@dataclass(frozen=True)
class Flag:
    """true or false."""

    def read(self, node: Node, key: str, problems: Problems) -> bool | None:
        found = scalar(node, "true or false", key, problems)
        if found is None:
            return None
        if not isinstance(found.value, bool):
            meant = old_flag(found)
            hint = f"Write {meant}." if meant else None
            problems.error(f"must be true or false, not '{found.written}'.", found.place, key, hint=hint)
            return None
        return found.value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class AnyScalar:
    """A text, number, boolean or null, taken as it is: never an expression."""

    def read(self, node: Node, key: str, problems: Problems) -> str | int | float | bool | None:
        found = ScalarNode(node.place, "", "''", plain=False) if _is_empty_text(node) else None
        found = found or scalar(node, "a text, a number, true, false or null", key, problems)
        if found is None:
            return None
        if found.written not in _PLACES and (meant := old_flag(found)):
            problems.warn(
                f"'{found.written}' is the text '{found.written}', not {meant}.", found.place, key,
                hint=f"Write {meant}, or put it in quotes if the text is meant.",
            )  # fmt: skip
        warn_of_number(found, key, problems)
        return found.value

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean", "null"]}


def _is_empty_text(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.plain and node.value == ""


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, node: Node, key: str, problems: Problems) -> str | None:
        says = " or ".join(repr(word) for word in self.words)
        found = scalar(node, says, key, problems)
        if found is None:
            return None
        if found.written not in self.words:
            hint = nearest(found.written, self.words)
            problems.error(f"must be {says}, not '{found.written}'.", found.place, key, hint=hint)
            return None
        return found.written

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}
