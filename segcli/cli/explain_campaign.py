"""`segcli explain` for a campaign, as a person reads it: the verdict, the audience, and each series step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segcli.campaigns.series import ID_FORMAT
from segcli.cli.explanation_lines import clause_lines, ways_lines

if TYPE_CHECKING:
    from segcli.cli.explained_steps import ExplainedStep
    from segcli.cli.explaining_campaigns import CampaignExplanation, ExplainedSeries

MARKS = {
    "due": "→", "kept_back": "✗", "sent": "✓", "held_out": "✓", "too_late": "✗", "outside": "✗", "inactive": "✗",
    "not_met": "✗",
}  # fmt: skip
QUIET = "·"  # of what is over or still to come
ASKED = ("not_met", "due", "kept_back", "waits", "behind")  # the states in which a step's `when` is of interest
MOST_SERIES = 6


def campaign_lines(found: CampaignExplanation) -> Iterator[str]:
    """The explanation line by line."""
    yield found.verdict
    if found.audience is None:
        return
    yield ""
    yield "Audience:"
    yield from clause_lines(found.audience, 1)
    if found.until is not None:
        yield "Ends when (until):"
        yield from clause_lines(found.until, 1)
    shown = found.series[-MOST_SERIES:]
    if len(shown) < len(found.series):
        yield ""
        yield f"{len(found.series) - len(shown):,} earlier series are not shown; --json has them."
    for series in shown:
        yield ""
        yield from series_lines(series, found.step)
    for series_id, start in list(found.begins_nothing.items())[:MOST_SERIES]:
        yield ""
        yield f"Begins no series: {series_id}, {start:%Y-%m-%d %H:%M}"
    if found.notes:
        yield ""
        yield from found.notes
    if found.ways:
        yield ""
        yield f"To get into the audience of {found.campaign}:"
        yield from ways_lines(found.ways)


def series_lines(series: ExplainedSeries, step: str | None) -> Iterator[str]:
    """A series, what happened to it, and its steps (or the one that was asked for)."""
    start = f"{series.start:%Y-%m-%d %H:%M}" if series.start else "a start that is not known"
    # A series that no row began is known by its start, which need not be said twice.
    by_start = series.start is not None and series.series == series.start.strftime(ID_FORMAT)
    name = "" if by_start else f" {series.series}"
    yield f"Series{name} from {start}:" + (f" {series.note}" if series.note else "")
    for line in series.past:
        yield f"  {QUIET} {line}"
    steps = [each for each in series.steps if step in (None, each.name)]
    width = max((len(each.name) for each in steps), default=0)
    for each in steps:
        yield from step_lines(each, width)


def step_lines(step: ExplainedStep, width: int) -> Iterator[str]:
    """A step with its mark and its state; below it its `when`, where that is still open."""
    yield f"  {MARKS.get(step.state, QUIET)} {step.name:<{width}}  {step.words}"
    if step.when is not None and step.state in ASKED:
        first, *rest = clause_lines(step.when, 0)
        indent = " " * (width + 6)
        yield f"{indent}when {first}"
        yield from (f"{indent}     {line}" for line in rest)
