"""Cells of a file -> typed columns, as expressions, with the first cell of each row that cannot be read.

Text is cast on purpose: blank is null, ids keep their leading zeros, amounts never pass through floats.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import polars as pl

from segcli.sources import words
from segcli.sources.amounts import ABSURD, money_steps, number_steps
from segcli.sources.stepwise import stepwise
from segcli.sources.tables import CANONICAL, DATE, FLAG, MONEY, NUMBER, TEXT, TEXTS, TIME, UNIT_PRICE, WHOLE, WORKING
from segcli.sources.times import native_time, time_steps

UTC = ZoneInfo("UTC")
# What systems write when they do not know: the years 1, 1900 and 1970. No shop's export begins before this.
EARLIEST = dt.datetime(1980, 1, 1)
BEFORE_EARLIEST = r"^\s*(?:0\d{3}|1[0-8]\d\d|19[0-7]\d)-"
# How programs write that there is none, where an id or an address would stand.
NOTHING = (
    "-", "--", "null", "NULL", "Null", "none", "None", "NONE", "nan", "NaN", "NAN", "NA", "<NA>", "n/a", "N/A", "#N/A",
    "undefined", "\\N",
)  # fmt: skip
FLOAT_ID = r"^(\d+)\.0$"
PROBLEM = pl.Struct({"column": pl.String, "reason": pl.String, "value": pl.String, "fatal": pl.Boolean})
# Without these a row says nothing: a cell there that cannot be read costs the row.
FATAL = frozenset({
    ("orders", "ordered_at"), ("orders", "amount"), ("orders", "line_amount"), ("orders", "price"),
    ("orders", "quantity"), ("orders", "refunded"), ("order_items", "ordered_at"),
    ("order_items", "quantity"), ("order_items", "price"), ("order_items", "line_amount"), ("events", "at"),
    ("carts", "started_at"), ("carts", "last_activity_at"), ("carts", "amount"), ("cart_items", "started_at"),
})  # fmt: skip
# Columns that are more than their type says; all others are cast by their type.
MEANINGS = {
    **dict.fromkeys(
        (
            "customer_id",
            "order_id",
            "product_id",
            "cart_id",
            "store_id",
            "referred_by",
            "accessory_of",
            "postal_code",
        ),
        "id",
    ),
    **{name: name for name in ("email", "phone", "country", "gender", "language", "event", "currency")},
}
BY_TYPE = {
    MONEY: "money", TIME: "time", DATE(): "date", FLAG(): "flag", NUMBER(): "number", WHOLE(): "whole",
    TEXTS: "list", TEXT(): "text",
}  # fmt: skip
AMOUNTS = {"money": MONEY, "unit_price": UNIT_PRICE}
REASONS = {
    "money": "not an amount", "unit_price": "not an amount", "time": "not a time", "date": "no such date",
    "flag": "neither yes nor no",
    "number": "not a number", "whole": "not a whole number", "phone": "not a phone number",
    "gender": "not a gender that is known",
}  # fmt: skip


@dataclass(frozen=True)
class Formats:
    """How one file writes what can be written in several ways."""

    zone: ZoneInfo
    source_zone: ZoneInfo
    decimal: str = "."
    date_format: str | None = None
    orders: Mapping[str, str] = field(default_factory=dict)  # the file's column -> `day` or `month` first
    country: str | None = None
    trusted: bool = False  # a Parquet file with our own column names: text is taken as it is


@dataclass(frozen=True)
class Cells:
    """The raw cells of one column: their name and type in the frame, and the file's columns behind them."""

    name: str
    dtype: pl.DataType
    sources: tuple[str, ...] = ()

    @property
    def column(self) -> pl.Expr:
        return pl.col(self.name)


def meaning_of(table: str, column: str, dtype: pl.DataType | None = None) -> str:
    """What a column of a table holds: `id`, `email`, `money`, `time` ..."""
    if (table, column) == ("orders", "price"):
        return "unit_price"  # only multiplied, and never shown
    if column in MEANINGS and not (table == "products" and column == "url"):
        return MEANINGS[column]
    known = {**CANONICAL.get(table, {}), **WORKING.get(table, {})}
    return BY_TYPE[known.get(column) or dtype or TEXT()]


