"""How a step of a customer's series stands, in a word and in a sentence: as history has it, or as it is to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segcli.campaigns.schedule import ComingStep
from segcli.fields.explaining import ExplainedClause
from segcli.project.campaign_models import Active


@dataclass(frozen=True)
class ExplainedStep:
    """One step of a series: its `state` in a word, and in `words` with the reason.

    state: sent, held_out, too_late, skipped or passed (what is behind); due or kept_back (`reason` as the gate has
    it); not_met (its `when`), behind (another step goes before it), waits, inactive, outside or ended.
    """

    name: str
    state: str
    words: str
    moment: dt.datetime | None = None
    send_at: dt.datetime | None = None
    reason: str | None = None
    when: ExplainedClause | None = None


def step_of_history(row: Mapping[str, Any], as_of: dt.datetime) -> ExplainedStep:
    """What a row of the journal says of a step."""
    match row["status"]:
        case "sent":
            code = f" with the code {row['code']}" if row["code"] else ""
            words = f"{'goes out' if row['send_at'] > as_of else 'sent'} {spoken_time(row['send_at'])}{code}"
        case "held_out":
            words = f"held out {spoken_time(row['send_at'])}, to compare with those who got it"
        case "too_late":
            words = f"too late by {spoken_time(row['as_of'])}: it was to go out {spoken_time(row['moment'])}"
        case _:
            words = f"skipped {spoken_time(row['as_of'])}: a later step went before it"
    return ExplainedStep(row["step"], row["status"], words, row["moment"], row["send_at"])


def step_to_come(
    coming: ComingStep,
    as_of: dt.datetime,
    due: Mapping[str, Any] | None = None,
    kept_back: str | None = None,
    when: ExplainedClause | None = None,
    before: str | None = None,
    outside: str = "",
) -> ExplainedStep:
    """A step that is not dealt with. `due` is its row after the gate, and `kept_back` why it does not go out.

    `before` is the step that goes before it, `outside` why its series does not go on.
    """
    name, moment, send_at = coming.step.step.name, coming.moment, coming.send_at
    since = f"due since {spoken_time(moment)}" if moment is not None and moment <= as_of else "due"
    match coming.standing:
        case "open" if due is not None and kept_back is not None:
            state, words, send_at = "kept_back", f"{since} and kept back: {kept_back}", due["send_at"]
        case "open" if due is not None:
            state, words, send_at = "due", f"{since}, goes out {spoken_time(due['send_at'])}", due["send_at"]
        case "open" if when is not None and when.met is not True:
            state = "not_met"
            words = f"its time has come, and its `when` is not met; too late after {spoken_time(coming.ends)}"
        case "open":
            state, words = "behind", f"its time has come, and {before or 'another step'} goes before it"
        case "waits":
            state, words = "waits", f"waits until {spoken_time(moment)}"
        case "too late":
            state = "too_late"
            words = f"too late since {spoken_time(coming.ends)}: it was to go out {spoken_time(moment)}"
        case "inactive":
            state, words = "inactive", f"not sent: {_active_words(coming.step.step.active)}"
        case "outside":
            state, words = "outside", f"not sent: {outside}"
        case "forgotten":
            state, words = "passed", "its time was over before the campaign's first run"
        case _:
            state, words = "ended", "not sent: the series is over"
    return ExplainedStep(name, state, words, moment, send_at, due["reason"] if due else None, when)


def spoken_time(moment: dt.datetime | None) -> str:
    """To the minute."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def _active_words(active: Active) -> str:
    bounds = [f"from {spoken_time(active.since)}"] if active.since else []
    bounds += [f"until {spoken_time(active.until)}"] if active.until else []
    return f"it is sent {' '.join(bounds)} only (active)"
