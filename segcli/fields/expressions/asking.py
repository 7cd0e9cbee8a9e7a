"""What Polars says about a piece of SQL: its type, and whether it can be evaluated at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import polars as pl
from polars.exceptions import PolarsError

from segcli.fields.expressions.tokens import ExpressionError

DTYPE = r"[\w\[\], μ]+"
PLAIN_TYPES = (
    (r"list\[.*", "a list"),
    (r"decimal.*|[iuf]\d+|dyn int|dyn float|float|int", "a number"),
    (r"str|string", "text"),
    (r"bool|boolean", "a condition"),
    (r"datetime.*", "a time"),
    (r"date", "a date"),
    (r"duration.*", "a length of time"),
)


class EmptyTable:
    """A typed frame without rows, to ask Polars what it makes of an expression."""

    def __init__(self, columns: Mapping[str, pl.DataType]) -> None:
        # A table without columns has no rows to select from.
        self.columns = dict(columns) or {"": pl.Int64()}

    def type_of(self, sql: str, start: int) -> pl.DataType:
        """The type of an expression by the schema alone; raises ExpressionError."""
        try:
            return _type(sql, tuple(self.columns.items()))
        except BaseException as error:
            raise refusal(error, start) from None

    def result_type(self, sql: str, start: int) -> pl.DataType:
        """The type of what really comes out, as a schema alone may err; raises ExpressionError."""
        try:
            return _result_type(sql, tuple(self.columns.items()))
        except BaseException as error:
            raise refusal(error, start) from None


def _query(sql: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.sql(f'select {sql} as "x" from self')


# The same question has the same answer: recipes share conditions, and a process may check them more than once.
@lru_cache(maxsize=4_096)
def _type(sql: str, columns: tuple[tuple[str, pl.DataType], ...]) -> pl.DataType:
    return _query(sql, pl.LazyFrame(schema=dict(columns))).collect_schema()["x"]


@lru_cache(maxsize=4_096)
def _result_type(sql: str, columns: tuple[tuple[str, pl.DataType], ...]) -> pl.DataType:
    return _query(sql, pl.LazyFrame(schema=dict(columns))).collect().schema["x"]


def refusal(error: BaseException, start: int) -> ExpressionError:
    """What Polars said, in one plain sentence; other exceptions than its own are raised again."""
    if not isinstance(error, PolarsError) and type(error).__name__ != "PanicException":
        raise error
    said = str(error).split("\n\nResolved plan")[0].splitlines()[0] if str(error) else type(error).__name__
    return ExpressionError(plain_sentence(said), start)


def plain_sentence(said: str) -> str:
    """A message of Polars without its inner workings."""
    if "recursion limit" in said:
        return "this is nested too deep"
    if found := re.search(rf"`(\w+)` operation not supported for dtype `({DTYPE})`", said):
        return f"{found[1]} is not possible for {plain_type(found[2])}"
    if found := re.search(rf"expected `?({DTYPE}?)`?(?: type)?, got:? `?({DTYPE})`?", said):
        return f"this needs {plain_type(found[1])}, and here is {plain_type(found[2])}"
    if found := re.search(rf"not allowed on ({DTYPE}) and ({DTYPE})", said):
        return f"this is not possible with {plain_type(found[1])} and {plain_type(found[2])}"
    if found := re.search(r"could not find an appropriate format", said):
        return "this is not a date"
    if said.startswith("regex error"):
        return "this is not a regular expression"
    said = re.sub(r"(sql parser error: |SQL|_POLARS_\w+)", "", said).strip().rstrip(".")
    return f"this cannot be evaluated: {said}"


def plain_type(name: str) -> str:
    """A type as Polars names it, in words."""
    for pattern, spoken in PLAIN_TYPES:
        if re.fullmatch(pattern, name.strip().lower()):
            return spoken
    return name.strip()
