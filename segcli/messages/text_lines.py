"""Lines of a text template that hold only tags, which leave no line behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from segcli.messages.pieces import Piece, group_statements, merged, place_at
from segcli.problems import Problems

_MOST_LINE_ENDS = 2  # with one blank line
_KNOWN = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
_MAY_BE_NONE = re.compile(r"""''|""|\bif\b""")


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


def may_have_blank_lines(pieces: Sequence[Piece]) -> bool:
    """Whether a text may have several blank lines in a row when it is rendered: where something between two is not
    shown, or shown again and again. A value counts as some words, unless it says itself that it may be none."""
    groups = {group[0]: group for group in group_statements(pieces, Problems())}
    if any(piece.kind == "statement" and not _is_known(piece) for piece in pieces):
        return True
    # At the beginning a line end is a blank line, as behind two others.
    return _line_ends_behind(pieces, groups, 0, len(pieces), _MOST_LINE_ENDS) > _MOST_LINE_ENDS


def _is_known(piece: Piece) -> bool:
    return piece.name in _KNOWN or (piece.name == "set" and "=" in piece.inner)


def _line_ends_behind(
    pieces: Sequence[Piece], groups: Mapping[int, Sequence[int]], start: int, end: int, before: int
) -> int:
    """The most line ends that may stand behind these pieces, with so many before them; or of a run among them that has
    too many."""
    position = start
    while position < end and before <= _MOST_LINE_ENDS:
        piece = pieces[position]
        if piece.kind == "words":
            text = piece.text
            ahead = before + len(text) - len(text.lstrip("\n"))
            longest = max([ahead, *(len(run) for run in re.findall(r"\n+", text))])
            if longest > _MOST_LINE_ENDS:
                return longest
            before = ahead if not text.strip("\n") else len(text) - len(text.rstrip("\n"))
        elif piece.kind == "output":
            before = before if _MAY_BE_NONE.search(piece.inner) else 0
        elif position in groups:
            group = groups[position]
            ways = [_line_ends_behind(pieces, groups, a + 1, b, before) for a, b in pairwise(group)]
            if piece.name == "for":  # the body again, and behind itself
                ways.append(_line_ends_behind(pieces, groups, position + 1, group[1], max(before, ways[0])))
            if all(pieces[number].name != "else" for number in group):
                ways.append(before)
            before, position = max(ways), group[-1]
        position += 1
    return before


def _last_line(text: str, at_start: bool) -> str:
    """The last line of words, as far as it is known to be the whole line."""
    before, end, last = text.rpartition("\n")
    return last if end or at_start else f"{before}|{last}"
