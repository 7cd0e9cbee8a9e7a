"""A template as the columnar way sees it: constants, values, conditions and loops, each with its expressions."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


class NotColumnarError(Exception):
    """The template says something that only Jinja renders."""


@dataclass(frozen=True)
class Typed:
    """An expression and its kind, one of String, Int64, Float64, Boolean, Date, Datetime, List, Struct and Null.

    `constant` is set for constants; `marked` says that the text is HTML already; `shown_only` that it is the text of
    values of several kinds, good for output and nothing else. `names` are the columns it needs.
    """

    expr: pl.Expr
    dtype: pl.DataType
    names: frozenset[str] = frozenset()
    constant: object = None
    is_constant: bool = False
    marked: bool = False
    shown_only: bool = False
    size: int = 1  # parts; what grows without bounds is not columnar

    @property
    def is_text(self) -> bool:
        return isinstance(self.dtype, pl.String) and not self.marked and not self.shown_only

    @property
    def is_number(self) -> bool:
        return isinstance(self.dtype, (pl.Int64, pl.Float64))


@dataclass(frozen=True)
class Constant:
    """Text of the template itself."""

    text: str


@dataclass(frozen=True)
class Value:
    """A value of each row, as text; `key` is the same for what is shown more than once."""

    key: str
    expr: pl.Expr
    marked: bool
    names: frozenset[str]


@dataclass(frozen=True)
class Choice:
    """Each condition (true or false, never null) with what is shown where it is the first that holds.

    `names` are the columns that the conditions need.
    """

    branches: tuple[tuple[pl.Expr, Block], ...]
    otherwise: Block
    names: frozenset[str]


@dataclass(frozen=True)
class Loop:
    """A body for each element of a list of each row.

    In the body's frame, `item` holds the elements, and `place` and `count` where they stand (from 0) and of how many.
    `names` are the columns that the list needs, `needs` those of the outer frame that the body reads; `read` are all
    that the body reads but the item itself, of which it reads the `members` (None: the whole, or a loop within).
    """

    items: pl.Expr
    names: frozenset[str]
    item: str
    place: str
    count: str
    needs: frozenset[str]
    read: frozenset[str]
    members: tuple[pl.Expr, ...] | None
    body: Block
    otherwise: Block


Part = Constant | Value | Choice | Loop


@dataclass(frozen=True)
class Block:
    """Parts that follow each other."""

    parts: tuple[Part, ...]
