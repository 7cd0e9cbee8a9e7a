from __future__ import annotations

import pickle
import quopri

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.messages.coding import (
    EIGHT_BIT,
    PLAIN,
    QUOTED_PRINTABLE,
    Coding,
    coded_columns,
    encode,
    encode_constant,
    wrapped,
)
from segcli.messages.model import Source
from segcli.messages.rendering import Rendered, render
from segcli.messages.templates import Template, check_source
from segcli.problems import Place, Problems
from tests.messages.template_strategies import SCHEMA, frame_of

ROW = {"first_name": "Ayşe", "city": "Bursa", "orders": 3, "spend": 12.5, "locale": "tr_TR", "currency": "TRY"}
TEXTS = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="a.=& \t\n\rşF", max_size=200),
    st.sampled_from(["From x", ".", "a\n.\nFrom b"]),
)


def _checked(text: str, escape: bool = False) -> tuple[Template | None, list[str]]:
    problems = Problems()
    places = tuple(Place("hello.md", line + 5, 1) for line in range(text.count("\n") + 1))
    return check_source(Source(text, escape, places), SCHEMA, problems), [str(problem) for problem in problems]


def _render(text: str, rows: list[dict[str, object]], coding: Coding = PLAIN, escape: bool = False) -> Rendered:
    template, wrong = _checked(text, escape)
    assert template is not None, wrong
    return render(template, frame_of(rows), coding)


def test_null_without_a_default_fails_that_row_alone() -> None:
    rows = [ROW, {**ROW, "first_name": None}, {**ROW, "first_name": "Can"}]
    rendered = _render("Hi {{ first_name }}", rows)
    assert rendered.values.to_list() == ["Hi Ayşe", None, "Hi Can"]
    assert rendered.failures.rows() == [(1, "first_name is missing")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ products[0].name }}", "products[0].name is missing"),
        ("{% for p in products %}{{ p.price|money }}{% endfor %}", "products.price is missing"),
        ("{{ city ~ spend }}", "city or spend is missing"),
        ("{{ 1 / orders }}", "nothing can be divided by zero"),
        ("{{ first_name|int }}", "int cannot work with this value"),
    ],
)
def test_a_reason_names_what_is_missing(text: str, reason: str) -> None:
    row = {"first_name": "A", "orders": 0, "locale": "en", "products": [{"name": None, "price": None, "stock": 1}]}
    assert _render(text, [row]).failures["reason"].to_list() == [reason]


def test_null_in_conditions_and_loops() -> None:
    text = (
        "{% if orders > 1 %}a{% endif %}{% if not orders %}b{% endif %}{% if orders != 1 %}c{% endif %}"
        "{% if city not in ['x'] %}d{% endif %}{% for t in tags %}e{% else %}f{% endfor %}{{ orders is none }}"
    )
    assert _render(text, [{"first_name": None}]).values.to_list() == ["bfTrue"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{% for p in products %}{{ loop.cycle('odd', 'even') }} {% endfor %}", "odd even odd "),
        ("{% for p in products %}{% if loop.changed(p.stock) %}{{ p.name }}{% endif %}{% endfor %}", "ac"),
        ("{% for p in products %}{{ products|join('+', 'price') }}{% endfor %}", ""),
        ("{% for p in products %}{{ loop.previtem.name|default('-') }}{% endfor %}", "-ab"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{% for p in products %}{{ m(p.name) }}{% endfor %}", "<a><b><c>"),
        ("{% for p in products %}{% for n in range(p.stock) %}{{ p.name }}{% endfor %}{% endfor %}", "aabbc"),
    ],
)
def test_what_is_called_inside_of_a_loop(text: str, shown: str) -> None:
    products = [{"name": name, "price": None, "stock": stock} for name, stock in (("a", 2), ("b", 2), ("c", 1))]
    assert _render(text, [{**ROW, "products": products}] * 2).values.to_list() == [shown] * 2


def test_data_is_escaped_and_never_a_template() -> None:
    row = {**ROW, "first_name": "<b>{{ city }}</b>&amp;"}
    assert _render("{{ first_name }}", [row], escape=True).values[0] == "&lt;b&gt;{{ city }}&lt;/b&gt;&amp;amp;"
    assert _render("{{ first_name }}", [row]).values[0] == "<b>{{ city }}</b>&amp;"


