"""What `segcli check` finds, as one report: problems, findings on the data, and what a change would do."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from segcli.campaign_key import secret_key
from segcli.campaign_pipeline import clocks_of, newest_rows, plan_run
from segcli.campaign_preparing import PreparedCampaigns, every_campaign, prepare_chosen
from segcli.campaigns.comparing import StepChange, compare_sends
from segcli.campaigns.customers import customers_of
from segcli.campaigns.lints import lint_campaigns
from segcli.cli.declared_words import ways_to_give
from segcli.cli.output import counted
from segcli.fields.conditions import VOCABULARY
from segcli.fields.findings import Finding
from segcli.fields.lints import lint
from segcli.history import open_history
from segcli.pipeline import Progress, SegmentRun, compute, definitions
from segcli.problems import ExitCode, Problem, Problems, RecipeError, SegcliError, kind_of_error
from segcli.project import load_project, load_recipe, shipped_recipes
from segcli.project.models import Project, Recipe
from segcli.segments.comparing import Comparison, compare_members
from segcli.sources import recognise
from segcli.sources.tables import CANONICAL

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Line:
    """One problem or finding; `kind` is the finding's, None for a problem."""

    severity: Severity
    problem: Problem
    kind: str | None = None

    def answer(self) -> dict[str, Any]:
        """The line as one object of `--json`."""
        place = self.problem.place
        return {
            "severity": self.severity,
            "kind": self.kind,
            "file": place.path if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "key": self.problem.key,
            "message": self.problem.message,
            "hint": self.problem.hint,
        }


@dataclass(frozen=True)
class Report:
    """Everything that `check` has to say."""

    lines: tuple[Line, ...]
    exit_code: int
    checked: str = "nothing checked"
    unavailable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ways: Mapping[str, str] = field(default_factory=dict)  # a table that recipes declare and no file gives -> how to
    segments: frozenset[str] = frozenset()
    comparison: Comparison | None = None
    sends: tuple[StepChange, ...] | None = None  # with the comparison, where there are campaigns
    against: Path | None = None
    currency: str | None = None

    def count(self, severity: Severity) -> int:
        return sum(line.severity == severity for line in self.lines)

    def unavailable_by_need(self) -> Iterator[tuple[tuple[str, ...], list[str]]]:
        """What would enable something -> the segments it would enable, or the fields where it is no segment."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for name, needs in self.unavailable.items():
            groups.setdefault(needs, []).append(name)
        for needs, names in sorted(groups.items()):
            yield needs, [name for name in names if name in self.segments] or names

    def answer(self) -> dict[str, Any]:
        """The object of `--json`."""
        return {
            "errors": self.count("error"),
            "warnings": self.count("warning"),
            "problems": [line.answer() for line in self.lines],
            "unavailable": [{"name": name, "needs": list(needs)} for name, needs in self.unavailable.items()],
            "ways": dict(self.ways),
            "against": self._against(),
        }

    def _against(self) -> dict[str, Any] | None:
        if self.comparison is None:
            return None
        sends = None if self.sends is None else [dataclasses.asdict(item) for item in self.sends]
        return {**dataclasses.asdict(self.comparison), "sends": sends}


def check_project(
    paths: Sequence[Path | str],
    scratch: Path,
    progress: Progress,
    *,
    as_of: str | None = None,
    recipes: Sequence[str] | None = None,
    maps: Sequence[str] = (),
    against: Path | None = None,
) -> Report:
    """Checks a project and, where it has no errors, computes it in `scratch`; writes nothing elsewhere."""
    problems = Problems()
    progress("Checking recipes and headers")
    try:
        project = load_project(paths, as_of=as_of, recipes=recipes, maps=maps)
    except RecipeError as error:
        found = [*error.problems, *_header_problems(paths, maps)]
        return Report(_problem_lines(found), ExitCode.USAGE)
    problems.found.extend(project.warnings)
    try:
        prepared = prepare_chosen(project, every_campaign(project), problems)
        if prepared.campaigns:
            from segcli.messages.unused_files import check_unused_files

            check_unused_files(project, problems)
        if problems.errors:
            return Report(_problem_lines(problems), kind_of_error(problems.errors).exit_code, _checked(project))
        if prepared.campaigns:
            secret_key(prepared, open_history(project.history, before=project.as_of))
        run = compute(prepared.prepared, scratch / "run", progress, needed=prepared.needed)
        progress("Looking at the data")
        findings = [*lint(run.computed), *_campaign_findings(prepared, run), *_message_findings(prepared, run, scratch)]
        comparison, sends = None, None
        if against:
            comparison, sends = _compare(prepared, run, against, scratch / "against", progress)
    except SegcliError as error:
        found = [*problems, *error.problems]
        return Report(_problem_lines(found), error.exit_code, _checked(project))
    lines = [
        *_problem_lines(problems),
        *(Line("note" if item.note else "warning", item.problem, item.kind) for item in findings),
    ]
    return Report(
        tuple(sorted(lines, key=lambda line: line.problem.order())),
        ExitCode.DONE,
        f"{_checked(project)}, {counted(run.tables['customers'].rows, 'customer')}",
        _unavailable(run),
        _ways(prepared, run),
        frozenset(item.name for item in run.computed.plan.segments),
        comparison,
        sends,
        against,
        project.currency,
    )


def _unavailable(run: SegmentRun) -> dict[str, tuple[str, ...]]:
    """What the recipes define and the files cannot answer; of the vocabulary, only what they use shows."""
    plan = run.computed.plan
    own = {name for name, item in plan.definitions.items() if item.recipe != VOCABULARY}
    return {name: needs for name, needs in plan.unavailable.items() if name in own}


def _ways(prepared: PreparedCampaigns, run: SegmentRun) -> dict[str, str]:
    """How to give the tables and columns that recipes declare and their segments, fields and audiences lack."""
    customers = customers_of(run.computed)
    needs = [need for causes in _unavailable(run).values() for need in causes]
    needs += [need for each in prepared.campaigns for need in customers.missing(each.needs)]
    return ways_to_give(needs, run.prepared.project.recipes)


def _problem_lines(problems: Problems | Sequence[Problem]) -> tuple[Line, ...]:
    found = sorted(dict.fromkeys(problems), key=Problem.order)
    return tuple(Line(problem.severity, problem) for problem in found)


def _checked(project: Project) -> str:
    fields, segments = definitions(project)
    own = [recipe for recipe in project.recipes if recipe.name != "builtin"]
    counts = [counted(len(own), "recipe"), counted(len(fields), "field"), counted(len(segments), "segment")]
    campaigns = every_campaign(project)
    return ", ".join([*counts, counted(len(campaigns), "campaign")] if campaigns else counts)


def _campaign_findings(prepared: PreparedCampaigns, run: SegmentRun) -> list[Finding]:
    customers, newest = customers_of(run.computed), newest_rows(prepared, run)
    return lint_campaigns(prepared.campaigns, prepared.caps, customers, run.tables, newest)


def _message_findings(prepared: PreparedCampaigns, run: SegmentRun, scratch: Path) -> list[Finding]:
    """What messages name and their audience lacks, and what else goes wrong when they are made for some of it."""
    if not prepared.messages:
        return []
    from segcli.campaign_trial import try_messages
    from segcli.messages.audience_lints import lint_messages

    settings = prepared.prepared.project.messages
    found = lint_messages(prepared.messages, prepared.campaigns, customers_of(run.computed), settings)
    return [*found, *try_messages(prepared, run, scratch / "trial")]


def _header_problems(paths: Sequence[Path | str], maps: Sequence[str]) -> list[Problem]:
    """What is wrong with the files' headers, when the recipes cannot be read: nobody fixes errors in turns."""
    problems = Problems()
    try:
        # Any recipe that can be read will do; none of its definitions is looked at.
        project = load_project(paths, recipes=[next(iter(shipped_recipes()))], maps=maps)
        # A table that says nothing of how it is joined may be declared by a recipe that cannot be read.
        said = [
            each for each in project.sources if each.table in ("", *CANONICAL) or each.by or each.time or each.columns
        ]
        recognise(dataclasses.replace(project, sources=tuple(said)), frozenset(), problems)
    except SegcliError:
        return problems.errors
    return problems.errors


