import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from segcli.problems import Place, Problems
from segcli.project import load_recipe, shipped_recipes
from segcli.project.models import (
    AcrossField,
    AggregateField,
    Case,
    CasesField,
    Expression,
    Field,
    PointsField,
    PointsItem,
    Recipe,
    ScoreField,
    Segment,
    TopField,
    ValueField,
)
from segcli.project.recipe_choice import BUILTIN_FILE


def recipe_of(folder: Path, text: str) -> Recipe:
    (folder / "recipe.yaml").write_text(text)
    problems = Problems()
    recipe = load_recipe(folder, problems, name="mine")
    assert not problems.found
    assert recipe is not None
    return recipe


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Where the definition of a one-line recipe stands, and its name with it."""
    monkeypatch.chdir(tmp_path)
    return Place("recipe.yaml", 2, 3)


def field_of(folder: Path, definition: str) -> Field:
    (field,) = recipe_of(folder, f"fields:\n  it: {definition}\n").fields
    return field


def at(text: str, column: int) -> Expression:
    return Expression(text, Place("recipe.yaml", 2, column))


def test_an_aggregate_is_told_by_from_and_value(tmp_path: Path, place: Place) -> None:
    field = field_of(
        tmp_path, "{from: orders, value: sum(amount), where: amount > 0, within: 90d, default: 0, unit: EUR}"
    )
    assert field == AggregateField(
        "it",
        place,
        "mine",
        "orders",
        at("sum(amount)", 29),
        at("amount > 0", 49),
        dt.timedelta(days=90),
        0,
        unit="EUR",
    )


def test_a_value_alone_is_an_expression_over_fields(tmp_path: Path, place: Place) -> None:
    assert field_of(tmp_path, "{value: spend / orders}") == ValueField("it", place, "mine", at("spend / orders", 15))


def test_across_may_have_groups(tmp_path: Path, place: Place) -> None:
    field = field_of(tmp_path, "{across: median(gap), by: favourite_category, among: orders > 1}")
    assert field == AcrossField("it", place, "mine", at("median(gap)", 16), "favourite_category", at("orders > 1", 60))


def test_top_counts_rows_when_nothing_else_is_said(tmp_path: Path, place: Place) -> None:
    field = field_of(tmp_path, "{from: order_items, top: brand}")
    assert field == TopField("it", place, "mine", "order_items", "brand", at("count(*)", 32))


def test_cuts_stay_exact(tmp_path: Path, place: Place) -> None:
    field = field_of(tmp_path, "{score: spend, best: low, cuts: [1, 2.10, 8]}")
    assert field == ScoreField("it", place, "mine", at("spend", 15), "low", cuts=(1, Decimal("2.10"), 8))


def test_points_are_rows_or_conditions(tmp_path: Path, place: Place) -> None:
    field = field_of(tmp_path, "{points: [{from: events, each: 5, most: 20, half_life: 30d}, {when: vip, each: 1.5}]}")
    first = PointsItem(
        Place("recipe.yaml", 2, 17), at("5", 38), "events", most=Decimal(20), half_life=dt.timedelta(days=30)
    )
    second = PointsItem(Place("recipe.yaml", 2, 68), at("1.5", 86), when=at("vip", 75))
    assert field == PointsField("it", place, "mine", (first, second))


def test_then_is_a_scalar_and_never_an_expression(tmp_path: Path, place: Place) -> None:
    field = field_of(tmp_path, "{cases: [{when: orders = 0, then: NO}, {when: true, then: null}], otherwise: 1.5}")
    cases = (
        Case(Place("recipe.yaml", 2, 16), at("orders = 0", 23), "NO"),
        Case(Place("recipe.yaml", 2, 46), at("true", 53), None),
    )
    assert field == CasesField("it", place, "mine", cases, 1.5)


def test_segments_have_a_condition_or_one_per_value(tmp_path: Path, place: Place) -> None:
    recipe = recipe_of(
        tmp_path,
        "segments:\n"
        "  gone: {where: days_since_engaged > 280, suppress: true, meaning: Silent.}\n"
        "  rfm: {each: rfm_group}\n"
        "  interest: {each: category, from: events, where: event = 'view', within: 30d, at_least: 3}\n",
    )
    gone, rfm, interest = recipe.segments
    assert gone == Segment("gone", place, "mine", at("days_since_engaged > 280", 17), suppress=True, meaning="Silent.")
    assert rfm == Segment("rfm", Place("recipe.yaml", 3, 3), "mine", each="rfm_group")
    assert (interest.table, interest.within, interest.at_least) == ("events", dt.timedelta(days=30), 3)


def test_a_recipe_is_called_like_its_folder(tmp_path: Path) -> None:
    (tmp_path / "winback").mkdir()
    (tmp_path / "winback" / "recipe.yaml").write_text("description: |\n  Back.\nsegments: {gone: {where: true}}\n")
    recipe = load_recipe(tmp_path / "winback", Problems())
    assert recipe is not None
    assert (recipe.name, recipe.description, recipe.path.name) == ("winback", "Back.", "recipe.yaml")


@pytest.mark.parametrize("folder", [*shipped_recipes().values(), BUILTIN_FILE], ids=lambda folder: folder.name)
def test_every_shipped_recipe_loads_without_a_word(folder: Path) -> None:
    problems = Problems()
    assert load_recipe(folder, problems) is not None
    assert [str(problem) for problem in problems] == []
