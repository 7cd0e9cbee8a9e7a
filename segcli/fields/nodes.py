"""The plan of a run: every field and segment as a checked node, in the order in which they can be computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from segcli.fields.expressions import CheckedExpression
from segcli.project.models import AcrossField, Field, PointsField, Scalar, ScoreField, Segment

PERSON = "customer_id"


@dataclass(frozen=True)
class Node:
    """One column to compute for every customer.

    `needs` names the fields and customers' columns it reads; `optional` are those of them that it can do
    without (inside coalesce). `phase` counts the barriers (scores, across) before it.
    """

    name: str
    dtype: pl.DataType
    needs: frozenset[str] = field(kw_only=True)
    optional: frozenset[str] = field(default=frozenset(), kw_only=True)
    phase: int = field(default=0, kw_only=True)


@dataclass(frozen=True)
class TableNode(Node):
    """A node that reads the rows of one table. `where` chooses rows, `within` looks back from as_of."""

    table: str = field(kw_only=True)
    columns: frozenset[str] = field(kw_only=True)  # the table's columns that it reads
    optional_columns: frozenset[str] = field(default=frozenset(), kw_only=True)
    where: CheckedExpression | None = field(default=None, kw_only=True)
    within: dt.timedelta | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class AggregateNode(TableNode):
    """An aggregate; `windowed` is the same value with the window behind every aggregate in it."""

    value: CheckedExpression = field(kw_only=True)
    windowed: CheckedExpression = field(kw_only=True)
    default: Scalar = field(default=None, kw_only=True)


@dataclass(frozen=True)
class TopNode(TableNode):
    """The value of `top` with the most `by`; ties go to the latest row, then the alphabetically first."""

    top: str = field(kw_only=True)
    by: CheckedExpression = field(kw_only=True)
    time: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class EachNode(TableNode):
    """The values of column `each` that at least `at_least` rows of a customer hold, as a sorted list."""

    each: str = field(kw_only=True)
    at_least: int = field(default=1, kw_only=True)


@dataclass(frozen=True)
class RowNode(Node):
    """An expression over the customer's own columns."""

    sql: str = field(kw_only=True)


@dataclass(frozen=True)
class ScoreNode(Node):
    """One plus the number of cut points below the value; a barrier where the cut points are quantiles."""

    value: str = field(kw_only=True)
    among: str | None = field(default=None, kw_only=True)
    definition: ScoreField = field(kw_only=True)


@dataclass(frozen=True)
class AcrossNode(Node):
    """One number for the base, or one per value of the field `by`; a barrier."""

    value: str = field(kw_only=True)
    among: str | None = field(default=None, kw_only=True)
    definition: AcrossField = field(kw_only=True)


@dataclass(frozen=True)
class Plan:
    """Checked nodes in an order in which each comes after what it needs, and what is known of each name."""

    nodes: tuple[Node, ...]
    definitions: Mapping[str, Field | Segment]
    segments: tuple[Segment, ...]
    unavailable: Mapping[str, tuple[str, ...]]  # field or segment -> what would enable it
    customer_columns: Mapping[str, pl.DataType]
    as_of: dt.datetime
    time_columns: Mapping[str, str]  # table -> the column that says when
    hidden: frozenset[str] = frozenset()  # nodes that only serve others
    given_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # a lookup's column -> what would give it

    def would_give(self, column: str) -> tuple[str, ...]:
        """The tables and columns of files that would give a column of customers which none gives."""
        return self.given_by.get(column, (f"customers.{column}",))

    @property
    def by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @property
    def phases(self) -> int:
        return 1 + max((node.phase for node in self.nodes), default=0)

    def needed_columns(self) -> dict[str, frozenset[str]]:
        """The columns that each table has to bring: table -> column names."""
        needed: dict[str, set[str]] = {"customers": set(self.customer_columns)}
        for node in self.nodes:
            if isinstance(node, TableNode) and node.name not in self.unavailable:
                columns = needed.setdefault(node.table, set())
                columns |= node.columns
                if node.table in self.time_columns:
                    columns.add(self.time_columns[node.table])
        return {table: frozenset(columns) for table, columns in needed.items()}


def literal(value: Scalar | Decimal) -> str:
    """A YAML scalar as an SQL literal."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def common_type(values: Iterable[Scalar]) -> pl.DataType | None:
    """The column type that holds all these YAML scalars; None if they do not go together."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds or kinds == {str}:
        return pl.String()
    if kinds == {bool}:
        return pl.Boolean()
    if kinds == {int}:
        return pl.Int64()
    return pl.Float64() if kinds <= {int, float} else None


def points_item_name(definition: PointsField, number: int) -> str:
    """The hidden column that holds what one line of a points field gives."""
    return f"__{definition.name}_{number}"
