"""A condition as a tree of and, or and not over single clauses, each with its text, its names and its place."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from segcli.fields.expressions import Scope, check_expression, tree
from segcli.fields.expressions.parsing import parse
from segcli.fields.rendering import nodes_of, rendered
from segcli.problems import Problems
from segcli.project.models import Expression

MOST_ALTERNATIVES = 24


@dataclass(frozen=True)
class Clause:
    """A condition: a single clause, or (with `operator`) one made of `parts`; `not` has one part."""

    text: str
    start: int  # characters from the beginning of the expression
    node: tree.Node
    names: tuple[str, ...]
    operator: Literal["and", "or", "not"] | None = None
    parts: tuple[Clause, ...] = ()

    def leaves(self) -> Iterator[Clause]:
        """The single clauses, in the order in which they are written."""
        if self.operator is None:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True)
class Change:
    """A single clause that would have to become met, or no longer met."""

    clause: Clause
    to: bool


def split_condition(expression: Expression | str) -> Clause:
    """The tree of a condition that was checked before; raises ExpressionError for one that was not."""
    return clause_of(parse(expression if isinstance(expression, str) else expression.text))


def clause_of(node: tree.Node) -> Clause:
    """The clause that a part of an expression is."""
    names = tuple(dict.fromkeys(part.name for part in nodes_of(node) if isinstance(part, tree.Name)))
    text = rendered(node)
    if isinstance(node, tree.Logical):
        parts = tuple(clause_of(operand) for operand in node.operands)
        return Clause(text, node.start, node, names, node.operator, parts)
    if isinstance(node, tree.Not) and isinstance(node.operand, tree.Logical | tree.Not | tree.Name):
        return Clause(text, node.start, node, names, "not", (clause_of(node.operand),))
    return Clause(text, node.start, node, names)


def is_negation(node: tree.Node) -> bool:
    """Whether this part itself turns a condition round; the parts inside it are not looked at."""
    match node:
        case tree.Not():
            return True
        case tree.Comparison(operator=operator):
            return operator == "<>"
        case tree.Membership(negated=negated) | tree.Like(negated=negated) | tree.Between(negated=negated):
            return negated
    return False


def negations_of(clause: Clause) -> list[Clause]:
    """The outermost parts of a condition that turn something round."""
    if is_negation(clause.node):
        return [clause]
    return [found for part in clause.parts for found in negations_of(part)]


def condition_sql(text: str, columns: Mapping[str, pl.DataType], as_of: dt.datetime) -> str | None:
    """The SQL of a condition over these columns; None where it cannot be one."""
    scope = Scope(columns, "a field", as_of)
    checked = check_expression(Expression(text), scope, Problems(), "", wants="condition")
    return checked.sql if checked else None


def outcome(clause: Clause, of_leaf: Callable[[Clause], bool | None]) -> bool | None:
    """True, False or None (not known) as SQL has it, from the outcomes of the single clauses."""
    if clause.operator is None:
        return of_leaf(clause)
    found = [outcome(part, of_leaf) for part in clause.parts]
    if clause.operator == "not":
        return None if found[0] is None else not found[0]
    decisive = clause.operator == "or"
    if decisive in found:
        return decisive
    return None if None in found else not decisive


def changes(clause: Clause, wanted: bool, of_leaf: Callable[[Clause], bool | None]) -> list[tuple[Change, ...]]:
    """The smallest sets of single clauses whose change would make the condition `wanted`.

    Each set is one way; one that is empty means that nothing has to change. What is not known counts as not
    met when the condition is to be false, and has to become known when it is to be true.
    """
    now = outcome(clause, of_leaf)
    if now is wanted or (now is None and not wanted):
        return [()]
    if clause.operator is None:
        return [(Change(clause, wanted),)]
    if clause.operator == "not":
        return changes(clause.parts[0], not wanted, of_leaf)
    ways = [changes(part, wanted, of_leaf) for part in clause.parts]
    if (clause.operator == "and") is wanted:
        chosen = itertools.islice(itertools.product(*ways), MOST_ALTERNATIVES)
        together = [tuple(dict.fromkeys(itertools.chain(*parts))) for parts in chosen]
    else:
        together = list(itertools.chain(*ways))
    return smallest(together)


def smallest(ways: list[tuple[Change, ...]]) -> list[tuple[Change, ...]]:
    """The ways with the fewest changes, each once, in their order."""
    fewest = min((len(way) for way in ways), default=0)
    return list(dict.fromkeys(way for way in ways if len(way) == fewest))[:MOST_ALTERNATIVES]
