from __future__ import annotations

import quopri
import re

import polars as pl
import polars.selectors as cs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.messages.coding import Coding
from segcli.messages.columnar.evaluating import Coder, evaluated
from segcli.messages.model import Source
from segcli.messages.rendering import render
from segcli.messages.templates import Template, check_source
from segcli.messages.texts import whole
from segcli.problems import Problems
from tests.messages.template_strategies import ROWS, SCHEMA, TEMPLATES, frame_of


def _template(
    text: str, escape: bool = True, schema: dict[str, pl.DataType] | None = None, one_blank_line: bool = False
) -> Template:
    problems = Problems()
    template = check_source(Source(text, escape, (), one_blank_line), schema or SCHEMA, problems)
    assert template is not None, list(problems)
    return template


def _assert_same(text: str, frame: pl.DataFrame, escape: bool, one_blank_line: bool = False) -> None:
    template = _template(text, escape, one_blank_line=one_blank_line)
    assert template.columnar or template.why_not_columnar
    for coding in Coding:
        by_jinja = render(template, frame, coding, "jinja")
        mixed = render(template, frame, coding)
        assert mixed.values.to_list() == by_jinja.values.to_list(), text
        assert mixed.failures.equals(by_jinja.failures), text
        if template.block is not None:  # without what Jinja adds where a row fails
            numbers = frame.with_columns(cs.float().fill_nan(None))  # as `render` prepares it
            columnar = evaluated(template.block, numbers, Coder(coding, escape, one_blank_line))
            assert whole(columnar).to_list() == by_jinja.values.to_list(), text
            assert columnar.missing().to_list() == by_jinja.values.is_null().to_list(), text


_NOUGHTS = frame_of([{"spend": 0.0, "orders": 0}, {"spend": -1.5, "orders": -2}, {"spend": None, "orders": None}])


@settings(max_examples=30)
@given(TEMPLATES, st.lists(ROWS, min_size=1, max_size=6), st.booleans())
def test_both_ways_give_the_same_bytes_for_any_template_and_data(
    text: str, rows: list[dict[str, object]], escape: bool
) -> None:
    _assert_same(text, frame_of(rows), escape)


@pytest.mark.slow
@settings(max_examples=30)
@given(TEMPLATES, st.lists(ROWS, min_size=1, max_size=6), st.integers(0, 4))
def test_both_ways_leave_the_same_blank_lines_out(text: str, rows: list[dict[str, object]], ends: int) -> None:
    line_ends = "\n" * ends
    around = f"{line_ends}{{% for t in tags %}}{line_ends}{text}{{% endfor %}}{line_ends}{{{{ city|default('') }}}}\n\n"
    _assert_same(f"{around}{text}", frame_of(rows), False, one_blank_line=True)


@pytest.mark.parametrize("city", ["", "=", "a" * 71, "a" * 73, "ö" * 40, "x\n\n\ny", "\n", " "])
def test_of_blank_lines_in_a_row_one_is_left(city: str) -> None:
    text = "\n\n\n\nHi{% for t in tags %}\n\n{{ t }}\n\n{% endfor %}\n\n{{ city }}\n\n\nBye\n\n\n"
    frame = frame_of([{"city": city, "tags": []}, {"city": city, "tags": ["a", "b"]}])
    _assert_same(text, frame, False, one_blank_line=True)
    for coding in Coding:
        rendered = render(_template(text, False, one_blank_line=True), frame, coding).values.to_list()
        shown = [quopri.decodestring(each).decode() if coding is Coding.QUOTED_PRINTABLE else each for each in rendered]
        values = [["a", "b"][: 2 * number] for number in range(2)]
        for each, tags in zip(shown, values, strict=True):
            whole_text = "\n\n\n\nHi" + "".join(f"\n\n{tag}\n\n" for tag in tags) + f"\n\n{city}\n\n\nBye\n\n\n"
            assert each.replace("\r\n", "\n") == re.sub(r"\n{3,}", "\n\n", whole_text.lstrip("\n")), coding


@pytest.mark.slow
@settings(max_examples=80)
@given(TEMPLATES, st.lists(ROWS, min_size=1, max_size=6), st.booleans(), st.sampled_from([1, 200]))
def test_both_ways_give_the_same_bytes_for_many_templates_and_long_frames(
    text: str, rows: list[dict[str, object]], escape: bool, times: int
) -> None:
    frame = frame_of(rows)
    _assert_same(text, pl.concat([frame] * times), escape)


