"""How much Polars has to do to plan an expression: some nested parts double what lies below them."""

from __future__ import annotations

from collections.abc import Iterator

from segcli.fields.expressions import tree
from segcli.fields.expressions.functions import vocabulary
from segcli.fields.expressions.tokens import ExpressionError

HEAVIEST = 2_000
DOUBLING = {"nullif", "strpos", "mod", "div"}


def check_weight(node: tree.Node) -> None:
    """Raises ExpressionError for what would be planned for seconds, or for ever."""
    if weight(node) > HEAVIEST:
        raise ExpressionError("this is nested too deep", node.start, "Give a part of it a field of its own.")


def weight(node: tree.Node) -> int:
    """How many names and operators Polars sees: a divisor, nullif() and some more use their operand twice."""
    if isinstance(node, tree.Constant):
        return 0
    if isinstance(node, tree.Arithmetic) and node.operator in ("/", "//", "%"):
        return 1 + weight(node.left) + 2 * weight(node.right)
    below = sum(weight(child) for child in children(node))
    if isinstance(node, tree.Call):
        function = vocabulary().functions.get(node.function)
        doubles = node.function in DOUBLING or (function is not None and function.overflows)
        return 1 + below * (2 if doubles else 1)
    return 1 + below


def children(node: tree.Node) -> Iterator[tree.Node]:
    """The parts right below a node."""
    parts = list(vars(node).values())
    while parts:
        part = parts.pop()
        if isinstance(part, tree.Node):
            yield part
        elif isinstance(part, tuple):
            parts.extend(part)
