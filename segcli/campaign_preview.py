"""Messages of a campaign as customers would get them now, whether or not they are due: for a marketer to look at."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from segcli.campaign_key import STAND_IN, secret_key
from segcli.campaign_messages import StepRecipients, email_settings, step_recipients
from segcli.campaign_pipeline import offered, send_times, without_forgotten_people
from segcli.campaign_preparing import PreparedCampaigns
from segcli.campaigns.checked_campaigns import CheckedCampaign
from segcli.campaigns.customers import PERSON, Customers
from segcli.campaigns.planning import DUE
from segcli.campaigns.showing import with_products
from segcli.campaigns.variants import with_variants
from segcli.exports.email_headers import EmailSettings
from segcli.exports.email_parts import email_texts, with_heads, with_reasons
from segcli.exports.preview_page import PreviewMessage
from segcli.history import open_history, run_name
from segcli.messages.coding import Coding
from segcli.messages.preview_choice import choose_previews
from segcli.messages.sms import text_rows
from segcli.messages.step_messages import StepMessage
from segcli.pipeline import Progress, compute, quiet
from segcli.project.models import Project

LOOKED_AT = 2_000  # customers of an audience among whom examples are looked for
SHOWN = 8  # examples of each step
SERIES = "preview"  # of codes that are shown: they are nobody's
_HEADERS_OF_BODY = frozenset({"content-type", "content-transfer-encoding", "mime-version"})


@dataclass(frozen=True)
class Preview:
    """The messages, and the campaigns whose audience has nobody now: they are shown for other customers."""

    messages: list[PreviewMessage]
    nobody_in: tuple[str, ...]
    without_message: tuple[str, ...]  # steps that have no file


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
    key = secret_key(prepared, history)
    parts = []
    for number in range(max((len(campaign.steps) for campaign in prepared.campaigns), default=0)):
        # A customer has one due step of a campaign, so the steps are looked at one after the other.
        rows = _as_if_due(prepared, people, number, project)
        rows = with_products(rows, prepared.campaigns, customers, run.tables, project.as_of, scratch)
        parts.append(offered(rows, prepared, customers, run.tables, history, key))
    due = pl.concat(parts, how="diagonal_relaxed")
    recipients = step_recipients(prepared, due, customers, send_times(run, customers), key or STAND_IN)
    wanted = {name: each for name, each in recipients.items() if step in (None, name[1])}
    messages = [message for each in wanted.values() for message in _examples(each, project)]
    every = [(campaign.name, each.step.name) for campaign in prepared.campaigns for each in campaign.steps]
    lacking = tuple(f"{campaign}.{name}" for campaign, name in every if (campaign, name) not in prepared.messages)
    return Preview(messages, nobody, lacking)


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


def _as_if_due(
    prepared: PreparedCampaigns, people: dict[str, pl.DataFrame], number: int, project: Project
) -> pl.DataFrame:
    """Rows as the gate lets them through, of the step with this number of each campaign that has one."""
    parts = [
        _rows(campaign, number, people[campaign.name], project)
        for campaign in prepared.campaigns
        if number < len(campaign.steps)
    ]
    return pl.concat(parts)


def _rows(campaign: CheckedCampaign, number: int, people: pl.DataFrame, project: Project) -> pl.DataFrame:
    step = campaign.steps[number].step
    now = pl.lit(project.as_of, pl.Datetime("us"))
    values: dict[str, Any] = {
        "campaign": campaign.name, "step": step.name, "number": step.number, "series": SERIES, "message":
        f"{campaign.name}.{step.name}", "channel": step.channel, "marketing": step.marketing, "list": step.list,
        "priority": step.priority, "holdout": 0.0,
    }  # fmt: skip
    rows = people.with_columns(
        *(pl.lit(value, DUE[name]).alias(name) for name, value in values.items()),
        *(now.alias(name) for name in ("start", "moment", "send_at")),
        *(pl.lit(None, DUE[name]).alias(name) for name in ("offer_since", "offer_code")),
    )
    rows = with_variants(rows, {step.name: step.variants})
    rows = rows.select(pl.col(name).cast(dtype) for name, dtype in DUE.items())
    return rows.with_columns(barred=pl.lit(None, pl.String), allowed=pl.lit(value=True), reason=pl.lit(None, pl.String))


def _examples(recipients: StepRecipients, project: Project) -> Iterator[PreviewMessage]:
    """The examples of one step, chosen by what messages depend on, and then rendered."""
    message = recipients.checked.message
    whole = pl.concat(recipients.context(first, LOOKED_AT) for first in range(0, recipients.rows.height, LOOKED_AT))
    looked_at = whole.drop("message", strict=False).with_columns(channel=pl.lit(message.step.channel))
    names = [name for name in ("first_name", "last_name") if name not in looked_at.columns]
    if names:
        looked_at = looked_at.join(recipients.people.select(PERSON, *names), on=PERSON, how="left")
    files = list(message.versions)
    spoken = [file.language for file in files]
    numbers = message.numbers(looked_at)
    # Of the languages those count that the message has.
    looked_at = looked_at.with_columns(
        language=numbers.replace_strict(dict(enumerate(spoken)), default=None, return_dtype=pl.String)
    )
    chosen = choose_previews(looked_at, SHOWN)
    few = recipients.of(chosen[PERSON])
    reasons = dict(chosen.select(PERSON, "reason").iter_rows())
    context = few.context(0, few.rows.height)
    shown = sorted({*few.checked.names, *_named(message)} & {*context.columns})
    settings, name = email_settings(project, few.checked), run_name(project.as_of)
    versions = dict(zip(context[PERSON], few.checked.message.numbers(context), strict=True))
    mails = _mails(few, settings, name) if settings else {}
    for plain in few.rendered(name):
        texts = text_rows(plain) if message.step.channel == "sms" else None
        counted = {row[PERSON]: row for row in texts.rows.to_dicts()} if texts else {}
        for row, values in zip(plain.to_dicts(), context.to_dicts(), strict=True):
            person = row[PERSON]
            file = files[versions[person]] if versions[person] is not None else None
            mail = mails.get(person, _Mail())
            sms = counted.get(person, {})
            yield PreviewMessage(
                customer_id=person,
                reason=reasons[person],
                to=_to(row, message.step.channel),
                subject=row["subject"],
                preheader=row["preheader"],
                html=row.get("html"),
                text=sms.get("text") or row["text"] or "",
                headers=mail.headers,
                size=mail.size,
                fields=[(each, _shown(values[each])) for each in shown],
                channel="sms" if message.step.channel == "sms" else "email",
                segments=sms.get("segments"),
                encoding=sms.get("encoding"),
                step=f"{message.campaign}.{message.step.name}",
                language=file.language if file else None,
                variant=file.variant if file else None,
                failure=row["failure"] or mail.unfit,
            )


def _named(message: StepMessage) -> set[str]:
    """The names of the message itself that it uses."""
    texts = " ".join(source.text for version in message.versions.values() for _, source in version.sources)
    return {name for name in ("products", "offer_value", "offer_reward", "coupon_code", "landing_url") if name in texts}


@dataclass(frozen=True)
class _Mail:
    """What mail programs read of an email, or why it is none."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0  # of the whole mail, in bytes
    unfit: str | None = None


