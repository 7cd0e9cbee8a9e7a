"""A rule's rows and cells: which rows of a file count for a table, and what a column is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from segcli.sources.headers import fold
from segcli.sources.presets import Cell, TableRule
from segcli.sources.source_file import SourceFile
from segcli.sources.words import folded

LINE = "__line"
Schema = Mapping[str, pl.DataType]


def rows_of(
    frame: pl.LazyFrame, file: SourceFile, rule: TableRule, fill_down: tuple[str, ...], within: str | None = None
) -> tuple[pl.LazyFrame, Schema]:
    """The rows that matter to the rule (a row per line item where they are packed), and their raw types."""
    schema: dict[str, pl.DataType] = dict(file.types or dict.fromkeys(file.header, pl.String()))
    for name in fill_down:
        filled = pl.when(is_filled(name, schema)).then(pl.col(name)).forward_fill()
        frame = frame.with_columns((filled.over(within) if within else filled).alias(name))
    if rule.filled:
        frame = frame.filter(pl.any_horizontal(is_filled(name, schema) for name in rule.filled))
    for name, word in rule.matching.items():
        frame = frame.filter(pl.col(name) == word)
    if rule.one_per:
        frame = frame.unique(subset=list(rule.one_per), keep="first")
    if rule.lines is not None:
        frame, schema[LINE] = _one_row_per_line(frame, rule, schema)
    return frame, schema


def _one_row_per_line(frame: pl.LazyFrame, rule: TableRule, schema: Schema) -> tuple[pl.LazyFrame, pl.DataType]:
    assert rule.lines is not None
    start, star, end = rule.lines.cells.partition("*")
    names = [name for name in schema if name.startswith(start) and name.endswith(end)] if star else [start]
    dtype = schema[names[0]]
    if isinstance(dtype, pl.List):
        lines = frame.with_columns(pl.col(names[0]).alias(LINE)).explode(LINE)
        return lines.filter(pl.col(LINE).is_not_null()), dtype.inner  # type: ignore[return-value]
    packed = pl.concat_list(names)
    if rule.lines.between is not None:
        packed = pl.col(names[0]).str.split(rule.lines.between)
    lines = frame.with_columns(packed.alias(LINE)).explode(LINE)
    return lines.filter(pl.col(LINE).str.len_bytes() > 0), pl.String()


def is_filled(name: str, schema: Schema) -> pl.Expr:
    """Whether the cell holds anything."""
    cell, dtype = named_cell(name, schema)
    return (cell.str.len_bytes() > 0).fill_null(False) if dtype == pl.String else cell.is_not_null()


def named_cell(name: str, schema: Schema) -> tuple[pl.Expr, pl.DataType]:
    """A column, a part of a line item (`line.sku`), a field of a nested column, or a parameter by its key."""
    if name in schema:
        return pl.col(name), schema[name]
    outer, _, rest = name.partition(".")
    if outer == "line":
        dtype = schema[LINE]
        if isinstance(dtype, pl.Struct):
            return pl.col(LINE).struct.field(rest), _field(dtype, rest)
        return pl.col(LINE).str.extract(rf"(?:^|\|)\s*{rest}:([^|]*)"), pl.String()
    dtype = schema[outer]
    if isinstance(dtype, pl.List):
        return _parameter(outer, dtype, rest), pl.String()
    cell = pl.col(outer)
    for part in rest.split("."):
        assert isinstance(dtype, pl.Struct)
        cell, dtype = cell.struct.field(part), _field(dtype, part)
    return cell, dtype


def _field(dtype: pl.Struct, name: str) -> pl.DataType:
    return next(field.dtype for field in dtype.fields if field.name == name)  # type: ignore[return-value]


def _parameter(name: str, dtype: pl.List, key: str) -> pl.Expr:
    """The value of one key in a list of keys and values, as GA4 keeps its event parameters."""
    assert isinstance(dtype.inner, pl.Struct)
    value = pl.element().struct.field("value")
    inner = _field(dtype.inner, "value")
    if isinstance(inner, pl.Struct):
        value = pl.coalesce(value.struct.field(field.name).cast(pl.String) for field in inner.fields)
    hit = pl.col(name).list.eval(
        pl.when(pl.element().struct.field("key") == key).then(value.cast(pl.String)).drop_nulls()
    )
    return hit.list.first()


def raw_cells(cell: Cell, schema: Schema) -> tuple[pl.Expr, pl.DataType]:
    """The cells of a column before casting, and their type; blank text of all but one source is null."""
    if cell.constant is not None:
        return pl.lit(cell.constant), pl.String()
    parts = [named_cell(name, schema) for name in cell.sources]
    expression, dtype = parts[0] if parts else (pl.lit(None, pl.String), pl.String())
    if len(parts) > 1:
        if any(other != dtype for _, other in parts):
            parts, dtype = [(part.cast(pl.String), pl.String()) for part, _ in parts], pl.String()
        expression = pl.coalesce(
            pl.when(part.str.len_bytes() > 0).then(part) if dtype == pl.String else part for part, _ in parts
        )
    if cell.transform or cell.words or cell.unless or cell.or_filled or cell.only_with or cell.zero_unless:
        expression = _transformed(expression.cast(pl.String), cell, schema)
        dtype = pl.String()
    return expression, dtype


def _transformed(text: pl.Expr, cell: Cell, schema: Schema) -> pl.Expr:
    if cell.words:
        known = {fold(word): meaning for word, meaning in cell.words.items()}
        text = folded(text).replace_strict(known, default=text, return_dtype=pl.String)
    if cell.transform:
        text = TRANSFORMS[cell.transform](text)
    for name, word in ((cell.unless, "false"), (cell.or_filled, "true")):
        if name:
            text = pl.when(_says_something(name, schema)).then(pl.lit(word)).otherwise(text)
    if cell.only_with:
        text = pl.when(is_filled(cell.only_with, schema)).then(text)
    for name, word in cell.zero_unless.items():
        other = is_filled(name, schema) & (folded(pl.col(name)) != fold(word))
        text = pl.when(other).then(pl.lit("0")).otherwise(text)
    return text


def _says_something(name: str, schema: Schema) -> pl.Expr:
    """Whether the cell holds anything but an empty list."""
    cell, dtype = named_cell(name, schema)
    filled = is_filled(name, schema)
    return filled & (cell != "[]") if dtype == pl.String else filled


# A whole tag among several with commas between them: `contest` and `test drive` are none.
TEST_TAG = r"(?i)(?:^|,)\s*test(?:[ _-]?order)?\s*(?:,|$)"

TRANSFORMS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    # `#1001` and `1001` are one order; the apostrophe keeps spreadsheets from reading a number.
    "order_number": lambda text: text.str.strip_chars().str.strip_chars_start("#'"),
    "first_word": lambda text: text.str.strip_chars().str.extract(r"^(\S+)"),
    "other_words": lambda text: text.str.strip_chars().str.extract(r"^\S+\s+(.+)$"),
    "first_code": lambda text: text.str.extract(r"^(?:code:)?([^|;,]+)"),
    "not_zero": lambda text: pl.when(text.str.strip_chars() != "0").then(text),
    "yes_only": lambda text: pl.when(text.str.to_lowercase().is_in(["yes", "true", "1"])).then(pl.lit("yes")),
    "test_gateway": lambda text: pl.when(text.str.to_lowercase().str.contains("bogus", literal=True)).then(
        pl.lit("yes")
    ),
    "test_tag": lambda text: pl.when(text.str.contains(TEST_TAG)).then(pl.lit("yes")),
    "filled": lambda text: pl.when(text.str.len_bytes() > 0).then(pl.lit("yes")),
}
