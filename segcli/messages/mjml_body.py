"""MJML with its tags masked, checked tag by tag, and compiled to HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count

import mrml

from segcli.messages.html_tags import RAW, Tag, find_tags
from segcli.messages.masking import Masked, mask_markup, unmask
from segcli.messages.pieces import Piece
from segcli.problems import Place, Problems, nearest

_CONDITIONS = re.compile(r"<!--(?:\[if |<!\[endif\]).*?-->", re.DOTALL)
_KEPT = re.compile(r"<!--segcli keeps (\d+)-->")
_CONTENT = ("mj-column", "mj-hero")
# Where each element may stand; mrml drops it elsewhere and says nothing.
_PARENTS: dict[str, tuple[str, ...]] = {
    "mjml": ("",),
    **dict.fromkeys(("mj-head", "mj-body"), ("mjml",)),
    **dict.fromkeys(
        ("mj-attributes", "mj-breakpoint", "mj-font", "mj-preview", "mj-style", "mj-title", "mj-html-attributes"),
        ("mj-head",),
    ),
    **dict.fromkeys(("mj-all", "mj-class"), ("mj-attributes",)),
    "mj-wrapper": ("mj-body",),
    **dict.fromkeys(("mj-section", "mj-hero"), ("mj-body", "mj-wrapper")),
    "mj-group": ("mj-section",),
    "mj-column": ("mj-section", "mj-group"),
    **dict.fromkeys(
        ("mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table", "mj-social", "mj-navbar",
         "mj-accordion", "mj-carousel"), _CONTENT),
    "mj-social-element": ("mj-social",),
    "mj-navbar-link": ("mj-navbar",),
    "mj-accordion-element": ("mj-accordion",),
    **dict.fromkeys(("mj-accordion-title", "mj-accordion-text"), ("mj-accordion-element",)),
    "mj-carousel-image": ("mj-carousel",),
    "mj-raw": (),
    "mj-include": (),
}  # fmt: skip
_NO_TEXT = frozenset({"mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"})


def compile_mjml(pieces: Sequence[Piece], problems: Problems) -> list[Piece] | None:
    """The HTML of a whole MJML document, as pieces; None and problems with their places if it is wrong."""
    before = len(problems.errors)
    masked, text = mask_markup(pieces, problems)
    check_mjml(masked, problems)
    if len(problems.errors) > before:
        return None
    output = _html_of(text, pieces, problems)
    return None if output is None else unmask(output, masked, "MJML", problems)


def compile_partial(pieces: Sequence[Piece], problems: Problems) -> list[Piece] | None:
    """The HTML of what stands in a column, as a table that can stand anywhere."""
    start, end = "<!--segcli partial starts-->", "<!--segcli partial ends-->"
    head = Piece(f"<mjml><mj-body><mj-section><mj-column>{start}", "words")
    tail = Piece(f"{end}</mj-column></mj-section></mj-body></mjml>", "words")
    masked, text = mask_markup([head, *pieces, tail], problems)
    output = _html_of(text, pieces, problems)
    if output is None:
        return None
    rows = output.partition(start)[2].partition(end)[0]
    table = '<table border="0" cellpadding="0" cellspacing="0" role="presentation" width="100%"><tbody>'
    return unmask(f"{table}{rows}</tbody></table>", masked, "MJML", problems)


def _html_of(text: str, pieces: Sequence[Piece], problems: Problems) -> str | None:
    # mrml refuses comments for Outlook (`<!--[if mso]>`) inside of tables, and keeps all others.
    comments = _CONDITIONS.findall(text)
    numbers = count()
    text = _CONDITIONS.sub(lambda _: f"<!--segcli keeps {next(numbers)}-->", text)
    try:
        output: str = mrml.to_html(text, None, mrml.RenderOptions(fonts={})).content
    except OSError as error:
        problems.error(f"MJML cannot read it: {error}", first_place(pieces))
        return None
    return _KEPT.sub(lambda found: comments[int(found.group(1))], output)


def first_place(pieces: Sequence[Piece]) -> Place | None:
    """Where the first piece stands that comes from a file of the user."""
    return next((piece.place for piece in pieces if piece.place), None)


def check_mjml(masked: Masked, problems: Problems) -> None:
    """Adds unknown tags, tags without their other half, tags where they are dropped, and text between elements."""
    found = Problems()
    _check(masked, found)
    # What stands nowhere is wrong in segcli's own layout because of what stands in it.
    problems.found += [each for each in found.found if each.place] or found.found


def _check(masked: Masked, problems: Problems) -> None:
    stack: list[Tag] = []
    position = 0
    for tag in find_tags(masked.text):
        parent = stack[-1].name if stack else ""
        if parent not in RAW:
            _check_signs(masked, position, tag.start, problems)
        if parent in _NO_TEXT:
            _check_text(masked, position, tag.start, parent, problems)
        position = tag.end
        if tag.kind == "comment":
            continue
        if tag.kind == "close":
            _close(tag, stack, masked, problems)
            continue
        _check_tag(tag, parent, masked, problems)
        if tag.kind == "open":
            stack.append(tag)
    _check_signs(masked, position, len(masked.text), problems)
    for tag in stack:
        problems.error(f"<{tag.name}> is never closed.", masked.place(tag.start), hint=f"Close it with </{tag.name}>.")


def _check_tag(tag: Tag, parent: str, masked: Masked, problems: Problems) -> None:
    place = masked.place(tag.start)
    if not tag.name.startswith("mj"):
        return
    parents = _PARENTS.get(tag.name)
    if parents is None:
        problems.error(f"MJML has no <{tag.name}>.", place, hint=nearest(tag.name, _PARENTS))
    elif tag.name == "mj-include":
        problems.error("<mj-include> is not used here.", place, hint="Write {% include 'file.mjml' %}.")
    elif parents and parent not in parents and parent != "mj-attributes" and parent not in ("mj-raw",):
        inside = f"in <{parent}>" if parent else "by itself"
        words = " or ".join(f"<{each}>" for each in parents if each)
        problems.error(f"<{tag.name}> stands {inside}, where MJML drops it.", place, hint=f"It stands in {words}.")


def _close(tag: Tag, stack: list[Tag], masked: Masked, problems: Problems) -> None:
    place = masked.place(tag.start)
    opener = next((opened for opened in reversed(stack) if opened.name == tag.name), None)
    if opener is None or (place is not None and masked.place(opener.start) is None):  # of the layout around it
        problems.error(f"</{tag.name}> closes nothing.", place)
        return
    while (opened := stack.pop()).name != tag.name:
        hint = f"</{tag.name}> comes first, at line {place.line}." if place else None
        problems.error(f"<{opened.name}> is never closed.", masked.place(opened.start), hint=hint)


def _check_signs(masked: Masked, start: int, end: int, problems: Problems) -> None:
    for sign in re.finditer("<", masked.text[start:end]):
        hint = "Write &lt; for the sign, or end the tag with >; the quotes of its attributes come in pairs."
        problems.error("'<' begins no tag.", masked.place(start + sign.start()), hint=hint)


def _check_text(masked: Masked, start: int, end: int, parent: str, problems: Problems) -> None:
    text = masked.text[start:end]
    for word in masked.words:
        text = text.replace(word, " " * len(word)) if word in text else text
    if text.strip():
        offset = start + len(text) - len(text.lstrip())
        problems.error(f"text stands in <{parent}>, where MJML drops it.", masked.place(offset),
                       hint="Put it into <mj-text>.")  # fmt: skip
