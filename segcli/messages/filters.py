"""The filters of messages, as plain functions of one value; both ways of rendering call these same functions.

Null never reaches them: a filter of null is null. What they cannot work with raises, and is null with a reason.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast
from urllib.parse import quote

from segcli.messages import locales
from segcli.messages.missing import RenderingError, is_missing

LARGEST_TEXT = 2_000_000  # characters of one value
LARGEST_WHOLE = 2**53  # whole numbers below it are the same in a float
MOST_NUMBERS = 1_000  # of a range
_WORD = re.compile(r"([-\s({\[<]+)")
_Number = int | float | Decimal


@dataclass(frozen=True)
class Filter:
    """One filter. `function` gets the value, the arguments, and then the columns of `context` by name."""

    function: Callable[..., object]
    takes: str  # a key of `call_checking.TAKEN`; a text filter takes every plain value
    gives: str  # "text", "number", "integer", "element"
    arguments: tuple[int, int] = (0, 0)  # at least, at most
    context: tuple[str, ...] = ()


def text_of(value: object) -> str:
    """A plain value as text: numbers as Python writes them, dates as in ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, (bool, int, float, Decimal, datetime.date, datetime.time, datetime.timedelta)):
        return str(value)
    raise TypeError("no text")


def _number_of(value: object) -> _Number:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise TypeError("no number")
    return value


def _upper(value: object, *, locale: str | None) -> str:
    return locales.upper(text_of(value), locale)


def _lower(value: object, *, locale: str | None) -> str:
    return locales.lower(text_of(value), locale)


def _title(value: object, *, locale: str | None) -> str:
    words = _WORD.split(text_of(value))
    return "".join(locales.upper(word[:1], locale) + locales.lower(word[1:], locale) for word in words)


def _capitalize(value: object, *, locale: str | None) -> str:
    text = text_of(value)
    return locales.upper(text[:1], locale) + locales.lower(text[1:], locale)


def _trim(value: object) -> str:
    return text_of(value).strip()


def _truncate(value: object, length: int) -> str:
    """At most so many characters, cut between words if it can be; what is cut ends with three dots."""
    text = text_of(value)
    if len(text) <= length:
        return text
    kept = text[: max(length - 3, 0)]
    if not text[len(kept)].isspace():
        kept = kept.rsplit(None, 1)[0] if len(kept.split()) > 1 else kept
    return (kept.rstrip() + "...")[: max(length, 0)]


def _replace(value: object, old: str, new: str) -> str:
    text = text_of(value)
    if not old or text.count(old) * len(new) > LARGEST_TEXT:
        raise ValueError("nothing to replace, or too much")
    return text.replace(old, new)


def _urlencode(value: object) -> str:
    return quote(text_of(value), safe="/")


def _length(value: object) -> int:
    if not isinstance(value, (str, list, tuple)):
        raise TypeError("no length")
    return len(value)


def _element(place: int) -> Callable[[object], object]:
    def element(value: object) -> object:
        if not isinstance(value, (str, list, tuple)):
            raise TypeError("no elements")
        return value[place] if value else None

    return element


def _join(value: object, separator: str = "", attribute: str | None = None) -> str:
    """The elements that are not null, as text; with an attribute, that member of each."""
    if not isinstance(value, (list, tuple)):
        raise TypeError("no list")
    if attribute is not None:
        value = [item.get(attribute) if isinstance(item, dict) else None for item in value]
    if len(value) * len(separator) > LARGEST_TEXT:
        raise ValueError("too much")
    return separator.join(text_of(item) for item in value if not is_missing(item))


def _round(value: object, digits: int = 0) -> object:
    return round(_number_of(value), digits)


def _int(value: object) -> int:
    if isinstance(value, str) and len(value) > 30:
        raise ValueError("no number")
    whole = int(value)  # type: ignore[call-overload]
    if abs(whole) >= LARGEST_WHOLE:
        raise ValueError("too large")
    return cast(int, whole)


def _money(value: object, code: str | None = None, *, locale: str | None, currency: str | None) -> str:
    known = code or currency
    if known is None:
        raise ValueError("no currency")
    return locales.money(_number_of(value), locale, known)


def _number(value: object, decimals: int | None = None, *, locale: str | None) -> str:
    return locales.number(_number_of(value), locale, decimals)


def _percent(value: object, *, locale: str | None) -> str:
    return locales.percent(_number_of(value), locale)


def _date(value: object, style: str = "medium", *, locale: str | None) -> str:
    if not isinstance(value, datetime.date):
        raise TypeError("no date")
    return locales.date(value, style, locale)


def _time(value: object, style: str = "short", *, locale: str | None) -> str:
    if not isinstance(value, datetime.datetime):
        raise TypeError("no time")
    return locales.time(value, style, locale)


_LOCALE = ("locale",)
FILTERS: Mapping[str, Filter] = {
    "upper": Filter(_upper, "text", "text", context=_LOCALE),
    "lower": Filter(_lower, "text", "text", context=_LOCALE),
    "title": Filter(_title, "text", "text", context=_LOCALE),
    "capitalize": Filter(_capitalize, "text", "text", context=_LOCALE),
    "trim": Filter(_trim, "text", "text"),
    "truncate": Filter(_truncate, "text", "text", (1, 1)),
    "replace": Filter(_replace, "text", "text", (2, 2)),
    "urlencode": Filter(_urlencode, "text", "text"),
    "length": Filter(_length, "text or list", "integer"),
    "first": Filter(_element(0), "text or list", "element"),
    "last": Filter(_element(-1), "text or list", "element"),
    "join": Filter(_join, "list", "text", (0, 2)),
    "round": Filter(_round, "number", "number", (0, 1)),
    "int": Filter(_int, "number or text", "integer"),
    "money": Filter(_money, "number", "text", (0, 1), ("locale", "currency")),
    "number": Filter(_number, "number", "text", (0, 1), _LOCALE),
    "percent": Filter(_percent, "number", "text", context=_LOCALE),
    "date": Filter(_date, "date", "text", (0, 1), _LOCALE),
    "time": Filter(_time, "time", "text", (0, 1), _LOCALE),
}
SPECIAL = ("default", "d", "escape", "e")  # filters that see null, or mark text as HTML


def number_range(*args: int) -> range:
    """Whole numbers to loop over. Raises RenderingError for too many."""
    numbers = range(*args)
    if len(numbers) > MOST_NUMBERS:
        raise RenderingError(f"a range has at most {MOST_NUMBERS:,} numbers")
    return numbers


FUNCTIONS: Mapping[str, Callable[..., object]] = {"range": number_range}

CONTEXT = frozenset(column for known in FILTERS.values() for column in known.context)  # columns that filters look at
