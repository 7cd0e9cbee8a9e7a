"""What kind of value an expression of a template has, as far as it shows without data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import polars as pl
from jinja2 import nodes

from segcli.messages.filters import FILTERS

if TYPE_CHECKING:
    from segcli.messages.names import Scopes

Kind = Literal["text", "number", "truth", "date", "time", "list", "group"]
WORDS: Mapping[Kind, str] = {
    "text": "text", "number": "a number", "truth": "true or false", "date": "a date", "time": "a date and time",
    "list": "a list", "group": "several values",
}  # fmt: skip
DEFAULTS = ("default", "d")
_GIVES: Mapping[str, pl.DataType] = {"text": pl.String(), "integer": pl.Int64()}
_CONSTANTS: Mapping[type, pl.DataType] = {
    str: pl.String(), bool: pl.Boolean(), int: pl.Int64(), float: pl.Float64()
}  # fmt: skip
_TRUTHS = (nodes.Compare, nodes.Not, nodes.Test)


def kind_of(dtype: pl.DataType | None) -> Kind | None:
    """The kind of a type; None for what is not known, and for what is null for everybody."""
    match dtype:
        case pl.String() | pl.Categorical() | pl.Enum():
            return "text"
        case pl.Boolean():
            return "truth"
        case pl.Date():
            return "date"
        case pl.Datetime():
            return "time"
        case pl.List():
            return "list"
        case pl.Struct():
            return "group"
    return "number" if dtype is not None and dtype.is_numeric() else None


def alternatives(node: nodes.Node, scopes: Scopes) -> list[tuple[nodes.Node, pl.DataType | None]]:
    """What an expression may be, each with its type if it is known: of `x | default('none')` x, and the text."""
    parts: list[nodes.Node | None] = []
    match node:
        case nodes.Filter() if node.name in DEFAULTS:
            parts = [node.node, *node.args[:1]]
        case nodes.CondExpr():
            parts = [node.expr1, node.expr2]
        case nodes.And() | nodes.Or():
            parts = [node.left, node.right]
        case _:
            return [(node, dtype_of(node, scopes))]
    return [each for part in parts if part is not None for each in alternatives(part, scopes)]


def dtype_of(node: nodes.Node, scopes: Scopes) -> pl.DataType | None:
    """The type of an expression, None where it does not show or may be of several kinds."""
    match node:
        case nodes.Name():
            known = scopes.find(node.name)
            return known.dtype if known else None
        case nodes.Const():
            return _CONSTANTS.get(type(node.value))
        case nodes.Getattr():
            return member(dtype_of(node.node, scopes), node.attr)
        case nodes.Getitem():
            return _item(node, scopes)
        case nodes.Filter() if node.node is not None:
            return _filtered(node, node.node, scopes)
        case nodes.CondExpr() | nodes.And() | nodes.Or():
            return _common(node, scopes)
        case nodes.Concat() | nodes.TemplateData():
            return pl.String()
        case nodes.List() | nodes.Tuple():
            return pl.List(pl.Null())
        case nodes.BinExpr():
            return _sum(node, scopes)
        case nodes.Call(node=nodes.Name(name="range")):
            return pl.List(pl.Int64())
    return pl.Boolean() if isinstance(node, _TRUTHS) else None


def member(dtype: pl.DataType | None, name: object) -> pl.DataType | None:
    """The type of a member of several values; None where it has none of that name."""
    if not isinstance(dtype, pl.Struct):
        return None
    return next((_plain(field.dtype) for field in dtype.fields if field.name == name), None)


def _item(node: nodes.Getitem, scopes: Scopes) -> pl.DataType | None:
    inner = dtype_of(node.node, scopes)
    if isinstance(node.arg, nodes.Slice):
        return inner
    if isinstance(inner, pl.List):
        return element_of(inner)
    return member(inner, node.arg.value) if isinstance(node.arg, nodes.Const) else None


def _filtered(node: nodes.Filter, value: nodes.Node, scopes: Scopes) -> pl.DataType | None:
    if node.name in DEFAULTS:
        return _common(node, scopes)
    known, inner = FILTERS.get(node.name), dtype_of(value, scopes)
    if known is None:
        return pl.String() if node.name in ("escape", "e") else None
    if known.gives == "element":
        return inner if isinstance(inner, pl.String) else element_of(inner)
    return inner if known.gives == "number" else _GIVES.get(known.gives)


def _sum(node: nodes.BinExpr, scopes: Scopes) -> pl.DataType | None:
    sides = [dtype_of(side, scopes) for side in (node.left, node.right)]
    kinds = {kind_of(side) for side in sides}
    if kinds == {"text"} and isinstance(node, nodes.Add):
        return pl.String()
    whole = all(side is not None and side.is_integer() for side in sides) and not isinstance(node, nodes.Div)
    return (pl.Int64() if whole else pl.Float64()) if kinds == {"number"} else None


def _common(node: nodes.Node, scopes: Scopes) -> pl.DataType | None:
    """The type of all that an expression may be, if they are of one kind."""
    dtypes = [dtype for _, dtype in alternatives(node, scopes)]
    return dtypes[0] if dtypes and len({kind_of(dtype) for dtype in dtypes}) == 1 else None


def element_of(dtype: pl.DataType | None) -> pl.DataType | None:
    """The type of a list's elements."""
    return _plain(dtype.inner) if isinstance(dtype, pl.List) else None


def _plain(dtype: object) -> pl.DataType | None:
    return dtype if isinstance(dtype, pl.DataType) and not isinstance(dtype, pl.Null) else None
