"""What is unwise or unlawful in a message that compiles: no way out, no alt text, words and CSS that cost readers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from yamlcore import CCoreLoader

from segcli.messages.context import OF_MESSAGE
from segcli.messages.front_matter import Head, read_head
from segcli.messages.html_tags import find_tags
from segcli.messages.layout import LAYOUT_FILE, LAYOUT_TEXT, Layout
from segcli.messages.link_lints import check_links
from segcli.messages.markdown_lints import check_markdown
from segcli.messages.masking import Masked, mask
from segcli.messages.message_files import MessageFile
from segcli.messages.mjml_lints import check_attributes
from segcli.messages.model import LONGEST_SUBJECT, CompiledMessage, Source
from segcli.messages.pieces import Piece, split_pieces
from segcli.messages.written import Written, is_document, written_for, written_in_layout
from segcli.problems import Place, Problems
from segcli.project.yaml_text import shown_path

_FOLDER = Path(__file__).parent
_TAG = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*")
_WAY_OUT = {"unsubscribe_url": "link to unsubscribe", "sender_address": "postal address"}
_HTTP = re.compile(r"http://(?!www\.w3\.org/)[^\s\"'()<>]+")
_MARKDOWN_IMAGE = re.compile(r"!\[(\s*)\][(\[]")
_MARKDOWN_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(")
_BUTTON = re.compile(r"\bbutton\s*\(\s*(?:label\s*=\s*)?(['\"])(.*?)\1")
_RULE = re.compile(r"(?:^|[;{\s])(-?[a-z][a-z-]*)\s*:\s*([^;{}]+)", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none")  # as a preheader is, with whatever hides it elsewhere
_FUNCTION = re.compile(r"\b([a-z-]+)\(", re.IGNORECASE)


@dataclass(frozen=True)
class Lints:
    """What the checks of one message share."""

    problems: Problems
    key: str | None

    def warn(self, text: str, place: Place | None, hint: str | None = None) -> None:
        self.problems.warn(text, place, self.key, hint)

    def error(self, text: str, place: Place | None, hint: str | None = None) -> None:
        self.problems.error(text, place, self.key, hint)


def check_message(
    file: MessageFile, message: CompiledMessage, layout: Layout, problems: Problems, *, marketing: bool = True,
    shop: str | None = None, key: str | None = None,
) -> None:  # fmt: skip
    """Adds what is wrong or unwise in a compiled email. `shop` is the address of the shop, for examples of links."""
    ignored = Problems()
    head = read_head(file.path, ignored)
    if head is None:
        return
    lints = Lints(problems, key)
    _check_head(head, lints)
    written = written_for(file)
    if marketing:
        _check_way_out(head, message, written, layout, lints)
    for each in written:
        _check_written(each, lints)
    check_links(message, [*written, *written_in_layout(layout)], problems, Place(shown_path(file.path), 1, 1), shop)


def check_layout(layout: Layout, problems: Problems) -> None:
    """Adds what is unwise in the shop's own files of the layout; their links are checked with each message."""
    for each in written_in_layout(layout):
        _check_written(each, Lints(problems, None))


def _check_head(head: Head, lints: Lints) -> None:
    if not head.subject:
        lints.error(
            "the message has no subject.", head.place("subject"), 'Write subject: "..." between two lines of ---.'
        )
    else:
        length = _longest_way(head.subject)
        if length > LONGEST_SUBJECT:
            text = f"the subject has {length} characters without its fields; phones show about {LONGEST_SUBJECT}."
            lints.warn(text, head.place("subject"), "Put what matters first, and the rest into the preheader.")
    if not head.preheader:
        hint = 'Write preheader: "..."; without it mail programs show the first words of the mail.'
        lints.warn("the message has no preheader.", head.place("preheader"), hint)


def _longest_way(pieces: Sequence[Piece]) -> int:
    """How many characters the words have on the longest way through the branches; fields count as none."""
    ways, longest = [0], [0]  # of the branch at each depth, and of the longest one there before it
    for piece in pieces:
        if not piece.is_tag:
            ways[-1] += len(piece.text)
        elif piece.name == "if" and piece.kind == "statement":
            ways.append(0)
            longest.append(0)
        elif piece.name in ("elif", "else", "endif") and piece.kind == "statement" and len(ways) > 1:
            longest[-1], ways[-1] = max(longest[-1], ways[-1]), 0
            if piece.name == "endif":
                ways.pop()
                ways[-1] += longest.pop()
    return sum(ways)


def _check_way_out(
    head: Head, message: CompiledMessage, written: Sequence[Written], layout: Layout, lints: Lints
) -> None:
    frames = {"HTML": LAYOUT_FILE if _is_in_layout(written) else None, "text": LAYOUT_TEXT}
    for part, source in (("HTML", message.html), ("text", message.text)):
        for name, what in _WAY_OUT.items() if source is not None else ():
            if source is None or _names(source, name):
                continue
            frame = frames[part]
            path = layout.find(frame) if frame else None
            own = layout.place(path) if path else None
            hint = f"Put {{{{ {name} }}}} into it; the shipped layout's footer has it."
            if own is not None:
                lints.error(f"the layout has no {what} for marketing messages.", own, hint)
            else:
                place = Place(shown_path(head.path), 1, 1)
                lints.error(f"the {part} of a marketing message has no {what}.", place, hint)


def _is_in_layout(written: Sequence[Written]) -> bool:
    """Whether the HTML of a body is put into the layout's."""
    body = written[0]
    return body.suffix == ".md" or (body.suffix == ".mjml" and not is_document(body.text))


