"""Aggregates: filters behind every one of them, sums that do not depend on the order of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from segcli.fields.expressions import tree
from segcli.fields.expressions.functions import Function
from segcli.fields.expressions.kinds import Typed, finite
from segcli.fields.expressions.operands import of_kind
from segcli.fields.expressions.tokens import ExpressionError

DISTINCT = {"count", "sum", "array_agg", "string_agg"}


def aggregate(call: tree.Call, function: Function, arguments: Sequence[Typed], filters: Sequence[str]) -> str:
    """The SQL of an aggregate call over its checked arguments, filtered by all of `filters`."""
    if call.distinct and call.function not in DISTINCT:
        raise ExpressionError(f"{call.function}(distinct ...) is not possible", call.start)
    if not arguments and (call.function != "count" or call.distinct):
        raise ExpressionError(f"{call.function} needs something to work on", call.start)
    if len(arguments) > 1 and function.name.startswith("quantile"):
        check_share(arguments[1])
    tail = filter_of(filters)
    if not arguments:
        return f"count(*){tail}"
    value = within_range(of_kind(arguments[0], function.parameters[0].kinds, f"{call.function}()"))
    distinct = "distinct " if call.distinct else ""
    match function.polars_name:
        case "sum":
            return f"sum({distinct}{summand(value)}){tail}"
        case "avg":
            return mean(value, tail)
        case "array_agg":
            # Without an order of its own a list would come in the order of the rows.
            tail = filter_of([f"{value.operand} is not null", *filters])
            return f"array_agg({distinct}{value.sql} order by {value.sql}){tail}"
        case "string_agg":
            between = arguments[1].sql if len(arguments) > 1 else "','"
            return f"string_agg({distinct}{value.sql}, {between} order by {value.sql}){tail}"
        case name:
            others = "".join(f", {other.sql}" for other in arguments[1:])
            return f"{name}({distinct}{value.sql}{others}){tail}"


def within_range(value: Typed) -> Typed:
    """A float that may be infinite or no number made null, which aggregates pass over."""
    return value if value.finite else replace(value, sql=finite(value.sql), finite=True)


def filter_of(filters: Sequence[str]) -> str:
    """`filter (where ...)` over all conditions, or nothing."""
    if not filters:
        return ""
    joined = filters[0] if len(filters) == 1 else " and ".join(f"({condition})" for condition in filters)
    return f" filter (where {joined})"


def summand(value: Typed) -> str:
    """What is added up: never floats, whose sum depends on the order in which they come."""
    if value.dtype.is_float():
        return f"try_cast({value.sql} as decimal(38, 6))"
    return f"cast({value.sql} as bigint)" if value.kind == "boolean" else value.sql


def mean(value: Typed, tail: str) -> str:
    """An exact sum divided by how many there are."""
    total, count = f"sum({summand(value)}){tail}", f"nullif(count({value.sql}){tail}, 0)"
    if value.dtype.is_float() or isinstance(value.dtype, pl.Decimal):
        quotient = f"try_cast({total} as decimal(38, 12)) / {count}"
        return f"cast({quotient} as double)" if value.dtype.is_float() else f"({quotient})"
    return f"({total} / {count})"


def check_share(value: Typed) -> None:
    """A quantile's second argument lies between 0 and 1; raises ExpressionError."""
    node = value.node
    if not (isinstance(node, tree.Constant) and node.kind == "number" and 0 <= float(node.value) <= 1):
        raise ExpressionError("a quantile is a share between 0 and 1", node.start, "Write quantile_disc(x, 0.9).")
