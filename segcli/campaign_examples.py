"""Examples of a step's message as a few people would get it: chosen for what could go wrong, and rendered whole."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from segcli.campaign_messages import email_settings
from segcli.campaign_recipients import StepRecipients
from segcli.campaigns.customers import PERSON
from segcli.campaigns.lists import StepRows
from segcli.campaigns.starting_rows import ROW
from segcli.exports.call_lists import call_cells, called, with_words
from segcli.exports.email_headers import EmailSettings
from segcli.exports.email_parts import email_texts, with_heads, with_reasons
from segcli.exports.landing_pages import self_contained
from segcli.exports.preview_page import PreviewMessage
from segcli.history import run_name
from segcli.messages.coding import Coding
from segcli.messages.context import landing_paths
from segcli.messages.preview_choice import choose_previews
from segcli.messages.sms import encoding, normalised, segments, text_rows
from segcli.messages.step_messages import StepMessage
from segcli.project.models import Project

SHOWN = 8  # examples of each step
ADDRESS: Mapping[str, str] = {"email": "email", "sms": "phone"}  # channel -> what it needs of a customer
_HEADERS_OF_BODY = frozenset({"content-type", "content-transfer-encoding", "mime-version"})


def message_examples(
    recipients: StepRecipients, project: Project, calls: StepRows | None = None
) -> Iterator[PreviewMessage]:
    """Examples of a step that has a message; `calls` are its rows where people call.

    Who has no address is looked at only where nobody has one: in a campaign the gate leaves them out.
    """
    message, run = recipients.checked.message, run_name(project.as_of)
    channel = message.step.channel
    recipients = _reachable(recipients, channel)
    chosen = choose_previews(_looked_at(recipients, run), SHOWN)
    few = recipients.of(chosen[PERSON])
    context = few.context(0, few.rows.height)
    values = {row[PERSON]: row for row in context.to_dicts()}
    named = sorted({*few.checked.names, *_named(message)} & {*context.columns})
    reasons = dict(chosen.select(PERSON, "reason").iter_rows())
    versions = dict(zip(context[PERSON], message.numbers(context), strict=True))
    files = list(message.versions)
    parts = list(few.rendered(run))
    settings = email_settings(project, few.checked)
    mails = _mails(few, settings, run) if settings else {}
    texts = _texts(parts) if channel == "sms" else {}
    pages = _pages(recipients, few, context)
    cells = _cells(with_words(called(calls.rows, calls.members), parts), few.rows) if calls else {}
    for row in (each for part in parts for each in part.to_dicts()):
        person = row[PERSON]
        file = files[versions[person]] if versions[person] is not None else None
        mail, text = mails.get(person, _Mail()), texts.get(person, _Text(row["text"]))
        yield PreviewMessage(
            customer_id=person,
            reason=reasons[person],
            to=_to(row, channel),
            subject=row["subject"],
            preheader=row["preheader"],
            html=row.get("html"),
            text=text.text or "",
            headers=mail.headers,
            size=mail.size,
            fields=[(name, _shown(value)) for name, value in _fields(values[person], named)],
            channel=channel,
            segments=text.segments,
            encoding=text.encoding,
            step=f"{message.campaign}.{message.step.name}",
            language=file.language if file else None,
            variant=file.variant if file else None,
            failure=row["failure"] or mail.unfit or text.unfit or pages.get(person, _NO_PAGE).unfit,
            landing=pages.get(person, _NO_PAGE).html,
            cells=cells.get(person, ()),
        )


def call_examples(calls: StepRows) -> Iterator[PreviewMessage]:
    """Examples of a step for people who call that has no message: the rows of their list."""
    rows = called(calls.rows, calls.members)
    # In whose language somebody is called is not this list's to choose.
    chosen = choose_previews(rows.drop("language", "variant", strict=False), SHOWN)
    cells = _cells(rows, chosen)
    reasons = dict(chosen.select(PERSON, "reason").iter_rows())
    for row in rows.filter(pl.col(PERSON).is_in(chosen[PERSON].implode())).to_dicts():
        names = [row.get(name) for name in ("first_name", "last_name")]
        of_person = {"phone": None, "email": None, **row, "name": " ".join(filter(None, names))}
        yield PreviewMessage(
            customer_id=row[PERSON],
            reason=reasons[row[PERSON]],
            to=_to(of_person, "list"),
            subject=None,
            preheader=None,
            html=None,
            text="",
            headers=(),
            size=0,
            fields=(),
            channel="list",
            step=f"{calls.campaign}.{calls.step.name}",
            cells=cells[row[PERSON]],
        )


def _reachable(recipients: StepRecipients, channel: str) -> StepRecipients:
    """Those who have an address of this channel, or all where nobody has."""
    name = ADDRESS.get(channel)
    if name is None or name not in recipients.people.columns:
        return recipients
    there = recipients.people.filter(pl.col(name).is_not_null())[PERSON]
    found = recipients.of(there)
    return found if found.rows.height else recipients


def _looked_at(recipients: StepRecipients, run: str) -> pl.DataFrame:
    """What `choose_previews` looks at: a row per recipient."""
    message = recipients.checked.message
    height = recipients.rows.height
    context = recipients.context(0, height).drop("message", strict=False)
    names = [name for name in ("first_name", "last_name") if name not in context.columns]
    if names:
        context = context.join(recipients.people.select(PERSON, *names), on=PERSON, how="left", maintain_order="left")
    spoken = {number: file.language for number, file in enumerate(message.versions)}
    # Of the languages those count that the message has.
    language = message.numbers(context).replace_strict(spoken, default=None, return_dtype=pl.String)
    context = context.with_columns(language=language, channel=pl.lit(message.step.channel))
    if message.step.channel == "sms":
        parts = [_measured(part).select("failure", "subject", "encoding", "segments")
                 for part in recipients.rendered(run)]  # fmt: skip
    else:
        parts = [part.rows.select("failure", "subject") for part in recipients.slices(run)]
    return context.drop("subject", strict=False).hstack(pl.concat(parts).get_columns())


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


@dataclass(frozen=True)
class _Text:
    """A text as phones count it, and why it would not be sent."""

    text: str | None
    encoding: str | None = None
    segments: int | None = None
    unfit: str | None = None


def _measured(part: pl.DataFrame) -> pl.DataFrame:
    """Rendered texts as they are sent, with encoding and segments, whether or not there is a number."""
    rows = part.with_columns(normalised(pl.col("text")).alias("text"))
    return rows.with_columns(encoding(pl.col("text")).alias("encoding"), segments(rows["text"]))


def _texts(parts: list[pl.DataFrame]) -> dict[str, _Text]:
    found = {}
    for part in parts:
        unfit = dict(text_rows(part).failures.iter_rows())
        for row in _measured(part).to_dicts():
            reason = unfit.get(row[PERSON]) if row["phone"] else "phone is missing"
            found[row[PERSON]] = _Text(row["text"], row["encoding"], row["segments"], reason)
    return found


@dataclass(frozen=True)
class _Page:
    """A landing page, or why there is none."""

    html: str | None = None
    unfit: str | None = None


_NO_PAGE = _Page()


def _pages(recipients: StepRecipients, few: StepRecipients, context: pl.DataFrame) -> dict[str, _Page]:
    """The landing page of each of the few; what all recipients share is that of all who were looked at."""
    if not recipients.checked.pages:
        return {}
    assets: dict[str, Path] = {}
    for page in recipients.checked.message.pages.values():
        assets |= page.assets
    own = recipients.shop.settings.landing_per_recipient
    found = {}
    for rows in (few if own else recipients).pages():
        for whose, html, failure in rows.select(PERSON if own else "path", "html", "failure").iter_rows():
            unfit = f"the landing page: {failure}" if html is None else None
            found[whose] = _Page(self_contained(html, assets) if html else None, unfit)
    whose_page = context[PERSON] if own else landing_paths(context, few.shop, few.rows["series"])
    return {person: found[whose] for person, whose in zip(context[PERSON], whose_page, strict=True)}


def _cells(rows: pl.DataFrame, few: pl.DataFrame) -> dict[str, list[tuple[str, str | None]]]:
    """The call list's columns of the few: header and cell."""
    some = rows.filter(pl.col(PERSON).is_in(few[PERSON].implode()))
    return {
        person: list(cells.items())
        for person, cells in zip(some[PERSON], call_cells(some).to_dicts(), strict=True)
    }  # fmt: skip


def _to(row: dict[str, Any], channel: str) -> str:
    address = row["email"] if channel == "email" else row["phone"]
    if channel == "list" and not address:
        address = row["email"]
    return f"{row['name']} <{address}>" if row["name"] and address else str(address or row["name"] or row[PERSON])


def _fields(values: Mapping[str, Any], named: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """What was said of a recipient, and of the row that started their series."""
    yield from ((name, values[name]) for name in named)
    yield from ((f"{ROW}.{name}", value) for name, value in (values.get(ROW) or {}).items())


def _shown(value: Any) -> str | None:
    if value is None or value == []:
        return None
    if isinstance(value, list):
        names = [item.get("name") or item.get("product_id") if isinstance(item, dict) else item for item in value]
        return ", ".join(str(name) for name in names)
    return str(value)
