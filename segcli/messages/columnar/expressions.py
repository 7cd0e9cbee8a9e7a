"""Jinja's expressions as Polars expressions with the meaning of messages: null is false, and stays null."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import polars as pl
from jinja2 import nodes

from segcli.messages.columnar.filtering import filtered
from segcli.messages.columnar.tree import NotColumnarError, Typed
from segcli.messages.columnar.values import as_text, constant_of, literal, reached, true
from segcli.messages.filters import LARGEST_WHOLE

MOST_PARTS = 300
_COMPARISONS = ("eq", "ne", "lt", "lteq", "gt", "gteq")


@dataclass
class Names:
    """What names stand for at one place of a template."""

    levels: list[dict[str, Typed]] = field(default_factory=lambda: [{}])
    version: int = 0  # of the meaning of names: the same expression means the same while it stays

    def find(self, name: str) -> Typed:
        for level in reversed(self.levels):
            if name in level:
                return level[name]
        raise NotColumnarError(f"the name {name}")

    def put(self, name: str, typed: Typed) -> None:
        self.levels[-1][name] = typed
        self.version += 1

    def enter(self, names: Mapping[str, Typed]) -> None:
        self.levels.append(dict(names))
        self.version += 1

    def leave(self) -> None:
        self.levels.pop()
        self.version += 1


def expression(node: nodes.Node, names: Names) -> Typed:
    """The typed expression of a node. Raises NotColumnarError for what only Jinja renders."""
    typed = _expression(node, names)
    if typed.size > MOST_PARTS:
        raise NotColumnarError("a very long expression")
    return typed


def _expression(node: nodes.Node, names: Names) -> Typed:
    match node:
        case nodes.Const():
            return literal(node.value)
        case nodes.Name():
            return names.find(node.name)
        case nodes.Getattr():
            return _member(node.node, node.attr, names)
        case nodes.Getitem():
            return _item(node, names)
        case nodes.Filter() if node.node is not None and node.dyn_args is None and node.dyn_kwargs is None:
            args = [expression(arg, names) for arg in node.args]
            kwargs = {pair.key: expression(pair.value, names) for pair in cast(list[nodes.Keyword], node.kwargs)}
            return filtered(node.name, expression(node.node, names), args, kwargs, names.find)
        case nodes.Not():
            return _boolean(~true(expression(node.node, names)), expression(node.node, names))
        case nodes.And() | nodes.Or():
            return _either(node, names)
        case nodes.Compare():
            return _compared(node, names)
        case nodes.Test():
            return _tested(node, names)
        case nodes.CondExpr():
            return _chosen(node, names)
        case nodes.Concat():
            return _joined([expression(part, names) for part in node.nodes])
        case nodes.Neg():
            return arithmetic("-", literal(0), expression(node.node, names))
        case nodes.Add() | nodes.Sub() | nodes.Mul() | nodes.Div():
            left, right = expression(node.left, names), expression(node.right, names)
            return (
                _joined([left, right])
                if node.operator == "+" and left.is_text
                else arithmetic(node.operator, left, right)
            )
    raise NotColumnarError(type(node).__name__)


def _merged(expr: pl.Expr, dtype: pl.DataType, *parts: Typed) -> Typed:
    needed = frozenset[str]().union(*(part.names for part in parts))
    return Typed(expr, dtype, needed, size=1 + sum(part.size for part in parts))


def _boolean(expr: pl.Expr, *parts: Typed) -> Typed:
    return _merged(expr, pl.Boolean(), *parts)


def _member(inner: nodes.Node, name: str, names: Names) -> Typed:
    if isinstance(inner, nodes.Name) and inner.name == "loop":
        return names.find(f"loop.{name}")
    typed = expression(inner, names)
    if not isinstance(typed.dtype, pl.Struct):
        raise NotColumnarError(f"the attribute {name}")
    return reached(typed, name)


def _item(node: nodes.Getitem, names: Names) -> Typed:
    typed = expression(node.node, names)
    if isinstance(node.arg, nodes.Slice):
        start, stop, step = (constant_of(part) for part in (node.arg.start, node.arg.stop, node.arg.step))
        if not isinstance(typed.dtype, pl.List) or step is not None:
            raise NotColumnarError("a slice")
        bounds = [0 if start is None else start, stop]
        if not all(bound is None or (isinstance(bound, int) and bound >= 0) for bound in bounds):
            raise NotColumnarError("a slice from the end")
        length = None if stop is None else max(bounds[1] - bounds[0], 0)
        return replace(typed, expr=typed.expr.list.slice(bounds[0], length), size=typed.size + 1)
    index = constant_of(node.arg)
    if isinstance(index, str) and isinstance(typed.dtype, pl.Struct):
        return reached(typed, index)
    if isinstance(index, int) and not isinstance(index, bool) and isinstance(typed.dtype, pl.List):
        return reached(typed, index)
    raise NotColumnarError("an index")


def _either(node: nodes.And | nodes.Or, names: Names) -> Typed:
    """Python's `and` and `or` give one of their sides."""
    left, right = expression(node.left, names), expression(node.right, names)
    first, second = (left, right) if isinstance(node, nodes.Or) else (right, left)
    chosen = pl.when(true(left)).then(first.expr).otherwise(second.expr)
    if left.dtype != right.dtype or left.marked or right.marked:
        raise NotColumnarError("and, or of several kinds")
    return replace(_merged(chosen, left.dtype, left, right), shown_only=left.shown_only or right.shown_only)


