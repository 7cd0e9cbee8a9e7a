"""Groups over a grid of scores: every combination of the scores tried, before any row is read."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from segcli.fields.clauses import condition_sql
from segcli.fields.expressions import Scope, check_expression, names_in
from segcli.fields.findings import Finding, finding, key_of, listed
from segcli.fields.nodes import Plan
from segcli.problems import Problems
from segcli.project.models import Case, CasesField, Field, Scalar, ScoreField, Segment, ValueField

MOST_CELLS = 50_000


@dataclass(frozen=True)
class Grid:
    """The cases of a field tried on every combination of the scores that they name.

    `cells` has a column per score and per field worked out from scores, and `met_<n>` per case n of `cases`
    (counted from 1 as in the recipe); `others` are cases that name something besides scores.
    """

    field: CasesField
    axes: tuple[str, ...]
    cases: Mapping[int, Case]
    others: Mapping[int, Case]
    cells: pl.DataFrame

    def reaches(self, number: int) -> bool:
        """Whether any combination meets this case and none before it."""
        earlier = [_met(other) for other in self.cases if other < number]
        return not self.cells.filter(_met(number) & ~pl.any_horizontal(pl.lit(value=False), *earlier)).is_empty()


def grids_of(plan: Plan, names: Collection[str]) -> list[Grid]:
    """The grids among these fields."""
    definitions = [plan.definitions[name] for name in names]
    found = [grid_of(definition, plan) for definition in definitions if isinstance(definition, CasesField)]
    return [grid for grid in found if grid is not None]


def lint_grid(grid: Grid) -> Iterator[Finding]:
    """What is odd about the cases of a grid, whatever the data."""
    yield from _unreachable(grid)
    yield from _gaps(grid)
    yield from _summary(grid)


def grid_of(definition: CasesField, plan: Plan) -> Grid | None:
    """The grid of a field, or None where fewer than two cases are about scores alone."""
    values: dict[str, ValueField] = {}
    axes: dict[str, int] = {}
    cases, others = {}, {}
    for number, case in enumerate(definition.cases, 1):
        found = _scores_behind(names_in(case.when), plan.definitions)
        if found:
            axes |= found[0]
            values |= found[1]
            cases[number] = case
        else:
            others[number] = case
    # In the order in which the recipe defines them.
    axes = {name: axes[name] for name in plan.definitions if name in axes}
    if len(cases) < 2 or math.prod(axes.values()) > MOST_CELLS:
        return None
    cells = _cells(axes, values, cases, plan)
    return None if cells is None else Grid(definition, tuple(axes), cases, others, cells)


def levels(score: ScoreField) -> int:
    """How many values a score can have, from 1."""
    return len(score.cuts) + 1 if score.cuts is not None else score.bins or 1


def _scores_behind(
    names: frozenset[str], definitions: Mapping[str, Field | Segment]
) -> tuple[dict[str, int], dict[str, ValueField]] | None:
    """The scores that these names rest on and the fields between, those first that others need."""
    axes: dict[str, int] = {}
    values: dict[str, ValueField] = {}
    for name in sorted(names):
        match definitions.get(name):
            case ScoreField() as score:
                axes[name] = levels(score)
            case ValueField() as value:
                deeper = _scores_behind(names_in(value.value), definitions)
                if not deeper:
                    return None
                axes |= deeper[0]
                values |= {**deeper[1], name: value}
            case _:
                return None
    return (axes, values) if axes else None


def _cells(
    axes: Mapping[str, int], values: Mapping[str, ValueField], cases: Mapping[int, Case], plan: Plan
) -> pl.DataFrame | None:
    cells = pl.DataFrame(
        list(itertools.product(*(range(1, count + 1) for count in axes.values()))),
        schema=dict.fromkeys(axes, pl.Int64),
        orient="row",
    )
    for name, value in values.items():
        scope = Scope(dict(cells.schema), "a field", plan.as_of)
        checked = check_expression(value.value, scope, Problems(), name)
        if checked is None:
            return None
        cells = cells.lazy().sql(f'select *, {checked.sql} as "{name}" from self').collect()
    for number, case in cases.items():
        sql = condition_sql(case.when.text, dict(cells.schema), plan.as_of)
        if sql is None:
            return None
        cells = cells.lazy().sql(f'select *, coalesce({sql}, false) as "met_{number}" from self').collect()
    return cells


def _met(number: int) -> pl.Expr:
    return pl.col(f"met_{number}")


def _unreachable(grid: Grid) -> Iterator[Finding]:
    for number, case in grid.cases.items():
        if grid.reaches(number):
            continue
        met = grid.cells.filter(_met(number))
        takers = [other for other in grid.cases if other < number and met.select(_met(other).any()).item()]
        place, key = case.when.place or case.place, f"{key_of(grid.field)}.cases[{number}]"
        if takers:
            names = list(dict.fromkeys(f"'{grid.cases[other].then}'" for other in takers))
            message = f"nobody can be '{case.then}': whoever is meant is {listed(names, last='or')} before."
            hint = "Move it up: the first case that is met counts."
            yield finding("unreachable", message, place, key, hint=hint)
        else:
            message = f"no combination of {listed(grid.axes)} is '{case.then}'."
            yield finding("unreachable", message, place, key)


def _gaps(grid: Grid) -> Iterator[Finding]:
    left = grid.cells.filter(~pl.any_horizontal(_met(number) for number in grid.cases))
    if left.is_empty() or _taker_of_the_rest(grid) is not None:
        return
    example = ", ".join(f"{name} = {left[name][0]}" for name in grid.axes)
    yield finding(
        "gap",
        f"{left.height} of {grid.cells.height} combinations of {listed(grid.axes)} are in no case and get no "
        f"value, as {example}.",
        grid.field.place,
        key_of(grid.field),
        hint="Add a case, or `otherwise`.",
    )


def _taker_of_the_rest(grid: Grid) -> Scalar:
    """What the combinations get that no case on scores meets: a later case's value (as of `orders > 0`), or
    that of `otherwise`."""
    later = [case.then for number, case in grid.others.items() if number > max(grid.cases)]
    return later[0] if later else grid.field.otherwise


def _summary(grid: Grid) -> Iterator[Finding]:
    """One note for what is probably meant: overlaps that the order settles, and a group for the rest."""
    thens = list(dict.fromkeys(case.then for case in grid.cases.values()))
    of_group = [
        pl.any_horizontal(_met(number) for number, case in grid.cases.items() if case.then == then) for then in thens
    ]
    groups = pl.sum_horizontal(of_group)
    several, none = grid.cells.select((groups > 1).sum().alias("several"), (groups == 0).sum().alias("none")).row(0)
    parts = [f"{several} meet cases of several groups and are in the first of them"] if several else []
    rest = _taker_of_the_rest(grid)
    if none and rest is not None:
        parts.append(f"{none} meet none and are '{rest}'")
    if parts:
        message = f"of {grid.cells.height} combinations of {listed(grid.axes)}, {listed(parts)}."
        yield finding("overlap" if several else "gap", message, grid.field.place, key_of(grid.field), note=True)
