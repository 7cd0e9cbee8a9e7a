"""The tags of HTML and MJML as they were written: names, attributes and positions, nothing repaired."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_TAG = re.compile(
    r"<!--(?P<comment>.*?)-->|<!\[CDATA\[.*?\]\]>|<[!?][^>]*>"
    r"|<(?P<slash>/?)(?P<name>[A-Za-z][\w:-]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=/\"'<>]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_CONDITION = re.compile(r"<!--\[if ([^\]]*)\]>(<!-->)?|(<!--)?<!\[endif\]-->")
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
# What holds characters, and no tags.
RAW = frozenset({"script", "style", "title", "textarea", "mj-style", "mj-title", "mj-preview"})


@dataclass(frozen=True)
class Tag:
    """A tag or a comment, from `start` to `end` of the text; a tag that closes itself or is void is `alone`."""

    kind: Literal["open", "close", "alone", "comment"]
    name: str
    start: int
    end: int
    rest: str = ""
    rest_start: int = 0

    @property
    def attributes(self) -> dict[str, str]:
        return {name: value for name, value, _, _ in self.attribute_spans()}

    def attribute_spans(self) -> Iterator[tuple[str, str, int, int]]:
        """Name, value, and where the value starts and ends; an attribute without a value has an empty span."""
        for found in _ATTRIBUTE.finditer(self.rest):
            group = next((number for number in (2, 3, 4) if found.group(number) is not None), 0)
            start, end = found.span(group) if group else (found.end(), found.end())
            yield found.group(1).lower(), found.group(group) if group else "", *self._moved(start, end)

    def _moved(self, start: int, end: int) -> tuple[int, int]:
        return self.rest_start + start, self.rest_start + end


@lru_cache(maxsize=16)  # several checks look through the same text
def find_tags(text: str) -> tuple[Tag, ...]:
    """Every tag and comment, in order."""
    return tuple(_tags(text))


def _tags(text: str) -> Iterator[Tag]:
    position = 0
    while found := _TAG.search(text, position):
        position = found.end()
        name = (found.group("name") or "").lower()
        if not name:
            yield Tag("comment", "", found.start(), found.end(), found.group("comment") or "", found.start() + 4)
            continue
        rest = found.group("rest")
        if found.group("slash"):
            yield Tag("close", name, found.start(), found.end())
            continue
        alone = rest.endswith("/") or name in VOID
        yield Tag("alone" if alone else "open", name, found.start(), found.end(), rest, found.start("rest"))
        if name in RAW and not alone:
            close = re.compile(rf"</{re.escape(name)}\s*>", re.IGNORECASE).search(text, position)
            if close:
                position = close.start()


@dataclass(frozen=True)
class Spot:
    """Where something stands: in which element (counted in the order of the text), or in which attribute of it."""

    element: int
    name: str
    attribute: str = ""
    inside: Literal["content", "tag", "value", "comment", "raw"] = "content"


def find_spots(text: str, positions: list[int]) -> list[Spot]:
    """The spot of each position, which are in rising order. Closers that fit no opener are passed over."""
    spots: list[Spot] = []
    stack: list[tuple[int, str]] = [(0, "")]
    end_of_text = len(text) + 1
    count, coming = 0, iter(positions)
    next_one = next(coming, end_of_text)
    for tag in find_tags(text):
        if next_one == end_of_text:
            break
        number, name = stack[-1]
        while next_one < tag.start:
            spots.append(Spot(number, name, inside="raw" if name in RAW else "content"))
            next_one = next(coming, end_of_text)
        count += 1
        if tag.kind == "comment":
            while next_one < tag.end:
                bare = _MASKED.fullmatch(tag.rest) is not None
                # A comment that stands for a tag of Jinja: that is where the comment is.
                spots.append(Spot(number, name) if bare else Spot(count, "!--", inside="comment"))
                next_one = next(coming, end_of_text)
            continue
        while next_one < tag.end:
            attribute = next((a for a, _, start, end in tag.attribute_spans() if start <= next_one < end), None)
            inside: Literal["tag", "value"] = "tag" if attribute is None else "value"
            spots.append(Spot(count, tag.name, attribute or "", inside))
            next_one = next(coming, end_of_text)
        if tag.kind == "open":
            stack.append((count, tag.name))
        elif tag.kind == "close" and any(opened == tag.name for _, opened in stack):
            while stack.pop()[1] != tag.name:
                pass
    number, name = stack[-1]
    spots += [Spot(number, name) for _ in positions[len(spots) :]]
    return spots


_MASKED = re.compile(r"masked [a-z0-9]+")  # as masking.py writes them


def as_outlook_reads(text: str) -> str:
    """The text with what conditional comments show to Outlook alone, at the same positions."""
    kept = list(text)
    hidden_from: int | None = None
    for found in _CONDITION.finditer(text):
        kept[found.start() : found.end()] = " " * (found.end() - found.start())
        if found.group(2):
            hidden_from = found.end()
        elif found.group(3) and hidden_from is not None:
            kept[hidden_from : found.start()] = " " * (found.start() - hidden_from)
            hidden_from = None
    return "".join(kept)
