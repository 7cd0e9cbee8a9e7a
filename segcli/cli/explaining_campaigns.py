"""One customer and one campaign: the audience, every series of theirs, and how each step stands and why."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from segcli.campaign_pipeline import CampaignRun, clocks_of, plan_run
from segcli.campaigns.checked_campaigns import RESPONSES, CheckedCampaign
from segcli.campaigns.planning import starting_rows
from segcli.campaigns.responses import SINCE, with_responses
from segcli.campaigns.schedule import coming_steps
from segcli.cli.customers import find_customer
from segcli.cli.explained_messages import prepare_with_messages, with_unfinished
from segcli.cli.explained_steps import ExplainedStep, step_of_history, step_to_come
from segcli.cli.gate_words import kept_back
from segcli.fields.clauses import Change, split_condition
from segcli.fields.explaining import ExplainedClause, Explainer
from segcli.history import open_history, with_ids_of_today
from segcli.pipeline import Progress, compute, quiet
from segcli.problems import Problem, RecipeError, nearest
from segcli.project.campaign_models import RowStart
from segcli.project.durations import duration_text
from segcli.project.models import Project

PERSON = "customer_id"
# What the journal says of a series and not of one of its steps.
OF_SERIES = {
    "entered": "entered the audience", "there": "was in the audience before the campaign's first run",
    "left": "left the audience", "back": "came back into the audience", "ended": "ended: its `until` was met",
}  # fmt: skip


@dataclass(frozen=True)
class ExplainedSeries:
    """A series of the customer: what began it, what happened to it as a whole, and its steps."""

    series: str
    start: dt.datetime | None
    steps: tuple[ExplainedStep, ...]
    past: tuple[str, ...] = ()  # entered, left, ended ... with the run's moment
    note: str | None = None  # why nothing more comes of it


@dataclass(frozen=True)
class CampaignExplanation:
    """Why a customer is due a message of a campaign (or one of its steps) or not."""

    customer: str
    campaign: str
    step: str | None
    verdict: str
    inside: bool | None  # in the audience; None where the files cannot answer
    unavailable: tuple[str, ...] = ()
    waits: str | None = None
    audience: ExplainedClause | None = None
    until: ExplainedClause | None = None
    ways: tuple[tuple[Change, ...], ...] = ()
    series: tuple[ExplainedSeries, ...] = ()
    begins_nothing: Mapping[str, dt.datetime] = field(default_factory=dict)  # rows whose start counts for nothing
    notes: tuple[str, ...] = ()

    def answer(self) -> dict[str, Any]:
        """The object of `--json`."""
        found = dataclasses.asdict(self)
        del found["ways"]
        changes = [[{"clause": change.clause.text, "to": change.to} for change in way] for way in self.ways]
        due = any(step.state == "due" for series in self.series for step in series.steps)
        return {**found, "due": due, "changes": changes}


def explain_campaign(
    project: Project, customer: str, campaign: str, step: str | None, scratch: Path, progress: Progress = quiet
) -> CampaignExplanation:
    """Why the customer (id, email or phone) is due this campaign's message or not. RecipeError if there is no such one.

    Every campaign of the project is planned: which of several messages somebody gets hangs on all of them.
    """
    prepared, note = prepare_with_messages(project, campaign)
    checked = next(each for each in prepared.campaigns if each.name == campaign)
    _refuse_unknown(step, checked)
    history = open_history(project.history, before=project.as_of)
    run = compute(prepared.prepared, scratch, progress, needed=prepared.needed)
    person = find_customer(run.computed.customers, customer)
    progress("Finding due steps")
    clocks = clocks_of(prepared.campaigns, history)
    lean = dataclasses.replace(prepared, messages={})
    done = plan_run(lean, run, history, history.state(), clocks, scratch, whole=True)
    done = with_unfinished(done, prepared, campaign, person)
    found = _Explaining(done, person, checked, step).explanation()
    return dataclasses.replace(found, notes=(*found.notes, note)) if note else found


def _refuse_unknown(step: str | None, campaign: CheckedCampaign) -> None:
    names = [each.step.name for each in campaign.steps]
    if step is not None and step not in names:
        hint = nearest(step, names) or f"It has {', '.join(names)}."
        raise RecipeError([Problem(f"the campaign {campaign.name} has no step named '{step}'.", hint=hint)])


class _Explaining:
    """What is asked of one customer and one campaign of a run."""

    def __init__(self, run: CampaignRun, person: str, campaign: CheckedCampaign, step: str | None) -> None:
        self.run, self.person, self.campaign, self.step = run, person, campaign, step
        self.planned = next(each for each in run.planned.campaigns if each.checked.name == campaign.name)
        self.computed = run.run.computed
        self.explainer = Explainer(self.computed, person)
        self.due = self._mine(run.decided)
        self.past = self._of_history(run.history.journal())
        self.as_of = run.situation.as_of

    def _mine(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(pl.col("campaign") == self.campaign.name, pl.col(PERSON) == self.person)

    def _of_history(self, rows: pl.LazyFrame) -> pl.DataFrame:
        """Rows of the history that are of this campaign and of today's customer, in their order."""
        rows = rows.filter(pl.col("campaign") == self.campaign.name)
        return with_ids_of_today(rows, self.run.renamed).filter(pl.col(PERSON) == self.person).collect()

    def explanation(self) -> CampaignExplanation:
        name = self.campaign.name
        if self.planned.needs:
            verdict = f"{self.person}, {name}: not available for want of {', '.join(self.planned.needs)}."
            return CampaignExplanation(self.person, name, self.step, verdict, None, self.planned.needs)
        audience = split_condition(self.campaign.campaign.audience)
        explained = self.explainer.clause(audience)
        until = self.campaign.campaign.until
        inside = explained.met is True
        series = self._series()
        found = CampaignExplanation(
            self.person, name, self.step, "", inside, waits=self.planned.waits, audience=explained,
            until=self.explainer.clause(split_condition(until)) if until else None,
            ways=() if inside else tuple(self.explainer.ways(audience, wanted=True)),
            series=series, begins_nothing=self._begins_nothing(series),
        )  # fmt: skip
        return dataclasses.replace(found, verdict=self._verdict(found), notes=tuple(self._notes(found)))

    def _series(self) -> tuple[ExplainedSeries, ...]:
        """Those of this run, and those that only history knows, the oldest first."""
        now = self._mine(self.run.planned.series)
        rows = {row["series"]: now.filter(series=row["series"]) for row in now.iter_rows(named=True)}
        found = [self._explained(name, rows.get(name)) for name in dict.fromkeys([*self.past["series"], *rows])]
        return tuple(sorted(found, key=lambda each: (each.start or dt.datetime.min, each.series)))

    def _explained(self, name: str, row: pl.DataFrame | None) -> ExplainedSeries:
        past = self.past.filter(pl.col("series") == name).sort("as_of", "number", maintain_order=True)
        of_series = [
            f"{OF_SERIES[each['status']]}, {each['as_of']:%Y-%m-%d %H:%M}"
            for each in past.iter_rows(named=True)
            if each["status"] in OF_SERIES
        ]
        starts = past["start"].drop_nulls().to_list() if row is None else row["start"].to_list()
        steps = [*self._dealt_with(past, row), *(self._to_come(row) if row is not None else ())]
        return ExplainedSeries(name, starts[-1] if starts else None, tuple(steps), tuple(of_series), self._note(row))

    def _note(self, row: pl.DataFrame | None) -> str | None:
        if row is None:
            return None if self.planned.waits else "over, or nothing in the files starts it any more"
        if row["change"].item() == "there":
            return "in the audience at its first run, so nothing is sent (existing: true takes them)"
        if row["suspended"].item():
            return "it started before a message of a later series, so nothing is sent"
        return "it has ended" if row["ended"].item() else None

    def _dealt_with(self, past: pl.DataFrame, row: pl.DataFrame | None) -> list[ExplainedStep]:
        """What history says of each step that it has dealt with."""
        rows = past.filter(pl.col("step").is_not_null())
        told = [step_of_history(each, self.as_of) for each in rows.iter_rows(named=True)]
        reached = -1 if row is None else row["number"].item()
        behind = [each.step.name for each in self.campaign.steps if each.step.number <= reached]
        silent = [name for name in behind if name not in {step.name for step in told}]
        told += [ExplainedStep(name, "passed", "over: a later step was dealt with") for name in silent]
        order = {each.step.name: each.step.number for each in self.campaign.steps}
        return sorted(told, key=lambda step: order.get(step.name, -1))

    def _to_come(self, row: pl.DataFrame) -> list[ExplainedStep]:
        here = self.due.filter(pl.col("series") == row["series"].item())
        due = here.row(0, named=True) if here.height else None
        elsewhere = f"the step {self.due['step'].item()} of another series" if self.due.height else None
        before = f"the step {due['step']}" if due else elsewhere
        outside = "`until` is met" if row["until"].item() else "they are not in the audience"
        whens = self._whens(row)
        found = []
        for coming in coming_steps(self.campaign, row, self.run.situation, due["number"] if due else None):
            step = coming.step.step
            own = due if due and due["number"] == step.number else None
            reason = kept_back(own, step, self.run, self.explainer.values) if own and own["reason"] else None
            found.append(step_to_come(coming, self.as_of, own, reason, whens.get(step.name), before, outside))
        return found

    def _whens(self, row: pl.DataFrame) -> dict[str, ExplainedClause]:
        """Step -> its `when`, clause by clause, with what the customer did since the series' last message."""
        asked = {each.step.name: each.step.when for each in self.campaign.steps if each.step.when is not None}
        if not asked:
            return {}
        answers = with_responses(row.select(SINCE), self.run.run.tables, self.as_of).row(0, named=True)
        explainer = Explainer(self.computed, self.person, {name: answers[name] for name in RESPONSES})
        return {name: explainer.clause(split_condition(when), deeper=False) for name, when in asked.items()}

    def _begins_nothing(self, series: tuple[ExplainedSeries, ...]) -> dict[str, dt.datetime]:
        """The customer's rows that would start a series and start none."""
        if not self.campaign.by_row or not self.planned.done:
            return {}
        people = pl.DataFrame({PERSON: [self.person]}, schema={PERSON: pl.String})
        rows = starting_rows(self.campaign, people, self.run.situation)
        known = {each.series for each in series}
        return {row["series"]: row["start"] for row in rows.iter_rows(named=True) if row["series"] not in known}

    def _notes(self, found: CampaignExplanation) -> list[str]:
        """What the campaign says of starts that explains what is not there."""
        campaign = self.campaign.campaign
        if not found.inside or found.waits:
            return []
        if found.begins_nothing:
            rule = "never" if campaign.never_again else campaign.again_after and duration_text(campaign.again_after)
            return [f"A start too near another that was served begins no series (again_after: {rule})."] if rule else []
        if found.series or campaign.start is None:
            return []
        if isinstance(campaign.start, RowStart):
            return [f"No series: none of their rows in {campaign.start.table} starts one."]
        return [f"No series: {campaign.start.text} has no value."]

    def _verdict(self, found: CampaignExplanation) -> str:
        """One sentence: what goes out, what is kept back, or what it waits for."""
        steps = [step for series in found.series for step in series.steps if self.step in (None, step.name)]
        for state in ("due", "kept_back"):
            for step in steps:
                if step.state == state:
                    return f"{self.person}, {found.campaign}.{step.name}: {step.words}."
        if self.step is not None and steps and not found.waits:
            return f"{self.person}, {found.campaign}.{self.step}: {steps[-1].words}."
        waiting = [step for step in steps if step.state == "waits"]
        if found.waits:
            why = f"the campaign waits, since {found.waits}"
        elif waiting:
            step = min(waiting, key=lambda each: each.moment or dt.datetime.max)
            why = f"{step.name} {step.words}"
        elif not found.inside:
            why = "they are not in its audience"
        elif not steps:
            why = "no series of theirs has begun"
        else:
            why = "no step of their series is left" if found.series[-1].note is None else found.series[-1].note
        return f"{self.person}, {found.campaign}: nothing is due: {why}."
