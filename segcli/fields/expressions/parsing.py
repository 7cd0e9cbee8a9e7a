"""Tokens -> the tree of an expression, by operator precedence as SQL has it.

Only what an expression in a recipe may be is understood; everything else raises ExpressionError with its place.
"""

from __future__ import annotations

from collections.abc import Callable

from segcli.fields.expressions import tree
from segcli.fields.expressions.tokens import ExpressionError, Token, read_tokens

DEEPEST_TREE = 24
MOST_TERMS = 60
MOST_CONDITIONS = 200

COMPARISONS = {"=", "<>", "!=", "<", "<=", ">", ">="}
SUMS = {"+", "-"}
PRODUCTS = {"*", "/", "//", "%"}

# Words that begin or go on with something that no expression may do, and what to do instead.
REFUSED_WORDS = {
    "select": "A query inside an expression is not possible; give it a field of its own.",
    "exists": "A query inside an expression is not possible; give it a field of its own.",
    "over": "Windows are not possible; see `across`, `score` and `top` among the kinds of field.",
    "union": "A query inside an expression is not possible.",
    "from": "The table of a field is its key `from:`.",
    "group": "The key `by:` of a field groups.",
    "order": "Lists come sorted; `top` gives the value with the most.",
    "limit": "`top` gives the value with the most.",
    "having": "A condition on a total is a segment over that field.",
    "as": "A name is given by the key of the field.",
    "similar": "Write regexp_like(x, 'pattern').",
    "rlike": "Write regexp_like(x, 'pattern').",
    "regexp": "Write regexp_like(x, 'pattern').",
    "escape": "Write starts_with(x, 'text') or strpos(x, 'text') > 0.",
    "isnull": "Write `is null`.",
    "notnull": "Write `is not null`.",
    "xor": "Write <> between two conditions.",
    "collate": "Text is compared as it is; lower(x) ignores case.",
    "any": "Write array_contains(list, x).",
    "array": "Lists come from columns and array_agg(x).",
    "struct": None,
    "row": None,
}  # fmt: skip

REFUSED_OPERATORS = {
    "==": "Write = for a comparison.",
    "&&": "Write `and`.",
    "&": "Write `and`.",
    "|": "Write `or`.",
    "!": "Write `not`, or <> for a comparison.",
    "<=>": "Write `is not distinct from`.",
    "**": "Write power(x, 2).",
    "^": "Write power(x, 2).",
    "~": "Write regexp_like(x, 'pattern').",
    "~*": "Write regexp_like(lower(x), 'pattern').",
    "!~": "Write not regexp_like(x, 'pattern').",
    "!~*": "Write not regexp_like(lower(x), 'pattern').",
    ".": "Write the column alone, without its table.",
    "::": None,
}

RESERVED = {
    "and", "or", "not", "in", "is", "like", "ilike", "between", "case", "when", "then", "else", "end",
    "null", "true", "false", "distinct", "cast", "try_cast", "exists", "select",
}  # fmt: skip


def parse(text: str) -> tree.Node:
    """The tree of an expression; raises ExpressionError for the first thing that cannot be understood."""
    parser = Parser(read_tokens(text))
    if parser.next.kind == "end":
        raise ExpressionError("there is no expression here", 0)
    node = parser.disjunction()
    if parser.next.kind != "end":
        raise unexpected(parser.next)
    return node


def unexpected(token: Token) -> ExpressionError:
    """What to say about a token that cannot stand where it stands."""
    if token.kind == "end":
        return ExpressionError("the expression ends too early", token.start)
    if token.lower in REFUSED_WORDS:
        return ExpressionError(
            f"'{token.lower}' is not possible here", token.start, REFUSED_WORDS[token.lower]
        )
    if token.lower in REFUSED_OPERATORS:
        return ExpressionError(
            f"'{token.value}' is no operator here", token.start, REFUSED_OPERATORS[token.lower]
        )
    hint = None
    if token.kind in ("word", "quoted"):
        hint = "An operator, a comma or quotes are missing before it."
    elif token.kind == "text":
        hint = "A quote inside text is doubled: 'it''s'."
    elif token.kind == "comma":
        hint = "In YAML, an expression with a comma inside { } needs quotes round it."
    return ExpressionError(f"'{token.value}' is unexpected here", token.start, hint)


class Parser:
    """Walks along the tokens; each method reads one level of precedence and returns its node."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.position]

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
            raise ExpressionError(
                "this is nested too deep", self.next.start, "Give a part of it a field of its own."
            )
        node = read()
        self.depth -= 1
        return node

    def disjunction(self) -> tree.Node:
        return self.logical("or", self.conjunction)

    def conjunction(self) -> tree.Node:
        return self.logical("and", self.negation)

    def logical(self, word: str, read: Callable[[], tree.Node]) -> tree.Node:
        operands = [read()]
        while self.took(word):
            operands.append(read())
        if len(operands) > MOST_CONDITIONS:
            raise ExpressionError(
                "these are too many conditions", operands[0].start, "Write `x in ('a', 'b')`."
            )
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
        while self.next.lower == "is":
            left = self.identity(left)
        if self.next.lower in COMPARISONS | {"between", "in", "like", "ilike"}:
            raise ExpressionError(
                "comparisons cannot follow each other", self.next.start, "Join two with `and`."
            )
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
            operator = "like" if self.take().lower == "like" else "ilike"
            return tree.Like(subject.start, operator, subject, self.sum(), negated)  # type: ignore[arg-type]
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
                raise ExpressionError(
                    "this has too many terms", left.start, "Give a part of it a field of its own."
                )
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
            node = tree.Cast(node.start, node, self.type_name())
        return node

    def type_name(self) -> str:
        word = self.take()
        if word.kind != "word":
            raise unexpected(word)
        if word.lower == "double":
            self.took("precision")
        if self.next.kind != "open":
            return word.lower
        numbers = []
        self.take()
        while self.next.kind != "close":
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
            return tree.Constant(token.start, token.kind, token.value)  # type: ignore[arg-type]
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
        if self.next.kind == "open":
            return self.deeper(lambda: self.call(token))
        if token.lower in RESERVED:
            raise unexpected(token)
        return tree.Name(token.start, token.value, quoted=False)

    def typed_literal(self, kind: Token) -> tree.Node:
        value = self.take()
        if value.kind == "number":
            raise ExpressionError(
                f"'{kind.lower}' needs text in quotes", value.start, "Write interval '30 days'."
            )
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
        while self.next.kind != "close":
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
