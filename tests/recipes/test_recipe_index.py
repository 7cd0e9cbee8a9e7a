"""The index of recipes says what they are."""

from __future__ import annotations

import pytest
import typer.core
import typer.main

from segcli.cli.app import app
from segcli.project import shipped_recipes
from tests.recipes.recipe_index import INDEX, index_text, playbooks

pytestmark = pytest.mark.slow

ROWS = [
    "1", "2", "3", "3b", "3c", *(str(number) for number in range(4, 45)),
    *(f"R{number}" for number in range(1, 19)), *(f"C{number}" for number in range(1, 12)),
]  # fmt: skip


def test_the_index_is_what_the_recipes_say() -> None:
    text = INDEX.read_text("utf-8")
    assert text == index_text(), "type: .venv/bin/python -m tests.recipes.recipe_index"
    assert all(f"## {name}\n" in text for name in shipped_recipes())


def test_every_row_of_the_playbooks_is_there_and_answered() -> None:
    rows = playbooks()
    assert [row.name for row in rows] == ROWS
    assert [row.name for row in rows if not (row.about and (row.recipes or row.command or row.feature))] == []


def test_what_answers_a_row_exists() -> None:
    rows = playbooks()
    named = {name for row in rows for name in row.recipes}
    assert named - shipped_recipes().keys() == set()
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    assert {row.command for row in rows if row.command} <= {f"segcli {name}" for name in group.commands}


def test_a_recipe_and_the_table_say_the_same_of_a_row() -> None:
    text = INDEX.read_text("utf-8")  # which is what `index_text` gives, as another test says
    section = text[text.index("## support-pause\n") :].split("\n## ")[0]
    assert "\n- playbooks: 8\n" in section
    assert "| 14 | " in text
    assert text.index("## The field's playbooks") > text.index("## winback")
