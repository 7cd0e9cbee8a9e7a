"""Conditions between values: = < between in like is, and the warnings about dates that lose a day."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from segcli.fields.expressions import tree
from segcli.fields.expressions.kinds import DATE_TEXT, Typed
from segcli.fields.expressions.operands import comparable
from segcli.fields.expressions.tokens import ExpressionError

Warnings = list[ExpressionError]


def compared(node: tree.Comparison, left: Typed, right: Typed, warnings: Warnings) -> str:
    """`left operator right`; raises ExpressionError where the two cannot be compared."""
    if node.operator.startswith("is") and "null" in (left.kind, right.kind):
        return f"{left.operand} {node.operator} {right.operand}"
    one, other = comparable(left, right, node.operator)
    if node.operator in ("=", "<="):
        warn_of_midnight(one, other, warnings, exactly=node.operator == "=")
    if node.operator in ("=", ">="):
        warn_of_midnight(other, one, warnings, exactly=node.operator == "=")
    return f"{one.operand} {node.operator} {other.operand}"


def between(node: tree.Between, subject: Typed, low: Typed, high: Typed, warnings: Warnings) -> str:
    """`subject between low and high`."""
    _, low = comparable(subject, low, "<=")
    subject_high, high = comparable(subject, high, "<=")
    warn_of_midnight(subject_high, high, warnings, exactly=False)
    word = "not between" if node.negated else "between"
    return f"{subject_high.operand} {word} {low.operand} and {high.operand}"


def member(node: tree.Membership, values: Sequence[Typed], warnings: Warnings) -> str:
    """`subject in (items)`, or a chain of comparisons where the items are not all written out."""
    if len(values) == 1:
        raise ExpressionError("this list is empty", node.start, "Write `in ('a', 'b')`.")
    pairs = [comparable(values[0], item, "=") for item in values[1:]]
    for subject, item in pairs:
        warn_of_midnight(subject, item, warnings, exactly=True)
    subject = pairs[0][0]
    if all(isinstance(item.node, tree.Constant | tree.Negative) for _, item in pairs):
        items = ", ".join(item.sql for _, item in pairs)
        return f"{subject.operand} {'not in' if node.negated else 'in'} ({items})"
    chain = " or ".join(f"{subject.operand} = {item.operand}" for _, item in pairs)
    return f"{'not ' if node.negated else ''}({chain})"


def warn_of_midnight(time: Typed, date: Typed, warnings: Warnings, *, exactly: bool) -> None:
    """A date beside a time is its midnight: everything later on that day lies beyond it."""
    node = date.node
    if not isinstance(node, tree.Constant) or isinstance(time.node, tree.Constant) or time.dtype == pl.Date:
        return
    if time.kind != "time" or not (DATE_TEXT.fullmatch(node.value) and len(node.value) == 10):
        return
    if exactly:
        message, hint = "so that only midnight meets it", f"Write date(x) = '{node.value}' for the whole day."
    else:
        message, hint = "so that the day is left out", f"Write date(x) <= '{node.value}' to have all of it."
    warnings.append(
        ExpressionError(
            f"beside a time, '{node.value}' is the midnight with which that day begins, {message}",
            node.start,
            hint,
        )
    )


def like(node: tree.Like, subject: Typed, pattern: Typed) -> str:
    """`subject like pattern`, for patterns without the one-character wildcard."""
    if subject.kind != "text":
        raise ExpressionError(f"{node.operator} looks into text, and this is {subject.spoken}", subject.node.start)
    written = pattern.node
    if not isinstance(written, tree.Constant) or written.kind != "text":
        raise ExpressionError(
            f"the pattern of {node.operator} is text in quotes",
            written.start,
            "Write starts_with(x, y) or strpos(x, y) > 0.",
        )
    if "_" in written.value:
        # Polars knows no escape for it.
        raise ExpressionError(
            f"in {node.operator}, '_' stands for any character",
            written.start,
            underscore_hint(node, written.value),
        )
    word = f"not {node.operator}" if node.negated else node.operator
    return f"{subject.operand} {word} {pattern.sql}"


def underscore_hint(node: tree.Like, pattern: str) -> str:
    """What to write instead of a pattern with an underscore."""
    wanted = pattern.strip("%")
    subject = "x" if node.operator == "like" else "lower(x)"
    wanted = (wanted if node.operator == "like" else wanted.lower()).replace("'", "''")
    if pattern.startswith("%") and pattern.endswith("%"):
        return f"Write strpos({subject}, '{wanted}') > 0."
    if pattern.startswith("%"):
        return f"Write ends_with({subject}, '{wanted}')."
    if pattern.endswith("%"):
        return f"Write starts_with({subject}, '{wanted}')."
    return f"Write {subject} = '{wanted}'."


def truth(node: tree.Is, value: Typed) -> str:
    """`is true` and `is false` as SQL means them: never null, which Polars would answer for null."""
    inner = value.sql if node.what == "true" else f"not {value.operand}"
    return f"{'not ' if node.negated else ''}coalesce({inner}, false)"
