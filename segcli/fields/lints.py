"""What correct conditions do on the data at hand that their author probably does not mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from segcli.fields.clauses import Clause, clause_of, condition_sql, negations_of, split_condition
from segcli.fields.computing import Computed
from segcli.fields.expressions import tree
from segcli.fields.findings import Finding, finding, key_of, listed
from segcli.fields.grids import lint_grids
from segcli.fields.nodes import PERSON
from segcli.problems import Place
from segcli.project.models import CasesField, Expression, Segment

MOST_VALUES = 12


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
        part = f"cases[{self.number}].when" if self.number else "where"
        return f"{key_of(self.definition)}.{part}"

    @property
    def place(self) -> Place | None:
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
        return condition_sql(text, self.columns, self.as_of)

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


def lint(computed: Computed) -> list[Finding]:
    """Everything worth a line about the definitions of a run, in the order of their places."""
    customers = Customers(computed)
    conditions = list(conditions_of(computed, customers))
    never = never_met(conditions, customers)
    findings = [
        *lint_grids(computed.plan),
        *never,
        *without_values(computed, customers),
        *left_out_by_negation(conditions, customers),
        *outside_range(conditions, customers, told={item.problem.key for item in never}),
    ]
    unreachable = {item.problem.key for item in findings if item.kind == "unreachable"}
    findings += never_reached(computed, conditions, customers, unreachable)
    return sorted(findings, key=lambda item: item.problem.order())


def conditions_of(computed: Computed, customers: Customers) -> Iterator[Condition]:
    """Every condition on customers of the run that the files can answer."""
    for definition in computed.plan.definitions.values():
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


def never_met(conditions: Sequence[Condition], customers: Customers) -> list[Finding]:
    """Segments that hold nobody, or everybody."""
    segments = [item for item in conditions if not item.number]
    [everybody] = customers.counts(["true"])
    found = []
    for item, count in zip(segments, customers.counts([item.sql for item in segments]), strict=True):
        if everybody and count == 0:
            clause, reason = _why_never(item, customers)
            place, key = item.place_of(clause), key_of(item.definition)
            found.append(finding("never", f"no customer meets this{reason}.", place, key))
        elif everybody and count == everybody:
            found.append(finding("always", "every customer meets this.", item.place, key_of(item.definition)))
    return found


def without_values(computed: Computed, customers: Customers) -> list[Finding]:
    """Segments with `each` that give no segment at all."""
    asked = [item for item in computed.plan.segments if item.each and item.name not in customers.unavailable]
    columns = [item.name if item.table else str(item.each) for item in asked]
    counts = customers.counts([f'"{name}" is not null' for name in columns])
    return [
        finding("never", f"no customer has a value of '{item.each}'.", item.place, key_of(item))
        for item, count in zip(asked, counts, strict=True)
        if not count
    ]


def _why_never(item: Condition, customers: Customers) -> tuple[Clause, str]:
    """The first single clause that is true of nobody, and what the data have instead."""
    leaves = list(item.clause.leaves()) if "or" not in _operators(item.clause) else []
    for leaf in leaves:
        sql = customers.sql(leaf.text)
        if sql is not None and customers.counts([sql]) == [0]:
            instead = _instead(leaf, customers)
            return leaf, f": {leaf.text} is true of nobody{instead}"
    return item.clause, ""


def _operators(clause: Clause) -> set[str]:
    return {clause.operator or "", *(name for part in clause.parts for name in _operators(part))}


def _instead(leaf: Clause, customers: Customers) -> str:
    name = _compares_text(leaf, customers)
    if name is not None:
        values = customers.values(name)
        return f" ({name} is {listed(values, MOST_VALUES, 'or')})" if values else f" ({name} has no value)"
    match leaf.node:
        case tree.Comparison(left=tree.Name(name=name)) if name in customers.columns and customers.columns[name].is_numeric():
            span = customers.ranges([name]).get(name)
            return f" ({_span(name, *span)})" if span else f" ({name} has no value)"
    return ""


def _compares_text(leaf: Clause, customers: Customers) -> str | None:
    """The column of text that a clause looks for certain values in."""
    match leaf.node:
        case (
            tree.Comparison(operator="=", left=tree.Name(name=name), right=tree.Constant())
            | tree.Membership(subject=tree.Name(name=name), negated=False)
        ) if customers.columns.get(name) == pl.String:
            return name
    return None


def _span(name: str, least: Any, most: Any) -> str:
    return f"{name} is {spoken_number(least)} to {spoken_number(most)} on this data"


def spoken_number(value: Any) -> str:
    """A number as people write it, with at most two decimals."""
    return f"{value:,.2f}".rstrip("0").rstrip(".") if "." in f"{value}" else f"{value:,}"


def left_out_by_negation(conditions: Sequence[Condition], customers: Customers) -> list[Finding]:
    """Customers whom a `not` or `<>` leaves out only because a value is not known."""
    asked: list[tuple[Condition, Clause, str]] = []
    for item in conditions:
        for negation in negations_of(item.clause):
            if set(negation.names) & customers.absent:
                continue
            generous = clause_of(_with(item.clause.node, negation.node, _true_if_unknown(negation.node)))
            sql, own = customers.sql(generous.text), customers.sql(negation.text)
            if sql and own:
                before = _before(item, conditions)
                asked.append((item, negation, f"({sql}) and ({own}) is null and ({item.sql}) is null{before}"))
    found = []
    for (item, negation, sql), count in zip(asked, customers.counts([sql for *_, sql in asked]), strict=True):
        if count:
            wanting = _wanting(negation.names, sql, customers)
            unknown = " or ".join(f"{name} is null" for name in wanting)
            found.append(
                finding(
                    "negation",
                    f"{count:,} {_customers(count)} in neither this nor its opposite, for want of {listed(wanting)}.",
                    item.place_of(negation),
                    item.key if item.number else key_of(item.definition),
                    hint=f"To have them in: ({negation.text} or {unknown}).",
                )
            )
    return found


def _customers(count: int) -> str:
    return "customer is" if count == 1 else "customers are"


def _before(item: Condition, conditions: Sequence[Condition]) -> str:
    """That no case before this one is met."""
    earlier = [
        other.sql for other in conditions if other.definition is item.definition and other.number < item.number
    ]
    return "".join(f" and not coalesce({sql}, false)" for sql in earlier)


def _true_if_unknown(node: tree.Node) -> tree.Node:
    return tree.Call(node.start, "coalesce", (node, tree.Constant(node.start, "boolean", "true")))


def _with(node: tree.Node, part: tree.Node, replacement: tree.Node) -> tree.Node:
    """The condition with one of its and/or/not parts replaced."""
    if node is part:
        return replacement
    match node:
        case tree.Logical():
            return dataclasses.replace(
                node, operands=tuple(_with(operand, part, replacement) for operand in node.operands)
            )
        case tree.Not():
            return dataclasses.replace(node, operand=_with(node.operand, part, replacement))
    return node


def _wanting(names: Sequence[str], sql: str, customers: Customers) -> list[str]:
    """Which of the names are null among these customers, the commonest first."""
    known = [name for name in names if name in customers.columns]
    counts = customers.counts([f'({sql}) and "{name}" is null' for name in known])
    wanting = [name for count, name in sorted(zip(counts, known, strict=True), key=lambda pair: -pair[0]) if count]
    return wanting or known


def outside_range(
    conditions: Sequence[Condition], customers: Customers, told: set[str | None]
) -> list[Finding]:
    """Numbers in segments' conditions that no customer's value comes near."""
    compared = [
        (item, leaf, name, number)
        for item in conditions
        if not item.number and key_of(item.definition) not in told
        for leaf in item.clause.leaves()
        for name, number in _thresholds(leaf)
        if name in customers.columns and customers.columns[name].is_numeric()
    ]
    ranges = customers.ranges(sorted({name for _, _, name, _ in compared}))
    found = []
    for item, leaf, name, number in compared:
        least, most = ranges.get(name, (number, number))
        if number < least or number > most:
            [outcome] = customers.outcomes([customers.sql(leaf.text) or "null"])
            always = outcome["true"] == outcome["known"]
            if always or outcome["true"] == 0:
                what = f"{leaf.text} is true of {'everybody' if always else 'nobody'}: {_span(name, least, most)}."
                found.append(finding("threshold", what, item.place_of(leaf), key_of(item.definition)))
    return found


def _thresholds(leaf: Clause) -> Iterator[tuple[str, float]]:
    match leaf.node:
        case tree.Comparison(operator=operator, left=tree.Name(name=name), right=right) if operator != "<>":
            numbers = [right]
        case tree.Comparison(operator=operator, left=left, right=tree.Name(name=name)) if operator != "<>":
            numbers = [left]
        case tree.Between(subject=tree.Name(name=name), low=low, high=high):
            numbers = [low, high]
        case _:
            return
    for node in numbers:
        sign = -1 if isinstance(node, tree.Negative) else 1
        value = node.operand if isinstance(node, tree.Negative) else node
        if isinstance(value, tree.Constant) and value.kind == "number":
            yield name, sign * float(value.value)


def never_reached(
    computed: Computed, conditions: Sequence[Condition], customers: Customers, told: set[str | None]
) -> list[Finding]:
    """Cases that no customer falls into.

    A warning where the data hold no such value, or where earlier cases take everybody (which the last case, for
    the rest, may well expect); else one note per field: there happens to be nobody.
    """
    cases = [item for item in conditions if item.number]
    reached = customers.counts([f"coalesce({item.sql}, false){_before(item, conditions)}" for item in cases])
    alone = customers.counts([item.sql for item in cases])
    nobody: dict[str, list[Condition]] = {}
    found = []
    for item, count, met in zip(cases, reached, alone, strict=True):
        definition = _cases_field(item)
        if count or f"{key_of(definition)}.cases[{item.number}]" in told:
            continue
        then = definition.cases[item.number - 1].then
        clause, reason = (item.clause, "") if met else _why_never(item, customers)
        if reason and _compares_text(clause, customers):
            found.append(finding("never reached", f"nobody is '{then}'{reason}.", item.place_of(clause), item.key))
        elif met and item.number < len(definition.cases):
            message = f"nobody is '{then}': the cases before take everybody who meets this."
            found.append(finding("never reached", message, item.place, item.key))
        else:
            nobody.setdefault(definition.name, []).append(item)
    for items in nobody.values():
        definition = _cases_field(items[0])
        thens = [f"'{definition.cases[item.number - 1].then}'" for item in items]
        message = f"no customer is {listed(thens, last='or')} on this data."
        found.append(finding("never reached", message, items[0].place, key_of(definition), note=True))
    return found


def _cases_field(item: Condition) -> CasesField:
    assert isinstance(item.definition, CasesField)
    return item.definition
