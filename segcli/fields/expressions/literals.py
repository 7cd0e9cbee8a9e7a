"""Numbers and lengths of time as they are written in an expression."""

from __future__ import annotations

import re
from decimal import Decimal

import polars as pl

from segcli.fields.expressions import tree
from segcli.fields.expressions.kinds import Typed, time_literal
from segcli.fields.expressions.tokens import ExpressionError

INTERVAL_TEXT = re.compile(r"(\d+ ?(second|minute|hour|day|week|month|quarter|year)s? ?)+")
LARGEST_WHOLE = 2**63 - 1
MOST_DIGITS = 30
MOST_DECIMALS = 12


def literal(node: tree.Constant) -> Typed:
    """A literal of any kind as SQL; raises ExpressionError."""
    match node.kind:
        case "text":
            return Typed("'" + node.value.replace("'", "''") + "'", pl.String(), node)
        case "boolean":
            return Typed(node.value, pl.Boolean(), node)
        case "null":
            return Typed("null", pl.Null(), node)
        case "number":
            return number(node)
        case "interval":
            return interval(node)
        case "date" | "timestamp":
            sql, dtype = time_literal(node.value, node.start)
            if node.kind == "timestamp" and dtype == pl.Date:
                sql, dtype = f"timestamp '{node.value} 00:00:00'", pl.Datetime("us")
            return Typed(sql, dtype, node)


def number(node: tree.Constant) -> Typed:
    """A whole number, a decimal with a scale of its own, or a double where it has an exponent."""
    text = node.value
    if text.isdecimal():
        if len(text.lstrip("0")) > len(str(LARGEST_WHOLE)) or int(text) > LARGEST_WHOLE:
            raise ExpressionError("this number is too large", node.start)
        return Typed(str(int(text)), pl.Int64(), node)
    exponent = "e" in text.lower()
    decimals = 0 if exponent else len(text) - text.index(".") - 1
    if exponent or len(text) > MOST_DIGITS or decimals > MOST_DECIMALS:
        if not abs(float(text)) < float("inf"):
            raise ExpressionError("this number is too large", node.start)
        return Typed(f"cast({float(text)!r} as double)", pl.Float64(), node)
    return Typed(f"{Decimal(text):f}", pl.Decimal(38, decimals), node)


def interval(node: tree.Constant) -> Typed:
    """A length of time; months, quarters and years have no fixed one."""
    text = " ".join(node.value.lower().split())
    if not INTERVAL_TEXT.fullmatch(text) or any(len(digits) > 6 for digits in re.findall(r"\d+", text)):
        raise ExpressionError(
            f"'{node.value}' is not a length of time",
            node.start,
            "Write interval '30 days', hours, weeks, months ...",
        )
    calendar = re.search("month|quarter|year", text) is not None
    return Typed(f"interval '{text}'", pl.Duration("us"), node, calendar=calendar)
