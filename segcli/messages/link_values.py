"""Values inside of links: percent-encoded where they stand in a path, a query or a fragment, so that none breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import accumulate

from jinja2 import TemplateSyntaxError

from segcli.messages.constants import constant, lex
from segcli.messages.pieces import Piece, place_at

_BOUNDS = re.compile(r"[\s\"'<>()\[\]]")
_VALUE = "\0"  # stands for an output in the characters before a tag
# A link up to where values are only parts of it; one that is a value itself goes on with `?name=` or `&name=`.
_IN_LINK = re.compile(rf"https?://[^/?#]+[/?#]|[a-z][a-z0-9+.-]*:[^?]*\?|{_VALUE}.*[?&;][\w.-]+=", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_SIGNS = frozenset("~.|(),")
_KEYWORDS = frozenset({"if", "else", "and", "or", "not", "in", "is"})
_Token = tuple[str, str]


def with_encoded_values(pieces: Sequence[Piece], *, markup: bool) -> list[Piece]:
    """The pieces of a finished template with `| urlencode` at every output that stands inside of a link.

    What is a link as a whole, or its host, stays as it is, and so does what is encoded already. A link that is joined
    in an output (`{{ 'https://shop.example/?q=' ~ city }}`) becomes words and outputs; `markup` says that words are
    HTML.
    """
    found: list[Piece] = []
    before = ""  # what stands directly before, back to a space or a quote
    for piece in pieces:
        for part in _parts(piece, markup) if piece.kind == "output" and not before else [piece]:
            if part.kind == "words":
                before = _BOUNDS.split(before + part.text)[-1]
            elif part.kind == "output":
                part = _encoded(part) if _IN_LINK.match(before) else part
                before += _VALUE
            found.append(part)
    return found


def _parts(piece: Piece, markup: bool) -> Iterator[Piece]:
    """An output that joins a link, as the link's words and what is joined to them; any other output as it is."""
    tokens = _tokens(piece)
    operands = [(offset, "".join(text for _, text in operand)) for offset, operand in _operands(tokens)]
    values = [constant(text) for _, text in operands]
    if len(operands) < 2 or not values[0][0] or not _SCHEME.match(str(values[0][1])):
        yield piece
        return
    for (offset, text), (known, value) in zip(operands, values, strict=True):
        place = place_at(piece.place, piece.text, 2 + offset)
        if known and value is not None:
            yield Piece(escape(str(value)) if markup else str(value), "words", place)
        else:
            yield Piece(f"{{{{{text}}}}}", "output", place and place.moved(-2))


def _tokens(piece: Piece) -> list[_Token]:
    try:
        return list(lex(piece.text[2:-2]))
    except TemplateSyntaxError:
        return []  # the renderer's check says what is wrong


def _operands(tokens: list[_Token]) -> Iterator[tuple[int, list[_Token]]]:
    """What `~` joins, each with its offset; nothing where another operator decides what is joined."""
    offsets = [0, *accumulate(len(text) for _, text in tokens)]
    start, end = 0, len(tokens)
    while end - start > 1 and tokens[start][0] == "whitespace":
        start += 1
    while end - start > 1 and tokens[end - 1][0] == "whitespace":
        end -= 1
    if end - start > 1 and _closing(tokens, start) == end - 1:
        start, end = start + 1, end - 1
    depth, first = 0, start
    parts: list[tuple[int, list[_Token]]] = []
    for position in range(start, end):
        kind, text = tokens[position]
        depth += (text in ("(", "[")) - (text in (")", "]")) if kind == "operator" else 0
        if depth == 0 and _decides(kind, text):
            return
        if depth == 0 and (kind, text) == ("operator", "~"):
            parts.append((offsets[first], tokens[first:position]))
            first = position + 1
    yield from (*parts, (offsets[first], tokens[first:end]))


def _closing(tokens: list[_Token], start: int) -> int | None:
    """The place of the bracket that closes the one at `start`."""
    depth = 0
    for position in range(start, len(tokens)):
        kind, text = tokens[position]
        depth += (text == "(") - (text == ")") if kind == "operator" else 0
        if depth == 0:
            return position if position > start else None
    return None


def _decides(kind: str, text: str) -> bool:
    """Whether a sign binds what is beside it otherwise than a filter or `~` does."""
    return text in _KEYWORDS if kind == "name" else kind == "operator" and text not in _SIGNS | {"[", "]"}


def _encoded(piece: Piece) -> Piece:
    tokens = _tokens(piece)
    if not tokens or ("name", "urlencode") in tokens:
        return piece
    inner = piece.text[2:-2]
    if any(_decides(kind, text) or text == "~" for kind, text in tokens):
        # The bracket takes the place of a brace, so that the names stay at their columns.
        return Piece(f"{{{{({inner})| urlencode }}}}", "output", piece.place and piece.place.moved(-1))
    return Piece(f"{{{{{inner.rstrip()} | urlencode }}}}", "output", piece.place)
