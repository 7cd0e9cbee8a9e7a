"""The names of a template: which exist where, what kind each is, and how a reason calls what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl
from jinja2 import nodes

from segcli.messages.kinds import DEFAULTS, dtype_of, element_of

_NUMBERS = ("index", "index0", "revindex", "revindex0", "length", "depth", "depth0")
LOOP_CALLS = ("cycle", "changed")  # what a loop can be asked: `loop.cycle('odd', 'even')`
LOOP = pl.Struct({**dict.fromkeys(_NUMBERS, pl.Int64()), "first": pl.Boolean(), "last": pl.Boolean()})


@dataclass(frozen=True)
class Known:
    """A name: what it stands for, as a reason calls it, and its kind, or None where that is not known."""

    path: str
    dtype: pl.DataType | None = None


class Scopes:
    """The names that are known at one place of a template, the innermost scope last."""

    def __init__(self, schema: Mapping[str, pl.DataType] | None = None) -> None:
        self.schema = schema or {}
        self.levels: list[dict[str, Known]] = [{}]

    def find(self, name: str) -> Known | None:
        known = next((level[name] for level in reversed(self.levels) if name in level), None)
        if known is None and name in self.schema:
            dtype = self.schema[name]
            # What is null for everybody may be of any kind once there is a file that has it.
            return Known(name, None if dtype == pl.Null else dtype)
        return known

    @property
    def names(self) -> list[str]:
        return [*self.schema, *(name for level in self.levels for name in level)]

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
        known = Known(path_of(node.iter, self) or "a value", element_of(dtype))
        self.enter()
        self.put(node.target, known)
        self.levels[-1]["loop"] = Known("loop", LOOP)

    def leave(self) -> None:
        self.levels.pop()

    def swap(self, level: Mapping[str, Known]) -> dict[str, Known]:
        """Goes on with other names on the innermost level; returns those that it had."""
        had, self.levels[-1] = self.levels[-1], dict(level)
        return had

    def merge(self, ways: Iterable[Mapping[str, Known]]) -> None:
        """Adds what other ways to this place know; what they give another kind is of no known kind."""
        here = self.levels[-1]
        for way in ways:
            for name, known in way.items():
                other = here.setdefault(name, known)
                if other.dtype != known.dtype:
                    here[name] = Known(known.path)


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
