"""Messages of a campaign as customers would get them now, whether or not they are due: for a marketer to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.campaign_examples import call_examples, message_examples
from segcli.campaign_key import STAND_IN, secret_key
from segcli.campaign_messages import step_recipients
from segcli.campaign_pipeline import offered, send_times, without_forgotten_people
from segcli.campaign_preparing import PreparedCampaigns
from segcli.campaigns.as_if_due import as_if_due
from segcli.campaigns.customers import PERSON, Customers
from segcli.campaigns.gate import FOR_PEOPLE
from segcli.campaigns.lists import rows_of_steps
from segcli.campaigns.showing import with_products
from segcli.exports.call_lists import COLUMNS
from segcli.exports.preview_page import PreviewMessage
from segcli.history import open_history
from segcli.pipeline import Progress, compute, quiet

LOOKED_AT = 2_000  # customers of an audience among whom examples are looked for


@dataclass(frozen=True)
class Preview:
    """The messages, and the campaigns whose audience has nobody now: they are shown for other customers."""

    messages: list[PreviewMessage]
    nobody_in: tuple[str, ...]
    without_message: tuple[str, ...]  # steps that have no file, though they need one


def preview_campaigns(
    prepared: PreparedCampaigns, scratch: Path, progress: Progress = quiet, *, step: str | None = None
) -> Preview:
    """Examples of every step's message (or of one step's). Reads the files, and writes nothing but scratch files."""
    shop = prepared.prepared
    shop.problems.stop()
    project = shop.project
    history = open_history(project.history, before=project.as_of)
    run = compute(shop, scratch, progress, needed=prepared.needed)
    progress("Rendering examples")
    customers = without_forgotten_people(run)
    people, nobody = _people(prepared, customers)
    key, times = secret_key(prepared, history), send_times(run, customers)
    parts = []
    for number in range(max((len(campaign.steps) for campaign in prepared.campaigns), default=0)):
        # A customer has one due step of a campaign, so the steps are looked at one after the other.
        rows = as_if_due(prepared.campaigns, people, number, times)
        rows = with_products(rows, prepared.campaigns, customers, run.tables, project.as_of, scratch)
        parts.append(offered(rows, prepared, customers, run.tables, history, key))
    due = pl.concat(parts, how="diagonal_relaxed")
    recipients = step_recipients(prepared, due, customers, run.tables, times, key or STAND_IN, newest_rows=True)
    calls = due.filter(pl.col("channel") == FOR_PEOPLE)
    listed = rows_of_steps(calls, prepared.campaigns, customers, times, (), COLUMNS.values())
    lists = {(each.campaign, each.step.name): each for each in listed}
    messages: list[PreviewMessage] = []
    lacking = []
    for name, channel in _steps(prepared, step):
        if name in recipients:
            messages += message_examples(recipients[name], project, lists.get(name))
        elif name in lists:
            messages += call_examples(lists[name])
        elif name not in prepared.messages and channel != FOR_PEOPLE:
            lacking.append(".".join(name))
    return Preview(messages, nobody, tuple(lacking))


def _steps(prepared: PreparedCampaigns, step: str | None) -> list[tuple[tuple[str, str], str]]:
    """Campaign, step and channel of all steps, or of those of one name."""
    every = [(campaign.name, each.step) for campaign in prepared.campaigns for each in campaign.steps]
    return [((campaign, each.name), each.channel) for campaign, each in every if step in (None, each.name)]


def _people(prepared: PreparedCampaigns, customers: Customers) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
    """Some of each campaign's audience, or of all customers; and whose audience is empty."""
    found, nobody = {}, []
    for campaign in prepared.campaigns:
        asked = customers.asked({"audience": f"coalesce({campaign.audience.sql}, false)"})
        people = asked.filter("audience").select(PERSON).sort(PERSON).head(LOOKED_AT).collect()
        if people.is_empty():
            nobody.append(campaign.name)
            people = customers.frame.select(PERSON).sort(PERSON).head(LOOKED_AT).collect()
        found[campaign.name] = people
    return found, tuple(nobody)
