"""Calls of functions: the number and kinds of their arguments, and the SQL for those over one row."""

from __future__ import annotations

from collections.abc import Sequence

from segcli.fields.expressions import tree
from segcli.fields.expressions.conversions import time_part
from segcli.fields.expressions.functions import Function, vocabulary
from segcli.fields.expressions.kinds import Typed
from segcli.fields.expressions.operands import alike, of_kind
from segcli.fields.expressions.tokens import ExpressionError


def called(node: tree.Call) -> Function:
    """The function of a call with the right number of arguments; raises ExpressionError."""
    words = vocabulary()
    function = words.functions.get(node.function)
    if function is None:
        message, hint = words.refusal(node.function)
        raise ExpressionError(message, node.start, hint)
    if node.star and function.name != "count":
        raise ExpressionError(f"{node.function}(*) is not possible", node.start, "Name a column.")
    if not function.aggregate and (node.distinct or node.condition):
        clause = "distinct" if node.distinct else "filter"
        raise ExpressionError(f"'{clause}' belongs to aggregates, and {node.function}() is none", node.start)
    check_count(node, function)
    for position in sorted(function.literal):
        if position <= len(node.arguments):
            argument = node.arguments[position - 1]
            if not isinstance(argument, tree.Constant):
                raise ExpressionError(
                    f"{node.function}() needs this written out", argument.start, f"{function.meaning}."
                )
    return function


def check_count(node: tree.Call, function: Function) -> None:
    """Raises ExpressionError where a call has too few or too many arguments."""
    count, least, most = len(node.arguments), function.least, function.most
    if least <= count and (most is None or count <= most):
        return
    wanted = str(least) if most == least else f"{least} to {most or 'more'}"
    arguments = "argument" if wanted == "1" else "arguments"
    raise ExpressionError(
        f"{node.function}() takes {wanted} {arguments}, and here {'is' if count == 1 else 'are'} {count}",
        node.start,
        f"{function.meaning}.",
    )


def fitting(function: Function, arguments: Sequence[Typed]) -> list[Typed]:
    """The arguments of a function over one row, each of a kind that it takes; raises ExpressionError."""
    kinds = [function.parameter(position).kinds for position in range(len(arguments))]
    fits = [
        argument if "same" in wanted else of_kind(argument, wanted, f"{function.name}()")
        for argument, wanted in zip(arguments, kinds, strict=True)
    ]
    same = iter(alike([value for value, wanted in zip(fits, kinds, strict=True) if "same" in wanted]))
    return [next(same) if "same" in wanted else value for value, wanted in zip(fits, kinds, strict=True)]


def scalar(node: tree.Call, function: Function, arguments: Sequence[Typed]) -> str:
    """The SQL of a function over one row."""
    if function.name in ("date_part", "date_trunc"):
        return time_part(node, arguments)
    if function.sql:
        return function.sql.format(*(argument.operand for argument in arguments))
    return f"{function.polars_name}({', '.join(argument.sql for argument in arguments)})"
