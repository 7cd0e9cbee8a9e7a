"""Durations as recipes write them: `90d`, `48h`, `2w`, `15m`."""

from __future__ import annotations

import datetime as dt
import re

DURATION_PATTERN = "^[1-9][0-9]*[wdhm]$"
DURATION_OR_NONE_PATTERN = "^(0|[1-9][0-9]*)[wdhm]$"
DURATION_HINT = "Write a whole number and w, d, h or m (minutes): 2w, 90d, 48h, 15m."

_UNITS = {"w": dt.timedelta(weeks=1), "d": dt.timedelta(days=1), "h": dt.timedelta(hours=1)} | {
    "m": dt.timedelta(minutes=1)
}
_LONGEST = dt.timedelta(days=36525)
_LONG_UNITS = {"month": 30, "months": 30, "mo": 30, "quarter": 91, "y": 365, "year": 365, "years": 365}


def parse_duration(text: str, *, from_zero: bool = False) -> dt.timedelta | None:
    """The time that `90d` says, or None when the text is no duration of at most a hundred years.

    `0d` is one only where `from_zero` allows it.
    """
    if not re.fullmatch(DURATION_OR_NONE_PATTERN if from_zero else DURATION_PATTERN, text) or len(text) > 10:
        return None
    span = int(text[:-1]) * _UNITS[text[-1]]
    return span if span <= _LONGEST else None


def duration_text(span: dt.timedelta) -> str:
    """A duration of whole minutes as recipes write it, in the longest unit that fits: `90d`, `36h`, `15m`."""
    for unit in ("d", "h"):
        if span % _UNITS[unit] == dt.timedelta(0):
            return f"{span // _UNITS[unit]}{unit}"
    return f"{span // _UNITS['m']}m"


def duration_hint(text: str) -> str:
    """The way from what was written (`3 months`, `90`) to a duration."""
    if text.strip() == "0":
        return "Write 0d."
    match = re.match(r"^\s*([1-9][0-9]{0,4})\s*([a-z]*)\s*$", text.lower())
    if not match:
        return DURATION_HINT
    count, unit = int(match[1]), match[2]
    if not unit:
        return f"Write {count}d, {count}h, {count}w or {count}m (minutes)."
    if unit in _LONG_UNITS:
        return f"Months and years differ in length; count days: {count * _LONG_UNITS[unit]}d."
    if unit in (
        "week",
        "weeks",
        "day",
        "days",
        "hour",
        "hours",
        "hr",
        "hrs",
        "min",
        "mins",
        "minute",
        "minutes",
    ):
        return f"Write {count}{unit[0]}."
    return DURATION_HINT
