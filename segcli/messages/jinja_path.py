"""Rendering by Jinja itself, row by row: for the templates that the columnar way does not understand, and for reasons.

The tree of a template is changed before it is compiled, so that null means what it means in messages (see `Missing`),
nothing is called or reached into but what messages may, and no message grows without bounds.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import polars as pl
from jinja2 import nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from segcli.messages.coding import EIGHT_BIT, PLAIN, Coding, encode, encode_constant, wrapped
from segcli.messages.filters import FILTERS, LARGEST_WHOLE, Filter, text_of
from segcli.messages.frame_rows import rows_of
from segcli.messages.jinja_output import Budget, output
from segcli.messages.missing import Missing, RenderingError, is_missing
from segcli.messages.names import Scopes, missing_reason

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow,
}  # fmt: skip
_MOST_RANGE = 1_000
CAPTURES = (nodes.AssignBlock, nodes.Macro, nodes.CallBlock, nodes.FilterBlock)


class MessageEnvironment(ImmutableSandboxedEnvironment):
    """Jinja for messages: no methods, no attributes but those of data, arithmetic that ends in a number or in null."""

    intercepted_binops = frozenset(_OPERATORS)
    intercepted_unops = frozenset(("-", "+"))

    def __init__(self, escape: bool) -> None:
        super().__init__(
            autoescape=escape, undefined=Missing, keep_trailing_newline=True, optimized=False, cache_size=0
        )
        self.budget = Budget()
        self.globals = {"range": _range}
        self.tests = {
            "none": is_missing,
            "defined": lambda value: not is_missing(value),
            "undefined": is_missing,
            "even": lambda value: not is_missing(value) and value % 2 == 0,
            "odd": lambda value: not is_missing(value) and value % 2 == 1,
            "divisibleby": lambda value, by: not is_missing(value) and not is_missing(by) and value % by == 0,
        }
        self.filters = {name: _filter(name, known) for name, known in FILTERS.items()}
        self.filters |= {"default": _default, "d": _default, "escape": _escape, "e": _escape}
        inner = (self._member, self._items, self._concat, self._contains, self._contains_not)
        self.filters |= {f"segcli{part.__name__}": part for part in inner}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict):
            value = obj.get(attribute)
        elif isinstance(obj, LoopContext) and not attribute.startswith("_"):
            value = getattr(obj, attribute, None)
        elif is_missing(obj):
            value = None
        else:
            raise SecurityError(attribute)
        return Missing(name=attribute) if value is None else value

    def _member(self, obj: Any, attribute: str) -> Any:
        """As `getattr`, quicker for what there is most of."""
        if type(obj) is dict:
            value = obj.get(attribute)
            if value is not None:
                return value
        return self.getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, (list, tuple, str)) and isinstance(argument, int):
            value = obj[argument] if -len(obj) <= argument < len(obj) else None
            return Missing(name=f"[{argument}]") if value is None else value
        return self.getattr(obj, argument) if isinstance(argument, str) else Missing()

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        self.budget.spend()
        cycle = getattr(obj, "__func__", None) is LoopContext.cycle
        if not (isinstance(obj, Macro) or obj is _range or cycle):
            raise SecurityError("call")
        return obj(*args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        sign = operator
        if is_missing(left):
            return left
        if is_missing(right):
            return right
        if sign == "+" and isinstance(left, str) and isinstance(right, str):
            return self._concat(left, right)
        return arithmetic(sign, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        return arg if is_missing(arg) else arithmetic(operator, 0, arg)

    def _items(self, value: Any) -> Sequence[Any]:
        """What a loop goes through; null is nothing, and null elements are Missing."""
        if is_missing(value):
            return ()
        if not isinstance(value, (list, tuple, range, str)):
            raise RenderingError("a loop needs a list")
        self.budget.spend(len(value))
        return [Missing() if item is None else item for item in value]

    def _concat(self, *parts: Any) -> Any:
        for part in parts:
            if is_missing(part):
                return part
        marked = any(hasattr(part, "__html__") for part in parts)
        joined = "".join(str(escape(text_of(part))) if marked else text_of(part) for part in parts)
        self.budget.spend(text=len(joined))
        return Markup(joined) if marked else joined

    def _contains(self, value: Any, container: Any) -> bool:
        return not is_missing(value) and not is_missing(container) and value in container

    def _contains_not(self, value: Any, container: Any) -> bool:
        return not is_missing(value) and not is_missing(container) and value not in container


def arithmetic(sign: str, left: Any, right: Any) -> Any:
    """A number, or Missing where there is none: division by zero, and results that no float holds exactly."""
    if not all(isinstance(side, (int, float)) and not isinstance(side, bool) for side in (left, right)):
        raise RenderingError(f"{sign} needs numbers")
    try:
        near = _OPERATORS[sign](float(left), float(right))
        whole = isinstance(left, int) and isinstance(right, int) and sign not in ("/", "**")
    except ZeroDivisionError:
        return Missing("nothing can be divided by zero")
    except OverflowError:
        return Missing("a number is too large")
    if isinstance(near, complex) or not (abs(near) < LARGEST_WHOLE if whole else math.isfinite(near)):
        return Missing("a number is too large")
    return _OPERATORS[sign](left, right) if whole else near


def _range(*args: int) -> range:
    numbers = range(*args)
    if len(numbers) > _MOST_RANGE:
        raise RenderingError(f"a range has at most {_MOST_RANGE} numbers")
    return numbers


def _filter(name: str, known: Filter) -> Callable[..., Any]:
    """The filter as Jinja calls it: null stays null, and what it cannot work with becomes null with a reason."""

    def call(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        if is_missing(value):
            return value
        if any(is_missing(argument) for argument in (*args, *kwargs.values())):
            return Missing(f"{name} needs its arguments")
        kwargs |= {column: _plain(context.resolve(column)) for column in known.context}
        try:
            result = known.function(value, *args, **kwargs)
        except RenderingError:
            raise
        except Exception:
            return Missing(filter_reason(name))
        return Missing() if result is None else result

    return pass_context(call)


def filter_reason(name: str) -> str:
    return f"{name} cannot work with this value"


def _plain(value: Any) -> Any:
    return None if is_missing(value) else value


def _default(value: Any, other: Any = "", boolean: bool = False) -> Any:
    return other if is_missing(value) or (boolean and not value) else value


def _escape(value: Any) -> Any:
    return value if is_missing(value) else escape(value if isinstance(value, str) else text_of(value))


class _Prepared(NodeTransformer):
    """A template's tree with constants coded, outputs checked and coded, and null given its meaning."""

    def __init__(self, environment: MessageEnvironment, constants: Callable[[str], str]) -> None:
        self.environment, self.constants, self.scopes = environment, constants, Scopes()

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        shown: list[nodes.Expr] = []
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                shown.append(nodes.TemplateData(self.constants(child.data), lineno=child.lineno))
            else:
                reason = nodes.Const(missing_reason(child, self.scopes), lineno=child.lineno)
                shown.append(_call("segcli_out", self.visit(child), reason))
        node.nodes = shown
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.scopes.enter_loop(node)
        self.generic_visit(node)
        self.scopes.leave()
        node.iter = _call("segcli_items", node.iter)
        return node

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
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


