"""The messages of a run's due steps: who is sent which, and for whom none can be made."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from segcli.campaign_preparing import PreparedCampaigns
from segcli.campaign_recipients import WHOSE, StepRecipients
from segcli.campaigns.checked_campaigns import CheckedRowStart
from segcli.campaigns.customer_times import SendTimes
from segcli.campaigns.customers import Customers
from segcli.campaigns.starting_rows import ROW, rows_behind
from segcli.exports.email_addresses import OF_ADDRESSES
from segcli.exports.email_headers import EmailSettings
from segcli.fields.expressions import CheckedExpression
from segcli.messages.coding import Coding
from segcli.messages.context import ShopFacts, row_type
from segcli.messages.model import OF_EMAIL
from segcli.messages.step_rendering import CheckedMessage
from segcli.problems import Problems
from segcli.project.models import Project
from segcli.sources.tables import Tables

UNFINISHED = "the message cannot be made"
TOO_MANY = "the message cannot be made for too many"
MOST_FAILURES = 0.01  # of a step's messages; above it, and above one, the message is at fault, and nobody gets it


def reasons_against(failed: pl.DataFrame, tried: int) -> pl.Series | None:
    """The reasons why a message that cannot be made for these of so many goes to nobody; None where it goes to the
    others.

    An address that no mail can be sent to is its owner's fault, and one customer alone never holds up a small step.
    """
    reasons = failed.filter(~pl.col("reason").is_in(OF_ADDRESSES))["reason"]
    return reasons if len(reasons) > 1 and len(reasons) / tried > MOST_FAILURES else None


def email_settings(project: Project, checked: CheckedMessage) -> EmailSettings | None:
    """How a step's emails are written; None where there is no sender, so that no finished ones are."""
    sender, step = project.messages.sender, checked.message.step
    if sender is None or step.channel != "email" or project.messages.format not in ("eml", "mbox"):
        return None
    return EmailSettings(
        sender_name=sender.name or project.shop,
        sender_email=sender.email,
        reply_to=sender.reply_to,
        list_id=f"{step.list or 'news'}.{sender.list_id or sender.domain}",
        feedback=(checked.message.step.name, checked.message.campaign),
        coding=Coding(project.messages.encoding),
        marketing=step.marketing,
    )


def step_recipients(
    prepared: PreparedCampaigns, going: pl.DataFrame, customers: Customers, tables: Tables, times: SendTimes,
    key: bytes, *, newest_rows: bool = False,
) -> dict[tuple[str, str], StepRecipients]:  # fmt: skip
    """The recipients of every step that has a message and somebody to get it. `going` are the decided rows that go out
    with their offers; `newest_rows` are shown as what started their series where they are not due in truth."""
    project = prepared.prepared.project
    shop = ShopFacts(project.shop, project.currency, project.locale, project.messages, key, project.as_of)
    names = {name for checked in prepared.messages.values() for name in checked.names}
    present = customers.frame.collect_schema().names()
    people = customers.columns_of(going["customer_id"], {name for name in (*names, *OF_EMAIL) if name in present})
    starts = {each.name: each.start for each in prepared.campaigns}
    found = {}
    for (campaign, step), checked in prepared.messages.items():
        rows = going.filter(pl.col("campaign") == campaign, pl.col("step") == step).sort("customer_id")
        if rows.height:
            started = _started(starts[campaign], checked, rows, tables, customers, newest_rows)
            if started is not None and newest_rows:  # who has no such row is never due
                rows = rows.join(started, on=WHOSE, how="semi", maintain_order="left")
            theirs = people.join(rows.select("customer_id"), on="customer_id", how="semi")
            found[campaign, step] = StepRecipients(checked, rows, theirs, shop, times, started)
    return {step: each for step, each in found.items() if each.rows.height}


def _started(
    start: CheckedExpression | CheckedRowStart | None,
    checked: CheckedMessage,
    rows: pl.DataFrame,
    tables: Tables,
    customers: Customers,
    newest: bool,
) -> pl.DataFrame | None:
    """What a message names of the rows that started the series of `rows`; None where it names nothing of them."""
    if not isinstance(start, CheckedRowStart):
        return None
    columns = checked.message.row_columns & tables[start.table].columns.keys()
    if not columns:
        return None
    found = rows_behind(start, rows, columns, tables, customers, newest=newest)
    return found.cast({ROW: row_type(found[ROW].struct.schema)})


def without_unfinished(
    decided: pl.DataFrame,
    recipients: Mapping[tuple[str, str], StepRecipients],
    run: str,
    project: Project,
    notes: Problems,
    withheld: Problems,
) -> pl.DataFrame:
    """The decided steps, with a reason for those whose message cannot be made: they stay due.

    Where `reasons_against` the message speak, nobody is sent it: `withheld` says so.
    """
    parts = []
    for (campaign, step), each in recipients.items():
        failed = each.tried(run, email_settings(project, each.checked), notes)
        if failed.is_empty():
            continue
        failed = failed.unique("customer_id", keep="first", maintain_order=True)
        reasons = reasons_against(failed, each.rows.height)
        failed = failed.with_columns(unfinished=pl.concat_str(pl.lit(f"{UNFINISHED}: "), "reason")).drop("reason")
        if reasons is not None:
            share = len(reasons) / each.rows.height
            most = reasons.mode().sort()[0]
            message = f"{campaign}.{step} goes to nobody: it cannot be made for {share:.1%} of its recipients ({most})."
            withheld.error(message, each.checked.message.step.place, hint="They stay due until the message is mended.")
            others = each.rows.select("customer_id").join(failed, on="customer_id", how="anti")
            reason = f"{TOO_MANY} ({share:.1%})"
            failed = pl.concat([failed, others.with_columns(unfinished=pl.lit(reason))])
        parts.append(failed.with_columns(campaign=pl.lit(campaign), step=pl.lit(step)))
    if not parts:
        return decided
    key = ["customer_id", "campaign", "step"]
    told = decided.join(pl.concat(parts), on=key, how="left", maintain_order="left")
    return told.with_columns(pl.coalesce("reason", "unfinished").alias("reason")).drop("unfinished")
