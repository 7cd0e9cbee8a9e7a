"""`segcli check`: everything that is wrong with a project, and what its recipes do on its data."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from segcli.cli.checking import Report


class Schema(StrEnum):
    """What `--schema` can print."""

    recipe = "recipe"
    project = "project"
    test = "test"


def check(
    paths: options.Paths = None,
    as_of: options.AsOf = None,
    recipe: options.Recipes = None,
    map_: options.Map = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="DIR",
            help="Another version of the project, or a folder of recipes: who would enter and leave, "
            "and which messages would go out.",
        ),
    ] = None,
    schema: Annotated[
        Schema | None, typer.Option("--schema", help="Print the JSON Schema of recipe.yaml, segcli.yaml or test.yaml.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Find every problem of a project, its recipes and its files' headers, each with its place.

    Without an error it computes segments and audiences too, makes each message for some of its audience, writes
    nothing, and says what is odd about them.
    """
    from segcli.cli.checking import check_project
    from segcli.cli.output import print_json, progress
    from segcli.pipeline import scratch_folder
    from segcli.project import project_schema, recipe_schema

    if schema is not None:
        if schema is Schema.test:
            from segcli.recipe_testing import recipe_tests_schema

            print_json(recipe_tests_schema())
        else:
            print_json(recipe_schema() if schema is Schema.recipe else project_schema())
        return
    with progress(quiet=as_json) as say, scratch_folder() as scratch:
        report = check_project(paths or [], scratch, say, as_of=as_of, recipes=recipe, maps=map_ or [], against=against)
    if as_json:
        print_json(report.answer())
    else:
        _show(report)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _show(report: Report) -> None:
    from segcli.cli.comparison_table import show_comparison, show_sends
    from segcli.cli.output import counted, stdout_console
    from segcli.fields.findings import listed

    console = stdout_console()
    styles = {"error": "red", "warning": "yellow", "note": "cyan"}
    for line in report.lines:
        console.print(f"[{styles[line.severity]}]{line.severity}[/] ", end="")
        console.print(str(line.problem), markup=False, soft_wrap=True)
    for needs, names in report.unavailable_by_need():
        console.print("[cyan]note[/] ", end="")
        what = f"not available for want of {listed(needs)}: {listed(names)}"
        console.print(what, markup=False, soft_wrap=True)
    for table, way in report.ways.items():
        console.print("[cyan]note[/] ", end="")
        console.print(f"{table}: {way}", markup=False, soft_wrap=True)
    if report.comparison is not None:
        show_comparison(report.comparison, str(report.against), report.currency)
    if report.sends is not None:
        show_sends(report.sends)
    counts = [counted(report.count("error"), "error"), counted(report.count("warning"), "warning")]
    console.print(f"{report.checked}: {', '.join(counts)}", markup=False, soft_wrap=True)
