"""Addresses that stand in Markdown as they are, `https://shop.example/cups`, made links."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_inline import StateInline

from segcli.messages.links import IN_BRACKETS, IN_TEXT
from segcli.messages.pieces import Piece, group_statements
from segcli.problems import Problems

BARE = "bare"  # the markup of their tokens
_SCHEME = re.compile(r"https?$", re.IGNORECASE)
_LONGEST_SCHEME = len("https")
_BEHIND_SCHEME = re.compile(rf"://(?![/?#])(?:{IN_TEXT}|{IN_BRACKETS})+")
_RUN = re.compile(rf"{IN_TEXT}+")
_ENTITY = re.compile(r"&(?!amp;)#?\w+;")  # &amp; is a sign of a link, &quot; and the like stand behind it
_BEHIND = ".,;:!?*_~\\"  # signs that end a sentence or an emphasis, and not a link


def with_bare_links(parser: MarkdownIt, words: Mapping[str, Piece], word: str) -> MarkdownIt:
    """The parser with a rule that makes bare addresses links. `words` are what tags are masked as, `word` is the
    pattern of one.

    A value may stand in a link. A statement only behind it, where it ends what began before the link.
    """
    ends = _ends(words)
    before = re.compile(rf"(?:^|[^a-z0-9.+-]|{word})$", re.IGNORECASE)
    any_word = re.compile(word)

    def rule(state: StateInline, silent: bool) -> bool:
        scheme = _SCHEME.search(state.src[max(0, state.pos - _LONGEST_SCHEME) : state.pos])
        found = _BEHIND_SCHEME.match(state.src, state.pos) if scheme and not state.linkLevel else None
        if scheme is None or found is None or not (silent or state.pending.endswith(scheme.group())):
            return False
        start = state.pos - len(scheme.group())
        if not before.search(state.src[:start]):
            return False
        end = _end_of(state.src, found.end(), state.pos, any_word, ends)
        if end is None:
            return False
        address = unescapeAll(state.src[start:end])
        href = state.md.normalizeLink(address)
        if not silent:
            state.pending = state.pending[: -len(scheme.group())]
            state.push("link_open", "a", 1).attrs = {"href": href}
            state.push("text", "", 0).content = address
            state.push("link_close", "a", -1)
            for token in (state.tokens[-3], state.tokens[-1]):
                token.markup = BARE
        state.pos = end
        return True

    parser.inline.ruler.after("text", "bare_link", rule)
    return parser


def _ends(words: Mapping[str, Piece]) -> dict[str, str | None]:
    """Each statement -> the one that ends what it belongs to; None for those that begin something."""
    names, pieces = list(words), list(words.values())
    found: dict[str, str | None] = {name: None for name, piece in words.items() if piece.kind == "statement"}
    for group in group_statements(pieces, Problems()):
        found.update({names[number]: names[group[-1]] for number in group[1:]})
    return found


def _end_of(text: str, end: int, start: int, word: re.Pattern[str], ends: Mapping[str, str | None]) -> int | None:
    """Where the link ends whose characters go on to `end`; None where a statement decides how it goes on."""
    entity = _ENTITY.search(text, start, end)
    end = entity.start() if entity else end
    for found in word.finditer(text, start, end):
        if found.group() not in ends:
            continue
        last = ends[found.group()]
        if last is None or _goes_on(text, text.find(last, start), word, ends):
            return None
        end = found.start()
        break
    end = start + len(text[start:end].rstrip(_BEHIND))
    return end if end > start + len("://") else None


def _goes_on(text: str, position: int, word: re.Pattern[str], ends: Mapping[str, str | None]) -> bool:
    """Whether characters of a link follow directly on the statement at a position, and on those behind it."""
    if position < 0:
        return False
    while (found := word.match(text, position)) and found.group() in ends:
        position = found.end()
    behind = _RUN.match(text, position)
    return behind is not None and bool(behind.group().rstrip(_BEHIND))
