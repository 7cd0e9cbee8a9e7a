"""What is said about an expression that cannot be used, and where."""

from __future__ import annotations

import datetime as dt

import pytest

from segcli.fields.expressions import Scope, check_expression
from segcli.fields.expressions.functions import vocabulary
from segcli.problems import Place, Problems
from segcli.project.models import Expression
from tests.fields.expressions.inline_rows import AS_OF, COLUMNS, answer, problems_of, refusal


def test_all_problems_of_an_expression_come_at_once_each_at_its_place() -> None:
    found = problems_of("evnt = 'view' and spend > '10' or len(page) > 3")
    assert [str(problem) for problem in found] == [
        "recipe.yaml:3:1: k: 'evnt' is not a column of events. Did you mean 'event'?",
        "recipe.yaml:3:27: k: the text '10' stands beside a number. Write the number without quotes.",
        "recipe.yaml:3:35: k: no function named 'len'. Write length(x) for text, count(*) for rows.",
    ]


def test_in_text_of_several_lines_the_place_is_its_beginning() -> None:
    problems = Problems()
    scope = Scope(COLUMNS, "a field", AS_OF)
    assert check_expression(Expression("orders > 1\nand nothing", Place("r.yaml", 7, 5)), scope, problems, "k") is None
    assert [str(problem.place) for problem in problems] == ["r.yaml:7:5"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: there is no expression here."),
        ("orders +", "9: the expression ends too early."),
        ("(orders", "1: this '(' is never closed."),
        ("orders)", "7: this ')' closes nothing."),
        ("event = 'view", "9: this quote is never closed. A quote inside text is doubled: 'it''s'."),
        ("event = ‘view’", "9: '‘' is not used in expressions. Text goes in straight single quotes: 'text'."),
        ("orders ≥ 5", "8: '≥' is not used in expressions. Write <=, >= or <>."),
        ("orders == 5", "8: '==' is no operator here. Write = for a comparison."),
        ("opened && opened", "8: '&&' is no operator here. Write `and`."),
        ("orders ** 2", "8: '**' is no operator here. Write power(x, 2)."),
        ("events.at > today", "7: '.' is no operator here. Write the column alone, without its table."),
        ("within 30d", "8: '30d' is not a number."),
        ("orders > 0; 1", "11: only one expression is possible here."),
        ("orders > ?", "10: a '?' stands for no value."),
        ("orders > :n", "10: a ':' is not used here."),
        ("orders > 0, spend", "11: ',' is unexpected here. In YAML, an expression with a comma"),
        ("page isnull", "6: 'isnull' is not possible here. Write `is null`."),
        ("page is 'x'", "9: after `is` comes null, true, false or `distinct from`."),
        ("like '%x'", "1: 'like' is unexpected here."),
        ("page like 'a' escape '!'", "15: 'escape' is not possible here. Write starts_with(x, 'text')"),
        ("orders in ()", "1: this list is empty."),
        ("case end", "6: 'end' is unexpected here."),
        ("99999999999999999999", "1: this number is too large."),
        ("1e999", "1: this number is too large."),
    ],
)  # fmt: skip
def test_what_cannot_be_read(text: str, said: str) -> None:
    assert refusal(text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Orders > 1", "1: 'Orders' is not a column of events. Did you mean 'orders'? Small"),
        ('event = "view"', "9: \"view\" in double quotes is a name, and not a column of events. Text goes"),
        ("group = 'x'", "1: 'group' is not a column of events. The key `by:` of a field groups."),
        ("count > 1", "1: 'count' is not a column of events. The function is written with parentheses: count(x)."),
        ("todya < at", "1: 'todya' is not a column of events. Did you mean 'today'"),
    ],
)  # fmt: skip
def test_names_that_are_no_column(text: str, said: str) -> None:
    assert refusal(text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mean(orders)", "1: no function named 'mean'. Write avg(x)."),
        ("lowr(page)", "1: no function named 'lowr'. Did you mean 'lower'"),
        ("isnull(page)", "1: 'isnull' is not possible here. Write `is null`."),
        ("datediff(at, as_of)", "1: no function named 'datediff'. Write age_days"),
        ("random() > 0.5", "1: random() differs from call to call"),
        ("today() > at", "1: today() reads the clock, so that no run could be repeated. Use as_of or today."),
        ("abs(orders, 2)", "1: abs() takes 1 argument, and here are 2. The number without its sign."),
        ("concat()", "1: concat() takes 1 to more arguments, and here are 0."),
        ("round(rating, orders)", "15: round() needs this written out."),
        ("abs(distinct orders)", "1: 'distinct' belongs to aggregates"),
        ("abs(orders) filter (where opened)", "1: 'filter' belongs to aggregates"),
        ("upper(orders)", "7: upper() takes text, and this is a number."),
        ("year(orders)", "6: year() takes a time, and this is a number."),
        ("hour(day)", "1: hour is not possible for a date."),
        ("extract(hour from day)", "1: a date has no hour."),
        ("extract(dow from at)", "1: 'dow' differs between databases. Write isodow; Monday is 1."),
        ("extract(moth from at)", "1: a time has no part 'moth'. Did you mean 'month'"),
        ("date_trunc('moth', at)", "12: there is no unit 'moth'. Did you mean 'month'"),
        ("regexp_like(page, '[')", "1: this is not a regular expression."),
        ("tags = 'a'", "8: the text 'a' stands beside a list. Write array_contains(list, 'x')."),
        ("opened > true", "10: conditions have no order."),
        ("orders like '5%'", "1: like looks into text, and this is a number."),
        ("page like event", "11: the pattern of like is text in quotes."),
        ("at > 'soon'", "6: 'soon' is not a date. Write '2026-01-31' or '2026-01-31 10:00'."),
        ("at > '2026-02-30'", "6: there is no such day or time as '2026-02-30'."),
        ("at > page", "6: text stands beside a time."),
        ("at + 1", "1: a time stands beside a bare number."),
        ("as_of - at > interval '1 month'", "14: months and years have no fixed length."),
        ("at > as_of - interval '3 fortnights'", "14: '3 fortnights' is not a length of time."),
        ("event + page", "1: '+' is not possible between text and text. cast(x as double) makes a number"),
        ("opened + 1", "1: '+' is not possible between a condition and a number. if(x, 1, 0) makes"),
        ("-at", "1: a minus stands before a number, and this is a time."),
        ("cast(orders as decimal)", "1: 'decimal' is no type here. Write decimal(18, 2)"),
        ("cast(orders as bigin)", "1: 'bigin' is no type here. Did you mean 'bigint'"),
        ("cast(at as bigint)", "1: a time cannot be cast to bigint."),
        ("case when opened then 1 else 'x' end", "30: the text 'x' stands beside a number."),
        ("as_of - at", "1: a length of time is no value of a field."),
        ("null", "1: this is null for everybody."),
    ],
)  # fmt: skip
def test_what_makes_no_sense(text: str, said: str) -> None:
    assert refusal(text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("orders", "1: 'orders' stands outside of an aggregate."),
        ("spend / sum(spend)", "1: 'spend' stands outside of an aggregate."),
        ("5", "1: this is no aggregate. Write count(*), sum(x), max(x) ..."),
        ("sum(sum(orders))", "5: sum() stands inside another aggregate."),
        ("sum(*)", "1: sum(*) is not possible."),
        ("sum(page)", "5: sum() takes"),
        ("avg(at)", "5: avg() takes"),
        ("max(tags)", "5: max() takes"),
        ("min(distinct orders)", "1: min(distinct ...) is not possible."),
        ("quantile_disc(orders, 50)", "23: a quantile is a share between 0 and 1."),
        ("count(page) filter (where page)", "27: text is not a condition."),
        ("stddev(orders)", "1: no function named 'stddev'. It would depend on the order of the rows"),
        ("mode(page)", "1: no function named 'mode'. The most frequent value is a field of its own"),
    ],
)
def test_what_is_no_aggregate(text: str, said: str) -> None:
    assert refusal(text, aggregates=True).startswith(said)


