"""`segcli segment`: read the files, decide the segments, write the run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcli.cli import options

# What was counted while reading, in plain words.
COUNTED = {
    "conflicts": "customers on whom the files disagree; the newest value counts",
    "duplicate_orders": "orders seen more than once; the last counts",
    "events_of_nobody": "events without a customer",
    "joined_identifiers": "ids, addresses and numbers found to be of one person with another",
    "later_events": "events after that moment, left out",
    "later_carts": "carts after that moment, left out",
    "later_order_items": "order lines after that moment, left out",
    "later_orders": "orders after that moment, left out",
    "orders_of_nobody": "orders without a customer",
    "orders_without_amount": "orders without an amount; they count as orders, and nothing is spent with them",
    "refunds_of_orders": "refunds in rows of their own, taken off the orders that they name",
    "repeated_totals": "orders that bear their total on each of several lines: it counts once",
    "shared_identifiers": "addresses and numbers that too many share to say who it is",
    "uncounted_orders": "orders cancelled, refunded or tests, and refunds that name no order: not counted",
    "unknown_referrers": "referrers who are no customer",
}

if TYPE_CHECKING:
    from pathlib import Path

    from segcli.pipeline import SegmentRun, WrittenRun


def segment(
    paths: options.Paths = None,
    as_of: options.AsOf = None,
    recipe: options.Recipes = None,
    map_: options.Map = None,
    out: options.Out = None,
    esp: options.Esp = None,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Show every segment.")] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Compute the segments of a shop's export files and write a send list for each.

    PATH is a project (a folder with a segcli.yaml) or bare export files: orders, customers, products, events.
    """
    from segcli.cli.output import print_json, print_problems, progress
    from segcli.history import is_interrupted, project_lock, recover
    from segcli.pipeline import compute, prepare, scratch_folder, write
    from segcli.problems import Problems
    from segcli.project import load_project

    started = time.perf_counter()
    problems = Problems()
    with progress(quiet=quiet or as_json) as say, scratch_folder() as scratch:
        say("Recognising files")
        project = load_project(paths or [], as_of=as_of, recipes=recipe, out=out, maps=map_ or [], esp=esp)
        prepared = prepare(project, problems)
        # A second run should hear of the first before it has read everything.
        # Somebody whose forgetting a crash interrupted must not be written down again by the next run.
        history = project.history if is_interrupted(project.history) else None
        with project_lock(project.output, history):
            if history:
                recover(history, project.output)
            run = compute(prepared, scratch, say)
            written = write(run, say)
    seconds = time.perf_counter() - started
    if not quiet:
        print_problems([*project.warnings, *problems.warnings])
    if as_json:
        print_json(_answer(run, written.folder, seconds))
    elif not quiet:
        _show(run, written, seconds, everything=everything)


def _answer(run: SegmentRun, folder: Path, seconds: float) -> dict[str, Any]:
    return {
        "run": str(folder),
        "as_of": run.computed.plan.as_of.isoformat(timespec="minutes"),
        "customers": run.tables["customers"].rows,
        "segments": [
            {
                "name": item.name,
                "customers": item.customers,
                "contactable": item.contactable,
                "spend": item.spend,
            }
            for item in run.members
        ],
        "unavailable": [{"segment": name, "needs": list(needs)} for name, needs in unavailable_segments(run).items()],
        "rejected": run.tables.rejected.height,
        "seconds": round(seconds, 3),
    }


def unavailable_segments(run: SegmentRun) -> dict[str, tuple[str, ...]]:
    """The segments that the files cannot answer, each with what would enable it."""
    plan = run.computed.plan
    return {
        segment.name: plan.unavailable[segment.name] for segment in plan.segments if segment.name in plan.unavailable
    }


