"""Walking along the tokens of an expression, no deeper than can be evaluated."""

from __future__ import annotations

from collections.abc import Callable

from segcli.fields.expressions import tree
from segcli.fields.expressions.refusals import unexpected
from segcli.fields.expressions.tokens import ExpressionError, Kind, Token

DEEPEST_TREE = 24


class Cursor:
    """A place among the tokens, and the steps from there."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.position]

    def at(self, *kinds: Kind) -> bool:
        return self.next.kind in kinds

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.next
        if token.kind == "end":
            raise unexpected(token)
        self.position += 1
        return token

    def took(self, *words: str) -> bool:
        """Steps over these words or operators if they come next."""
        if all(self.peek(ahead).lower == word for ahead, word in enumerate(words)):
            self.position += len(words)
            return True
        return False

    def expect(self, wanted: str) -> Token:
        if wanted in (self.next.value, self.next.lower) and self.next.kind not in ("text", "quoted"):
            return self.take()
        found = unexpected(self.next)
        raise ExpressionError(found.message, found.start, found.hint or f"Expected {wanted!r} here.")

    def deeper(self, read: Callable[[], tree.Node]) -> tree.Node:
        """Reads a nested part, unless it is nested deeper than can be evaluated."""
        self.depth += 1
        if self.depth > DEEPEST_TREE:
            raise ExpressionError("this is nested too deep", self.next.start, "Give a part of it a field of its own.")
        node = read()
        self.depth -= 1
        return node
