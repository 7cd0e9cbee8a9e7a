"""JSON Schemas (draft 2020-12) of recipe.yaml and segcli.yaml, made from what validates them."""

from __future__ import annotations

from typing import Any

from segcli.project.project_keys import PROJECT
from segcli.project.recipe_keys import RECIPE
from segcli.project.shapes import Shape


def recipe_schema() -> dict[str, Any]:
    """What a recipe.yaml may hold."""
    return document(RECIPE, "segcli recipe")


def project_schema() -> dict[str, Any]:
    """What a segcli.yaml may hold."""
    return document(PROJECT, "segcli project")


def document(shape: Shape, title: str) -> dict[str, Any]:
    """The schema of a file whose keys are those of a shape."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **shape.schema()}
