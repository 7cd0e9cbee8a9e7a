"""`segcli results`: what campaigns brought, by those who were sent their messages and those who were held out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import polars as pl

    from segcli.history import History
    from segcli.problems import Problems
    from segcli.project.models import Project
    from segcli.results import Difference, Group, StepResult
    from segcli.sources.tables import Tables

MESSAGES_AT_ONCE = 5_000_000  # with more, customers are counted in parts, so that memory stays flat


@dataclass(frozen=True)
class Found:
    """The results, and what has to be known of the files to judge them."""

    results: tuple[StepResult, ...]
    as_of: dt.datetime
    window: dt.timedelta
    currency: str | None
    first_message: dt.datetime | None
    oldest_order: dt.datetime | None
    newest_order: dt.datetime | None


def results(
    campaign: Annotated[str | None, typer.Argument(help="One campaign. Default: all.", show_default=False)] = None,
    project: options.Project = None,
    window: Annotated[
        str, typer.Option("--window", metavar="TIME", help="How long after a message an order counts, as 7d or 48h.")
    ] = "7d",
    as_of: options.AsOf = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show what campaigns brought: who bought of those written to, and of those held out.

    Needs committed runs, and a campaign with a `holdout` to compare with. A person counts once per campaign and step.
    """
    from segcli.cli.output import print_json, print_problems, progress
    from segcli.pipeline import scratch_folder
    from segcli.problems import Problems
    from segcli.project import load_project
    from segcli.results import statistics

    span = _window(window)
    statistics()  # whoever lacks it should hear of it before anything is read
    problems = Problems()
    with progress(quiet=quiet or as_json) as say, scratch_folder() as scratch:
        shop = load_project([project] if project else [], as_of=as_of)
        found = _found(shop, campaign, span, scratch, problems, say)
    if not quiet:
        print_problems([*shop.warnings, *problems.warnings])
    if as_json:
        print_json(_answer(found))
    else:
        _show(found, quiet=quiet)


def _window(text: str) -> dt.timedelta:
    from segcli.problems import Problem, RecipeError
    from segcli.project.durations import duration_hint, parse_duration

    span = parse_duration(text)
    if span is None:
        raise RecipeError([Problem(f"'{text}' is no duration.", key="--window", hint=duration_hint(text))])
    return span


def _found(
    project: Project,
    campaign: str | None,
    window: dt.timedelta,
    scratch: Path,
    problems: Problems,
    say: Callable[[str], None],
) -> Found:
    import polars as pl

    from segcli.history import open_history
    from segcli.results import results_of_shards

    history = open_history(project.history, project.as_of)
    names = history.journal(["campaign"]).unique().collect(engine="streaming")["campaign"].to_list()
    _check_name(campaign, names, project)
    if not names:
        return Found((), project.as_of, window, project.currency, None, None, None)
    tables = _tables(project, scratch, problems, say)
    say("Counting")
    journal, orders = _journal(history, tables), tables["orders"].whole
    counted = results_of_shards(_parts(journal, orders), project.as_of, window, [campaign] if campaign else None)
    first = journal.filter(pl.col("campaign") == campaign) if campaign else journal
    ends = orders.select(oldest=pl.col("ordered_at").min(), newest=pl.col("ordered_at").max())
    oldest, newest = ends.collect(engine="streaming").row(0)
    first_message = first.select(pl.col("send_at").min()).collect(engine="streaming").item()
    return Found(counted, project.as_of, window, project.currency, first_message, oldest, newest)


def _check_name(campaign: str | None, sent: Iterable[str], project: Project) -> None:
    from segcli.problems import Problem, RecipeError, nearest

    known = {*sent, *(each.name for recipe in project.recipes for each in recipe.campaigns)}
    if campaign is not None and campaign not in known:
        hint = nearest(campaign, known) or f"There are {', '.join(sorted(known)) or 'none'}."
        raise RecipeError([Problem(f"no campaign named '{campaign}'.", hint=hint)])


