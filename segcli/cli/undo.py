"""`segcli undo`: take back a committed run that was not mailed, or one campaign of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from rich.table import Table

    from segcli.history.undoing import Undone


def undo(
    run: Annotated[
        str, typer.Argument(help="The run, as 2026-06-30T0700, or its folder. It has to be the newest.", metavar="RUN")
    ],
    campaign: Annotated[
        str | None, typer.Argument(help="Only this campaign's part of the run.", show_default=False)
    ] = None,
    later: Annotated[
        bool, typer.Option("--later", help="Take back an older run, and every run that came after it.")
    ] = False,
    project: options.Project = None,
    out: options.Out = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Take back a committed run whose messages were not mailed: the next run finds them due again.

    Never do it to a run that was mailed, or everybody gets its messages once more. Codes of pools that it gave
    stay used. A damaged newest run can be taken back as well.
    """
    from segcli.cli.output import print_json
    from segcli.history import committed_runs, project_lock, recover
    from segcli.history.undoing import runs_to_undo, undo_runs
    from segcli.history.undoing_campaigns import undo_campaign
    from segcli.problems import Problem, RecipeError
    from segcli.project import load_project

    if campaign and later:
        hint = "Take the later runs back first, or the whole run with all after it."
        raise RecipeError([Problem("one campaign can be taken out of the newest run only.", key="--later", hint=hint)])
    shop = load_project([project] if project else [], out=out)
    runs_to_undo(shop.history, run, later=later)  # a name that is wrong should not make any folder
    with project_lock(shop.output, shop.history):
        recover(shop.history, shop.output)
        if campaign:
            done = undo_campaign(shop.history, shop.output, run, campaign)
        else:
            done = undo_runs(shop.history, shop.output, run, later=later)
    left = [each.name for each in committed_runs(shop.history)]
    if as_json:
        print_json(_answer(done, left))
    elif not quiet:
        _show(done, left)


def _answer(done: Undone, left: list[str]) -> dict[str, Any]:
    return {
        "undone": list(done.runs),
        "campaign": done.campaign,
        "retracted": done.retracted.to_dicts(),
        "codes_kept": done.codes,
        "unreadable": list(done.unreadable),
        "newest": left[-1] if left else None,
    }


def _show(done: Undone, left: list[str]) -> None:
    from rich.markup import escape

    from segcli.cli.output import counted, stderr_console, stdout_console

    answer, notes = stdout_console(), stderr_console()
    what = f"{done.campaign} in {done.runs[0]}" if done.campaign else ", ".join(done.runs)
    answer.print(f"Taken back: {escape(what)}")
    if not done.retracted.is_empty():
        answer.print(_table(done))
    messages = int(done.retracted["messages"].sum())
    if messages:
        them = "it was" if messages == 1 else "they were"
        notes.print(f"{counted(messages, 'message')} will be found due again, unless {them} too late by then.")
    if done.codes:
        notes.print(f"{counted(done.codes, 'code')} of pools stay used: they come again to the same customers only.")
    for name in done.unreadable:
        notes.print(f"Nobody can tell any more what {name} sent. Codes that its coupons.csv named stay used.")
    notes.print(f"The newest committed run is now {left[-1]}." if left else "No run is committed now.")


def _table(done: Undone) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("run", "campaign", "step"):
        table.add_column(name, no_wrap=True)
    for name in ("messages", "held out"):
        table.add_column(name, justify="right")
    before = ("", "")
    for row in done.retracted.iter_rows(named=True):
        run, campaign = row["run"], row["campaign"]
        shown = ("" if run == before[0] else run, "" if (run, campaign) == before else campaign)
        before = (run, campaign)
        table.add_row(*map(escape, (*shown, row["step"])), f"{row['messages']:,}", f"{row['held_out']:,}")
    return table
