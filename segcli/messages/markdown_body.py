"""A Markdown body as MJML for the layout, and as text: paragraphs, lists, tables, buttons, pictures, partials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from segcli.messages.bare_links import BARE, with_bare_links
from segcli.messages.layout import Brand
from segcli.messages.masking import Masked, mask, unmask
from segcli.messages.partials import Expansion
from segcli.messages.pieces import Piece, group_statements
from segcli.problems import Problems

_WORD = r"zq[a-z]{2}\d+x"
Kind = Literal["prose", "statements", "partial", "button", "picture", "rule"]
# What a partial cannot stand in, since it is an element of the layout itself.
_AROUND = {
    "paragraph_open": "paragraph", "heading_open": "heading", "bullet_list_open": "list", "ordered_list_open": "list",
    "blockquote_open": "quotation", "table_open": "table",
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """A part of the body that is an element of its own; `words` are what statements and partials are masked as."""

    kind: Kind
    tokens: tuple[Token, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class MarkdownBody:
    """A body as it was read."""

    masked: Masked
    blocks: tuple[Block, ...]

    def to_mjml(self, brand: Brand, problems: Problems) -> list[Piece] | None:
        """What stands in a column of the layout."""
        return unmask("\n".join(_mjml(block, brand) for block in self.blocks), self.masked, "Markdown", problems)


def read_markdown(pieces: Sequence[Piece], expansion: Expansion) -> MarkdownBody:
    """Reads a body. HTML in it is text; statements alone in a line stand between paragraphs, items or rows."""
    masked = mask(pieces)
    words = dict(zip(masked.words, masked.tags, strict=True))
    statements = {word for word, piece in words.items() if piece.kind == "statement"}
    partials = {word for word, piece in words.items() if expansion.is_partial(piece)}
    tokens = with_bare_links(_parser(), words, _WORD).parse(_apart(masked.text, statements, partials))
    for group in _top_level(tokens):
        if group[0].type in _AROUND and _block(group, statements, partials).kind != "partial":
            inside = "".join(token.content for token in group if token.type == "inline")
            for call in (words[word] for word in partials if word in inside):
                message = f"'{call.shown}' stands inside a {_AROUND[group[0].type]}."
                expansion.problems.error(message, call.place, hint="Put it alone in a line.")
    blocks = list(_blocks(_statement_rows(tokens, statements), statements, partials))
    return MarkdownBody(masked, tuple(_loops_into_lists(blocks, words)))


def _only(text: str, words: set[str]) -> bool:
    parts = re.findall(rf"{_WORD}|\S", text)
    return bool(parts) and all(part in words for part in parts)


def _apart(text: str, statements: set[str], partials: set[str]) -> str:
    """Empty lines around the lines that hold only statements or a partial; not between the rows of a table."""
    lines = text.split("\n")
    found: list[str] = []
    for number, line in enumerate(lines):
        before, after = (lines[number - 1] if number else ""), (lines[number + 1] if number + 1 < len(lines) else "")
        alone = _only(line, statements | partials)
        in_table = alone and _only(line, statements) and ("|" in before or "|" in after)
        found += ["", line.strip(), ""] if alone and not in_table else [line]
    return "\n".join(found)


def _statement_rows(tokens: Sequence[Token], statements: set[str]) -> list[Token]:
    """Rows of a table that hold only statements become those statements, between the rows."""
    found: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "tr_open":
            end = next(index for index in range(position, len(tokens)) if tokens[index].type == "tr_close")
            content = "".join(each.content for each in tokens[position:end] if each.type == "inline")
            if _only(content, statements):
                found.append(Token("html_block", "", 0, content=content))
                position = end + 1
                continue
        found.append(token)
        position += 1
    return found


def _blocks(tokens: Sequence[Token], statements: set[str], partials: set[str]) -> Iterator[Block]:
    prose: list[Token] = []
    for group in _top_level(tokens):
        block = _block(group, statements, partials)
        if block.kind == "prose" and not _is_list(group):
            prose += group
            continue
        if prose:
            yield Block("prose", tuple(prose))
            prose = []
        yield block
    if prose:
        yield Block("prose", tuple(prose))


def _is_list(tokens: Sequence[Token]) -> bool:
    return tokens[0].type in ("bullet_list_open", "ordered_list_open")


def _top_level(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    group: list[Token] = []
    depth = 0
    for token in tokens:
        group.append(token)
        depth += token.nesting
        if depth == 0:
            yield group
            group = []


def _block(tokens: list[Token], statements: set[str], partials: set[str]) -> Block:
    first = tokens[0]
    if first.type == "hr":
        return Block("rule", tuple(tokens))
    if first.type == "paragraph_open":
        inline = tokens[1]
        text = inline.content.strip()
        if _only(text, statements):
            return Block("statements", words=text)
        if _only(text, partials | statements):
            return Block("partial", words=text)
        children = [child for child in inline.children or [] if child.type != "text" or child.content.strip()]
        if len(children) == 1 and children[0].type == "image":
            return Block("picture", (children[0],))
        if (
            children
            and children[0].type == "link_open"
            and children[0].markup != BARE
            and children[-1].type == "link_close"
        ):
            inner = children[1:-1]
            if len(inner) == 1 and inner[0].type == "image":
                return Block("picture", tuple(children))
            if inner and not any(child.type in ("link_close", "image") for child in inner):
                return Block("button", tuple(children))
    return Block("prose", tuple(tokens))


def _loops_into_lists(blocks: Sequence[Block], words: Mapping[str, Piece]) -> Iterator[Block]:
    """A loop around one whole list becomes a list around a loop, so that it is one list."""
    position = 0
    while position < len(blocks):
        three = blocks[position : position + 3]
        if len(three) == 3 and three[1].kind == "prose" and _is_list(three[1].tokens):
            tokens = three[1].tokens
            if three[0].kind == three[2].kind == "statements" and _is_loop(three[0].words + three[2].words, words):
                inner = [Token("html_block", "", 0, content=three[0].words), *tokens[1:-1]]
                inner.append(Token("html_block", "", 0, content=three[2].words))
                yield Block("prose", (tokens[0], *inner, tokens[-1]))
                position += 3
                continue
        yield blocks[position]
        position += 1


def _is_loop(masked: str, words: Mapping[str, Piece]) -> bool:
    """Whether statements are a loop from its beginning to its end, and not the branches of a condition."""
    pieces = [words[word] for word in re.findall(_WORD, masked)]
    problems = Problems()
    groups = group_statements(pieces, problems)
    return not problems.found and any(pieces[group[0]].name == "for" for group in groups)


def _mjml(block: Block, brand: Brand) -> str:
    if block.kind in ("statements", "partial"):
        return block.words
    if block.kind == "rule":
        return "<mj-divider/>"
    if block.kind == "picture":
        image = next(token for token in block.tokens if token.type == "image")
        link = next((token for token in block.tokens if token.type == "link_open"), None)
        href = f' href="{_attribute(link, "href")}"' if link else ""
        return f'<mj-image src="{_attribute(image, "src")}" alt="{escape(image.content)}"{href}/>'
    if block.kind == "button":
        href = _attribute(block.tokens[0], "href")
        return f'<mj-button href="{href}" css-class="button">{_render_inline(block.tokens[1:-1])}</mj-button>'
    return f'<mj-text css-class="words">{_render(block.tokens, brand)}</mj-text>'


def _attribute(token: Token, name: str) -> str:
    return escape(str(token.attrGet(name) or ""))


def _render_inline(tokens: Sequence[Token]) -> str:
    return RendererHTML().renderInline(tokens, _parser().options, {})


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _render(tokens: Sequence[Token], brand: Brand) -> str:
    """HTML with the styles in its tags, which every mail program keeps."""
    styles = _styles(brand)
    first = True
    for token in tokens:
        for each in (token, *(token.children or ())):
            style = styles.get(each.tag) if each.nesting >= 0 else None
            if style and each.tag.startswith("h") and first:
                style = style.replace("margin:24px 0", "margin:0 0")
            if style and not each.hidden:
                aligned = str(each.attrGet("style") or "")
                each.attrSet("style", f"{style};{aligned}".rstrip(";"))
        first = False
    return RendererHTML().render(tokens, _parser().options, {}).strip()


def _styles(brand: Brand) -> dict[str, str]:
    return {
        "a": f"color:{brand.colour};text-decoration:underline",
        "p": "margin:0 0 14px",
        "h1": "margin:24px 0 12px;font-size:26px;line-height:1.25",
        "h2": "margin:24px 0 10px;font-size:20px;line-height:1.3",
        "h3": "margin:24px 0 8px;font-size:17px;line-height:1.3",
        "ul": "margin:0 0 14px;padding-left:22px",
        "ol": "margin:0 0 14px;padding-left:22px",
        "li": "margin:0 0 6px",
        "blockquote": f"margin:0 0 14px;padding-left:14px;border-left:3px solid {brand.colour}",
        "table": "width:100%;border-collapse:collapse;margin:0 0 14px",
        "th": "padding:6px 8px 6px 0;border-bottom:2px solid #d9d9d4",
        "td": "padding:6px 8px 6px 0;border-bottom:1px solid #d9d9d4",
        "img": "max-width:100%;height:auto",
    }