def test_unknown_names_filters_and_members_have_their_place_and_the_nearest() -> None:
    _, wrong = _checked(
        "Hello\n  {{ frist_name|uper }}\n{{ products[0].nme }} {{ products }} {{ p.name }}\n{{ button() }}"
    )
    assert wrong == [
        "hello.md:6:6: nothing provides the name 'frist_name'. Did you mean 'first_name'?",
        "hello.md:6:17: there is no filter uper. Did you mean 'upper' or 'number'?",
        "hello.md:7:4: products is a list and cannot be shown as it is. Show its parts: {% for p in products %}.",
        "hello.md:7:16: products[0] has no 'nme'. Did you mean 'name'?",
        "hello.md:7:41: nothing provides the name 'p'.",
        "hello.md:8:4: there is no function button. There is range.",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\n{{ city", 6), ("{% if vip %}\nx", 5), ("{% for %}", 5), ("a\nb\n{% nope %}", 7), ("{{ city | }}", 5)],
)
def test_syntax_errors_have_their_line(text: str, line: int) -> None:
    template, wrong = _checked(text)
    assert template is None
    assert wrong[0].startswith(f"hello.md:{line}:1: the template cannot be read: ")


def test_what_messages_lack_is_a_problem() -> None:
    for text in ("{% include 'x' %}", "{% extends 'x' %}", "{% import 'x' as x %}", "{% block a %}{% endblock %}"):
        assert "is not to be had in messages" in _checked(text)[1][0]


def test_a_template_knows_what_it_needs_and_what_may_be_null() -> None:
    text = (
        "{{ first_name }}{{ city|default('x') }}{{ spend|money }}{% if vip %}{{ vip }}{% endif %}"
        "{% for p in products %}{{ p.name }}{% if p.stock %}{{ p.stock }}{% endif %}{% endfor %}"
    )
    template, _ = _checked(text)
    assert template is not None
    assert set(template.names) == {"first_name", "city", "spend", "vip", "products", "locale", "currency"}
    assert [missing.path for missing in template.nullable] == ["first_name", "spend", "products.name"]


def test_a_template_can_be_sent_to_another_process() -> None:
    template, _ = _checked("Hi {{ first_name }}")
    assert template is not None and template.columnar
    again = pickle.loads(pickle.dumps(template))
    assert render(again, frame_of([ROW])).values.to_list() == ["Hi Ayşe"]


@settings(max_examples=30)
@given(
    st.lists(st.one_of(TEXTS, st.none()), min_size=1, max_size=8),
    st.sampled_from(list(Coding)),
    st.booleans(),
    st.booleans(),
)
def test_a_column_is_coded_as_its_values_are(texts: list[str | None], coding: Coding, escape: bool, many: bool) -> None:
    values = pl.Series(texts * (200 if many else 1), dtype=pl.String)
    escaped = ["text"] if escape else []
    pieces = coded_columns(values.to_frame("text"), len(values), coding, escaped)["text"]
    columns = [pl.repeat(piece, len(values), eager=True) if isinstance(piece, str) else piece for piece in pieces]
    got = pl.select(pl.concat_str([pl.lit(column) for column in columns])).to_series().to_list()
    assert got == [text if text is None else encode(text, coding, escape) for text in values]


@settings(max_examples=30)
@given(st.lists(TEXTS, max_size=5))
def test_pieces_in_quoted_printable_are_one_legal_text(texts: list[str]) -> None:
    coded = "".join(encode(text, QUOTED_PRINTABLE, escape=False) for text in texts)
    lines = coded.split("\r\n")
    assert coded.isascii() and "\n" not in "".join(lines) and "\r" not in "".join(lines)
    assert all(
        len(line) <= 76 and not line.startswith((".", "From ")) and line[-1:] not in ("\t", " ") for line in lines
    )
    plain = "".join(encode(text, EIGHT_BIT, escape=False) for text in texts)
    assert quopri.decodestring(coded.encode()) == plain.encode().replace(b"\r\n", b"\n") or (
        quopri.decodestring(coded.encode()).replace(b"\r\n", b"\n") == plain.encode().replace(b"\r\n", b"\n")
    )


def test_lines_of_8bit_have_at_most_998_bytes() -> None:
    row = {**ROW, "first_name": "ş" * 700, "city": "word " * 400}
    for text in ("{{ first_name }}{{ first_name }}", "x{{ city }}{{ first_name }}", "<td " + "{{ city }}<td " * 30):
        rendered = _render(text, [row, ROW], EIGHT_BIT, escape=True)
        assert all(len(line.encode()) <= 998 for value in rendered.values for line in value.split("\r\n"))
    assert wrapped("a" * 998) == "a" * 998
    assert wrapped("a b" * 400).replace("\r\n", " ") == "a b" * 400


def test_long_constants_of_8bit_html_are_broken_inside_tags() -> None:
    html = "<table><tr>" + '<td style="color:#333333;padding:10px">x</td>' * 60 + "</tr></table>"
    coded = encode_constant(html, EIGHT_BIT, html=True)
    assert max(map(len, coded.split("\r\n"))) < 400
    assert coded.replace("\r\n", " ") == html


def test_every_value_of_a_kind_prints_as_python_writes_it() -> None:
    text = "{{ spend }} {{ orders }} {{ vip }} {{ born }} {{ send_at }}"
    import datetime

    row = {
        **ROW,
        "spend": 20.0,
        "vip": True,
        "born": datetime.date(1990, 5, 1),
        "send_at": datetime.datetime(2026, 1, 2, 9),
    }
    assert _render(text, [row]).values[0] == "20.0 3 True 1990-05-01 2026-01-02 09:00:00+03:00"
