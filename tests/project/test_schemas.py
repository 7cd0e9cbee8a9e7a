from collections.abc import Iterator
from typing import Any

import pytest

from segcli.project import project_schema, recipe_schema
from segcli.project.project_keys import PROJECT
from segcli.project.recipe_keys import FIELD_SHAPES, RECIPE

SCHEMAS = pytest.mark.parametrize("schema", [recipe_schema(), project_schema()], ids=["recipe", "project"])


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of a schema that lists keys."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


@SCHEMAS
def test_a_schema_names_its_draft(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@SCHEMAS
def test_every_key_is_described_and_no_other_is_allowed(schema: dict[str, Any]) -> None:
    for each in objects(schema):
        assert each["additionalProperties"] is False
        for name, key in each["properties"].items():
            assert key["description"].endswith("."), name
            assert {"type", "anyOf", "enum", "properties"} & set(key), name


def test_a_schema_has_the_keys_that_are_validated() -> None:
    assert set(recipe_schema()["properties"]) == set(RECIPE.names)
    assert set(project_schema()["properties"]) == set(PROJECT.names)
    kinds = recipe_schema()["properties"]["fields"]["additionalProperties"]["oneOf"]
    assert [set(kind["properties"]) for kind in kinds] == [set(shape.names) for shape in FIELD_SHAPES]
