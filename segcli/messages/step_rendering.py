"""A step's message for its recipients, slice by slice: every part rendered in each one's version, or why it was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from segcli.campaigns.starting_rows import ROW
from segcli.messages.coding import PLAIN, Coding
from segcli.messages.context import OF_MESSAGE
from segcli.messages.frame_rows import FrameRows
from segcli.messages.message_files import MessageFile
from segcli.messages.remembered import Remembered
from segcli.messages.rendering import render
from segcli.messages.step_messages import StepMessage
from segcli.messages.surroundings import Surroundings
from segcli.messages.templates import Template, check_source
from segcli.messages.texts import EveryRow, RenderedSlice, Texts, TextsOfVersions
from segcli.problems import Problem, Problems

PARTS = ("preheader", "subject", "html", "text")  # in the order of rendering: the others may name the preheader
SLICE = 20_000  # recipients whose messages are in memory at a time
SENDER = ("from_name", "reply_to")  # what a version may say of who writes; null where it does not
_NONE = -1  # the version of who gets none
_PLACE, _VERSION = " place", " version"  # no name of a message is called like this
BODIES = ("html", "text")  # put together when they are asked for
RENDERED = ("preheader", "subject", *SENDER, "failure")


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
        return frozenset(found) - OF_MESSAGE.keys() - {ROW}

    @property
    def has_html(self) -> bool:
        return all("html" in parts for parts in self.templates.values())


def check_messages(
    messages: tuple[StepMessage, ...],
    schema: Mapping[str, pl.DataType],
    problems: Problems,
    rows: Mapping[str, pl.Struct] | None = None,
) -> dict[tuple[str, str], CheckedMessage]:
    """The messages by campaign and step, checked against the types of the fields; what is wrong goes to `problems`.

    `rows` are what starts the series of campaigns that a row starts. A message with an error is left out.
    """
    names = {**schema, **OF_MESSAGE}
    types = repr(sorted((name, repr(dtype)) for name, dtype in names.items()))
    found = {}
    for message in messages:
        row = (rows or {}).get(message.campaign)
        key = (id(message), types, repr(row))
        _, checked, told = checked_before.get(key) or _checked(message, names, row)
        checked_before.put(key, (message, checked, told))
        problems.found.extend(told)
        if checked is not None:
            found[message.campaign, message.step.name] = checked
    return found


# With each stands the message itself, so that no other one gets its id.
checked_before = Remembered[tuple[StepMessage, CheckedMessage | None, list[Problem]]](most=1_000)


def _checked(
    message: StepMessage, names: Mapping[str, pl.DataType], row: pl.Struct | None
) -> tuple[StepMessage, CheckedMessage | None, list[Problem]]:
    """The message with its templates, unless there is an error, and everything that is to be said about it."""
    problems, key = Problems(), f"{message.campaign}.{message.step.name}"
    shown = message.step.products
    around = Surroundings(message.partials, shown.count if shown else 0)
    templates = {}
    with_row = {**names, ROW: row} if row else names
    for file, version in message.versions.items():
        checked = {part: check_source(source, with_row, problems, key, around) for part, source in version.sources}
        templates[file] = {part: template for part, template in checked.items() if template is not None}
    pages = {
        language: template
        for language, page in message.pages.items()
        if (template := check_source(page.source, names, problems, key, around))
    }
    good = templates and not problems.errors
    return message, CheckedMessage(message, templates, pages) if good else None, problems.found


def render_step(
    checked: CheckedMessage,
    height: int,
    context: Callable[[int, int], pl.DataFrame],
    coding: Coding = PLAIN,
) -> Iterator[tuple[pl.DataFrame, RenderedSlice]]:
    """Slices of the recipients' context, each with what was rendered beside it, in the order of the recipients.

    `context(first, count)` gives rows of the context; subject and preheader are plain whatever the coding. Rows have
    the columns RENDERED, texts are BODIES as far as the message has them. Where any part fails, `failure` says why,
    subject and preheader are null, and the texts mean nothing. The context that comes back has the rendered preheader.
    """
    for first in range(0, height, SLICE):
        rows = context(first, min(SLICE, height - first))
        yield _rendered(checked, rows, coding)


def _rendered(checked: CheckedMessage, rows: pl.DataFrame, coding: Coding) -> tuple[pl.DataFrame, RenderedSlice]:
    version = checked.message.numbers(rows).fill_null(_NONE).alias(_VERSION)
    rows = rows.with_row_index(_PLACE).with_columns(version)
    files = list(checked.templates)
    parts, texts = [], dict[str, dict[int, Texts]]({name: {} for name in BODIES})
    for (key,), of_version in rows.group_by([_VERSION], maintain_order=True):
        number = int(str(key))
        if number == _NONE:
            failed = pl.lit("there is no version of the message for them")
            parts.append(of_version.select(_PLACE, *_nothing(*RENDERED[:-1]), failure=failed))
            bodies = dict[str, Texts]()
        else:
            file = files[number]
            spoken = of_version.with_columns(spoken_locale(file.language, checked.message.locale))
            said, bodies = _of_version(checked.templates[file], spoken, coding)
            sender = (pl.lit(getattr(checked.message.versions[file], name), pl.String).alias(name) for name in SENDER)
            parts.append(said.with_columns(sender).select(_PLACE, *RENDERED))
        for name, each in texts.items():
            each[number] = bodies.get(name, EveryRow(None, of_version.height))
    found = pl.concat(parts).sort(_PLACE)
    context = rows.drop(_PLACE, _VERSION).with_columns(found["preheader"])
    whole = {
        name: next(iter(each.values())) if len(each) == 1 else TextsOfVersions(version, each)
        for name, each in texts.items()
    }
    return context, RenderedSlice(found.select(*RENDERED), whole)


def spoken_locale(language: str | None, default: str) -> pl.Expr:
    """How numbers and dates are written: as the words around them are, and not as the recipient's language does where
    the message is in another one. Who shares its language has their own country's way."""
    written = (language or default).replace("-", "_")
    same = pl.col("locale").str.split("_").list.first() == written.split("_")[0]
    return pl.when(same).then("locale").otherwise(pl.lit(written)).alias("locale")


