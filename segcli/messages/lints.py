"""What is unwise or unlawful in a message that compiles: no way out, no alt text, words and CSS that cost readers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from yamlcore import CCoreLoader

from segcli.messages.front_matter import Head, read_head
from segcli.messages.html_tags import find_tags
from segcli.messages.masking import Masked, mask
from segcli.messages.message_files import MessageFile, find_messages
from segcli.messages.model import LONGEST_SUBJECT, CompiledMessage, Source
from segcli.messages.pieces import place_at, split_pieces
from segcli.problems import Place, Problems
from segcli.project.yaml_text import shown_path

_FOLDER = Path(__file__).parent
_TAG = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)
_HTTP = re.compile(r"http://(?!www\.w3\.org/)[^\s\"'()<>]+")
_MARKDOWN_IMAGE = re.compile(r"!\[(\s*)\]\(")
_MARKDOWN_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(")
_BUTTON = re.compile(r"\bbutton\s*\(\s*(?:label\s*=\s*)?(['\"])(.*?)\1")
_RULE = re.compile(r"(?:^|[;{\s])(-?[a-z][a-z-]*)\s*:\s*([^;{}]+)")
_FUNCTION = re.compile(r"\b([a-z-]+)\(")


@dataclass(frozen=True)
class Lints:
    """What the checks of one message share."""

    message: CompiledMessage
    problems: Problems
    key: str | None

    def warn(self, text: str, place: Place | None, hint: str | None = None) -> None:
        self.problems.warn(text, place, self.key, hint)

    def error(self, text: str, place: Place | None, hint: str | None = None) -> None:
        self.problems.error(text, place, self.key, hint)


def check_message(
    file: MessageFile, message: CompiledMessage, problems: Problems, *, marketing: bool = True,
    sender_address: bool = True, key: str | None = None,
) -> None:  # fmt: skip
    """Adds what is wrong or unwise in a compiled email. `sender_address` says that the project has one."""
    ignored = Problems()
    head = read_head(file.path, ignored)
    if head is None:
        return
    lints = Lints(message, problems, key)
    _check_head(head, lints)
    if marketing:
        _check_way_out(head, lints, sender_address)
    for body in _bodies(file, head):
        _check_body(body, lints)


def _check_head(head: Head, lints: Lints) -> None:
    if not head.subject:
        lints.error(
            "the message has no subject.", head.place("subject"), 'Write subject: "..." between two lines of ---.'
        )
    else:
        length = sum(len(piece.text) for piece in head.subject if not piece.is_tag)
        if length > LONGEST_SUBJECT:
            text = f"the subject has {length} characters without its fields; phones show about {LONGEST_SUBJECT}."
            lints.warn(text, head.place("subject"), "Put what matters first, and the rest into the preheader.")
    if not head.preheader:
        hint = 'Write preheader: "..."; without it mail programs show the first words of the mail.'
        lints.warn("the message has no preheader.", head.place("preheader"), hint)


def _check_way_out(head: Head, lints: Lints, sender_address: bool) -> None:
    place = Place(shown_path(head.path), 1, 1)
    parts = [("HTML", lints.message.html), ("text", lints.message.text)]
    for name, source in parts:
        if source is not None and not _names(source, "unsubscribe_url"):
            hint = "Put {{ unsubscribe_url }} behind a link; the shipped layout's footer has it."
            lints.error(f"the {name} of a marketing message has no link to unsubscribe.", place, hint)
        if source is not None and not _names(source, "sender_address"):
            hint = "Put {{ sender_address }} into it; the shipped layout's footer has it."
            lints.error(f"the {name} of a marketing message has no postal address.", place, hint)
    if not sender_address:
        lints.error("the sender has no postal address.", place, "Give the sender its `address` in segcli.yaml.")


def _names(source: Source, name: str) -> bool:
    return any(re.search(rf"\b{name}\b", tag) for tag in _TAG.findall(source.text))


def _bodies(file: MessageFile, head: Head) -> Iterator[tuple[str, str, Place]]:
    """The suffix, the text and the place of what the user wrote below the front matter, and of a text part beside."""
    ignored = Problems()
    if head.body_of is not None:
        family = find_messages(file.path.parent, head.body_of, ignored)
        other = family.choose(file.variant, file.language) if family else None
        other_head = read_head(other.path, ignored) if other else None
        if other is None or other_head is None:
            return
        file, head = other, other_head
    yield head.path.suffix, head.body, head.body_place
    if file.body is not None and file.text is not None:
        yield file.text.suffix, file.text.read_text("utf-8-sig"), Place(shown_path(file.text), 1, 1)


def _check_body(body: tuple[str, str, Place], lints: Lints) -> None:
    suffix, text, origin = body
    for link in _HTTP.finditer(text):
        hint = "Use https: mail programs warn of the other."
        lints.warn(f"'{link.group()}' is not encrypted.", place_at(origin, text, link.start()), hint)
    if suffix == ".md":
        for image in _MARKDOWN_IMAGE.finditer(text):
            _report_alt(place_at(origin, text, image.start()), lints)
    masked = mask(split_pieces(text, origin, Problems()))
    if suffix in (".mjml", ".html"):
        _check_images(masked, lints)
        for start, styles in _styles(masked.text):
            _check_css(styles, start, masked, lints)
    for words, place in _calls_to_action(suffix, text, origin, masked):
        found = friction_word(words)
        if found:
            hint = "Ask for a look instead, such as 'Return to your cart'."
            lints.warn(
                f"'{' '.join(words.split())}' asks for money: '{found}' keeps people from clicking.", place, hint
            )


def _report_alt(place: Place | None, lints: Lints) -> None:
    hint = 'Say in alt what it shows, for those who see no images; alt="" in HTML for mere decoration.'
    lints.error("the image has no alt text.", place, hint)


def _check_images(masked: Masked, lints: Lints) -> None:
    for tag in find_tags(masked.text):
        if tag.name in ("img", "mj-image") and tag.kind in ("open", "alone") and "alt" not in tag.attributes:
            _report_alt(masked.place(tag.start), lints)


def _styles(text: str) -> Iterator[tuple[int, str]]:
    for tag in find_tags(text):
        if tag.kind in ("open", "alone"):
            yield from ((start, value) for name, value, start, _ in tag.attribute_spans() if name == "style")
        if tag.kind == "open" and tag.name in ("style", "mj-style"):
            yield tag.end, text[tag.end : text.find(f"</{tag.name}", tag.end)]


def _check_css(styles: str, start: int, masked: Masked, lints: Lints) -> None:
    support = css_support()
    for rule in _RULE.finditer(styles):
        found = [(rule.group(1), rule.start(1), support["properties"].get(rule.group(1)))]
        for function in _FUNCTION.finditer(rule.group(2)):
            entry = support["functions"].get(function.group(1))
            found.append((f"{function.group(1)}()", rule.start(2) + function.start(1), entry))
        for name, offset, entry in found:
            if entry is not None:
                dropped_by = _listed([support["clients"][client] for client in entry["dropped_by"]])
                source = f"https://www.caniemail.com/features/css-{entry['page']}/"
                place = masked.place(start + offset)
                lints.warn(f"'{name}' is dropped by {dropped_by} ({source}).", place, entry["instead"])


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _calls_to_action(suffix: str, text: str, origin: Place, masked: Masked) -> Iterator[tuple[str, Place | None]]:
    for button in _BUTTON.finditer(text):
        yield button.group(2), place_at(origin, text, button.start(2))
    if suffix == ".md":
        for link in _MARKDOWN_LINK.finditer(text):
            yield link.group(1), place_at(origin, text, link.start(1))
    if suffix in (".mjml", ".html"):
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
    """css_support.yaml: `properties` and `functions`, each with page, dropped_by and instead."""
    found: dict[str, Any] = yaml.load((_FOLDER / "css_support.yaml").read_text("utf-8"), Loader=CCoreLoader)
    return found
