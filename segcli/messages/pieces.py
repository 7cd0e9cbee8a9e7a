"""A template as pieces: the words between Jinja's tags, and its tags with the places where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from segcli.messages.model import Source
from segcli.problems import Place, Problems

_OPENING = re.compile(r"\{\{|\{%|\{#")
_INSIDE = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|%\}|[{}]", re.DOTALL)
_ENDRAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_WORD = re.compile(r"[A-Za-z_]+")
_OPENERS = frozenset({"if", "for", "macro", "call", "filter", "with", "block", "autoescape"})
_MIDDLES = frozenset({"elif", "else"})


@dataclass(frozen=True)
class Piece:
    """Words, an output `{{ }}` or a statement `{% %}`, and where its first character stands."""

    text: str
    kind: Literal["words", "output", "statement"]
    place: Place | None = None

    @property
    def is_tag(self) -> bool:
        return self.kind != "words"

    @property
    def inner(self) -> str:
        """What stands between the braces of a tag."""
        return self.text[2:-2].strip()

    @property
    def name(self) -> str:
        """The first word of a tag: `if`, `endfor`, or the name of what is called."""
        found = _WORD.match(self.inner)
        return found.group() if found else ""

    @property
    def shown(self) -> str:
        """A tag as a problem quotes it, in one line."""
        text = " ".join(self.text.split())
        return text if len(text) <= 60 else f"{text[:57]}..."


def place_at(origin: Place | None, text: str, offset: int) -> Place | None:
    """Where the character at `offset` of `text` stands, when the first one stands at `origin`."""
    if origin is None or origin.line is None or origin.fixed:
        return origin
    before = text[:offset]
    lines = before.count("\n")
    if not lines:
        return Place(origin.path, origin.line, (origin.column or 1) + offset)
    return Place(origin.path, origin.line + lines, offset - before.rfind("\n"))


def split_pieces(text: str, origin: Place | None, problems: Problems) -> list[Piece]:
    """The pieces of a template. Comments are left out, raw parts are words, and `-` in a tag has done its work."""
    return list(_without_empty(_Scanner(text, origin, problems).pieces()))


def _without_empty(pieces: Iterable[Piece]) -> Iterator[Piece]:
    return (piece for piece in pieces if piece.text)


class _Scanner:
    def __init__(self, text: str, origin: Place | None, problems: Problems) -> None:
        self.text, self.origin, self.problems = text, origin, problems

    def place(self, offset: int) -> Place | None:
        return place_at(self.origin, self.text, offset)

    def words(self, start: int, end: int, *, strip_left: bool, strip_right: bool) -> Piece:
        words = self.text[start:end]
        if strip_left:
            start += len(words) - len(words.lstrip())
            words = words.lstrip()
        return Piece(words.rstrip() if strip_right else words, "words", self.place(start))

    def pieces(self) -> Iterator[Piece]:
        position, strip = 0, False
        while opening := _OPENING.search(self.text, position):
            start = opening.start()
            end = self.end_of_tag(start, opening.group())
            if end is None:
                self.problems.error(f"'{opening.group()}' is never closed.", self.place(start), hint=_CLOSING_HINT)
                return
            tag = self.text[start:end]
            yield self.words(position, start, strip_left=strip, strip_right=tag[2:3] == "-" and end - start > 4)
            position, strip = end, tag[-3:-2] == "-"
            if opening.group() == "{#":
                continue
            inner = tag[2:-2].removeprefix("-").removeprefix("+").removesuffix("-").removesuffix("+")
            if opening.group() == "{%" and inner.strip() == "raw":
                close = _ENDRAW.search(self.text, end)
                if close is None:
                    self.problems.error("'{% raw %}' has no '{% endraw %}'.", self.place(start))
                    return
                yield self.words(end, close.start(), strip_left=strip, strip_right=False)
                position, strip = close.end(), close.group().endswith("-%}")
                continue
            kind: Literal["output", "statement"] = "output" if opening.group() == "{{" else "statement"
            yield Piece(tag[:2] + inner + tag[-2:], kind, self.place(start))
        yield self.words(position, len(self.text), strip_left=strip, strip_right=False)

    def end_of_tag(self, start: int, opening: str) -> int | None:
        if opening == "{#":
            end = self.text.find("#}", start + 2)
            return None if end < 0 else end + 2
        position, depth = start + 2, 0
        while found := _INSIDE.search(self.text, position):
            sign, position = found.group(), found.end()
            if sign == "%}":
                if opening == "{%" and depth == 0:
                    return position
                position -= 1  # the brace may close a mapping: `{{ {'a': 7 %}...` is never right, and is found below
            elif sign == "{":
                depth += 1
            elif sign == "}":
                if depth == 0 and opening == "{{":
                    if self.text[position : position + 1] == "}":
                        return position + 1
                    return None
                depth -= 1
        return None


_CLOSING_HINT = (
    "Close an output with '}}' and a statement with '%}'; put a brace that is meant as a sign in {{ '{{' }}."
)


def group_statements(pieces: Sequence[Piece], problems: Problems) -> list[list[int]]:
    """The positions of the statements that belong together: `if`, its `elif` and `else`, and its `endif`.

    What is not closed, or closes nothing, is a problem and in no group.
    """
    groups: list[list[int]] = []
    open_groups: list[list[int]] = []
    for position, piece in enumerate(pieces):
        if piece.kind != "statement":
            continue
        name = piece.name
        if name in _OPENERS or (name == "set" and "=" not in piece.inner):
            open_groups.append([position])
        elif name in _MIDDLES or name.startswith("end"):
            opener = name.removeprefix("end")
            if not open_groups or (name not in _MIDDLES and opener not in [pieces[g[0]].name for g in open_groups]):
                problems.error(f"'{piece.shown}' closes nothing.", piece.place)
                continue
            while name not in _MIDDLES and pieces[open_groups[-1][0]].name != opener:
                _report_open(pieces[open_groups.pop()[0]], problems, piece)
            open_groups[-1].append(position)
            if name not in _MIDDLES:
                groups.append(open_groups.pop())
    for group in open_groups:
        _report_open(pieces[group[0]], problems)
    return groups


def _report_open(piece: Piece, problems: Problems, before: Piece | None = None) -> None:
    hint = f"'{before.shown}' comes first, at line {before.place.line}." if before and before.place else None
    problems.error(f"'{piece.shown}' has no '{{% end{piece.name} %}}'.", piece.place, hint=hint)


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """The same pieces with words that follow each other in one where they also do so in a file, or come from none."""
    found: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        last = found[-1] if found else None
        if (
            last
            and piece.kind == last.kind == "words"
            and piece.place == place_at(last.place, last.text, len(last.text))
        ):
            found[-1] = replace(last, text=last.text + piece.text)
        else:
            found.append(piece)
    return found


def to_source(pieces: Iterable[Piece], *, escape: bool) -> Source:
    """Final Jinja source. Every tag begins a line of its own, so that a line number alone tells its place."""
    text: list[str] = []
    places: list[Place | None] = [None]
    for piece in merged(piece if piece.is_tag else replace(piece, place=None) for piece in pieces):
        if not piece.is_tag:
            words = _OPENING.sub(lambda found: f'{{{{\n"{found.group()}" }}}}', piece.text)
            text.append(words)
            places.extend([None] * words.count("\n"))
            continue
        # A line break inside the braces is white space to Jinja, and nothing to the reader of the mail.
        inner = piece.text[2:-2]
        text.append(f"{piece.text[:2]}\n{inner.lstrip(chr(10))}{piece.text[-2:]}")
        skipped = 2 + len(inner) - len(inner.lstrip("\n"))
        ends = [end.end() for end in re.finditer("\n", piece.text[skipped:])]
        places += [place_at(piece.place, piece.text, skipped + end) for end in (0, *ends)]
    return Source("".join(text), escape, tuple(places))
