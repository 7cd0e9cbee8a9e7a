"""Cells of given rows: YAML values to the types of the tables' columns, with the place of what does not fit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from segcli.problems import Problems
from segcli.project.localities import parse_moment
from segcli.project.quantities import exact
from segcli.project.values import old_flag
from segcli.project.yaml_nodes import ListNode, Node, ScalarNode
from segcli.sources.tables import DATE, FLAG, MONEY, NUMBER, TEXT, TEXTS, TIME, WHOLE

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_SAYS = {
    TEXT(): "a text", MONEY: "an amount such as 19.90", NUMBER(): "a number", WHOLE(): "a whole number",
    FLAG(): "true or false", TIME: "a time such as 2026-06-01 09:00", DATE(): "a date such as 1990-05-31",
    TEXTS: "a list of texts",
}  # fmt: skip


def read_cell(node: Node, dtype: pl.DataType, zone: ZoneInfo, key: str, problems: Problems) -> Any:
    """The value of a cell as that type, None for null; what does not fit is a problem."""
    if isinstance(node, ScalarNode) and node.value is None:
        return None
    if dtype == TEXTS and isinstance(node, ListNode):
        return [read_cell(item, TEXT(), zone, key, problems) for item in node.items]
    value = _value(node, dtype, zone) if isinstance(node, ScalarNode) else None
    if value is None:
        shown = f", not '{node.written[:60]}'" if isinstance(node, ScalarNode) else ""
        problems.error(f"must be {_SAYS[dtype]}{shown}.", node.place, key, hint=_hint(node, dtype))
    return value


def _hint(node: Node, dtype: pl.DataType) -> str | None:
    if not isinstance(node, ScalarNode):
        return None
    if dtype == FLAG() and (meant := old_flag(node)):
        return f"Write {meant}."
    if not node.plain and dtype in (MONEY, NUMBER(), WHOLE()):
        return "Take the quotes away."
    return None


def _value(node: ScalarNode, dtype: pl.DataType, zone: ZoneInfo) -> Any:
    if dtype == TEXT():
        return node.written
    if dtype == TEXTS:
        return [word for part in node.written.split(",") if (word := part.strip())]
    if dtype == FLAG():
        return node.value if isinstance(node.value, bool) else None
    if dtype == TIME:
        return _time(node.written, zone)
    if dtype == DATE():
        return dt.date.fromisoformat(node.written) if _is_date(node.written) else None
    number = exact(node)
    if number is None:
        return None
    if dtype == MONEY:
        return number if number == round(number, 2) else None
    if dtype == WHOLE():
        return int(number) if number == int(number) else None
    return float(number)


def _time(text: str, zone: ZoneInfo) -> dt.datetime | None:
    if parse_moment(text, zone) is None:
        return None
    moment = dt.datetime.fromisoformat(text.strip())
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment


def _is_date(text: str) -> bool:
    return bool(_DATE.fullmatch(text)) and parse_moment(text, ZoneInfo("UTC")) is not None


def type_of(nodes: Iterable[Node]) -> pl.DataType:
    """The type of a column that only the rows tell of: the narrowest that holds every value."""
    filled = [node for node in nodes if not (isinstance(node, ScalarNode) and node.value is None)]
    if any(isinstance(node, ListNode) for node in filled):
        return TEXTS
    cells = [node for node in filled if isinstance(node, ScalarNode)]
    values = [node.value for node in cells]
    if not values:
        return TEXT()
    if all(isinstance(value, bool) for value in values):
        return FLAG()
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return WHOLE() if all(isinstance(value, int) for value in values) else NUMBER()
    if all(_is_date(node.written) for node in cells):
        return DATE()
    return TIME if all(parse_moment(node.written, ZoneInfo("UTC")) for node in cells) else TEXT()


def as_decimal(value: float | int | Decimal) -> Decimal:
    """A number as it is written."""
    return value if isinstance(value, Decimal) else Decimal(str(value))
