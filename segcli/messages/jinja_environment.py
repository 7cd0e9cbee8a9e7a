"""Jinja as messages have it: a sandbox without methods, where null is Missing and sums end in a number or null."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from segcli.messages.filters import FILTERS, FUNCTIONS, LARGEST_WHOLE, Filter, text_of
from segcli.messages.jinja_output import Budget
from segcli.messages.missing import Missing, RenderingError, is_missing

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow,
}  # fmt: skip
_MOST_KNOWN = 10_000  # results that a filter remembers


class MessageEnvironment(ImmutableSandboxedEnvironment):
    """Jinja for messages: no methods, no attributes but those of data, arithmetic that ends in a number or in null."""

    intercepted_binops = frozenset(_OPERATORS)
    intercepted_unops = frozenset(("-", "+"))

    def __init__(self, escape: bool) -> None:
        super().__init__(
            autoescape=escape, undefined=Missing, keep_trailing_newline=True, optimized=False, cache_size=0
        )
        self.budget = Budget()
        self.globals = dict(FUNCTIONS)
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
        of_loop = getattr(obj, "__func__", None) in (LoopContext.cycle, LoopContext.changed)
        if not (isinstance(obj, Macro) or any(obj is known for known in FUNCTIONS.values()) or of_loop):
            raise SecurityError("call")
        return context.call(obj, *args, **kwargs)  # which knows what Jinja adds to a call inside of a loop

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

    def quick_member(self, attribute: str) -> str:
        """The name of a filter that is `_member` of this attribute where there is one, and else raises."""
        name = f"segcli_member {attribute}"
        self.filters[name] = operator.itemgetter(attribute)
        return name

    def quick_loop_member(self, attribute: str) -> str:
        """The same of a loop: its number, whether it is the last."""
        name, get = f"segcli_loop {attribute}", operator.attrgetter(attribute)

        def member(loop: Any) -> Any:
            if type(loop) is not LoopContext or attribute.startswith("_"):
                raise SecurityError(attribute)
            value = get(loop)
            if value is None:
                raise RenderingError(f"there is no loop.{attribute}")
            return value

        self.filters[name] = member
        return name

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
    return _OPERATORS[sign](left, right) if whole else near + 0.0  # so that zero is never -0.0


def _filter(name: str, known: Filter) -> Callable[..., Any]:
    """The filter as Jinja calls it: null stays null, and what it cannot work with becomes null with a reason."""

    known_texts: dict[str, Any] = {}  # what the filter made of texts, where nothing else decides about it

    def call(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        if type(value) is str and not (args or kwargs or known.context):
            if value not in known_texts:
                if len(known_texts) >= _MOST_KNOWN:
                    known_texts.clear()
                known_texts[value] = worked_out(context, value)
            return known_texts[value]
        return worked_out(context, value, *args, **kwargs)

    def worked_out(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        if is_missing(value):
            return value
        if (args or kwargs) and any(is_missing(argument) for argument in (*args, *kwargs.values())):
            return Missing(f"{name} needs its arguments")
        for column in known.context:
            kwargs[column] = _plain(context.resolve(column))
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
