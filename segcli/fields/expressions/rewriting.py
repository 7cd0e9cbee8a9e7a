"""The tree of an expression -> the SQL that Polars gets, every part of it checked and typed on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import singledispatchmethod

import polars as pl

from segcli.fields.expressions import tree
from segcli.fields.expressions.aggregates import aggregate
from segcli.fields.expressions.arithmetic import calendar_refusal, combine
from segcli.fields.expressions.asking import EmptyTable
from segcli.fields.expressions.calls import called, fitting, scalar
from segcli.fields.expressions.comparisons import between, compared, like, member, truth
from segcli.fields.expressions.conversions import cast_sql, extracted
from segcli.fields.expressions.functions import Function
from segcli.fields.expressions.kinds import Typed, finite, widened
from segcli.fields.expressions.literals import literal
from segcli.fields.expressions.names import MOMENTS, moment, quoted, unknown_name
from segcli.fields.expressions.operands import alike, condition
from segcli.fields.expressions.tokens import ExpressionError

OPERATORS = {"mod": "%", "div": "//"}


class ToldError(Exception):
    """A part is wrong and the problem is on record: go on with its neighbours, then give up."""


class Rewriter:
    """Rewrites the parts of one expression; collects what is wrong and which columns are named."""

    def __init__(
        self,
        columns: Mapping[str, pl.DataType],
        what: str,
        as_of: dt.datetime,
        table: EmptyTable,
        *,
        aggregates: bool,
        filters: Collection[str] = (),
        others: Collection[str] = (),
    ) -> None:
        self.others = others  # names to offer besides the columns
        self.columns, self.what, self.as_of, self.table = columns, what, as_of, table
        self.aggregates, self.filters = aggregates, list(filters)
        self.errors: list[ExpressionError] = []
        self.warnings: list[ExpressionError] = []
        self.asked: list[tuple[str, int]] = []
        self.required: set[str] = set()
        self.optional: set[str] = set()
        self.leaves_streaming = False
        self.found_aggregate = False
        self._inside_aggregate = False
        self._covered = 0  # inside coalesce() or `is null`, where an absent column does no harm

    def value(self, node: tree.Node) -> Typed:
        """A part as a value; raises ToldError after recording what is wrong with it."""
        [typed] = self.values([node])
        return typed

    def values(self, nodes: Iterable[tree.Node]) -> list[Typed]:
        """Several parts, none of them a length in months; all their problems are recorded."""
        return self._each(nodes, lambda node: fixed(self.rewrite(node)))

    def conditions(self, nodes: Iterable[tree.Node]) -> list[Typed]:
        """Several parts, each of which has to be a condition; all their problems are recorded."""
        return self._each(nodes, lambda node: condition(fixed(self.rewrite(node))))

    def _each(self, nodes: Iterable[tree.Node], read: Callable[[tree.Node], Typed]) -> list[Typed]:
        typed, told = [], False
        for node in nodes:
            try:
                typed.append(read(node))
            except ExpressionError as error:
                self.errors.append(error)
                told = True
            except ToldError:
                told = True
        if told:
            raise ToldError
        return typed

    def _asked(self, sql: str, node: tree.Node) -> pl.DataType:
        self.asked.append((sql, node.start))
        return self.table.type_of(sql, node.start)

    @singledispatchmethod
    def rewrite(self, node: tree.Node) -> Typed:
        """One part; raises ExpressionError, or ToldError if a part below it was wrong."""
        raise TypeError(f"unknown part of an expression: {node!r}")

    @rewrite.register
    def _(self, node: tree.Name) -> Typed:
        if node.name in MOMENTS and not node.quoted:
            sql, dtype = moment(node.name, self.as_of)
            return Typed(sql, dtype, node)
        # A quoted name between ^ and $ is a pattern over all columns for Polars.
        pattern = node.name == "*" or (node.name.startswith("^") and node.name.endswith("$"))
        if node.name not in self.columns or pattern:
            raise unknown_name(node.name, node.start, {*self.columns, *self.others}, self.what, in_quotes=node.quoted)
        if self.aggregates and not self._inside_aggregate:
            raise ExpressionError(
                f"'{node.name}' stands outside of an aggregate",
                node.start,
                "Each customer has many rows: write max(x), sum(x) ...",
            )
        (self.optional if self._covered else self.required).add(node.name)
        sql, dtype = widened(quoted(node.name), self.columns[node.name])
        return Typed(sql, dtype, node)

    @rewrite.register
    def _(self, node: tree.Constant) -> Typed:
        return literal(node)

    @rewrite.register
    def _(self, node: tree.Negative) -> Typed:
        value = self.value(node.operand)
        if value.kind != "number":
            raise ExpressionError(f"a minus stands before a number, and this is {value.spoken}", node.start)
        return Typed(f"-{value.operand}", self._asked(f"-{value.operand}", node), node, "test", finite=value.finite)

    @rewrite.register
    def _(self, node: tree.Not) -> Typed:
        [value] = self.conditions([node.operand])
        return Typed(f"not {value.operand}", pl.Boolean(), node, "test")

    @rewrite.register
    def _(self, node: tree.Logical) -> Typed:
        operands = self.conditions(node.operands)
        sql = f" {node.operator} ".join(operand.operand for operand in operands)
        return Typed(sql, pl.Boolean(), node, node.operator)

    @rewrite.register
    def _(self, node: tree.Arithmetic) -> Typed:
        left, right = self._each([node.left, node.right], self.rewrite)
        combined = combine(node, left, right, self.table)
        self.asked.append((combined.sql, node.start))
        return combined

    @rewrite.register
    def _(self, node: tree.Comparison) -> Typed:
        left, right = self.values([node.left, node.right])
        sql = compared(node, left, right, self.warnings)
        return Typed(sql, pl.Boolean(), node, "test")

    @rewrite.register
    def _(self, node: tree.Between) -> Typed:
        subject, low, high = self.values([node.subject, node.low, node.high])
        sql = between(node, subject, low, high, self.warnings)
        return Typed(sql, pl.Boolean(), node, "test")

    @rewrite.register
    def _(self, node: tree.Membership) -> Typed:
        sql = member(node, self.values([node.subject, *node.items]), self.warnings)
        return Typed(sql, pl.Boolean(), node, "test")

    @rewrite.register
    def _(self, node: tree.Like) -> Typed:
        subject, pattern = self.values([node.subject, node.pattern])
        return Typed(like(node, subject, pattern), pl.Boolean(), node, "test")

    @rewrite.register
    def _(self, node: tree.Is) -> Typed:
        if node.what != "null":
            [value] = self.conditions([node.subject])
            return Typed(truth(node, value), pl.Boolean(), node, "test")
        self._covered += 1
        try:
            value = self.value(node.subject)
        finally:
            self._covered -= 1
        return Typed(f"{value.operand} is {'not ' if node.negated else ''}null", pl.Boolean(), node, "test")

    @rewrite.register
    def _(self, node: tree.Case) -> Typed:
        choices = [then for _, then in node.branches] + ([node.otherwise] if node.otherwise else [])
        if node.subject is None:
            whens = [when.sql for when in self.conditions(when for when, _ in node.branches)]
        else:
            told = self.warnings
            subject, *values = self.values([node.subject, *(when for when, _ in node.branches)])
            whens = [
                compared(tree.Comparison(node.start, "=", node.subject, value.node), subject, value, told)
                for value in values
            ]
        thens = alike(self.values(choices))
        parts = [f"when {when} then {then.sql}" for when, then in zip(whens, thens, strict=False)]
        if node.otherwise:
            parts.append(f"else {thens[-1].sql}")
        return self._result(f"case {' '.join(parts)} end", node, thens)

    @rewrite.register
    def _(self, node: tree.Cast) -> Typed:
        value = self.value(node.operand)
        sql, is_finite = cast_sql(node, value)
        return Typed(sql, self._asked(sql, node), node, finite=is_finite)

    @rewrite.register
    def _(self, node: tree.Extract) -> Typed:
        return self._result(extracted(node, self.value(node.operand)), node, [])

    @rewrite.register
    def _(self, node: tree.Call) -> Typed:
        function = called(node)
        if function.aggregate:
            return self._aggregate(node, function)
        self._covered += function.covers_absent
        try:
            arguments = fitting(function, self.values(node.arguments))
        finally:
            self._covered -= function.covers_absent
        if function.name in OPERATORS:
            left, right = arguments
            operation = tree.Arithmetic(node.start, OPERATORS[function.name], left.node, right.node)
            return combine(operation, left, right, self.table)
        typed = self._result(scalar(node, function, arguments), node, arguments)
        if function.overflows and typed.dtype.is_float():
            return Typed(finite(typed.sql), typed.dtype, node)
        return typed

    def _aggregate(self, node: tree.Call, function: Function) -> Typed:
        if not self.aggregates:
            raise ExpressionError(
                f"{node.function}() is over many rows, and this sees one at a time",
                node.start,
                "Make it a field of its own: `from` for rows of a customer, `across` for all customers.",
            )
        if self._inside_aggregate:
            raise ExpressionError(
                f"{node.function}() stands inside another aggregate",
                node.start,
                "Make one of them a field of its own.",
            )
        self.found_aggregate, self._inside_aggregate = True, True
        try:
            arguments = self.values(node.arguments)
            own = [value.sql for value in self.conditions([node.condition] if node.condition else [])]
        finally:
            self._inside_aggregate = False
        self.leaves_streaming |= not function.streaming
        return self._result(aggregate(node, function, arguments, [*own, *self.filters]), node, [])

    def _result(self, sql: str, node: tree.Node, parts: Sequence[Typed]) -> Typed:
        """A part of which Polars knows the type, made wide."""
        sql, dtype = widened(sql, self._asked(sql, node))
        return Typed(sql, dtype, node, finite=all(part.finite for part in parts))


def fixed(value: Typed) -> Typed:
    """The value unless it is a length in months, which only a time can be moved by."""
    if value.calendar:
        raise calendar_refusal(value)
    return value
