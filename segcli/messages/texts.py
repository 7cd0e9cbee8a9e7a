"""A text for each row, put together when it is asked for, of few rows at a time.

Finished emails are large, and there are many. Those of a few hundred rows take memory that the next ones can take
again; all of them at once would take new pages of memory each time, which costs more than copying the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from segcli.messages.coding import BOUNDARY

AT_ONCE = 1000  # rows whose texts are put together at a time


class Texts(Protocol):
    """A text for each of some rows, null where there is none."""

    def __len__(self) -> int: ...

    def part(self, first: int, count: int) -> pl.Series:
        """The texts of these rows."""
        ...

    def missing(self) -> pl.Series:
        """Whether there is none, for each row; nothing is put together for this."""
        ...

    def pieces(self, first: int, count: int) -> Pieces | None:
        """What these rows' texts are joined from, where there is one for each and no boundary can be in it."""
        ...


@dataclass(frozen=True)
class Pieces:
    """Columns whose names no other pieces have, and what joins them to a text."""

    columns: pl.DataFrame
    text: pl.Expr


def whole(texts: Texts) -> pl.Series:
    """The texts of all rows."""
    return pl.concat([pl.Series("text", [], pl.String), *(part for _, part in parts_of(texts))], rechunk=False)


def parts_of(texts: Texts) -> Iterator[tuple[int, pl.Series]]:
    """The texts of all rows, part by part, each with the number of its first row."""
    for first in range(0, len(texts), AT_ONCE):
        yield first, texts.part(first, AT_ONCE)


@dataclass(frozen=True)
class GivenTexts:
    """Texts that are there already."""

    values: pl.Series

    def __len__(self) -> int:
        return len(self.values)

    def part(self, first: int, count: int) -> pl.Series:
        return self.values.slice(first, count).alias("text")

    def missing(self) -> pl.Series:
        return self.values.is_null()

    def pieces(self, first: int, count: int) -> Pieces | None:
        return None


@dataclass(frozen=True)
class EveryRow:
    """The same text for every row."""

    text: str | None
    height: int

    def __len__(self) -> int:
        return self.height

    def part(self, first: int, count: int) -> pl.Series:
        height = max(0, min(count, self.height - first))
        return pl.repeat(self.text, height, dtype=pl.String, eager=True).alias("text")

    def missing(self) -> pl.Series:
        return pl.repeat(self.text is None, self.height, dtype=pl.Boolean, eager=True)

    def pieces(self, first: int, count: int) -> Pieces | None:
        if self.text is None or BOUNDARY in self.text:
            return None
        return Pieces(pl.DataFrame(), pl.lit(self.text))


@dataclass(frozen=True)
class JoinedTexts:
    """Texts joined from columns of pieces, which no other texts have the names of; `lacking` is where one is missing.

    `bounded` says that a boundary may stand in them, and `changed` is what is still to be done to each of them.
    """

    columns: pl.DataFrame
    text: pl.Expr
    lacking: pl.Series | None
    bounded: bool = True
    changed: Callable[[str], str] | None = None

    def __len__(self) -> int:
        return self.columns.height

    def part(self, first: int, count: int) -> pl.Series:
        texts = self.columns.slice(first, count).select(text=self.text).to_series()
        if self.changed is None:
            return texts
        return texts.map_elements(self.changed, return_dtype=pl.String, skip_nulls=True)

    def missing(self) -> pl.Series:
        if self.lacking is None:
            return pl.repeat(False, len(self), dtype=pl.Boolean, eager=True)
        return self.lacking

    def pieces(self, first: int, count: int) -> Pieces | None:
        if self.bounded or self.changed is not None or (self.lacking is not None and self.lacking.any()):
            return None
        return Pieces(self.columns.slice(first, count), self.text)


@dataclass(frozen=True)
class TextsOfVersions:
    """Texts of several versions of a message: row `n` is the next one of version `version[n]`."""

    version: pl.Series
    versions: Mapping[int, Texts]

    def __len__(self) -> int:
        return len(self.version)

    def part(self, first: int, count: int) -> pl.Series:
        here, before = self.version.slice(first, count), self.version.head(first)
        found, places = [pl.Series("text", [], pl.String)], [pl.Series([], dtype=pl.UInt32)]
        for number, texts in self.versions.items():
            rows = (here == number).arg_true()
            if len(rows):
                found.append(texts.part(int((before == number).sum()), len(rows)))
                places.append(rows)
        return pl.concat(found).gather(pl.concat(places).arg_sort())

    def missing(self) -> pl.Series:
        found, places = [pl.Series("missing", [], pl.Boolean)], [pl.Series([], dtype=pl.UInt32)]
        for number, texts in self.versions.items():
            found.append(texts.missing().alias("missing"))
            places.append((self.version == number).arg_true())
        return pl.concat(found).gather(pl.concat(places).arg_sort())

    def pieces(self, first: int, count: int) -> Pieces | None:
        return None


@dataclass(frozen=True)
class RenderedSlice:
    """Some recipients in their order: `rows` what there is of each, and their `texts` by the name of the part."""

    rows: pl.DataFrame
    texts: Mapping[str, Texts]

    @classmethod
    def of(cls, frame: pl.DataFrame, parts: Sequence[str]) -> RenderedSlice:
        """The slice of a frame in which the texts stand already."""
        texts = {name: GivenTexts(frame[name]) for name in parts if name in frame.columns}
        return cls(frame.drop(*texts), texts)

    def frame(self) -> pl.DataFrame:
        """The rows with all texts as columns."""
        return self.rows.with_columns(whole(texts).alias(name) for name, texts in self.texts.items())
