"""What Jinja's templates show: each value as text in its coding, and how much one message may show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from segcli.messages.coding import Coding, encode
from segcli.messages.filters import LARGEST_TEXT, text_of
from segcli.messages.missing import RenderingError, is_missing

_MOST_STEPS = 100_000
_KNOWN, _LONGEST_KNOWN = 20_000, 200  # values that are remembered with their coding, and characters of one


class Budget:
    """How much one message may still do: steps of loops, calls and outputs, and characters of text."""

    __slots__ = ("steps", "text")

    def __init__(self) -> None:
        self.steps = self.text = 0

    def refill(self) -> None:
        self.steps, self.text = _MOST_STEPS, LARGEST_TEXT

    def spend(self, steps: int = 1, text: int = 0) -> None:
        self.steps -= steps
        self.text -= text
        if self.steps < 0 or self.text < 0:
            raise RenderingError("the message grows too large")


def output(
    budget: Budget, coding: Coding, escaped: bool, marked: bool, known: dict[str, str]
) -> Callable[[Any, str], str]:
    """What `{{ value }}` calls, with the reason to give where the value is null. Raises RenderingError.

    `known` is where it remembers short texts with their coding.
    """

    def out(value: Any, reason: str) -> str:
        kind = type(value)
        if kind is int or kind is float:
            value = str(value)
        elif kind is not str:
            if is_missing(value):
                raise RenderingError(getattr(value, "_undefined_hint", None) or reason)
            if isinstance(value, Markup):  # equal to the plain text of the same letters, so not to be found by it
                text = encode(value, coding, escaped)
                budget.spend(text=len(text))
                return Markup(text) if marked else text
            value = text_of(value)
        found = known.get(value)
        if found is None:
            found = encode(value, coding, escaped)
            if len(value) <= _LONGEST_KNOWN:
                if len(known) >= _KNOWN:
                    known.clear()
                known[value] = found
        budget.steps -= 1  # as `spend`, which a call for every value would make dear
        budget.text -= len(found)
        if budget.steps < 0 or budget.text < 0:
            raise RenderingError("the message grows too large")
        return Markup(found) if marked else found

    return out


def quick_output(out: Callable[[Any, str], str], texts: Mapping[str, str]) -> Callable[[Any, str], str]:
    """The same as what `output` gave, without counting short values that it has `texts` of, or numbers shown before."""
    numbers: dict[type, dict[Any, str]] = {int: {}, float: {}}

    def quick(value: Any, reason: str) -> str:
        kind = type(value)
        if kind is str:
            return texts.get(value) or out(value, reason)
        if (kind is int or kind is float) and value:  # 0.0 and -0.0 are equal, and not shown alike
            known = numbers[kind]
            found = known.get(value)
            if found is None:
                if len(known) >= _KNOWN:
                    known.clear()
                found = known[value] = out(value, reason)
            return found
        return out(value, reason)

    return quick
