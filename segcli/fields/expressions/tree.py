"""The parts that an expression consists of, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Node:
    """Any part; `start` counts characters from the beginning of the expression."""

    start: int


@dataclass(frozen=True)
class Name(Node):
    """A column, or one of the moments (`as_of`, `today`, ...)."""

    name: str
    quoted: bool


@dataclass(frozen=True)
class Constant(Node):
    """A literal: a number as written, text without quotes, `true`, `false` or `null`."""

    kind: Literal["number", "text", "boolean", "null", "date", "timestamp", "interval"]
    value: str


@dataclass(frozen=True)
class Negative(Node):
    """A number with a minus before it."""

    operand: Node


@dataclass(frozen=True)
class Not(Node):
    """A condition turned round."""

    operand: Node


@dataclass(frozen=True)
class Logical(Node):
    """Conditions joined by one of `and`, `or`."""

    operator: Literal["and", "or"]
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Arithmetic(Node):
    """Two operands of + - * / // % or ||."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Comparison(Node):
    """Two operands of = <> < <= > >=, or of `is (not) distinct from`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Between(Node):
    """`subject between low and high`, both included."""

    subject: Node
    low: Node
    high: Node
    negated: bool


@dataclass(frozen=True)
class Membership(Node):
    """`subject in (items)`."""

    subject: Node
    items: tuple[Node, ...]
    negated: bool


@dataclass(frozen=True)
class Like(Node):
    """`subject like pattern`; ilike ignores case."""

    operator: Literal["like", "ilike"]
    subject: Node
    pattern: Node
    negated: bool


@dataclass(frozen=True)
class Is(Node):
    """`subject is null`, `is true`, `is false`, or their negation."""

    subject: Node
    what: Literal["null", "true", "false"]
    negated: bool


@dataclass(frozen=True)
class Case(Node):
    """`case [subject] when .. then .. [else ..] end`."""

    subject: Node | None
    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node | None


@dataclass(frozen=True)
class Cast(Node):
    """`cast(operand as type)` or `operand::type`; `type` in lower case, as in `decimal(18,2)`."""

    operand: Node
    type: str


@dataclass(frozen=True)
class Extract(Node):
    """`extract(part from operand)`."""

    part: str
    operand: Node


@dataclass(frozen=True)
class Call(Node):
    """A function with its arguments; `arguments` of count(*) are empty and `star` is true."""

    function: str
    arguments: tuple[Node, ...]
    distinct: bool = False
    star: bool = False
    condition: Node | None = None  # filter (where ...)
