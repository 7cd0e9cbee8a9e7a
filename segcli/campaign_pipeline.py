"""The way of a campaign run, one call per stage: tables, fields, due steps, gate, products, offers, files, history."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from segcli.campaigns.caps import caps_of
from segcli.campaigns.checking import CheckedCampaign, CheckedCap, campaign_names, check_campaigns, check_caps
from segcli.campaigns.code_pools import NO_CODE_LEFT, check_pools, read_pools
from segcli.campaigns.customer_times import SendTimes, needed_for_times
from segcli.campaigns.customers import Customers, customers_of
from segcli.campaigns.gate import decide
from segcli.campaigns.lists import HOUR, rows_of_steps
from segcli.campaigns.offer_conditions import with_offer_conditions
from segcli.campaigns.offers import USED, CodeSources, attach_offers, check_offers, needs_key
from segcli.campaigns.planning import PlannedCampaign, Situation, due_frame, plan_campaigns
from segcli.campaigns.products import missing_columns, needed_tables
from segcli.campaigns.secret_key import ENVIRONMENT, fingerprint, make_key, read_key
from segcli.campaigns.series import Clock
from segcli.campaigns.settling import excluded_of, journal_of, next_state
from segcli.campaigns.showing import with_products
from segcli.campaigns.standing import gate_fields, with_standing
from segcli.exports import (
    CampaignContents,
    StepList,
    coupons_of,
    delete_old_runs,
    load_format,
    manifest_facts,
    with_every_column,
    write_campaign_files,
)
from segcli.history import (
    CAMPAIGNS,
    History,
    NewRun,
    already_committed,
    check_history_is_there,
    commit_run,
    forgotten_customers,
    make_salt,
    next_memberships,
    next_people,
    open_history,
    read_forgotten,
    read_salt,
    recover,
    resolve,
    run_name,
    with_ids_of_today,
    write_rehearsal,
)
from segcli.history.tables import MEMBERS, empty
from segcli.history.used_codes import used_codes
from segcli.pipeline import LISTED, Prepared, Progress, SegmentRun, compute, default_wanted, definitions, prepare, quiet
from segcli.problems import DataError, Problem, Problems, RecipeError, nearest
from segcli.project.campaign_models import Campaign
from segcli.project.models import Project, Segment
from segcli.segments import membership
from segcli.sources.history_tables import identifiers_today
from segcli.sources.tables import CANONICAL, Tables

SENT_BY_OTHERS: Mapping[str, frozenset[str]] = {"events": frozenset({"customer_id", "at", "event", "campaign"})}
NOT_IMPORTABLE = "cannot be imported into"
STAND_IN = b"no key was made yet, and no code is shown"
NAME_FORMAT = "%Y-%m-%dT%H%M"  # of runs, which are known by their minute


@dataclass(frozen=True)
class PreparedCampaigns:
    """A project whose campaigns are checked; no row has been read."""

    prepared: Prepared
    campaigns: tuple[CheckedCampaign, ...]
    caps: tuple[CheckedCap, ...]
    needed: Mapping[str, frozenset[str]]  # the columns to read: table -> columns
    everything: bool  # no campaign was named


@dataclass(frozen=True)
class CampaignRun:
    """What a run found: the due steps with the gate's word on each, what it did, and the state after it."""

    prepared: PreparedCampaigns
    run: SegmentRun
    history: History
    renamed: pl.DataFrame  # old_id, customer_id: who of the history bears another id today
    planned: tuple[PlannedCampaign, ...]
    decided: pl.DataFrame
    journal: pl.DataFrame
    state: tuple[pl.LazyFrame, ...]  # a frame per campaign
    key_fingerprint: str | None
    situation: Situation  # what the plan looked at
    recent: pl.LazyFrame  # customer_id, send_at, channel of what counts for caps

    @property
    def sent(self) -> pl.DataFrame:
        """The due steps that go out."""
        return self.decided.filter(pl.col("reason").is_null())


