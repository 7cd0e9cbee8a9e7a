"""What an importer would do wrong with these columns and rows, found before any list is written."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Sequence

import polars as pl

from segcli.exports.formats import (
    ListFormat,
    ResolvedColumn,
    load_format,
    names_in,
    resolve_columns,
    with_every_column,
)
from segcli.exports.list_lines import list_cells
from segcli.problems import Problems
from segcli.sources.tables import CANONICAL


def preflight(
    esp: str | None,
    columns: Collection[str],
    frame: pl.LazyFrame | None = None,
    *,
    fields: Sequence[str] = (),
    as_of: dt.datetime | None = None,
) -> Problems:
    """Checks the header with `columns`, the names there are; with `frame`, every row that lists would hold.

    `fields` are the chosen fields, `as_of` is the run's moment (needed with `frame`). Raises RecipeError for
    an ESP that is not known.
    """
    form, problems = load_format(esp), Problems()
    resolved = resolve_columns(form, columns, fields)
    _check_header(form, resolved, problems)
    _check_given(form, columns, problems)
    if frame is not None and not problems.errors:
        _check_rows(form, resolved, with_every_column(frame), as_of, problems)
    return problems


def _check_header(form: ListFormat, resolved: Sequence[ResolvedColumn], problems: Problems) -> None:
    headers = [column.header for column in resolved]
    if form.limits.columns is not None and len(headers) > form.limits.columns:
        problems.error(
            f"{form.name} takes at most {form.limits.columns} columns, the lists have {len(headers)}.",
            hint="Choose fewer fields for the send lists.",
        )
    for header in headers:
        if not re.fullmatch(form.fields.allowed, header):
            problems.error(
                f"{form.name} does not take the column name {header!r}.", hint="Give the field another name."
            )
    for lowered, count in Counter(header.lower() for header in headers).items():
        if count > 1:
            same = ", ".join(repr(header) for header in headers if header.lower() == lowered)
            problems.error(
                f"{form.name} would take these columns for one, or for several by their case: {same}.",
                hint="Give the field another name.",
            )


def _check_given(form: ListFormat, columns: Collection[str], problems: Problems) -> None:
    for header, column in form.columns.items():
        if column.required and not any(names_in(sql) & {*columns} for sql in column.value):
            known = " or ".join(sorted(frozenset().union(*map(names_in, column.value))))
            problems.error(
                f"{form.name} needs {header!r} in every row, and no file gives it.",
                hint=f"Add a column {known} to the customers.",
            )
    if names_in(form.needs) and not names_in(form.needs) & {*columns}:
        known = " or ".join(sorted(names_in(form.needs)))
        problems.error(f"{form.name} needs {known}, and no file gives it.", hint="Add it to the customers.")


def _check_rows(
    form: ListFormat,
    resolved: Sequence[ResolvedColumn],
    frame: pl.LazyFrame,
    as_of: dt.datetime | None,
    problems: Problems,
) -> None:
    """One pass over the rows: how many fall into each fault, and the first of them."""
    frame = frame.with_columns(pl.lit(as_of, pl.Datetime("us")).alias("as_of"))
    faults = _faults(form, resolved, frame)
    if not faults:
        return
    counted = {f"count:{n}": flag.cast(pl.Int64).sum() for n, (_, _, flag) in enumerate(faults)}
    first = {f"first:{n}": pl.col("customer_id").filter(flag).first() for n, (_, _, flag) in enumerate(faults)}
    row = frame.select(**counted, **first).collect(engine="streaming").row(0, named=True)
    for n, (message, hint, _) in enumerate(faults):
        if count := row[f"count:{n}"]:
            who = f"{count} customer{'s' if count > 1 else ''} on the lists, first {row[f'first:{n}']!r}"
            problems.error(f"{form.name}: {message} ({who}).", hint=hint)


def _faults(
    form: ListFormat, resolved: Sequence[ResolvedColumn], frame: pl.LazyFrame
) -> list[tuple[str, str, pl.Expr]]:
    """Message, way out, and the rows that have the fault (never null)."""
    limited = form.limits.cell_bytes is not None
    looked_at = [each for each in resolved if limited or each.column.required or each.column.allowed is not None]
    cells = list_cells(form, frame, looked_at)
    known = {*frame.collect_schema().names(), *CANONICAL["customers"]}
    faults: list[tuple[str, str, pl.Expr]] = []
    for column in looked_at:
        cell, header = cells[column.header], column.header
        if column.column.required:
            message = f"{header!r} is empty, and must be there in every row"
            faults.append((message, "Complete it in the customers' file.", cell.is_null()))
        if column.column.allowed is not None:
            allowed = column.column.allowed
            message = f"{header!r} is none of {', '.join(allowed)}"
            faults.append((message, "Correct the field.", ~cell.is_in(allowed)))
        if form.limits.cell_bytes is not None:
            message = f"{header!r} is longer than {form.limits.cell_bytes} bytes"
            faults.append((message, "Shorten it.", cell.str.len_bytes() > form.limits.cell_bytes))
    faults += [(trap.message, trap.hint, pl.sql_expr(trap.when)) for trap in form.traps if names_in(trap.when) <= known]
    return [(message, hint, flag.fill_null(value=False)) for message, hint, flag in faults]
