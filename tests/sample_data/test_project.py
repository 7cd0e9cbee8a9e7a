"""The sample's segcli.yaml is a project: shipped recipes, every file beside it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from segcli.problems import Problems
from segcli.project import load_project, shipped_recipes
from segcli.project.recipe_choice import default_set, first_campaigns


def test_the_sample_project_uses_shipped_recipes_and_those_that_a_new_project_gets(sample: Path) -> None:
    named = {recipe.name for recipe in load_project([sample]).recipes} - {"builtin"}
    assert (
        {wanted.name for wanted in (*default_set(Problems()), *first_campaigns(Problems()))}
        <= named
        <= {*shipped_recipes()}
    )


def test_the_sample_project_looks_at_the_day_of_its_exports(sample: Path) -> None:
    project = load_project([sample])
    assert project.as_of == dt.datetime(2026, 6, 30, 9)
    assert project.timezone.key == "Europe/Istanbul"
    assert project.output == sample / "out"


def test_the_sample_project_names_every_file_beside_it(sample: Path) -> None:
    named = {Path(file).name for source in load_project([sample]).sources for file in source.files}
    assert named == {path.name for path in sample.iterdir() if path.suffix in {".csv", ".parquet"}}
