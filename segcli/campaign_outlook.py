"""A rehearsal of days to come: the calendar run forward over what is known today, to see how much would be sent."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from segcli.campaign_pipeline import CampaignRun, clocks_of, plan_run
from segcli.campaign_preparing import prepare_campaigns
from segcli.campaigns.settling import excluded_of
from segcli.campaigns.terms import Clock
from segcli.history import open_history
from segcli.history.tables import JOURNAL, STATE, empty
from segcli.pipeline import Progress, compute, quiet
from segcli.problems import Problems
from segcli.project.models import Project


@dataclass(frozen=True)
class Outlook:
    """Messages per day and campaign, and what was kept back per day and reason.

    `messages`: day, campaign, messages; `excluded`: day, reason, messages. Nothing new happens in the days to come:
    nobody signs up, orders or opens, so it shows what today's customers would be sent.
    """

    first: dt.datetime
    days: int
    messages: pl.DataFrame
    excluded: pl.DataFrame
    idle: tuple[str, ...] = ()  # campaigns of which nothing goes out on any of the days


def look_ahead(
    project: Project, names: Sequence[str], days: int, scratch: Path, problems: Problems, progress: Progress = quiet
) -> Outlook:
    """One run a day from `as_of` on, each going on from the state that the one before would have left."""
    history = open_history(project.history, before=project.as_of)
    state = history.state()
    clocks: dict[str, Clock] = {}
    journals: list[pl.DataFrame] = []
    messages, excluded = [], []
    for day in range(days):
        as_of = project.as_of + dt.timedelta(days=day)
        progress(f"Rehearsing {as_of:%Y-%m-%d}")
        prepared = prepare_campaigns(
            replace(project, as_of=as_of), names, problems if day == 0 else Problems(), lean=True
        )
        prepared.prepared.problems.stop()
        clocks = clocks or clocks_of(prepared.campaigns, history)
        folder = scratch / f"day{day}"
        folder.mkdir()
        run = compute(prepared.prepared, folder, needed=prepared.needed)
        today = {name: replace(clock, as_of=as_of) for name, clock in clocks.items()}
        unwritten = pl.concat(journals).lazy() if journals else None
        planned = plan_run(prepared, run, history, state, today, folder, unwritten)
        messages.append(_messages(planned, as_of))
        excluded.append(_excluded(planned, as_of))
        journals.append(planned.journal.select(list(JOURNAL)))
        path = scratch / f"state{day}.parquet"
        pl.concat([empty(STATE), *planned.state]).sink_parquet(path)
        state = pl.scan_parquet(path)
        clocks = {name: _after(clock, planned, name, as_of) for name, clock in clocks.items()}
        shutil.rmtree(folder)
    found = pl.concat(messages)
    idle = tuple(name for name in clocks if name not in found["campaign"])
    return Outlook(project.as_of, days, found, pl.concat(excluded), idle)


def _after(clock: Clock, run: CampaignRun, name: str, as_of: dt.datetime) -> Clock:
    """The campaign's clock once it was planned."""
    planned = any(each.checked.name == name and each.done for each in run.planned.campaigns)
    return Clock(as_of, as_of, clock.first or as_of, after=clock.after) if planned else clock


def _messages(run: CampaignRun, as_of: dt.datetime) -> pl.DataFrame:
    counted = run.sent.group_by("campaign").len("messages").sort("campaign")
    return counted.select(pl.lit(as_of.date()).alias("day"), "campaign", pl.col("messages").cast(pl.Int64))


def _excluded(run: CampaignRun, as_of: dt.datetime) -> pl.DataFrame:
    counted = excluded_of(run.planned, run.decided).group_by("reason").len("messages").sort("reason")
    return counted.select(pl.lit(as_of.date()).alias("day"), "reason", pl.col("messages").cast(pl.Int64))
