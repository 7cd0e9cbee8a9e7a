"""The bodies of a template's loops, rendered once for the same element: many recipients are shown the same products."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

from jinja2 import nodes
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import LoopContext

from segcli.messages.filters import FILTERS
from segcli.messages.jinja_environment import MessageEnvironment
from segcli.messages.jinja_output import Budget
from segcli.messages.missing import Missing
from segcli.messages.names import LOOP

_STATEMENTS = (nodes.Output, nodes.If, nodes.For)
_NUMBERS_OF_LOOPS = frozenset(field.name for field in LOOP.fields)
_PLAIN = frozenset(
    (int, float, bool, Decimal, datetime.date, datetime.datetime, datetime.time, datetime.timedelta, Missing)
)
_MOST_KNOWN = 10_000  # texts that one body remembers


@dataclass(frozen=True)
class LoopBody:
    """What decides about the text of a loop's body: its element, numbers of the loop, and names from outside of it."""

    element: str
    of_loop: tuple[str, ...]
    outer: tuple[str, ...]


def loop_body(node: nodes.For, environment: MessageEnvironment) -> LoopBody | None:
    """What the body of a loop reads; None for one that does more than show it, or reads more of the loop."""
    if not isinstance(node.target, nodes.Name) or node.recursive or not all(map(_only_shows, node.body)):
        return None
    tree = nodes.Template(node.body, lineno=node.lineno)
    tree.set_environment(environment)
    names = find_undeclared_variables(tree)
    filters = [found.name for found in tree.find_all(nodes.Filter)]
    context = {column for name in filters if name in FILTERS for column in FILTERS[name].context}
    of_loop: list[str] = []
    if "loop" in names:
        of_loop = [found.attr for found in tree.find_all(nodes.Getattr) if _is_loop(found.node)]
        reads_all = len(of_loop) < len([name for name in tree.find_all(nodes.Name) if _is_loop(name)])
        if reads_all or not _NUMBERS_OF_LOOPS.issuperset(of_loop):
            return None
    element = node.target.name
    return LoopBody(element, tuple(dict.fromkeys(of_loop)), tuple(sorted((names | context) - {element, "loop"})))


def _only_shows(node: nodes.Node) -> bool:
    known = isinstance(node, (*_STATEMENTS, nodes.Expr, nodes.Helper)) and not isinstance(node, nodes.Call)
    return known and all(map(_only_shows, node.iter_child_nodes()))


def _is_loop(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "loop"


def remembered_body(body: LoopBody, render: Callable[[dict[str, Any]], str], budget: Budget) -> Callable[..., str]:
    """A function of the element, the loop (None where it is not read) and the outer values: what `render` gives.

    Elements are known again where they are the same object, or the same text. What is not rendered again
    counts as text of the message all the same.
    """
    known: dict[Any, tuple[Any, dict[Any, str]]] = {}
    numbers_of = attrgetter(*body.of_loop) if body.of_loop else None
    count = 0

    def text_of_body(element: Any, loop: LoopContext | None, *outer: Any) -> str:
        nonlocal count
        is_text = type(element) is str
        about: tuple[Any, ...] = tuple([value if type(value) is str else _told_apart(value) for value in outer])
        if numbers_of is not None:
            about = (numbers_of(loop), *about)
        found = known.get(element if is_text else id(element))
        texts = found[1] if found is not None and (is_text or found[0] is element) else None
        if texts is not None and (text := texts.get(about)) is not None:
            budget.spend(text=len(text))
            return text
        text = render({body.element: element, "loop": loop, **dict(zip(body.outer, outer, strict=True))})
        if None in about or not (is_text or type(element) is dict):
            return text
        if count >= _MOST_KNOWN:
            known.clear()
            texts, count = None, 0
        if texts is None:
            # The element is kept, so that no other can be given its place in memory, which is what it is known by.
            texts = known.setdefault(element if is_text else id(element), (element, {}))[1]
        texts[about] = text
        count += 1
        return text

    return text_of_body


def _told_apart(value: Any) -> Any:
    """What is equal only for values that are shown alike, which 1 and True, 0.0 and -0.0 are not; else None."""
    kind = type(value)
    if kind is Missing:
        return kind
    return (kind, repr(value)) if kind in _PLAIN else None
