"""The names in an expression: columns, and the moments that are names everywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import lru_cache

import polars as pl

from segcli.fields.expressions.functions import vocabulary
from segcli.fields.expressions.kinds import timestamp
from segcli.fields.expressions.refusals import REFUSED_WORDS, RESERVED
from segcli.fields.expressions.tokens import TOKEN, ExpressionError, literal_value
from segcli.problems import nearest
from segcli.project.models import Expression

MOMENTS = frozenset({"as_of", "today", "this_week", "this_month"})


def names_in(expression: Expression) -> frozenset[str]:
    """Every identifier that may be a column, before any column is known: more rather than fewer."""
    return _names_in(expression.text)


@lru_cache(maxsize=4_096)
def _names_in(text: str) -> frozenset[str]:
    found, position = set(), 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            position += 1
            continue
        position = match.end()
        word = literal_value(match.group())
        called = match.lastgroup == "word" and text[position:].lstrip()[:1] == "("
        known = word in MOMENTS or word.lower() in RESERVED
        if match.lastgroup == "quoted" or (match.lastgroup == "word" and not called and not known):
            found.add(word)
    return frozenset(found)


def moment(name: str, as_of: dt.datetime) -> tuple[str, pl.DataType]:
    """One of the moments as an SQL literal, with its type."""
    if name == "as_of":
        return timestamp(as_of), pl.Datetime("us")
    return f"date '{days_of(as_of)[name].isoformat()}'", pl.Date()


def days_of(as_of: dt.datetime) -> dict[str, dt.date]:
    """The moments that are days; a week begins on Monday."""
    today = as_of.date()
    return {
        "today": today,
        "this_week": today - dt.timedelta(days=today.weekday()),
        "this_month": today.replace(day=1),
    }


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def unknown_name(name: str, start: int, known: Collection[str], what: str, *, in_quotes: bool) -> ExpressionError:
    """What to say about a name that is no column."""
    words = vocabulary()
    if in_quotes:
        hint = nearest(name, known) if " " not in name else None
        return ExpressionError(
            f'"{name}" in double quotes is a name, and not {what}',
            start,
            hint or f"Text goes in single quotes: '{name}'.",
        )
    if name.lower() in words.clock:
        return ExpressionError(*reordered(words.refusal(name.lower()), start))
    if name in known:
        return ExpressionError(f"'{name}' cannot be used here", start, "Its own definition has a problem.")
    if name.lower() in known or name.lower() in MOMENTS:
        return ExpressionError(
            f"'{name}' is not {what}",
            start,
            f"Did you mean '{name.lower()}'? Small and capital letters differ.",
        )
    hint = nearest(name, {*known, *MOMENTS})
    if hint is None and name.lower() in REFUSED_WORDS:
        hint = REFUSED_WORDS[name.lower()]
    if hint is None and name.lower() in words.functions:
        hint = f"The function is written with parentheses: {name.lower()}(x)."
    if hint is None:
        hint = "`segcli fields` lists what there is."
    return ExpressionError(f"'{name}' is not {what}", start, hint)


def reordered(refusal: tuple[str, str | None], start: int) -> tuple[str, int, str | None]:
    """A refusal with its place, as ExpressionError takes them."""
    return refusal[0].replace("()", ""), start, refusal[1]
