"""What is known when a message is compiled (brand, words, arguments) put into its tags, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from html import escape
from itertools import pairwise
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, Undefined, nodes

from segcli.messages.jinja_environment import MessageEnvironment
from segcli.messages.missing import RenderingError
from segcli.messages.pieces import Piece, group_statements
from segcli.problems import Problems, nearest

_JINJA = Environment(autoescape=False)
_KEYWORDS = frozenset({
    "if", "elif", "else", "endif", "for", "in", "recursive", "endfor", "set", "endset", "with", "endwith", "macro",
    "endmacro", "call", "endcall", "filter", "endfilter", "not", "and", "or", "is", "none", "true", "false", "None",
    "True", "False",
})  # fmt: skip
_SANDBOX = MessageEnvironment(escape=False)  # where arithmetic and what is reached through a value are left alone
_REMEMBERED = 10_000  # expressions: every message has the layout's


def literal(value: object) -> str:
    """A value as Jinja writes it."""
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


@lru_cache(maxsize=_REMEMBERED)
def lex(expression: str) -> tuple[tuple[str, str], ...]:
    """The kinds and texts of an expression's tokens, white space too. Raises TemplateSyntaxError."""
    tokens = tuple((kind, text) for _, kind, text in _JINJA.lex("{{" + expression + "}}"))
    return tokens[1:-1]


@lru_cache(maxsize=_REMEMBERED)
def names_of_tag(inner: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The names that a tag mentions, and each name with the member that is asked of it (`row.order_id`).

    Rather more names than fewer: those of loops and of functions too. A tag that cannot be read has none: it is told of
    with its place when its template is checked.
    """
    try:
        tokens = [(kind, text) for kind, text in lex(inner) if kind != "whitespace"]
    except TemplateSyntaxError:
        return frozenset(), frozenset()
    names, members = set[str](), set[tuple[str, str]]()
    for position, (kind, text) in enumerate(tokens):
        before = tokens[position - 1][1] if position else ""
        if kind != "name" or before in (".", "|") or text in _KEYWORDS:
            continue
        names.add(text)
        if [each for _, each in tokens[position + 1 : position + 2]] == ["."]:
            members.update((text, member) for _, member in tokens[position + 2 : position + 3])
    return frozenset(names), frozenset(members)


def put_in(piece: Piece, known: Mapping[str, str]) -> Piece:
    """A tag with the names of `known` (`label`, `brand.colour`) replaced by the Jinja text that they stand for."""
    if not piece.is_tag:
        return piece
    names, members = names_of_tag(piece.text[2:-2])
    if not any(name in known for name in names) and not any(f"{name}.{member}" in known for name, member in members):
        return piece
    try:
        tokens = lex(piece.text[2:-2])
    except TemplateSyntaxError:
        return piece  # the renderer's check says what is wrong
    parts: list[str] = []
    position = 0
    while position < len(tokens):
        kind, text = tokens[position]
        after_dot = position > 0 and tokens[position - 1][1] == "."
        dotted = "".join(each for _, each in tokens[position : position + 3])
        if kind == "name" and not after_dot and dotted in known:
            parts.append(known[dotted])
            position += 3
            continue
        parts.append(known[text] if kind == "name" and not after_dot and text in known else text)
        position += 1
    return replace(piece, text=piece.text[:2] + "".join(parts) + piece.text[-2:])


def check_known(piece: Piece, known: Mapping[str, str], problems: Problems) -> None:
    """Adds a problem for `brand.x` and `words.x` that are not there."""
    for group, name in re.findall(r"\b(brand|words)\.(\w+)", piece.text if piece.is_tag else ""):
        if f"{group}.{name}" not in known:
            names = [each.split(".")[1] for each in known if each.startswith(f"{group}.")]
            problems.error(f"no '{group}.{name}'.", piece.place, hint=nearest(name, names))


@lru_cache(maxsize=_REMEMBERED)
def constant(expression: str) -> tuple[bool, Any]:
    """Whether an expression is the same for everybody, and its value."""
    try:
        body = _SANDBOX.parse("{{" + expression + "}}").body
        output = body[0] if body else None
        if not isinstance(output, nodes.Output) or len(output.nodes) != 1 or output.find(nodes.Filter):
            return False, None
        value = output.nodes[0]
        found = value.data if isinstance(value, nodes.TemplateData) else value.as_const()
        return (False, None) if isinstance(found, Undefined) else (True, found)
    except (nodes.Impossible, TemplateSyntaxError, RenderingError):
        return False, None


def possible_values(expression: str) -> list[Any] | None:
    """The constants that an expression is one of (`2 if products else 1`); None where it may be anything."""
    try:
        body = _SANDBOX.parse("{{" + expression + "}}").body
        output = body[0] if len(body) == 1 else None
        waiting = list(output.nodes) if isinstance(output, nodes.Output) else []
        found: list[Any] = []
        while waiting:
            node = waiting.pop()
            if isinstance(node, nodes.CondExpr):
                waiting += [node.expr1, node.expr2 or nodes.Const(None)]
            else:
                found.append(node.data if isinstance(node, nodes.TemplateData) else node.as_const())
        return found or None
    except (nodes.Impossible, TemplateSyntaxError, RenderingError):
        return None


def fold(pieces: Sequence[Piece], *, markup: bool) -> list[Piece]:
    """The pieces without what is decided already: constant outputs are words, and branches never taken are gone."""
    return list(_folded(pieces, markup))


def _folded(pieces: Sequence[Piece], markup: bool) -> Iterator[Piece]:
    ifs = {group[0]: group for group in group_statements(pieces, Problems()) if pieces[group[0]].name == "if"}
    position = 0
    while position < len(pieces):
        piece = pieces[position]
        if position in ifs:
            yield from _folded_if(pieces, ifs[position], markup)
            position = ifs[position][-1] + 1
            continue
        if piece.kind == "output":
            known, value = constant(piece.inner)
            if known and value is not None:
                text = str(value)
                piece = Piece(escape(text) if markup else text, "words", piece.place)
        yield piece
        position += 1


def _folded_if(pieces: Sequence[Piece], group: Sequence[int], markup: bool) -> Iterator[Piece]:
    opened = False
    for start, end in pairwise(group):
        branch = pieces[start]
        condition = branch.inner[len(branch.name) :]
        known, value = (True, True) if branch.name == "else" else constant(condition)
        if known and not value:
            continue
        inner = _folded(pieces[start + 1 : end], markup)
        if known and not opened:
            yield from inner
            return
        word = "else" if known else "elif" if opened else "if"
        yield (
            branch
            if word == branch.name
            else replace(branch, text=f"{{% {word} %}}" if known else f"{{% {word} {condition.strip()} %}}")
        )
        yield from inner
        opened = True
        if known:
            break
    if opened:
        yield pieces[group[-1]]
