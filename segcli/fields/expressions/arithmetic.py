"""+ - * / // % and ||: exact where Polars would round or wrap, null where it would divide by zero."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from segcli.fields.expressions import tree
from segcli.fields.expressions.asking import EmptyTable
from segcli.fields.expressions.kinds import Typed, as_time, widened
from segcli.fields.expressions.tokens import ExpressionError

# Digits behind the point of a quotient of decimals; Polars alone gives 1 / spend only 6.
QUOTIENT_SCALE = 12
# A product of decimals with more digits than this may not fit any more, and Polars would stop in the run.
PRODUCT_SCALE = 8

CHAINS = {
    "+": "sum",
    "-": "sum",
    "*": "product",
    "/": "product",
    "//": "product",
    "%": "product",
    "||": "text",
}


def combine(node: tree.Arithmetic, left: Typed, right: Typed, table: EmptyTable) -> Typed:
    """Two operands and what is between them, as Polars has to see them; raises ExpressionError."""
    left, right = fitting(node, left, right)
    sql_left, sql_right = left.first_of(CHAINS[node.operator]), right.operand
    if node.operator in ("/", "//", "%"):
        sql_right = divisor(right)
        if is_decimal(left, right) and node.operator == "/" and scale(left) < QUOTIENT_SCALE:
            sql_left = f"try_cast({left.sql} as decimal(38, {QUOTIENT_SCALE}))"
    elif node.operator == "*" and is_decimal(left, right) and too_fine(left, right):
        sql_left, sql_right = f"cast({left.sql} as double)", f"cast({right.sql} as double)"
    sql = f"{sql_left} {node.operator} {sql_right}"
    asked = table.type_of(sql, node.start)
    sql, dtype = widened(sql, asked)
    joins = CHAINS[node.operator] if dtype == asked else ""
    whole_numbers = left.dtype.is_integer() and right.dtype.is_integer()
    return Typed(sql, dtype, node, joins, finite=dtype != pl.Float64 or whole_numbers or left.kind == "length")


def too_fine(left: Typed, right: Typed) -> bool:
    """Whether a product of two decimals has more digits behind the point than is safe."""
    return bool(scale(left) and scale(right)) and scale(left) + scale(right) > PRODUCT_SCALE


def divisor(value: Typed) -> str:
    """What is divided by, null in place of zero."""
    if isinstance(value.node, tree.Constant) and value.node.kind == "number" and Decimal(value.node.value):
        return value.operand
    if value.kind == "length":
        return f"nullif({value.sql}, interval '0 days')"
    return f"nullif({value.sql}, 0)"


def is_decimal(left: Typed, right: Typed) -> bool:
    """Whether the result is computed in decimals: floats win over them, whole numbers do not."""
    types = (left.dtype, right.dtype)
    return any(isinstance(dtype, pl.Decimal) for dtype in types) and not any(dtype.is_float() for dtype in types)


def scale(value: Typed) -> int:
    """Digits behind the point; none for whole numbers."""
    return value.dtype.scale or 0 if isinstance(value.dtype, pl.Decimal) else 0


def fitting(node: tree.Arithmetic, left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """The operands if the operator makes sense between their kinds, a written date as a date."""
    operator = node.operator
    if operator == "-" and {left.kind, right.kind} == {"time", "text"}:
        left, right = (
            (left, as_time(right, left.dtype)) if right.kind == "text" else (as_time(left, right.dtype), right)
        )
    kinds = (left.kind, right.kind)
    calendar = left if left.calendar else right
    if calendar.calendar and not (operator in ("+", "-") and "time" in kinds):
        raise calendar_refusal(calendar)
    if operator == "||":
        joined = {"text", "number", "time"}
        if "text" in kinds and set(kinds) <= joined:
            return left, right
        raise not_text(left, right)
    if kinds == ("number", "number"):
        return left, right
    lengths = {
        "+": {("time", "length"), ("length", "time"), ("length", "length")},
        "-": {("time", "length"), ("time", "time"), ("length", "length")},
        "*": {("length", "number"), ("number", "length")},
        "/": {("length", "number"), ("length", "length")},
    }
    if kinds in lengths.get(operator, ()):
        return left, right
    # A day and a number of days, as SQL has it.
    if operator in ("+", "-") and left.dtype == pl.Date and right.dtype.is_integer():
        return left, right
    raise refusal(node, left, right)


def calendar_refusal(value: Typed) -> ExpressionError:
    """A month is no fixed length of time."""
    return ExpressionError(
        "months and years have no fixed length", value.node.start,
        "Add them to a time, as in `x > as_of - interval '1 month'`, or write interval '30 days'.",
    )  # fmt: skip


def not_text(left: Typed, right: Typed) -> ExpressionError:
    """|| between what is no text."""
    if "boolean" in (left.kind, right.kind):
        return ExpressionError("|| joins text, and a condition is none", left.node.start, "Write `or`.")
    odd = left if left.kind not in ("text", "number", "time") else right
    return ExpressionError(f"|| joins text, and this is {odd.spoken}", odd.node.start, "Write cast(x as text).")


def refusal(node: tree.Arithmetic, left: Typed, right: Typed) -> ExpressionError:
    """Why this operator makes no sense between these two, at the operand that is no number."""
    odd = left if left.kind != "number" else right
    hints = {
        "text": "cast(x as double) makes a number of text; || joins text.",
        "boolean": "if(x, 1, 0) makes a number of a condition.",
        "time": "A distance is `as_of - x`; add or subtract interval '30 days'.",
        "length": "x / interval '1 day' is a number of days.",
        "list": "array_length(list) is a number.",
        "null": None,
    }
    if {"time", "number"} == {left.kind, right.kind}:
        message = f"{odd.spoken} stands beside a bare number"
    else:
        message = f"'{node.operator}' is not possible between {left.spoken} and {right.spoken}"
    return ExpressionError(message, odd.node.start, hints[odd.kind])
