"""The JSON Schema (draft 2020-12) of test.yaml, made from what validates it."""

from __future__ import annotations

from typing import Any

from segcli.project.schema import document
from segcli.recipe_testing.keys import RECIPE_TESTS


def recipe_tests_schema() -> dict[str, Any]:
    """What a test.yaml may hold."""
    return document(RECIPE_TESTS, "segcli recipe tests")
