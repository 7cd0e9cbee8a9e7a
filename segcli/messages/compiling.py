"""One message file in one language to finished Jinja sources: subject, preheader, HTML and text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from segcli.messages.front_matter import Head, read_head
from segcli.messages.html_body import compile_html
from segcli.messages.layout import LAYOUT_FILE, LAYOUT_TEXT, Layout
from segcli.messages.link_values import with_encoded_values
from segcli.messages.markdown_body import read_markdown
from segcli.messages.message_files import MessageFile
from segcli.messages.mjml_body import compile_mjml, compile_partial
from segcli.messages.model import CompiledMessage, Source
from segcli.messages.partials import Expansion, read_text
from segcli.messages.pieces import Piece, group_statements, merged, place_at, split_pieces, to_source
from segcli.messages.text_lines import may_have_blank_lines, without_lines_of_tags
from segcli.messages.text_part import text_of_markdown, text_of_markup
from segcli.messages.written import body_file, is_document
from segcli.problems import Place, Problems
from segcli.project.yaml_text import shown_path


@dataclass(frozen=True)
class _Body:
    """The pieces of a body with includes put in, and what kind of file they come from."""

    kind: str  # the suffix
    pieces: tuple[Piece, ...]


def compile_message(
    file: MessageFile, layout: Layout, problems: Problems, *, marketing: bool = True, channel: str = "email"
) -> CompiledMessage | None:
    """Compiles a message; None if there is an error, and all problems with their places.

    A message that is not marketing has no unsubscribe link in its footer. A `.txt` alone is an SMS when the channel is
    sms, and else a mail of text alone.
    """
    before = len(problems.errors)
    head = read_head(file.path, problems)
    if head is None:
        return None
    source_file, body_head = body_file(file, head, problems)
    if body_head is None or source_file is None:
        return None
    expansion = _expansion(layout, body_head.path.parent, file.language, problems, marketing=marketing)
    html, text = _parts(source_file, body_head, expansion, channel)
    subject, preheader = _line(head, "subject", expansion), _line(head, "preheader", expansion)
    if len(problems.errors) > before or text is None:
        return None
    return CompiledMessage(
        file.name, shown_path(file.path), file.language, file.variant, subject, preheader, html, text,
        head.from_name or body_head.from_name, head.reply_to or body_head.reply_to, head.landing or body_head.landing,
        (head if head.landing else body_head).place("landing"),
    )  # fmt: skip


def _expansion(layout: Layout, folder: Path, language: str | None, problems: Problems, *, marketing: bool) -> Expansion:
    known, places = layout.known(language, marketing=marketing), layout.places_of_words(language)
    return Expansion(layout, folder, known, problems, places)


def compile_page(path: Path, layout: Layout, problems: Problems, *, language: str | None = None) -> Source | None:
    """A page of HTML (a landing page) with includes, partials and the brand put in; its styles stay as they are."""
    text = read_text(path, problems)
    if text is None:
        return None
    before = len(problems.errors)
    expansion = _expansion(layout, path.parent, language, problems, marketing=True)
    pieces = expansion.included(split_pieces(text, Place(shown_path(path), 1, 1), problems))
    group_statements(pieces, problems)
    found: list[Piece] = []
    for piece in pieces:
        expanded = expansion.expanded([piece], "mjml")
        found += (compile_partial(expanded, problems) or ()) if expansion.is_partial(piece) else expanded
    return _finished(found, markup=True) if len(problems.errors) == before else None


def _finished(pieces: Sequence[Piece], *, markup: bool) -> Source:
    return to_source(with_encoded_values(pieces, markup=markup), escape=markup)


def _line(head: Head, name: str, expansion: Expansion) -> Source | None:
    pieces = head.subject if name == "subject" else head.preheader
    if pieces is None:
        return None
    group_statements(pieces, expansion.problems)
    words = [each if each.is_tag else replace(each, text=re.sub(r"\s*\n\s*", " ", each.text)) for each in pieces]
    for piece in pieces:
        if expansion.is_partial(piece):
            expansion.problems.error(f"'{piece.shown}' stands in the {name}.", piece.place, hint="It stands in a body.")
            return None
    return to_source(expansion.expanded(words, "txt"), escape=False)


def _parts(file: MessageFile, head: Head, expansion: Expansion, channel: str) -> tuple[Source | None, Source | None]:
    problems = expansion.problems
    before = len(problems.errors)
    pieces = expansion.included(split_pieces(head.body, head.body_place, problems))
    group_statements(pieces, problems)
    if len(problems.errors) > before:
        return None, None
    if not "".join(piece.text for piece in pieces).strip():
        problems.error("the message says nothing.", head.body_place, hint="Write it below the front matter.")
        return None, None
    if file.body is None:
        return None, _text(without_lines_of_tags(pieces, expansion.is_partial), expansion, in_layout=channel == "email")
    html, derived = _html_and_text(_Body(file.body.suffix, tuple(pieces)), expansion)
    if file.text is not None:
        derived = _text_file(file.text, expansion)
    text = _text(derived, expansion, in_layout=not _has_footer(derived, expansion)) if derived is not None else None
    if text is not None and file.text is None and file.body.suffix != ".md":
        # Nobody wrote these lines: they are what is left of elements, of which any may be shown or not.
        text = replace(text, one_blank_line=may_have_blank_lines(split_pieces(text.text, None, Problems())))
    return (_finished(html, markup=True) if html is not None else None), text


def _has_footer(pieces: Sequence[Piece], expansion: Expansion) -> bool:
    """Whether a text brings what the layout would put below it, as that of a whole document of HTML may."""
    wanted = ["sender_address", *(["unsubscribe_url"] if expansion.known["layout.marketing"] == "True" else [])]
    outputs = " ".join(piece.inner for piece in pieces if piece.kind == "output")
    return all(re.search(rf"\b{name}\b", outputs) for name in wanted)


def _html_and_text(body: _Body, expansion: Expansion) -> tuple[list[Piece] | None, list[Piece] | None]:
    problems = expansion.problems
    if body.kind == ".md":
        before = len(problems.errors)
        markdown = read_markdown(body.pieces, expansion)
        if len(problems.errors) > before:
            return None, None
        column = markdown.to_mjml(expansion.layout.brand, problems)
        text = text_of_markdown(markdown, problems) if column is not None else None
        return (_in_layout(_in_section(column), expansion) if column is not None else None), text
    text = text_of_markup(body.pieces, problems)
    if body.kind == ".html":
        return compile_html(body.pieces, expansion), text
    words = "".join(piece.text for piece in body.pieces if not piece.is_tag)
    if is_document(words):
        return compile_mjml(expansion.expanded(body.pieces, "mjml"), problems), text
    return _in_layout(body.pieces, expansion), text


def _in_section(column: Sequence[Piece]) -> list[Piece]:
    head = '<mj-section css-class="surface"><mj-column>'
    return [Piece(head, "words"), *column, Piece("</mj-column></mj-section>", "words")]


def _in_layout(sections: Sequence[Piece], expansion: Expansion) -> list[Piece] | None:
    around = _layout_pieces(LAYOUT_FILE, expansion)
    if around is None:
        return None
    whole = [inner for piece in around for inner in (sections if _is_content(piece) else [piece])]
    return compile_mjml(expansion.expanded(whole, "mjml"), expansion.problems)


def _is_content(piece: Piece) -> bool:
    return piece.kind == "output" and piece.inner == "content"


def _layout_pieces(name: str, expansion: Expansion) -> list[Piece] | None:
    path = expansion.layout.find(name)
    text = read_text(path, expansion.problems) if path else None
    if path is None or text is None:
        expansion.problems.error(f"the layout has no {name}.")
        return None
    before = len(expansion.problems.errors)
    pieces = split_pieces(text, expansion.layout.place(path), expansion.problems)
    group_statements(pieces, expansion.problems)
    if not any(_is_content(piece) for piece in pieces):
        hint = "The text of the message is put there."
        expansion.problems.error("the layout has no '{{ content }}'.", Place(shown_path(path), 1, 1), hint=hint)
    return pieces if len(expansion.problems.errors) == before else None


def _text_file(path: Path, expansion: Expansion) -> list[Piece] | None:
    text = read_text(path, expansion.problems)
    if text is None:
        return None
    if text.startswith("---\n"):
        message = "the front matter of a message stands beside its body, not in its text part."
        expansion.problems.error(message, Place(shown_path(path), 1, 1))
        return None
    pieces = expansion.included(split_pieces(text, Place(shown_path(path), 1, 1), expansion.problems))
    group_statements(pieces, expansion.problems)
    return without_lines_of_tags(pieces, expansion.is_partial)


def _text(pieces: Sequence[Piece], expansion: Expansion, *, in_layout: bool) -> Source | None:
    """The text with its partials, in the layout's text unless it is an SMS."""
    partial = expansion.is_partial
    inner = _stripped(pieces)
    around = _layout_pieces(LAYOUT_TEXT, expansion) if in_layout else [Piece("{{ content }}", "output")]
    if around is None:
        return None
    whole: list[Piece] = []
    for piece in without_lines_of_tags(around, partial):
        if whole and partial(whole[-1]) and not piece.is_tag:
            piece = replace(piece, text=piece.text.lstrip("\n"))
        whole += inner if _is_content(piece) else [piece]
    return _finished(_stripped(expansion.expanded(whole, "txt")), markup=False)


def _stripped(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces without white space at both ends."""
    found = merged(pieces)
    if found and not found[0].is_tag:
        text = found[0].text.lstrip()
        found[0] = Piece(text, "words", place_at(found[0].place, found[0].text, len(found[0].text) - len(text)))
    if found and not found[-1].is_tag:
        found[-1] = replace(found[-1], text=found[-1].text.rstrip())
    return [piece for piece in found if piece.text]