def _compare(
    prepared: PreparedCampaigns, run: SegmentRun, against: Path, scratch: Path, progress: Progress
) -> tuple[Comparison, tuple[StepChange, ...] | None]:
    """The run's members and messages beside those of the other recipes on the same files at the same moment."""
    project = run.prepared.project
    other = dataclasses.replace(project, recipes=_other_recipes(project, against))
    before = prepare_chosen(other, every_campaign(other), Problems())
    progress(f"Computing {against}")
    run_before = compute(before.prepared, scratch / "fields", needed=before.needed)
    members = compare_members(run_before.computed, run.computed)
    if not prepared.campaigns and not before.campaigns:
        return members, None
    progress("Finding due steps")
    old, new = _sent(before, run_before, scratch / "before"), _sent(prepared, run, scratch / "after")
    return members, compare_sends(old, new, _steps(before), _steps(prepared))


def _steps(prepared: PreparedCampaigns) -> list[tuple[str, str]]:
    """Campaign and step of each message that there can be."""
    return [(each.name, step.step.name) for each in prepared.campaigns for step in each.steps]


def _sent(prepared: PreparedCampaigns, run: SegmentRun, scratch: Path) -> pl.DataFrame:
    """The messages that a run would send now."""
    scratch.mkdir(parents=True)
    history = open_history(run.prepared.project.history, before=run.prepared.project.as_of)
    return plan_run(prepared, run, history, history.state(), clocks_of(prepared.campaigns, history), scratch).sent


def _other_recipes(project: Project, against: Path) -> tuple[Recipe, ...]:
    """The recipes of another project, or this project's with those of a folder in place of their namesakes."""
    if (against / "segcli.yaml").is_file() or against.name == "segcli.yaml":
        return load_project([against]).recipes
    problems = Problems()
    files = [file for pattern in ("recipe.yaml", "*/recipe.yaml") for file in sorted(against.glob(pattern))]
    # load_recipe names a recipe by its folder.
    found = [recipe for file in files if (recipe := load_recipe(file.parent.resolve(), problems))]
    problems.stop_on_errors(RecipeError)
    others = {recipe.name: recipe for recipe in found}
    if not others.keys() & {recipe.name for recipe in project.recipes}:
        hint = "Name a folder with a segcli.yaml, or one with other versions of this project's recipes."
        message = f"{against} holds no version of this project's recipes."
        raise RecipeError([Problem(message, key="--against", hint=hint)])
    return tuple(others.get(recipe.name, recipe) for recipe in project.recipes)
