"""How a message asks for dates and times: a style by its name, or a pattern in the letters of Unicode's CLDR."""

from __future__ import annotations

import re

from segcli.problems import nearest

STYLES = ("short", "medium", "long", "full")
_OF_DATES, _OF_TIMES, _HOURS = frozenset("GyQqMLwWdEec"), frozenset("ahHKkmsSzZ"), frozenset("hHKk")
_QUOTED = re.compile(r"'[^']*'")
_RUN = re.compile(r"([A-Za-z])\1*")
_OTHERS = {
    "D": "the day of the year; the day of the month is d",
    "Y": "the year of the week; the year is y",
}
_DATE_HINT = "Write short, medium, long, full, or a pattern such as 'dd.MM.yyyy' or 'd MMMM y'."
_TIME_HINT = "Write short, medium, or a pattern such as 'HH:mm'."


def fault(style: str, *, of_date: bool, of_time: bool) -> tuple[str, str] | None:
    """What is wrong with a style or pattern, and the way out. `of_date`, `of_time`: what is there to be shown."""
    hint = _DATE_HINT if of_date else _TIME_HINT
    if style in STYLES:
        return None
    near = nearest(style.lower(), STYLES) if style.isalpha() else None
    if near or not style:
        return "there is no such style", near or hint
    if "%" in style:
        return "% stands in no pattern", hint
    runs = {found.group(1): found.group() for found in _RUN.finditer(_QUOTED.sub(" ", style))}
    if runs.keys() & set("ms") and not runs.keys() & _HOURS:
        return f"{runs.get('m') or runs['s']} is of minutes and seconds; the month is M", hint
    for letter, run in runs.items():
        if letter in _OTHERS:
            return f"{run} is {_OTHERS[letter]}", hint
        if letter not in _OF_DATES | _OF_TIMES:
            return f"'{run}' is no part of a date or time; words stand in single quotes, within the double ones", hint
        if letter in _OF_DATES and not of_date:
            return f"{run} is of dates, and this is a time of day", f"Write date('{style}')."
        if letter in _OF_TIMES and not of_time:
            return f"{run} is of times, and this is a date alone", hint
    return None
