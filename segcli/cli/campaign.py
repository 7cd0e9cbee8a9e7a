"""`segcli campaign`: who is due which message now, as send lists; with --commit it becomes history."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from segcli.campaign_outlook import Outlook
    from segcli.campaign_pipeline import CampaignRun
    from segcli.campaign_writing import WrittenCampaigns

Names = Annotated[list[str] | None, typer.Argument(help="Campaigns of the project. Default: all.", show_default=False)]


def campaign(
    names: Names = None,
    project: options.Project = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="Make it history: these messages will not come again.")
    ] = False,
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=366, help="Rehearse so many days ahead, and only count.")
    ] = None,
    as_of: options.AsOf = None,
    out: options.Out = None,
    esp: options.Esp = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find every due step, and write its send list. A rehearsal, unless --commit makes it history.

    A rehearsal changes nothing and can be repeated. A committed run is remembered: nobody gets its messages again.
    """
    from segcli.campaign_pipeline import run_campaigns
    from segcli.campaign_preparing import prepare_campaigns
    from segcli.campaign_writing import committed_before, write_campaigns
    from segcli.cli.output import print_json, print_problems, progress
    from segcli.history import project_lock
    from segcli.pipeline import scratch_folder
    from segcli.problems import ExitCode, Problem, Problems, RecipeError
    from segcli.project import load_project

    if commit and days:
        raise RecipeError([Problem("--days looks ahead, and what is to come cannot be committed.", key="--commit")])
    started = time.perf_counter()
    problems = Problems()
    with progress(quiet=quiet or as_json) as say, scratch_folder() as scratch:
        say("Recognising files")
        shop = load_project([project] if project else [], as_of=as_of, out=out, esp=esp)
        if days:
            from segcli.campaign_outlook import look_ahead

            outlook = look_ahead(shop, names or [], days, scratch, problems, say)
        else:
            prepared = prepare_campaigns(shop, names or [], problems)
            problems.stop()
            with project_lock(shop.output, shop.history):
                before = committed_before(prepared) if commit else None
                if before is None:
                    run = run_campaigns(prepared, scratch, say)
                    written = write_campaigns(run, commit=commit, progress=say)
    if not quiet:
        print_problems([*shop.warnings, *problems.warnings])
    if days:
        _show_outlook(outlook, as_json=as_json)
        return
    if before is not None:
        _show_before(before, as_json=as_json, quiet=quiet)
        return
    seconds = time.perf_counter() - started
    if as_json:
        print_json(_answer(run, written, seconds))
    elif not quiet:
        _show(run, written, seconds)
    print_problems(run.withheld)
    if written.refused:
        print_problems([Problem(written.refused, key="--commit", hint=_PAST)])
    if written.refused or run.withheld:
        raise typer.Exit(ExitCode.DATA)


_PAST = "A run of the past can be rehearsed only. If the clock is wrong, set it right."


def _show_before(written: WrittenCampaigns, *, as_json: bool, quiet: bool) -> None:
    from segcli.cli.output import print_json, stderr_console

    if as_json:
        print_json({"run": str(written.folder), "committed": True, "already": True, "refused": None})
    elif not quiet:
        stderr_console().print(f"{written.folder} was committed before. Nothing was done.", markup=False)


def _answer(run: CampaignRun, written: WrittenCampaigns, seconds: float) -> dict[str, Any]:
    return {
        "run": str(written.folder),
        "as_of": run.run.computed.plan.as_of.isoformat(timespec="minutes"),
        "committed": written.committed,
        "already": written.already,
        "refused": written.refused,
        "steps": step_counts(run),
        "excluded": excluded_counts(run),
        "waiting": {each.checked.name: each.waits for each in run.planned.campaigns if each.waits},
        "unavailable": {each.checked.name: list(each.needs) for each in run.planned.campaigns if each.needs},
        "rejected": run.run.tables.rejected.height,
        "seconds": round(seconds, 3),
    }


