"""The way of a campaign run, one call per stage: tables, fields, due steps, gate, products, offers, files, history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from segcli.campaign_key import secret_key
from segcli.campaign_preparing import PreparedCampaigns
from segcli.campaigns.checked_campaigns import CheckedCampaign
from segcli.campaigns.code_pools import NO_CODE_LEFT, read_pools
from segcli.campaigns.customer_times import SendTimes
from segcli.campaigns.customers import Customers, customers_of
from segcli.campaigns.gate import decide
from segcli.campaigns.offer_conditions import with_offer_conditions
from segcli.campaigns.offers import USED, CodeSources, attach_offers
from segcli.campaigns.planning import Planned, Situation, plan_campaigns
from segcli.campaigns.secret_key import fingerprint
from segcli.campaigns.settling import journal_of, next_state
from segcli.campaigns.showing import with_products
from segcli.campaigns.standing import with_standing
from segcli.campaigns.terms import Clock
from segcli.exports import load_format, with_every_column
from segcli.history import History, open_history, read_salt, resolve, run_name, with_ids_of_today, with_parted
from segcli.history.used_codes import used_codes
from segcli.pipeline import Progress, SegmentRun, compute, quiet, without_forgotten
from segcli.problems import DataError, Problem, Problems
from segcli.project.models import Project
from segcli.sources.history_tables import identifiers_today
from segcli.sources.tables import CANONICAL, Tables

if TYPE_CHECKING:
    from segcli.campaign_recipients import StepRecipients

NOT_IMPORTABLE = "cannot be imported into"
NAME_FORMAT = "%Y-%m-%dT%H%M"  # of runs, which are known by their minute


@dataclass(frozen=True)
class CampaignRun:
    """What a run found: the due steps with the gate's word on each, what it did, and the state after it."""

    prepared: PreparedCampaigns
    run: SegmentRun
    history: History
    renamed: pl.DataFrame  # old_id, customer_id: who of the history bears another id today
    planned: Planned
    decided: pl.DataFrame
    journal: pl.DataFrame
    state: tuple[pl.LazyFrame, ...]  # frames of some campaigns each
    key_fingerprint: str | None
    situation: Situation  # what the plan looked at
    recent: pl.LazyFrame  # customer_id, send_at, channel of what counts for caps
    recipients: Mapping[tuple[str, str], StepRecipients]  # of the steps with a message, by campaign and step
    withheld: tuple[Problem, ...]  # steps that nobody is sent since their message cannot be made

    @property
    def sent(self) -> pl.DataFrame:
        """The due steps that go out."""
        return self.decided.filter(pl.col("reason").is_null())


def run_campaigns(prepared: PreparedCampaigns, scratch: Path, progress: Progress = quiet) -> CampaignRun:
    """Reads the files and decides who is due which step, and what the gate says. Writes nothing but scratch files.

    Raises DataError where the data or the history stop it.
    """
    shop = prepared.prepared
    shop.problems.stop()
    history = open_history(shop.project.history, before=shop.project.as_of)
    secret_key(prepared, history)  # a wrong one is told before anything is read
    run = compute(shop, scratch, progress, needed=prepared.needed)
    progress("Finding due steps")
    secret_key(prepared, history, make=True)
    clocks = clocks_of(prepared.campaigns, history)
    planned = plan_run(prepared, run, history, history.state(), clocks, scratch)
    _refuse_too_many(planned.decided, shop.project)
    return planned


def clocks_of(campaigns: Iterable[CheckedCampaign], history: History) -> dict[str, Clock]:
    """When each campaign was planned before, and whether its audience still means what it meant then."""
    known = history.newest.facts["campaigns"] if history.newest else {}
    clocks = {}
    for campaign in campaigns:
        facts = known.get(campaign.name)
        clocks[campaign.name] = Clock(history.before)
        if facts:
            planned, first = (dt.datetime.strptime(facts[key], NAME_FORMAT) for key in ("run", "first"))
            same, after = facts["condition"] == campaign.condition, facts.get("after", {})
            after = {step: dt.timedelta(seconds=seconds) for step, seconds in after.items()}
            clocks[campaign.name] = Clock(history.before, planned, first, same, after)
    return clocks