def dtype_of(meaning: str) -> pl.DataType:
    """The type of a column with this meaning."""
    return AMOUNTS.get(meaning) or {kind: dtype for dtype, kind in BY_TYPE.items()}.get(meaning, TEXT())


def cast_cells(cells: Cells, meaning: str, formats: Formats, countries: pl.Expr | None = None) -> pl.Expr:
    """The cells as a column of that meaning; null where they are blank or cannot be read."""
    if meaning == "phone":
        return words.phone(tidy_id(cells), countries, formats.country)
    if formats.trusted and cells.dtype == pl.String and meaning in ("id", "text", "event", "currency"):
        return cells.column
    if cells.dtype == pl.String:
        return _TEXT_CASTS[meaning](cells, formats)
    return _cast_native(cells, meaning, formats)


def tidy_id(cells: Cells) -> pl.Expr:
    """An id or an address as text: no blanks around it, no leading apostrophe, no `.0` of a number that was a float.

    A word for nothing is null: two people whose address is `-` are two. Programs that know whole numbers only
    without gaps write `12.0` into text too, where another row has no id.
    """
    if cells.dtype == pl.String:
        text = cells.column.str.strip_chars(" \t\r\n\u00a0").str.strip_prefix("'").str.replace(FLOAT_ID, "${1}")
        return pl.when(text.str.len_bytes() > 0, text.is_in(NOTHING).not_()).then(text)
    if cells.dtype.is_float():
        whole = cells.column.cast(pl.Int64, strict=False)
        same = whole.cast(pl.Float64) == cells.column
        return pl.when(same).then(whole.cast(pl.String)).otherwise(cells.column.cast(pl.String))
    return cells.column.cast(pl.String)


def _text(cells: Cells, _: Formats) -> pl.Expr:
    text = cells.column.str.strip_chars()
    return pl.when(text.str.len_bytes() > 0).then(text)


def _money(cells: Cells, formats: Formats, dtype: pl.DataType = MONEY) -> pl.Expr:
    return _sane(stepwise(cells.column, money_steps(formats.decimal, dtype), dtype))


def _sane(amount: pl.Expr) -> pl.Expr:
    return pl.when(amount.abs() <= ABSURD).then(amount)


def _number(cells: Cells, formats: Formats) -> pl.Expr:
    return stepwise(cells.column, number_steps(formats.decimal), NUMBER())


def _whole(cells: Cells, formats: Formats) -> pl.Expr:
    number = _number(cells, formats)
    return pl.when(number == number.round(0)).then(number.cast(pl.Int64, strict=False))


def _time(cells: Cells, formats: Formats) -> pl.Expr:
    order = next((formats.orders[name] for name in cells.sources if name in formats.orders), None)
    known = cells.column.str.strip_chars()
    empty = known.str.starts_with("0000-00-00")  # how MySQL writes no date
    filled = pl.when(empty.not_()).then(known)
    return stepwise(filled, time_steps(order, formats.source_zone, formats.zone, formats.date_format), TIME)


def _sane_time(time: pl.Expr) -> pl.Expr:
    return pl.when(time >= EARLIEST).then(time)


def _date(cells: Cells, formats: Formats) -> pl.Expr:
    here = Formats(UTC, UTC, formats.decimal, formats.date_format, formats.orders)  # a day has no timezone
    return _time(cells, here).dt.date()


def _list(cells: Cells, _: Formats) -> pl.Expr:
    plain = cells.column.str.strip_chars(" []").str.replace_all(r"\s*[,;|]\s*", ",")
    items = plain.str.split(",").list.eval(pl.element().str.strip_chars(" \"'"))
    filled = items.list.eval(pl.element().filter(pl.element().str.len_bytes() > 0))
    return pl.when(plain.str.len_bytes() > 0).then(filled)


_TEXT_CASTS: dict[str, Callable[[Cells, Formats], pl.Expr]] = {
    "text": _text,
    "id": lambda cells, _: tidy_id(cells),
    "email": lambda cells, _: tidy_id(cells).str.to_lowercase(),
    "country": lambda cells, formats: words.country(_text(cells, formats)),
    "gender": lambda cells, formats: words.gender(_text(cells, formats)),
    "language": lambda cells, formats: _text(cells, formats).str.to_lowercase().str.replace_all("_", "-"),
    "currency": lambda cells, formats: words.currency(_text(cells, formats)),
    "event": lambda cells, formats: words.event(_text(cells, formats)),
    "list": _list,
    "money": _money,
    "unit_price": lambda cells, formats: _money(cells, formats, UNIT_PRICE),
    "number": _number,
    "whole": _whole,
    "flag": lambda cells, formats: words.flag(_text(cells, formats)),
    "time": lambda cells, formats: _sane_time(_time(cells, formats)),
    "date": _date,
}


