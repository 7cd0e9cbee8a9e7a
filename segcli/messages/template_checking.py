"""What a template may say: names that there are, filters and tests that are known, and nothing that messages lack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from jinja2 import nodes

from segcli.campaigns.starting_rows import ROW
from segcli.fields.expressions.functions import vocabulary
from segcli.messages.call_checking import faults_of_call
from segcli.messages.filters import FILTERS, FUNCTIONS, SPECIAL
from segcli.messages.kinds import dtype_of
from segcli.messages.model import Source
from segcli.messages.names import LOOP_CALLS, Known, Scopes, path_of, paths_that_may_miss
from segcli.messages.surroundings import Surroundings
from segcli.messages.value_checking import TESTS, faults_of
from segcli.problems import Place, Problems, nearest

_NOT_HERE: Mapping[type[nodes.Node], str] = {
    nodes.Extends: "extends", nodes.Include: "include", nodes.Import: "import", nodes.FromImport: "import",
    nodes.Block: "block", nodes.Scope: "autoescape",
}  # fmt: skip
_NO_ROW = "A row is what starts a series where the campaign has `start: {from: orders, at: ordered_at}`."
_PATHS = (nodes.Name, nodes.Getattr, nodes.Getitem)


@dataclass(frozen=True)
class Nullable:
    """Something that is shown without a default and not asked for in an `if`: the message fails where it is null.

    `path` is its name in reasons (`first_name`, `products.price`); `column` the column of the context.
    """

    path: str
    column: str
    place: Place | None


@dataclass
class TemplateChecker:
    """Goes through a template's tree once, adding problems; `used` are the columns it needs."""

    source: Source
    schema: Mapping[str, pl.DataType]
    problems: Problems
    key: str | None
    around: Surroundings = field(default_factory=Surroundings)
    used: set[str] = field(default_factory=set)
    nullable: list[Nullable] = field(default_factory=list)
    guarded: list[str] = field(default_factory=list)  # what the conditions around a place ask for
    macros: set[str] = field(default_factory=lambda: {"caller"})

    def __post_init__(self) -> None:
        self.scopes = Scopes(self.schema)

    def body(self, body: Sequence[nodes.Node]) -> None:
        for node in body:
            self.statement(node)

    def statement(self, node: nodes.Node) -> None:
        match node:
            case nodes.Output():
                for child in node.nodes:
                    self._output(child)
            case nodes.If():
                self._choice(node)
            case nodes.For():
                self._loop(node)
            case nodes.Assign():
                self._assigned(node)
            case nodes.AssignBlock():
                self._captured(node)
            case nodes.Macro():
                self.macros.add(node.name)
                self.scopes.levels[-1][node.name] = Known(node.name)
                self._inner(node.args, node.defaults, node.body)
            case nodes.CallBlock():
                self.expression(node.call)
                self._inner(node.args, node.defaults, node.body)
            case nodes.FilterBlock():
                self._filter(node.filter)
                self._inner([], [], node.body)
            case nodes.With():
                for value in node.values:
                    self.expression(value)
                self._inner(node.targets, [], node.body)
            case _:
                name = _NOT_HERE.get(type(node), type(node).__name__.lower())
                self._error(f"{name} is not to be had in messages", node, name)

    def _inner(self, targets: Iterable[nodes.Node], values: Iterable[nodes.Expr], body: Sequence[nodes.Node]) -> None:
        for value in values:
            self.expression(value)
        self.scopes.enter()
        for target in targets:
            self.scopes.put(target, Known(getattr(target, "name", "a value")))
        self.scopes.levels[-1].setdefault("caller", Known("caller"))
        self.body(body)
        self.scopes.leave()

    def _output(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.TemplateData):
            return
        self.expression(node)
        dtype, path = dtype_of(node, self.scopes), path_of(node, self.scopes)
        if isinstance(dtype, (pl.List, pl.Struct)) and path:
            one = "a list" if isinstance(dtype, pl.List) else "several values"
            hint = f"Show its parts: {{% for p in {path} %}}." if one == "a list" else f"Show one: {path}.name."
            self._error(f"{path} is {one} and cannot be shown as it is", node, path, hint)
        for missing in paths_that_may_miss(node, self.scopes):
            column = re.split(r"[.\[]", missing)[0]
            free = not any(missing == path or missing.startswith((f"{path}.", f"{path}[")) for path in self.guarded)
            if column in self.schema and free:
                if fault := self.around.never_there(missing):
                    self._error(fault.message, node, fault.word, fault.hint)
                self.nullable.append(Nullable(missing, column, self._place(node, missing, column)))

    def _guard(self, test: nodes.Node) -> int:
        paths = [path_of(part, self.scopes) for kind in _PATHS for part in (test, *test.find_all(kind))]
        found = [path for path in paths if path]
        self.guarded += found
        return len(found)

    def _choice(self, node: nodes.If) -> None:
        count = 0
        before, ways = dict(self.scopes.levels[-1]), []
        for case in (node, *node.elif_):
            self.expression(case.test)
            count += self._guard(case.test)
            self.body(case.body)
            ways.append(self.scopes.swap(before))
        self.body(node.else_)
        self.scopes.merge(ways)
        del self.guarded[len(self.guarded) - count :]

    def _loop(self, node: nodes.For) -> None:
        self.expression(node.iter)
        dtype, path = dtype_of(node.iter, self.scopes), path_of(node.iter, self.scopes)
        if dtype is not None and not isinstance(dtype, pl.List):
            self._error(f"{path or 'the value'} is no list to loop over", node, path)
        self.scopes.enter_loop(node)
        if node.test is not None:
            self.expression(node.test)
        self.body(node.body)
        self.scopes.leave()
        self.body(node.else_)

    def _assigned(self, node: nodes.Assign) -> None:
        self.expression(node.node)
        if not isinstance(node.target, (nodes.Name, nodes.Tuple)):
            self._error("set gives a value to a name and to nothing else", node, "set")
        path = path_of(node.node, self.scopes) or str(getattr(node.target, "name", "a value"))
        self.scopes.put(node.target, Known(path, dtype_of(node.node, self.scopes)))

    def _captured(self, node: nodes.AssignBlock) -> None:
        if node.filter is not None:
            self._filter(node.filter)
        self._inner([], [], node.body)
        self.scopes.put(node.target, Known(getattr(node.target, "name", "a value"), pl.String()))

    def expression(self, node: nodes.Node) -> None:
        self._parts(node)
        faults = faults_of_call if isinstance(node, (nodes.Filter, nodes.Call)) else faults_of
        for fault in faults(node, self.scopes):
            self._error(fault.message, node, fault.word, fault.hint)

    def _parts(self, node: nodes.Node) -> None:
        match node:
            case nodes.Name():
                self._name(node)
            case nodes.Getattr():
                self.expression(node.node)
                self._member(node, node.node, node.attr)
            case nodes.Getitem():
                self.expression(node.node)
                if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                    self._member(node, node.node, node.arg.value)
                else:
                    self.expression(node.arg)
            case nodes.Filter():
                self._filter(node)
            case nodes.Test():
                self._test(node)
            case nodes.Call():
                self._call(node)
            case nodes.CondExpr():
                self.expression(node.test)
                count = self._guard(node.test)
                for part in (node.expr1, node.expr2):
                    if part is not None:
                        self.expression(part)
                del self.guarded[len(self.guarded) - count :]
            case _:
                self._children(node)

    def _children(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self.expression(child)

    def _test(self, node: nodes.Test) -> None:
        if node.name not in TESTS:
            self._error(f"there is no test {node.name}", node, node.name, _nearest_or_all(node.name, TESTS))
        elif len(node.args) + len(node.kwargs) != TESTS[node.name]:
            self._error(f"{node.name} has {_counted(TESTS[node.name])}", node, node.name)
        self._children(node)

    def _name(self, node: nodes.Name) -> None:
        if self.scopes.find(node.name) is None:
            message = f"nothing provides the name '{node.name}'"
            hint = _NO_ROW if node.name == ROW else nearest(node.name, self.scopes.names)
            self._error(message, node, node.name, hint)
        elif not any(node.name in level for level in self.scopes.levels):
            self.used.add(node.name)

    def _member(self, node: nodes.Node, inner: nodes.Expr, name: str) -> None:
        dtype, path = dtype_of(inner, self.scopes), path_of(inner, self.scopes) or "the value"
        if name.startswith("_"):
            self._error(f"{name} is nothing that messages may use", node, name)
        elif isinstance(dtype, pl.Struct):
            members = [member.name for member in dtype.fields]
            if path == "loop":
                members += [*LOOP_CALLS, "previtem", "nextitem"]
            if name not in members:
                self._error(f"{path} has no '{name}'", node, name, nearest(name, members))
        elif isinstance(dtype, pl.List):
            self._error(f"{path} is a list and has no '{name}'", node, name, f"The first one's: {path}[0].{name}.")
        elif dtype is not None or isinstance(inner, nodes.Const):
            self._error(f"{path} has no '{name}'", node, name, "What it should look like is asked for with a filter.")

    def _filter(self, node: nodes.Filter) -> None:
        if node.node is not None:
            self.expression(node.node)
        for part in (*node.args, *(pair.value for pair in node.kwargs)):
            self.expression(part)
        known = FILTERS.get(node.name)
        if known is None and node.name not in SPECIAL:
            hint = _nearest_or_all(node.name, (*FILTERS, *SPECIAL))
            self._error(f"there is no filter {node.name}", node, node.name, hint)
        elif node.dyn_args is not None or node.dyn_kwargs is not None:
            self._error(f"{node.name} cannot have * arguments", node, node.name)
        elif known is not None:
            least, most = known.arguments
            if not least <= len(node.args) + len(node.kwargs) <= most:
                self._error(f"{node.name} has {_counted(least, most)}", node, node.name)
            self.used.update(name for name in known.context if name in self.schema)

    def _call(self, node: nodes.Call) -> None:
        function = node.node
        of_loop = isinstance(function, nodes.Getattr) and path_of(function.node, self.scopes) == "loop"
        asked = of_loop and getattr(function, "attr", None) in LOOP_CALLS
        name = function.name if isinstance(function, nodes.Name) else None
        if not asked and name not in self.macros and name not in FUNCTIONS:
            self._unknown_function(node, name or getattr(function, "attr", None) or "this")
        for part in (*node.args, *(pair.value for pair in node.kwargs)):
            self.expression(part)

    def _unknown_function(self, node: nodes.Call, name: str) -> None:
        if name in self.around.partials:
            hint = f"Write {{{{ {name}(...) }}}} by itself, in the body of the message."
            self._error(f"{name}() is no part of an expression", node, name, hint)
            return
        hint = _nearest_or_all(name, {*FUNCTIONS, *self.macros, *self.around.partials} - {"caller"})
        if name in self.schema:
            hint = f"It is a name: write {name} without parentheses."
        elif name in vocabulary().clock:
            hint = "Write as_of for the moment of the run, or today."
        self._error(f"there is no function {name}", node, name, hint)

    def _error(self, message: str, node: nodes.Node, word: str | None, hint: str | None = None) -> None:
        self.problems.error(f"{message}.", self._place(node, word), self.key, hint)

    def _place(self, node: nodes.Node, *words: str | None) -> Place | None:
        """The place of the first of the words that the node's line has, as far as the source knows its columns."""
        # Jinja gives a scope of its own, as that of autoescape, no line.
        line: int = node.lineno or next((each.lineno for each in node.find_all(nodes.Node) if each.lineno), 0)
        place = self.source.place(line)
        lines = self.source.text.splitlines()
        if place is None or place.column is None or line > len(lines):
            return place
        for word in filter(None, words):
            if found := re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lines[line - 1]):
                return place.moved(found.start())
        return place


def _nearest_or_all(name: str, known: Iterable[str]) -> str:
    every = sorted(each for each in known if len(each) > 1)
    return nearest(name, known) or f"There {'are' if len(every) > 1 else 'is'} {', '.join(every)}."


def _counted(least: int, most: int | None = None) -> str:
    """`no arguments`, `1 argument`, `0 to 2 arguments`."""
    if most is not None and most != least:
        return f"{least} to {most} arguments"
    return f"{least or 'no'} argument{'' if least == 1 else 's'}"
