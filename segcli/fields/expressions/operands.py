"""What may stand beside what: Polars would answer many a mixture of kinds silently, and wrongly."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from segcli.fields.expressions import tree
from segcli.fields.expressions.kinds import SPOKEN, Typed, as_time
from segcli.fields.expressions.tokens import ExpressionError

UNQUOTED = "Write the number without quotes."
INTERVAL = "A length of time is interval '30 days'; age_days counts days."


def alike(values: Sequence[Typed]) -> list[Typed]:
    """The values as members of one comparison, list or choice: all of one kind, and written dates as dates.

    Nulls fit everywhere. Raises ExpressionError at the first value that does not fit the others.
    """
    kinds = {value.kind for value in values} - {"null"}
    if "time" in kinds and kinds <= {"time", "text"}:
        times = [value.dtype for value in values if value.kind == "time"]
        beside = next((dtype for dtype in times if dtype != pl.Date), times[0])
        return [as_time(value, beside) if value.kind == "text" else value for value in values]
    if len(kinds) <= 1:
        return list(values)
    known = next((value for value in values if value.kind != "null" and not written(value)), None)
    first = known or next(value for value in values if value.kind != "null")
    other = next(value for value in values if value.kind not in ("null", first.kind))
    raise ExpressionError(f"{other.spoken} stands beside {first.spoken}", other.node.start, mixture_hint(first, other))


def written(value: Typed) -> bool:
    """Whether a value is written out, as in `5` or `'text'`."""
    return isinstance(value.node, tree.Constant | tree.Negative)


def mixture_hint(first: Typed, other: Typed) -> str | None:
    """The way out of a mixture of two kinds."""
    kinds = {first.kind, other.kind}
    constants = [value.node for value in (first, other) if isinstance(value.node, tree.Constant)]
    if kinds == {"number", "text"}:
        if any(node.kind == "text" and is_number(node.value) for node in constants):
            return UNQUOTED
        if any(node.kind == "number" for node in constants):
            return "Text goes in single quotes: '5'."
        return "cast(x as bigint) makes a number of text, cast(x as text) text of a number."
    if kinds == {"time", "number"}:
        return "Compare with a date, as in '2026-01-31', or age_days with a number of days."
    if "length" in kinds:
        return INTERVAL
    if kinds == {"boolean", "text"}:
        return "Text is compared with text in quotes; a condition stands alone or after `not`."
    if "boolean" in kinds:
        return "A condition stands alone or after `not`; if(x, 1, 0) makes a number of it."
    if "list" in kinds:
        return "Write array_contains(list, 'x')."
    return None


def is_number(text: str) -> bool:
    """Whether text reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def comparable(left: Typed, right: Typed, operator: str) -> tuple[Typed, Typed]:
    """Two operands of a comparison, made alike; raises ExpressionError where that makes no sense."""
    for value in (left, right):
        if value.kind == "null":
            raise ExpressionError("nothing equals null", value.node.start, "Write `is null` or `is not null`.")
    left, right = alike([left, right])
    if left.kind == "boolean" and operator in ("<", "<=", ">", ">="):
        raise ExpressionError("conditions have no order", right.node.start, "A condition stands alone or after `not`.")
    if left.kind == "list":
        raise ExpressionError("lists are not compared", left.node.start, "Write array_contains(list, 'x').")
    return left, right


def condition(value: Typed) -> Typed:
    """The value if it is a condition; raises ExpressionError if it is not."""
    if value.kind == "boolean":
        return value
    hints = {
        "number": "Compare it, as in `x > 0`.",
        "text": "Compare it, as in `x = 'text'`.",
        "time": "Compare it, as in `x >= '2026-01-31'`, or write `x is not null`.",
        "null": "Write `is null` behind a value.",
        "list": "Write array_contains(list, 'x').",
        "length": "Compare it, as in `x > interval '30 days'`.",
    }
    raise ExpressionError(f"{value.spoken} is not a condition", value.node.start, hints[value.kind])


def of_kind(value: Typed, kinds: frozenset[str], what: str) -> Typed:
    """The value if it has one of these kinds; `what` begins the sentence that says otherwise."""
    if "any" in kinds or value.kind in kinds:
        if value.kind == "list" and "list" not in kinds:
            raise ExpressionError(
                f"{what} does not take a list", value.node.start, "Write array_to_string(list, ', ')."
            )
        return value
    if value.kind == "text" and kinds == {"time"} and isinstance(value.node, tree.Constant):
        return as_time(value, pl.Date())
    wanted = " or ".join(SPOKEN[kind] for kind in sorted(kinds))
    raise ExpressionError(f"{what} takes {wanted}, and this is {value.spoken}", value.node.start)
