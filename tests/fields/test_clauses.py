"""Conditions split into clauses: what each is, whether all hold, and what would have to change."""

from __future__ import annotations

import pytest

from segcli.fields.clauses import Change, changes, negations_of, outcome, split_condition
from segcli.fields.expressions.parsing import parse
from segcli.fields.rendering import rendered

MET = {"a = 1": True, "b = 1": False, "c = 1": None, "d = 1": True}


def met(clause):  # type: ignore[no-untyped-def]
    return MET[clause.text]


def ways(text: str, *, wanted: bool) -> list[set[tuple[str, bool]]]:
    found = changes(split_condition(text), wanted, met)
    return [{(change.clause.text, change.to) for change in way} for way in found]


@pytest.mark.parametrize(
    "text",
    [
        "orders > 0 and (a < 1 or not (b = 2 and c <> 3))",
        "a - (b - c) * 2 > -(-3) and (a is null) = true",
        "a / (b * c) >= 1 and (a + b) * c < 2",
        "count(distinct x) filter (where a > 1) > count(*)",
        "cast(a as date) between '2020-01-01' and today",
        "x not in ('it''s', 'b') and y not like 'a%' and not z",
        "case when a > 1 then 'x' else 'y' end = 'x' or case a when 1 then 2 end is not null",
        "extract(epoch from as_of - interval '7 days') > date_part('day', as_of)",
        'a is distinct from b and "odd name" = a || b',
    ],
)
def test_text_of_an_expression_reads_as_the_same_tree(text: str) -> None:
    assert rendered(parse(text)) == text


def test_parentheses_that_change_nothing_are_left_out() -> None:
    assert rendered(parse("((a) > (1)) and ((b)+(c) > 2)")) == "a > 1 and b + c > 2"


def test_single_clauses_come_in_the_order_they_are_written_with_their_names() -> None:
    clause = split_condition("orders > 0 and (spend > 2 * average_spend or not lapsed)")
    assert [leaf.text for leaf in clause.leaves()] == ["orders > 0", "spend > 2 * average_spend", "lapsed"]
    assert [leaf.names for leaf in clause.leaves()] == [("orders",), ("spend", "average_spend"), ("lapsed",)]
    assert [leaf.start for leaf in clause.leaves()] == [0, 16, 49]


def test_outermost_negations_are_found() -> None:
    clause = split_condition("a <> 1 and (not (b = 1 and c <> 2) or d not in (1, 2)) and e is not null")
    assert [found.text for found in negations_of(clause)] == ["a <> 1", "not (b = 1 and c <> 2)", "d not in (1, 2)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1 and d = 1", True),
        ("a = 1 and c = 1", None),
        ("b = 1 and c = 1", False),
        ("a = 1 or c = 1", True),
        ("b = 1 or c = 1", None),
        ("not (c = 1 or b = 1)", None),
        ("not (b = 1 and c = 1)", True),
    ],
)
def test_what_is_not_known_counts_as_sql_has_it(text: str, expected: bool | None) -> None:
    assert outcome(split_condition(text), met) is expected


def test_to_meet_an_and_every_unmet_clause_has_to_change() -> None:
    assert ways("a = 1 and b = 1 and c = 1", wanted=True) == [{("b = 1", True), ("c = 1", True)}]


def test_to_meet_an_or_any_one_clause_is_enough() -> None:
    assert ways("b = 1 or c = 1", wanted=True) == [{("b = 1", True)}, {("c = 1", True)}]


def test_to_leave_an_and_any_one_clause_is_enough() -> None:
    assert ways("a = 1 and d = 1", wanted=False) == [{("a = 1", False)}, {("d = 1", False)}]


def test_the_shorter_way_is_told() -> None:
    assert ways("(b = 1 and c = 1) or not (a = 1 and d = 1)", wanted=True) == [
        {("a = 1", False)},
        {("d = 1", False)},
    ]


def test_nothing_has_to_change_where_the_condition_is_as_wanted() -> None:
    assert changes(split_condition("a = 1"), True, met) == [()]
    assert changes(split_condition("c = 1"), False, met) == [()]


def test_a_change_names_its_clause() -> None:
    [(change,)] = changes(split_condition("b = 1"), True, met)
    assert change == Change(split_condition("b = 1"), True)
