"""The text part of a mail, derived from the same template: what it says, and its links written out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

from markdown_it.token import Token

from segcli.messages.bare_links import BARE
from segcli.messages.html_tags import RAW, Tag, find_tags
from segcli.messages.markdown_body import Block, MarkdownBody
from segcli.messages.masking import Masked, mask, unmask
from segcli.messages.pieces import Piece, merged
from segcli.problems import Problems

_PARAGRAPHS = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "div", "section", "article", "header",
     "footer", "mj-text", "mj-table", "mj-section", "mj-raw")
)  # fmt: skip
_LINES = frozenset(("tr", "br"))
_UNSAID = (RAW - {"textarea"}) | {"mj-head", "head"}
_ANY_WORD = r"zq[a-z]{2}\d+x"


def text_of_markdown(body: MarkdownBody, problems: Problems) -> list[Piece] | None:
    """The text of a Markdown body; calls of partials are still calls."""
    text = "".join(_of_block(block) for block in body.blocks)
    return unmask(text, body.masked, "the text part", problems, unsaid=_of_pictures(body))


def _of_pictures(body: MarkdownBody) -> set[str]:
    """What stands in the addresses of pictures, which a text has no use for."""
    tokens = (each for block in body.blocks for token in block.tokens for each in (token, *(token.children or ())))
    images = (token for token in tokens if token.type == "image")
    return {word for image in images for value in image.attrs.values() for word in re.findall(_ANY_WORD, str(value))}


def _of_block(block: Block) -> str:
    if block.kind == "statements":
        return block.words
    if block.kind == "partial":
        return "".join(block.words.split())  # a partial ends with an empty line of its own, if it says anything
    if block.kind == "rule":
        return "----------\n\n"
    if block.kind == "picture":
        image = next(token for token in block.tokens if token.type == "image")
        link = next((token for token in block.tokens if token.type == "link_open"), None)
        href = f" {link.attrGet('href')}" if link else ""
        return f"{image.content}{href}\n\n".lstrip()
    if block.kind == "button":
        return f"{_inline(block.tokens)}\n\n"
    return _of_tokens(block.tokens)


def _of_tokens(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    lists: list[int | None] = []
    cells: list[str] = []
    in_table = False
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append(int(token.attrGet("start") or 1) if token.type.startswith("ordered") else None)
        elif token.type.endswith("_list_close"):
            lists.pop()
            parts.append("" if lists else "\n")
        elif token.type == "list_item_open":
            number = lists[-1]
            parts.append("  " * (len(lists) - 1) + ("- " if number is None else f"{number}. "))
            lists[-1] = None if number is None else number + 1
        elif token.type in ("fence", "code_block"):
            parts.append(f"{token.content.rstrip()}\n\n")
        elif token.type == "html_block":
            parts.append(token.content)
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            parts.append(" | ".join(cells) + "\n")
        elif token.type in ("table_open", "table_close"):
            in_table = token.nesting > 0
            parts.append("" if in_table else "\n")
        elif token.type == "inline" and in_table:
            cells.append(_inline(token.children or ()))
        elif token.type == "inline":
            parts.append(_inline(token.children or ()) + ("\n" if lists else "\n\n"))
    return "".join(parts)


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "image":
            parts.append(token.content)
        elif token.type == "link_open":
            links.append((str(token.attrGet("href")), len(parts)))
        elif token.type == "link_close":
            href, start = links.pop()
            words = "".join(parts[start:])
            said = token.markup == BARE or words == href.removeprefix("mailto:")
            parts.append("" if said else f": {href}")
    return "".join(parts)


def text_of_markup(pieces: Sequence[Piece], problems: Problems) -> list[Piece] | None:
    """The text of an MJML or HTML body; calls of partials are still calls. Statements inside tags are left out with
    the attributes that they stand in, except those of links."""
    masked = mask(pieces)
    text = re.sub(r"[^\S\n]*\n[^\S\n]*", "\n", _of_markup(masked))
    text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    tags = dict(zip(masked.words, masked.tags, strict=True))
    return merged(tags[part] if part in tags else Piece(part, "words") for part in re.split(f"({_ANY_WORD})", text))


def _of_markup(masked: Masked) -> str:
    text = masked.text
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    unsaid = 0
    position = 0

    def say(words: str) -> None:
        if not unsaid and words:
            parts.append(re.sub(r"\s+", " ", unescape(words)) if words.strip() else " ")

    for tag in find_tags(text):
        say(text[position : tag.start])
        position = tag.end
        if tag.kind == "comment":
            continue
        if tag.name in _UNSAID:
            unsaid = max(0, unsaid + {"open": 1, "close": -1}.get(tag.kind, 0))
        elif not unsaid:
            _say_tag(tag, parts, links)
    say(text[position:])
    return re.sub(r" *\n *", "\n", "".join(parts))


def _say_tag(tag: Tag, parts: list[str], links: list[tuple[str, int]]) -> None:
    if tag.name in ("img", "mj-image"):
        alt, href = tag.attributes.get("alt", ""), tag.attributes.get("href", "")
        parts.append(" ".join(each for each in (unescape(alt), unescape(href)) if each))
        parts.append("\n\n" if tag.name == "mj-image" else "")
    elif tag.name in ("a", "mj-button", "mj-social-element", "mj-navbar-link"):
        if tag.kind == "open":
            links.append((unescape(tag.attributes.get("href", "")), len(parts)))
        elif links:
            href, start = links.pop()
            words = "".join(parts[start:]).strip()
            parts.append(f": {href}" if href and words and words != href else href if not words else "")
            parts.append("" if tag.name == "a" else "\n\n")
    elif tag.name == "li":
        parts.append("\n- " if tag.kind == "open" else "")
    elif tag.name in ("td", "th"):
        parts.append(" " if tag.kind == "close" else "")
    elif tag.name in _PARAGRAPHS:
        parts.append("\n\n")
    elif tag.name in _LINES:
        parts.append("\n")
