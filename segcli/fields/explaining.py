"""Why one customer has the values they have: conditions clause by clause, and the definitions behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from segcli.fields.clauses import Change, Clause, changes, condition_sql, outcome, split_condition
from segcli.fields.computing import Computed
from segcli.fields.expressions import names_in, tree
from segcli.fields.nodes import PERSON, ScoreNode, points_item_name
from segcli.fields.wording import definition_words, points_item_words
from segcli.project.models import CasesField, Expression, PointsField, ScoreField, Segment, ValueField


@dataclass(frozen=True)
class ExplainedClause:
    """A clause and whether this customer meets it; None: not known. Single clauses have the values in them."""

    text: str
    met: bool | None
    operator: str | None = None
    parts: tuple[ExplainedClause, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    rests_on: tuple[ExplainedField, ...] = ()


@dataclass(frozen=True)
class ExplainedCase:
    """One case: `decides` for the first one that is met."""

    condition: ExplainedClause
    then: Any
    decides: bool


@dataclass(frozen=True)
class ExplainedScore:
    """What was scored, the cut points, and who is scored at all."""

    of: Any
    cut_points: tuple[Any, ...]
    best: str
    among: ExplainedClause | None


@dataclass(frozen=True)
class ExplainedField:
    """A field or a segment with this customer's value; what was explained before has no details again."""

    name: str
    value: Any
    words: str
    unavailable: tuple[str, ...] = ()
    condition: ExplainedClause | None = None
    cases: tuple[ExplainedCase, ...] = ()
    score: ExplainedScore | None = None
    points: tuple[tuple[str, Any], ...] = ()
    rests_on: tuple[ExplainedField, ...] = ()


