"""The conditions of a run on its customers, and the customers to be asked how many meet them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from segcli.fields.clauses import Clause, condition_sql, split_condition
from segcli.fields.computing import Computed
from segcli.fields.findings import key_of
from segcli.fields.nodes import PERSON
from segcli.problems import Place
from segcli.project.models import CasesField, Expression, Segment

MOST_VALUES = 12
VOCABULARY = "builtin"  # the recipe that every project has


@dataclass(frozen=True)
class Condition:
    """A segment's `where`, or the `when` of a case, which sees only whom the cases before it left."""

    definition: Segment | CasesField
    number: int  # of the case; 0 for a segment
    expression: Expression
    clause: Clause
    sql: str

    @property
    def key(self) -> str:
        """`segments.lapsed.where`, as problems name it."""
        part = f"cases[{self.number}].when" if self.number else "where"
        return f"{key_of(self.definition)}.{part}"

    @property
    def place(self) -> Place | None:
        """Where the condition begins."""
        return self.expression.place

    def place_of(self, clause: Clause) -> Place | None:
        """Where a part of the condition stands; in text of several lines only its beginning is known."""
        several_lines = "\n" in self.expression.text
        return self.place if self.place is None or several_lines else self.place.moved(clause.start)


class Customers:
    """The computed customers, to be asked many questions at once."""

    def __init__(self, computed: Computed) -> None:
        plan = computed.plan
        self.unavailable = plan.unavailable
        self.as_of = plan.as_of
        self.columns = {**plan.customer_columns, **{node.name: node.dtype for node in plan.nodes}}
        present = computed.customers.collect_schema()
        absent = [pl.lit(None, dtype).alias(name) for name, dtype in self.columns.items() if name not in present]
        self.absent = frozenset(self.columns) - frozenset(present)
        self.frame = computed.customers.with_columns(absent)

    def sql(self, text: str) -> str | None:
        """The SQL of a condition; None where it cannot be one."""
        return condition_sql(text, self.columns, self.as_of)

    def is_number(self, name: str) -> bool:
        """Whether this is a column of numbers."""
        return name in self.columns and self.columns[name].is_numeric()

    def counts(self, conditions: Sequence[str]) -> list[int]:
        """For how many customers each SQL condition is true; all in one pass."""
        return [row["true"] for row in self.outcomes(conditions)]

    def outcomes(self, conditions: Sequence[str]) -> list[dict[str, int]]:
        """How many customers each SQL condition is `true` of, and of how many it is `known`."""
        if not conditions:
            return []
        asked = ", ".join(f'({sql}) as "c{number}"' for number, sql in enumerate(conditions))
        # The id keeps one row per customer where all conditions are constants.
        frame = self.frame.sql(f'select "{PERSON}", {asked} from self')
        row = frame.select(
            part
            for number in range(len(conditions))
            for part in (
                pl.col(f"c{number}").sum().cast(pl.Int64).alias(f"true{number}"),
                pl.col(f"c{number}").count().cast(pl.Int64).alias(f"known{number}"),
            )
        )
        found = row.collect(engine="streaming").row(0, named=True)
        return [
            {"true": found[f"true{number}"] or 0, "known": found[f"known{number}"] or 0}
            for number in range(len(conditions))
        ]

    def ranges(self, names: Sequence[str]) -> dict[str, tuple[Any, Any]]:
        """The smallest and the largest value of each column that has any."""
        if not names:
            return {}
        columns = [pl.col(name).min().alias(f"{name}.min") for name in names]
        columns += [pl.col(name).max().alias(f"{name}.max") for name in names]
        row = self.frame.select(columns).collect(engine="streaming").row(0, named=True)
        return {name: (row[f"{name}.min"], row[f"{name}.max"]) for name in names if row[f"{name}.min"] is not None}

    def values(self, name: str) -> list[str]:
        """The commonest values of a column."""
        counted = self.frame.group_by(name).len().drop_nulls()
        order = counted.sort("len", name, descending=[True, False]).head(MOST_VALUES + 1)
        return [str(value) for value in order.collect(engine="streaming")[name]]


def looked_at(computed: Computed) -> list[str]:
    """The definitions of the recipes at hand, and of the vocabulary what their segments are made of."""
    definitions = computed.plan.definitions
    used = {item.each for item in computed.plan.segments if not item.table}
    return [name for name, item in definitions.items() if item.recipe != VOCABULARY or name in used]


def conditions_of(computed: Computed, names: Sequence[str], customers: Customers) -> Iterator[Condition]:
    """Every condition on customers in these definitions that the files can answer."""
    for definition in (computed.plan.definitions[name] for name in names):
        if definition.name in customers.unavailable:
            continue
        if isinstance(definition, Segment):
            found = [(0, definition.where)] if definition.where and not definition.each else []
        elif isinstance(definition, CasesField):
            found = [(number, case.when) for number, case in enumerate(definition.cases, 1)]
        else:
            continue
        for number, expression in found:
            sql = customers.sql(expression.text)
            if sql is not None:
                yield Condition(definition, number, expression, split_condition(expression), sql)


def none_before(item: Condition, conditions: Sequence[Condition]) -> str:
    """That no case before this one is met."""
    earlier = [other.sql for other in conditions if other.definition is item.definition and other.number < item.number]
    return "".join(f" and not coalesce({sql}, false)" for sql in earlier)
