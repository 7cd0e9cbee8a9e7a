"""A campaign run to its files: a rehearsal, or a commit that makes it history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from segcli.campaign_pipeline import CampaignRun
from segcli.campaign_preparing import PreparedCampaigns
from segcli.campaigns.customers import customers_of
from segcli.campaigns.lists import HOUR, StepRows, rows_of_steps
from segcli.campaigns.settling import excluded_of
from segcli.exports import (
    CampaignContents,
    StepList,
    coupons_of,
    delete_old_runs,
    manifest_facts,
    wanted_columns,
    write_campaign_files,
)
from segcli.exports.call_lists import COLUMNS, called, write_call_list
from segcli.history import (
    CAMPAIGNS,
    NewRun,
    already_committed,
    check_history_is_there,
    commit_run,
    forgotten_customers,
    make_salt,
    next_memberships,
    next_people,
    read_forgotten,
    recover,
    run_name,
    with_ids_of_today,
    write_rehearsal,
)
from segcli.history.tables import MEMBERS, empty
from segcli.list_columns import columns_of_lists
from segcli.pipeline import Progress, quiet, without_forgotten
from segcli.project.models import Segment
from segcli.segments import membership
from segcli.sources.history_tables import identifiers_today

DECIDED_AT_ONCE = 500_000  # customers times segments whose memberships are worked out together


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
    importable = {*computed.plan.customer_columns, *wanted_columns(project.esp), *COLUMNS.values()}
    lists = []
    for found in rows_of_steps(
        run.sent, run.prepared.campaigns, customers, run.situation.times, _listed(run), importable
    ):
        coupons = coupons_of(found.rows, project.as_of, project.currency)
        hour = HOUR if found.step.split else None
        lists.append(
            StepList(
                found.campaign,
                found.step.name,
                found.members,
                found.fields,
                coupons,
                hour,
                plain=found.step.channel != "email",
                **_messages(run, found),
            )
        )
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


def _messages(run: CampaignRun, found: StepRows) -> dict[str, Any]:
    """What a step's list has of its messages, if the step has one that is rendered."""
    recipients = run.recipients.get((found.campaign, found.step.name))
    if recipients is None:
        if found.step.channel != "list":
            return {}
        rows = called(found.rows, found.members)
        return {"write": lambda run, folder: [write_call_list(run, folder, rows)]}
    from segcli.campaign_outputs import COLUMNS, StepOutputs

    project = run.prepared.prepared.project
    outputs = StepOutputs(recipients, project, run_name(project.as_of), called(found.rows, found.members))
    columns = {"columns_of": outputs.columns_of, "finished": COLUMNS} if outputs.in_columns else {}
    return {"write": outputs.write, **columns}


