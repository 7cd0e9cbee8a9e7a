"""Kinds of values that do not fit what a template does with them: nobody's message could ever be made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jinja2 import nodes

from segcli.messages.kinds import WORDS, Kind, alternatives, dtype_of, kind_of
from segcli.messages.names import Scopes, path_of

TESTS: Mapping[str, int] = {"none": 0, "defined": 0, "undefined": 0, "even": 0, "odd": 0, "divisibleby": 1}  # arguments
_OF_NUMBERS = ("even", "odd", "divisibleby")
PLAIN: tuple[Kind, ...] = ("text", "number", "truth", "date", "time")
_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
Wrong = tuple[nodes.Node, Kind]


@dataclass(frozen=True)
class Fault:
    """What is wrong, the word of the template that it is about, and the way out."""

    message: str
    word: str | None
    hint: str | None = None


def faults_of(node: nodes.Node, scopes: Scopes) -> Iterator[Fault]:
    """What is wrong with the kinds of values of this one expression; those within it are looked at by themselves."""
    match node:
        case nodes.And() | nodes.Or():
            return
        case nodes.BinExpr():
            yield from _of_arithmetic(node, scopes)
        case nodes.Neg() | nodes.Pos():
            yield from no_numbers([node.node], node.operator, scopes)
        case nodes.Concat():
            for part in node.nodes:
                if wrong := first_wrong(part, PLAIN, scopes):
                    yield Fault(f"~ joins texts, and {is_words(wrong, scopes)}", path_of(part, scopes))
        case nodes.Compare():
            yield from _of_comparison(node, scopes)
        case nodes.Test() if node.name in _OF_NUMBERS:
            yield from no_numbers([node.node], f"'is {node.name}'", scopes)
        case nodes.Getitem(arg=nodes.Const(value=int())) | nodes.Getitem(arg=nodes.Slice()):
            if wrong := first_wrong(node.node, ("text", "list"), scopes):
                message = f"places are counted in lists, and {is_words(wrong, scopes)}"
                yield Fault(message, path_of(node.node, scopes))


def named(node: nodes.Node, scopes: Scopes) -> str:
    """How a problem calls an expression."""
    if isinstance(node, nodes.Const):
        return repr(node.value)
    return path_of(node, scopes) or "the value"


def is_words(wrong: Wrong, scopes: Scopes) -> str:
    """`first_name is text`."""
    return f"{named(wrong[0], scopes)} is {WORDS[wrong[1]]}"


def kinds_of(node: nodes.Node, scopes: Scopes) -> list[Wrong]:
    """What an expression may be, as far as its kind is known."""
    found = ((part, kind_of(dtype)) for part, dtype in alternatives(node, scopes))
    return [(part, kind) for part, kind in found if kind is not None]


def first_wrong(node: nodes.Node, right: Sequence[Kind], scopes: Scopes) -> Wrong | None:
    """The first thing that an expression may be and that is of none of these kinds."""
    return next((each for each in kinds_of(node, scopes) if each[1] not in right), None)


def no_numbers(parts: Sequence[nodes.Node], what: str, scopes: Scopes) -> Iterator[Fault]:
    """Faults of what should be numbers."""
    for part in parts:
        if wrong := first_wrong(part, ("number",), scopes):
            dated = wrong[1] in ("date", "time")
            hint = "Days between two dates are a field, such as recency_days." if dated else None
            yield Fault(f"{what} needs numbers, and {is_words(wrong, scopes)}", path_of(part, scopes), hint)


def _of_arithmetic(node: nodes.BinExpr, scopes: Scopes) -> Iterator[Fault]:
    sides = [node.left, node.right]
    texts = [each for side in sides for each in kinds_of(side, scopes) if each[1] == "text"]
    if isinstance(node, nodes.Add) and texts:
        others = [each for side in sides for each in kinds_of(side, scopes) if each[1] != "text"]
        if others:
            found = f"{is_words(texts[0], scopes)}, and {is_words(others[0], scopes)}"
            message = f"+ joins two texts or adds numbers: {found}"
            yield Fault(message, path_of(sides[0], scopes), "Join a text with anything else by ~.")
        return
    yield from no_numbers(sides, node.operator, scopes)
    zero = isinstance(node.right, nodes.Const) and node.right.value == 0
    if zero and isinstance(node, (nodes.Div, nodes.FloorDiv, nodes.Mod)):
        yield Fault("nothing can be divided by zero", path_of(node.left, scopes))


def _of_comparison(node: nodes.Compare, scopes: Scopes) -> Iterator[Fault]:
    left: nodes.Expr = node.expr
    for operand in node.ops:
        if operand.op in ("in", "notin"):
            yield from _of_membership(left, operand.expr, scopes)
        else:
            yield from _of_pair(left, operand.op, operand.expr, scopes)
        left = operand.expr


def _of_pair(left: nodes.Expr, operator: str, right: nodes.Expr, scopes: Scopes) -> Iterator[Fault]:
    """Values of two kinds: there is no order between them, and they are never the same."""
    pairs = [(one, other) for one in kinds_of(left, scopes) for other in kinds_of(right, scopes)]
    different = [(one, other) for one, other in pairs if not _alike(one[1], other[1])]
    if operator in ("eq", "ne"):
        wrong = different if len(different) == len(pairs) else []
    else:
        wrong = different + [(one, other) for one, other in pairs if one[1] == other[1] and one[1] in ("list", "group")]
    for one, other in wrong[:1]:
        message = f"{_SIGNS[operator]} cannot compare them: {is_words(one, scopes)}, and {is_words(other, scopes)}"
        yield Fault(message, path_of(left, scopes) or path_of(right, scopes), _comparable(one, other, scopes))


def _alike(one: Kind, other: Kind) -> bool:
    return one == other or {one, other} == {"number", "truth"}


def _comparable(one: Wrong, other: Wrong, scopes: Scopes) -> str | None:
    kinds = {one[1], other[1]}
    if kinds == {"date", "time"}:
        return "Compare a date with today, and a date and time with as_of."
    if kinds != {"number", "text"}:
        return None
    text = next(part for part, kind in (one, other) if kind == "text")
    if not isinstance(text, nodes.Const):
        name = path_of(text, scopes)
        return f"Where {name} is a whole number, write {name} | int." if name else None
    return f"Write {text.value} without quotes." if text.value.replace(".", "", 1).isdigit() else None


def _of_membership(left: nodes.Expr, right: nodes.Expr, scopes: Scopes) -> Iterator[Fault]:
    if isinstance(right, (nodes.List, nodes.Tuple)):
        for item in right.items:
            yield from _of_pair(left, "eq", item, scopes)
    elif wrong := first_wrong(right, ("text", "list"), scopes):
        yield Fault(f"'in' looks into text or a list, and {is_words(wrong, scopes)}", path_of(right, scopes))
    elif kind_of(dtype_of(right, scopes)) == "text" and (wrong := first_wrong(left, ("text",), scopes)):
        message = f"only text can be in {named(right, scopes)}, and {is_words(wrong, scopes)}"
        yield Fault(message, path_of(left, scopes))
