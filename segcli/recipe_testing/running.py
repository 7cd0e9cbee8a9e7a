"""A test's moments, each as a committed run of the real pipeline in a folder of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from segcli.campaign_pipeline import CampaignRun, run_campaigns
from segcli.campaign_preparing import every_campaign, prepare_chosen
from segcli.campaign_writing import write_campaigns
from segcli.fields.conditions import VOCABULARY
from segcli.pipeline import scratch_folder
from segcli.problems import DataError, Place, Problems
from segcli.project.models import Project
from segcli.project.projects import KEY_FILE
from segcli.recipe_testing.comparing import Failure, MomentRun, Why, compare
from segcli.recipe_testing.models import FieldExpectation, Moment, RecipeTest, RecipeTests
from segcli.recipe_testing.naming import levels_of
from segcli.recipe_testing.tables import GivenTables, write_pools, write_tables

# Codes are made with a key; that of tests is known, so that they are the same each time.
KEY = "this key of the recipe tests is no secret"


@dataclass(frozen=True)
class Outcome:
    """What became of a test: its failures, in the order of its moments."""

    name: str
    place: Place
    failures: tuple[Failure, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.failures


def run_test(tests: RecipeTests, test: RecipeTest, why: Why | None = None) -> Outcome:
    """One test in a folder that is removed at the end. Raises RecipeError where the recipe cannot be run at all.

    `why` says why a customer is due a campaign or not, in the words of `segcli explain`.
    """
    started = time.perf_counter()
    failures: list[Failure] = []
    with scratch_folder() as folder:
        running = _Running(tests, test, folder)
        for number, moment in enumerate(test.moments):
            try:
                run = running.run(number, moment)
            except DataError as error:
                said = " ".join(str(problem) for problem in error.problems)
                failures.append(Failure(moment.place, test.name, moment.at, "the run", "a run", said))
                break
            failures += compare(MomentRun(run, moment, test.name, tests, why))
    return Outcome(test.name, test.place, tuple(failures), time.perf_counter() - started)


class _Running:
    """The project of one test in its folder, whose files and history grow from moment to moment."""

    def __init__(self, tests: RecipeTests, test: RecipeTest, folder: Path) -> None:
        self.tests, self.folder = tests, folder
        self.levels = levels_of(tests, test)
        self.tables = GivenTables(tests.rules, self.levels)
        asked = [each for moment in test.moments for each in moment.expectations]
        fields = {each.field.name for each in asked if isinstance(each, FieldExpectation)}
        # All that the recipes define is checked, and a commit remembers who is in their segments.
        own = [recipe for recipe in tests.project.recipes if recipe.name != VOCABULARY]
        defined = {each.name for recipe in own for each in (*recipe.fields, *recipe.segments)}
        self.wanted = sorted(fields | defined)
        key = folder / KEY_FILE
        key.touch(mode=0o600)
        key.write_text(f"{KEY}\n", encoding="ascii")

    def project(self, number: int, moment: Moment) -> Project:
        """The project with the files that the shop would have exported by that moment."""
        levels = number + 3  # the file's, the test's, and those of the moments so far
        write_pools(self.levels[:levels], self.folder)
        tables = self.tables.at(moment.at, levels)
        return replace(
            self.tests.project, root=self.folder, as_of=moment.at, key_file=self.folder / KEY_FILE,
            sources=write_tables(tables, self.folder, self.tests.rules), output=self.folder / "out",
            history=self.folder / "history",
        )  # fmt: skip

    def run(self, number: int, moment: Moment) -> CampaignRun:
        """What `segcli campaign --commit` does as of the moment."""
        problems = Problems()
        project = self.project(number, moment)
        campaigns = every_campaign(project)
        prepared = prepare_chosen(
            project, campaigns, problems, lean=True, also=self.wanted, messages=self.tests.messages
        )  # fmt: skip
        problems.stop()
        scratch = self.folder / f"scratch-{number}"
        scratch.mkdir()
        run = run_campaigns(prepared, scratch)
        write_campaigns(_without_emails(run), commit=True)
        return run


def _without_emails(run: CampaignRun) -> CampaignRun:
    """The run without files of finished emails: that they can be made was tried, and nobody reads them."""
    ready = run.prepared.prepared
    project = replace(ready.project, messages=replace(ready.project.messages, format="none"))
    return replace(run, prepared=replace(run.prepared, prepared=replace(ready, project=project)))
