"""Templates and the recipients' values to texts: the columnar way where it can be, else Jinja's; the same bytes."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

import polars as pl

from segcli.messages.coding import PLAIN, Coding
from segcli.messages.columnar.evaluating import Coder, evaluated
from segcli.messages.frame_rows import FrameRows
from segcli.messages.templates import Template
from segcli.messages.texts import EveryRow, GivenTexts, Texts, whole

FAILURES: dict[str, pl.DataType] = {"row": pl.UInt32(), "reason": pl.String()}
_COLLECTED = 100  # messages as Python's texts
_ROW = "segcli row"


@dataclass(frozen=True)
class Rendered:
    """One text for each row, null where it failed; `failures` says of each of those rows (from 0) why."""

    texts: Texts
    failures: pl.DataFrame

    @cached_property
    def values(self) -> pl.Series:
        """All of the texts."""
        return whole(self.texts)


def render(
    template: Template,
    frame: pl.DataFrame,
    coding: Coding = PLAIN,
    path: Literal["columnar", "jinja"] | None = None,
    rows: FrameRows | None = None,
) -> Rendered:
    """The template for each row of a frame that has the columns `template.names`.

    Without a `path`, the columnar one is taken where the template allows it. Raises ValueError if it is asked for and
    the template does not. `rows` are the frame's, for who renders several templates with it.
    """
    coding = Coding(coding)
    frame = _prepared(frame, template)
    if path == "columnar" and not template.columnar:
        raise ValueError("only Jinja renders this template")
    if path == "jinja" or not template.columnar:
        with _without_garbage_collection():
            return _collected(template.jinja(coding).render_rows(rows or FrameRows(frame), sorted(template.names)))
    return _with_reasons(template, frame, coding, _columnar(template, frame, coding))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Rows are many small objects without cycles among them: looking for cycles again and again takes long."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _columnar(template: Template, frame: pl.DataFrame, coding: Coding) -> Texts:
    if frame.is_empty():
        return EveryRow("", 0)
    block = template.block
    assert block is not None
    return evaluated(block, frame, Coder(coding, template.source.escape, template.source.one_blank_line))


def _with_reasons(template: Template, frame: pl.DataFrame, coding: Coding, texts: Texts) -> Rendered:
    """Jinja tells why a row failed; those are few."""
    failed = texts.missing().arg_true()
    if not len(failed):
        return Rendered(texts, pl.DataFrame(schema=FAILURES))
    again = _collected(template.jinja(coding).render_rows(FrameRows(frame[failed]), sorted(template.names)))
    failures = again.failures.with_columns(row=failed.gather(again.failures["row"]).cast(pl.UInt32))
    if again.values.is_not_null().any():  # a filter that failed within a default, say, is not the end of a message
        texts = GivenTexts(whole(texts).scatter(failed, again.values))
    return Rendered(texts, failures)


def _collected(messages: Iterator[tuple[str | None, str | None]]) -> Rendered:
    parts = [pl.Series("text", [], dtype=pl.String)]
    failures: list[tuple[int, str | None]] = []
    row = 0
    # A few at a time go into Polars' memory, so that Python's is used again.
    while some := list(islice(messages, _COLLECTED)):
        parts.append(pl.Series("text", [text for text, _ in some], dtype=pl.String))
        failures += [(row + place, reason) for place, (text, reason) in enumerate(some) if text is None]
        row += len(some)
    texts = GivenTexts(pl.concat(parts, rechunk=True))
    return Rendered(texts, pl.DataFrame(failures, FAILURES, orient="row"))


def _prepared(frame: pl.DataFrame, template: Template) -> pl.DataFrame:
    """The columns that the template needs, or one that it does not, since a frame without columns has no rows."""
    if not template.names:
        return pl.DataFrame({_ROW: pl.int_range(0, frame.height, eager=True)})
    return frame.select(template.names).with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