def _nothing(*names: str) -> list[pl.Expr]:
    return [pl.lit(None, pl.String).alias(name) for name in names]


def _of_version(
    templates: Mapping[str, Template], rows: pl.DataFrame, coding: Coding
) -> tuple[pl.DataFrame, dict[str, Texts]]:
    """Place, preheader, subject and failure of rows that have one version, and its texts."""
    failure = pl.Series("failure", [None] * rows.height, pl.String)
    found, texts, values = rows, dict[str, Texts](), FrameRows(rows)
    for part in PARTS:
        template = templates.get(part)
        if template is None:
            if part not in BODIES:
                found = found.with_columns(pl.lit("" if part == "preheader" else None, pl.String).alias(part))
            continue
        done = render(template, found, coding if part in BODIES else PLAIN, rows=values)
        if part in BODIES:
            texts[part] = done.texts
        else:
            found = found.with_columns(done.values.alias(part))
            values.put(found[part])
        if done.failures.height:
            reasons = done.failures.unique("row", keep="first", maintain_order=True)
            told = rows.select(place=pl.int_range(pl.len(), dtype=pl.UInt32)).join(
                reasons, left_on="place", right_on="row", how="left", maintain_order="left"
            )["reason"]
            failure = pl.select(pl.coalesce(failure, told)).to_series().alias("failure")
    said = [pl.when(pl.col("failure").is_null()).then(pl.col(part)).alias(part) for part in PARTS if part not in BODIES]
    return found.select(_PLACE, *(part for part in PARTS if part not in BODIES), failure).with_columns(said), texts
