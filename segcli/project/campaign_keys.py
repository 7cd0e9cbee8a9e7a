"""Every key that a campaign and its steps may have: read by the validation, and by the schema for editors."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from segcli.problems import Problems
from segcli.project.campaign_models import RowStart
from segcli.project.durations import duration_text
from segcli.project.moments import ClockTime, ShopMoment
from segcli.project.offer_keys import OFFER_OR_OFFERS, PRODUCTS, VARIANTS
from segcli.project.quantities import Share, Whole
from segcli.project.shapes import EitherOf, Key, ListOf, MappingOf, Shape, Values
from segcli.project.values import NAME, Choice, Duration, Flag, SqlExpression, Text
from segcli.project.yaml_nodes import ListNode, MappingNode, Node

CHANNELS = ("email", "sms", "list")
FILE_NAME = Text("a name of letters, digits, - and _", "^[A-Za-z0-9_-]+$")

ROW_START = Shape(
    "a start by rows", "A series for every row of a table.",
    (Key("from", NAME, "The table whose rows start series.", required=True),
     Key("at", NAME, "The column that says when a row's series starts.", required=True),
     Key("where", SqlExpression(), "Which rows start one: a condition over the table's columns.")),
)  # fmt: skip


@dataclass(frozen=True)
class StartExpression:
    """An expression over fields, or `TABLE.COLUMN` for a series per row."""

    def read(self, node: Node, key: str, problems: Problems) -> Any:
        expression = SqlExpression().read(node, key, problems)
        if expression is None:
            return None
        match = re.fullmatch(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)", expression.text)
        return RowStart(match[1], match[2], node.place) if match else expression

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


def _check_window(values: Values, key: str, problems: Problems) -> None:
    since, until = values.get("since"), values.get("until")
    if since and until and since >= until:
        problems.error(
            "inverted window: 'until' is not after 'since'.", values.places["until"], f"{key}.until",
            hint="Exchange the two.",
        )  # fmt: skip


ACTIVE = Shape(
    "a window", "When messages may be sent, on the clocks of the project's timezone.",
    (Key("since", ShopMoment(), "The first day or moment, such as 2026-11-20."),
     Key("until", ShopMoment(whole_day=True), "The last day, or the first moment that is too late.")),
    any_of=("since", "until"),
    check=_check_window,
)  # fmt: skip

# What decides about a message: on the campaign for all of its steps, on a step for that one.
_MESSAGE_KEYS = (
    Key("when", SqlExpression(), "The condition under which it is sent, such as not clicked."),
    Key("offer", OFFER_OR_OFFERS, "What it offers, or a list of offers whose first that fits counts."),
    Key("products", PRODUCTS, "The products that it shows, such as bestsellers: 4."),
    Key("variants", VARIANTS, "Versions of the message and their weights, such as a: 50 and b: 50."),
    Key("send", ClockTime(("now", "best_hour", "best_day")),
        "The time of day in the customer's timezone; now if absent."),
    Key("split", Choice(("send_hour",)), "Whether a file is written for each hour of sending."),
    Key("channel", Choice(CHANNELS), "The way it goes out; email if absent."),
    Key("class", Choice(("marketing", "transactional")), "What kind of message it is; marketing if absent."),
    Key("list", Text("a list's name", r"^[^\u0000-\u001f]+$"), "The list that customers consent to and leave."),
    Key("priority", Whole(-1_000_000, 1_000_000), "Which goes first: the higher; 0 if absent."),
    Key("holdout", Share(not_whole="Nobody would get it: write a smaller share such as 10 %."),
        "The share of customers that never get it, to compare with, such as 10 %."),
    Key("active", ACTIVE, "When it may be sent."),
    Key("fresh", MappingOf(Duration(), "tables and durations"),
        "How old the newest row of a table may be; on older data it waits."),
    Key("grace", Duration(from_zero=True), "How long it stays due; 3d if absent."),
    Key("ahead", Duration(from_zero=True), "How far ahead a run plans it; the project's if absent."),
)  # fmt: skip
MESSAGE_KEY_NAMES = tuple(key.name for key in _MESSAGE_KEYS)
_MESSAGE = Key("message", FILE_NAME, "The message, by its file's name without its ending.")
_AFTER = Key("after", Duration(from_zero=True), "How long after the start it goes; 0d if absent.")

_ON_CAMPAIGN = "It stands on the campaign, and speaks of all steps."
STEP = Shape(
    "a step", "One message of a campaign.",
    (Key("message", _MESSAGE.kind, _MESSAGE.meaning, required=True), _AFTER,
     Key("name", FILE_NAME, "The step's name; the message's if absent."), *_MESSAGE_KEYS),
    moved=dict.fromkeys(("audience", "start", "until", "again_after", "existing"), _ON_CAMPAIGN),
)  # fmt: skip


def _check_steps(node: ListNode, steps: list[Values], key: str, problems: Problems) -> None:
    """Notes a problem for each step that is not later than the one before, or has the name of another."""
    names: dict[str, int] = {}
    for number, step in enumerate(steps, start=1):
        here = f"{key}[{number}]"
        if number > 1 and after_of(step) <= after_of(steps[number - 2]):
            before, after = duration_text(after_of(steps[number - 2])), duration_text(after_of(step))
            problems.error(
                f"steps out of order: {after} is not later than the {before} of the step before.",
                step.places.get("after", step.place), f"{here}.after",
                hint="Each 'after' counts from the start: write them in rising order.",
            )  # fmt: skip
        name = name_of(step)
        # Folders are named like steps, and some file systems do not tell capitals apart.
        first = names.setdefault(name.lower(), number)
        if first != number:
            written = "name" if "name" in step else "message"
            problems.error(
                f"the steps {first} and {number} are both named '{name}'.", step.places[written],
                f"{here}.{written}", hint="Give one of them a 'name' of its own.",
            )  # fmt: skip


def after_of(step: Values) -> dt.timedelta:
    """How long after the start a step goes."""
    after: dt.timedelta = step.get("after", dt.timedelta(0))
    return after


def name_of(step: Values) -> str:
    """A step is called like its message unless it says otherwise."""
    name: str = step.get("name") or step["message"]
    return name


CAMPAIGN = Shape(
    "a campaign", "Who gets a sequence of messages, and from when.",
    (Key("meaning", Text(), "What it is for, for people."),
     Key("audience", SqlExpression(), "Who takes part: a condition over fields; a segment's name is one.",
         required=True),
     Key("start", EitherOf(single=StartExpression(), keyed=ROW_START),
         "What starts a series: a time over fields, or TABLE.COLUMN; entering the audience if absent."),
     Key("until", SqlExpression(), "What ends a series: a condition over fields."),
     Key("again_after", Duration(word="never"), "The least distance from start to start, such as 7d; or never."),
     Key("existing", Flag(), "Whether it takes those who are in the audience at its first run."),
     Key("steps", ListOf(STEP, "a list of steps", _check_steps), "Its messages, in the order of 'after'."),
     _MESSAGE, Key("after", _AFTER.kind, _AFTER.meaning, needs="message"), *_MESSAGE_KEYS),
    one_of=("steps", "message"),
    moved={"name": "A campaign is called by its key; a 'name' stands on a step."},
)  # fmt: skip


@dataclass(frozen=True)
class CampaignDefinition:
    """A campaign: its own keys, its steps, and the keys of messages for all of them."""

    def read(self, node: Node, key: str, problems: Problems) -> Values | None:
        before = len(problems.errors)
        if isinstance(node, MappingNode) and {"existing", "start"} <= set(node.entries):
            problems.error(
                "'existing' speaks of entering the audience, and here series begin with 'start'.",
                node.key_places["existing"], key, hint="Remove one of them.",
            )  # fmt: skip
        values = CAMPAIGN.read(node, key, problems)
        return values if len(problems.errors) == before else None

    def schema(self) -> dict[str, Any]:
        return {**CAMPAIGN.schema(), "not": {"required": ["existing", "start"]}}
