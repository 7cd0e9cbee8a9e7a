"""What Polars gets for an expression, and what comes out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from segcli.fields.expressions import check_expression, names_in, normalise
from segcli.problems import Problems
from segcli.project.models import Expression
from tests.fields.expressions.inline_rows import AGGREGATE_SCOPE, ROWS, answer, checked


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("orders", '"orders"'),
        ('"end" + 1', '"end" + 1'),
        ("orders > 1 and not opened", '("orders" > 1) and (not "opened")'),
        ("at > '2026-01-31'", "\"at\" > timestamp '2026-01-31 00:00:00'"),
        ("day > '2026-01-31'", "\"day\" > date '2026-01-31'"),
        ("at >= as_of - interval '30 Days'", "\"at\" >= (timestamp '2026-06-30 09:00:00' - interval '30 days')"),
        ("page like '/pricing%'", "\"page\" like '/pricing%'"),
        ("orders / 2", '"orders" / 2'),
        ("orders / \"end\"", '"orders" / nullif("end", 0)'),
        ("EXTRACT(Month FROM at)", 'cast(extract(month from "at") as bigint)'),
        ("page = 'it''s'", "\"page\" = 'it''s'"),
        ("date(at)", 'cast("at" as date)'),
        ("orders in (1, 2)", '"orders" in (1, 2)'),
        ("orders not in (1, \"end\")", 'not ("orders" = 1 or "orders" = "end")'),
    ],
)  # fmt: skip
def test_the_sql_of_an_expression(text: str, sql: str) -> None:
    assert checked(text).sql == sql


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("spend / orders", [9.0, 10.25, None, 75.0]),
        ("orders % 3", [1, 2, None, 1]),
        ("-7 // 2", [-3] * 4),
        ("2 + 3 * 4 - 1", [13] * 4),
        ("(2 + 3) * 4", [20] * 4),
        ("20 / 2 / 5", [2.0] * 4),
        ("20 - 5 - 5", [10] * 4),
        ("- - orders", [1, 2, None, 4]),
        ("spend * 2", [Decimal("18.00"), Decimal("41.00"), None, Decimal("600.00")]),
        ("spend * 0.1", [0.9, 2.05, None, 30.0]),
        ("0.1 + 0.2", [0.3] * 4),
        ("9.9 + 0.2", [10.1] * 4),
        ("orders is null", [False, False, True, False]),
        ("orders is distinct from null", [True, True, False, True]),
        ("coalesce(orders, 0)", [1, 2, 0, 4]),
        ("greatest(orders, 2)", [2, 2, 2, 4]),
        ("if(opened, orders, 0.5)", [1.0, 0.5, 0.5, 4.0]),
        ("case orders when 1 then 'one' when 2 then 'two' end", ["one", "two", None, None]),
        ("length(page)", [2, 8, None, 2]),
        ("page || orders", ["/a1", "/pricing2", None, "/b4"]),
        ("opened or orders is null", [True, False, True, True]),
        ("not opened = (orders = 2)", [True, True, None, True]),
        ("(as_of - at) / interval '1 day'", [180.16666666666666, 178.83333333333334, None, 486.375]),
        ("day + 1", [dt.date(2026, 1, 2), dt.date(2026, 1, 3), None, dt.date(2025, 3, 2)]),
        ("day + interval '1 month'", [dt.date(2026, 2, 1), dt.date(2026, 2, 2), None, dt.date(2025, 4, 1)]),
        ("date_trunc('month', at)", [dt.datetime(2026, 1, 1)] * 2 + [None, dt.datetime(2025, 3, 1)]),
        ("array_contains(tags, 'b')", [True, False, None, True]),
        ("cast(page as bigint)", [None] * 4),
        ("cast('5' as bigint) + orders", [6, 7, None, 9]),
        ("orders::double", [1.0, 2.0, None, 4.0]),
        ("orders in (1, 2.0)", [True, True, None, False]),
        ("spend in (9, 20.5)", [True, True, None, False]),
        ("orders not between 2 and 3", [True, False, None, True]),
        ("mod(orders, 0)", [None] * 4),
        ("dayofweek(at)", [4, 5, None, 6]),
    ],
)  # fmt: skip
def test_what_an_expression_answers(text: str, values: list[object]) -> None:
    found = answer(text)
    assert [pytest.approx(value) if isinstance(value, float) else value for value in found] == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count(*)", 4),
        ("count(orders)", 3),
        ("count(distinct opened)", 2),
        ("sum(spend)", Decimal("329.50")),
        ("sum(rating)", 4.1),
        ("sum(opened)", 2),
        ("avg(opened)", 2 / 3),
        ("avg(spend)", 329.5 / 3),
        ("avg(rating)", 4.1 / 3),
        ("avg(orders)", 7 / 3),
        ("max(at)", dt.datetime(2026, 1, 2, 13)),
        ("max(month(at)) * 100", 300),
        ("median(orders)", 2.0),
        ("quantile_disc(orders, 0.5)", 2.0),
        ("array_agg(distinct event)", ["vXew", "view", "view_item"]),
        ("count(*) filter (where opened)", 2),
        ("sum(orders) filter (where opened) / count(*)", 1.25),
        ("sum(orders) filter (where orders > 100)", None),
        ("coalesce(sum(orders) filter (where orders > 100), 0)", 0),
        ("(as_of - max(at)) / interval '1 day'", pytest.approx(178.8333333)),
        ("case when count(*) >= 3 then max(orders) end", 4),
        ("sum(spend) > 100", True),
    ],
)
def test_what_an_aggregate_answers_with_and_without_groups(text: str, value: object) -> None:
    found = checked(text, aggregates=True)
    alone = ROWS.sql(f'select {found.sql} as "x" from self').collect()["x"]
    grouped = ROWS.sql(f'select "end", {found.sql} as "x" from self group by "end"').collect()["x"]
    assert alone.dtype == grouped.dtype == found.dtype
    assert alone.to_list() == [pytest.approx(value) if isinstance(value, float) else value]
    assert grouped.to_list() == alone.to_list()


def test_filters_go_behind_every_aggregate_and_join_those_already_there() -> None:
    where = checked("event = 'view'", wants="condition")
    found = check_expression(
        Expression("sum(spend) filter (where opened) / count(*)"), AGGREGATE_SCOPE, Problems(), "k",
        where=where, within_column="at", within=dt.timedelta(days=90),
    )  # fmt: skip
    window = "\"at\" > timestamp '2026-04-01 09:00:00'"
    assert found is not None
    assert f'filter (where ("opened") and ("event" = \'view\') and ({window}))' in found.sql
    assert f"count(*) filter (where (\"event\" = 'view') and ({window}))" in found.sql
    assert found.names == {"spend", "opened", "event", "at"}


@pytest.mark.parametrize(
    ("text", "names", "optional"),
    [
        ("spend / orders", {"spend", "orders"}, set()),
        ("coalesce(spend, 0) + orders", {"spend", "orders"}, {"spend"}),
        ("coalesce(spend, 0) + spend", {"spend"}, set()),
        ("page is null or opened", {"page", "opened"}, {"page"}),
        ("ifnull(orders + \"end\", 0) > 0", {"orders", "end"}, {"orders", "end"}),
        ("as_of > '2026-01-31'", set(), set()),
    ],
)  # fmt: skip
def test_the_columns_that_an_expression_names(text: str, names: set[str], optional: set[str]) -> None:
    found = checked(text)
    assert (found.names, found.optional) == (names, optional)
    assert names <= names_in(Expression(text))


def test_names_are_found_in_what_cannot_even_be_read() -> None:
    text = "sum(amount) > ( 'text' and \"First Name\" == as_of ` when x"
    assert names_in(Expression(text)) == {"amount", "First Name", "x"}


@pytest.mark.parametrize(
    "text", ["median(orders)", "quantile_disc(orders, 0.5)", "array_agg(page)", "1 + median(orders)"]
)
def test_aggregates_over_whole_groups_leave_the_streaming_engine(text: str) -> None:
    assert checked(text, aggregates=True).leaves_streaming


def test_sums_and_counts_stay_in_the_streaming_engine() -> None:
    assert not checked("sum(spend) / count(distinct page)", aggregates=True).leaves_streaming


@pytest.mark.parametrize(
    ("dtype", "house"),
    [
        (pl.Int8(), pl.Int64()),
        (pl.UInt32(), pl.Int64()),
        (pl.Int64(), pl.Int64()),
        (pl.Float32(), pl.Float64()),
        (pl.Float64(), pl.Float64()),
        (pl.Decimal(38, 2), pl.Decimal(18, 2)),
        (pl.Decimal(18, 2), pl.Decimal(18, 2)),
        (pl.Decimal(38, 8), pl.Float64()),
        (pl.String(), pl.String()),
        (pl.Date(), pl.Date()),
    ],
)
def test_results_are_brought_to_the_types_of_the_house(dtype: pl.DataType, house: pl.DataType) -> None:
    sql, promised = normalise('"x"', dtype)
    frame = pl.LazyFrame(schema={"x": dtype})
    assert frame.sql(f'select {sql} as "x" from self').collect().schema["x"] == promised == house