def _tables(project: Project, scratch: Path, problems: Problems, say: Callable[[str], None]) -> Tables:
    """Orders, and who is who; nothing else is read. DataError where no file has orders."""
    from segcli.problems import DataError, Problem
    from segcli.sources import read_tables, recognise

    say("Reading orders")
    catalog = recognise(project, frozenset(), problems)
    problems.stop()
    if "orders" not in catalog.tables:
        hint = "Add a file of orders to `sources:`. Without it nobody can tell who bought."
        raise DataError([Problem("no file has orders.", hint=hint)])
    needed = {"orders": frozenset({"ordered_at", "amount"}), "customers": frozenset({"email", "phone"})}
    return read_tables(project, catalog, needed, scratch, problems)


def _journal(history: History, tables: Tables) -> pl.LazyFrame:
    """Every message sent or held out, with the customer_id that its person has in today's files."""
    import polars as pl

    from segcli.results.tallies import HELD_OUT, SENT
    from segcli.sources import identifiers_today

    messages = history.journal(("customer_id", "campaign", "step", "number", "send_at", "status"))
    messages = messages.filter(pl.col("status").is_in([SENT, HELD_OUT]))
    return history.with_current_ids(messages, identifiers_today(tables))


def _parts(journal: pl.LazyFrame, orders: pl.LazyFrame) -> Iterator[tuple[pl.LazyFrame, pl.LazyFrame]]:
    """Messages and orders in parts of so many messages, those of one customer in one part."""
    import polars as pl

    rows = journal.select(pl.len()).collect(engine="streaming").item()
    count = 1 + rows // MESSAGES_AT_ONCE
    bucket = pl.col("customer_id").hash(seed=2) % count
    for number in range(count):
        mine = bucket == number if count > 1 else pl.lit(True)
        yield journal.filter(mine), orders.filter(mine)


def _answer(found: Found) -> dict[str, Any]:
    from segcli.cli.results_table import notes
    from segcli.project.durations import duration_text

    return {
        "as_of": found.as_of.isoformat(timespec="minutes"),
        "window": duration_text(found.window),
        "currency": found.currency,
        "results": [_result(item) for item in found.results],
        "notes": list(notes(found)),
    }


def _result(item: StepResult) -> dict[str, Any]:
    needed, touch = item.needed, item.last_touch
    return {
        "campaign": item.campaign,
        "step": item.step,
        "verdict": item.verdict.name.lower(),
        "sent": _group(item.sent),
        "held_out": _group(item.held_out),
        "conversion": _difference(item.conversion, item.lift),
        "revenue_per_person": _difference(item.spending, item.spending_lift, money=True),
        "needed": needed and {"number": needed.number, "low": needed.low, "high": needed.high, "words": str(needed)},
        "extra_buyers": _difference(item.extra_buyers),
        "extra_revenue": _difference(item.extra_revenue, money=True),
        "last_touch": {"messages": touch.messages, "orders": touch.orders, "revenue": touch.revenue},
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "people": group.people,
        "too_young": group.young,
        "converted": group.converted,
        "rate": group.rate,
        "revenue": group.revenue,
        "revenue_per_person": group.revenue_per_person,
    }


def _difference(found: Difference | None, lift: float | None = None, *, money: bool = False) -> dict[str, Any] | None:
    if found is None:
        return None
    values: dict[str, Any] = {"difference": found.value, "low": found.low, "high": found.high}
    if money:  # as text, like every amount
        values = {name: None if value is None else f"{value:z.2f}" for name, value in values.items()}
    return values if lift is None else {**values, "lift": lift}


def _show(found: Found, *, quiet: bool) -> None:
    from segcli.cli.output import on_one_line, stderr_console, stdout_console
    from segcli.cli.results_table import extra_lines, notes, results_table

    answer, remarks = stdout_console(), stderr_console()
    if found.results:
        answer.print(results_table(found.results, found.currency))
    for line in extra_lines(found):
        answer.print(on_one_line(line), markup=False, soft_wrap=True)
    if not quiet:
        for line in notes(found):
            remarks.print(on_one_line(line), markup=False)
