"""What a YAML parser and a decoder say of a file they cannot read, in words that help."""

from __future__ import annotations

import re

import yaml

from segcli.problems import Place, Problems

_QUOTE_WHOLE = "Quotes go around a whole value: put \"...\" around it and keep '...' inside."
_HINTS = {
    "mapping values are not allowed in this context": "Check the indentation; quote a value that holds ': '.",
    "found undefined alias": "A value that starts with * goes in quotes.",
    "did not find expected key": f"Check the indentation. {_QUOTE_WHOLE}",
    "did not find expected ',' or '}'": f"Close the {{ with }}. {_QUOTE_WHOLE}",
    "did not find expected ',' or ']'": f"Close the [ with ]. {_QUOTE_WHOLE}",
    "did not find expected '-' indicator": "Every item of a list starts with '- ' in the same column.",
    "did not find expected <document start>": "Top level keys start in the first column.",
    "block sequence entries are not allowed in this context": "A list starts on its own line.",
    "did not find expected comment or line break": "A value that starts with > or | goes in quotes.",
    "did not find expected whitespace or line break": "A value that starts with ! goes in quotes.",
    "found unexpected end of stream": "Close the quote.",
    "nested too deeply": "A recipe needs only a few levels.",
}


def report_syntax_error(error: yaml.YAMLError, text: str, path: str, problems: Problems) -> None:
    """Says where and why a text is no YAML; tabs are named first, since they cause the oddest errors."""
    lines = text.split("\n")
    tabs = [number for number, line in enumerate(lines, start=1) if re.match(r" *\t\s*\S", line)]
    for number in tabs:
        column = lines[number - 1].index("\t") + 1
        problems.error("a tab indents this line.", Place(path, number, column), hint="Indent with spaces.")
    problem, place = _what_and_where(error, text, path)
    if place.line in tabs or (tabs and place.line is None):
        return
    if _reports_cut(error, text, path, problems):
        return
    hint = _HINTS.get(problem)
    if (
        problem.startswith("did not find expected ','")
        and isinstance(error, yaml.MarkedYAMLError)
        and error.context_mark
    ):
        hint = f"{hint} The opening one is at line {error.context_mark.line + 1}."
    if problem == "found character that cannot start any token" and place.line and place.column:
        character = lines[place.line - 1][place.column - 1 : place.column]
        hint = f"A value that starts with '{character}' goes in quotes."
        if character == "\t":
            problem, hint = "found a tab", "Separate with spaces."
    problems.error(f"not valid YAML: {problem}.", place, hint=hint)


def _what_and_where(error: yaml.YAMLError, text: str, path: str) -> tuple[str, Place]:
    if isinstance(error, yaml.MarkedYAMLError):
        problem = error.problem or "cannot be read"
        problem = "nested too deeply" if "maximum nesting depth" in problem else problem  # the C parser's words
        # An open quote is found at the end of the file; where it was opened is what helps.
        unclosed = problem == "found unexpected end of stream" or problem.startswith("did not find expected ','")
        mark = (unclosed and error.context_mark) or error.problem_mark or error.context_mark
        if problem.startswith("did not find expected ','") and error.problem_mark is not None:
            at_end = error.problem_mark.index >= len(text.rstrip())
            mark = error.context_mark if at_end else error.problem_mark
        return problem, Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
    # The C parser refuses control characters without a mark.
    match = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]", text)
    if match:
        return f"the character U+{ord(match[0]):04X} is not allowed", place_of_index(text, match.start(), path)
    return str(error).split("\n")[0], Place(path)


def place_of_index(text: str, index: int, path: str) -> Place:
    """The line and column of a character of a text."""
    line_start = text.rfind("\n", 0, index) + 1
    return Place(path, text.count("\n", 0, index) + 1, index - line_start + 1)


def report_unreadable_bytes(raw: bytes, error: UnicodeDecodeError, path: str, problems: Problems) -> None:
    """Says where a file stops being UTF-8."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.error("the file is UTF-16, not UTF-8.", Place(path, 1, 1), hint="Save it as UTF-8.")
        return
    before = raw[: error.start].decode("utf-8", errors="replace")
    problems.error(
        f"the byte 0x{raw[error.start]:02X} is not UTF-8.",
        place_of_index(before + " ", len(before), path),
        hint="Save the file as UTF-8.",
    )


def _reports_cut(error: yaml.YAMLError, text: str, path: str, problems: Problems) -> bool:
    """Whether `{where: x in ('a', 'b')}` is the fault: the quoted word after the comma stops the parser."""
    if not isinstance(error, yaml.MarkedYAMLError) or not error.context_mark or not error.problem_mark:
        return False
    if error.context != "while parsing a flow mapping":
        return False
    start, end = error.context_mark.index, error.problem_mark.index
    keys = list(re.finditer(r"[{,]\s*(\w+):\s+(?![\"'\s])", text[start:end]))
    if not keys:
        return False
    value_start = start + keys[-1].end()
    expression = _whole_expression(text, value_start)
    if "," not in text[value_start:end] or "," not in expression:
        return False
    report_cut(keys[-1][1], expression, place_of_index(text, value_start, path), (keys[-1][1],), problems)
    return True


def _whole_expression(text: str, start: int) -> str:
    """The expression from `start` to the comma or brace that ends it outside parentheses and quotes."""
    depth, quoted = 0, False
    for index in range(start, len(text)):
        character = text[index]
        if character == "'":
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
        elif character == "\n" or (not quoted and depth <= 0 and character in ",}"):
            return text[start:index].strip()
    return text[start:].strip()


def report_cut(name: str, text: str, place: Place, path: tuple[str, ...], problems: Problems) -> None:
    """Says that a comma inside `{ }` ended a value too early, and how to write it."""
    quoted = f"'{text}'" if '"' in text else f'"{text}"'
    problems.error(
        f"the comma in '{text}' ends the value, since it stands inside {{ }}.", place, dotted(path),
        hint=f"Put the expression in quotes: {name}: {quoted}.",
    )  # fmt: skip


def dotted(path: tuple[str, ...]) -> str | None:
    """`fields.lead_score.points[1].where`, or None for the file as a whole."""
    return ".".join(path).replace(".[", "[") or None
