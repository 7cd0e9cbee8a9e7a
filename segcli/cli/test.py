"""`segcli test`: the tests of recipes, a test.yaml beside each, run through the real pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from segcli.cli.testing import RecipeOutcome

Names = Annotated[
    list[str] | None,
    typer.Argument(
        help="Recipes of the project or of segcli, recipe folders, or a folder of such folders. "
        "Default: all that have a test.yaml.",
        show_default=False,
    ),
]


def test(
    names: Names = None,
    project: options.Project = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Run the tests of recipes: made-up customers, moments, and who is to get what.

    The tests are in a test.yaml beside the recipe.yaml; the README says how to write one, under "Testing a recipe".
    They run in a folder that is removed again: of a project only the recipes are read, and nothing is changed.
    """
    from segcli.cli.output import print_json, print_problems, progress
    from segcli.cli.testing import find_recipe_tests, run_recipes
    from segcli.problems import ExitCode

    with progress(quiet=quiet or as_json) as say:
        tested = run_recipes(find_recipe_tests(names or [], project), say)
    if as_json:
        print_json(_answer(tested))
    elif not quiet or any(not each.passed for each in tested):
        _show(tested)
    print_problems([problem for each in tested for problem in each.problems])
    if any(each.problems for each in tested):
        raise typer.Exit(ExitCode.USAGE)
    if any(not each.passed for each in tested):
        raise typer.Exit(ExitCode.DATA)


def _answer(tested: list[RecipeOutcome]) -> dict[str, Any]:
    tests = [test for each in tested for test in each.results]
    return {
        "passed": sum(test.passed for test in tests),
        "failed": sum(not test.passed for test in tests),
        "recipes": [
            {
                "recipe": each.name,
                "file": each.file,
                "seconds": round(each.seconds, 3),
                "tests": [
                    {
                        "name": test.name,
                        "passed": test.passed,
                        "seconds": round(test.seconds, 3),
                        "failures": [
                            {
                                "file": failure.place.path,
                                "line": failure.place.line,
                                "column": failure.place.column,
                                "moment": failure.moment.isoformat(timespec="minutes"),
                                "what": failure.what,
                                "expected": failure.expected,
                                "got": failure.got,
                                "reasons": list(failure.reasons),
                            }
                            for failure in test.failures
                        ],
                    }
                    for test in each.results
                ],
            }
            for each in tested
        ],
    }


def _show(tested: list[RecipeOutcome]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from segcli.cli.output import counted, on_one_line, stdout_console

    console = stdout_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("recipe", no_wrap=True)
    for column in ("passed", "failed", "seconds"):
        table.add_column(column, justify="right", no_wrap=True)
    for each in tested:
        failed = each.failed
        table.add_row(
            escape(each.name), str(len(each.results) - failed), f"[red]{failed}[/red]" if failed else "0",
            f"{each.seconds:.1f}",
        )  # fmt: skip
    console.print(table)
    for each in tested:
        for test in each.results:
            for failure in test.failures:
                console.print()
                console.print(f"[red]failed[/red] {escape(str(failure.place))}: {escape(failure.what)}", soft_wrap=True)
                head = f"  {failure.test}, {failure.moment:%Y-%m-%d %H:%M}"
                console.print(head, markup=False, soft_wrap=True, style="dim")
                lines = [("expected", failure.expected), ("got", failure.got)]
                lines += [("reason", reason) for reason in failure.reasons]
                for label, text in lines:
                    console.print(f"  {label + ':':<9} {on_one_line(text)}", markup=False, soft_wrap=True)
    tests = sum(len(each.results) for each in tested)
    failed = sum(each.failed for each in tested)
    console.print()
    console.print(f"{counted(tests, 'test')}, {failed or 'none'} failed")
