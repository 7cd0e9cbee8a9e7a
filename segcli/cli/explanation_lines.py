"""Clauses, definitions and ways out as lines: what explanations of segments and of campaigns are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segcli.fields.clauses import Change
    from segcli.fields.explaining import ExplainedClause, ExplainedField, ExplainedScore

MARKS = {True: "✓", False: "✗", None: "?"}
MOST_CUTS = 10
MOST_WAYS = 5


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


def ways_lines(ways: Sequence[Sequence[Change]]) -> Iterator[str]:
    """The ways, of many only the first."""
    for way in ways[:MOST_WAYS]:
        parts = [f"{change.clause.text} would have to be {'met' if change.to else 'no longer met'}" for change in way]
        yield f"  - {', and '.join(parts)}"
    if len(ways) > MOST_WAYS:
        yield f"  - or one of {len(ways) - MOST_WAYS} other ways"


def spoken(value: Any) -> str:
    """A value as a person reads it; what is not known is said to be null, as expressions have it."""
    from segcli.cli.profile import spoken as known

    return "null" if value is None else known(value)