def _call(name: str, value: nodes.Node, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast(nodes.Expr, value), name, list(args), [], None, None, lineno=value.lineno)


class JinjaRenderer:
    """A template compiled for one coding."""

    def __init__(self, text: str, escape: bool, coding: Coding) -> None:
        environment = MessageEnvironment(escape)
        tree = environment.parse(text)
        captures = any(True for kind in CAPTURES for _ in tree.find_all(kind))
        pieces = PLAIN if captures else coding  # what is captured is coded after it was put together
        environment.autoescape = escape and captures  # else the output is the only one to escape
        environment.filters["segcli_out"] = output(environment.budget, pieces, escape, environment.autoescape)
        tree = _Prepared(environment, lambda constant: encode_constant(constant, pieces, escape)).visit(tree)
        tree.set_environment(environment)
        code = environment.compile(tree)
        self.template = environment.template_class.from_code(environment, code, environment.globals)
        self.context: Context | None = None  # of the last row, used again where that one did not fail
        self.environment, self.coding, self.whole = environment, coding, captures and coding is not PLAIN

    def render(self, row: Mapping[str, object]) -> str:
        """One message. Raises RenderingError with the reason why there is none."""
        self.environment.budget.refill()
        values = {name: Missing(name=name) if value is None else value for name, value in row.items()}
        values |= self.environment.globals
        context, self.context = self.context or Context(self.environment, {}, None, {}), None
        context.parent = values
        context.vars.clear()
        context.exported_vars.clear()
        try:
            text = "".join(self.template.root_render_func(context))
        except RenderingError:
            raise
        except SecurityError:
            raise RenderingError("the template reaches for what messages may not") from None
        except RecursionError:
            raise RenderingError("the message grows too large") from None
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise RenderingError(f"the template cannot work with its values ({type(error).__name__})") from None
        self.context = context
        if self.whole:
            text = encode(text, self.coding, escape=False)
        return wrapped(text) if self.coding is EIGHT_BIT else text

    def render_rows(self, frame: pl.DataFrame) -> Iterator[tuple[str | None, str | None]]:
        """For each row its message, or null and the reason."""
        for row in rows_of(frame):
            try:
                yield self.render(row), None
            except RenderingError as failed:
                yield None, str(failed)
