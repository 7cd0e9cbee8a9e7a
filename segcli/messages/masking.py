"""Jinja's tags out of the way of MJML, HTML and Markdown tools, and back where they stood, or a problem."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from segcli.messages.html_tags import Spot, as_outlook_reads, find_spots, find_tags
from segcli.messages.pieces import Piece, group_statements, merged, place_at
from segcli.problems import Place, Problems

# Elements that hold only elements: a word between them would be moved or dropped, a comment stays.
_ELEMENTS_ONLY = frozenset(
    ("table", "tbody", "thead", "tfoot", "tr", "colgroup", "ul", "ol", "mjml", "mj-head", "mj-body", "mj-wrapper",
     "mj-section", "mj-group", "mj-column", "mj-hero", "mj-navbar", "mj-social", "mj-accordion", "mj-carousel")
)  # fmt: skip


@dataclass(frozen=True)
class Masked:
    """Text without Jinja: every tag is a word of `words`, in the order of `pieces`' tags."""

    text: str
    pieces: tuple[Piece, ...]
    words: tuple[str, ...]
    starts: tuple[int, ...]  # where each piece begins in `text`

    @property
    def tags(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.is_tag]

    def place(self, offset: int) -> Place | None:
        """Where a character of the text stands in the user's file."""
        for piece, start in zip(reversed(self.pieces), reversed(self.starts), strict=True):
            if start <= offset:
                return piece.place if piece.is_tag else place_at(piece.place, piece.text, offset - start)
        return None


def mask(pieces: Sequence[Piece]) -> Masked:
    """Every tag as a plain word that occurs nowhere else."""
    pieces = merged(pieces)
    everything = "".join(piece.text for piece in pieces).lower()
    prefix = next(word for word in (f"zq{letter}" for letter in _prefixes()) if word not in everything)
    words = [f"{prefix}{number}x" for number in range(sum(piece.is_tag for piece in pieces))]
    left = iter(words)
    parts = [next(left) if piece.is_tag else piece.text for piece in pieces]
    starts, position = [], 0
    for part in parts:
        starts.append(position)
        position += len(part)
    return Masked("".join(parts), tuple(pieces), tuple(words), tuple(starts))


def _prefixes() -> list[str]:
    letters = "abcdefghijklmnopqrstuvwyz"
    return [first + second for first in letters for second in letters]


def mask_markup(pieces: Sequence[Piece], problems: Problems) -> tuple[Masked, str]:
    """The masked text with words alone, which problems are found in, and the text for a tool: comments between
    elements, words in text and in the values of attributes. A tag elsewhere inside an element's tag is a problem."""
    masked = mask(pieces)
    tags = [(piece, start) for piece, start in zip(masked.pieces, masked.starts, strict=True) if piece.is_tag]
    spots = find_spots(masked.text, [start for _, start in tags])
    parts, position = [], 0
    for word, (piece, start), spot in zip(masked.words, tags, spots, strict=True):
        parts.append(masked.text[position:start])
        position = start + len(word)
        if spot.inside == "tag":
            message = f"'{piece.shown}' stands in the tag <{spot.name}> and in no value."
            problems.error(message, piece.place, hint=_IN_TAG_HINT)
        between = piece.kind == "statement" or spot.name in _ELEMENTS_ONLY
        parts.append(f"<!--masked {word}-->" if spot.inside == "content" and between else word)
    parts.append(masked.text[position:])
    return masked, "".join(parts)


_IN_TAG_HINT = 'Write it between the quotes of an attribute, such as style="{% if ... %}color:red{% endif %}".'


def unmask(
    output: str, masked: Masked, tool: str, problems: Problems, *, unsaid: Collection[str] = ()
) -> list[Piece] | None:
    """The pieces of a tool's output. None and a problem with the tag's place for a tag that was lost or doubled, and
    for statements of which one half stands in another element than the other. An output may be there several times:
    MJML repeats the value of an attribute where clients differ."""
    if not masked.words:
        return [Piece(output, "words")]
    any_word = rf"{masked.words[0][:4]}(\d+)x"
    pattern = re.compile(rf"<!--masked {any_word}-->|{any_word}", re.IGNORECASE)
    found = list(pattern.finditer(output))
    before = len(problems.errors)
    tags = masked.tags
    counts = [0] * len(tags)
    for each in found:
        counts[_number(each)] += 1
    for word, tag, count in zip(masked.words, tags, counts, strict=True):
        if count == 0 and word in unsaid:
            continue
        if count == 0:
            problems.error(f"'{tag.shown}' is lost: {tool} drops what stands here.", tag.place, hint=_LOST_HINT)
        elif count > 1 and tag.kind == "statement":
            problems.error(f"'{tag.shown}' stands in a value that {tool} writes {count} times.", tag.place,
                           hint="Use an output such as {{ 'red' if new else 'grey' }} instead.")  # fmt: skip
    if len(problems.errors) == before:
        check_same_element(output, [(_number(each), each.start()) for each in found], tags, problems)
    if len(problems.errors) > before:
        return None
    pieces, position = [], 0
    for each in found:
        pieces += [Piece(output[position : each.start()], "words"), tags[_number(each)]]
        position = each.end()
    return merged([*pieces, Piece(output[position:], "words")])


_LOST_HINT = "MJML works out widths and the like itself: write a number there, and no comment or text between its tags."


def _number(found: re.Match[str]) -> int:
    return int(found.group(1) or found.group(2))


def check_same_element(
    output: str, found: Sequence[tuple[int, int]], tags: Sequence[Piece], problems: Problems
) -> None:
    """Adds a problem for each `if` or `for` whose parts stand in different elements, for readers or for Outlook."""
    there = {number for number, _ in found}
    groups = [group for group in group_statements(tags, Problems()) if there.issuperset(group)]
    positions = [position for _, position in found]
    for text in dict.fromkeys((output, as_outlook_reads(output))):
        spots: dict[int, Spot] = {}
        for (number, _), spot in zip(found, find_spots(text, positions), strict=True):
            spots.setdefault(number, spot)
        wrong = [group for group in groups if len({spots[number] for number in group}) > 1]
        order = {number: index for index, (number, _) in enumerate(found)}
        moved = [group for group in groups if group not in wrong and sorted(group, key=order.__getitem__) != group]
        for group in wrong + moved:
            first, last = tags[group[0]], tags[group[-1]]
            at = f" at line {last.place.line}" if last.place else ""
            message = f"'{first.shown}' and its '{last.shown}'{at} stand in different elements."
            problems.error(message, first.place, hint="Put both around whole elements, or both inside one.")
        if wrong or moved:
            return


def check_elements_kept(after: str, masked: Masked, tool: str, problems: Problems) -> None:
    """Adds a problem for the first element that a tool dropped, such as a cell outside of a table."""
    added = ("html", "head", "body", "tbody")
    wanted = [tag for tag in find_tags(masked.text) if tag.kind in ("open", "alone") and tag.name not in added]
    there = [tag.name for tag in find_tags(after) if tag.kind in ("open", "alone") and tag.name not in added]
    for number, tag in enumerate(wanted):
        if number >= len(there) or there[number] != tag.name:
            problems.error(
                f"{tool} drops or moves <{tag.name}> here.", masked.place(tag.start),
                hint="Cells and rows stand inside a table: in what a set or macro captures too.",
            )  # fmt: skip
            return
