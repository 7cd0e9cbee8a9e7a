"""Filters and functions with values or arguments that they can never work with."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import polars as pl
from babel.numbers import list_currencies
from jinja2 import nodes

from segcli.messages import date_patterns
from segcli.messages.filters import FILTERS, FUNCTIONS, Filter
from segcli.messages.kinds import DEFAULTS, Kind, dtype_of, element_of
from segcli.messages.missing import RenderingError
from segcli.messages.names import Scopes, path_of
from segcli.messages.value_checking import PLAIN, Fault, Wrong, first_wrong, is_words, kinds_of, named, no_numbers
from segcli.problems import nearest

# What a filter takes, as `Filter.takes` has it -> the kinds, and how they are called.
TAKEN: Mapping[str, tuple[tuple[Kind, ...], str]] = {
    "text": (PLAIN, "one value"), "number": (("number",), "a number"), "date": (("date", "time"), "a date"),
    "time": (("time",), "a date and time"), "list": (("list",), "a list"),
    "text or list": (("text", "list"), "text or a list"),
    "number or text": (("number", "truth", "text"), "a number or text"),
}  # fmt: skip
_EXAMPLES: Mapping[Kind, Any] = {
    "text": "12", "number": 12.5, "truth": True, "date": datetime.date(2026, 5, 17),
    "time": datetime.datetime(2026, 5, 17, 9, 30), "list": [],
}  # fmt: skip
_CONTEXT = {"locale": "en", "currency": "EUR"}
_WRITTEN = {
    "number": "number or number(2)", "round": "round or round(2)", "truncate": "truncate(40)",
    "replace": "replace('old', 'new')", "money": "money or money('EUR')", "join": "join(', ') or join(', ', 'name')",
    "date": "date, date('long') or date('d MMMM y')", "time": "time or time('HH:mm')",
}  # fmt: skip


def faults_of_call(node: nodes.Node, scopes: Scopes) -> Iterator[Fault]:
    """What is wrong with the value or the arguments of a known filter or function."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in FUNCTIONS:
        yield from _of_function(node.node.name, node, scopes)
    known = FILTERS.get(node.name) if isinstance(node, nodes.Filter) else None
    if not isinstance(node, nodes.Filter) or known is None or node.node is None:
        return
    kinds, words = TAKEN[known.takes]
    if wrong := first_wrong(node.node, kinds, scopes):
        message = f"{node.name} takes {words}, and {is_words(wrong, scopes)}"
        yield Fault(message, node.name, _way_out(node, node.node, wrong, scopes))
    elif node.name == "join":
        yield from _of_join(node, node.node, scopes)
    elif known.arguments[0] <= len(node.args) + len(node.kwargs) <= known.arguments[1]:
        yield from _of_arguments(node, known, node.node, scopes)


def _way_out(node: nodes.Filter, value: nodes.Expr, wrong: Wrong, scopes: Scopes) -> str | None:
    name, kind, takes = path_of(wrong[0], scopes), wrong[1], FILTERS[node.name].takes
    if isinstance(value, nodes.Filter) and value.name in DEFAULTS and value.args and wrong[0] is value.args[0]:
        inner = named(value.node, scopes) if value.node is not None else "x"
        return f"Write the default behind it: {inner} | {node.name} | default({named(wrong[0], scopes)})."
    if name is None:
        return None
    if kind == "text" and takes == "number":
        return f"Where it is a whole number, write {name} | int | {node.name}."
    if kind == "text" and takes in ("date", "time"):
        return f"A field of the recipe makes it a date: {{value: cast({name} as date)}}."
    if kind == "list":
        joined = "join(', ', 'name')" if isinstance(element_of(dtype_of(wrong[0], scopes)), pl.Struct) else "join(', ')"
        return f"Show its parts: {{% for p in {name} %}}, or {name} | {joined}."
    return f"Show one of them: {name}.name." if kind == "group" else None


