"""A step's message for its recipients, slice by slice: every part rendered in each one's version, or why it was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from segcli.messages.coding import PLAIN, Coding
from segcli.messages.context import OF_MESSAGE
from segcli.messages.message_files import MessageFile
from segcli.messages.rendering import render
from segcli.messages.step_messages import StepMessage
from segcli.messages.templates import Template, check_source
from segcli.problems import Problems

PARTS = ("preheader", "subject", "html", "text")  # in the order of rendering: the others may name the preheader
SLICE = 20_000  # recipients whose messages are in memory at a time
SENDER = ("from_name", "reply_to")  # what a version may say of who writes; null where it does not
RENDERED: Mapping[str, pl.DataType] = dict.fromkeys((*PARTS, *SENDER, "failure"), pl.String())


@dataclass(frozen=True)
class CheckedMessage:
    """A step's message whose templates are checked: for each version its parts."""

    message: StepMessage
    templates: Mapping[MessageFile, Mapping[str, Template]]
    pages: Mapping[str | None, Template]  # of the landing page by language

    @property
    def names(self) -> frozenset[str]:
        """The fields that the versions need."""
        found = {name for parts in self.templates.values() for each in parts.values() for name in each.names}
        return frozenset(found) - OF_MESSAGE.keys()

    @property
    def has_html(self) -> bool:
        return all("html" in parts for parts in self.templates.values())


def check_messages(
    messages: tuple[StepMessage, ...], schema: Mapping[str, pl.DataType], problems: Problems
) -> dict[tuple[str, str], CheckedMessage]:
    """The messages by campaign and step, checked against the types of the fields; what is wrong goes to `problems`.

    One with an error is left out.
    """
    names = {**schema, **OF_MESSAGE}
    found = {}
    for message in messages:
        before = len(problems.errors)
        templates = {}
        for file, version in message.versions.items():
            checked = {
                part: check_source(source, names, problems, f"{message.campaign}.{message.step.name}")
                for part, source in version.sources
            }
            templates[file] = {part: template for part, template in checked.items() if template is not None}
        pages = {
            language: template
            for language, page in message.pages.items()
            if (template := check_source(page.source, names, problems, f"{message.campaign}.{message.step.name}"))
        }
        if len(problems.errors) == before and templates:
            found[message.campaign, message.step.name] = CheckedMessage(message, templates, pages)
    return found


def render_step(
    checked: CheckedMessage,
    height: int,
    context: Callable[[int, int], pl.DataFrame],
    coding: Coding = PLAIN,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Slices of the recipients' context, each with RENDERED beside it, in the order of the recipients.

    `context(first, count)` gives rows of the context; subject and preheader are plain whatever the coding. Where any
    part fails, all are null and `failure` says why. The context that comes back has the rendered preheader.
    """
    for first in range(0, height, SLICE):
        rows = context(first, min(SLICE, height - first))
        yield _rendered(checked, rows, coding)


def _rendered(checked: CheckedMessage, rows: pl.DataFrame, coding: Coding) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = rows.with_row_index("row").with_columns(checked.message.numbers(rows))
    files = list(checked.templates)
    parts = []
    for (number,), of_version in rows.group_by(["version"], maintain_order=True):
        if number is None:
            failed = pl.lit("there is no version of the message for them")
            parts.append(of_version.select("row", *_nothing(*PARTS, *SENDER), failure=failed))
            continue
        file = files[int(str(number))]
        spoken = of_version.with_columns(spoken_locale(file.language, checked.message.locale))
        version = checked.message.versions[file]
        rendered = _of_version(checked.templates[file], spoken, coding)
        sender = (pl.lit(getattr(version, name), pl.String).alias(name) for name in SENDER)
        parts.append(rendered.with_columns(sender).select("row", *RENDERED))
    found = pl.concat(parts).sort("row")
    context = rows.drop("row", "version").with_columns(found["preheader"])
    return context, found.select(*RENDERED)


def spoken_locale(language: str | None, default: str) -> pl.Expr:
    """How numbers and dates are written: as the words around them are, and not as the recipient's language does where
    the message is in another one. Who shares its language has their own country's way."""
    written = (language or default).replace("-", "_")
    same = pl.col("locale").str.split("_").list.first() == written.split("_")[0]
    return pl.when(same).then("locale").otherwise(pl.lit(written)).alias("locale")


def _nothing(*names: str) -> list[pl.Expr]:
    return [pl.lit(None, pl.String).alias(name) for name in names]


def _of_version(templates: Mapping[str, Template], rows: pl.DataFrame, coding: Coding) -> pl.DataFrame:
    failure = pl.Series("failure", [None] * rows.height, pl.String)
    found = rows
    for part in PARTS:
        template = templates.get(part)
        if template is None:
            value = pl.Series(part, [""] * rows.height if part == "preheader" else [None] * rows.height, pl.String)
        else:
            done = render(template, found, coding if part in ("html", "text") else PLAIN)
            value = done.values.alias(part)
            if done.failures.height:
                reasons = done.failures.unique("row", keep="first", maintain_order=True)
                told = rows.select(place=pl.int_range(pl.len(), dtype=pl.UInt32)).join(
                    reasons, left_on="place", right_on="row", how="left", maintain_order="left"
                )["reason"]
                failure = pl.select(pl.coalesce(failure, told)).to_series().alias("failure")
        found = found.with_columns(value)
    found = found.select("row", *PARTS, failure)
    good = pl.col("failure").is_null()
    return found.with_columns(pl.when(good).then(pl.col(part)).alias(part) for part in PARTS)