def _listed(run: CampaignRun) -> list[str]:
    """The fields that a send list carries: those of every list, and of the recipes that the campaigns stand in."""
    computed = run.run.computed
    recipes = {each.campaign.recipe for each in run.prepared.campaigns}
    definitions_ = computed.plan.definitions
    own = [name for name, item in definitions_.items() if item.recipe in recipes and not isinstance(item, Segment)]
    usual = columns_of_lists(run.prepared.prepared.project, computed)
    return [*usual, *(name for name in own if name in computed.columns and name not in usual)]


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
    for each in run.planned.campaigns:
        if each.done:
            known = campaigns.get(each.checked.name, {})
            # Of steps that were taken out too: who was sent one is not sent what now stands in its place.
            after = {step.name: int(step.after.total_seconds()) for step in each.checked.campaign.steps}
            campaigns[each.checked.name] = {
                "condition": each.checked.condition,
                "run": name,
                "first": known.get("first", name),
                "after": known.get("after", {}) | after,
            }
    salt = make_salt(history.folder)
    current = identifiers_today(run.run.tables)
    forgotten = read_forgotten(history.folder)
    if forgotten is not None:
        current = current.join(forgotten_customers(current, forgotten, salt), on="customer_id", how="anti")
    return NewRun(
        as_of=project.as_of,
        timezone=project.timezone.key,
        planned=[each.checked.name for each in run.planned.campaigns],
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
    customers = _InOrder(without_forgotten(computed.customers))
    schema = customers.frame.collect_schema()
    before = run.history.memberships()
    places = before.select("segment").with_row_index("row").group_by("segment").agg(pl.col("row").min(), pl.len())
    known = {name: (first, count) for name, first, count in places.collect(engine="streaming").iter_rows()}
    plan = computed.plan
    parts = []
    asked = [each for each in plan.segments if not each.table and each.name not in plan.unavailable]
    # Many segments of few customers at once, few segments of many.
    size = 1 + DECIDED_AT_ONCE // max(1, customers.count)
    for group in _in_groups(sorted(asked, key=lambda item: item.name), size):
        conditions, names = [], set[str]()
        for segment in group:
            if segment.each is None:
                conditions.append((membership(segment.name, None, schema[segment.name]), pl.lit(segment.name)))
                names.add(segment.name)
            else:
                value = pl.lit(f"{segment.name}-") + pl.col(segment.each).cast(pl.String)
                conditions.append((pl.col(segment.each).is_not_null(), value))
                # One that nobody has any more is decided too: everybody has left it.
                found = (item for item in run.run.members if item.column == segment.each)
                names |= {item.name for item in found if item.value is not None}
                names |= {name for name in known if name.startswith(f"{segment.name}-")}
        then = [before.slice(*rows) for rows in _runs_of([known.pop(name) for name in names if name in known])]
        earlier = with_ids_of_today(pl.concat(then), run.renamed) if then else empty(MEMBERS)
        parts.append(next_memberships(earlier, customers.where(conditions), names, plan.as_of))
    if known:  # segments that the recipes have no more are as they were; there may be thousands
        others = before.filter(pl.col("segment").is_in(list(known)))
        parts.append(with_ids_of_today(others, run.renamed))
    return parts


def _in_groups(segments: Sequence[Segment], size: int) -> Iterator[Sequence[Segment]]:
    """So many segments at a time (itertools.batched, before Python 3.12)."""
    rest = iter(segments)
    while group := list(islice(rest, size)):
        yield group


def _runs_of(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """First row and number of rows of each run of places (the same of each) that follow one another."""
    runs: list[tuple[int, int]] = []
    for first, count in sorted(places):
        if runs and sum(runs[-1]) == first:
            runs[-1] = (runs[-1][0], runs[-1][1] + count)
        else:
            runs.append((first, count))
    return runs


@dataclass(frozen=True)
class _InOrder:
    """Customers by customer_id, put in order once and read column by column."""

    frame: pl.LazyFrame

    @cached_property
    def _ids(self) -> pl.DataFrame:
        """customer_id in order, and the place of each in `frame`."""
        return self.frame.select("customer_id").with_row_index("place").collect().sort("customer_id")

    @property
    def count(self) -> int:
        return self._ids.height

    def where(self, conditions: Sequence[tuple[pl.Expr, pl.Expr]]) -> pl.LazyFrame:
        """segment and customer_id of whom each condition holds for, worked out when it is asked for."""

        def found() -> pl.DataFrame:
            columns = self.frame.select(
                expression.alias(f"{part} {number}")
                for number, pair in enumerate(conditions)
                for part, expression in zip(("met", "segment"), pair, strict=True)
            )
            rows = columns.collect()[self._ids["place"]].with_columns(self._ids["customer_id"])
            return pl.concat(
                # Chosen before the filter, which would copy every column.
                rows.select(f"met {number}", pl.col(f"segment {number}").alias("segment"), "customer_id")
                .filter(f"met {number}")
                .drop(f"met {number}")
                for number in range(len(conditions))
            )

        return pl.defer(found, schema=pl.Schema({"segment": pl.String(), "customer_id": pl.String()}))
