"""An HTML body: its styles moved into the tags, its template left where it was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import css_inline

from segcli.messages.html_tags import find_tags
from segcli.messages.masking import Masked, check_elements_kept, mask_markup, unmask
from segcli.messages.mjml_body import compile_partial, first_place
from segcli.messages.partials import Expansion
from segcli.messages.pieces import Piece, merged, place_at
from segcli.problems import Problems

_HIDDEN = '<div style="display:none;max-height:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px">'


def compile_html(pieces: Sequence[Piece], expansion: Expansion) -> list[Piece] | None:
    """The finished HTML of a `.html` body, as pieces; None and problems if a tool would change its sense."""
    problems = expansion.problems
    before = len(problems.errors)
    with_partials: list[Piece] = []
    for piece in pieces:
        if expansion.is_partial(piece):
            with_partials += compile_partial(expansion.expanded([piece], "mjml"), problems) or ()
        else:
            with_partials.append(piece)
    masked, text = mask_markup(_with_bodies(_as_document(expansion.expanded(with_partials, "mjml"))), problems)
    _check_no_stylesheets(masked, problems)
    if len(problems.errors) > before:
        return None
    try:
        output = _inliner().inline(text)
    except (css_inline.InlineError, ValueError) as error:
        problems.error(f"its styles cannot be put into its tags: {error}", first_place(pieces))
        return None
    check_elements_kept(output, masked, "HTML", problems)
    if len(problems.errors) > before:
        return None
    return unmask(output, masked, "HTML", problems)


def _check_no_stylesheets(masked: Masked, problems: Problems) -> None:
    for tag in find_tags(masked.text):
        if tag.name == "link" and "stylesheet" in tag.attributes.get("rel", "").lower().split():
            problems.error(
                "mail programs load no stylesheets.", masked.place(tag.start),
                hint="Put its CSS into a <style> in the file, from where it is moved into the tags.",
            )  # fmt: skip


@cache
def _inliner() -> css_inline.CSSInliner:
    # Rules that cannot stand in a tag (:hover, media queries) stay in the head; nothing is loaded from anywhere.
    return css_inline.CSSInliner(
        keep_style_tags=True, keep_at_rules=True, remove_inlined_selectors=True, load_remote_stylesheets=False
    )


def _as_document(pieces: Sequence[Piece]) -> list[Piece]:
    """A fragment gets the document around it that mail programs need."""
    if re.search(r"<html\b", "".join(piece.text for piece in pieces if not piece.is_tag), re.IGNORECASE):
        return list(pieces)
    head = (
        '<!DOCTYPE html><html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title></title></head><body>'
    )
    preheader = Piece("{{ preheader | default('') }}", "output")
    start = [Piece(head + _HIDDEN, "words"), preheader, Piece("</div>", "words")]
    return [*start, *pieces, Piece("</body></html>", "words")]


def _with_bodies(pieces: Sequence[Piece]) -> list[Piece]:
    """A `<tbody>` where a table has rows without one: a reader of HTML adds it, and a loop would stand half outside."""
    pieces = merged(pieces)
    words = "".join("\0" * len(piece.text) if piece.is_tag else piece.text for piece in pieces)
    inserts: list[tuple[int, str]] = []
    tables: list[tuple[int, bool | None]] = []  # the end of the opening tag; whether a tbody is to be added
    for tag in find_tags(words):
        if tag.name == "table" and tag.kind == "open":
            tables.append((tag.end, None))
        elif tables and tag.kind == "open" and tables[-1][1] is None:
            tables[-1] = (tables[-1][0], tag.name == "tr")
        elif tables and tag.kind == "close" and tag.name == "table":
            start, added = tables.pop()
            inserts += [(start, "<tbody>"), (tag.start, "</tbody>")] if added else []
    found: list[Piece] = []
    start = 0
    for piece in pieces:
        end = start + len(piece.text)
        position = 0
        for offset, text in sorted(inserts):
            if not piece.is_tag and start <= offset < end:
                found += _part(piece, position, offset - start)
                found.append(Piece(text, "words"))
                position = offset - start
            elif piece.is_tag and offset == start:
                found.append(Piece(text, "words"))
        found += [piece] if piece.is_tag else _part(piece, position, len(piece.text))
        start = end
    return found


def _part(piece: Piece, start: int, end: int) -> list[Piece]:
    return [Piece(piece.text[start:end], "words", place_at(piece.place, piece.text, start))] if start < end else []
