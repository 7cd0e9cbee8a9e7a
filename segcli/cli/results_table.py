"""The table of results, two lines for each step: the sent above, the held out below; and what has to be said of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from segcli.cli.output import on_one_line
from segcli.project.durations import duration_text
from segcli.results import FEWEST_BUYERS, FEWEST_PEOPLE, Difference, Group, StepResult, Verdict

if TYPE_CHECKING:
    from segcli.cli.results import Found

LONGEST_NAME = 40
# Older than that, an export may be too old to hold the orders of the windows that are over.
OLD_ORDERS = dt.timedelta(days=2)
STYLES = {Verdict.MORE: "green", Verdict.FEWER: "red"}


def results_table(results: Sequence[StepResult], currency: str | None) -> Table:
    """A campaign's own line in bold, its steps below it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("campaign\n  step", overflow="fold")
    for name in (
        "sent\nheld out",
        "bought",
        "difference\nin points, 95 %",
        f"{currency or 'spent'} each",
        "difference\n95 %",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("so far\npeople per buyer", no_wrap=True)
    table.add_column("last touch\norders, sum", justify="right", no_wrap=True)
    for item in results:
        table.add_row(*_cells(item))
    return table


def _cells(item: StepResult) -> Iterator[str]:
    name = escape(on_one_line(item.step or item.campaign, LONGEST_NAME))
    yield f"  {name}" if item.step else f"[bold]{name}[/bold]"
    compared = item.verdict is not Verdict.NO_HOLDOUT
    groups = (item.sent, item.held_out) if compared else (item.sent,)
    yield "\n".join(f"{group.people:,}" for group in groups)
    yield "\n".join("-" if group.rate is None else f"{100 * group.rate:.2f} %" for group in groups)
    yield _difference(item.conversion, 100)
    yield "\n".join(_each(group) for group in groups)
    yield _difference(item.spending)
    style = STYLES.get(item.verdict, "dim")
    yield f"[{style}]{item.verdict}[/{style}]" + (f"\n{item.needed}" if item.needed else "")
    touch = item.last_touch
    revenue = "?" if touch.revenue is None else f"{touch.revenue:,.2f}"
    yield f"{touch.orders:,}\n{revenue}"


def _each(group: Group) -> str:
    return "-" if group.revenue_per_person is None else f"{group.revenue_per_person:,.2f}"


def _difference(found: Difference | None, times: int = 1) -> str:
    if found is None:
        return ""
    bounds = (
        ""
        if found.low is None or found.high is None
        else f"\n{_signed(found.low, times)} to {_signed(found.high, times)}"
    )
    return _signed(found.value, times) + bounds


def _signed(value: float, times: int = 1) -> str:
    return f"{value * times:+z,.2f}"


def extra_lines(found: Found) -> Iterator[str]:
    """For each campaign that can be compared, by how much it changed what the people written to spent."""
    money = f" {found.currency}" if found.currency else ""
    for item in found.results:
        extra = item.extra_revenue
        if item.step is None and extra is not None and extra.low is not None and extra.high is not None:
            people = "1 person" if item.sent.people == 1 else f"{item.sent.people:,} people"
            yield (
                f"{item.campaign}: about {_signed(extra.value)}{money} ({_signed(extra.low)} to {_signed(extra.high)}) "
                f"from {people} written to, within {duration_text(found.window)}{_doubt(item, extra)}"
            )


def _doubt(item: StepResult, extra: Difference) -> str:
    if item.verdict is Verdict.TOO_LITTLE:
        return f": {item.verdict}"
    return "" if extra.direction else ": this could be chance"


def notes(found: Found) -> Iterator[str]:
    """What has to be known to read the numbers right."""
    if not found.results:
        yield f"Nothing was sent before {found.as_of:%Y-%m-%d %H:%M}: no committed run has a message of it."
        return
    window = duration_text(found.window)
    campaigns = [item for item in found.results if item.step is None]
    for item in campaigns:
        young = item.sent.young + item.held_out.young
        if young:
            yield f"{item.campaign}: {young:,} too young to count, their {window} are not over."
        if item.verdict is Verdict.NO_HOLDOUT:
            yield (
                f"{item.campaign}: nobody was held out, so only the last touch is known, and that has those who would "
                "have bought anyway. `holdout: 10%` in the campaign keeps a tenth back to compare with."
            )
        if item.sent.unpriced + item.held_out.unpriced + item.last_touch.unpriced:
            yield f"{item.campaign}: orders without an amount, so revenue is not known."
    if any(item.verdict is Verdict.TOO_LITTLE for item in found.results):
        yield (
            f"Too little to say: a group of fewer than {FEWEST_PEOPLE} people, or one in which fewer than "
            f"{FEWEST_BUYERS} would be expected to buy. More time, a larger holdout or a longer --window help."
        )
    if any(item.number > 0 and item.held_out.people for item in found.results):
        yield (
            "A campaign's own line compares people drawn by lot. Later steps compare those who got that far, and "
            "buyers leave on the way: read their differences as hints."
        )
    yield from _orders_notes(found)


def _orders_notes(found: Found) -> Iterator[str]:
    """Where the orders do not reach as far as the messages, nobody is known to have bought."""
    oldest, newest = found.oldest_order, found.newest_order
    if oldest is None or newest is None:
        yield "The files have no order at all."
        return
    if found.as_of - newest > OLD_ORDERS:
        after = (newest + dt.timedelta(days=1)).date()
        yield (
            f"The newest order is of {newest:%Y-%m-%d}. If that is where the export ends, --as-of {after} leaves out "
            "whose time is not over in it."
        )
    if found.first_message is not None and found.first_message < oldest:
        yield (
            f"The oldest order is of {oldest:%Y-%m-%d}, and messages began on {found.first_message:%Y-%m-%d}: what "
            "came of the earlier ones counts as nothing. Export orders from then on."
        )