def every_campaign(project: Project) -> list[Campaign]:
    """The campaigns of all recipes, in their order."""
    return [each for recipe in project.recipes for each in recipe.campaigns]


def chosen_campaigns(project: Project, names: Sequence[str]) -> list[Campaign]:
    """The campaigns of these names, or all. Raises RecipeError for a name that there is not."""
    known = {each.name: each for each in every_campaign(project)}
    unknown = [name for name in names if name not in known]
    if unknown:
        hint = f"There are {', '.join(known)}." if known else "The project's recipes have no campaigns."
        raise RecipeError(
            [Problem(f"no campaign named '{name}'.", hint=nearest(name, known) or hint) for name in unknown]
        )
    if not known:
        raise RecipeError([Problem("the project's recipes have no campaigns.", hint="Add a recipe with 'campaigns:'.")])
    return [known[name] for name in dict.fromkeys(names or known)]


def prepare_campaigns(
    project: Project, names: Sequence[str], problems: Problems, *, lean: bool = False
) -> PreparedCampaigns:
    """Headers recognised, fields planned, and every expression of the campaigns checked.

    A `lean` run works out only what decides about messages: no other segment, and no column of a send list.
    """
    return prepare_chosen(project, chosen_campaigns(project, names), problems, lean=lean, everything=not names)


def prepare_chosen(
    project: Project, campaigns: Sequence[Campaign], problems: Problems, *, lean: bool = False, everything: bool = True
) -> PreparedCampaigns:
    """The same for these campaigns, of which there may be none; a project's own caps are checked all the same."""
    caps = caps_of(project.limits) if campaigns or project.limits.caps else ()
    mentioned = campaign_names(campaigns, caps)
    wanted = [*mentioned, *gate_fields(each.steps for each in campaigns)]
    wanted += [item.name for recipe in project.recipes for item in recipe.segments if item.suppress]
    wanted += [] if lean else default_wanted(project)
    prepared = prepare(project, problems, wanted=wanted, mentioned=mentioned)
    fields, segments = definitions(project)
    known = {item.name: item for item in (*fields, *segments)}
    checked = check_campaigns(campaigns, prepared.plan, prepared.catalog, known, problems)
    checked_caps = check_caps(caps, prepared.plan, problems)
    check_offers(campaigns, problems)
    check_pools(campaigns, project.root, problems)
    _tell_of_missing_products(campaigns, prepared, problems)
    needed = _needed(prepared, checked)
    return PreparedCampaigns(prepared, checked, checked_caps, needed, everything)


def _tell_of_missing_products(campaigns: Iterable[Campaign], prepared: Prepared, problems: Problems) -> None:
    given = {name: table.given for name, table in prepared.catalog.tables.items()}
    for campaign in campaigns:
        for step in campaign.steps:
            lacking = missing_columns(step.products, given) if step.products else {}
            for kind, columns in lacking.items():
                key = f"campaigns.{campaign.name}.steps[{step.number + 1}].products.{kind}"
                place = step.products.place if step.products else step.place
                problems.warn(f"nothing can be shown for want of {', '.join(columns)}.", place, key)


