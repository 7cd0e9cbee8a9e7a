"""`segcli fields`: the vocabulary that conditions and messages can use."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from segcli.cli.vocabulary import Entry
    from segcli.project.models import Field, Recipe, Segment


def fields(
    name: Annotated[str | None, typer.Argument(help="One field, in full.", show_default=False)] = None,
    project: options.Project = None,
    as_json: options.Json = False,
) -> None:
    """Show every field: what it means, its definition, and the file that it needs."""
    from segcli.cli.output import print_json
    from segcli.cli.vocabulary import vocabulary
    from segcli.problems import RecipeError, nearest

    entries = {entry.name: entry for entry in vocabulary(*_definitions(project))}
    if name is not None and name not in entries:
        hint = nearest(name, entries) or "`segcli fields` lists them all."
        raise RecipeError(f"no field named '{name}'. {hint}")
    chosen = [entries[name]] if name else list(entries.values())
    if as_json:
        answer = [dataclasses.asdict(entry) for entry in chosen]
        print_json(answer[0] if name else answer)
    elif name:
        _show_one(chosen[0])
    else:
        _show_all(chosen)


def _definitions(project: str | None) -> tuple[list[Field | Segment], tuple[Recipe, ...]]:
    from segcli.contact import shipped_contact_fields
    from segcli.pipeline import definitions
    from segcli.project import builtin_vocabulary, load_project

    if project is None and not Path("segcli.yaml").exists():
        return [*builtin_vocabulary().fields, *shipped_contact_fields()], ()
    loaded = load_project([project] if project else [])
    found, segments = definitions(loaded)
    return [*found, *segments], loaded.recipes


def _show_all(entries: list[Entry]) -> None:
    from rich.table import Table

    from segcli.cli.output import stdout_console

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("field", "kind", "needs", "unit", "meaning"):
        table.add_column(column, no_wrap=column in ("field", "kind"))
    for entry in entries:
        table.add_row(entry.name, entry.kind, ", ".join(entry.tables), entry.unit or "", entry.meaning)
    stdout_console().print(table)


def _show_one(entry: Entry) -> None:
    from segcli.cli.output import stdout_console

    console = stdout_console()
    console.print(f"[bold]{entry.name}[/bold] ({entry.kind})")
    console.print(entry.meaning, markup=False)
    for label, text in (
        ("unit", entry.unit),
        ("source", entry.source),
        ("needs", ", ".join(entry.tables)),
        ("defined in", entry.place),
    ):
        if text:
            console.print(f"  {label}: {text}", markup=False)
    if entry.definition:
        console.print()
        console.print(entry.definition, markup=False)