def _mails(few: StepRecipients, settings: EmailSettings, run: str) -> dict[str, _Mail]:
    """The email of each customer, of those whose message could be rendered."""
    found = {}
    for coded in few.rendered(run, Coding(settings.coding)):
        rows = with_reasons(coded, settings)
        for row in rows.filter(pl.col("reason").is_not_null(), pl.col("failure").is_null()).to_dicts():
            found[row[PERSON]] = _Mail(unfit=row["reason"])
        good = rows.filter(pl.col("reason").is_null())
        if good.is_empty():
            continue
        good = with_heads(good, settings)
        for person, text in zip(good[PERSON], email_texts(good, settings), strict=True):
            parsed = email.message_from_string(text, policy=email.policy.SMTP)
            headers = [(name, str(value)) for name, value in parsed.items() if name.lower() not in _HEADERS_OF_BODY]
            found[person] = _Mail(headers, len(text.encode()))
    return found


def _to(row: dict[str, Any], channel: str) -> str:
    address = row["phone"] if channel == "sms" else row["email"]
    return f"{row['name']} <{address}>" if row["name"] and address else str(address or row["name"] or row[PERSON])


def _shown(value: Any) -> str | None:
    if value is None or value == []:
        return None
    if isinstance(value, list):
        names = [item.get("name") or item.get("product_id") if isinstance(item, dict) else item for item in value]
        return ", ".join(str(name) for name in names)
    return str(value)
