"""What Polars would answer silently and wrongly: first its wrong answer, then ours."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from polars.exceptions import PolarsError

from tests.fields.expressions.inline_rows import (
    AS_OF,
    ROWS,
    answer,
    checked,
    problems_of,
    raw,
    refusal,
)


def chosen(condition: str) -> int:
    """How many of the four rows Polars alone lets through."""
    return ROWS.sql(f"select event from self where {condition}").collect().height


def test_an_aggregate_in_a_condition_would_be_true_of_everybody() -> None:
    assert chosen("sum(orders) > 5") == 4
    assert refusal("sum(orders) > 5", wants="condition").startswith("1: sum() is over many rows")


def test_a_window_in_a_condition_would_be_true_of_everybody() -> None:
    assert chosen("sum(orders) over () > 5") == 4
    assert refusal("sum(orders) over () > 5").startswith("13: 'over' is not possible here.")


def test_a_query_inside_would_be_answered() -> None:
    assert chosen("exists(select 1)") == 4
    assert chosen("orders in (select orders from self)") == 3
    assert refusal("exists(select 1)").startswith("1: 'exists' is not possible here.")
    assert refusal("orders in (select orders from self)").startswith("12: 'select' is not possible here.")


def test_not_before_a_number_would_be_false() -> None:
    assert raw("not orders") == [False, False, None, False]
    assert refusal("not orders") == "5: a number is not a condition. Compare it, as in `x > 0`."


def test_a_number_where_a_condition_belongs_is_refused() -> None:
    assert refusal("orders", wants="condition") == "1: a number is not a condition. Compare it, as in `x > 0`."
    assert refusal("opened or orders").startswith("11: a number is not a condition.")


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("at > 5", 6),
        ("day > 5", 7),
        ("as_of - at > 5", 14),
        ("at = orders", 6),
        ("at between 5 and 7", 12),
        ("case when opened then at else 5 end", 31),
        ("nullif(at, 5)", 12),
    ],
)
def test_a_time_beside_a_bare_number_would_be_answered(text: str, column: int) -> None:
    assert raw(text.replace("as_of", "timestamp '2026-06-30 09:00:00'"))  # no error at all
    assert refusal(text).startswith(f"{column}: ")
    assert "stands beside a" in refusal(text)


def test_a_time_is_always_later_than_a_bare_number() -> None:
    assert raw("at > 5") == [True, True, None, True]


def test_a_number_beside_text_would_compare_as_text() -> None:
    assert raw("spend > '10'") == [True, True, None, True]  # 9.00 is not more than 10
    assert refusal("spend > '10'") == "9: the text '10' stands beside a number. Write the number without quotes."
    assert refusal("'10' < spend").startswith("1: the text '10' stands beside a number.")
    assert answer("spend > 10") == [False, True, None, True]


@pytest.mark.parametrize("text", ["event = 5", "event in (1, 2)", "coalesce(orders, 'none')", "orders = opened"])
def test_other_mixtures_would_be_answered_too(text: str) -> None:
    assert raw(text)
    assert "stands beside" in refusal(text)


def test_a_boolean_beside_text_would_be_answered() -> None:
    assert raw("event > true") == [True, True, None, True]
    assert raw("event = true") == [False, False, None, False]
    assert refusal("event > true").startswith("9: a condition stands beside text.")
    assert refusal("event = true").startswith("9: a condition stands beside text.")


def test_conditions_joined_as_text() -> None:
    assert raw("opened || opened") == ["truetrue", "falsefalse", None, "truetrue"]
    assert refusal("opened || opened") == "1: || joins text, and a condition is none. Write `or`."


def test_narrow_numbers_would_wrap_round() -> None:
    assert raw("month(at) * 100") == [100, 100, None, 44]
    assert answer("month(at) * 100") == [100, 100, None, 300]
    assert raw("(case when opened then 100000 end) * 100000") == [1410065408, None, None, 1410065408]
    assert answer("(case when opened then 100000 end) * 100000") == [10**10, None, None, 10**10]
    assert raw("pow(10, 20)")[0] == 1661992960
    assert answer("pow(10, 20)")[0] == 1e20


def test_a_division_by_zero_would_be_infinite_or_stop_the_run() -> None:
    assert raw("orders / 0")[0] == float("inf")
    with pytest.raises(PolarsError, match="division by zero"):
        raw("spend / (orders - 1)")
    assert answer("orders / 0") == [None] * 4
    assert answer("spend / (orders - 1)") == [None, 20.5, None, 100.0]
    assert answer("spend % (orders - 1)") == [None, Decimal("0.50"), None, Decimal("0.00")]
    assert answer("rating % 0") == [None] * 4


def test_what_is_no_number_would_be_larger_than_all_numbers() -> None:
    assert raw("sqrt(rating - 2) > 3") == [True, None, False, True]
    assert answer("sqrt(rating - 2) > 3") == [None, None, False, None]
    assert answer("ln(orders - 1)") == [None, 0.0, None, pytest.approx(1.0986122886681098)]
    assert answer("exp(orders * 1000)") == [None] * 4


def test_infinity_from_arithmetic_is_null() -> None:
    assert raw("rating * 1e308 * 10")[0] == float("inf")
    assert answer("rating * 1e308 * 10")[0] is None


def test_a_share_of_money_would_have_six_digits() -> None:
    assert raw("orders / cast(3000000.00 as decimal(18,2))")[0] == Decimal("0.000000")
    assert answer("orders / cast(3000000.00 as decimal(18,2))")[0] == pytest.approx(1 / 3_000_000, rel=1e-5)


def test_a_bare_alias_would_rename() -> None:
    assert ROWS.sql("select opened foo from self").collect().columns == ["foo"]
    assert refusal("opened foo").startswith("8: 'foo' is unexpected here.")
    assert refusal("opened as foo").startswith("8: 'as' is not possible here.")


def test_a_quoted_name_would_be_a_pattern() -> None:
    assert ROWS.sql('select "^(at|day)$" from self').collect().columns == ["at", "day"]
    assert refusal('"^(at|day)$"').startswith('1: "^(at|day)$" in double quotes is a name, and not a column')


def test_a_pattern_that_is_the_name_of_a_column_stays_a_pattern() -> None:
    frame = pl.LazyFrame({"^a.*$": [1], "ab": [2]})
    assert frame.sql('select "^a.*$" from self').collect().columns == ["ab"]


def test_between_two_dates_would_lose_the_last_day() -> None:
    text = "at between '2026-01-01' and '2026-01-02'"
    assert raw(text) == [True, False, None, False]
    [warning] = problems_of(text)
    assert warning.severity == "warning"
    assert warning.message.endswith(
        "'2026-01-02' is the midnight with which that day begins, so that the day is left out."
    )
    assert answer("date(at) between '2026-01-01' and '2026-01-02'") == [True, True, None, False]


@pytest.mark.parametrize(
    "text", ["at <= '2026-01-02'", "'2026-01-02' >= at", "at = '2026-01-02'", "at in ('2026-01-02')"]
)
def test_other_ways_to_lose_a_day_are_warned_of(text: str) -> None:
    assert [problem.severity for problem in problems_of(text)] == ["warning"]


@pytest.mark.parametrize(
    "text", ["at < '2026-01-02'", "at >= '2026-01-02'", "day <= '2026-01-02'", "at <= '2026-01-02 23:59'"]
)
def test_nothing_is_said_where_no_day_is_lost(text: str) -> None:
    assert problems_of(text) == []


def test_an_underscore_in_like_would_match_anything() -> None:
    assert raw("event like 'v_ew%'") == [True, True, None, True]
    assert raw(r"event like 'view\_%'") == [False, False, None, False]  # and it cannot be escaped
    assert refusal("event like 'view_%'") == (
        "12: in like, '_' stands for any character. Write starts_with(x, 'view_')."
    )
    assert "ends_with(x, '_item')" in refusal("event like '%_item'")
    assert "strpos(lower(x), 'w_i') > 0" in refusal("event ilike '%W_I%'")
    assert answer("starts_with(event, 'view_')") == [False, True, None, False]


def test_a_comment_would_cut_an_expression_short() -> None:
    assert ROWS.sql('select orders -- + 1\n as "x" from self').collect().columns == ["x"]
    assert refusal("orders -- + 1").startswith("8: comments are not part of an expression.")


@pytest.mark.parametrize("text", ["$$view$$", "x'41'", "b'1'", "`event`", "tags[1]", "orders /* 1 */"])
def test_other_spellings_of_polars_are_refused(text: str) -> None:
    assert raw(text)
    assert refusal(text)


def test_the_clock_would_be_read() -> None:
    assert raw("current_date") != [AS_OF.date()] * 4
    assert refusal("at < now()").startswith("6: now() reads the clock")
    assert refusal("at < current_date").startswith("6: current_date reads the clock")


def test_sums_of_floats_would_depend_on_the_order_of_rows() -> None:
    values = [0.1, 0.2, 0.3, 1e15, -1e15, 0.7]
    sums, exact = set(), set()
    sql = checked("sum(rating)", aggregates=True).sql
    for turn in range(len(values)):
        frame = pl.LazyFrame({"rating": values[turn:] + values[:turn]})
        sums.add(frame.sql("select sum(rating) from self").collect().item())
        exact.add(frame.sql(f"select {sql} from self").collect().item())
    assert len(sums) > 1
    assert len(exact) == 1


def test_lists_would_come_in_the_order_of_rows() -> None:
    assert raw("array_agg(event)") == [["view", "view_item", None, "vXew"]]
    assert answer("array_agg(event)", aggregates=True) == [["vXew", "view", "view_item"]]
    assert answer("string_agg(event, ' ')", aggregates=True) == ["vXew view view_item"]
    assert raw("first(event)") == ["view"]
    assert refusal("first(event)", aggregates=True).startswith("1: no function named 'first'. The first row depends")


def test_dates_in_text_would_take_the_format_of_the_first_row() -> None:
    frame = pl.LazyFrame({"t": ["2026-01-02T10:00:00Z", "2026-01-02 10:00"]})
    query = "select try_cast(t as timestamp) as x from self"
    forwards = frame.sql(query).collect()["x"].to_list()
    backwards = frame.reverse().sql(query).collect()["x"].to_list()
    assert forwards != backwards[::-1]
    assert refusal("cast(event as timestamp)").startswith("1: text cannot be cast to timestamp.")


def test_a_filter_behind_the_whole_value_would_be_wrong() -> None:
    where = checked("opened", wants="condition")
    assert raw("sum(spend) / count(*) filter (where opened)") == [Decimal("164.75")]
    found = checked("sum(spend) / count(*)", aggregates=True, where=where)
    assert ROWS.sql(f"select {found.sql} from self").collect().item() == 154.5


def test_text_that_is_not_there_would_be_searched_in_vain() -> None:
    assert raw("strpos(event, 'x') = 0") == [True, True, True, True]
    assert answer("strpos(event, 'x') = 0") == [True, True, None, True]


def test_is_true_and_is_false_would_be_null() -> None:
    assert raw("opened is not true") == [False, True, None, False]
    assert answer("opened is not true") == [False, True, True, False]
    assert answer("opened is true") == [True, False, False, True]
    assert answer("opened is false") == [False, True, False, False]
    assert answer("opened is not false") == [True, False, True, True]


def test_a_date_among_times_would_make_text_of_them() -> None:
    assert raw("coalesce(at, '2026-01-01')")[2] == "2026-01-01"
    assert answer("coalesce(at, '2026-01-01')")[2] == dt.datetime(2026, 1, 1)
    assert answer("case when opened then at else '2026-01-01' end")[1] == dt.datetime(2026, 1, 1)


def test_comparisons_that_follow_each_other_would_compare_truths() -> None:
    assert raw("3 < orders < 2") == [True, True, None, True]
    assert refusal("3 < orders < 2") == "12: comparisons cannot follow each other. Join two with `and`."


def test_numbers_from_times_and_text_would_be_made_up() -> None:
    assert raw("cast(orders as timestamp)")[0] == dt.datetime(1970, 1, 1, 0, 0, 0, 1)
    assert raw("sqrt(event)") == [None] * 4
    assert refusal("cast(orders as timestamp)").startswith("1: a number cannot be cast to timestamp.")
    assert refusal("sum(at)", aggregates=True).startswith("5: sum() takes ")
    assert refusal("sqrt(event)") == "6: sqrt() takes a number, and this is text."


def test_a_null_that_is_compared_would_meet_nothing() -> None:
    assert raw("orders = null") == [None] * 4
    assert refusal("orders = null") == "10: nothing equals null. Write `is null` or `is not null`."
    assert refusal("orders in (1, null)").startswith("15: nothing equals null.")
