"""`segcli explain`: why a customer is in a segment or not, clause by clause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from segcli.cli.explaining import Explanation
    from segcli.fields.explaining import ExplainedClause, ExplainedField, ExplainedScore

MARKS = {True: "✓", False: "✗", None: "?"}
STYLES = {"✓": "green", "✗": "red", "?": "yellow"}
MOST_CUTS = 10
MOST_WAYS = 5


def explain(
    customer: Annotated[str, typer.Argument(help="A customer_id, an email address or a phone number.")],
    segment: Annotated[str, typer.Argument(help="A segment, as lapsed or rfm-champions.")],
    paths: options.Paths = None,
    as_of: options.AsOf = None,
    recipe: options.Recipes = None,
    map_: options.Map = None,
    as_json: options.Json = False,
) -> None:
    """Show why a customer is in a segment or not: each clause, the values in it, and what would change it."""
    from segcli.cli.explaining import explain_segment
    from segcli.cli.output import print_json, progress
    from segcli.pipeline import scratch_folder
    from segcli.project import load_project

    with progress(quiet=as_json) as say, scratch_folder() as scratch:
        project = load_project(paths or [], as_of=as_of, recipes=recipe, maps=map_ or [])
        found = explain_segment(project, customer, segment, scratch, say)
    if as_json:
        print_json(found.answer())
    else:
        _show(found)


def _show(found: Explanation) -> None:
    from segcli.cli.output import on_one_line, stdout_console

    console = stdout_console()
    for line in lines_of(found):
        mark = line.lstrip()[:1]
        if mark in STYLES:
            indent = line[: len(line) - len(line.lstrip())]
            console.print(f"{indent}[{STYLES[mark]}]{mark}[/]", end="")
            line = line.lstrip()[1:]
        console.print(on_one_line(line), markup=False, soft_wrap=True)


def lines_of(found: Explanation) -> Iterator[str]:
    """The explanation as a person reads it, line by line."""
    yield verdict(found)
    if found.inside is None:
        return
    yield ""
    if found.why.condition:
        yield from clause_lines(found.why.condition, 0)
    for field in found.why.rests_on:
        yield from field_lines(field, 0)
    for value, count in found.rows.items():
        enough = MARKS[count >= found.at_least]
        yield f"{enough} {found.each} {value}: {count:,} of at least {found.at_least:,} rows ({found.why.words})"
    if found.ways:
        yield ""
        yield from way_lines(found)


def verdict(found: Explanation) -> str:
    """`C12 is in lapsed.`, with the value that decides where there is one."""
    if found.inside is None:
        return f"{found.customer}: {found.segment} is not available for want of {', '.join(found.why.unavailable)}."
    head = f"{found.customer} is {'' if found.inside else 'not '}in {found.segment}"
    if found.values is None:
        return f"{head}."
    has = ", ".join(found.values) if found.values else "none"
    return f"{head}: {found.each} is {has}."


def clause_lines(clause: ExplainedClause, depth: int) -> Iterator[str]:
    """A clause with its mark; below it its parts, or the definitions of the names in it."""
    shown = ", ".join(f"{name} = {spoken(value)}" for name, value in clause.values.items())
    values = f"   [{shown}]" if shown and clause.text not in clause.values else ""
    state = "   (not known)" if clause.met is None else ""
    yield f"{'  ' * depth}{MARKS[clause.met]} {clause.text}{values}{state}"
    for part in clause.parts:
        yield from clause_lines(part, depth + 1)
    for field in clause.rests_on:
        yield from field_lines(field, depth + (1 if field.condition else 2))


def field_lines(field: ExplainedField, depth: int) -> Iterator[str]:
    """A definition: its value, its words, and what it rests on."""
    indent = "  " * depth
    if field.unavailable:
        yield f"{indent}{field.name} is not available for want of {', '.join(field.unavailable)}"
        return
    if field.condition:
        # A named segment: the clause above has its name and mark.
        yield from clause_lines(field.condition, depth)
        return
    words = score_words(field.words, field.score) if field.score else field.words
    yield f"{indent}{field.name} = {spoken(field.value)}: {words}"
    for number, case in enumerate(field.cases, 1):
        if any(earlier.decides for earlier in field.cases[: number - 1]):
            continue
        first, *rest = clause_lines(case.condition, depth + 1)
        yield f"{first} → {spoken(case.then)}" + ("   decides" if case.decides else "")
        yield from rest
    for words, given in field.points:
        yield f"{indent}  {spoken(given) if given is not None else 0}: {words}"
    for deeper in field.rests_on:
        yield from field_lines(deeper, depth + 1)


def score_words(words: str, score: ExplainedScore) -> str:
    """What was scored, against which cut points."""
    if score.among is not None and not score.among.met:
        return f"not scored, since {score.among.text} is not met; {words}"
    cuts = score.cut_points
    if len(cuts) > MOST_CUTS:
        below = [cut for cut in cuts if score.of is not None and cut < score.of]
        near = [*below[-1:], *cuts[len(below) : len(below) + 1]]
        shown = f"nearest of {len(cuts)} cut points {' and '.join(spoken(cut) for cut in near)}"
    else:
        shown = f"cut points {', '.join(spoken(cut) for cut in cuts)}"
    return f"{spoken(score.of)}, {shown}; {words}"


def way_lines(found: Explanation) -> Iterator[str]:
    """What would have to change, one line per way."""
    yield f"To {'leave' if found.inside else 'get into'} {found.segment}:"
    for way in found.ways[:MOST_WAYS]:
        parts = [f"{change.clause.text} would have to be {'met' if change.to else 'no longer met'}" for change in way]
        yield f"  - {', and '.join(parts)}"
    if len(found.ways) > MOST_WAYS:
        yield f"  - or one of {len(found.ways) - MOST_WAYS} other ways"


def spoken(value: Any) -> str:
    """A value as a person reads it; what is not known is said to be null, as expressions have it."""
    from segcli.cli.profile import spoken as known

    return "null" if value is None else known(value)
