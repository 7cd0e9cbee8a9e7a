"""Whether the message that is due to one customer can be made: as a run would find out, of their step alone."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from segcli.campaign_key import STAND_IN, secret_key
from segcli.campaign_pipeline import CampaignRun
from segcli.campaign_preparing import PreparedCampaigns, every_campaign, prepare_chosen
from segcli.history import run_name
from segcli.problems import Problems
from segcli.project.models import Project

BROKEN = "A run would stop, since something is wrong with its messages: `segcli check` tells what."


def prepare_with_messages(project: Project, campaign: str) -> tuple[PreparedCampaigns, str | None]:
    """Every campaign as a lean run has it, with the messages of this one alone; or without, and a note why.

    Raises every other problem of the project.
    """
    from segcli.messages.step_messages import compile_messages

    every, problems = every_campaign(project), Problems()
    messages = compile_messages(project, [each for each in every if each.name == campaign], problems)
    prepared = prepare_chosen(project, every, problems, lean=True, messages=messages)
    if not problems.errors:
        return prepared, None
    prepared = prepare_chosen(project, every, Problems(), lean=True)
    prepared.prepared.problems.stop()
    return prepared, BROKEN


def with_unfinished(run: CampaignRun, prepared: PreparedCampaigns, campaign: str, person: str) -> CampaignRun:
    """The run with a reason for each recipient of the customer's due step whose message cannot be made.

    `prepared` has the messages, which the run did without.
    """
    due = run.decided.filter(
        pl.col("campaign") == campaign, pl.col("customer_id") == person, pl.col("reason").is_null()
    )
    key = (campaign, str(due["step"].item()) if due.height else "")
    if key not in prepared.messages:
        return run
    from segcli.campaign_messages import step_recipients, without_unfinished

    alone = replace(prepared, messages={key: prepared.messages[key]})
    project, situation = prepared.prepared.project, run.situation
    secret = secret_key(prepared, run.history) or STAND_IN
    going = run.decided.filter(pl.col("reason").is_null())
    recipients = step_recipients(alone, going, situation.customers, situation.tables, situation.times, secret)
    name = run_name(project.as_of)
    decided = without_unfinished(run.decided, recipients, name, project, Problems(), Problems())
    return replace(run, decided=decided)
