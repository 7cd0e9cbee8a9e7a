"""Filters of columns: Polars' own where it does the same as the filter, else the filter for each distinct value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from segcli.messages.columnar.tree import NotColumnarError, Typed
from segcli.messages.columnar.values import as_text, each_distinct, one_for_all, reached, true
from segcli.messages.filters import FILTERS, Filter

_GIVES: Mapping[str, pl.DataType] = {"text": pl.String(), "integer": pl.Int64()}


def filtered(
    name: str, value: Typed, args: Sequence[Typed], kwargs: Mapping[str, Typed], find: Callable[[str], Typed]
) -> Typed:
    """`value|name(args)`; `find` gives the columns of the context that the filter needs."""
    if name in ("default", "d"):
        return _default(value, args, kwargs)
    if name in ("escape", "e") and not args and not kwargs:
        if value.marked or not isinstance(value.dtype, pl.String):
            raise NotColumnarError("escape")
        return replace(value, marked=True, shown_only=True)
    known = FILTERS.get(name)
    if known is None or value.marked or value.shown_only:
        raise NotColumnarError(f"the filter {name}")
    if not all(arg.is_constant and arg.constant is not None for arg in (*args, *kwargs.values())):
        raise NotColumnarError("a filter with arguments that are no constants")
    constants = [arg.constant for arg in args]
    named = {key: arg.constant for key, arg in kwargs.items()}
    own = _in_polars(name, value, constants, named)
    if own is not None:
        return own
    return _by_values(known, value, constants, named, find)


def _default(value: Typed, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    if kwargs.keys() - {"boolean"} or not 1 <= len(args) <= 2 or value.marked or args[0].marked:
        raise NotColumnarError("default")
    other, empty_too = args[0], kwargs.get("boolean", args[1] if len(args) == 2 else None)
    if empty_too is not None and not empty_too.is_constant:
        raise NotColumnarError("default")
    keep = true(value) if empty_too is not None and empty_too.constant else value.expr.is_not_null()
    names, size = value.names | other.names, value.size + other.size + 1
    if isinstance(value.dtype, pl.Null):
        return replace(other, names=names, size=size, is_constant=False)
    if value.dtype == other.dtype:
        expr = pl.when(keep).then(value.expr).otherwise(other.expr)
        return Typed(expr, value.dtype, names, size=size, shown_only=value.shown_only or other.shown_only)
    expr = pl.when(keep).then(as_text(value)).otherwise(as_text(other))
    return Typed(expr, pl.String(), names, size=size, shown_only=True)


def _in_polars(name: str, value: Typed, constants: Sequence[object], named: Mapping[str, object]) -> Typed | None:
    plain = not constants and not named
    more = value.size + 1
    if isinstance(value.dtype, pl.List):
        if name == "length" and plain:
            return Typed(value.expr.list.len().cast(pl.Int64), pl.Int64(), value.names, size=more)
        if name in ("first", "last") and plain:
            return reached(value, 0 if name == "first" else -1)
        if name == "join":
            return _joined(value, constants, named)
        raise NotColumnarError(f"{name} of a list")
    if isinstance(value.dtype, pl.Struct | pl.Null):
        raise NotColumnarError(f"{name} of a struct")
    if name == "length" and plain and value.is_text:
        return Typed(value.expr.str.len_chars().cast(pl.Int64), pl.Int64(), value.names, size=more)
    if name == "replace" and value.is_text and len(constants) == 2 and not named:
        old, new = constants
        if isinstance(old, str) and isinstance(new, str) and old:
            expr = value.expr.str.replace_all(old, new, literal=True)
            return Typed(expr, pl.String(), value.names, size=more)
    return None


def _joined(value: Typed, constants: Sequence[object], named: Mapping[str, object]) -> Typed:
    """The texts of a list, or of a member of its elements, that are not null."""
    separator = constants[0] if constants else ""
    attribute = named.get("attribute", constants[1] if len(constants) > 1 else None)
    inner, lists = getattr(value.dtype, "inner", None), value.expr
    if isinstance(attribute, str) and isinstance(inner, pl.Struct):
        member = {field.name: field.dtype for field in inner.fields}.get(attribute)
        inner, lists = member, lists.list.eval(pl.element().struct.field(attribute))
    elif attribute is not None:
        raise NotColumnarError("join of a member")
    if inner != pl.String() or not isinstance(separator, str) or named.keys() - {"attribute"}:
        raise NotColumnarError("join of no texts")
    return Typed(lists.list.join(separator, ignore_nulls=True), pl.String(), value.names, size=value.size + 2)


def _by_values(
    known: Filter, value: Typed, constants: Sequence[object], named: Mapping[str, object], find: Callable[[str], Typed]
) -> Typed:
    context = {column: _context(find, column) for column in known.context}
    if known.gives == "number":
        gives = value.dtype
    elif known.gives == "element":
        gives = pl.String()
    else:
        gives = _GIVES[known.gives]
    if known.gives == "number" and not value.is_number:
        raise NotColumnarError("a number of no number")
    there = {column: typed for column, typed in context.items() if typed is not None}
    names = value.names.union(*(typed.names for typed in there.values()))
    absent = dict.fromkeys(context.keys() - there.keys())

    def of_row(row: Mapping[str, Any]) -> object:
        others = {column: row[column] for column in there}
        return known.function(row["value"], *constants, **named, **others, **absent)

    apply = _each_distinct_row(of_row, tuple(there), gives)
    exprs = [value.expr, *(typed.expr for typed in there.values())]
    expr = one_for_all(pl.map_batches(exprs, apply, return_dtype=gives))
    return Typed(expr, gives, names, size=value.size + 2)


def _context(find: Callable[[str], Typed], column: str) -> Typed | None:
    try:
        typed = find(column)
    except NotColumnarError:
        return None
    if not isinstance(typed.dtype, pl.String):
        raise NotColumnarError(f"a {column} that is no text")
    return typed


def _each_distinct_row(
    function: Callable[[Mapping[str, Any]], object], others: Sequence[str], gives: pl.DataType
) -> Callable[[Sequence[pl.Series]], pl.Series]:
    """The function once for each distinct value with its context. A context that is one value for all costs nothing."""

    def apply(columns: Sequence[pl.Series]) -> pl.Series:
        values, *context = columns
        height = max(map(len, columns))
        if len(values) < height:  # a constant, which is one value however many rows its context has
            values = values.new_from_index(0, height)
        fixed: dict[str, Any] = {}
        varying: dict[str, pl.Series] = {}
        for name, series in zip(others, context, strict=True):
            if len(series) <= 1 or series.n_unique() <= 1:
                fixed[name] = series[0] if len(series) else None
            else:
                varying[name] = series
        if not varying:
            return each_distinct(lambda value: function({"value": value, **fixed}), gives)(values)
        rows = pl.DataFrame({"value": values, **varying})
        table = rows.unique()
        results = [_or_null(function, {**row, **fixed}) for row in table.iter_rows(named=True)]
        table = table.with_columns(result=pl.Series(results, dtype=gives))
        joined = rows.join(table, on=rows.columns, how="left", nulls_equal=True, maintain_order="left")
        return joined["result"].alias(values.name)

    return apply


def _or_null(function: Callable[[Mapping[str, Any]], object], row: Mapping[str, Any]) -> object:
    if row["value"] is None:
        return None
    try:
        return function(row)
    except Exception:
        return None