def _of_join(node: nodes.Filter, value: nodes.Expr, scopes: Scopes) -> Iterator[Fault]:
    """A join of elements that are several values each needs to know which of them."""
    element = element_of(dtype_of(value, scopes))
    if not isinstance(element, pl.Struct):
        return
    members = [member.name for member in element.fields]
    given = {pair.key: pair.value for pair in cast(list[nodes.Keyword], node.kwargs)}
    wanted = given.get("attribute", node.args[1] if len(node.args) > 1 else None)
    name = named(value, scopes)
    if wanted is None:
        yield Fault(f"each of {name} is several values", "join", f"Say which: {name} | join(', ', 'name').")
    elif isinstance(wanted, nodes.Const) and wanted.value not in members:
        word = str(wanted.value)
        yield Fault(f"{name} has no '{word}'", word, nearest(word, members) or f"There are {', '.join(members)}.")


def _of_arguments(node: nodes.Filter, known: Filter, value: nodes.Expr, scopes: Scopes) -> Iterator[Fault]:
    """Arguments that the filter cannot work with, whatever the value: it is tried with an example."""
    arguments = _constants(node)
    if arguments is None:
        return
    args, kwargs = arguments
    kinds = [kind for _, kind in kinds_of(value, scopes)] or list(TAKEN[known.takes][0])
    word = kwargs.get("style", kwargs.get("code", args[0] if args else None))
    if isinstance(word, str) and (fault := _of_word(node.name, word, kinds)):
        yield fault
        return
    context = {name: _CONTEXT[name] for name in known.context}
    if not any(_works(known.function, _EXAMPLES[kind], args, kwargs, context) for kind in kinds):
        shown = ", ".join([*map(repr, args), *(f"{key}={given!r}" for key, given in kwargs.items())])
        hint = f"It is written as {_WRITTEN[node.name]}." if node.name in _WRITTEN else None
        yield Fault(f"{node.name} cannot work with ({shown})", node.name, hint)


def _of_word(name: str, word: str, kinds: Sequence[Kind]) -> Fault | None:
    """A style of dates, a pattern or a currency that there is not: Babel would write something all the same."""
    if name in ("date", "time"):
        timed = name == "time" or "time" in kinds
        fault = date_patterns.fault(word, of_date=name == "date", of_time=timed)
        return Fault(f"{name} cannot write '{word}': {fault[0]}", word, fault[1]) if fault else None
    if name == "money" and word not in (currencies := list_currencies()):
        hint = nearest(word.upper(), currencies) or "Write three letters such as EUR or TRY."
        return Fault(f"there is no currency '{word}'", word, hint)
    return None


def _constants(node: nodes.Filter | nodes.Call) -> tuple[list[Any], dict[str, Any]] | None:
    """The arguments of a call, if all of them stand in the template."""
    pairs = cast(list[nodes.Keyword], node.kwargs)
    try:
        args = [argument.as_const() for argument in node.args]
        return args, {pair.key: pair.value.as_const() for pair in pairs}
    except nodes.Impossible:
        return None


def _works(
    function: Callable[..., Any], value: Any, args: Sequence[Any], kwargs: Mapping[str, Any], context: Mapping[str, Any]
) -> bool:
    try:
        function(value, *args, **kwargs, **context)
    except Exception:  # whatever it is, the message fails with it
        return False
    return True


def _of_function(name: str, node: nodes.Call, scopes: Scopes) -> Iterator[Fault]:
    """A call with constants is tried; of others it shows whether they are numbers."""
    yield from no_numbers(node.args, f"{name}()", scopes)
    arguments = _constants(node)
    if arguments is None or any(not isinstance(each, int) for each in arguments[0]):
        return
    try:
        FUNCTIONS[name](*arguments[0], **arguments[1])
    except RenderingError as error:
        yield Fault(str(error), name)
    except (TypeError, ValueError, OverflowError) as error:
        yield Fault(f"{name} cannot be called like this: {error}", name, f"Write {name}(5) or {name}(1, 6).")
