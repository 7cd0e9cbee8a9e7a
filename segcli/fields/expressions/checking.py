"""One expression of a recipe, checked against what it may name, and ready for Polars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from segcli.fields.expressions.asking import EmptyTable
from segcli.fields.expressions.complexity import check_weight
from segcli.fields.expressions.kinds import Typed, normalise, timestamp
from segcli.fields.expressions.names import names_in, quoted
from segcli.fields.expressions.operands import condition
from segcli.fields.expressions.parsing import parse
from segcli.fields.expressions.rewriting import Rewriter, ToldError
from segcli.fields.expressions.tokens import ExpressionError
from segcli.problems import Problem, Problems
from segcli.project.models import Expression

Wanted = Literal["any", "condition", "number"]


@dataclass(frozen=True)
class Scope:
    """What an expression may name and do.

    With `aggregates` it has to be an aggregate over rows with these columns; without, it sees one row.
    """

    columns: Mapping[str, pl.DataType]
    what: str  # what a name has to be, for messages: "a column of events", "a field"
    as_of: dt.datetime
    aggregates: bool = False
    others: frozenset[str] = frozenset()  # names that exist elsewhere, to offer the nearest


@dataclass(frozen=True)
class CheckedExpression:
    """An expression as Polars may have it: `SELECT <sql> AS "x" FROM self`.

    `optional` are the columns named only inside coalesce(), ifnull() or `is null`: if one of them is absent,
    the rest still says something. `names` holds every column that the SQL needs, those of its filters too.
    """

    sql: str
    dtype: pl.DataType
    names: frozenset[str]
    optional: frozenset[str]
    leaves_streaming: bool


def check_expression(
    expression: Expression,
    scope: Scope,
    problems: Problems,
    key: str,
    *,
    wants: Wanted = "any",
    where: CheckedExpression | None = None,
    within_column: str | None = None,
    within: dt.timedelta | None = None,
) -> CheckedExpression | None:
    """The expression rewritten and typed, or None after everything wrong with it went to `problems`.

    `where` and `within` (rows later than `as_of - within` by `within_column`) become a filter behind every
    aggregate of it. The type is one of the house types, or a list of them.
    """
    needed = names_in(expression) | (where.names if where else frozenset()) | {within_column or ""}
    table = EmptyTable({name: scope.columns[name] for name in needed if name in scope.columns})
    rewriter = Rewriter(
        scope.columns, scope.what, scope.as_of, table,
        aggregates=scope.aggregates, others=scope.others,
        filters=filters_of(scope, where, within_column, within),
    )  # fmt: skip
    try:
        tree = parse(expression.text)
        check_weight(tree)
        value = wanted(rewriter.value(tree), wants, rewriter)
        sql, dtype = normalise(value.sql, value.dtype, is_finite=value.finite)
        result = evaluated(sql, rewriter, table)
        if result != dtype:
            sql, dtype = normalise(sql, result)
    except ExpressionError as error:
        rewriter.errors.append(error)
    except ToldError:
        pass
    report(rewriter.errors, "error", expression, key, problems)
    report(rewriter.warnings, "warning", expression, key, problems)
    if rewriter.errors:
        return None
    filters = frozenset({within_column} if within_column and within else ())
    names = rewriter.required | rewriter.optional | filters | (where.names if where else frozenset())
    required = rewriter.required | filters | (where.names - where.optional if where else frozenset())
    return CheckedExpression(sql, dtype, frozenset(names), frozenset(names - required), rewriter.leaves_streaming)


def filters_of(
    scope: Scope, where: CheckedExpression | None, within_column: str | None, within: dt.timedelta | None
) -> list[str]:
    """What goes behind every aggregate."""
    filters = [where.sql] if where else []
    if within_column and within:
        filters.append(f"{quoted(within_column)} > {timestamp(scope.as_of - within)}")
    return filters


def wanted(value: Typed, wants: Wanted, rewriter: Rewriter) -> Typed:
    """The value if it is what is wanted here; raises ExpressionError otherwise."""
    if rewriter.aggregates and not rewriter.found_aggregate:
        raise ExpressionError("this is no aggregate", 0, "Write count(*), sum(x), max(x) ...")
    if wants == "condition":
        return condition(value)
    if value.kind == "null":
        raise ExpressionError("this is null for everybody", 0)
    if value.kind == "length":
        raise ExpressionError("a length of time is no value of a field", 0, "x / interval '1 day' is a number of days.")
    if wants == "number" and value.kind != "number":
        raise ExpressionError(f"a number is needed here, and this is {value.spoken}", 0)
    return value


def evaluated(sql: str, rewriter: Rewriter, table: EmptyTable) -> pl.DataType:
    """The type after evaluating over no rows; raises ExpressionError at the smallest part that fails."""
    try:
        return table.result_type(sql, 0)
    except ExpressionError:
        for part, start in rewriter.asked:
            table.result_type(part, start)
        raise


def report(
    errors: list[ExpressionError], severity: Literal["error", "warning"], expression: Expression, key: str,
    problems: Problems,
) -> None:  # fmt: skip
    """Problems with their place in the file; in text of several lines only its beginning is known."""
    place = expression.place
    for error in errors:
        moved = place.moved(error.start) if place and "\n" not in expression.text else place
        message = error.message.rstrip(".") + "."
        problems.found.append(Problem(message, moved, key, error.hint, severity))
