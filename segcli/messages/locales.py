"""Numbers, money, dates and letters as the recipient's locale writes them, from the tables of Babel.

A locale is named as in `tr_TR` or `tr-TR`; one that nobody knows, or none, is written as English.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import cast

from babel import Locale, UnknownLocaleError
from babel import dates as babel_dates
from babel import numbers as babel_numbers

from segcli.messages.date_patterns import STYLES

_FALLBACK = "en"
_DOTTED_I = ("tr", "az")


@cache
def locale_of(name: str | None) -> Locale:
    """The locale of a name; `de_XX` is German, and what is unknown English."""
    for candidate in (name or "", (name or "").replace("-", "_").partition("_")[0]):
        try:
            return Locale.parse(candidate.replace("-", "_"))
        except (ValueError, TypeError, UnknownLocaleError):
            continue
    return Locale.parse(_FALLBACK)


@dataclass(frozen=True)
class _Writer:
    """Writes numbers of one pattern: quickly where Babel's answers have the common shape, else by asking Babel."""

    pattern: babel_numbers.NumberPattern  # with the decimals wanted, at least and at most
    locale: Locale
    currency: str | None
    around: tuple[tuple[str, str], tuple[str, str]] | None  # what surrounds the digits of x and of -x; None: ask Babel
    separators: dict[int, str]

    def write(self, value: Decimal) -> str:
        least, most = self.pattern.frac_prec
        digits = format(abs(value), f",.{most}f")
        if self.around is None or not value.is_finite():
            return self.by_babel(value)
        if least < most:
            kept = len(digits) - most + least
            digits = (digits[:kept] + digits[kept:].rstrip("0")).removesuffix(".")
        before, after = self.around[value < 0 and digits.strip("0.,") != ""]  # nobody is told -0
        return before + digits.translate(self.separators) + after

    def by_babel(self, value: Decimal) -> str:
        return cast(str, self.pattern.apply(value, self.locale, currency=self.currency, currency_digits=False))


@cache
def _writer(kind: str, locale_name: str | None, currency: str | None, decimals: tuple[int, int]) -> _Writer:
    locale = locale_of(locale_name)
    kinds = {"money": locale.currency_formats["standard"], "number": locale.decimal_formats[None]}
    pattern = babel_numbers.parse_pattern({**kinds, "percent": locale.percent_formats[None]}[kind].pattern)
    pattern.frac_prec, pattern.scale = decimals, 0
    separators = {
        ord(","): babel_numbers.get_group_symbol(locale),
        ord("."): babel_numbers.get_decimal_symbol(locale),
    }
    asking = _Writer(pattern, locale, currency, None, separators)
    return replace(asking, around=_around(asking))


def _around(writer: _Writer) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """What Babel writes before and after the digits of x and -x, if that is the same for all and so are the groups."""
    found: list[tuple[str, str]] = []
    for sign in (1, -1):
        both = set()
        for example in (Decimal(1234567), Decimal(1234), Decimal(12)):
            digits = format(example, f",.{writer.pattern.frac_prec[0]}f").translate(writer.separators)
            before, there, after = writer.by_babel(sign * example).partition(digits)
            both.add((before, after) if there else None)
        one = both.pop()
        if both or one is None:
            return None
        found.append(one)
    return found[0], found[1]


def _exact(value: float | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value))


@lru_cache(maxsize=65536)
def money(value: float | Decimal, locale: str | None, currency: str) -> str:
    """An amount with its currency's own number of decimals: `₺1.234,50`, `$1,234.50`, `¥1,234`."""
    digits = babel_numbers.get_currency_precision(currency)
    return _writer("money", locale, currency, (digits, digits)).write(_exact(value))


@lru_cache(maxsize=65536)
def number(value: float | Decimal, locale: str | None, decimals: int | None = None) -> str:
    """A number with at most three decimals, or with as many as asked for."""
    wanted = (0, 3) if decimals is None else (decimals, decimals)
    return _writer("number", locale, None, wanted).write(_exact(value))


@lru_cache(maxsize=65536)
def percent(value: float | Decimal, locale: str | None) -> str:
    """A share as a percentage with at most one decimal: 0.2 is `20%`, in Turkish `%20`."""
    return _writer("percent", locale, None, (0, 1)).write(_exact(value).scaleb(2))


def date(value: datetime.date, style: str, locale: str | None) -> str:
    """A date in one of Babel's styles, or as a pattern; a pattern may also ask a date and time for its hours."""
    if isinstance(value, datetime.datetime):  # two zones' times of one instant are equal, so none may be kept as a key
        value = value.date() if style in STYLES else value.replace(tzinfo=None)
    return _date(value, isinstance(value, datetime.datetime), style, locale)


@lru_cache(maxsize=65536)
def _date(value: datetime.date, timed: bool, style: str, locale: str | None) -> str:
    write = babel_dates.format_datetime if timed else babel_dates.format_date
    return write(value, style, locale=locale_of(locale))


def time(value: datetime.datetime, style: str, locale: str | None) -> str:
    """The time of day, as its own zone's clocks show it."""
    return _time(value.time(), style, locale)


@lru_cache(maxsize=65536)
def _time(value: datetime.time, style: str, locale: str | None) -> str:
    return babel_dates.format_time(value, style, locale=locale_of(locale))


def upper(text: str, locale: str | None) -> str:
    """Capitals; in Turkish and Azerbaijani i becomes İ."""
    return text.replace("i", "İ").upper() if _is_dotted(locale) else text.upper()


def lower(text: str, locale: str | None) -> str:
    """Small letters; in Turkish and Azerbaijani I becomes ı."""
    return text.replace("İ", "i").replace("I", "ı").lower() if _is_dotted(locale) else text.lower()


def _is_dotted(locale: str | None) -> bool:
    return locale is not None and locale[:2].lower() in _DOTTED_I and locale[2:3] in ("", "_", "-")
