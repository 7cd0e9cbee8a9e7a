"""The rows of a frame as Python's values for Jinja, each column converted once however many templates read it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
import polars.selectors as cs

from segcli.messages.missing import Missing


class FrameRows:
    """The rows of a frame; null is Missing, also as a member of a struct, and so is NaN.

    Products (lists of structs) take long.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self._columns: dict[str, list[Any]] = {}

    def of(self, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows with these columns, as new dicts whose values are not."""
        if not names:
            return ({} for _ in range(self._frame.height))
        columns = [self._column(name) for name in names]
        return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))

    def put(self, column: pl.Series) -> None:
        """Adds a column, or takes another one's place."""
        self._columns.pop(column.name, None)
        self._frame = self._frame.with_columns(column)

    def _column(self, name: str) -> list[Any]:
        if name not in self._columns:
            column = self._frame[name]
            values = _values(column.fill_nan(None) if column.dtype.is_float() else column)
            self._columns[name] = _without_none(name, values)
        return self._columns[name]


def _without_none(name: str, values: list[Any]) -> list[Any]:
    if None not in values:
        return values
    missing = Missing(name=name)
    return [missing if value is None else value for value in values]


def _values(column: pl.Series) -> list[Any]:
    if isinstance(column.dtype, pl.Struct):
        return _structs(column)
    if not isinstance(column.dtype, pl.List) or not isinstance(column.dtype.inner, (pl.Struct, pl.List)):
        return column.to_list()
    counts = column.list.len().to_list()
    elements = _values(column.filter(column.list.len() > 0).explode()) if any(counts) else []
    lists: list[Any] = []
    start = 0
    for count in counts:
        if count is None:
            lists.append(None)
        else:
            lists.append(elements[start : start + count])
            start += count
    return lists


def _structs(elements: pl.Series) -> list[Any]:
    """Those that are equal are one object, as products mostly are: that is quicker, and lets them be known again."""
    members = elements.struct.unnest()
    distinct, places = _distinct(members)
    names = members.columns
    columns = [_without_none(member.name, _values(member)) for member in distinct.get_columns()]
    structs: list[Any] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    if places is not None:
        structs = [structs[place] for place in places]
    for place in elements.is_null().arg_true():
        structs[place] = None
    return structs


def _distinct(members: pl.DataFrame) -> tuple[pl.DataFrame, list[int] | None]:
    """The rows that differ, and for each row the place of that which it equals; None where each is its own."""
    if any(dtype.is_nested() for dtype in members.dtypes) or _has_negative_zero(members):
        return members, None
    number = "segcli row"
    numbered = members.with_row_index(number)
    first = numbered.select(pl.col(number).first().over(members.columns)).to_series()
    return members[first.unique().sort()], (first.rank("dense") - 1).to_list()


def _has_negative_zero(members: pl.DataFrame) -> bool:
    """Polars takes -0.0 for 0.0, and messages show them as they are."""
    inverse = members.select(cs.float().pow(-1) == -math.inf)
    return bool(inverse.width) and any(inverse.select(pl.all().any()).row(0))