def condition(node: nodes.Node, names: Names) -> Typed:
    """Whether an expression is true in Python's sense; never null, and of any kinds."""
    if isinstance(node, (nodes.And, nodes.Or)):
        left, right = condition(node.left, names), condition(node.right, names)
        both = left.expr & right.expr if isinstance(node, nodes.And) else left.expr | right.expr
        return _boolean(both, left, right)
    if isinstance(node, nodes.Not):
        inner = condition(node.node, names)
        return _boolean(~inner.expr, inner)
    typed = expression(node, names)
    return _boolean(true(typed), typed)


def _compared(node: nodes.Compare, names: Names) -> Typed:
    left = expression(node.expr, names)
    parts, holds = [left], []
    for operand in node.ops:
        right = expression(operand.expr, names) if not isinstance(operand.expr, (nodes.List, nodes.Tuple)) else None
        if right is None:
            holds.append(_in_constants(left, operand, names))
            continue
        parts.append(right)
        holds.append(
            _in(left, operand.op, right) if operand.op in ("in", "notin") else _ordered(left, operand.op, right)
        )
        left = right
    if len(node.ops) > 1 and any(operand.op in ("in", "notin") for operand in node.ops):
        raise NotColumnarError("in, within a chain")
    return _boolean(pl.all_horizontal(holds) if len(holds) > 1 else holds[0], *parts)


def _ordered(left: Typed, operator: str, right: Typed) -> pl.Expr:
    if operator not in _COMPARISONS or not _comparable(left, right):
        raise NotColumnarError(f"{operator} of such kinds")
    a, b = left.expr, right.expr
    holds = {"eq": a == b, "ne": a != b, "lt": a < b, "lteq": a <= b, "gt": a > b, "gteq": a >= b}[operator]
    return holds.fill_null(value=False)


def _comparable(left: Typed, right: Typed) -> bool:
    plain = (pl.String, pl.Boolean, pl.Date, pl.Datetime)
    same = left.dtype == right.dtype and isinstance(left.dtype, plain) and not (left.shown_only or right.shown_only)
    return (same and not (left.marked or right.marked)) or (left.is_number and right.is_number)


def _in_constants(left: Typed, operand: nodes.Operand, names: Names) -> pl.Expr:
    if not isinstance(operand.expr, (nodes.List, nodes.Tuple)) or operand.op not in ("in", "notin"):
        raise NotColumnarError("a list")
    items = [expression(item, names) for item in operand.expr.items]
    if not all(item.is_constant and _comparable(left, item) for item in items):
        raise NotColumnarError("a list of several kinds")
    found = pl.any_horizontal([_ordered(left, "eq", item) for item in items]) if items else pl.lit(value=False)
    return found if operand.op == "in" else ~found & left.expr.is_not_null()


def _in(left: Typed, operator: str, right: Typed) -> pl.Expr:
    if left.is_text and right.is_text:
        found = right.expr.str.contains(left.expr, literal=True)
    elif isinstance(right.dtype, pl.List) and right.dtype.inner == left.dtype and left.is_text:
        found = right.expr.list.contains(left.expr) & left.expr.is_not_null()
    else:
        raise NotColumnarError("in, of such kinds")
    return (found if operator == "in" else ~found & right.expr.is_not_null()).fill_null(value=False)


def _tested(node: nodes.Test, names: Names) -> Typed:
    typed = expression(node.node, names)
    if node.name in ("none", "undefined", "defined") and not node.args and not node.kwargs:
        missing = typed.expr.is_null() if node.name != "defined" else typed.expr.is_not_null()
        return _boolean(missing, typed)
    raise NotColumnarError(f"the test {node.name}")


def _chosen(node: nodes.CondExpr, names: Names) -> Typed:
    test, first = condition(node.test, names), expression(node.expr1, names)
    second = expression(node.expr2, names) if node.expr2 is not None else literal("")
    return either_of(test, first, second)


def either_of(test: Typed, first: Typed, second: Typed) -> Typed:
    """One of two values; of two kinds, only their text."""
    if first.marked or second.marked:
        raise NotColumnarError("HTML in a choice")
    same = first.dtype == second.dtype
    a, b = (first.expr, second.expr) if same else (as_text(first), as_text(second))
    chosen = pl.when(test.expr).then(a).otherwise(b)
    merged = _merged(chosen, first.dtype if same else pl.String(), test, first, second)
    return replace(merged, shown_only=not same or first.shown_only or second.shown_only)


def _joined(parts: list[Typed]) -> Typed:
    if any(part.marked for part in parts):
        raise NotColumnarError("HTML in a longer text")
    return _merged(pl.concat_str([as_text(part) for part in parts]), pl.String(), *parts)


def arithmetic(operator: str, left: Typed, right: Typed) -> Typed:
    """A number, or null where `arithmetic` of the Jinja way has none."""
    if not (left.is_number and right.is_number):
        raise NotColumnarError("arithmetic of no numbers")
    near = _result(operator, left.expr.cast(pl.Float64), right.expr.cast(pl.Float64))
    whole = isinstance(left.dtype, pl.Int64) and isinstance(right.dtype, pl.Int64) and operator != "/"
    if whole:
        exact = _result(operator, left.expr, right.expr)
        return _merged(pl.when(near.abs() < LARGEST_WHOLE).then(exact), pl.Int64(), left, right)
    # Polars takes 0 - x for -x, and so 0 - 0.0 for -0.0.
    unsigned = pl.when(near == 0).then(0.0).when(near.is_finite()).then(near)
    return _merged(unsigned, pl.Float64(), left, right)


def _result(operator: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    # Polars multiplies by 1/3 where all of a column is divided by 3, which now and then is another number in the end.
    return left / (right + left * 0.0)
