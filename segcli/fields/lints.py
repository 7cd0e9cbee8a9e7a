"""What correct conditions do on the data at hand that their author probably does not mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from segcli.fields.clauses import Clause, clause_of, negations_of
from segcli.fields.computing import Computed
from segcli.fields.conditions import MOST_VALUES, Condition, Customers, conditions_of, looked_at, none_before
from segcli.fields.expressions import tree
from segcli.fields.findings import Finding, finding, key_of, listed
from segcli.fields.grids import Grid, grids_of, lint_grid
from segcli.project.models import CasesField


def lint(computed: Computed) -> list[Finding]:
    """Everything worth a line about the definitions of a run, in the order of their places."""
    customers = Customers(computed)
    names = looked_at(computed)
    grids = grids_of(computed.plan, names)
    conditions = list(conditions_of(computed, names, customers))
    never = never_met(conditions, customers)
    findings = [
        *(item for grid in grids for item in lint_grid(grid)),
        *never,
        *without_values(computed, customers),
        *left_out_by_negation(conditions, customers),
        *outside_range(conditions, customers, told={item.problem.key for item in never}),
        *never_reached(conditions, customers, grids),
    ]
    return sorted(findings, key=lambda item: item.problem.order())


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
        case tree.Comparison(left=tree.Name(name=name)) if customers.is_number(name):
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
                before = none_before(item, conditions)
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


def outside_range(conditions: Sequence[Condition], customers: Customers, told: set[str | None]) -> list[Finding]:
    """Numbers in segments' conditions that no customer's value comes near."""
    compared = [
        (item, leaf, name, number)
        for item in conditions
        if not item.number and key_of(item.definition) not in told
        for leaf in item.clause.leaves()
        for name, number in _thresholds(leaf)
        if customers.is_number(name)
    ]
    ranges = customers.ranges(sorted({name for _, _, name, _ in compared}))
    found = []
    for item, leaf, name, number in compared:
        least, most = ranges.get(name, (number, number))
        if number < least or number > most:
            [outcome] = customers.outcomes([customers.sql(leaf.text) or "null"])
            # `orders > 0` is there to keep others out, on files that hold no others too.
            always = outcome["true"] == outcome["known"] and number != 0
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


def never_reached(conditions: Sequence[Condition], customers: Customers, grids: Sequence[Grid]) -> list[Finding]:
    """Cases that no customer falls into.

    A warning where the data hold no such value, or where earlier cases take everybody (which the last case, for
    the rest, may well expect); else one note per field: there happens to be nobody. What a grid can never reach
    has been told with the grid.
    """
    cases = [item for item in conditions if item.number]
    reached = customers.counts([f"coalesce({item.sql}, false){none_before(item, conditions)}" for item in cases])
    on_grid = {(grid.field.name, number): grid for grid in grids for number in grid.cases}
    alone = customers.counts([item.sql for item in cases])
    nobody: dict[str, list[Condition]] = {}
    found = []
    for item, count, met in zip(cases, reached, alone, strict=True):
        definition = _cases_field(item)
        grid = on_grid.get((definition.name, item.number))
        if count or (grid is not None and not grid.reaches(item.number)):
            continue
        then = definition.cases[item.number - 1].then
        clause, reason = (item.clause, "") if met else _why_never(item, customers)
        if reason and _compares_text(clause, customers):
            found.append(finding("never reached", f"nobody is '{then}'{reason}.", item.place_of(clause), item.key))
        elif met and grid is None and item.number < len(definition.cases):
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