def test_what_shipped_messages_say_takes_the_columnar_way() -> None:
    text = """{% set who = first_name|default('you', true) %}Hi {{ who }},
    {% if orders > 2 and not vip %}thanks{% elif city in ['Ankara', 'Bursa'] %}near{% else %}hello{% endif %}
    {% for p in products[:2] %}{{ loop.index }}. {{ p.name|upper }} {{ p.price|money('EUR') }}{% if not loop.last %},
    {% endif %}{% else %}nothing{% endfor %} {{ products[0].name|default('-') }} {{ born|date('long')|default('') }}"""
    assert _template(text).why_not_columnar is None


@pytest.mark.parametrize(
    "text",
    [
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(1) }}",
        "{% set x %}{{ city|default('') }}{% endset %}{{ x }}",
        "{% for p in products if p.stock %}{{ p.name|default('') }}{% endfor %}",
        "{{ range(3)|join('-') }}",
        "{% if vip %}{% set x = 1 %}{% endif %}",
    ],
)
def test_the_rest_takes_jinjas(text: str) -> None:
    template = _template(text)
    assert not template.columnar
    with pytest.raises(ValueError):
        render(template, frame_of([]), path="columnar")


def test_bodies_of_the_same_products_are_rendered_once_and_long_lists_joined() -> None:
    catalogue = [{"name": f"{n} & co", "price": n / 4, "stock": None if n == 3 else n} for n in range(30)]
    row = {"first_name": "A", "locale": "tr_TR", "currency": "TRY", "orders": 1}
    rows = [{**row, "products": catalogue[n % 25 : n % 25 + n % 30]} for n in range(900)]
    shown = "{{ loop.index }} {{ p.name }} {{ p.price|money }} {{ p.stock }} {{ first_name }}"
    text = "{% for p in products %}" + shown + ";{% endfor %}"
    template = _template(text)
    frame = frame_of(rows)
    for coding in Coding:
        assert render(template, frame, coding).values.equals(render(template, frame, coding, "jinja").values)


def test_the_opposite_of_nothing_is_written_alike() -> None:
    text = "{{ (-spend)|default('none') }} {{ (0 * orders)|default('none') }} {{ (spend * -1)|default('none') }}"
    _assert_same(text, _NOUGHTS, escape=False)
    shown = render(_template(text), _NOUGHTS, Coding.EIGHT_BIT).values.to_list()
    assert shown == ["0.0 0 0.0", "1.5 0 1.5", "none none none"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ 50|money }}",
        "{{ 0.2|percent }} off, {{ city }}",
        "{% set least = 50 %}{{ least|money }} {{ orders|number }}",
        "{{ 'ilk'|upper }} {{ ' a '|trim }} {{ 'abc'|first }} {{ city }}",
        "{{ 1.5 }} {{ 1 / 2 }} {{ (1 / 2)|round(1) }} {{ 1.5 ~ city }} {{ 1.5 if orders else city }} {{ city }}",
        "{% for t in tags %}{{ 50|money }} {{ 1.5 }} {{ t }}{% endfor %}",
    ],
)
@pytest.mark.parametrize("locales", [["tr_TR", "en_US", "de"], ["tr_TR"] * 3])
def test_a_constant_is_there_for_every_row(text: str, locales: list[str]) -> None:
    row = {"city": "Bursa", "orders": 2, "currency": "TRY", "tags": ["a", "b"]}
    frame = frame_of([{**row, "locale": locale} for locale in locales])
    assert _template(text).columnar
    _assert_same(text, frame, escape=True)


def test_a_part_of_a_number_is_the_same_number_both_ways() -> None:
    frame = pl.concat([frame_of([{"orders": orders, "spend": orders / 10}]) for orders in (*range(1, 60), 0)])
    _assert_same("{{ orders / 3 }} {{ spend / 7 }} {{ (1 / orders)|default('none') }}", frame, escape=False)


def test_a_frame_without_rows_gives_none() -> None:
    for text in ("Hello", "{{ city }}", "{% for p in products %}{{ p.name }}{% endfor %}"):
        assert render(_template(text), frame_of([])).values.to_list() == []


def test_many_rows_are_rendered_in_their_order() -> None:
    frame = pl.DataFrame({"n": range(60_000)})
    rendered = render(_template("no. {{ n }}", schema=dict(frame.schema)), frame)
    assert rendered.values.to_list() == [f"no. {n}" for n in range(60_000)]


@pytest.mark.parametrize("cities", [["word " * 300], ["word " * 300, "x" * 1_200]])
def test_both_ways_wrap_long_lines_of_8bit_alike(cities: list[str]) -> None:
    frame = pl.DataFrame({"city": cities})
    rows = frame_of([{}]).clear()
    frame = pl.concat([rows, frame], how="diagonal")
    _assert_same("Hello from {{ city }}, and goodbye", frame, False)
