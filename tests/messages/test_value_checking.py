"""What no recipient's message could ever be made with is a problem of the template, with its place and the way out."""

from __future__ import annotations

import polars as pl
import pytest

from segcli.messages.model import Source
from segcli.messages.surroundings import Surroundings
from segcli.messages.templates import check_source
from segcli.problems import Place, Problem, Problems
from tests.messages.template_strategies import SCHEMA


def checked(text: str) -> list[Problem]:
    problems = Problems()
    places = tuple(Place("hello.md", line + 1, 1) for line in range(text.count("\n") + 1))
    schema = {**SCHEMA, "gone": pl.Null()}  # what no file has may be of any kind
    around = Surroundings(partials=("button", "coupon"), products=4)
    template = check_source(Source(text, False, places), schema, problems, around=around)
    assert (template is None) == bool(problems.errors)
    return [*problems]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("{{ first_name|money }}", 15, "money takes a number, and first_name is text."),
        ("{{ spend|default('?')|money }}", 23, "money takes a number, and '?' is text."),
        ("{{ orders|date }}", 11, "date takes a date, and orders is a number."),
        ("{{ born|time }}", 9, "time takes a date and time, and born is a date."),
        ("{{ vip|number }}", 8, "number takes a number, and vip is true or false."),
        ("{{ products|upper }}", 13, "upper takes one value, and products is a list."),
        ("{% for p in products %}{{ p|upper }}{% endfor %}", 29, "upper takes one value, and products is several"),
        ("{{ products|join(', ') }}", 13, "each of products is several values."),
        ("{{ products|join(', ', 'nme') }}", 25, "products has no 'nme'."),
        ("{{ spend|money('EURO') }}", 17, "there is no currency 'EURO'."),
        ("{{ spend|money(currency='EUR') }}", 10, "money cannot work with (currency='EUR')."),
        ("{{ orders|number('x') }}", 11, "number cannot work with ('x')."),
        ("{{ orders|number(1, 2) }}", 11, "number has 0 to 1 arguments."),
        ("{{ city|replace('', 'a') }}", 9, "replace cannot work with ('', 'a')."),
        ("{{ born|date('lng') }}", 15, "date cannot write 'lng': there is no such style."),
        ("{{ born|date('HH:mm') }}", 15, "date cannot write 'HH:mm': HH is of times, and this is a date alone."),
        ("{{ born|date('%d.%m.') }}", 15, "date cannot write '%d.%m.': % stands in no pattern."),
        ("{{ born|date('d/mm/y') }}", 15, "date cannot write 'd/mm/y': mm is of minutes and seconds; the month is M."),
        ("{{ born|date('MM.YYYY') }}", 15, "date cannot write 'MM.YYYY': YYYY is the year of the week; the year is y."),
        ("{{ born|date('d of M') }}", 15, "date cannot write 'd of M': 'o' is no part of a date or time; words"),
        ("{{ born|date('ddddd') }}", 9, "date cannot work with ('ddddd')."),
        ("{{ send_at|time('d. HH:mm') }}", 18, "time cannot write 'd. HH:mm': d is of dates, and this is"),
        ("{{ first_name + orders }}", 4, "+ joins two texts or adds numbers: first_name is text, and orders"),
        ("{{ born - 1 }}", 4, "- needs numbers, and born is a date."),
        ("{{ -city }}", 5, "- needs numbers, and city is text."),
        ("{{ city ~ products }}", 11, "~ joins texts, and products is a list."),
        ("{{ orders / 0 }}", 4, "nothing can be divided by zero."),
        ("{% if orders > '3' %}x{% endif %}", 7, "> cannot compare them: orders is a number, and '3' is text."),
        ("{% if city == 5 %}x{% endif %}", 7, "== cannot compare them: city is text, and 5 is a number."),
        ("{% if born < send_at %}x{% endif %}", 7, "< cannot compare them: born is a date, and send_at is a date and"),
        ("{% if orders in ['a', 2] %}x{% endif %}", 7, "== cannot compare them: orders is a number, and 'a' is text."),
        ("{% if 'a' in orders %}x{% endif %}", 14, "'in' looks into text or a list, and orders is a number."),
        ("{% if orders in city %}x{% endif %}", 7, "only text can be in city, and orders is a number."),
        ("{% if city is odd %}x{% endif %}", 7, "'is odd' needs numbers, and city is text."),
        ("{% if orders is divisibleby %}x{% endif %}", 17, "divisibleby has 1 argument."),
        ("{{ orders[0] }}", 4, "places are counted in lists, and orders is a number."),
        ("{% for i in range(2000) %}x{% endfor %}", 13, "a range has at most 1,000 numbers."),
        ("{% for i in range(city) %}x{% endfor %}", 19, "range() needs numbers, and city is text."),
        ("{{ products[4].name }}", 4, "the step shows 4 products, so nobody has products[4]."),
        ("{{ coupon()|upper }}", 4, "coupon() is no part of an expression."),
        ("{{ 1 is big }}", 9, "there is no test big."),
    ],
)  # fmt: skip
def test_what_could_be_made_for_nobody_is_a_problem_with_its_place(text: str, column: int, message: str) -> None:
    [problem] = checked(text)
    assert problem.place == Place("hello.md", 1, column)
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{{ city|money }}", "Where it is a whole number, write city | int | money."),
        ("{{ spend|default('?')|money }}", "Write the default behind it: spend | money | default('?')."),
        ("{{ city|date }}", "A field of the recipe makes it a date: {value: cast(city as date)}."),
        ("{{ products|upper }}", "Show its parts: {% for p in products %}, or products | join(', ', 'name')."),
        ("{{ tags|money }}", "Show its parts: {% for p in tags %}, or tags | join(', ')."),
        ("{{ products[0]|money }}", "Show one of them: products[0].name."),
        ("{{ spend|money('EURO') }}", "Did you mean 'EUR'?"),
        ("{{ spend|money(currency='EUR') }}", "It is written as money or money('EUR')."),
        ("{{ born|date('lng') }}", "Did you mean 'long'?"),
        ("{{ born|date('%d') }}", "Write short, medium, long, full, or a pattern such as 'dd.MM.yyyy' or 'd MMMM y'."),
        ("{{ send_at|time('d. HH:mm') }}", "Write date('d. HH:mm')."),
        ("{{ city + orders }}", "Join a text with anything else by ~."),
        ("{{ born - 1 }}", "Days between two dates are a field, such as recency_days."),
        ("{% if orders > '3' %}x{% endif %}", "Write 3 without quotes."),
        ("{% if city == 5 %}x{% endif %}", "Where city is a whole number, write city | int."),
        ("{% if born < send_at %}x{% endif %}", "Compare a date with today, and a date and time with as_of."),
        ("{% for i in range('a') %}x{% endfor %}", None),
        ("{{ products[4].name }}",
         "The first is products[0], the last products[3]; or put it into {% if products[4] %}."),
        ("{{ buton() }}", "Did you mean 'button'?"),
        ("{{ coupon()|upper }}", "Write {{ coupon(...) }} by itself, in the body of the message."),
        ("{{ now() }}", "Write as_of for the moment of the run, or today."),
        ("{{ city() }}", "It is a name: write city without parentheses."),
        ("{{ xyz() }}", "There are button, coupon, range."),
        ("{{ 1 is big }}", "There are defined, divisibleby, even, none, odd, undefined."),
        ("{{ spend|uper }}", "Did you mean 'upper' or 'number'?"),
        ("{{ spend|upcase }}",
         "There are capitalize, date, default, escape, first, int, join, last, length, lower, money, number, "
         "percent, replace, round, time, title, trim, truncate, upper, urlencode."),
    ],
)  # fmt: skip
def test_the_problem_says_the_way_out(text: str, hint: str | None) -> None:
    assert [problem.hint for problem in checked(text)] == [hint]


@pytest.mark.parametrize(
    "text",
    [
        "{{ products[4].name|default('-') }}{% if products[5] %}{{ products[5].name }}{% endif %}",
        "{{ spend|money|default('?') }}{{ first_name|int|number }}{{ (orders + 1.5)|number }}{{ city + '!' }}",
        "{{ born|date(\"d 'of' MMMM\") }}{{ send_at|date('EEEE, HH:mm') }}{{ send_at|time('HH:mm') }}{{ tags|join }}",
        "{% set x = 1 %}{% if vip %}{% set x = 'many' %}{% endif %}{{ x|number }}{{ x|upper }}",
        "{% if vip == 1 and orders in [1, 2.5] and city in tags and 'a' in city %}x{% endif %}",
        "{% macro m(a) %}{{ a|money }}{{ a|date }}{{ a + 1 }}{% endmacro %}{{ m(spend) }}",
        "{{ none|default('x') }}{{ gone|money }}{{ gone|date }}{% for g in gone %}{{ g.x }}{% endfor %}{{ gone > 1 }}",
    ],
)
def test_what_may_be_made_for_somebody_is_none(text: str) -> None:
    assert checked(text) == []