def plan_run(
    prepared: PreparedCampaigns,
    run: SegmentRun,
    history: History,
    state: pl.LazyFrame,
    clocks: Mapping[str, Clock],
    scratch: Path,
    unwritten: pl.LazyFrame | None = None,
    *,
    whole: bool = False,
) -> CampaignRun:
    """Everything between the computed fields and the files: due steps, gate, products, offers, journal, state.

    `unwritten` is a journal of runs that are no history, whose messages count for caps, and whose codes are given, all
    the same. `whole` keeps every series to be looked at.
    """
    project, tables = prepared.prepared.project, run.tables
    customers = without_forgotten_people(run)
    renamed = _renamed(history, tables)
    state = with_ids_of_today(_with_parted(state, history, renamed, tables), renamed)
    times = send_times(run, customers)
    situation = Situation(
        customers, tables, state, clocks, project.as_of, project.limits.ahead, times, newest_rows(prepared, run), whole
    )
    planned = plan_campaigns(prepared.campaigns, situation)
    suppressing = [item for item in run.members if item.suppress]
    due = with_standing(planned.due, customers, prepared.caps, suppressing)
    due = with_products(due, prepared.campaigns, customers, tables, project.as_of, scratch)
    recent = _recent(prepared, run, history, unwritten)
    decided = decide(due, project.limits, recent)
    decided = _without_unimportable(decided, customers, project)
    key = secret_key(prepared, history)
    decided = offered(decided, prepared, customers, tables, history, key, unwritten)
    withheld = Problems()
    decided, recipients = _with_messages(decided, prepared, customers, tables, times, key, withheld)
    journal = journal_of(run_name(project.as_of), project.as_of, planned, decided)
    after = next_state(state, planned, journal)
    print_of_key = fingerprint(key) if key else None
    return CampaignRun(
        prepared,
        run,
        history,
        renamed,
        planned,
        decided,
        journal,
        after,
        print_of_key,
        situation,
        recent,
        recipients,
        tuple(withheld),
    )


def without_forgotten_people(run: SegmentRun) -> Customers:
    """The customers of a run, without those who asked to be forgotten."""
    known = customers_of(run.computed)
    return replace(known, frame=without_forgotten(known.frame))


def send_times(run: SegmentRun, customers: Customers) -> SendTimes:
    """When messages go out: by the customers' clocks, what they opened when, and the project's quiet hours."""
    project, events = run.prepared.project, run.tables.tables.get("events")
    return SendTimes(
        customers.frame, events.whole if events else None, project.timezone, project.as_of, project.limits.quiet_hours
    )


def _renamed(history: History, tables: Tables) -> pl.DataFrame:
    salt = read_salt(history.folder)
    if salt is None:
        return pl.DataFrame(schema={"old_id": pl.String(), "customer_id": pl.String()})
    return resolve(history.people(), identifiers_today(tables), salt)


def _with_parted(state: pl.LazyFrame, history: History, renamed: pl.DataFrame, tables: Tables) -> pl.LazyFrame:
    salt = read_salt(history.folder)
    return state if salt is None else with_parted(state, history.people(), renamed, identifiers_today(tables), salt)


def newest_rows(prepared: PreparedCampaigns, run: SegmentRun) -> dict[str, dt.datetime | None]:
    """The newest row of each table that a step's `fresh` names."""
    asked = {table for campaign in prepared.campaigns for each in campaign.steps for table in each.step.fresh}
    newest: dict[str, dt.datetime | None] = {}
    for name in sorted(asked):
        table = run.tables.tables.get(name)
        if table is not None and table.time is not None:
            newest[name] = table.whole.select(pl.col(table.time).max()).collect(engine="streaming").item()
    return newest


def _recent(
    prepared: PreparedCampaigns, run: SegmentRun, history: History, unwritten: pl.LazyFrame | None
) -> pl.LazyFrame:
    """customer_id, send_at, channel of the marketing messages that count for caps: our own, and those of others."""
    as_of, names = run.computed.plan.as_of, ["customer_id", "send_at", "channel"]
    since = as_of - max((each.cap.per for each in prepared.caps), default=dt.timedelta(0))
    own = history.journal([*names, "status", "marketing"], since)
    if unwritten is not None:
        own = pl.concat([own, unwritten.select(own.collect_schema().names())])
    own = own.filter(pl.col("status") == "sent", pl.col("marketing"), pl.col("send_at") > since).select(names)
    own = history.with_current_ids(own, identifiers_today(run.tables))
    events = run.tables.tables.get("events")
    if events is None or "event" not in events.columns:
        return own
    rows = events.whole.filter(pl.col("event") == "sent", pl.col("at") > since)
    if "campaign" in events.columns:
        # What an email service reports of our own messages is in the history already.
        ours = [
            f"{campaign.name}.{step.name}"
            for recipe in prepared.prepared.project.recipes
            for campaign in recipe.campaigns
            for step in campaign.steps
        ]
        rows = rows.filter(~pl.col("campaign").is_in(ours).fill_null(value=False))
    return pl.concat([own, rows.select("customer_id", send_at="at", channel=pl.lit("email"))])


