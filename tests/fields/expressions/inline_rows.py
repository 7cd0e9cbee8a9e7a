"""One table of every type, and expressions checked against it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from segcli.fields.expressions import CheckedExpression, Scope, check_expression
from segcli.problems import Place, Problem, Problems
from segcli.project.models import Expression

AS_OF = dt.datetime(2026, 6, 30, 9)

COLUMNS: dict[str, pl.DataType] = {
    "orders": pl.Int64(),
    "spend": pl.Decimal(18, 2),
    "rating": pl.Float64(),
    "event": pl.String(),
    "page": pl.String(),
    "opened": pl.Boolean(),
    "at": pl.Datetime("us"),
    "day": pl.Date(),
    "tags": pl.List(pl.String()),
    "end": pl.Int64(),
}

ROWS = pl.LazyFrame(
    {
        "orders": [1, 2, None, 4],
        "spend": [Decimal("9.00"), Decimal("20.50"), None, Decimal("300.00")],
        "rating": [1.5, None, 2.5, 0.1],
        "event": ["view", "view_item", None, "vXew"],
        "page": ["/a", "/pricing", None, "/b"],
        "opened": [True, False, None, True],
        "at": [dt.datetime(2026, 1, 1, 5), dt.datetime(2026, 1, 2, 13), None, dt.datetime(2025, 3, 1)],
        "day": [dt.date(2026, 1, 1), dt.date(2026, 1, 2), None, dt.date(2025, 3, 1)],
        "tags": [["a", "b"], [], None, ["b"]],
        "end": [1, 1, 1, 1],
    },
    schema=COLUMNS,
)

ROW_SCOPE = Scope(COLUMNS, "a column of events", AS_OF)
AGGREGATE_SCOPE = Scope(COLUMNS, "a column of events", AS_OF, aggregates=True)


def raw(sql: str) -> list[object]:
    """What Polars alone answers."""
    return ROWS.sql(f'select {sql} as "x" from self').collect()["x"].to_list()


def checked(text: str, *, aggregates: bool = False, **options: object) -> CheckedExpression:
    """The checked expression, which has to be without problems."""
    problems = Problems()
    scope = AGGREGATE_SCOPE if aggregates else ROW_SCOPE
    found = check_expression(Expression(text), scope, problems, "k", **options)  # type: ignore[arg-type]
    assert not problems.found
    assert found is not None
    return found


def answer(text: str, *, aggregates: bool = False, rows: pl.LazyFrame = ROWS) -> list[object]:
    """What the checked expression answers, of the type that was promised."""
    found = checked(text, aggregates=aggregates)
    result = rows.sql(f'select {found.sql} as "x" from self').collect()["x"]
    assert result.dtype == found.dtype
    return result.to_list()


def problems_of(text: str, *, aggregates: bool = False, **options: object) -> list[Problem]:
    """Everything said about an expression written at the start of line 3."""
    problems = Problems()
    scope = AGGREGATE_SCOPE if aggregates else ROW_SCOPE
    place = Place("recipe.yaml", 3, 1)
    found = check_expression(Expression(text, place), scope, problems, "k", **options)  # type: ignore[arg-type]
    assert (found is None) == bool(problems.errors)
    return list(problems)


def refusal(text: str, *, aggregates: bool = False, **options: object) -> str:
    """The one error of an expression, as `column: message hint`."""
    [problem] = problems_of(text, aggregates=aggregates, **options)
    assert problem.severity == "error"
    assert problem.place is not None
    return f"{problem.place.column}: {problem.message} {problem.hint or ''}".rstrip()
