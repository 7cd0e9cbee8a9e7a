"""What changed recipes would do, as tables: members per segment, and who moves from which value to which."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from segcli.campaigns.comparing import StepChange
from segcli.cli.output import counted, on_one_line, stdout_console
from segcli.segments.comparing import Comparison, Migration, SegmentChange

WIDEST_MATRIX = 8
MOST_MOVES = 10


def show_comparison(comparison: Comparison, against: str, currency: str | None) -> None:
    """Prints who enters and leaves since the version `against`."""
    console = stdout_console()
    if not comparison.changes:
        console.print(f"\nAgainst {against}: no segment changes.\n", markup=False)
        return
    changing = counted(len(comparison.changes), "segment")
    console.print(
        f"\nAgainst {against}: {changing} differ, {comparison.unchanged:,} stay as they are, "
        f"{counted(comparison.customers, 'customer')} move.\n",
        markup=False,
    )
    console.print(change_table(comparison.changes, currency))
    for migration in comparison.migrations:
        console.print()
        console.print(migration_table(migration))
    console.print()


def change_table(changes: tuple[SegmentChange, ...], currency: str | None) -> Table:
    """One line per segment that changes."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("segment", no_wrap=True)
    for name in ("before", "after", "entering", "leaving", f"spend at stake {currency or ''}".strip()):
        table.add_column(name, justify="right")
    for item in changes:
        table.add_row(
            escape(on_one_line(item.name)),
            "new" if item.before is None else f"{item.before:,}",
            "gone" if item.after is None else f"{item.after:,}",
            f"[green]+{item.entering:,}[/green]" if item.entering else "[dim]·[/dim]",
            f"[red]-{item.leaving:,}[/red]" if item.leaving else "[dim]·[/dim]",
            "" if item.spend is None else f"{item.spend:,.2f}",
        )
    return table


def migration_table(migration: Migration) -> Table:
    """Rows are the values before, columns the values after; of many values only the largest moves."""
    after = list(dict.fromkeys(new for _, new, _ in migration.moves))
    if len(after) > WIDEST_MATRIX:
        return _moves(migration)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"{migration.name}: from, to", no_wrap=True)
    for value in after:
        table.add_column(_value(value), justify="right")
    counts = {(old, new): number for old, new, number in migration.moves}
    for old in dict.fromkeys(old for old, _, _ in migration.moves):
        cells = [counts.get((old, new)) for new in after]
        table.add_row(_value(old), *("[dim]·[/dim]" if cell is None else f"{cell:,}" for cell in cells))
    return table


def _value(value: str | None) -> str:
    return escape(on_one_line(value)) if value else "none"


def _moves(migration: Migration) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (f"{migration.name}: from", "to"):
        table.add_column(name, no_wrap=True)
    table.add_column("customers", justify="right")
    for old, new, number in migration.moves[:MOST_MOVES]:
        table.add_row(_value(old), _value(new), f"{number:,}")
    hidden = len(migration.moves) - MOST_MOVES
    if hidden > 0:
        table.add_row(f"[dim]and {hidden} more[/dim]", "", "")
    return table


def show_sends(changes: tuple[StepChange, ...]) -> None:
    """Prints the steps of campaigns whose messages now would be others."""
    console = stdout_console()
    if not changes:
        console.print("The same messages are due now.\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("campaign", "step"):
        table.add_column(name, no_wrap=True)
    for name in ("due before", "due after", "only after", "only before"):
        table.add_column(name, justify="right")
    for item in changes:
        table.add_row(
            escape(item.campaign),
            escape(item.step),
            "new" if item.before is None else f"{item.before:,}",
            "gone" if item.after is None else f"{item.after:,}",
            f"[green]+{item.added:,}[/green]" if item.added else "[dim]·[/dim]",
            f"[red]-{item.dropped:,}[/red]" if item.dropped else "[dim]·[/dim]",
        )
    console.print(table)
    console.print()
