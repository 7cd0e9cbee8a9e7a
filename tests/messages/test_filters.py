from __future__ import annotations

import datetime

import polars as pl
import pytest

from segcli.messages import locales
from segcli.messages.model import Source
from segcli.messages.rendering import render
from segcli.messages.templates import check_source
from segcli.problems import Problems

ROW = {
    "name": "ilker IŞIK", "price": 1234.5, "share": 0.125, "day": datetime.date(2026, 1, 2), "tags": ["a", None, "b"],
    "at": datetime.datetime(2026, 1, 2, 15, 30), "gone": None, "empty": "", "whole": 1234567, "currency": "TRY",
}  # fmt: skip


def _shown(text: str, locale: str, path: str) -> str:
    frame = pl.DataFrame([{**ROW, "locale": locale}]).with_columns(pl.col("gone").cast(pl.String))
    problems = Problems()
    template = check_source(Source("{{ " + text + " }}", False, ()), frame.schema, problems)
    assert template is not None, list(problems)
    return str(render(template, frame, path=path).values[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["columnar", "jinja"])
@pytest.mark.parametrize(
    ("text", "locale", "shown"),
    [
        ("price|money", "tr_TR", "₺1.234,50"),
        ("price|money('EUR')", "de_DE", "1.234,50\xa0€"),
        ("price|money('JPY')", "en_US", "¥1,234"),
        ("whole|number", "hi_IN", "12,34,567"),
        ("price|number", "en", "1,234.5"),
        ("price|number(2)", "tr-TR", "1.234,50"),
        ("share|percent", "tr_TR", "%12,5"),
        ("0.2|percent", "en_US", "20%"),
        ("day|date", "tr_TR", "2 Oca 2026"),
        ("day|date('full')", "en_US", "Friday, January 2, 2026"),
        ("at|date('d MMMM HH:mm')", "tr_TR", "2 Ocak 15:30"),
        ("at|time", "tr_TR", "15:30"),
        ("name|upper", "tr_TR", "İLKER IŞIK"),
        ("name|upper", "en_US", "ILKER IŞIK"),
        ("name|title", "tr_TR", "İlker Işık"),
        ("name|lower", "en_US", "ilker işik"),
        ("name|capitalize", "tr_TR", "İlker ışık"),
        ("name|truncate(9)", "en", "ilker..."),
        ("name|length", "en", "10"),
        ("name|first", "en", "i"),
        ("tags|join('-')", "en", "a-b"),
        ("tags|last", "en", "b"),
        ("name|replace('i', '1')|urlencode", "en", "1lker%20I%C5%9EIK"),
        ("price|round", "en", "1234.0"),
        ("price|int", "en", "1234"),
        ("gone|upper|default('x')", "en", "x"),
        ("empty|default('x')", "en", ""),
        ("empty|default('x', true)", "en", "x"),
        ("name|int|default('no')", "en", "no"),
        ("' a '|trim", "en", "a"),
        ("name|e", "en", "ilker IŞIK"),
    ],
)
def test_filters_are_the_same_in_both_ways(text: str, locale: str, shown: str, path: str) -> None:
    assert _shown(text, locale, path) == shown


@pytest.mark.parametrize(
    "locale", ["tr_TR", "en_US", "de_CH", "fr", "hi_IN", "ar_EG", "vi", "zh_CN", "pl", "he", "es_MX"]
)
@pytest.mark.parametrize("currency", ["TRY", "EUR", "JPY", "KWD", "USD"])
def test_money_is_as_babel_writes_it(locale: str, currency: str) -> None:
    from babel.numbers import format_currency

    for amount in (0, 1, 12.345, 999.995, 1234.5, -7.25, 1e7, 2.675):
        assert locales.money(amount, locale, currency) == format_currency(amount, currency, locale=locale)


def test_an_unknown_locale_is_written_as_english() -> None:
    assert locales.money(1234.5, "xx_YY", "USD") == "$1,234.50"
    assert locales.number(1234.5, None) == "1,234.5"
    assert locales.number(1234.5, "de_XX") == "1.234,5"
