"""Recipe tests: a test.yaml beside a recipe, run moment by moment through the real pipeline on real files."""

from segcli.recipe_testing.comparing import Failure, Why
from segcli.recipe_testing.models import RecipeTests
from segcli.recipe_testing.reading import TEST_FILE, load_recipe_tests
from segcli.recipe_testing.running import Outcome, run_test
from segcli.recipe_testing.schema import recipe_tests_schema

__all__ = [
    "TEST_FILE",
    "Failure",
    "Outcome",
    "RecipeTests",
    "Why",
    "load_recipe_tests",
    "recipe_tests_schema",
    "run_test",
]
