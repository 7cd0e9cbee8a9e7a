"""SQL text -> tokens with positions, and what no expression may contain at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

Kind = Literal["word", "quoted", "text", "number", "operator", "open", "close", "comma", "end"]

MOST_CHARACTERS = 20_000
DEEPEST_NESTING = 12


@dataclass(frozen=True)
class Token:
    """One piece of an expression; `value` is a word as written, or a literal without its quotes."""

    kind: Kind
    value: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        """The word or operator in lower case; empty for everything else, so that it equals no keyword."""
        return self.value.lower() if self.kind in ("word", "operator") else ""


class ExpressionError(Exception):
    """An expression cannot be understood any further; `start` counts characters from its beginning."""

    def __init__(self, message: str, start: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.start, self.hint = message, start, hint


TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<forbidden>--|/\*|\*/|\$\w*\$|\#|;|`|\[|\]|\{|\}|\?|@|\\|(?:\b(?:[eExXbBnNrR]|[uU]&)(?='))|:(?!:)|\$)
    | (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<operator>::|<=>|<=|>=|<>|!=|==|\|\||&&|\*\*|//|!~\*|!~|~\*|[-+*/%<>=^~&|!.])
    | (?P<open>\() | (?P<close>\)) | (?P<comma>,)
    """,
    re.VERBOSE,
)

FORBIDDEN = {
    "--": ("comments are not part of an expression", "Use a YAML comment; for a double minus write `- -`."),
    "/*": ("comments are not part of an expression", "Use a YAML comment."),
    "#": ("'#' is not SQL here", "A YAML comment needs a space before the '#'."),
    ";": ("only one expression is possible here", "Leave out the ';'."),
    "`": ("backticks are not used here", "Write the name as it is, or in double quotes."),
    "[": ("square brackets are not used here", "Write `x in ('a', 'b')`, or array_get(list, 1)."),
    "?": ("a '?' stands for no value", None),
    ":": ("a ':' is not used here", "A cast is cast(x as bigint)."),
    "@": ("'@' is not used outside of text", "Text goes in single quotes: 'a@shop.example'."),
    "\\": ("a backslash is not used outside of text", None),
}  # fmt: skip


def read_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of an expression, closed by one of kind `end`; raises ExpressionError."""
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(f"this expression is longer than {MOST_CHARACTERS:,} characters", 0)
    tokens, position = [], 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            refuse_character(text, position)
        kind = match.lastgroup
        if kind == "forbidden":
            refuse_forbidden(match.group(), position)
        if kind == "number" and text[match.end() : match.end() + 1].isidentifier():
            raise ExpressionError(
                f"{text[position : match.end() + 1]!r} is not a number",
                position,
                "A length of time is interval '30 days'; a name cannot begin with a digit.",
            )
        if kind != "space":
            tokens.append(Token(kind, literal_value(match.group()), position, match.end()))  # type: ignore[arg-type]
        position = match.end()
    check_balance(tokens, len(text))
    tokens.append(Token("end", "", len(text), len(text)))
    return tuple(tokens)


def literal_value(text: str) -> str:
    """What a token says: quotes taken off, doubled quotes made one."""
    if text[0] in "'\"":
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


def refuse_character(text: str, position: int) -> NoReturn:
    """Raises for a character that begins no token: an open quote, or one that SQL does not know."""
    if text[position] in "'\"":
        raise ExpressionError("this quote is never closed", position, "A quote inside text is doubled: 'it''s'.")
    hint = None
    if text[position] in "‘’“”´":
        hint = "Text goes in straight single quotes: 'text'."
    elif text[position] in "≤≥≠":
        hint = "Write <=, >= or <>."
    raise ExpressionError(f"{text[position]!r} is not used in expressions", position, hint)


def refuse_forbidden(found: str, position: int) -> NoReturn:
    """Raises for what Polars would read, though it has no place in a recipe."""
    for start, (message, hint) in FORBIDDEN.items():
        if found.startswith(start):
            raise ExpressionError(message, position, hint)
    if found[0].isalpha():
        raise ExpressionError(f"text with the prefix {found!r} is not used here", position, "Write 'text'.")
    raise ExpressionError(f"{found!r} is not used in expressions", position)


def check_balance(tokens: list[Token], length: int) -> None:
    """Raises where parentheses do not pair, or are nested deeper than Polars can read."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind == "open":
            opened.append(token)
            if len(opened) > DEEPEST_NESTING:
                raise ExpressionError("this is nested too deep", token.start, "Give a part of it a field of its own.")
        elif token.kind == "close":
            if not opened:
                raise ExpressionError("this ')' closes nothing", token.start)
            opened.pop()
    if opened:
        raise ExpressionError("this '(' is never closed", opened[-1].start)
