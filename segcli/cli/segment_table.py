"""The table of segments: short, with bars, sizes, spend and what changed since the run before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from rich.markup import escape
from rich.table import Table

from segcli.cli.output import on_one_line
from segcli.segments import SegmentMembers

BAR_WIDTH = 12
OPEN_PER_RECIPE = 3
FEW_RECIPES = 12  # with more, only the largest segment of each
LONGEST_NAME = 60
EIGHTHS = " ▏▎▍▌▋▊▉█"


def segment_table(
    members: Sequence[SegmentMembers],
    customers: int,
    previous: Mapping[str, int],
    *,
    everything: bool,
    currency: str | None,
) -> Table:
    """One line per segment, the largest of each recipe first, and only those unless `everything` is asked for.

    `previous` holds the sizes of the run before, by segment; empty when there was none.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("recipe", no_wrap=True, style="dim")
    table.add_column("segment", no_wrap=True)
    table.add_column("customers", justify="right")
    table.add_column("", no_wrap=True, style="cyan")
    table.add_column("contactable", justify="right")
    table.add_column(f"spend {currency or ''}".strip(), justify="right")
    if previous:
        table.add_column("change", justify="right")
    recipes = [(name, list(group)) for name, group in groupby(members, key=lambda item: item.recipe)]
    limit = None if everything else OPEN_PER_RECIPE if len(recipes) <= FEW_RECIPES else 1
    for name, of_recipe in recipes:
        largest = sorted(of_recipe, key=lambda item: (-item.customers, item.name))
        shown = largest[:limit]
        for number, item in enumerate(shown, 1):
            hidden = len(largest) - number if number == len(shown) else 0
            table.add_row("" if number > 1 else escape(name), *_cells(item, customers, previous, hidden))
    return table


def _cells(item: SegmentMembers, customers: int, previous: Mapping[str, int], hidden: int) -> Iterable[str]:
    """The cells of one segment; `hidden` is how many smaller ones of its recipe are not shown."""
    suppressed = " [red]suppressed[/red]" if item.suppress else ""
    yield escape(on_one_line(item.name, LONGEST_NAME)) + suppressed + (f" [dim](+{hidden:,})[/dim]" if hidden else "")
    yield f"{item.customers:,}"
    yield bar(item.customers / customers if customers else 0)
    yield f"{item.contactable:,}"
    yield "" if item.spend is None else f"{item.spend:,.2f}"
    if previous:
        before = previous.get(item.name)
        yield "new" if before is None else change(item.customers - before)


def change(difference: int) -> str:
    """`+12`, `-3`, and a dot for no change, which the eye skips."""
    if difference == 0:
        return "[dim]·[/dim]"
    return f"[green]+{difference:,}[/green]" if difference > 0 else f"[red]{difference:,}[/red]"


def bar(share: float) -> str:
    """A bar of eighths of a character, never empty for a share above zero."""
    eighths = round(share * BAR_WIDTH * 8)
    if share > 0:
        eighths = max(eighths, 1)
    full, rest = divmod(min(eighths, BAR_WIDTH * 8), 8)
    return ("█" * full + EIGHTHS[rest].strip()).ljust(BAR_WIDTH)


def champion_note(members: Sequence[SegmentMembers]) -> str | None:
    """What share of each top RFM group bought only once: above a half, "champions" is a wrong word."""
    shares = [
        f"{item.name} {100 * (item.one_time_buyers or 0) / item.buyers:.0f} %"
        for item in members
        if item.value is not None and item.value.lower() == "champions" and item.buyers
    ]
    return f"One-time buyers among the top groups: {', '.join(shares)}." if shares else None