def _show(run: SegmentRun, written: WrittenRun, seconds: float, *, everything: bool) -> None:
    from rich.markup import escape

    from segcli.cli.output import counted, on_one_line, stderr_console, stdout_console
    from segcli.cli.segment_table import champion_note, segment_table

    project, tables = run.prepared.project, run.tables
    notes, answer = stderr_console(), stdout_console()
    for file in run.prepared.catalog.files:
        what = f"{file.platform} → {', '.join(file.tables)}" if file.tables else "left out"
        note = f" ({file.note})" if file.note else ""
        notes.print(f"[bold]{escape(file.path)}[/bold]: {escape(what + note)}")
    for name, number in tables.counts.items():
        if number:
            notes.print(f"  {COUNTED.get(name, name.replace('_', ' '))}: {number:,}", style="dim")
    answer.print(
        f"{counted(tables['customers'].rows, 'customer')} as of "
        f"{run.computed.plan.as_of:%Y-%m-%d %H:%M} {project.timezone.key}"
    )
    table = segment_table(
        run.members, tables["customers"].rows, written.previous, everything=everything, currency=project.currency
    )
    answer.print(table)
    if table.row_count < len(run.members):
        notes.print("(+2): smaller segments of the recipe that are not shown. --all shows them.", style="dim")
    for line in _notes(run, champion_note(run.members), everything=everything):
        notes.print(on_one_line(line), markup=False)
    if written.compared_with:
        notes.print(f"change: against {', '.join(written.compared_with)}", style="dim")
    if written.import_note:
        notes.print(on_one_line(f"Importing into {project.esp}: {written.import_note}"), markup=False)
    notes.print(f"[bold]{escape(str(written.folder))}[/bold] written in {seconds:.1f} s")


def _notes(run: SegmentRun, champions: str | None, *, everything: bool) -> list[str]:
    from segcli.cli.old_orders import old_orders
    from segcli.cli.output import counted

    lines = [champions] if champions else []
    if old := old_orders(run):
        lines.append(f"The newest order is {old[0]:,} days old. --as-of {old[1]} computes for the day after it.")
    lines += _without_consent(run)
    for name, number in sorted(run.computed.numbers.items()):
        lines.append(f"{name}: " + ("too little data to say" if number is None else f"{number}"))
    for name, cuts in sorted(run.computed.cut_points.items()):
        if cuts.quantiles and 0 < len(cuts.values) <= 10:
            lines.append(f"{name}: cut points {', '.join(str(value) for value in cuts.values)}")
    contactable = sum(item.contactable for item in run.members)
    if not contactable and any(item.customers for item in run.members):
        lines.append(_why_nobody_is_contactable(run))
    by_need: dict[tuple[str, ...], list[str]] = {}
    for name, needs in unavailable_segments(run).items():
        by_need.setdefault(needs, []).append(name)
    for needs, names in by_need.items():
        shown = names if everything else [*names[:4], *(["..."] if len(names) > 4 else [])]
        lines.append(f"Not available for want of {', '.join(needs[:3])}: {', '.join(shown)}")
    if run.tables.rejected.height:
        rejected = run.tables.rejected
        dropped = rejected.filter("dropped").height
        told = [counted(dropped, "row")] if dropped else []
        told += [counted(rejected.height - dropped, "cell")] if rejected.height > dropped else []
        lines.append(f"{' and '.join(told)} could not be read: see rejected.csv in the run's folder")
    return lines


def _without_consent(run: SegmentRun) -> list[str]:
    """A word on those who lack nothing but consent, by the policy that asks for it and what would change that."""
    from segcli.cli.output import counted
    from segcli.contact import way_out

    if not run.without_consent:
        return []
    (policy, most), *others = run.without_consent.items()
    rest = "".join(f", {name} {count:,}" for name, count in others)
    return [
        f"{counted(sum(run.without_consent.values()), 'customer')} with a valid address may not be written to for want "
        f"of consent, by policy: {policy} {most:,}{rest}. For {policy} this would change it: "
        f"{way_out(run.prepared.project, policy)}."
    ]


def _why_nobody_is_contactable(run: SegmentRun) -> str:
    given = run.tables["customers"].given
    if "email" not in given:
        return (
            "Contactable 0: no file has email addresses. Add a customers file with an email column, or say "
            "which column it is: --map customers.email=NAME"
        )
    return (
        "Contactable 0: every address is missing, not valid, unsubscribed, bounced or complained, "
        "or has no consent (see the line on it)."
    )