def _cast_native(cells: Cells, meaning: str, formats: Formats) -> pl.Expr:
    """Columns of Parquet and NDJSON, which have types; a type that already fits passes untouched."""
    column, dtype = cells.column, cells.dtype
    if dtype == dtype_of(meaning) and meaning != "time":
        return column
    if meaning in AMOUNTS:
        wanted = AMOUNTS[meaning]
        exact = column.round(wanted.scale) if dtype.is_float() else column
        return _sane(exact.cast(wanted, strict=False))
    if meaning in ("time", "date"):
        if dtype == pl.Date:
            return column if meaning == "date" else column.cast(TIME)
        time = native_time(column, dtype, formats.source_zone, formats.zone)
        return time if meaning == "time" else time.dt.date()
    if meaning in ("number", "whole"):
        return column.cast(dtype_of(meaning), strict=False)
    if meaning == "flag":
        return column.cast(pl.Boolean, strict=False) if not dtype.is_nested() else pl.lit(None, pl.Boolean)
    if meaning == "list":
        is_list = isinstance(dtype, pl.List)
        return column.cast(TEXTS, strict=False) if is_list else _list(Cells(cells.name, TEXT()), formats)
    if dtype.is_nested():
        return pl.lit(None, pl.String)
    text = Cells(cells.name, cells.dtype)
    return tidy_id(text)


def can_fail(cells: Cells, meaning: str) -> bool:
    """Whether a filled cell may come out null."""
    if meaning not in REASONS:
        return False
    if cells.dtype == pl.String:
        return True
    if meaning in AMOUNTS:
        return cells.dtype != AMOUNTS[meaning]
    return meaning == "phone"


def first_problem(table: str, checks: Sequence[tuple[str, str, Cells]]) -> pl.Expr:
    """PROBLEM of the first filled cell that came out null; a cell that costs the row comes before others.

    `checks` are typed column, meaning and raw cells.
    """
    if not checks:
        return pl.lit(None, PROBLEM)
    ordered = sorted(checks, key=lambda check: (table, check[0]) not in FATAL)
    column: pl.Expr | None = None
    value = reason = fatal = column
    for name, meaning, cells in reversed(ordered):
        failed = _failed(name, meaning, cells)
        shown = cells.column.cast(pl.String)
        why = pl.lit(REASONS[meaning])
        if meaning == "time":
            early = shown.str.contains(BEFORE_EARLIEST)
            why = pl.when(early).then(pl.lit("a time before 1980")).otherwise(why)
        if meaning in AMOUNTS:
            large = shown.str.count_matches(r"\d") > 12
            why = pl.when(large).then(pl.lit("an absurd amount")).otherwise(why)
        column = pl.when(failed).then(pl.lit(name)).otherwise(column)
        reason = pl.when(failed).then(why).otherwise(reason)
        value = pl.when(failed).then(shown).otherwise(value)
        fatal = pl.when(failed).then(pl.lit((table, name) in FATAL)).otherwise(fatal)
    assert column is not None and reason is not None and value is not None and fatal is not None
    return pl.when(column.is_not_null()).then(
        pl.struct(
            column.cast(pl.String).alias("column"),
            reason.cast(pl.String).alias("reason"),
            value.cast(pl.String).alias("value"),
            fatal.cast(pl.Boolean).alias("fatal"),
        )
    )


def _failed(name: str, meaning: str, cells: Cells) -> pl.Expr:
    missing = pl.col(name).is_null() & cells.column.is_not_null()
    if cells.dtype != pl.String:
        return missing
    raw = cells.column.str.strip_chars()
    filled = raw.str.len_bytes() > 0
    if meaning in ("time", "date"):
        filled = filled & raw.str.starts_with("0000-00-00").not_()
    return missing & filled
