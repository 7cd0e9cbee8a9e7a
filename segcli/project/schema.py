"""JSON Schemas (draft 2020-12) of recipe.yaml and segcli.yaml, made from what validates them."""

from __future__ import annotations

from typing import Any

from segcli.project.project_keys import PROJECT
from segcli.project.recipe_keys import RECIPE
from segcli.project.shapes import Shape


def recipe_schema() -> dict[str, Any]:
    """What a recipe.yaml may hold."""
    return _document(RECIPE, "segcli recipe")


def project_schema() -> dict[str, Any]:
    """What a segcli.yaml may hold."""
    return _document(PROJECT, "segcli project")


def _document(shape: Shape, title: str) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **shape.schema()}
