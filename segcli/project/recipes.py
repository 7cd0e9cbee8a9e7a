"""A recipe.yaml becomes a Recipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from segcli.problems import Place, Problems
from segcli.project import recipe_keys as keys
from segcli.project.campaigns import build_campaign
from segcli.project.models import (
    AcrossField,
    AggregateField,
    Case,
    CasesField,
    DeclaredColumn,
    Expression,
    Field,
    PointsField,
    PointsItem,
    Recipe,
    ScoreField,
    Segment,
    TableDeclaration,
    TopField,
    ValueField,
)
from segcli.project.shapes import Named, Values
from segcli.project.yaml_text import read_yaml, shown_path

RECIPE_FILE = "recipe.yaml"


def load_recipe(path: Path, problems: Problems, *, name: str | None = None) -> Recipe | None:
    """The recipe in a folder (or in that file itself), called like its folder; None when it has faults."""
    file = path / RECIPE_FILE if path.is_dir() else path
    name = name or file.resolve().parent.name
    before = len(problems.errors)
    tree = read_yaml(file, problems)
    if tree is None:
        return None
    values = keys.RECIPE.read(tree, "", problems)
    if values is None or len(problems.errors) > before:
        return None
    if not any(values.get(part) for part in ("fields", "segments", "campaigns")):
        problems.error("the recipe has neither 'fields' nor 'segments' nor 'campaigns'.", Place(shown_path(file), 1, 1))
        return None
    return Recipe(
        name=name,
        path=file,
        description=values.get("description", "").strip(),
        fields=tuple(_field(named, name) for named in values.get("fields", ())),
        segments=tuple(_segment(named, name) for named in values.get("segments", ())),
        campaigns=tuple(build_campaign(named, name) for named in values.get("campaigns", ())),
        tables=tuple(_table(named) for named in values.get("tables", ())),
    )


def _table(named: Named) -> TableDeclaration:
    values: Values = named.value
    columns = {each.name: DeclaredColumn(each.value, each.place) for each in values.get("columns", ())}
    return TableDeclaration(named.name, named.place, columns, values.get("by"), values.get("time"))


def _field(named: Named, recipe: str) -> Field:
    values: Values = named.value
    words = {word: values.get(word) for word in ("meaning", "unit", "source")}
    build = _BUILDERS[values.shape.what]
    return build(values, {"name": named.name, "place": named.place, "recipe": recipe, **words})


def _aggregate(values: Values, head: dict[str, Any]) -> Field:
    return AggregateField(
        **head, table=values["from"], value=values["value"], where=values.get("where"),
        within=values.get("within"), default=values.get("default"),
    )  # fmt: skip


def _value(values: Values, head: dict[str, Any]) -> Field:
    return ValueField(**head, value=values["value"], default=values.get("default"))


def _across(values: Values, head: dict[str, Any]) -> Field:
    return AcrossField(**head, across=values["across"], by=values.get("by"), among=values.get("among"))


def _top(values: Values, head: dict[str, Any]) -> Field:
    most = values.get("by") or Expression("count(*)", values.places["top"])
    return TopField(
        **head, table=values["from"], top=values["top"], by=most, where=values.get("where"),
        within=values.get("within"),
    )  # fmt: skip


def _score(values: Values, head: dict[str, Any]) -> Field:
    given = values.get("cuts")
    cuts = given and tuple(int(cut) if cut == int(cut) else cut for cut in given)
    return ScoreField(
        **head, score=values["score"], best=values.get("best", "high"), bins=values.get("bins"), cuts=cuts,
        among=values.get("among"),
    )  # fmt: skip


def _points(values: Values, head: dict[str, Any]) -> Field:
    items = tuple(
        PointsItem(
            item.place, each=item["each"], table=item.get("from"), where=item.get("where"),
            when=item.get("when"), most=item.get("most"), within=item.get("within"),
            half_life=item.get("half_life"),
        )
        for item in values["points"]
    )  # fmt: skip
    return PointsField(**head, points=items)


def _cases(values: Values, head: dict[str, Any]) -> Field:
    cases = tuple(Case(case.place, case["when"], case["then"]) for case in values["cases"])
    return CasesField(**head, cases=cases, otherwise=values.get("otherwise"))


_BUILDERS: dict[str, Callable[[Values, dict[str, Any]], Field]] = {
    keys.AGGREGATE.what: _aggregate,
    keys.VALUE.what: _value,
    keys.ACROSS.what: _across,
    keys.TOP.what: _top,
    keys.SCORE.what: _score,
    keys.POINTS.what: _points,
    keys.CASES.what: _cases,
}


def _segment(named: Named, recipe: str) -> Segment:
    values: Values = named.value
    return Segment(
        named.name, named.place, recipe, where=values.get("where"), each=values.get("each"),
        table=values.get("from"), within=values.get("within"), at_least=values.get("at_least", 1),
        suppress=values.get("suppress", False), meaning=values.get("meaning"),
    )  # fmt: skip
