"""A test.yaml becomes RecipeTests: every mistake in it is found at once, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from segcli.campaign_preparing import every_campaign
from segcli.campaigns.caps import caps_of
from segcli.campaigns.checking import campaign_names
from segcli.fields import mentioned_names
from segcli.messages.step_messages import StepMessage, compile_messages
from segcli.pipeline import definitions
from segcli.problems import Place, Problems
from segcli.project.localities import parse_moment
from segcli.project.models import Project
from segcli.project.recipes import RECIPE_FILE
from segcli.project.shapes import Named, Values
from segcli.project.yaml_text import read_yaml
from segcli.recipe_testing.given import TableRules, read_given
from segcli.recipe_testing.keys import RECIPE_TESTS
from segcli.recipe_testing.models import (
    CouponExpectation,
    DueExpectation,
    ExclusionExpectation,
    Expectation,
    FieldExpectation,
    MessageExpectation,
    Moment,
    ProductsExpectation,
    RecipeTest,
    RecipeTests,
    SegmentExpectation,
)
from segcli.recipe_testing.naming import check_names
from segcli.recipe_testing.settings import project_of_tests, tables_of_tests

TEST_FILE = "test.yaml"


def load_recipe_tests(file: Path, problems: Problems) -> RecipeTests | None:
    """The tests of a file, or None when it or its recipe has faults, which go to `problems`."""
    before = len(problems.errors)
    tree = read_yaml(file, problems)
    if tree is None:
        return None
    values = RECIPE_TESTS.read_partly(tree, "", problems)
    settings, recipes = values.get("settings"), values.get("recipes", ())
    if ("settings" in values and settings is None) or not isinstance(recipes, tuple) or None in recipes:
        return None  # all else would be misunderstood
    known = len(problems.errors)
    project = project_of_tests(settings, recipes, file, problems)
    definitions(project, problems)
    if len(problems.errors) > known:  # in a recipe or in a setting
        return None
    campaigns = every_campaign(project)
    messages = compile_messages(project, campaigns, problems)
    rules = TableRules(tables_of_tests(settings, project, problems), _mentioned(project, messages), project.timezone)
    given = read_given(values.get("given"), rules, "given", problems)
    written = enumerate(values.get("tests") or (), start=1)
    tests = tuple(_test(each, rules, f"tests[{number}]", problems) for number, each in written if each)
    _check_test_names(tests, problems)
    own = frozenset(each.name for recipe in project.recipes for each in recipe.campaigns if _is_of(recipe.path, file))
    found = RecipeTests(file.resolve().parent.name, file, project, tests, given, rules, messages, own)
    check_names(found, problems)
    return found if len(problems.errors) == before else None


def _is_of(recipe: Path, file: Path) -> bool:
    return recipe.resolve() == file.resolve().with_name(RECIPE_FILE)


def _mentioned(project: Project, messages: tuple[StepMessage, ...]) -> frozenset[str]:
    """Every name in the recipes' expressions and messages."""
    fields, segments = definitions(project)
    names = mentioned_names([*fields, *segments]) | campaign_names(every_campaign(project), caps_of(project.limits))
    return names.union(*(message.names for message in messages))


def _check_test_names(tests: tuple[RecipeTest, ...], problems: Problems) -> None:
    places: dict[str, Place] = {}
    for test in tests:
        if test.name and test.name in places:
            hint = f"The first is at line {places[test.name].line}."
            problems.error("two tests have this name.", test.place, "name", hint=hint)
        places.setdefault(test.name, test.place)


def _test(values: Values, rules: TableRules, key: str, problems: Problems) -> RecipeTest:
    moments = tuple(_moment(each, rules, f"{key}.at.{each.name}", problems) for each in values.get("at") or ())
    if not moments and "at" in values:
        problems.error("there is no moment.", values.places["at"], f"{key}.at", hint="Write 2026-06-01 09:00: {...}.")
    elif moments and not any(each.value.places.keys() - {"given"} for each in values["at"]):
        hint = "Write due, segments, fields, excluded, coupons, products or messages below a moment."
        problems.error("the test expects nothing, so it could never fail.", values.place, key, hint=hint)
    for earlier, later in pairwise(moments):
        if later.at <= earlier.at:
            message = f"{later.at:%Y-%m-%d %H:%M} is not after {earlier.at:%Y-%m-%d %H:%M}."
            problems.error(message, later.place, f"{key}.at", hint="Moments stand in the order of time.")
    given = read_given(values.get("given"), rules, f"{key}.given", problems)
    return RecipeTest(values.get("name") or "", values.places.get("name", values.place), given, moments)


def _moment(named: Named, rules: TableRules, key: str, problems: Problems) -> Moment:
    at = parse_moment(named.name, ZoneInfo("UTC"))
    if at is None:
        raise ValueError(named.name)  # its spelling was checked
    values: Values = named.value
    given = read_given(values.get("given"), rules, f"{key}.given", problems)
    if given.each:
        problems.error("'each' stands in the given of the file or of a test.", values.places["given"], f"{key}.given")
    return Moment(at, named.place, given, tuple(_expectations(values)))


def _expectations(values: Values) -> Iterator[Expectation]:
    for customer in values.get("fields") or ():
        for field in customer.value:
            yield FieldExpectation(customer, field, field.value)
    for segment in values.get("segments") or ():
        yield SegmentExpectation(segment, segment.value)
    if values.get("due") is not None:
        yield DueExpectation(values["due"], values.places["due"])
    for customer in values.get("excluded") or ():
        for campaign in customer.value:
            yield ExclusionExpectation(customer, campaign, campaign.value)
    kinds: dict[str, Any] = {
        "coupons": CouponExpectation, "products": ProductsExpectation, "messages": MessageExpectation,
    }  # fmt: skip
    for key, kind in kinds.items():
        for campaign in values.get(key) or ():
            for step in campaign.value:
                for customer in step.value:
                    yield kind(campaign, step, customer, customer.value)
