"""Expected values beside those of a run: whether they are the same, and both in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from math import isclose
from typing import Any
from zoneinfo import ZoneInfo

from segcli.project.localities import parse_moment


def same(wanted: Any, got: Any) -> bool:
    """Whether a value of a run is the one that was written in YAML.

    Amounts are exact. A number with decimals is compared to as many as are written (33.3 is 33.333), a whole one is
    whole. A date or a time is a text in YAML.
    """
    if wanted is None or got is None:
        return wanted is None and got is None
    if isinstance(wanted, list):
        return isinstance(got, list) and len(wanted) == len(got) and all(map(same, wanted, got))
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if isinstance(wanted, int | float):
        return _same_number(wanted, got)
    if isinstance(got, dt.date):
        return _same_time(str(wanted), got)
    return str(wanted) == str(got)


def _same_number(wanted: int | float, got: Any) -> bool:
    if isinstance(got, str):
        return str(wanted) == got
    if not isinstance(got, int | float | Decimal):
        return False
    written = Decimal(str(wanted))
    if isinstance(got, float):
        places = max(0, -int(written.as_tuple().exponent)) if isinstance(wanted, float) else 0
        rounded = isinstance(wanted, float) and round(Decimal(str(got)), places) == written
        return rounded or isclose(wanted, got, rel_tol=1e-9)
    return written == Decimal(got)


def _same_time(wanted: str, got: dt.date) -> bool:
    moment = parse_moment(wanted, ZoneInfo("UTC"))
    if moment is None:
        return False
    if isinstance(got, dt.datetime):
        return got in (moment, dt.datetime.fromisoformat(wanted.strip()))
    return moment == dt.datetime.combine(got, dt.time())


def shown(value: Any) -> str:
    """A value as a test would write it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M}" + (f":{value:%S}" if value.second else "")
    if isinstance(value, list):
        return f"[{', '.join(shown(each) for each in value)}]"
    return str(value)


def shown_names(names: Iterable[str], none: str = "nobody") -> str:
    """Names one after the other."""
    return ", ".join(names) or none
