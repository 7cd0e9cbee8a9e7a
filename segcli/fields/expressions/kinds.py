"""The kinds of value that an expression may have, and the house types that results are brought to."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from segcli.fields.expressions import tree
from segcli.fields.expressions.tokens import ExpressionError

Kind = Literal["number", "text", "time", "length", "boolean", "list", "null"]

SPOKEN: dict[str, str] = {
    "number": "a number",
    "text": "text",
    "time": "a time",
    "length": "a length of time",
    "boolean": "a condition",
    "list": "a list",
    "null": "null",
    "any": "a value",
}

MONEY = pl.Decimal(18, 2)
LARGEST_DOUBLE = "1.7976931348623157e308"

DATE_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?")


@dataclass(frozen=True)
class Typed:
    """A part of an expression as Polars will see it, with the type of its values.

    `joins` names the chain of operators that `sql` is one of (`and`, `or`, `sum`, `product`, `text`, or
    `test` for what never chains); empty where no parentheses are ever needed. `finite` is false for floats
    that may be infinite or no number.
    """

    sql: str
    dtype: pl.DataType
    node: tree.Node
    joins: str = ""
    finite: bool = True
    calendar: bool = False  # an interval of months or years: no fixed length

    @property
    def kind(self) -> Kind:
        return kind_of(self.dtype)

    @property
    def spoken(self) -> str:
        if isinstance(self.node, tree.Constant) and self.node.kind == "text":
            return f"the text '{self.node.value}'"
        if self.kind == "time":
            return "a date" if self.dtype == pl.Date else "a time"
        return SPOKEN[self.kind]

    @property
    def operand(self) -> str:
        """The SQL in parentheses if it needs any beside an operator."""
        return f"({self.sql})" if self.joins else self.sql

    def first_of(self, chain: str) -> str:
        """The SQL as the leftmost operand of such a chain."""
        return self.sql if self.joins == chain else self.operand


def kind_of(dtype: pl.DataType) -> Kind:
    """The kind of a Polars type; what no expression can use (struct, binary) counts as a list."""
    if dtype.is_numeric():
        return "number"
    if dtype == pl.String:
        return "text"
    if dtype == pl.Boolean:
        return "boolean"
    if dtype in (pl.Date, pl.Datetime):
        return "time"
    if dtype == pl.Duration:
        return "length"
    return "null" if dtype == pl.Null else "list"


def widened(sql: str, dtype: pl.DataType) -> tuple[str, pl.DataType]:
    """Narrow numbers made wide, since they would wrap round in the next operation."""
    if dtype.is_integer() and dtype != pl.Int64:
        return f"cast({sql} as bigint)", pl.Int64()
    if dtype == pl.Float32:
        return f"cast({sql} as double)", pl.Float64()
    return sql, dtype


def finite(sql: str) -> str:
    """Null instead of infinity and what is no number: Polars sorts the latter above all numbers."""
    return f"case when abs({sql}) <= {LARGEST_DOUBLE} then {sql} end"


def normalise(sql: str, dtype: pl.DataType, *, is_finite: bool = False) -> tuple[str, pl.DataType]:
    """A result brought to the house types: Int64, Decimal(18,2) for money, Float64, the others as they are.

    A decimal of another scale is exact until here and becomes a double; what does not fit becomes null.
    """
    sql, dtype = widened(sql, dtype)
    if isinstance(dtype, pl.Decimal):
        if dtype.scale != MONEY.scale:
            return f"cast({sql} as double)", pl.Float64()
        return (sql, dtype) if dtype == MONEY else (f"try_cast({sql} as decimal(18, 2))", MONEY)
    if dtype == pl.Float64 and not is_finite:
        return finite(sql), dtype
    return sql, dtype


def time_literal(value: str, start: int) -> tuple[str, pl.DataType]:
    """The SQL and type of a date or a moment written as text; raises ExpressionError if it is neither."""
    if DATE_TEXT.fullmatch(value):
        try:
            moment = dt.datetime.fromisoformat(value)
        except ValueError:
            raise ExpressionError(f"there is no such day or time as '{value}'", start) from None
        if len(value) == 10:
            return f"date '{value}'", pl.Date()
        return timestamp(moment), pl.Datetime("us")
    raise ExpressionError(f"'{value}' is not a date", start, "Write '2026-01-31' or '2026-01-31 10:00'.")


def timestamp(moment: dt.datetime) -> str:
    """A moment as an SQL literal."""
    return f"timestamp '{moment.isoformat(' ')}'"


def as_time(value: Typed, beside: pl.DataType) -> Typed:
    """Text that stands beside a time, read as a date; raises ExpressionError if it is none."""
    if not isinstance(value.node, tree.Constant):
        raise ExpressionError(
            "text stands beside a time",
            value.node.start,
            "A date is text only when it is written out: '2026-01-31'.",
        )
    sql, dtype = time_literal(value.node.value, value.node.start)
    if dtype == pl.Date and beside != pl.Date:
        sql, dtype = f"timestamp '{value.node.value} 00:00:00'", pl.Datetime("us")
    return replace(value, sql=sql, dtype=dtype)
