"""What holds for every expression: nothing crashes, arithmetic is exact, the order of rows does not matter."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segcli.fields.expressions import Scope, check_expression
from segcli.fields.expressions.functions import vocabulary
from segcli.fields.expressions.parsing import parse
from segcli.fields.expressions.tokens import ExpressionError
from segcli.problems import Place, Problems
from segcli.project.models import Expression
from tests.fields.expressions.inline_rows import (
    AGGREGATE_SCOPE,
    AS_OF,
    COLUMNS,
    ROW_SCOPE,
    ROWS,
    checked,
)

SYMBOLS = ["(", "(", ")", ")", ",", "+", "-", "*", "/", "%", "||", "=", "<", ">=", "<>", "::"]
WORDS = ["and", "or", "not", "is", "null", "in", "between", "like", "case", "when", "then", "else", "end", "true"]
LITERALS = ["'a%'", "'2026-01-31'", "interval '3 days'", "5", "0.5", "as_of", "today"]
CLAUSES = ["distinct", "filter", "where", "cast", "as", "bigint", "select", "over"]
PIECES = st.sampled_from([*COLUMNS, *vocabulary().functions, *SYMBOLS, *WORDS, *LITERALS, *CLAUSES])
VALUES = st.sampled_from([*COLUMNS, *LITERALS, "null", "true"])
WELL_FORMED = st.recursive(
    VALUES,
    lambda inner: (
        st.builds("{} {} {}".format, inner, st.sampled_from([*SYMBOLS[5:-1], "and", "or", "in"]), inner)
        | st.builds("{}({})".format, st.sampled_from([*vocabulary().functions]), inner)
        | st.builds("{}({}, {})".format, st.sampled_from([*vocabulary().functions]), inner, inner)
        | st.builds("case when {} then {} else {} end".format, inner, inner, inner)
        | st.builds(
            "cast({} as {})".format, inner, st.sampled_from(["bigint", "double", "text", "date", "decimal(18,2)"])
        )
        | st.builds("{} {} {} and {}".format, inner, st.sampled_from(["between", "not between"]), inner, inner)
        | st.builds("({})".format, inner)
        | st.builds("{} in ({}, {})".format, inner, inner, inner)
        | st.builds("not {} is {}".format, inner, st.sampled_from(["null", "not true"]))
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60) | st.lists(PIECES, max_size=12).map(" ".join) | WELL_FORMED, st.booleans())
def test_any_text_gives_an_expression_or_problems_in_it(text: str, aggregates: bool) -> None:
    problems = Problems()
    scope = AGGREGATE_SCOPE if aggregates else ROW_SCOPE
    found = check_expression(Expression(text, Place("r.yaml", 1, 1)), scope, problems, "k")
    assert (found is None) == bool(problems.errors)
    for problem in problems:
        assert problem.place is not None
        assert problem.place.column is not None
        assert 1 <= problem.place.column <= len(text) + 1
    if found is not None:
        group = ' group by "end"' if aggregates else ""
        assert ROWS.sql(f'select {found.sql} as "x" from self{group}').collect().schema["x"] == found.dtype


NUMBERS = (
    st.integers(-999, 999).map(str) | st.decimals(-99, 99, places=2).map(str) | st.sampled_from(["a", "b", "money"])
)
ARITHMETIC = st.recursive(
    NUMBERS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner)
        | st.builds("{} {} {}".format, inner, st.sampled_from("+-*/"), inner)
        | inner.map("- {}".format)
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(ARITHMETIC, st.integers(-999, 999), st.integers(-999, 999), st.decimals(0, 9999, places=2))
def test_arithmetic_is_that_of_fractions(text: str, a: int, b: int, money: Decimal) -> None:
    text = text.replace("--", "- -")
    columns = {"a": pl.Int64(), "b": pl.Int64(), "money": pl.Decimal(18, 2)}
    found = check_expression(Expression(text), Scope(columns, "a column", AS_OF), Problems(), "k")
    assert found is not None
    frame = pl.LazyFrame({"a": [a], "b": [b], "money": [money]}, schema=columns)
    result = frame.sql(f"select {found.sql} from self").collect().item()
    expected = fraction_of(text, {"a": Fraction(a), "b": Fraction(b), "money": Fraction(money)})
    if expected is None:
        assert result is None
    else:
        assert result is not None
        assert float(result) == pytest.approx(float(expected), rel=1e-6, abs=1e-6)


def fraction_of(text: str, values: dict[str, Fraction]) -> Fraction | None:
    """The exact value by Python's own reading of the text; None where it divides by zero."""
    source = "".join(f"Fraction('{piece}')" if piece[0].isdigit() else piece for piece in pieces(text))
    try:
        return Fraction(eval(source, {"Fraction": Fraction, **values}))
    except ZeroDivisionError:
        return None


def pieces(text: str) -> list[str]:
    """Numbers, names and everything between them."""
    return re.findall(r"\d+(?:\.\d+)?|\w+|\s+|.", text)


AGGREGATES = [
    "sum(x)", "avg(x)", "sum(x * x)", "count(distinct x)", "median(x)", "min(x)", "array_agg(x)",
    "quantile_disc(x, 0.3)", "avg(x) filter (where x > 0)", "array_agg(distinct x)",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), max_size=12).flatmap(
        lambda values: st.tuples(st.just(values), st.permutations(values))
    ),
    st.sampled_from(AGGREGATES),
)
def test_the_order_of_rows_does_not_matter(orders: tuple[list[float], list[float]], text: str) -> None:
    scope = Scope({"x": pl.Float64()}, "a column", AS_OF, aggregates=True)
    found = check_expression(Expression(text), scope, Problems(), "k")
    assert found is not None
    results = [
        pl.LazyFrame({"x": values}, schema={"x": pl.Float64()})
        .sql(f'select {found.sql} as "x" from self')
        .collect()["x"]
        for values in orders
    ]
    assert results[0].to_list() == results[1].to_list()


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="'%()ab\"\\_;-", max_size=20))
def test_text_arrives_as_it_was_written(text: str) -> None:
    quoted = text.replace("'", "''")
    frame = pl.LazyFrame({"page": [text, "other"]})
    sql = checked(f"page = '{quoted}'").sql
    assert frame.sql(f"select {sql} as x from self").collect()["x"].to_list() == [True, text == "other"]


@given(st.text(max_size=40))
def test_a_fault_lies_inside_the_text(text: str) -> None:
    try:
        parse(text)
    except ExpressionError as error:
        assert 0 <= error.start <= len(text)
