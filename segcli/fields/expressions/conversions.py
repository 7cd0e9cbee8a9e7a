"""Casts and parts of times: what Polars would convert by guessing is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from segcli.fields.expressions import tree
from segcli.fields.expressions.kinds import Typed, finite, time_literal
from segcli.fields.expressions.operands import of_kind
from segcli.fields.expressions.tokens import ExpressionError
from segcli.problems import nearest

TYPES = {
    "bigint": ("bigint", "integer", "int", "int8", "long"),
    "double": ("double", "float", "real", "float8"),
    "text": ("text", "varchar", "string", "char"),
    "boolean": ("boolean", "bool"),
    "date": ("date",),
    "timestamp": ("timestamp", "datetime"),
}
CANONICAL = {name: canonical for canonical, names in TYPES.items() for name in names}
DECIMAL = re.compile(r"(?:decimal|numeric)\((\d{1,2}),(\d{1,2})\)")

UNITS = {"year", "quarter", "month", "week", "day", "hour", "minute", "second"}
PARTS = UNITS | {"isoyear", "doy", "isodow", "epoch"}
OF_THE_DAY = {"hour", "minute", "second", "epoch"}


def cast_sql(node: tree.Cast, value: Typed) -> tuple[str, bool]:
    """The SQL of a cast, null where a value cannot be converted, and whether the result is finite."""
    target = canonical_type(node)
    written = value.node
    if target in ("date", "timestamp") and value.kind == "text" and isinstance(written, tree.Constant):
        sql, dtype = time_literal(written.value, written.start)
        return (sql if target == "date" and dtype == pl.Date else f"cast({sql} as {target})"), True
    check_conversion(node, value, target)
    sql = f"try_cast({value.sql} as {target})"
    if target == "double" and value.kind == "text":
        return finite(sql), True  # the text may say "inf"
    return sql, target != "double" or value.finite


def canonical_type(node: tree.Cast) -> str:
    """The type that a cast names, as SQL; raises ExpressionError."""
    if node.type in CANONICAL:
        return CANONICAL[node.type]
    if found := DECIMAL.fullmatch(node.type):
        digits, scale = int(found[1]), int(found[2])
        if 1 <= digits <= 38 and scale <= digits:
            return f"decimal({digits}, {scale})"
    if node.type.startswith(("decimal", "numeric")):
        raise ExpressionError(f"'{node.type}' is no type here", node.start, "Write decimal(18, 2), at most 38 digits.")
    raise ExpressionError(
        f"'{node.type}' is no type here", node.start,
        nearest(node.type, CANONICAL) or f"There are {', '.join(TYPES)} and decimal(18, 2).",
    )  # fmt: skip


def check_conversion(node: tree.Cast, value: Typed, target: str) -> None:
    """Raises where a conversion is impossible or would mean something else than it says."""
    into_time = target in ("date", "timestamp")
    hint = None
    match value.kind:
        case "text" if into_time:
            # Polars takes the format of the first row for all rows.
            hint = "Dates in text are read as dates when the file is read: say `date_format` in segcli.yaml."
        case "text" if target == "boolean":
            hint = "Compare it, as in `x = 'yes'`."
        case "number" if into_time:
            hint = "Write date '2026-01-31', or add interval '30 days' to a time."
        case "time" if target == "bigint" and value.dtype == pl.Date:
            return
        case "time" if not into_time and target != "text":
            hint = "age_days counts days; extract(year from x) takes a part of it."
        case "boolean" if into_time:
            hint = "Write date '2026-01-31'."
        case "boolean" if target.startswith("decimal"):
            hint = "if(x, 1, 0) makes a number of a condition."
        case "length":
            hint = "x / interval '1 day' is a number of days."
        case "list":
            hint = "Write array_to_string(list, ', ')."
        case "number" if target == "boolean":
            hint = "Compare it, as in `x > 0`."
    if hint:
        raise ExpressionError(f"{value.spoken} cannot be cast to {node.type}", node.start, hint)


def extracted(node: tree.Extract, value: Typed) -> str:
    """`extract(part from value)`."""
    if node.part == "dow":
        raise ExpressionError("'dow' differs between databases", node.start, "Write isodow; Monday is 1.")
    if node.part not in PARTS:
        raise ExpressionError(f"a time has no part '{node.part}'", node.start, nearest(node.part, PARTS))
    value = of_kind(value, frozenset({"time"}), "extract()")
    if node.part in OF_THE_DAY and value.dtype == pl.Date:
        if node.part == "epoch":
            return f"extract(epoch from cast({value.sql} as timestamp))"
        raise ExpressionError(f"a date has no {node.part}", node.start)
    return f"extract({node.part} from {value.sql})"


def time_part(node: tree.Call, arguments: Sequence[Typed]) -> str:
    """date_part and date_trunc, whose first argument is a unit in quotes."""
    unit = node.arguments[0]
    assert isinstance(unit, tree.Constant)
    if node.function == "date_part":
        return extracted(tree.Extract(node.start, unit.value.lower(), node.arguments[1]), arguments[1])
    if unit.value.lower() not in UNITS:
        raise ExpressionError(f"there is no unit '{unit.value}'", unit.start, nearest(unit.value, UNITS))
    return f"date_trunc('{unit.value.lower()}', {arguments[1].sql})"
