"""`segcli profile`: the 360-degree view of one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from segcli.cli.customers import CustomerProfile

LONGEST_CELL = 300


def profile(
    customer: Annotated[str, typer.Argument(help="A customer_id, an email address or a phone number.")],
    paths: options.Paths = None,
    as_of: options.AsOf = None,
    recipe: options.Recipes = None,
    map_: options.Map = None,
    project: options.Project = None,
    as_json: options.Json = False,
) -> None:
    """Show everything that is known of one customer: fields, segments, last orders, searches and carts."""
    from segcli.cli.customers import customer_profile
    from segcli.cli.output import print_json, progress
    from segcli.pipeline import scratch_folder
    from segcli.project import load_project

    with progress(quiet=as_json) as say, scratch_folder() as scratch:
        shop = load_project(options.given(project, paths), as_of=as_of, recipes=recipe, maps=map_ or [])
        found = customer_profile(shop, customer, scratch, say)
    if as_json:
        print_json(
            {
                "customer": found.columns,
                "segments": list(found.segments),
                "latest": found.latest,
                "unavailable": {name: list(needs) for name, needs in found.unavailable.items()},
            }
        )
    else:
        _show(found)


def _show(found: CustomerProfile) -> None:
    from rich.table import Table

    from segcli.cli.output import on_one_line, stdout_console

    console = stdout_console()
    name = " ".join(str(found.columns[key]) for key in ("first_name", "last_name") if found.columns.get(key))
    title = f"[bold]{in_table(found.columns['customer_id'])}[/bold] {in_table(name)}"
    console.print(title.rstrip())
    console.print(on_one_line("segments: " + (", ".join(found.segments) or "none")), markup=False)
    console.print()
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for key, value in found.columns.items():
        if key in found.unavailable:
            continue
        table.add_row(key, "[dim]-[/dim]" if value is None else in_table(value))
    console.print(table)
    for what, rows in found.latest.items():
        if rows:
            console.print(f"\n[bold]{what}[/bold]")
            rows_table = Table(box=None, pad_edge=False, header_style="dim")
            for column in rows[0]:
                rows_table.add_column(column)
            for row in rows:
                rows_table.add_row(*("" if value is None else in_table(value) for value in row.values()))
            console.print(rows_table)
    if found.unavailable:
        lacking = sorted({need for needs in found.unavailable.values() for need in needs})
        console.print(f"\n[dim]{len(found.unavailable)} fields are not known for want of:[/dim]")
        console.print(", ".join(lacking), style="dim", markup=False)


def in_table(value: Any) -> str:
    """A value for a cell of a table: data is neither markup nor may it move the cursor."""
    from rich.markup import escape

    from segcli.cli.output import on_one_line

    return escape(on_one_line(spoken(value), LONGEST_CELL))


def spoken(value: Any) -> str:
    """A value as a person reads it: times to the minute, floats to two decimals, lists with commas."""
    import datetime as dt

    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        return ", ".join(spoken(item) for item in value)
    return str(value)
