"""`segcli verify`: derive a run again and compare; check or rebuild the state that it carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcli.cli import options

if TYPE_CHECKING:
    import polars as pl

    from segcli.project.models import Project
    from segcli.run_verification import Verified

MOST_SHOWN = 20


def verify(
    run: Annotated[
        str | None,
        typer.Argument(help="A run, as 2026-06-30T0900, or its folder.", metavar="RUN", show_default=False),
    ] = None,
    paths: options.Paths = None,
    state: Annotated[
        bool, typer.Option("--state", help="Compare the carried state of a committed run with its journal instead.")
    ] = False,
    rebuild_state: Annotated[
        bool, typer.Option("--rebuild-state", help="Write the newest run's state anew from the journal.")
    ] = False,
    project: options.Project = None,
    recipe: options.Recipes = None,
    map_: options.Map = None,
    out: options.Out = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Derive a run again from the same files, and say which of its files are not the same.

    Give the PATHs and options that the run was given. Exit code 1 means differences. Files or recipes that have
    changed since are named first: then differences are to be expected.
    """
    from segcli.cli.output import progress
    from segcli.pipeline import scratch_folder
    from segcli.problems import ExitCode, Problem, RecipeError
    from segcli.project import load_project
    from segcli.run_verification import verify_run

    shop = load_project(options.given(project, paths), recipes=recipe, out=out, maps=map_ or [])
    if rebuild_state:
        _rebuild(shop, run, as_json=as_json, quiet=quiet)
        return
    if run is None:
        raise RecipeError([Problem("which run?", hint="Name it as 2026-06-30T0900, or by its folder.")])
    if state:
        sound = _check_state(shop, run, as_json=as_json, quiet=quiet)
    else:
        with progress(quiet=quiet or as_json) as say, scratch_folder() as scratch:
            found = verify_run(shop, run, scratch, say)
        _tell(found, as_json=as_json, quiet=quiet)
        sound = all(each.equal for each in found)
    if not sound:
        raise typer.Exit(ExitCode.DATA)


def _tell(found: list[Verified], *, as_json: bool, quiet: bool) -> None:
    from segcli.cli.output import print_json

    if as_json:
        print_json([_answer(each) for each in found])
        return
    for each in found if not quiet else [each for each in found if not each.equal]:
        _show(each)


def _answer(found: Verified) -> dict[str, Any]:
    return {
        "run": found.run,
        "equal": found.equal,
        "files": found.files,
        "changed": dict(found.changed),
        "differences": dict(found.differences),
        "redacted": found.redacted,
        "undone": list(found.undone),
    }


def _show(found: Verified) -> None:
    from segcli.cli.output import counted, stderr_console, stdout_console

    answer, notes = stdout_console(), stderr_console()
    for name, what in found.changed.items():
        notes.print(f"{name}: {what}", markup=False)
    if found.redacted:
        notes.print(f"{found.run}: somebody was taken out of it, last on {found.redacted}, by `segcli forget`.")
    if found.undone:
        notes.print(f"{found.run}: {', '.join(found.undone)} was taken out of it by `segcli undo`.", markup=False)
    if found.equal:
        answer.print(f"{found.run}: all {counted(found.files, 'file')} are the same, byte for byte", markup=False)
        return
    answer.print(f"{found.run}: {counted(len(found.differences), 'difference')}", markup=False)
    for name, what in found.differences.items():
        answer.print(f"  {name}: {what}", markup=False)
    if found.changed or found.redacted or found.undone:
        notes.print("With what has changed since, differences are to be expected.")


def _check_state(shop: Project, run: str, *, as_json: bool, quiet: bool) -> bool:
    from segcli.cli.output import print_json, stdout_console
    from segcli.history.state_check import differing_series
    from segcli.history.undoing import run_of

    found: pl.DataFrame = differing_series(shop.history, run_of(run))
    if as_json:
        print_json({"run": run_of(run), "equal": found.is_empty(), "series": found.to_dicts()})
        return found.is_empty()
    answer = stdout_console()
    if found.is_empty() and not quiet:
        answer.print("The state is what the journal tells.")
    if not found.is_empty():
        answer.print(f"{found.height:,} series differ:")
    for row in found.head(MOST_SHOWN).iter_rows(named=True):
        answer.print(f"  {row['campaign']} {row['customer_id']} {row['series']}: {row['differs']}", markup=False)
    if found.height > MOST_SHOWN:
        answer.print(f"  and {found.height - MOST_SHOWN:,} more: --json has all.")
    return found.is_empty()


def _rebuild(shop: Project, run: str | None, *, as_json: bool, quiet: bool) -> None:
    from segcli.cli.output import print_json, stdout_console
    from segcli.history import committed_runs, project_lock, recover
    from segcli.history.carried import rebuild_newest_state
    from segcli.history.undoing import run_of
    from segcli.problems import Problem, RecipeError

    runs = committed_runs(shop.history)
    if not runs:
        raise RecipeError([Problem(f"{shop.history} has no committed run.")])
    if run is not None and run_of(run) != runs[-1].name:
        hint = f"The newest is {runs[-1].name}: the next run goes on from its state."
        raise RecipeError([Problem("only the newest run's state is ever read again.", hint=hint)])
    with project_lock(shop.output, shop.history):
        recover(shop.history, shop.output)
        changed = rebuild_newest_state(shop.history, committed_runs(shop.history))
    if as_json:
        print_json({"run": runs[-1].name, "changed": changed})
    elif not quiet:
        what = "is written anew" if changed else "was as the journal tells; it is the same"
        stdout_console().print(f"The state of {runs[-1].name} {what}.")
