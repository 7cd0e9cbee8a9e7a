"""The tree of an expression -> the SQL that Polars gets, every part of it checked and typed on the way."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import singledispatchmethod

import polars as pl

from segcli.fields.expressions import tree
from segcli.fields.expressions.aggregates import aggregate
from segcli.fields.expressions.arithmetic import calendar_refusal, combine
from segcli.fields.expressions.asking import EmptyTable
from segcli.fields.expressions.comparisons import between, compared, like, member, truth
from segcli.fields.expressions.conversions import cast_sql, extracted, time_part
from segcli.fields.expressions.functions import Function, vocabulary
from segcli.fields.expressions.kinds import Typed, finite, time_literal, widened
from segcli.fields.expressions.names import MOMENTS, moment, quoted, unknown_name
from segcli.fields.expressions.operands import alike, condition, of_kind
from segcli.fields.expressions.tokens import ExpressionError

INTERVAL_TEXT = re.compile(r"(\d+ ?(second|minute|hour|day|week|month|quarter|year)s? ?)+")
LARGEST_WHOLE = 2**63 - 1


class AlreadyTold(Exception):
    """A part is wrong, and the problem is on record: go on with its neighbours, then give up."""


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
        """A part as a value; raises AlreadyTold after recording what is wrong with it."""
        [typed] = self.values([node])
        if typed.calendar:
            self._tell(calendar_refusal(typed))
        return typed

    def values(self, nodes: Iterable[tree.Node]) -> list[Typed]:
        """Several parts; all their problems are recorded before AlreadyTold is raised."""
        typed, told = [], False
        for node in nodes:
            try:
                typed.append(self.rewrite(node))
            except ExpressionError as error:
                self.errors.append(error)
                told = True
            except AlreadyTold:
                told = True
        if told:
            raise AlreadyTold
        return typed

    def conditions(self, nodes: Iterable[tree.Node]) -> list[Typed]:
        """Several parts, each of which has to be a condition."""
        typed, told = [], False
        for node in nodes:
            try:
                typed.append(condition(self.value(node)))
            except ExpressionError as error:
                self.errors.append(error)
                told = True
            except AlreadyTold:
                told = True
        if told:
            raise AlreadyTold
        return typed

    def _tell(self, error: ExpressionError) -> None:
        self.errors.append(error)
        raise AlreadyTold

    def _fixed(self, nodes: Iterable[tree.Node]) -> list[Typed]:
        """Several parts, none of them a length in months."""
        typed = self.values(nodes)
        for value in typed:
            if value.calendar:
                raise calendar_refusal(value)
        return typed

    def _asked(self, sql: str, node: tree.Node) -> pl.DataType:
        self.asked.append((sql, node.start))
        return self.table.type_of(sql, node.start)

    @singledispatchmethod
    def rewrite(self, node: tree.Node) -> Typed:
        """One part; raises ExpressionError, or AlreadyTold if a part below it was wrong."""
        raise TypeError(f"unknown part of an expression: {node!r}")

    @rewrite.register
    def _(self, node: tree.Name) -> Typed:
        if node.name in MOMENTS and not node.quoted:
            sql, dtype = moment(node.name, self.as_of)
            return Typed(sql, dtype, node)
        # A quoted name between ^ and $ is a pattern over all columns for Polars.
        pattern = node.name == "*" or (node.name.startswith("^") and node.name.endswith("$"))
        if node.name not in self.columns or pattern:
            raise unknown_name(
                node.name, node.start, {*self.columns, *self.others}, self.what, in_quotes=node.quoted
            )
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
            case _:
                sql, dtype = time_literal(node.value, node.start)
                if node.kind == "timestamp" and dtype == pl.Date:
                    sql, dtype = f"timestamp '{node.value} 00:00:00'", pl.Datetime("us")
                return Typed(sql, dtype, node)

    @rewrite.register
    def _(self, node: tree.Negative) -> Typed:
        value = self.value(node.operand)
        if value.kind != "number":
            raise ExpressionError(f"a minus stands before a number, and this is {value.spoken}", node.start)
        return Typed(
            f"-{value.operand}", self._asked(f"-{value.operand}", node), node, "test", finite=value.finite
        )

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
        left, right = self.values([node.left, node.right])
        combined = combine(node, left, right, self.table)
        self.asked.append((combined.sql, node.start))
        return combined

    @rewrite.register
    def _(self, node: tree.Comparison) -> Typed:
        sql = compared(node, *self._fixed([node.left, node.right]), self.warnings)
        return Typed(sql, pl.Boolean(), node, "test")

    @rewrite.register
    def _(self, node: tree.Between) -> Typed:
        sql = between(node, *self._fixed([node.subject, node.low, node.high]), self.warnings)
        return Typed(sql, pl.Boolean(), node, "test")

    @rewrite.register
    def _(self, node: tree.Membership) -> Typed:
        sql = member(node, self._fixed([node.subject, *node.items]), self.warnings)
        return Typed(sql, pl.Boolean(), node, "test")

    @rewrite.register
    def _(self, node: tree.Like) -> Typed:
        return Typed(like(node, *self.values([node.subject, node.pattern])), pl.Boolean(), node, "test")

    @rewrite.register
    def _(self, node: tree.Is) -> Typed:
        if node.what != "null":
            [value] = self.conditions([node.subject])
            return Typed(truth(node, value), pl.Boolean(), node, "test")
        [value] = self._covering(lambda: self._fixed([node.subject]))
        return Typed(f"{value.operand} is {'not ' if node.negated else ''}null", pl.Boolean(), node, "test")

    def _covering(self, read: Callable[[], list[Typed]]) -> list[Typed]:
        self._covered += 1
        try:
            return read()
        finally:
            self._covered -= 1

    @rewrite.register
    def _(self, node: tree.Case) -> Typed:
        choices = [then for _, then in node.branches] + ([node.otherwise] if node.otherwise else [])
        if node.subject is None:
            whens = [when.sql for when in self.conditions(when for when, _ in node.branches)]
        else:
            subject, *values = self._fixed([node.subject, *(when for when, _ in node.branches)])
            whens = [
                compared(
                    tree.Comparison(node.start, "=", node.subject, value.node), subject, value, self.warnings
                )
                for value in values
            ]
        thens = alike(self._fixed(choices))
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
        words = vocabulary()
        function = words.functions.get(node.function)
        if function is None:
            raise ExpressionError(
                *[words.refusal(node.function)[0], node.start, words.refusal(node.function)[1]]
            )
        check_call(node, function)
        if function.aggregate:
            return self._aggregate(node, function)
        arguments = (
            self._covering(lambda: self._fixed(node.arguments))
            if function.covers_absent
            else self._fixed(node.arguments)
        )
        arguments = fitting(function, arguments)
        if function.name in ("date_part", "date_trunc"):
            return self._result(time_part(node, arguments), node, [])
        arguments = [
            replace(argument, sql=written_out(argument)) if position in function.literal else argument
            for position, argument in enumerate(arguments, 1)
        ]
        template = (
            function.sql or f"{function.polars_name}({', '.join(f'{{{n}}}' for n in range(len(arguments)))})"
        )
        operands = [value.operand if function.sql else value.sql for value in arguments]
        sql = template.format(*operands)
        if function.name in ("mod", "div"):
            operator = "%" if function.name == "mod" else "//"
            return combine(tree.Arithmetic(node.start, operator, *node.arguments), *arguments, self.table)
        typed = self._result(sql, node, arguments)
        if function.overflows and typed.dtype.is_float():
            return Typed(finite(typed.sql), typed.dtype, node)
        return typed

    def _aggregate(self, node: tree.Call, function: Function) -> Typed:
        if not self.aggregates:
            raise ExpressionError(
                f"{node.function}() is over many rows, and here is one {'row' if 'column' in self.what else 'customer'}",
                node.start,
                "Make it a field of its own, with `from` for a customer's rows or `across` for all customers.",
            )
        if self._inside_aggregate:
            raise ExpressionError(
                f"{node.function}() stands inside another aggregate",
                node.start,
                "Make one of them a field of its own.",
            )
        self.found_aggregate, self._inside_aggregate = True, True
        try:
            arguments = [
                Typed(finite(value.sql), value.dtype, value.node) if not value.finite else value
                for value in self._fixed(node.arguments)
            ]
            arguments[1:] = [replace(argument, sql=written_out(argument)) for argument in arguments[1:]]
            own = [value.sql for value in self.conditions([node.condition] if node.condition else [])]
        finally:
            self._inside_aggregate = False
        self.leaves_streaming |= not function.streaming
        sql = aggregate(node, function, arguments, [*own, *self.filters])
        return self._result(sql, node, [])

    def _result(self, sql: str, node: tree.Node, parts: list[Typed]) -> Typed:
        """A part of which Polars knows the type, made wide."""
        asked = self._asked(sql, node)
        sql, dtype = widened(sql, asked)
        return Typed(sql, dtype, node, finite=all(part.finite for part in parts))
