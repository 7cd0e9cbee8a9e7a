"""Words and operators that SQL has and an expression has not, and what to write instead."""

from __future__ import annotations

from segcli.fields.expressions.tokens import ExpressionError, Token

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


def unexpected(token: Token) -> ExpressionError:
    """What to say about a token that cannot stand where it stands."""
    if token.kind == "end":
        return ExpressionError("the expression ends too early", token.start)
    if token.lower in REFUSED_WORDS:
        return ExpressionError(f"'{token.lower}' is not possible here", token.start, REFUSED_WORDS[token.lower])
    if token.lower in REFUSED_OPERATORS:
        return ExpressionError(f"'{token.value}' is no operator here", token.start, REFUSED_OPERATORS[token.lower])
    hint = None
    if token.kind in ("word", "quoted"):
        hint = "An operator, a comma or quotes are missing before it."
    elif token.kind == "text":
        hint = "A quote inside text is doubled: 'it''s'."
    elif token.kind == "comma":
        hint = "In YAML, an expression with a comma inside { } needs quotes round it."
    return ExpressionError(f"'{token.value}' is unexpected here", token.start, hint)
