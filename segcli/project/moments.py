"""Kinds of times in YAML files: on a clock, and on the shop's calendar."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from segcli.problems import Problems, nearest
from segcli.project.localities import parse_moment
from segcli.project.values import scalar
from segcli.project.yaml_nodes import Node

CLOCK_PATTERN = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
_ALONE = re.compile(r"\d{4}-\d\d-\d\d")
_ZONED = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d)$")


@dataclass(frozen=True)
class ClockTime:
    """A time of day `HH:MM` of 24 hours, as text; or one of a few words instead."""

    words: tuple[str, ...] = ()

    def read(self, node: Node, key: str, problems: Problems) -> str | None:
        says = " or ".join(['a time such as "10:00"', *(f"'{word}'" for word in self.words)])
        found = scalar(node, says, key, problems)
        if found is None:
            return None
        text = found.written.strip()
        if text in self.words or re.fullmatch(CLOCK_PATTERN, text):
            return text
        hint = _clock_hint(text) or nearest(text, self.words) or "Write hours and minutes: 09:30, 21:00."
        problems.error(f"must be {says}, not '{text}'.", found.place, key, hint=hint)
        return None

    def schema(self) -> dict[str, Any]:
        clock = {"type": "string", "pattern": CLOCK_PATTERN}
        return {"anyOf": [{"enum": list(self.words)}, clock]} if self.words else clock


def _clock_hint(text: str) -> str | None:
    """The way from `9:30`, `9` and `9 pm` to a clock time."""
    match = re.fullmatch(r"(\d{1,2})(?:[:.h](\d\d))?\s*([ap]m)?", text.lower())
    if not match:
        return None
    hour, minute = int(match[1]), match[2] or "00"
    if match[3]:
        hour = hour % 12 + (12 if match[3] == "pm" else 0)
    clock = f"{hour:02d}:{minute}"
    return f'Write "{clock}".' if re.fullmatch(CLOCK_PATTERN, clock) else "A day has the times 00:00 to 23:59."


@dataclass(frozen=True)
class ShopMoment:
    """A date or a moment on the shop's clocks, naive; a date is its midnight, with `whole_day` the one after it."""

    whole_day: bool = False

    def read(self, node: Node, key: str, problems: Problems) -> dt.datetime | None:
        found = scalar(node, "a date or a moment such as 2026-11-20T09:00", key, problems)
        if found is None:
            return None
        text = found.written.strip()
        if _ZONED.search(text):
            hint = "Write it as the clocks of the project's timezone show it: 2026-11-20T09:00."
            problems.error(f"'{text}' has a timezone of its own.", found.place, key, hint=hint)
            return None
        moment = parse_moment(text, ZoneInfo("UTC"))
        if moment is None:
            problems.error(f"'{text}' is no moment.", found.place, key, hint="Write 2026-11-20 or 2026-11-20T09:00.")
            return None
        whole_day = self.whole_day and _ALONE.fullmatch(text) and moment.year < dt.MAXYEAR
        return moment + dt.timedelta(days=1) if whole_day else moment

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?$"}
