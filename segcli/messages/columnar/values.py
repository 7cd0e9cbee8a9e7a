"""Constants, columns, what is reached through them, their truth and their text."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import polars as pl
from jinja2 import nodes

from segcli.messages.columnar.tree import NotColumnarError, Typed
from segcli.messages.filters import text_of


def normal(dtype: pl.DataType) -> pl.DataType:
    """The kind of a column in the columnar way. Raises NotColumnarError."""
    if isinstance(dtype, (pl.String, pl.Categorical, pl.Enum)):
        return pl.String()
    if isinstance(dtype, pl.Boolean | pl.Date | pl.Datetime | pl.Null):
        return dtype
    if dtype.is_integer() and not isinstance(dtype, (pl.UInt64, pl.Int128, pl.UInt128)):
        return pl.Int64()
    if isinstance(dtype, (pl.Float32, pl.Float64)):
        return pl.Float64()
    if isinstance(dtype, (pl.List, pl.Struct)):
        return dtype
    raise NotColumnarError(f"a column of {dtype}")


def column(name: str, dtype: pl.DataType, needs: frozenset[str] | None = None) -> Typed:
    """A column of the frame."""
    return _fitted(pl.col(name), dtype, frozenset((name,)) if needs is None else needs, 1)


def _fitted(expr: pl.Expr, dtype: pl.DataType, needs: frozenset[str], size: int) -> Typed:
    kind = normal(dtype)
    return Typed(expr if kind == dtype else expr.cast(kind), kind, needs, size=size)


def reached(typed: Typed, where: str | int) -> Typed:
    """A member of a struct or an element of a list; null where there is none."""
    if isinstance(where, str):
        members = {member.name: member.dtype for member in getattr(typed.dtype, "fields", ())}
        if where not in members:
            raise NotColumnarError(f"the member {where}")
        expr, dtype = typed.expr.struct.field(where), members[where]
    else:
        expr, dtype = typed.expr.list.get(where, null_on_oob=True), getattr(typed.dtype, "inner", None)
    if not isinstance(dtype, pl.DataType):
        raise NotColumnarError("an unknown kind")
    return _fitted(expr, dtype, typed.names, typed.size + 1)


def literal(value: object) -> Typed:
    """A constant of the template."""
    kinds: dict[type, pl.DataType] = {str: pl.String(), bool: pl.Boolean(), int: pl.Int64(), float: pl.Float64()}
    kind = pl.Null() if value is None else kinds.get(type(value))
    if kind is None or (isinstance(value, int) and abs(value) >= 2**53):
        raise NotColumnarError("such a constant")
    return Typed(pl.lit(value, kind), kind, constant=value, is_constant=True)


def constant_of(node: nodes.Node | None) -> Any:
    """The value of a constant node; None for no node."""
    if node is None:
        return None
    if isinstance(node, nodes.Const):
        return node.value
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const) and isinstance(node.node.value, int):
        return -node.node.value
    raise NotColumnarError("an index that is no constant")


def true(typed: Typed) -> pl.Expr:
    """Whether a value is true in Python's sense; null is not."""
    expr = typed.expr
    match typed.dtype:
        case pl.Boolean():
            holds = expr
        case pl.String():
            holds = expr.str.len_bytes() > 0
        case pl.Int64() | pl.Float64():
            holds = expr != 0
        case pl.List():
            holds = expr.list.len() > 0
        case _:
            holds = expr.is_not_null()
    return holds.fill_null(value=False)


def as_text(typed: Typed) -> pl.Expr:
    """A plain value as text, as Python writes it."""
    expr = typed.expr
    match typed.dtype:
        case pl.String():
            return expr
        case pl.Null():
            return pl.lit(None, pl.String)
        case pl.Int64():
            return expr.cast(pl.String)
        case pl.Boolean():
            return pl.when(expr).then(pl.lit("True")).when(~expr).then(pl.lit("False"))
        case pl.Date() | pl.Float64() | pl.Datetime():
            return one_for_all(expr.map_batches(each_distinct(_text), return_dtype=pl.String))
    raise NotColumnarError(f"{typed.dtype} has no text")


def one_for_all(expr: pl.Expr) -> pl.Expr:
    """What a function of Python gave: Polars puts it beside every row where no column is in it, as a constant is."""
    return expr if expr.meta.root_names() else expr.first()


def _text(value: object) -> str | None:
    return text_of(value) if isinstance(value, (float, datetime.date)) else None


def each_distinct(
    function: Callable[[Any], object], dtype: pl.DataType | None = None
) -> Callable[[pl.Series], pl.Series]:
    """A function of one value for a column, called once for each distinct value; what raises is null."""
    gives = dtype or pl.String()

    def apply(values: pl.Series) -> pl.Series:
        distinct = values.unique()
        if len(distinct) * 2 > len(values):
            return pl.Series(values.name, [_result(function, value) for value in values], dtype=gives)
        results = pl.Series([_result(function, value) for value in distinct], dtype=gives)
        table = pl.DataFrame({"value": distinct, "result": results})
        rows = pl.DataFrame({"value": values})
        joined = rows.join(table, on="value", how="left", nulls_equal=True, maintain_order="left")
        return joined["result"].alias(values.name)

    return apply


def _result(function: Callable[[Any], object], value: object) -> object:
    if value is None:
        return None
    try:
        return function(value)
    except Exception:
        return None