class Explainer:
    """One customer of a computed run. Each definition is explained where it is first met.

    `more` are Booleans (or null: not known) that expressions may name besides: what a customer did since a message.
    """

    def __init__(self, computed: Computed, person: str, more: Mapping[str, bool | None] | None = None) -> None:
        self.plan = computed.plan
        self.computed = computed
        self.columns = {
            **self.plan.customer_columns,
            **{node.name: node.dtype for node in self.plan.nodes},
        }
        # The shards hold the hidden columns too: what each line of a points field gave.
        row = pl.scan_ipc(list(computed.shards)).filter(pl.col(PERSON) == person).collect()
        absent = [pl.lit(None, dtype).alias(name) for name, dtype in self.columns.items() if name not in row.columns]
        answers = {name: answer for name, answer in (more or {}).items() if name not in self.columns}
        self.columns |= dict.fromkeys(answers, pl.Boolean())
        absent += [pl.lit(answer, pl.Boolean).alias(name) for name, answer in answers.items()]
        self.row = row.with_columns(absent)
        self.values: dict[str, Any] = self.row.row(0, named=True)
        self._outcomes: dict[str, bool | None] = {}
        self._told: set[str] = set()

    def met(self, clause: Clause) -> bool | None:
        """The outcome of a single clause for this customer."""
        if clause.text not in self._outcomes:
            sql = condition_sql(clause.text, self.columns, self.plan.as_of)
            self._outcomes[clause.text] = None if sql is None else self._evaluated(sql)
        return self._outcomes[clause.text]

    def _evaluated(self, sql: str) -> Any:
        # With the id beside it a constant has one row too.
        return self.row.lazy().sql(f'select "{PERSON}", {sql} as x from self').collect()["x"].item()

    def clause(self, clause: Clause, *, deeper: bool = True) -> ExplainedClause:
        """A condition with its outcome; `deeper` goes into the definitions that it names."""
        met = outcome(clause, self.met)
        if clause.operator:
            parts = tuple(self.clause(part, deeper=deeper) for part in clause.parts)
            return ExplainedClause(clause.text, met, clause.operator, parts)
        values = {name: self.values[name] for name in clause.names if name in self.values}
        return ExplainedClause(clause.text, met, values=values, rests_on=self._fields(clause.names) if deeper else ())

    def _fields(self, names: Iterable[str]) -> tuple[ExplainedField, ...]:
        known = [name for name in names if name in self.plan.definitions]
        return tuple(self.field(name) for name in known if name not in self._told)

    def field(self, name: str) -> ExplainedField:
        """A field or segment and, the first time, what it rests on."""
        definition = self.plan.definitions[name]
        value, words = self.values.get(name), definition_words(definition)
        if name in self._told:
            return ExplainedField(name, value, words)
        self._told.add(name)
        lacking = self.plan.unavailable.get(name, ())
        if lacking:
            return ExplainedField(name, value, words, tuple(lacking))
        match definition:
            case Segment(each=None, where=Expression() as where):
                return ExplainedField(name, value, words, condition=self.clause(split_condition(where)))
            case Segment(each=str() as each, table=None):
                return ExplainedField(name, self.values.get(each), words, rests_on=self._fields([each]))
            case CasesField():
                return ExplainedField(name, value, words, cases=self._cases(definition))
            case ScoreField():
                rests_on = self._fields(sorted(names_in(definition.score)))
                return ExplainedField(name, value, words, score=self._score(definition), rests_on=rests_on)
            case PointsField():
                return ExplainedField(name, value, words, points=self._points(definition))
            case ValueField():
                return ExplainedField(name, value, words, rests_on=self._fields(_in_order(definition.value)))
        return ExplainedField(name, value, words)

    def _cases(self, definition: CasesField) -> tuple[ExplainedCase, ...]:
        clauses = [split_condition(case.when) for case in definition.cases]
        deciding = self.deciding_case(definition)
        last = len(clauses) if deciding is None else deciding + 1
        return tuple(
            ExplainedCase(self.clause(clause, deeper=number < last), case.then, number == deciding)
            for number, (clause, case) in enumerate(zip(clauses, definition.cases, strict=True))
        )

    def deciding_case(self, definition: CasesField) -> int | None:
        """The position of the first case that is met, from 0."""
        for number, case in enumerate(definition.cases):
            if outcome(split_condition(case.when), self.met):
                return number
        return None

    def _score(self, definition: ScoreField) -> ExplainedScore:
        node = self.plan.by_name[definition.name]
        cuts = self.computed.cut_points[definition.name].values.to_list()
        among = self.clause(split_condition(definition.among), deeper=False) if definition.among else None
        of = self._evaluated(node.value) if isinstance(node, ScoreNode) else None
        return ExplainedScore(of, tuple(cuts), definition.best, among)

    def _points(self, definition: PointsField) -> tuple[tuple[str, Any], ...]:
        found = []
        for number, item in enumerate(definition.points, 1):
            given = self.values.get(points_item_name(definition, number))
            if given is not None and item.most is not None:
                given = min(given, type(given)(item.most))
            found.append((points_item_words(item), given))
        return tuple(found)

    def ways(self, clause: Clause, *, wanted: bool) -> list[tuple[Change, ...]]:
        """The smallest sets of single clauses that would have to change, named segments looked into."""
        return changes(self._opened(clause), wanted, self.met)

    def ways_to_case(self, definition: CasesField, then: Any) -> list[tuple[Change, ...]]:
        """The smallest changes that would make a `cases` field have this value."""
        clauses = [self._opened(split_condition(case.when)) for case in definition.cases]
        ways: list[tuple[Change, ...]] = []
        for number, case in enumerate(definition.cases):
            if str(case.then) != str(then):
                continue
            first = [changes(clause, False, self.met)[0] for clause in clauses[:number]]
            before = [change for way in first for change in way]
            ways += [tuple(dict.fromkeys((*before, *way))) for way in changes(clauses[number], True, self.met)]
        # A way that asks for one clause to be both met and not met is none.
        ways = [way for way in ways if len({change.clause.text for change in way}) == len(way)]
        fewest = min((len(way) for way in ways), default=0)
        return [way for way in ways if len(way) == fewest]

    def _opened(self, clause: Clause) -> Clause:
        """The clause with the conditions of named segments in place of their names."""
        if clause.operator:
            parts = tuple(self._opened(part) for part in clause.parts)
            return Clause(clause.text, clause.start, clause.node, clause.names, clause.operator, parts)
        definition = self.plan.definitions.get(clause.node.name) if isinstance(clause.node, tree.Name) else None
        inner = None
        if isinstance(definition, Segment) and definition.where and not definition.each:
            inner = self._opened(split_condition(definition.where))
        elif isinstance(definition, ValueField):
            inner = self._opened(split_condition(definition.value))
        # A segment whose condition is not known counts as not met, which a clause inside would not.
        return clause if inner is None or outcome(inner, self.met) is None else inner


def _in_order(expression: Expression) -> tuple[str, ...]:
    return split_condition(expression).names
