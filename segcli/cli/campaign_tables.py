"""What `segcli campaign` shows: the steps of a run with their messages, and the weeks of an outlook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segcli.cli.output import counted, on_one_line

if TYPE_CHECKING:
    from segcli.campaign_outlook import Outlook

PERIODS = (1, 7, 30, 61, 122)  # days in a column of an outlook: the first with which the table fits is taken
LONGEST_NAME = 40
SHORTEST_NAME = 30  # to which names are cut rather than days be put together
NUMBER_WIDTH = 5  # the narrowest column, as wide as 06-30


def steps_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One line per step that has anything, below its campaign's name; `rows` as of `step_counts`."""
    table = _table("campaign", ("messages", "held out", "left out"))
    table.add_column("sending", no_wrap=True)
    before = ""
    for row in rows:
        numbers = [row[key] for key in ("messages", "held_out", "left_out")]
        if not any(numbers):
            continue
        if row["campaign"] != before:
            table.add_row(f"[bold]{_name(row['campaign'])}[/bold]")
            before = row["campaign"]
        table.add_row(f"  {_name(row['step'])}", *map(number, numbers), span(row["first"], row["last"]))
    return table


def idle_campaigns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The campaigns of which no step is due to anybody."""
    busy = {row["campaign"] for row in rows if row["messages"] or row["held_out"] or row["left_out"]}
    return list(dict.fromkeys(row["campaign"] for row in rows if row["campaign"] not in busy))


def outlook_table(outlook: Outlook, width: int) -> Table:
    """Messages by campaign and day, week or month, whichever fits the width; below them what was left out, and why."""
    campaigns = _by_total(outlook.messages, "campaign")
    reasons = _by_total(outlook.excluded, "reason")
    days = next((size for size in PERIODS if _numbers_width(outlook, size) + SHORTEST_NAME <= width), PERIODS[-1])
    longest = width - _numbers_width(outlook, days)
    starts = range(0, outlook.days, days)
    spans = {1: "day", 7: "week from"}.get(days, f"{days} days from")
    heads = [f"{outlook.first + dt.timedelta(days=start):%m-%d}" for start in starts]
    table = _table(f"campaign, by {spans}" if len(heads) > 1 else "campaign", [*heads, "all"] if heads[1:] else ["all"])
    for name in campaigns:
        _add(table, _name(name, longest), _periods(outlook.messages, "campaign", name, outlook, days), heads)
    total = _periods(outlook.messages, None, "", outlook, days)
    _add(table, "all", total, heads, style="bold", end_section=True)
    if reasons:
        table.add_row("[dim]left out[/dim]")
        for reason in reasons:
            _add(table, _name(reason, longest), _periods(outlook.excluded, "reason", reason, outlook, days), heads)
    return table


def busiest_day(outlook: Outlook) -> str | None:
    """`Busiest day: Tue 06-30 with 512 messages.`; None where nothing is sent."""
    days = outlook.messages.group_by("day").agg(pl.col("messages").sum()).filter(pl.col("messages") > 0)
    if days.is_empty():
        return None
    day, count = days.sort("messages", "day", descending=[True, False]).row(0)
    return f"Busiest day: {day:%a %m-%d} with {counted(count, 'message')}."


def print_counts(console: Console, what: str, counts: Mapping[str, int]) -> None:
    """`Left out: no consent 174, ...`, in lines that do not break inside a reason."""
    lines, line = [], f"{what}: "
    for number_, (name, count) in enumerate(counts.items()):
        part = f"{name} {count:,}" + ("," if number_ < len(counts) - 1 else "")
        if len(line) + len(part) > console.width and line.strip():
            lines.append(line.rstrip())
            line = "  "
        line += f"{part} "
    for text in [*lines, line.rstrip()]:
        console.print(text, markup=False, no_wrap=True, overflow="ignore", crop=False)


def number(count: int) -> str:
    """With commas; nothing is a dot."""
    return f"{count:,}" if count else "[dim]·[/dim]"


def span(first: dt.datetime | None, last: dt.datetime | None) -> str:
    """`07-02 09:00`, `07-02 09:00-20:00` or `07-02 09:00 to 07-03`."""
    if first is None or last is None:
        return ""
    head = f"{first:%m-%d %H:%M}"
    if f"{last:%m-%d %H:%M}" == head:
        return head
    return f"{head}-{last:%H:%M}" if first.date() == last.date() else f"{head} to {last:%m-%d}"


def _table(first: str, numbers: Iterable[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _add(table: Table, name: str, numbers: list[int], heads: list[str], **options: Any) -> None:
    cells = [*map(number, numbers)] if heads[1:] else []
    table.add_row(name, *cells, number(sum(numbers)), **options)


def _name(text: str, longest: int = LONGEST_NAME) -> str:
    return escape(on_one_line(text, min(longest, LONGEST_NAME)))


def _by_total(rows: pl.DataFrame, column: str) -> list[str]:
    """The names, those with the most messages first."""
    counts = rows.group_by(column).agg(pl.col("messages").sum())
    return counts.sort("messages", column, descending=[True, False])[column].to_list()


def _periods(rows: pl.DataFrame, column: str | None, name: str, outlook: Outlook, days: int) -> list[int]:
    """The messages of one campaign or reason (or all) in each period."""
    found = rows if column is None else rows.filter(pl.col(column) == name)
    period = (pl.col("day") - outlook.first.date()).dt.total_days() // days
    counts = dict(found.group_by(period=period).agg(pl.col("messages").sum()).iter_rows())
    return [counts.get(number_, 0) for number_ in range(-(-outlook.days // days))]


def _numbers_width(outlook: Outlook, days: int) -> int:
    """How wide the columns of numbers are with periods of so many days."""
    totals = [rows["messages"].sum() for rows in (outlook.messages, outlook.excluded)]
    return (max(NUMBER_WIDTH, len(f"{max(totals):,}")) + 2) * (-(-outlook.days // days) + 1)
