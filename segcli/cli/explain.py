"""`segcli explain`: why a customer is in a segment or not, or is due a message or not, clause by clause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from segcli.cli import options
from segcli.cli.explanation_lines import MARKS, clause_lines, field_lines, ways_lines

if TYPE_CHECKING:
    from segcli.cli.explaining import Explanation

STYLES = {"✓": "green", "✗": "red", "?": "yellow", "→": "cyan"}


def explain(
    customer: Annotated[str, typer.Argument(help="A customer_id, an email address or a phone number.")],
    segment: Annotated[
        str,
        typer.Argument(
            metavar="SEGMENT|CAMPAIGN",
            help="A segment, as lapsed or rfm-champions; or a campaign or a step of it, as winback or winback.goodbye.",
        ),
    ],
    paths: options.Paths = None,
    as_of: options.AsOf = None,
    recipe: options.Recipes = None,
    map_: options.Map = None,
    project: options.Project = None,
    as_json: options.Json = False,
) -> None:
    """Show why a customer is in a segment or not: each clause, the values in it, and what would change it.

    Of a campaign: whether a message is due now, what was sent when, what waits until when, and what is in the way.
    """
    from segcli.cli.explain_campaign import campaign_lines
    from segcli.cli.explaining import campaign_of, explain_segment
    from segcli.cli.explaining_campaigns import explain_campaign
    from segcli.cli.output import print_json, progress
    from segcli.pipeline import scratch_folder
    from segcli.project import load_project

    with progress(quiet=as_json) as say, scratch_folder() as scratch:
        shop = load_project(options.given(project, paths), as_of=as_of, recipes=recipe, maps=map_ or [])
        if (campaign := campaign_of(segment, shop)) is not None:
            due = explain_campaign(shop, customer, *campaign, scratch, say)
            answer, lines = due.answer(), campaign_lines(due)
        else:
            found = explain_segment(shop, customer, segment, scratch, say)
            answer, lines = found.answer(), lines_of(found)
    if as_json:
        print_json(answer)
    else:
        _show(lines)


def _show(lines: Iterable[str]) -> None:
    from segcli.cli.output import on_one_line, stdout_console

    console = stdout_console()
    for line in lines:
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
    yield from left_off_lines(found)
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


def left_off_lines(found: Explanation) -> Iterator[str]:
    """Why a member is not on the segment's list; nothing of who is."""
    if found.left_off:
        yield f"Not on its list: {'; '.join(found.left_off)}."


def way_lines(found: Explanation) -> Iterator[str]:
    """What would have to change, one line per way."""
    yield f"To {'leave' if found.inside else 'get into'} {found.segment}:"
    yield from ways_lines(found.ways)