def step_counts(run: CampaignRun) -> list[dict[str, Any]]:
    """One entry per step of each planned campaign: messages, held out, left out, first and last sending."""
    import polars as pl

    out = pl.col("reason").is_null()
    held = pl.col("reason") == "held out"
    counted = run.decided.group_by("campaign", "step").agg(
        out.sum().alias("messages"), held.sum().alias("held_out"), (~out & ~held).sum().alias("left_out"),
        pl.col("send_at").filter(out).min().alias("first"), pl.col("send_at").filter(out).max().alias("last"),
    )  # fmt: skip
    found = {(row["campaign"], row["step"]): row for row in counted.iter_rows(named=True)}
    nothing = {"messages": 0, "held_out": 0, "left_out": 0, "first": None, "last": None}
    return [
        {"campaign": each.checked.name, "step": step.step.name, "channel": step.step.channel}
        | {key: value for key, value in found.get((each.checked.name, step.step.name), nothing).items()
           if key in nothing}
        for each in run.planned.campaigns
        if each.done
        for step in each.checked.steps
    ]  # fmt: skip


def excluded_counts(run: CampaignRun) -> dict[str, int]:
    """Reason -> messages that it kept back, in the order of the gate."""
    from segcli.campaigns.settling import excluded_of

    counts = dict(excluded_of(run.planned, run.decided).group_by("reason").len().iter_rows())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _show(run: CampaignRun, written: WrittenCampaigns, seconds: float) -> None:
    from rich.markup import escape

    from segcli.cli.campaign_tables import idle_campaigns, print_counts, steps_table
    from segcli.cli.output import stderr_console, stdout_console

    notes, answer = stderr_console(), stdout_console()
    project = run.prepared.prepared.project
    kind = "Committed" if written.committed else "Rehearsal"
    answer.print(f"{kind} as of {project.as_of:%Y-%m-%d %H:%M} {project.timezone.key}")
    rows = step_counts(run)
    table = steps_table(rows)
    if table.row_count:
        answer.print(table)
    if idle := idle_campaigns(rows):
        answer.print(f"Nothing due: {', '.join(idle)}.", markup=False)
    if reasons := excluded_counts(run):
        print_counts(answer, "Left out", reasons)
    for note in _notes(run):
        notes.print(note, markup=False)
    if run.run.tables.rejected.height:
        notes.print("Rows that could not be read are in rejected.csv in the run's folder.")
    notes.print(f"[bold]{escape(str(written.folder))}[/bold] written in {seconds:.1f} s")
    if not written.committed and not written.refused:
        notes.print("Nothing is remembered of a rehearsal. With --commit it becomes history, and goes out once.")


def _notes(run: CampaignRun) -> Iterator[str]:
    """What the files are too old for, what kept whole campaigns from being planned, and whom a first run leaves out."""
    from segcli.cli.old_orders import old_orders
    from segcli.cli.output import counted
    from segcli.fields.findings import listed

    if old := old_orders(run.run):
        yield (
            f"The newest order is {old[0]:,} days old, so whoever has been there since looks silent. Newer exports "
            f"change that; --as-of {old[1]} looks at the day after it; expect: {{newest_order: 2d}} stops such a run."
        )
    there = dict(run.planned.series.filter(change="there").group_by("campaign").len().iter_rows())
    for each in run.planned.campaigns:
        if each.waits:
            yield f"{each.checked.name} waits: {each.waits}."
        if each.needs:
            yield f"{each.checked.name} is not available for want of {listed(each.needs)}."
        if count := there.get(each.checked.name):
            yield (
                f"{each.checked.name}: {counted(count, 'customer')} in its audience at its first run were there "
                "already and get nothing (existing: true takes them)."
            )


def _show_outlook(outlook: Outlook, *, as_json: bool) -> None:
    from segcli.cli.campaign_tables import busiest_day, outlook_table
    from segcli.cli.output import counted, print_json, stderr_console, stdout_console
    from segcli.fields.findings import listed

    if as_json:
        print_json({
            "first": outlook.first.isoformat(timespec="minutes"), "days": outlook.days,
            "messages": outlook.messages.to_dicts(), "excluded": outlook.excluded.to_dicts(), "idle": outlook.idle,
        })  # fmt: skip
        return
    answer, notes = stdout_console(), stderr_console()
    answer.print(f"{counted(outlook.days, 'day')} from {outlook.first:%Y-%m-%d %H:%M} on, with one run a day")
    if outlook.messages.height or outlook.excluded.height:
        answer.print(outlook_table(outlook, answer.width))
    if outlook.idle:
        answer.print(f"No message of {listed(outlook.idle, most=len(outlook.idle))}.", markup=False)
    if (busiest := busiest_day(outlook)) is not None:
        answer.print(busiest)
    notes.print("What nobody knows yet, such as new orders, is not in it. Nothing was written.", style="dim")
