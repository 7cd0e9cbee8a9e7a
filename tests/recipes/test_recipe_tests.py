"""Every shipped recipe does what its test.yaml says."""

from __future__ import annotations

import pytest

from segcli.cli.testing import find_recipe_tests, run_recipes
from segcli.project import shipped_recipes
from segcli.recipe_testing import TEST_FILE

TESTED = [name for name, folder in shipped_recipes().items() if (folder / TEST_FILE).is_file()]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", TESTED)
def test_a_recipe_does_what_its_tests_say(recipe: str) -> None:
    (tested,) = run_recipes(find_recipe_tests([str(shipped_recipes()[recipe])], None))
    told = [
        f"{failure.place}: {failure.what}: expected {failure.expected}, got {failure.got} {failure.reasons}"
        for outcome in tested.results
        for failure in outcome.failures
    ]
    assert [*map(str, tested.problems), *told] == []
    assert tested.results


def test_every_shipped_recipe_has_tests() -> None:
    assert set(TESTED) == {*shipped_recipes()}
