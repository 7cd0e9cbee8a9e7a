"""Rendering by Jinja itself, row by row: for the templates that the columnar way does not understand, and for reasons.

The tree of a template is changed before it is compiled, so that null means what it means in messages (see `Missing`),
nothing is called or reached into but what messages may, and no message grows without bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import cast

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.runtime import Context
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

from segcli.messages.coding import EIGHT_BIT, PLAIN, Coding, encode, encode_constant, with_single_blank_lines, wrapped
from segcli.messages.filters import CONTEXT, LARGEST_TEXT
from segcli.messages.frame_rows import FrameRows
from segcli.messages.jinja_environment import MessageEnvironment
from segcli.messages.jinja_loops import LoopBody, loop_body, remembered_body
from segcli.messages.jinja_output import output, quick_output
from segcli.messages.missing import Missing, RenderingError
from segcli.messages.names import Scopes, missing_reason

_QUICK_STEPS = 2_000  # of a message that is rendered without counting what is short
_MOST_TRIED = 100  # rows one after the other that the quick way could not render, until it is given up
CAPTURES = (nodes.AssignBlock, nodes.Macro, nodes.CallBlock, nodes.FilterBlock)


class _Prepared(NodeTransformer):
    """A template's tree with constants coded, outputs checked and coded, and null given its meaning.

    One that is `quick` takes for granted that values are what they mostly are, and raises where one is not.
    """

    def __init__(self, environment: MessageEnvironment, constants: Callable[[str], str], quick: bool = False) -> None:
        self.environment, self.constants, self.scopes, self.quick = environment, constants, Scopes(), quick
        self.bodies = count()

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        shown: list[nodes.Expr] = []
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                shown.append(nodes.TemplateData(self.constants(child.data), lineno=child.lineno))
            else:
                reason = nodes.Const(missing_reason(child, self.scopes), lineno=child.lineno)
                shown.append(self._quick_output(child, reason) if self.quick else self._output(child, reason))
        node.nodes = shown
        return node

    def _output(self, node: nodes.Expr, reason: nodes.Const) -> nodes.Expr:
        return _call("segcli_out", self.visit(node), reason)

    def _quick_output(self, node: nodes.Expr, reason: nodes.Const) -> nodes.Expr:
        # A text of the data is never Markup; what a loop knows of itself is no text.
        data = isinstance(node, (nodes.Name, nodes.Getattr)) and not _of_loop(node)
        value = self.visit(node)
        found = _call("segcli_quick_out", value, reason)
        return nodes.Or(_call("segcli_known", value), found, lineno=node.lineno) if data else found

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        body = loop_body(node, self.environment) if self.quick else None
        self.scopes.enter_loop(node)
        self.generic_visit(node)
        self.scopes.leave()
        node.iter = _call("segcli_items", node.iter)
        if body is not None:
            node.body = [nodes.Output([self._remembered(node, body)], lineno=node.lineno)]
        return node

    def _remembered(self, node: nodes.For, body: LoopBody) -> nodes.Expr:
        """What shows the body of a loop, each time for the same element and surroundings as the first time."""
        rendered = _compiled(self.environment, nodes.Template(node.body, lineno=node.lineno), quick=True)
        name = f"segcli_body {next(self.bodies)}"
        self.environment.filters[name] = remembered_body(body, rendered.render, self.environment.budget)
        loop = nodes.Name("loop", "load") if body.of_loop else nodes.Const(None)
        outer = [nodes.Name(each, "load") for each in body.outer]
        return _call(name, nodes.Name(body.element, "load", lineno=node.lineno), loop, *outer)

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802
        of_loop = _of_loop(node)
        self.generic_visit(node)
        if self.quick:
            quick = self.environment.quick_loop_member if of_loop else self.environment.quick_member
            return _call(quick(node.attr), node.node)
        return _call("segcli_member", node.node, nodes.Const(node.attr, lineno=node.lineno))

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        first, *rest = [self.visit(child) for child in node.nodes]
        return _call("segcli_concat", first, *rest)

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if node.expr2 is None:
            node.expr2 = nodes.Const("", lineno=node.lineno)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if len(node.ops) == 1 and node.ops[0].op in ("in", "notin"):
            name = "segcli_contains" if node.ops[0].op == "in" else "segcli_contains_not"
            return _call(name, node.expr, node.ops[0].expr)
        return node


def _of_loop(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name == "loop"


def _call(name: str, value: nodes.Node, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast(nodes.Expr, value), name, list(args), [], None, None, lineno=value.lineno)


class JinjaRenderer:
    """A template compiled for one coding."""

    def __init__(self, text: str, escape: bool, coding: Coding, one_blank_line: bool = False) -> None:
        self.one_blank_line = one_blank_line
        environment = MessageEnvironment(escape)
        tree = environment.parse(text)
        captures = any(True for kind in CAPTURES for _ in tree.find_all(kind))
        pieces = PLAIN if captures else coding  # what is captured is coded after it was put together
        environment.autoescape = escape and captures  # else the output is the only one to escape
        known: dict[str, str] = {}
        out = output(environment.budget, pieces, escape, environment.autoescape, known)
        environment.filters |= {"segcli_out": out, "segcli_known": known.get}
        environment.filters |= {"segcli_quick_out": quick_output(out, known)}
        self.environment, self.coding, self.whole = environment, coding, captures and coding is not PLAIN
        constants = lru_cache(maxsize=None)(lambda constant: encode_constant(constant, pieces, escape))
        self._safe = _compiled(environment, _Prepared(environment, constants).visit(tree), quick=False)
        self._quick: _Compiled | None = None
        if not captures:
            quick = _Prepared(environment, constants, quick=True).visit(environment.parse(text))
            self._quick = _compiled(environment, quick, quick=True)

    def render(self, row: Mapping[str, object]) -> str:
        """One message. Raises RenderingError with the reason why there is none."""
        values = {name: Missing(name=name) if value is None else value for name, value in row.items()}
        return self._finished(self._carefully(values))

    def _finished(self, text: str) -> str:
        if self.whole:
            text = encode(text, self.coding, escape=False)
        if self.one_blank_line:
            text = with_single_blank_lines(text, self.coding)
        return wrapped(text) if self.coding is EIGHT_BIT else text

    def _carefully(self, values: dict[str, object]) -> str:
        self.environment.budget.refill()
        try:
            return self._safe.render(values)
        except RenderingError:
            raise
        except SecurityError:
            raise RenderingError("the template reaches for what messages may not") from None
        except RecursionError:
            raise RenderingError("the message grows too large") from None
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise RenderingError(f"the template cannot work with its values ({type(error).__name__})") from None

    def render_rows(self, rows: FrameRows, names: Sequence[str]) -> Iterator[tuple[str | None, str | None]]:
        """For each row its message, or null and the reason; `names` are the columns that the template reads."""
        quick, failed = self._quick, 0
        budget = self.environment.budget
        for values in rows.of(names):
            try:
                if quick is not None:
                    budget.steps, budget.text = _QUICK_STEPS, LARGEST_TEXT
                    try:
                        text = quick.render(values)
                    except Exception:
                        # Whatever it was, the careful way knows what to make of it.
                        failed += 1
                        quick = None if failed == _MOST_TRIED else quick
                        text = self._carefully(values)
                    else:
                        failed = 0
                        if len(text) > LARGEST_TEXT:
                            text = self._carefully(values)
                else:
                    text = self._carefully(values)
                yield self._finished(text), None
            except RenderingError as error:
                yield None, str(error)


class _Compiled:
    """A compiled template's function, with a context that is used again where the row before did not fail.

    One that is `quick` takes names from the row and nowhere else, and raises KeyError where it has no such name, unless
    it is one that filters look at if it is there.
    """

    def __init__(
        self, environment: MessageEnvironment, function: Callable[[Context], Iterator[str]], quick: bool
    ) -> None:
        self.environment, self.function, self.quick = environment, function, quick
        self.context: Context | None = None

    def render(self, values: dict[str, object]) -> str:
        values |= self.environment.globals
        context, self.context = self.context or Context(self.environment, {}, None, {}), None
        context.parent = values
        if self.quick:
            for name in CONTEXT:
                values.setdefault(name, missing)
            context.resolve_or_missing = values.__getitem__  # type: ignore[method-assign, assignment]
        context.vars.clear()
        context.exported_vars.clear()
        text = "".join(self.function(context))
        self.context = context
        return text


def _compiled(environment: MessageEnvironment, tree: nodes.Template, quick: bool) -> _Compiled:
    tree.set_environment(environment)
    code = environment.compile(tree)
    template = environment.template_class.from_code(environment, code, environment.globals)
    return _Compiled(environment, template.root_render_func, quick)
