"""The message that one customer gets, as it is rendered, beside what a test expects of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from segcli.campaign_recipients import StepRecipients
from segcli.history import run_name
from segcli.project.shapes import Values
from segcli.recipe_testing.models import Wanted
from segcli.recipe_testing.naming import version_name
from segcli.recipe_testing.values import shown

LONGEST_TEXT = 600


def differences_of_message(
    recipient: StepRecipients, wanted: Values, at: dt.datetime
) -> Iterator[tuple[str, Wanted, str, str]]:
    """Key, what was expected, and both sides in words. `recipient` is of one customer alone.

    Line breaks and spaces count alike in texts: where a line is broken is the layout's affair.
    """
    row = next(iter(recipient.rendered(run_name(at)))).row(0, named=True)
    for key, each in wanted.values.items():
        if key in ("subject", "preheader", "version"):
            got = _version(recipient) if key == "version" else row.get(key)
            if each.value != (got or None):
                yield key, each, shown(each.value), shown(got)
            continue
        part, _, kind = key.partition("_")
        text = _on_one_line(row.get(part))
        for words in each.value:
            if (_on_one_line(words) in text) != (kind == "contains"):
                yield key, each, shown(words), _around(text, words if kind == "lacks" else None)


def _version(recipient: StepRecipients) -> str:
    number = recipient.checked.message.numbers(recipient.context(0, 1)).item()
    return version_name(list(recipient.checked.message.versions)[number])


def _on_one_line(text: Any) -> str:
    return " ".join(str(text or "").split())


def _around(text: str, words: str | None) -> str:
    """As much of a text as a screen takes, from its body on; where words should not be in it, from before them."""
    if not text:
        return "nothing: the message has no such part"
    start = max(0, text.find(_on_one_line(words)) - 40 if words else text.find("<body"))
    cut = text[start : start + LONGEST_TEXT]
    return ("..." if words and start else "") + cut + ("..." if start + LONGEST_TEXT < len(text) else "")
