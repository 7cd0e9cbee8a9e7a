"""Which recipes have tests, by name, by folder or all of a project, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from segcli.cli.explaining_campaigns import explain_campaign
from segcli.pipeline import Progress, quiet, scratch_folder
from segcli.problems import Problem, Problems, RecipeError, nearest
from segcli.project import load_project, shipped_recipes
from segcli.project.models import Project
from segcli.project.projects import PROJECT_FILE
from segcli.project.recipes import RECIPE_FILE
from segcli.project.yaml_text import shown_path
from segcli.recipe_testing import TEST_FILE, Outcome, RecipeTests, load_recipe_tests, run_test


@dataclass(frozen=True)
class RecipeOutcome:
    """The results of one test.yaml; `problems` where its recipe could not be run."""

    name: str
    file: str
    results: tuple[Outcome, ...]
    seconds: float
    problems: tuple[Problem, ...] = ()

    @property
    def failed(self) -> int:
        return sum(not each.passed for each in self.results)

    @property
    def passed(self) -> bool:
        return not self.problems and not self.failed


def find_recipe_tests(names: Sequence[str], project: str | None) -> list[RecipeTests]:
    """The tests of these recipes (or of all), read and checked. Raises RecipeError with every problem in any."""
    problems = Problems()
    files = find_test_files(names, project, problems)
    found = [load_recipe_tests(file, problems) for file in files]
    problems.stop_on_errors(RecipeError)
    return [each for each in found if each is not None]


def find_test_files(names: Sequence[str], project: str | None, problems: Problems) -> list[Path]:
    """The test.yaml of each of these recipes, folders and files; without any name, of every recipe that has one."""
    known = _known_recipes(project)
    if names:
        return list(dict.fromkeys(file.resolve() for name in names for file in _files_of(name, known, problems)))
    files = [folder / TEST_FILE for folder in known.values() if (folder / TEST_FILE).is_file()]
    if not files:
        hint = f"Write a {TEST_FILE} beside a {RECIPE_FILE}: the README tells how."
        problems.error(f"no recipe here has a {TEST_FILE}.", hint=hint)
    return files


def run_recipes(recipes: Sequence[RecipeTests], progress: Progress = quiet) -> list[RecipeOutcome]:
    """Runs every test; a recipe that cannot be run at all has problems, and the others are run all the same."""
    return [_run(tests, progress) for tests in recipes]


def _run(tests: RecipeTests, progress: Progress) -> RecipeOutcome:
    started = time.perf_counter()
    results: list[Outcome] = []
    problems: tuple[Problem, ...] = ()
    try:
        for test in tests.tests:
            progress(f"{tests.recipe}: {test.name}")
            results.append(run_test(tests, test, why))
    except RecipeError as error:
        problems = tuple(error.problems)
    seconds = time.perf_counter() - started
    return RecipeOutcome(tests.recipe, shown_path(tests.file), tuple(results), seconds, problems)


def why(project: Project, customer: str, campaign: str) -> str | None:
    """Why a customer is due a campaign or not, in the words of `segcli explain`."""
    with scratch_folder() as scratch:
        verdict = explain_campaign(project, customer, campaign, None, scratch).verdict
    return verdict.removeprefix(f"{customer}, {campaign}").lstrip(".: ").removesuffix(".")


def _known_recipes(project: str | None) -> dict[str, Path]:
    """The recipes of the project that is named or lies here, else those that come with segcli: name -> folder."""
    if project is None and not Path(PROJECT_FILE).is_file():
        return shipped_recipes()
    recipes = load_project([project] if project else []).recipes
    return {each.name: each.path.parent for each in recipes if each.path.name == RECIPE_FILE}


def _files_of(name: str, known: dict[str, Path], problems: Problems) -> Iterator[Path]:
    """The test.yaml of a recipe's name, of a folder or a file in it; those of a folder of such folders."""
    path = Path(name)
    if path.name in (TEST_FILE, RECIPE_FILE) and path.is_file():
        path = path.parent
    if not (path / RECIPE_FILE).is_file():
        if inner := sorted(path.glob(f"*/{TEST_FILE}")):
            yield from inner
            return
        every = {**shipped_recipes(), **known}
        if name not in every:
            tested = [each for each, folder in every.items() if (folder / TEST_FILE).is_file()]
            hint = nearest(name, every) or f"Those with a {TEST_FILE} are {', '.join(tested) or 'none'}."
            message = f"the folder '{name}' holds no {RECIPE_FILE}." if path.is_dir() else None
            problems.error(message or f"no recipe or folder named '{name}'.", hint=hint)
            return
        path = every[name]
    file = path / TEST_FILE
    if file.is_file():
        yield file
    else:
        problems.error(f"the recipe '{path.resolve().name}' has no {TEST_FILE}.", hint=f"Write {shown_path(file)}.")
