"""Tokens -> the tree of an expression, by operator precedence as SQL has it.

Only what an expression in a recipe may be is understood; all else raises ExpressionError with its place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from segcli.fields.expressions import tree
from segcli.fields.expressions.cursor import Cursor
from segcli.fields.expressions.refusals import REFUSED_WORDS, RESERVED, unexpected
from segcli.fields.expressions.tokens import ExpressionError, Token, read_tokens

MOST_TERMS = 60
MOST_CONDITIONS = 100

COMPARISONS = {"=", "<>", "!=", "<", "<=", ">", ">="}
SUMS = {"+", "-"}
PRODUCTS = {"*", "/", "//", "%"}


@lru_cache(maxsize=4_096)
def parse(text: str) -> tree.Node:
    """The tree of an expression; raises ExpressionError for the first thing that cannot be understood."""
    parser = Parser(read_tokens(text))
    if parser.at("end"):
        raise ExpressionError("there is no expression here", 0)
    node = parser.disjunction()
    if not parser.at("end"):
        raise unexpected(parser.next)
    return node


class Parser(Cursor):
    """Each method reads one level of precedence and returns its node."""

    def disjunction(self) -> tree.Node:
        return self.logical("or", self.conjunction)

    def conjunction(self) -> tree.Node:
        return self.logical("and", self.negation)

    def logical(self, word: str, read: Callable[[], tree.Node]) -> tree.Node:
        operands = [read()]
        while self.took(word):
            operands.append(read())
        if len(operands) > MOST_CONDITIONS:
            raise ExpressionError("these are too many conditions", operands[0].start, "Write `x in ('a', 'b')`.")
        if len(operands) == 1:
            return operands[0]
        return tree.Logical(operands[0].start, "and" if word == "and" else "or", tuple(operands))

    def negation(self) -> tree.Node:
        start = self.next.start
        if self.took("not"):
            return tree.Not(start, self.deeper(self.negation))
        return self.comparison()

    def comparison(self) -> tree.Node:
        left = self.sum()
        operator = self.next
        if operator.lower in COMPARISONS:
            self.take()
            left = tree.Comparison(left.start, operator.lower.replace("!=", "<>"), left, self.sum())
        elif operator.lower != "is":
            left = self.test(left)
        if self.next.lower == "is":
            left = self.identity(left)
        if self.next.lower in COMPARISONS | {"between", "in", "like", "ilike", "is"}:
            raise ExpressionError("comparisons cannot follow each other", self.next.start, "Join two with `and`.")
        return left

    def test(self, subject: tree.Node) -> tree.Node:
        """between, in, like and their negations, or the subject itself if none of them follows."""
        negated = self.next.lower == "not" and self.peek().lower in ("between", "in", "like", "ilike")
        if negated:
            self.take()
        if self.took("between"):
            low = self.sum()
            self.expect("and")
            return tree.Between(subject.start, subject, low, self.sum(), negated)
        if self.took("in"):
            self.expect("(")
            return tree.Membership(subject.start, subject, tuple(self.arguments()), negated)
        if self.next.lower in ("like", "ilike"):
            operator: Literal["like", "ilike"] = "like" if self.take().lower == "like" else "ilike"
            return tree.Like(subject.start, operator, subject, self.sum(), negated)
        return subject

    def identity(self, subject: tree.Node) -> tree.Node:
        """`is [not] null | true | false | distinct from x`"""
        self.expect("is")
        negated = self.took("not")
        if self.took("distinct", "from"):
            operator = "is not distinct from" if negated else "is distinct from"
            return tree.Comparison(subject.start, operator, subject, self.sum())
        if self.next.lower not in ("null", "true", "false"):
            raise ExpressionError(
                "after `is` comes null, true, false or `distinct from`",
                self.next.start,
                "Compare values with =.",
            )
        return tree.Is(subject.start, subject, self.take().lower, negated)  # type: ignore[arg-type]

    def sum(self) -> tree.Node:
        return self.arithmetic(SUMS, self.product)

    def product(self) -> tree.Node:
        return self.arithmetic(PRODUCTS, self.joined)

    def joined(self) -> tree.Node:
        return self.arithmetic({"||"}, self.signed)

    def arithmetic(self, operators: set[str], read: Callable[[], tree.Node]) -> tree.Node:
        left, length = read(), 1
        while self.next.lower in operators:
            length += 1
            if length > MOST_TERMS:
                raise ExpressionError("this has too many terms", left.start, "Give a part of it a field of its own.")
            operator = self.take().value
            left = tree.Arithmetic(left.start, operator, left, read())
        return left

    def signed(self) -> tree.Node:
        start = self.next.start
        if self.took("-"):
            return tree.Negative(start, self.deeper(self.signed))
        if self.took("+"):
            return self.deeper(self.signed)
        return self.cast()

    def cast(self) -> tree.Node:
        node = self.primary()
        while self.took("::"):
            if isinstance(node, tree.Cast):
                raise ExpressionError("one cast is enough", self.next.start)
            node = tree.Cast(node.start, node, self.type_name())
        return node

    def type_name(self) -> str:
        word = self.take()
        if word.kind != "word":
            raise unexpected(word)
        if word.lower == "double":
            self.took("precision")
        if not self.at("open"):
            return word.lower
        numbers: list[str] = []
        self.take()
        while not self.at("close"):
            if self.next.kind not in ("number", "comma"):
                raise unexpected(self.next)
            numbers.append(self.take().value)
        self.take()
        return f"{word.lower}({''.join(numbers)})"

    def primary(self) -> tree.Node:
        token = self.take()
        if token.kind == "open":
            node = self.deeper(self.disjunction)
            self.expect(")")
            return node
        if token.kind in ("number", "text"):
            return tree.Constant(token.start, token.kind, token.value)
        if token.kind == "quoted":
            return tree.Name(token.start, token.value, quoted=True)
        if token.kind != "word":
            raise unexpected(token)
        if token.lower in ("true", "false"):
            return tree.Constant(token.start, "boolean", token.lower)
        if token.lower == "null":
            return tree.Constant(token.start, "null", "null")
        if token.lower == "case":
            return self.deeper(lambda: self.case(token))
        if token.lower in ("date", "timestamp", "interval") and self.next.kind in ("text", "number"):
            return self.typed_literal(token)
        if self.at("open"):
            return self.deeper(lambda: self.call(token))
        if token.lower in RESERVED:
            raise unexpected(token)
        return tree.Name(token.start, token.value, quoted=False)

    def typed_literal(self, kind: Token) -> tree.Node:
        value = self.take()
        if value.kind == "number":
            raise ExpressionError(f"'{kind.lower}' needs text in quotes", value.start, "Write interval '30 days'.")
        return tree.Constant(kind.start, kind.lower, value.value)  # type: ignore[arg-type]

    def case(self, word: Token) -> tree.Node:
        subject = None if self.next.lower == "when" else self.disjunction()
        branches = []
        while self.took("when"):
            when = self.disjunction()
            self.expect("then")
            branches.append((when, self.disjunction()))
        otherwise = self.disjunction() if self.took("else") else None
        self.expect("end" if branches else "when")
        return tree.Case(word.start, subject, tuple(branches), otherwise)

    def arguments(self) -> list[tree.Node]:
        """The rest of a list in parentheses, and the parenthesis that closes it."""
        found: list[tree.Node] = []
        while not self.at("close"):
            if found:
                self.expect(",")
            if self.next.lower == "select":
                raise unexpected(self.next)
            found.append(self.deeper(self.disjunction))
        self.take()
        return found

    def call(self, name: Token) -> tree.Node:
        self.expect("(")
        if name.lower in ("cast", "try_cast"):
            operand = self.disjunction()
            self.expect("as")
            node = tree.Cast(name.start, operand, self.type_name())
            self.expect(")")
            return node
        if name.lower == "extract":
            part = self.take().value.lower()
            self.expect("from")
            extracted = tree.Extract(name.start, part, self.disjunction())
            self.expect(")")
            return extracted
        if name.lower in RESERVED or name.lower in REFUSED_WORDS:
            raise unexpected(name)
        star = self.next.value == "*" and self.next.kind == "operator"
        if star:
            self.take()
        distinct = self.took("distinct")
        arguments = tuple(self.arguments())
        condition = None
        if self.next.lower == "filter" and self.peek().kind == "open":
            self.take()
            self.expect("(")
            self.expect("where")
            condition = self.disjunction()
            self.expect(")")
        if self.next.lower == "over":
            raise unexpected(self.next)
        return tree.Call(name.start, name.lower, arguments, distinct, star, condition)