def _names(source: Source, name: str) -> bool:
    """Whether a template names something, or means to: a name like it is told of where it stands."""
    named = {word for tag in _TAG.findall(source.text) for word in _NAME.findall(tag)}
    return name in named or bool(get_close_matches(name, named - OF_MESSAGE.keys(), cutoff=0.8))


def _check_written(written: Written, lints: Lints) -> None:
    for link in _HTTP.finditer(written.text):
        hint = "Use https: mail programs warn of the other."
        lints.warn(f"'{link.group()}' is not encrypted.", written.place(link.start()), hint)
    masked = mask(split_pieces(written.text, written.origin, Problems()))
    if written.suffix == ".md":
        check_markdown(written, lints.problems)
        for image in _MARKDOWN_IMAGE.finditer(written.text):
            hint = "Say between the brackets what it shows, for those who see no images: ![a red cup](https://...)."
            lints.error("the image has no alt text.", written.place(image.start()), hint)
    if written.suffix in (".mjml", ".html"):
        _check_images(masked, lints)
        for start, styles in _styles(masked.text):
            _check_css(styles, start, masked, lints)
    if written.suffix == ".mjml":
        check_attributes(masked, lints.problems)
    for words, place in _calls_to_action(written, masked):
        found = friction_word(words)
        if found:
            hint = "Ask for a look instead, such as 'Return to your cart'."
            said = " ".join(words.split())
            lints.warn(f"'{said}' asks for money: '{found}' keeps people from clicking.", place, hint)


def _check_images(masked: Masked, lints: Lints) -> None:
    usual = False  # mj-attributes says how elements look, and shows none
    for tag in find_tags(masked.text):
        usual = tag.kind == "open" if tag.name == "mj-attributes" else usual
        shown = tag.name in ("img", "mj-image") and tag.kind in ("open", "alone") and not usual
        if shown and "alt" not in tag.attributes:
            hint = 'Say in alt what it shows, for those who see no images; alt="" for mere decoration.'
            lints.error("the image has no alt text.", masked.place(tag.start), hint)


def _styles(text: str) -> Iterator[tuple[int, str]]:
    for tag in find_tags(text):
        if tag.kind in ("open", "alone"):
            styles = ((start, value) for name, value, start, _ in tag.attribute_spans() if name == "style")
            yield from ((start, value) for start, value in styles if not _HIDDEN.search(value))
        if tag.kind == "open" and tag.name in ("style", "mj-style"):
            yield tag.end, text[tag.end : text.find(f"</{tag.name}", tag.end)]


def _check_css(styles: str, start: int, masked: Masked, lints: Lints) -> None:
    support = css_support()
    for rule in _RULE.finditer(styles):
        name, value = rule.group(1).lower(), re.split(r"[\s!]", rule.group(2), maxsplit=1)[0].lower()
        found = [(rule.group(1), rule.start(1), support["properties"].get(name))]
        found.append((f"{rule.group(1)}: {value}", rule.start(1), support["values"].get(name, {}).get(value)))
        for function in _FUNCTION.finditer(rule.group(2)):
            entry = support["functions"].get(function.group(1).lower())
            found.append((f"{function.group(1)}()", rule.start(2) + function.start(1), entry))
        for said, offset, entry in found:
            if entry is not None:
                dropped_by = _listed([support["clients"][client] for client in entry["dropped_by"]])
                source = f"https://www.caniemail.com/features/css-{entry['page']}/"
                place = masked.place(start + offset)
                lints.warn(f"'{said}' is dropped by {dropped_by} ({source}).", place, entry["instead"])


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _calls_to_action(written: Written, masked: Masked) -> Iterator[tuple[str, Place | None]]:
    for button in _BUTTON.finditer(written.text):
        yield button.group(2), written.place(button.start(2))
    if written.suffix == ".md":
        for link in _MARKDOWN_LINK.finditer(written.text):
            yield link.group(1), written.place(link.start(1))
    if written.suffix in (".mjml", ".html"):
        opened: list[int] = []
        for tag in find_tags(masked.text):
            if tag.name in ("a", "mj-button") and tag.kind == "open":
                opened.append(tag.end)
            elif tag.name in ("a", "mj-button") and tag.kind == "close" and opened:
                start = opened.pop()
                words = re.sub(r"<[^>]*>", " ", masked.text[start : tag.start])
                yield words, masked.place(start)


def friction_word(words: str) -> str | None:
    """The word of a call to action that asks for money, the longest one; None if there is none."""
    spoken = " ".join(re.findall(r"[^\W_]+", _folded(words)))
    found = [word for word in _friction_words() if f" {_folded(word)} " in f" {spoken} "]
    return max(found, key=len, default=None)


def _folded(words: str) -> str:
    # The capital of Turkish dotless i is I, which folds to i.
    return words.casefold().replace("ı", "i")


@cache
def _friction_words() -> tuple[str, ...]:
    lists = yaml.load((_FOLDER / "friction_words.yaml").read_text("utf-8"), Loader=CCoreLoader)
    return tuple(word for words in lists.values() for word in words)


@cache
def css_support() -> Mapping[str, Any]:
    """css_support.yaml: `properties`, `functions` and `values`, each with page, dropped_by and instead."""
    found: dict[str, Any] = yaml.load((_FOLDER / "css_support.yaml").read_text("utf-8"), Loader=CCoreLoader)
    return found
