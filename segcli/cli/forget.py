"""`segcli forget`: erase a person from the history and from past runs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from segcli.history.forgetting import Erased

# What the tables of the history hold, in plain words.
TABLES = {
    "sends.parquet": "messages and other steps", "state.parquet": "series", "members.parquet": "times in segments",
    "people.parquet": "hashes by which they would be known again",
}  # fmt: skip


def forget(
    customer: Annotated[str, typer.Argument(help="A customer_id, an email address or a phone number.")],
    project: options.Project = None,
    out: options.Out = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Erase a person from the history and from past runs, and never write to them again.

    What stays are salted hashes of their ids and addresses, by which they are suppressed for ever, and a note in
    the manifests of how much was taken out. The shop's own export files are yours to clean.
    """
    from segcli.cli.naming_person import named_person
    from segcli.cli.output import print_json, print_problems, progress
    from segcli.history import project_lock, recover
    from segcli.history.forgetting import forget as erase
    from segcli.pipeline import scratch_folder
    from segcli.problems import Problem, RecipeError
    from segcli.project import load_project

    shop = load_project([project] if project else [], out=out)
    with progress(quiet=quiet or as_json) as say, scratch_folder() as scratch, project_lock(shop.output, shop.history):
        recover(shop.history, shop.output)
        say("Reading files")
        named = named_person(shop, customer, scratch)
        say("Erasing")
        # The day on which it is done, whatever moment the project looks at.
        day = dt.datetime.now(shop.timezone).date()
        erased = erase(shop.history, shop.output, named.person, day, named.others, known=named.in_files)
    if not erased.known_by:
        message = f"nobody is known by '{customer}': not in the files, the history or a past run."
        raise RecipeError([Problem(message, hint=named.hint)])
    if not quiet:
        print_problems(named.unread)
    if as_json:
        print_json(_answer(erased, in_files=named.in_files))
    elif not quiet:
        _show(erased, in_files=named.in_files)


def _answer(erased: Erased, *, in_files: bool) -> dict[str, Any]:
    return {
        "history": {name.removesuffix(".parquet"): count for name, count in erased.history.items()},
        "runs": erased.runs,
        "outputs": {
            name: {"rows": done.rows, "cells": done.cells, "files": sorted(done.files)}
            for name, done in erased.outputs.items()
        },
        "codes_kept": erased.codes,
        "hashes": erased.known_by,
        "in_files": in_files,
    }


def _show(erased: Erased, *, in_files: bool) -> None:
    from segcli.cli.output import counted, stderr_console, stdout_console

    answer, notes = stdout_console(), stderr_console()
    if not erased.anything:
        answer.print("Nothing of them was in the history or in a past run.")
    for name, count in erased.history.items():
        if count:
            answer.print(f"history: {count:,} {TABLES[name]} erased")
    for name, done in erased.outputs.items():
        cells = f" and {counted(done.cells, 'cell')} in rows of others" if done.cells else ""
        answer.print(f"{name}: {counted(done.rows, 'row')}{cells} erased", markup=False)
    if erased.codes:
        notes.print(f"{counted(erased.codes, 'code')} of pools that they were given stay used.")
    notes.print("Every byte of the history and of past runs was searched: nothing of them is left.")
    hashes = "one salted hash" if erased.known_by == 1 else f"{erased.known_by} salted hashes"
    notes.print(f"They stay suppressed by {hashes} of their ids and addresses.")
    if in_files:
        notes.print("[bold]They are still in the shop's files.[/bold] Take them out of the exports, which are yours.")
    else:
        notes.print("The shop's own export files were not touched, nor copies of lists elsewhere.")