def _without_unimportable(decided: pl.DataFrame, customers: Customers, project: Project) -> pl.DataFrame:
    """Whom the email service cannot be given is told of: a message that is in no list must not count as sent."""
    needs = pl.sql_expr(load_format(project.esp).needs)
    names = [name for name in CANONICAL["customers"] if name in customers.frame.collect_schema()]
    going = decided.filter(pl.col("reason").is_null())
    people = with_every_column(customers.columns_of(going["customer_id"], names).lazy())
    strangers = people.filter(~needs.fill_null(value=False)).select("customer_id").collect()
    # People who call, and senders of texts, are no email service.
    left_out = (
        pl.col("reason").is_null()
        & (pl.col("channel") == "email")
        & pl.col("customer_id").is_in(strangers["customer_id"].implode())
    )
    reason = pl.when(left_out).then(pl.lit(f"{NOT_IMPORTABLE} {project.esp}")).otherwise("reason")
    return decided.with_columns(reason=reason)


def offered(
    decided: pl.DataFrame,
    prepared: PreparedCampaigns,
    customers: Customers,
    tables: Tables,
    history: History,
    key: bytes | None,
    unwritten: pl.LazyFrame | None = None,
) -> pl.DataFrame:
    """The decided steps with their offers; who gets no code since the pool is empty stays out.

    `unwritten` is a journal of runs that are no history, whose codes are given all the same.
    """
    going = decided.filter(pl.col("reason").is_null())
    campaigns = [each.campaign for each in prepared.campaigns]
    pools = read_pools(campaigns, prepared.prepared.project.root)
    used = pl.DataFrame(schema=USED)
    if pools:
        codes = history.with_current_ids(used_codes(history), identifiers_today(tables)).select(*USED)
        if unwritten is not None:
            codes = pl.concat([codes, unwritten.select(*USED).drop_nulls("code_pool")])
        used = codes.collect(engine="streaming")
    going = with_offer_conditions(going, prepared.campaigns, customers)
    found = attach_offers(going, campaigns, CodeSources(key, pools, used))
    reason = pl.when("no_code").then(pl.lit(NO_CODE_LEFT)).otherwise("reason")
    found = found.with_columns(reason=reason).drop("no_code")
    return pl.concat([found, decided.filter(pl.col("reason").is_not_null())], how="diagonal").sort(
        "customer_id", "campaign"
    )


def _with_messages(
    decided: pl.DataFrame,
    prepared: PreparedCampaigns,
    customers: Customers,
    tables: Tables,
    times: SendTimes,
    key: bytes | None,
    withheld: Problems,
) -> tuple[pl.DataFrame, dict[tuple[str, str], StepRecipients]]:
    """The decided steps without those whose message cannot be made, and the recipients of all others."""
    if not prepared.messages or key is None:
        return decided, {}
    from segcli.campaign_messages import step_recipients, without_unfinished

    project = prepared.prepared.project
    going = decided.filter(pl.col("reason").is_null())
    tried = step_recipients(prepared, going, customers, tables, times, key)
    notes = prepared.prepared.problems
    decided = without_unfinished(decided, tried, run_name(project.as_of), project, notes, withheld)
    going = decided.filter(pl.col("reason").is_null())
    return decided, step_recipients(prepared, going, customers, tables, times, key)


def _refuse_too_many(decided: pl.DataFrame, project: Project) -> None:
    """A recipe that would mail everybody stops instead, where the project expects fewer messages."""
    most, count = project.limits.most_due, decided.filter(pl.col("reason").is_null()).height
    if most is not None and count > most:
        place = project.expect.places.get("messages")
        message = f"{count:,} messages are due, more than the {most:,} that are expected."
        hint = "Nothing was written. If that is right, raise `expect: {messages: ...}`."
        raise DataError([Problem(message, place, "expect.messages", hint)])
