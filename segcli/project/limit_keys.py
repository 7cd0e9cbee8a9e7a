"""The keys of a segcli.yaml that say how often customers may be written to, and on whose consent."""

from __future__ import annotations

from typing import Any

from segcli.problems import Place, Problems
from segcli.project.campaign_keys import CHANNELS
from segcli.project.localities import read_country
from segcli.project.moments import ClockTime
from segcli.project.quantities import Whole
from segcli.project.shapes import EitherOf, Key, ListOf, MappingOf, Shape, Values
from segcli.project.values import Choice, Duration, Flag, SqlExpression, Text
from segcli.project.yaml_nodes import ListNode

_PATH = Text("a path", r"^[^\u0000]+$")
_POLICY = Text("a policy's name of lower case letters, digits, - and _", "^[a-z][a-z0-9_-]*$")
_CAP_OF_ZERO = "To write to nobody of these customers, make them a segment with 'suppress: true'."

CAP = Shape(
    "a cap", "How many marketing messages a customer gets at most in a time.",
    (Key("when", SqlExpression(), "Whose cap it is: a condition over fields; everybody's if absent."),
     Key("max", Whole(1, instead_of_none=_CAP_OF_ZERO), "How many messages at most.", required=True),
     Key("per", Duration(), "In how long a time, such as 7d.", required=True),
     Key("channel", Choice(CHANNELS), "Over which channel; email if absent.")),
)  # fmt: skip


def _check_reachable(node: ListNode, caps: list[Any], key: str, problems: Problems) -> None:
    """Of the caps with one channel and time the first whose `when` is met decides: none follows one without."""
    everybody: dict[tuple[Any, ...], int] = {}
    for number, cap in enumerate(caps, start=1):
        kind = (cap.get("channel", "email"), cap["per"])
        if kind in everybody:
            problems.error(
                f"a cap that is never used: cap {everybody[kind]} of the same time has no 'when'.",
                cap.place, f"{key}[{number}]", hint="Put the one without 'when' last.",
            )  # fmt: skip
        elif "when" not in cap:
            everybody[kind] = number


def _check_hours(values: Values, key: str, problems: Problems) -> None:
    if values["from"] == values["until"]:
        problems.error(
            f"no quiet hours from {values['from']} until {values['until']}.", values.places["until"], f"{key}.until",
            hint="Write when they begin and when they end, such as 21:00 and 09:00.",
        )  # fmt: skip


QUIET_HOURS = Shape(
    "quiet hours", "When no text message is sent and nobody is called, on the customer's clock.",
    (Key("from", ClockTime(), "When they begin, such as 21:00.", required=True),
     Key("until", ClockTime(), "When they end, perhaps on the next day, such as 09:00.", required=True)),
    check=_check_hours,
)  # fmt: skip
LIMITS = Shape(
    "limits", "How far ahead runs plan, how often they write to a customer, and when not.",
    (Key("ahead", Duration(from_zero=True), "How far ahead a run plans: 24h for a daily run; 0h if absent."),
     Key("caps", ListOf(CAP, "a list of caps", _check_reachable), "How often a customer may be written to."),
     Key("quiet_hours", QUIET_HOURS, "When no text is sent and nobody is called; 21:00 until 09:00 if absent.")),
)  # fmt: skip


def _check_country(code: str, place: Place, key: str, problems: Problems) -> bool:
    return read_country(code, place, problems, key) is not None


CONSENT = Shape(
    "consent", "Which policy says whether a customer of a country may be written to.",
    (Key("default", _POLICY, "The policy where no country's is named, such as strict."),
     Key("soft_opt_in", Flag(), "Whether buying counts as consent where a policy allows that; false if absent."),
     Key("countries", MappingOf(_POLICY, "countries and policies", _check_country, "^[A-Z]{2}$"),
         "Policies by country, such as TR: strict."),
     Key("policies", EitherOf(single=_PATH, several=ListOf(_PATH, "a list of paths")),
         "Files of policies of your own, or their folder.")),
)  # fmt: skip