def test_a_number_is_needed_where_points_are_given() -> None:
    assert refusal("page", wants="number") == "1: a number is needed here, and this is text."
    assert problems_of("spend / 10", wants="number") == []


@pytest.mark.parametrize(
    "text",
    [
        "not " * 30 + "opened",
        "(" * 30 + "orders" + ")" * 30,
        "nullif(" * 11 + "orders" + ", 1)" * 11,
        "orders" + " + orders" * 100,
        " and ".join(["opened"] * 200),
        "'" + "x" * 30_000 + "'",
    ],
)
def test_what_would_be_planned_for_ever_is_refused(text: str) -> None:
    assert refusal(text)


def test_a_long_list_is_fine() -> None:
    numbers = ", ".join(str(number) for number in range(2_000))
    assert answer(f"orders in ({numbers})") == [True, True, None, True]


def test_every_function_has_a_meaning_and_can_be_called() -> None:
    examples = {
        "number": "orders", "text": "page", "time": "at", "length": "interval '1 day'", "boolean": "opened",
        "list": "tags", "any": "page", "same": "orders",
    }  # fmt: skip
    written = {"date_part": "'month', at", "date_trunc": "'month', at", "strftime": "at, '%Y'"}
    for name, function in vocabulary().functions.items():
        arguments = [
            next(examples[kind] for kind in ("number", "text", *examples) if kind in parameter.kinds)
            for parameter in function.parameters
        ]
        for position in function.literal:
            arguments[position - 1] = "1" if arguments[position - 1] == "orders" else "'x'"
        text = f"{name}({written.get(name) or ', '.join(arguments)})"
        assert function.meaning
        assert problems_of(text, aggregates=function.aggregate) == [], text


def test_hints_point_at_functions_that_exist() -> None:
    words = vocabulary()
    assert not set(words.instead) & set(words.functions)
    assert not words.clock & set(words.functions)


def test_the_day_of_as_of_decides_what_today_is() -> None:
    scope = Scope({}, "a field", dt.datetime(2026, 7, 1, 0, 30))
    for text, sql in [
        ("as_of", "timestamp '2026-07-01 00:30:00'"),
        ("today", "date '2026-07-01'"),
        ("this_week", "date '2026-06-29'"),
        ("this_month", "date '2026-07-01'"),
    ]:
        found = check_expression(Expression(text), scope, Problems(), "k")
        assert found is not None
        assert found.sql == sql


def test_names_that_exist_elsewhere_are_offered() -> None:
    scope = Scope(COLUMNS, "a column of events", AS_OF, others=frozenset({"frequency", "broken"}))
    problems = Problems()
    assert check_expression(Expression("frequncy + broken"), scope, problems, "k") is None
    assert [(problem.message, problem.hint) for problem in problems.found] == [
        ("'frequncy' is not a column of events.", "Did you mean 'frequency'?"),
        ("'broken' cannot be used here.", "Its own definition has a problem."),
    ]