def _needed(prepared: Prepared, campaigns: Iterable[CheckedCampaign]) -> dict[str, frozenset[str]]:
    """What all of a run's stages read, as far as the files have it."""
    needs: list[Mapping[str, frozenset[str]]] = [prepared.plan.needed_columns(), SENT_BY_OTHERS]
    for campaign in campaigns:
        needs += [campaign.needed_columns(), needed_for_times(campaign)]
        for each in campaign.steps:
            if each.step.products:
                needs.append(needed_tables(each.step.products))
            needs.append({table: frozenset({"customer_id"}) for table in each.step.fresh})
    merged: dict[str, frozenset[str]] = {}
    for need in needs:
        for table, columns in need.items():
            known = prepared.catalog.table(table)
            given = known.given if known else frozenset()
            if table in prepared.plan.needed_columns() or given & columns:
                merged[table] = merged.get(table, frozenset()) | (columns & given)
    for table, columns in prepared.plan.needed_columns().items():
        merged[table] = merged.get(table, frozenset()) | columns
    return merged


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
            clocks[campaign.name] = Clock(history.before, planned, first, facts["condition"] == campaign.condition)
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

    `unwritten` is a journal of runs that are no history, whose messages count for caps all the same. `whole` keeps
    every series to be looked at.
    """
    project, tables = prepared.prepared.project, run.tables
    known = customers_of(run.computed)
    customers = replace(known, frame=_remembered(known.frame))
    renamed = _renamed(history, tables)
    state = with_ids_of_today(state, renamed)
    events = tables.tables.get("events")
    times = SendTimes(
        customers.frame, events.whole if events else None, project.timezone, project.as_of, project.limits.quiet_hours
    )
    situation = Situation(
        customers, tables, state, clocks, project.as_of, project.limits.ahead, times, newest_rows(prepared, run), whole
    )
    planned = plan_campaigns(prepared.campaigns, situation)
    suppressing = [item for item in run.members if item.suppress]
    due = with_standing(due_frame(planned), customers, prepared.caps, suppressing)
    due = with_products(due, prepared.campaigns, customers, tables, project.as_of, scratch)
    recent = _recent(prepared, run, history, unwritten)
    decided = decide(due, project.limits, recent)
    decided = _without_unimportable(decided, customers, project)
    key = secret_key(prepared, history)
    decided = _with_offers(decided, prepared, customers, tables, history, key)
    journal = journal_of(run_name(project.as_of), project.as_of, planned, decided)
    after = next_state(state, planned, journal)
    print_of_key = fingerprint(key) if key else None
    return CampaignRun(
        prepared, run, history, renamed, planned, decided, journal, after, print_of_key, situation, recent
    )


def _remembered(customers: pl.LazyFrame) -> pl.LazyFrame:
    """The customers without those who asked to be forgotten: no run may write them down again."""
    if "forgotten" not in customers.collect_schema():
        return customers
    return customers.filter(~pl.col("forgotten").fill_null(value=False))


def _renamed(history: History, tables: Tables) -> pl.DataFrame:
    salt = read_salt(history.folder)
    if salt is None:
        return pl.DataFrame(schema={"old_id": pl.String(), "customer_id": pl.String()})
    return resolve(history.people(), identifiers_today(tables), salt)


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
    prepared: PreparedCampaigns,
    run: SegmentRun,
    history: History,
    unwritten: pl.LazyFrame | None,
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
    left_out = pl.col("reason").is_null() & pl.col("customer_id").is_in(strangers["customer_id"].implode())
    reason = pl.when(left_out).then(pl.lit(f"{NOT_IMPORTABLE} {project.esp}")).otherwise("reason")
    return decided.with_columns(reason=reason)


def secret_key(prepared: PreparedCampaigns, history: History, *, make: bool = False) -> bytes | None:
    """The secret of the unique codes, if any step has one; `make` writes it before the first run that needs it.

    Where there is none yet and nothing is written, another stands in for it: the codes are shown to nobody.
    Raises DataError for a key other than the one that earlier codes were made with: they would all change.
    """
    if not needs_key([each.campaign for each in prepared.campaigns]):
        return None
    known = next((run.facts["key_fingerprint"] for run in reversed(history.runs) if run.facts["key_fingerprint"]), None)
    file = prepared.prepared.project.key_file
    if not os.environ.get(ENVIRONMENT) and known is None and not file.exists():
        if not make:
            return STAND_IN
        make_key(file)
    key = read_key(file, os.environ)
    if known is not None and fingerprint(key) != known:
        hint = f"Put back the key that the history was made with, in {file.name} or in {ENVIRONMENT}."
        raise DataError([Problem("this key is another one: codes that were mailed would change.", hint=hint)])
    return key


def _with_offers(
    decided: pl.DataFrame,
    prepared: PreparedCampaigns,
    customers: Customers,
    tables: Tables,
    history: History,
    key: bytes | None,
) -> pl.DataFrame:
    """The decided steps with their offers; who gets no code since the pool is empty stays out."""
    going = decided.filter(pl.col("reason").is_null())
    campaigns = [each.campaign for each in prepared.campaigns]
    pools = read_pools(campaigns, prepared.prepared.project.root)
    used = pl.DataFrame(schema=USED)
    if pools:
        codes = history.with_current_ids(used_codes(history), identifiers_today(tables))
        used = codes.select(*USED).collect(engine="streaming")
    going = with_offer_conditions(going, prepared.campaigns, customers)
    offered = attach_offers(going, campaigns, CodeSources(key, pools, used))
    reason = pl.when("no_code").then(pl.lit(NO_CODE_LEFT)).otherwise("reason")
    offered = offered.with_columns(reason=reason).drop("no_code")
    return pl.concat([offered, decided.filter(pl.col("reason").is_not_null())], how="diagonal").sort(
        "customer_id", "campaign"
    )


def _refuse_too_many(decided: pl.DataFrame, project: Project) -> None:
    """A recipe that would mail everybody stops instead, where the project expects fewer messages."""
    most, count = project.limits.most_due, decided.filter(pl.col("reason").is_null()).height
    if most is not None and count > most:
        place = project.expect.places.get("messages")
        message = f"{count:,} messages are due, more than the {most:,} that are expected."
        hint = "Nothing was written. If that is right, raise `expect: {messages: ...}`."
        raise DataError([Problem(message, place, "expect.messages", hint)])


@dataclass(frozen=True)
class WrittenCampaigns:
    """Where a run was written, whether it is history now, and if it was not committed though asked to, why."""

    folder: Path
    committed: bool
    already: bool = False
    refused: str | None = None


def _contents(run: CampaignRun) -> CampaignContents:
    shop, tables = run.prepared.prepared, run.run.tables
    project, computed = shop.project, run.run.computed
    customers = customers_of(computed)
    facts = manifest_facts(project, shop.catalog, tables, computed, run.run.members, run.run.seconds)
    lists = []
    for found in rows_of_steps(run.sent, run.prepared.campaigns, customers, run.situation.times, _listed(run)):
        coupons = coupons_of(found.rows, project.as_of, project.currency)
        hour = HOUR if found.step.split else None
        lists.append(StepList(found.campaign, found.step.name, found.members, found.fields, coupons, hour))
    return CampaignContents(
        as_of=project.as_of,
        steps=lists,
        excluded=excluded_of(run.planned, run.decided),
        rejected=tables.rejected,
        manifest={**facts, "history": run.history.newest.name if run.history.newest else None},
        money=frozenset({"spend", "average_order"}),
        timezone=project.timezone.key,
        shopify=any(file.platform == "shopify" for file in shop.catalog.files),
    )


def _listed(run: CampaignRun) -> list[str]:
    """The fields that a send list carries: the usual ones, and those of the recipes that the campaigns stand in."""
    columns = run.run.computed.columns
    recipes = {each.campaign.recipe for each in run.prepared.campaigns}
    definitions_ = run.run.computed.plan.definitions
    own = [name for name, item in definitions_.items() if item.recipe in recipes and not isinstance(item, Segment)]
    return [name for name in dict.fromkeys([*LISTED, *own]) if name in columns]


def committed_before(prepared: PreparedCampaigns) -> WrittenCampaigns | None:
    """What a run of these campaigns as of this minute left, if one was committed: the same run is not done twice.

    Whoever calls this holds the lock. Raises DataError if that minute's run was one of other campaigns.
    """
    project = prepared.prepared.project
    recover(project.history, project.output)
    check_history_is_there(project.history, project.output)
    known = already_committed(project.history, project.as_of, [each.name for each in prepared.campaigns])
    if known is None:
        return None
    return WrittenCampaigns(project.output / (known.name + CAMPAIGNS), committed=True, already=True)


def write_campaigns(run: CampaignRun, *, commit: bool, progress: Progress = quiet) -> WrittenCampaigns:
    """Writes the run's folder; with `commit` it becomes history, and nobody gets its messages again.

    With a later run in the history it is written as a rehearsal, and `refused` says so.
    """
    project, history = run.prepared.prepared.project, run.history
    contents = _contents(run)

    def write_outputs(folder: Path) -> None:
        progress("Writing send lists")
        write_campaign_files(folder, contents, project.esp)

    refused = None
    if commit and history.later:
        refused = f"the run {history.later} was committed, which is not before this one: it is a rehearsal."
    if not commit or refused:
        folder = write_rehearsal(project.output, project.as_of, write_outputs)
        written = WrittenCampaigns(folder, committed=False, refused=refused)
    else:
        done = commit_run(history.folder, project.output, _new_run(run), write_outputs)
        written = WrittenCampaigns(done.outputs, committed=True, already=done.already)
    if project.keep is not None:
        delete_old_runs(project.output, written.folder, project.keep)
    return written


def _new_run(run: CampaignRun) -> NewRun:
    """What the run adds to the history."""
    project, history = run.prepared.prepared.project, run.history
    name = run_name(project.as_of)
    campaigns = dict(history.newest.facts["campaigns"]) if history.newest else {}
    for each in run.planned:
        if each.waits is None and not each.needs:
            first = campaigns.get(each.checked.name, {}).get("first", name)
            campaigns[each.checked.name] = {"condition": each.checked.condition, "run": name, "first": first}
    salt = make_salt(history.folder)
    current = identifiers_today(run.run.tables)
    forgotten = read_forgotten(history.folder)
    if forgotten is not None:
        current = current.join(forgotten_customers(current, forgotten, salt), on="customer_id", how="anti")
    return NewRun(
        as_of=project.as_of,
        timezone=project.timezone.key,
        planned=[each.checked.name for each in run.planned],
        campaigns=campaigns,
        after=history.newest.name if history.newest else None,
        journal=run.journal,
        state=run.state,
        memberships=_memberships(run),
        people=next_people(history.people(), run.renamed, current, salt),
        key_fingerprint=run.key_fingerprint,
    )


def _memberships(run: CampaignRun) -> list[pl.LazyFrame]:
    """Who is in which segment now, beside who was: a frame per segment of the recipes.

    What a customer bought or looked at (`each` over a table's rows) is not remembered: those rows say so themselves.
    """
    computed = run.run.computed
    customers = _remembered(computed.customers)
    schema = customers.collect_schema()
    before = run.history.memberships()
    places = before.select("segment").with_row_index("row").group_by("segment").agg(pl.col("row").min(), pl.len())
    known = {name: (first, count) for name, first, count in places.collect(engine="streaming").iter_rows()}
    plan = computed.plan
    parts = []
    for segment in sorted(plan.segments, key=lambda item: item.name):
        if segment.table or segment.name in plan.unavailable:
            continue
        if segment.each is None:
            now = customers.filter(membership(segment.name, None, schema[segment.name]))
            now = now.select("customer_id", segment=pl.lit(segment.name))
            names = {segment.name}
        else:
            value = pl.lit(f"{segment.name}-") + pl.col(segment.each).cast(pl.String)
            now = customers.select("customer_id", segment=value).drop_nulls()
            # One that nobody has any more is decided too: everybody has left it.
            names = {item.name for item in run.run.members if item.column == segment.each and item.value is not None}
            names |= {name for name in known if name.startswith(f"{segment.name}-")}
        then = [before.slice(*known.pop(name)) for name in sorted(names) if name in known]
        earlier = with_ids_of_today(pl.concat(then), run.renamed) if then else empty(MEMBERS)
        parts.append(next_memberships(earlier, now, names, plan.as_of))
    # Segments that the recipes have no more are as they were.
    parts += [with_ids_of_today(before.slice(*known[name]), run.renamed) for name in sorted(known)]
    return parts
