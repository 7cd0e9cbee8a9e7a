"""Templates and the recipients' values to texts: the columnar way where it can be, else Jinja's; the same bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import polars as pl

from segcli.messages.coding import PLAIN, Coding
from segcli.messages.columnar.evaluating import Coder, evaluated
from segcli.messages.templates import Template

FAILURES: dict[str, pl.DataType] = {"row": pl.UInt32(), "reason": pl.String()}
_LEAST, _MOST = 2_000, 25_000  # rows at once on each core
_COLLECTED = 100  # messages as Python's texts
_ROW = "segcli row"


@dataclass(frozen=True)
class Rendered:
    """One text for each row, null where it failed; `failures` says of each of those rows (from 0) why."""

    values: pl.Series
    failures: pl.DataFrame


def render(
    template: Template, frame: pl.DataFrame, coding: Coding = PLAIN, path: Literal["columnar", "jinja"] | None = None
) -> Rendered:
    """The template for each row of a frame that has the columns `template.names`.

    Without a `path`, the columnar one is taken where the template allows it. Raises ValueError if it is asked for and
    the template does not.
    """
    coding = Coding(coding)
    frame = _prepared(frame, template)
    if path == "columnar" and not template.columnar:
        raise ValueError("only Jinja renders this template")
    if path == "jinja" or not template.columnar:
        return _collected(template.jinja(coding).render_rows(frame))
    cores = os.cpu_count() or 1
    size = min(max(-(-frame.height // cores), _LEAST), _MOST)
    slices = [frame.slice(start, size) for start in range(0, max(frame.height, 1), size)]
    if len(slices) == 1:
        parts = [_columnar(template, slices[0], coding)]
    else:
        with ThreadPoolExecutor(max_workers=cores) as threads:
            parts = list(threads.map(lambda part: _columnar(template, part, coding), slices))
    values = pl.concat(parts)
    return _with_reasons(template, frame, coding, values)


def _columnar(template: Template, frame: pl.DataFrame, coding: Coding) -> pl.Series:
    if frame.is_empty():
        return pl.Series("text", [], dtype=pl.String)
    block = template.block
    assert block is not None
    return evaluated(block, frame, Coder(coding, template.source.escape)).alias("text")


def _with_reasons(template: Template, frame: pl.DataFrame, coding: Coding, values: pl.Series) -> Rendered:
    """Jinja tells why a row failed; those are few."""
    failed = values.is_null().arg_true()
    if not len(failed):
        return Rendered(values, pl.DataFrame(schema=FAILURES))
    again = _collected(template.jinja(coding).render_rows(frame[failed]))
    failures = again.failures.with_columns(row=failed.gather(again.failures["row"]).cast(pl.UInt32))
    if again.values.is_not_null().any():  # a filter that failed within a default, say, is not the end of a message
        values = values.scatter(failed, again.values)
    return Rendered(values, failures)


def _collected(messages: Iterator[tuple[str | None, str | None]]) -> Rendered:
    parts = [pl.Series("text", [], dtype=pl.String)]
    failures: list[tuple[int, str | None]] = []
    row = 0
    # A few at a time go into Polars' memory, so that Python's is used again.
    while some := list(islice(messages, _COLLECTED)):
        parts.append(pl.Series("text", [text for text, _ in some], dtype=pl.String))
        failures += [(row + place, reason) for place, (text, reason) in enumerate(some) if text is None]
        row += len(some)
    return Rendered(pl.concat(parts, rechunk=True), pl.DataFrame(failures, FAILURES, orient="row"))


def _prepared(frame: pl.DataFrame, template: Template) -> pl.DataFrame:
    """The columns that the template needs, or one that it does not, since a frame without columns has no rows."""
    if not template.names:
        return pl.DataFrame({_ROW: pl.int_range(0, frame.height, eager=True)})
    return frame.select(template.names).with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
