"""Jinja's tree to the columnar way's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from jinja2 import nodes

from segcli.messages.columnar.expressions import Names, condition, expression
from segcli.messages.columnar.tree import Block, Choice, Constant, Loop, NotColumnarError, Part, Typed, Value
from segcli.messages.columnar.values import as_text, column, normal


def compiled(tree: nodes.Template, schema: Mapping[str, pl.DataType]) -> Block:
    """The template's parts for frames of the schema. Raises NotColumnarError where only Jinja can render it."""
    context: dict[str, Typed] = {}
    for name, dtype in schema.items():
        try:
            normal(dtype)
        except NotColumnarError:
            continue
        context[name] = column(name, dtype)
    compiler = _Compiler(Names([context]))
    return compiler.block(tree.body, settable=True)


@dataclass
class _Compiler:
    names: Names
    loops: int = 0
    outer: list[frozenset[str]] = field(default_factory=list)

    def block(self, body: Sequence[nodes.Node], settable: bool = False) -> Block:
        parts: list[Part] = []
        for node in body:
            match node:
                case nodes.Output():
                    parts.extend(self.output(child) for child in node.nodes)
                case nodes.If():
                    parts.append(self.choice(node))
                case nodes.For():
                    parts.append(self.loop(node))
                case nodes.Assign(target=nodes.Name() as target) if settable:
                    self.names.put(target.name, expression(node.node, self.names))
                case _:
                    raise NotColumnarError(type(node).__name__)
        return Block(tuple(parts))

    def output(self, node: nodes.Node) -> Part:
        if isinstance(node, nodes.TemplateData):
            return Constant(node.data)
        typed = expression(node, self.names)
        if isinstance(typed.dtype, (pl.List, pl.Struct)):
            raise NotColumnarError("a list as text")
        key = f"{self.names.version} {node!r}"
        return Value(key, as_text(typed), typed.marked, typed.names)

    def choice(self, node: nodes.If) -> Choice:
        branches = []
        for case in (node, *node.elif_):
            test = condition(case.test, self.names)
            branches.append((test.expr, self.block(case.body), test.names))
        otherwise = self.block(node.else_)
        return Choice(
            tuple((test, block) for test, block, _ in branches),
            otherwise,
            frozenset[str]().union(*(names for _, _, names in branches)),
        )

    def loop(self, node: nodes.For) -> Loop:
        items = expression(node.iter, self.names)
        if not isinstance(items.dtype, pl.List) or not isinstance(node.target, nodes.Name):
            raise NotColumnarError("a loop over no list")
        if node.test is not None or node.recursive:
            raise NotColumnarError("a loop with a condition")
        inner = items.dtype.inner
        if not isinstance(inner, pl.DataType):
            raise NotColumnarError("a list of an unknown kind")
        self.loops += 1
        item, place, count = (f"segcli {part} {self.loops}" for part in ("item", "place", "count"))
        at, of = (Typed(pl.col(name), pl.Int64(), frozenset((name,))) for name in (place, count))
        loop = {
            "index": (at.expr + 1, pl.Int64()), "index0": (at.expr, pl.Int64()), "length": (of.expr, pl.Int64()),
            "revindex": (of.expr - at.expr, pl.Int64()), "revindex0": (of.expr - at.expr - 1, pl.Int64()),
            "first": (at.expr == 0, pl.Boolean()), "last": (at.expr == of.expr - 1, pl.Boolean()),
        }  # fmt: skip
        members = {f"loop.{name}": Typed(expr, dtype, at.names | of.names) for name, (expr, dtype) in loop.items()}
        self.names.enter({node.target.name: column(item, inner), **members})
        body = self.block(node.body, settable=True)
        self.names.leave()
        otherwise = self.block(node.else_)
        reads = needed(body)
        return Loop(
            items.expr,
            items.names,
            item,
            place,
            count,
            needs=reads - {item, place, count},
            read=reads - {item},
            members=_members(node, item, inner),
            body=body,
            otherwise=otherwise,
        )


def _members(node: nodes.For, item: str, dtype: pl.DataType) -> tuple[pl.Expr, ...] | None:
    """The members of a loop's element that its body reads, or None if it reads it as a whole or not at all."""
    if not isinstance(dtype, pl.Struct) or not isinstance(node.target, nodes.Name):
        return None
    bodies = nodes.Template(node.body)
    names = [name for name in bodies.find_all(nodes.Name) if name.name == node.target.name]
    reached = [
        member.attr
        for member in bodies.find_all(nodes.Getattr)
        if isinstance(member.node, nodes.Name) and member.node.name == node.target.name
    ]
    if len(reached) != len(names) or any(True for _ in bodies.find_all(nodes.For)):
        return None
    known = [member.name for member in dtype.fields]
    wanted = [name for name in dict.fromkeys(reached) if name in known]
    return tuple(pl.col(item).struct.field(name).alias(f"{item} {name}") for name in wanted) or None


def needed(block: Block) -> frozenset[str]:
    """The columns that a block reads."""
    names: set[str] = set()
    for part in block.parts:
        match part:
            case Value():
                names |= part.names
            case Choice():
                names |= part.names | needed(part.otherwise)
                for _, inner in part.branches:
                    names |= needed(inner)
            case Loop():
                names |= part.names | part.needs | needed(part.otherwise)
    return frozenset(names)
