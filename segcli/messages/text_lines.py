"""Lines of a text template that hold only tags, which leave no line behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from segcli.messages.pieces import Piece, merged, place_at


def without_lines_of_tags(pieces: Sequence[Piece], is_partial: Callable[[Piece], bool]) -> list[Piece]:
    """The pieces without the line ends of lines that hold only statements, and without those and the empty line after
    them of lines that hold only a partial, which brings its own."""
    found = merged(pieces)
    position, at_start = 0, True  # nothing but white space in this line so far
    while position < len(found):
        end, partial = position, False
        while end < len(found) and (found[end].kind == "statement" or is_partial(found[end])):
            partial = partial or is_partial(found[end])
            end += 1
        if end == position:
            piece = found[position]
            at_start = not piece.is_tag and re.fullmatch(r"[ \t]*", _last_line(piece.text, at_start)) is not None
            position += 1
            continue
        after = found[end] if end < len(found) else None
        pattern = r"[ \t]*\n\n?" if partial else r"[ \t]*\n"
        ends = re.match(pattern, after.text) if at_start and after and after.kind == "words" else None
        if ends and after:
            found[end] = Piece(after.text[ends.end() :], "words", place_at(after.place, after.text, ends.end()))
        at_start = ends is not None or (at_start and not partial)
        position = end
    return [piece for piece in found if piece.text]


def _last_line(text: str, at_start: bool) -> str:
    """The last line of words, as far as it is known to be the whole line."""
    before, end, last = text.rpartition("\n")
    return last if end or at_start else f"{before}|{last}"
