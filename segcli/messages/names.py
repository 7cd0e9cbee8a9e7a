"""The names of a template: which exist where, what kind each is, and how a reason calls what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from jinja2 import nodes

from segcli.messages.filters import FILTERS

DEFAULTS = ("default", "d")
_NUMBERS = ("index", "index0", "revindex", "revindex0", "length", "depth", "depth0")
LOOP = pl.Struct({**dict.fromkeys(_NUMBERS, pl.Int64()), "first": pl.Boolean(), "last": pl.Boolean()})
_GIVES: Mapping[str, pl.DataType] = {"text": pl.String(), "integer": pl.Int64()}


@dataclass(frozen=True)
class Known:
    """A name: what it stands for, as a reason calls it, and its kind, or None where that is not known."""

    path: str
    dtype: pl.DataType | None = None


class Scopes:
    """The names that are known at one place of a template, the innermost scope last."""

    def __init__(self, schema: Mapping[str, pl.DataType] | None = None) -> None:
        self.levels = [{name: Known(name, dtype) for name, dtype in (schema or {}).items()}]

    def find(self, name: str) -> Known | None:
        return next((level[name] for level in reversed(self.levels) if name in level), None)

    @property
    def names(self) -> list[str]:
        return [name for level in self.levels for name in level]

    def put(self, target: nodes.Node, known: Known) -> None:
        """Gives a name to something; of several names at once (`a, b`) nothing is known but that they are there."""
        if isinstance(target, nodes.Name):
            self.levels[-1][target.name] = known
        elif isinstance(target, nodes.Tuple):
            for name in target.find_all(nodes.Name):
                self.put(name, Known(name.name))

    def enter(self) -> None:
        self.levels.append({})

    def enter_loop(self, node: nodes.For) -> None:
        dtype = dtype_of(node.iter, self)
        element = dtype.inner if isinstance(dtype, pl.List) else None
        known = Known(path_of(node.iter, self) or "a value", element if isinstance(element, pl.DataType) else None)
        self.enter()
        self.put(node.target, known)
        self.levels[-1]["loop"] = Known("loop", LOOP)

    def leave(self) -> None:
        self.levels.pop()


def path_of(node: nodes.Node, scopes: Scopes) -> str | None:
    """`products[0].name` for a name and what is reached through it; a loop's element is called by its list."""
    if isinstance(node, nodes.Name):
        known = scopes.find(node.name)
        return known.path if known else node.name
    if isinstance(node, nodes.Getattr):
        inner = path_of(node.node, scopes)
        return inner and f"{inner}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        inner = path_of(node.node, scopes)
        if inner is None or not isinstance(node.arg, nodes.Const):
            return inner
        return f"{inner}.{node.arg.value}" if isinstance(node.arg.value, str) else f"{inner}[{node.arg.value}]"
    if isinstance(node, nodes.Filter) and node.name not in DEFAULTS and node.node is not None:
        return path_of(node.node, scopes)
    return None


def paths_that_may_miss(node: nodes.Node, scopes: Scopes) -> list[str]:
    """What an output needs: it fails where one of them is null."""
    if isinstance(node, nodes.Filter) and node.name in DEFAULTS:
        parts: list[nodes.Node] = list(node.args[:1])
    elif isinstance(node, nodes.Filter):
        parts = [node.node] if node.node is not None else []
    elif isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
        path = path_of(node, scopes)
        return [path] if path else []
    elif isinstance(node, nodes.CondExpr):
        parts = [node.expr1, *([node.expr2] if node.expr2 is not None else [])]
    elif isinstance(node, (nodes.BinExpr, nodes.Concat, nodes.Neg, nodes.Pos)):
        parts = list(node.iter_child_nodes())
    else:
        parts = []
    return list(dict.fromkeys(path for part in parts for path in paths_that_may_miss(part, scopes)))


def missing_reason(node: nodes.Node, scopes: Scopes) -> str:
    """Why an output cannot be shown when it is null."""
    return f"{' or '.join(paths_that_may_miss(node, scopes)) or 'a value'} is missing"


def dtype_of(node: nodes.Node, scopes: Scopes) -> pl.DataType | None:
    """The kind of an expression as far as it shows without data."""
    if isinstance(node, nodes.Name):
        known = scopes.find(node.name)
        return known.dtype if known else None
    if isinstance(node, nodes.Getattr):
        return _member(dtype_of(node.node, scopes), node.attr)
    if isinstance(node, nodes.Getitem):
        inner = dtype_of(node.node, scopes)
        if isinstance(node.arg, nodes.Slice):
            return inner
        if isinstance(inner, pl.List):
            return _plain(inner.inner)
        return _member(inner, node.arg.value) if isinstance(node.arg, nodes.Const) else None
    if isinstance(node, nodes.Filter) and node.node is not None:
        if node.name in DEFAULTS:
            return dtype_of(node.node, scopes)
        known_filter = FILTERS.get(node.name)
        inner = dtype_of(node.node, scopes)
        if known_filter is not None and known_filter.gives == "element" and isinstance(inner, pl.List):
            return _plain(inner.inner)
        return _GIVES.get(known_filter.gives) if known_filter else None
    return None


def _member(dtype: pl.DataType | None, name: object) -> pl.DataType | None:
    if not isinstance(dtype, pl.Struct):
        return None
    return next((_plain(field.dtype) for field in dtype.fields if field.name == name), None)


def _plain(dtype: object) -> pl.DataType | None:
    return dtype if isinstance(dtype, pl.DataType) else None
