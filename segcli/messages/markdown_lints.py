"""HTML in a Markdown body, which a mail shows as text, and how the same is said in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from markdown_it import MarkdownIt

from segcli.messages.html_tags import find_tags
from segcli.messages.masking import mask
from segcli.messages.pieces import split_pieces
from segcli.messages.written import Written
from segcli.problems import Problems

_LONGEST = 30  # characters of a tag that a problem quotes
_OTHERWISE = "Write the message as .mjml or .html, or put a backslash before the < of a sign that is meant."
_IN_MARKDOWN: Mapping[str, str] = {
    **dict.fromkeys(("b", "strong"), "Write **words**."),
    **dict.fromkeys(("i", "em"), "Write *words*."),
    **dict.fromkeys(("s", "del", "strike"), "Write ~~words~~."),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "Write # before a heading, ## before a smaller one."),
    **dict.fromkeys(("ul", "li"), "Write - before each item of a list."),
    **dict.fromkeys(("table", "tr", "td", "th"), "Write a table as | one | two |, with |---|---| below its first row."),
    "a": "Write [words](https://...).",
    "img": "Write ![what it shows](https://...).",
    "br": "End the line with a backslash.",
    "hr": "Write --- between two empty lines.",
    "p": "Put an empty line between paragraphs.",
    "ol": "Write 1. before the first item of a list.",
    "blockquote": "Write > before what is quoted.",
    "code": "Put it between two `.",
    "!--": "Write {# a note #}, which nobody is sent.",
}


def check_markdown(written: Written, problems: Problems) -> None:
    """Warns of every tag of HTML in a body."""
    masked = mask(split_pieces(written.text, written.origin, Problems()))
    for text, start in _html(masked.text):
        for tag in find_tags(text):
            name = "!--" if tag.kind == "comment" else tag.name
            if tag.kind == "close" or name in masked.words:
                continue
            shown = (
                text if len(text) <= _LONGEST and not any(word in text for word in masked.words) else f"<{name} ...>"
            )
            hint = _IN_MARKDOWN.get(name, _OTHERWISE)
            problems.warn(f"'{shown}' is shown as it is: there is no HTML in Markdown.", masked.place(start), hint=hint)


def _html(text: str) -> Iterator[tuple[str, int]]:
    """The tags that Markdown with HTML would find in a text, each with its position."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).disable("html_block")
    position = 0
    for token in (each for block in parser.parse(text) for each in block.children or ()):
        start = text.find(token.content, position) if token.type == "html_inline" else -1
        if start >= 0:
            yield token.content, start
            position = start + 1
