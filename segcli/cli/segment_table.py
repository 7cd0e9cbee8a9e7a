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
    """One line per segment, the largest of each recipe first; of those with many only the largest.

    `previous` holds the sizes of the run before, by segment; empty when there was none.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", row_styles=None)
    table.add_column("segment", no_wrap=True)
    table.add_column("customers", justify="right")
    table.add_column("", no_wrap=True)
    table.add_column("contactable", justify="right")
    table.add_column(f"spend {currency or ''}".strip(), justify="right")
    if previous:
        table.add_column("change", justify="right")
    for recipe, group in groupby(members, key=lambda item: item.recipe):
        of_recipe = sorted(group, key=lambda item: (-item.customers, item.name))
        shown = of_recipe if everything else of_recipe[: OPEN_PER_RECIPE + 1]
        if len(of_recipe) - len(shown) == 1:
            shown = of_recipe
        table.add_row(f"[dim]{escape(recipe)}[/dim]")
        for item in shown:
            table.add_row(*_cells(item, customers, previous))
        hidden = of_recipe[len(shown) :]
        if hidden:
            table.add_row(f"  [dim]and {len(hidden)} more: --all[/dim]")
    return table


def _cells(item: SegmentMembers, customers: int, previous: Mapping[str, int]) -> Iterable[str]:
    yield f"  {escape(on_one_line(item.name, LONGEST_NAME))}" + (" [red]suppressed[/red]" if item.suppress else "")
    yield f"{item.customers:,}"
    yield f"[cyan]{bar(item.customers / customers if customers else 0)}[/cyan]"
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
