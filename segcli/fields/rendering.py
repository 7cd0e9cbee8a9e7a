"""The tree of an expression -> its text again, with no more parentheses than it needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from segcli.fields.expressions import tree

# How tightly each kind of part holds together; a part inside a tighter one stands in parentheses.
OR, AND, NOT, TEST, SUM, PRODUCT, JOIN, SIGN, WHOLE = range(9)
ARITHMETIC = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "||": JOIN}


def rendered(node: tree.Node) -> str:
    """The expression as text that reads as the same tree."""
    return _text(node)


def nodes_of(node: tree.Node) -> Iterator[tree.Node]:
    """The part itself and every part inside it."""
    yield node
    for field in dataclasses.fields(node):
        yield from _nodes_in(getattr(node, field.name))


def _nodes_in(value: Any) -> Iterator[tree.Node]:
    if isinstance(value, tree.Node):
        yield from nodes_of(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes_in(item)


def _level(node: tree.Node) -> int:
    match node:
        case tree.Logical(operator=operator):
            return OR if operator == "or" else AND
        case tree.Not():
            return NOT
        case tree.Comparison() | tree.Between() | tree.Membership() | tree.Like() | tree.Is():
            return TEST
        case tree.Arithmetic(operator=operator):
            return ARITHMETIC[operator]
        case tree.Negative():
            return SIGN
    return WHOLE


def _inside(node: tree.Node, level: int) -> str:
    """The text of a part that stands where at least this level is needed."""
    return _text(node) if _level(node) >= level else f"({_text(node)})"


def _negated(negated: bool) -> str:
    return "not " if negated else ""


@singledispatch
def _text(node: tree.Node) -> str:
    raise TypeError(f"unknown part of an expression: {node!r}")


@_text.register
def _(node: tree.Name) -> str:
    return '"' + node.name.replace('"', '""') + '"' if node.quoted else node.name


@_text.register
def _(node: tree.Constant) -> str:
    if node.kind in ("number", "boolean", "null"):
        return node.value
    text = "'" + node.value.replace("'", "''") + "'"
    return text if node.kind == "text" else f"{node.kind} {text}"


@_text.register
def _(node: tree.Negative) -> str:
    # A sign before a sign would read as the beginning of a comment.
    return f"-{_inside(node.operand, WHOLE)}"


@_text.register
def _(node: tree.Not) -> str:
    return f"not {_inside(node.operand, NOT)}"


@_text.register
def _(node: tree.Logical) -> str:
    level = OR if node.operator == "or" else AND
    return f" {node.operator} ".join(_inside(operand, level + 1) for operand in node.operands)


@_text.register
def _(node: tree.Arithmetic) -> str:
    level = ARITHMETIC[node.operator]
    return f"{_inside(node.left, level)} {node.operator} {_inside(node.right, level + 1)}"


@_text.register
def _(node: tree.Comparison) -> str:
    return f"{_inside(node.left, SUM)} {node.operator} {_inside(node.right, SUM)}"


@_text.register
def _(node: tree.Between) -> str:
    ends = f"{_inside(node.low, SUM)} and {_inside(node.high, SUM)}"
    return f"{_inside(node.subject, SUM)} {_negated(node.negated)}between {ends}"


@_text.register
def _(node: tree.Membership) -> str:
    items = ", ".join(_text(item) for item in node.items)
    return f"{_inside(node.subject, SUM)} {_negated(node.negated)}in ({items})"


@_text.register
def _(node: tree.Like) -> str:
    return f"{_inside(node.subject, SUM)} {_negated(node.negated)}{node.operator} {_inside(node.pattern, SUM)}"


@_text.register
def _(node: tree.Is) -> str:
    return f"{_inside(node.subject, SUM)} is {_negated(node.negated)}{node.what}"


@_text.register
def _(node: tree.Case) -> str:
    subject = f" {_text(node.subject)}" if node.subject else ""
    branches = "".join(f" when {_text(when)} then {_text(then)}" for when, then in node.branches)
    otherwise = f" else {_text(node.otherwise)}" if node.otherwise else ""
    return f"case{subject}{branches}{otherwise} end"


@_text.register
def _(node: tree.Cast) -> str:
    return f"cast({_text(node.operand)} as {node.type})"


@_text.register
def _(node: tree.Extract) -> str:
    return f"extract({node.part} from {_text(node.operand)})"


@_text.register
def _(node: tree.Call) -> str:
    arguments = "*" if node.star else ", ".join(_text(argument) for argument in node.arguments)
    distinct = "distinct " if node.distinct else ""
    condition = f" filter (where {_text(node.condition)})" if node.condition else ""
    return f"{node.function}({distinct}{arguments}){condition}"
