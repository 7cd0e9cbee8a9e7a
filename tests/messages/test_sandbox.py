from __future__ import annotations

import polars as pl
import pytest

from segcli.messages.coding import PLAIN
from segcli.messages.constants import constant
from segcli.messages.jinja_path import JinjaRenderer
from segcli.messages.missing import RenderingError
from segcli.messages.model import Source
from segcli.messages.templates import check_source
from segcli.problems import Problems

ROW = {"first_name": "Ayşe", "products": [{"name": "a"}], "orders": 2, "locale": "tr_TR"}
ESCAPES = [
    "{{ first_name.__class__.__mro__ }}",
    "{{ first_name['__class__'] }}",
    "{{ ''.__class__.__base__.__subclasses__() }}",
    "{{ products.__init__.__globals__ }}",
    "{{ first_name|attr('__class__') }}",
    "{{ '{0.__class__}'.format(first_name) }}",
    "{{ '%s'|format(first_name) }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ namespace(a=1) }}",
    "{{ joiner() }}",
    "{{ dict(a=1) }}",
    "{{ self._TemplateReference__context }}",
    "{{ config }}",
    "{{ loop.__class__ }}",
    "{{ products|map(attribute='__class__')|join }}",
    "{{ products.append(1) }}",
    "{{ range.__self__ }}",
    "{% for p in products %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{% for p in products %}{{ loop['_iterable'] }}{% endfor %}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "{% include '/etc/passwd' %}",
    "{% set a.b = 1 %}",
    "{% autoescape false %}{{ first_name }}{% endautoescape %}",
]
DYNAMIC = [
    "{% set name = '__class__' %}{{ first_name[name] }}",
    "{% set name = '__cla' ~ 'ss__' %}{{ products[name] }}",
    "{% macro m() %}x{% endmacro %}{{ m['__globals__'] }}",
    "{% macro m() %}x{% endmacro %}{{ m['_func'] }}",
    "{% for p in products %}{{ loop['__class__'] }}{% endfor %}",
]
LARGE = [
    "{{ range(10000000) }}",
    "{% for a in range(999) %}{% for b in range(999) %}{% for c in range(999) %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% set a = 'x' * 1000000000 %}",
    "{% set a = 9 ** 9 ** 9 ** 9 %}{{ a }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a|replace('x', a) %}" * 12 + "{{ a }}",
    "{{ '%999999999d' % 1 }}",
    "{% set a = 99999999 %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_what_leaves_the_sandbox_is_a_problem_before_anything_is_rendered(text: str) -> None:
    problems = Problems()
    schema = pl.DataFrame([ROW]).schema
    assert check_source(Source(text, False, ()), schema, problems) is None
    assert problems.errors


@pytest.mark.parametrize(
    "text",
    [
        text
        for text in (*ESCAPES, *DYNAMIC, *LARGE)
        if all(word not in text for word in ("include", "a.b", "autoescape"))
    ],
)
def test_it_would_not_work_either(text: str) -> None:
    try:
        renderer = JinjaRenderer(text, False, PLAIN)
    except Exception as error:  # a filter that is not there
        assert "No filter" in str(error)
        return
    with pytest.raises(RenderingError):
        renderer.render(ROW)


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__",
        "'x'.upper",
        "[].__len__",
        "'%999999999d' % 1",
        "'x' * 1000000000",
        "9 ** 9 ** 9 ** 9",
        "''.a.b",
        "'a'[1]",
    ],
)
def test_what_is_worked_out_while_a_message_is_compiled_is_in_the_sandbox_too(expression: str) -> None:
    assert constant(expression) == (False, None)


def test_lists_cannot_be_changed() -> None:
    row = {**ROW, "products": [{"name": "a"}]}
    with pytest.raises(RenderingError):
        JinjaRenderer("{% set x = products.append(1) %}", False, PLAIN).render(row)
    assert row["products"] == [{"name": "a"}]
