"""Each file in bad/ has one fault (or several) and says in its first lines which problems it has to give."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from segcli.problems import Problem, RecipeError
from segcli.project import load_project

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))


def problems_of(file: Path, folder: Path) -> list[Problem]:
    """The problems of a project that consists of this file: as its segcli.yaml, or as its only recipe."""
    if file.name.startswith("project_"):
        shutil.copy(file, folder / "segcli.yaml")
    else:
        (folder / "segcli.yaml").write_text("recipes: [bad]")
        (folder / "bad").mkdir()
        shutil.copy(file, folder / "bad" / "recipe.yaml")
    try:
        return list(load_project([folder]).warnings)
    except RecipeError as error:
        return error.problems


@pytest.mark.parametrize("file", BAD, ids=[file.stem for file in BAD])
def test_a_bad_file_gives_its_problems_and_no_others(file: Path, tmp_path: Path) -> None:
    lines = file.read_text().splitlines()
    expected = [line.removeprefix("# ") for line in lines if re.match(r"# \d+:\d+: ", line)]
    problems = problems_of(file, tmp_path)
    found = [str(problem).split(".yaml:", 1)[-1] for problem in problems]
    assert len(found) == len(expected), found
    for line, problem in zip(expected, found, strict=True):
        place, fragment = line.split(": ", 1)
        assert problem.startswith(f"{place}: "), problem
        assert fragment in problem


@pytest.mark.parametrize("file", BAD, ids=[file.stem for file in BAD])
def test_every_problem_says_the_way_out_or_names_what_is_missing(file: Path, tmp_path: Path) -> None:
    for problem in problems_of(file, tmp_path):
        assert problem.hint or re.search("must|missing|needs|no value|empty|exclude|neither", problem.message), problem
