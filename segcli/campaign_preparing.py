"""A project with its campaigns checked, before any row is read: what a campaign run is made ready with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from segcli.campaigns.caps import caps_of
from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedCap, CheckedRowStart
from segcli.campaigns.checking import campaign_names, check_campaigns, check_caps
from segcli.campaigns.code_pools import check_pools
from segcli.campaigns.customer_times import needed_for_times
from segcli.campaigns.offers import check_offers
from segcli.campaigns.products import missing_columns, needed_tables
from segcli.campaigns.standing import gate_fields
from segcli.messages.model import OF_CUSTOMER, OF_EMAIL
from segcli.pipeline import Prepared, default_wanted, definitions, prepare
from segcli.problems import Problem, Problems, RecipeError, nearest
from segcli.project.campaign_models import Campaign
from segcli.project.models import Project

if TYPE_CHECKING:
    from segcli.messages.step_messages import StepMessage
    from segcli.messages.step_rendering import CheckedMessage

SENT_BY_OTHERS: Mapping[str, frozenset[str]] = {"events": frozenset({"customer_id", "at", "event", "campaign"})}


@dataclass(frozen=True)
class PreparedCampaigns:
    """A project whose campaigns are checked; no row has been read."""

    prepared: Prepared
    campaigns: tuple[CheckedCampaign, ...]
    caps: tuple[CheckedCap, ...]
    needed: Mapping[str, frozenset[str]]  # the columns to read: table -> columns
    everything: bool  # no campaign was named
    messages: Mapping[tuple[str, str], CheckedMessage] = field(default_factory=dict)  # of steps that have a file


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
    project: Project, campaigns: Sequence[Campaign], problems: Problems, *, lean: bool = False, everything: bool = True,
    also: Collection[str] = (), messages: tuple[StepMessage, ...] | None = None,
) -> PreparedCampaigns:  # fmt: skip
    """The same for these campaigns, of which there may be none; a project's own caps are checked all the same.

    `also` names fields, segments and columns of customers to work out besides. `messages` are those of the campaigns
    where they are known from before; a lean run has them then too.
    """
    caps = caps_of(project.limits) if campaigns or project.limits.caps else ()
    mentioned = campaign_names(campaigns, caps)
    wanted = [*mentioned, *gate_fields(each.steps for each in campaigns)]
    wanted += [item.name for recipe in project.recipes for item in recipe.segments if item.suppress]
    wanted += [] if lean else default_wanted(project)
    fields, segments = definitions(project, Problems())  # what is wrong with them is told when they are planned
    known = {item.name: item for item in (*fields, *segments)}
    if messages is None:
        messages = () if lean else _compiled(project, campaigns, problems)
    named = {name for message in messages for name in (*message.names, *message.row_columns)}
    wanted += sorted((named | {*also}) & known.keys())
    prepared = prepare(project, problems, wanted=wanted, mentioned=[*mentioned, *sorted(named), *also, *OF_CUSTOMER])
    checked = check_campaigns(campaigns, prepared.plan, prepared.catalog, known, problems)
    checked_caps = check_caps(caps, prepared.plan, problems)
    check_offers(campaigns, problems)
    check_pools(campaigns, project.root, problems)
    _tell_of_missing_products(campaigns, prepared, problems)
    starts = {each.name: each.start.table for each in checked if isinstance(each.start, CheckedRowStart)}
    needs = [_columns_of(messages), *_columns_of_rows(messages, starts)]
    needed = _needed(prepared, checked, *needs, {"customers": frozenset(also)} if also else {})
    checked_messages = _checked(messages, prepared, starts, problems) if messages else {}
    return PreparedCampaigns(prepared, checked, checked_caps, needed, everything, checked_messages)


def _compiled(project: Project, campaigns: Sequence[Campaign], problems: Problems) -> tuple[StepMessage, ...]:
    rendered = project.messages.format != "none"
    if not any(rendered or step.channel != "email" for campaign in campaigns for step in campaign.steps):
        return ()
    # Templates, MJML and languages take a while to load, which shops without messages need not wait for.
    from segcli.messages.sender_checks import check_sender
    from segcli.messages.step_messages import compile_messages

    messages = compile_messages(project, campaigns, problems)
    check_sender(project, messages, problems)
    return messages


def _types(prepared: Prepared) -> dict[str, pl.DataType]:
    """What messages may name of a customer; a field that the files cannot answer is null for everybody."""
    from segcli.messages.context import plain_type

    plan = prepared.plan
    known = {**plan.customer_columns, **{node.name: node.dtype for node in plan.nodes if node.name not in plan.hidden}}
    absent: dict[str, pl.DataType] = dict.fromkeys(plan.unavailable, pl.Null())
    return {**absent, **{name: plain_type(dtype) for name, dtype in known.items()}}


def _checked(
    messages: tuple[StepMessage, ...], prepared: Prepared, starts: Mapping[str, str], problems: Problems
) -> Mapping[tuple[str, str], CheckedMessage]:
    """The messages checked; `starts` are the tables whose rows start series, by campaign."""
    from segcli.messages.context import row_type
    from segcli.messages.step_rendering import check_messages

    tables = prepared.catalog.tables
    rows = {campaign: row_type(tables[table].columns) for campaign, table in starts.items() if table in tables}
    return check_messages(messages, _types(prepared), problems, rows)


def _columns_of(messages: Iterable[StepMessage]) -> Mapping[str, frozenset[str]]:
    names = {name for message in messages for name in message.names}
    return {"customers": frozenset({*names, *OF_EMAIL})} if names else {}


def _columns_of_rows(messages: Iterable[StepMessage], starts: Mapping[str, str]) -> list[Mapping[str, frozenset[str]]]:
    return [{starts[each.campaign]: each.row_columns} for each in messages if each.campaign in starts]


def _tell_of_missing_products(campaigns: Iterable[Campaign], prepared: Prepared, problems: Problems) -> None:
    given = {name: table.given for name, table in prepared.catalog.tables.items()}
    for campaign in campaigns:
        for step in campaign.steps:
            lacking = missing_columns(step.products, given) if step.products else {}
            for kind, columns in lacking.items():
                key = f"campaigns.{campaign.name}.steps[{step.number + 1}].products.{kind}"
                place = step.products.place if step.products else step.place
                problems.warn(f"nothing can be shown for want of {', '.join(columns)}.", place, key)


def _needed(
    prepared: Prepared, campaigns: Iterable[CheckedCampaign], *others: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """What all of a run's stages read, as far as the files have it."""
    of_fields = prepared.plan.needed_columns()
    needs: list[Mapping[str, frozenset[str]]] = [of_fields, SENT_BY_OTHERS, *others]
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
            if table in of_fields or given & columns:
                merged[table] = merged.get(table, frozenset()) | (columns & given)
    for table, columns in of_fields.items():
        merged[table] = merged.get(table, frozenset()) | columns
    return merged
