"""Each message made for some of its audience as if it were due now, to know what is wrong with it before anybody is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from segcli.campaign_key import STAND_IN, secret_key
from segcli.campaign_messages import email_settings, reasons_against, step_recipients
from segcli.campaign_pipeline import offered, send_times, without_forgotten_people
from segcli.campaign_preparing import PreparedCampaigns
from segcli.campaign_recipients import StepRecipients
from segcli.campaigns.as_if_due import as_if_due
from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedStep
from segcli.campaigns.customers import PERSON, Customers
from segcli.campaigns.products import ShopProducts
from segcli.campaigns.showing import with_products
from segcli.campaigns.standing import with_standing
from segcli.fields.findings import Finding, finding, listed
from segcli.history import open_history, run_name
from segcli.messages.audience_lints import told_beforehand, way_out
from segcli.pipeline import SegmentRun
from segcli.problems import Problems
from segcli.project.campaign_models import ProductKind, Products
from segcli.project.models import Project

TRIED = 200  # of an audience, for each step
_REASONS = 3  # told of one step
# Counting what is bought together in a large shop takes longer than all the rest; any products will do here.
_IN_PLACE_OF: Mapping[ProductKind, ProductKind] = {"bought_together": "bestsellers"}


@dataclass(frozen=True)
class _Audience:
    """Some of a campaign's audience, and how many there are in all."""

    some: pl.DataFrame
    count: int


def try_messages(prepared: PreparedCampaigns, run: SegmentRun, scratch: Path) -> list[Finding]:
    """A finding for what is wrong or dear with the messages of some who could be written to: at most TRIED of each
    audience, who meet the step's `when` as far as fields decide it. Nothing of them is in it.

    Names that are missing are told of the whole audience elsewhere, and left out here.
    """
    project, customers = prepared.prepared.project, without_forgotten_people(run)
    history, times = open_history(project.history, before=project.as_of), send_times(run, customers)
    key = secret_key(prepared, history) or STAND_IN
    campaigns = [_with_quick_picks(each) for each in prepared.campaigns]
    audiences = {each.name: _audience(each, customers) for each in campaigns}
    people = {name: each.some for name, each in audiences.items()}
    suppressing = [item for item in run.members if item.suppress]
    shop = ShopProducts(run.tables, project.as_of, scratch / "products")
    found: list[Finding] = []
    for number in range(max((len(each.steps) for each in campaigns), default=0)):
        rows = as_if_due(campaigns, people, number, times).drop("barred", "allowed")
        rows = with_standing(rows, customers, (), suppressing).filter(pl.col("barred").is_null())
        rows = _whose_time_comes(rows, campaigns, number, customers).with_columns(allowed=pl.lit(value=True))
        rows = with_products(rows, campaigns, customers, run.tables, project.as_of, scratch, shop).filter("enough")
        going = offered(rows, prepared, customers, run.tables, history, key).filter(pl.col("reason").is_null())
        recipients = step_recipients(prepared, going, customers, run.tables, times, key, newest_rows=True)
        for (campaign, _), each in recipients.items():
            found += _of_step(each, audiences[campaign].count, project)
    return found


def _with_quick_picks(campaign: CheckedCampaign) -> CheckedCampaign:
    return replace(campaign, steps=tuple(_with_quick(each) for each in campaign.steps))


def _with_quick(each: CheckedStep) -> CheckedStep:
    products = each.step.products
    if products is None:
        return each
    picks = tuple(replace(pick, kind=_IN_PLACE_OF.get(pick.kind, pick.kind)) for pick in products.picks)
    fill = tuple(_IN_PLACE_OF.get(kind, kind) for kind in products.fill)
    quick: Products = replace(products, picks=picks, fill=fill)
    return replace(each, step=replace(each.step, products=quick))


def _audience(campaign: CheckedCampaign, customers: Customers) -> _Audience:
    """Some who stand for all: not the first ones, who have been there longest."""
    asked = customers.asked({"audience": f"coalesce({campaign.audience.sql}, false)"})
    ids = asked.filter("audience").select(PERSON).collect(engine="streaming")
    few = ids.with_columns(place=pl.col(PERSON).hash(seed=1)).bottom_k(TRIED, by=["place", PERSON])
    return _Audience(few.select(PERSON).sort(PERSON), ids.height)


def _whose_time_comes(
    rows: pl.DataFrame, campaigns: Sequence[CheckedCampaign], number: int, customers: Customers
) -> pl.DataFrame:
    """Without those whom a step's `when` leaves out, where it asks for fields alone."""
    whens = {
        each.name: each.steps[number].when
        for each in campaigns
        if number < len(each.steps) and not each.steps[number].asks_for_responses
    }
    for campaign, when in whens.items():
        if when is None:
            continue
        some = Customers(customers.columns_of(rows[PERSON], when.names).lazy())
        met = some.asked({"met": f"coalesce({when.sql}, false)"}).filter("met").collect()
        here = pl.col("campaign") == campaign
        rows = rows.filter(~here | pl.col(PERSON).is_in(met[PERSON].implode()))
    return rows


def _of_step(recipients: StepRecipients, audience: int, project: Project) -> Iterator[Finding]:
    """What trying a step's message for these says."""
    checked, tried = recipients.checked, recipients.rows.height
    step, key = checked.message.step, f"{checked.message.campaign}.{checked.message.step.name}"
    whom = f"tried on {tried:,} of the {audience:,} in the audience"
    notes = Problems()
    failed = recipients.tried(run_name(project.as_of), email_settings(project, checked), notes)
    for note in notes:
        yield finding("message", f"{whom}: {note.message}", note.place, key, hint=note.hint)
    failed = failed.unique("customer_id", keep="first", maintain_order=True)
    counted = failed.group_by("reason").len("count").sort("count", "reason", descending=[True, False])
    if reasons_against(failed, tried) is not None:
        reasons = listed(counted["reason"].to_list(), _REASONS)
        message = (
            f"the message cannot be made for {failed.height / tried:.1%} ({reasons}), and over 1 % it goes to nobody."
        )
        yield finding("message", f"{whom}: {message}", step.place, key, hint=way_out(counted["reason"][0]))
        return
    told = told_beforehand(checked, step, project.messages)
    for reason, count in counted.iter_rows():
        if not told.issuperset(reason.removesuffix(" is missing").split(" or ")):
            message = f"{whom}: the message cannot be made for {count / tried:.1%}: {reason}."
            yield finding("message", message, step.place, key, hint=way_out(reason))
