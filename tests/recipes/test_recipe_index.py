"""The index of recipes says what they are."""

from __future__ import annotations

from segcli.project import shipped_recipes
from tests.recipes.recipe_index import INDEX, index_text


def test_the_index_is_what_the_recipes_say() -> None:
    text = INDEX.read_text("utf-8")
    assert text == index_text(), "type: .venv/bin/python -m tests.recipes.recipe_index"
    assert all(f"## {name}\n" in text for name in shipped_recipes())
