"""A past for every campaign of the benchmark: series that began on its customers' real starts, and their steps.

What the shop's files say of a customer at the last of these runs was so all along. Who has not agreed to be
written to was never sent anything, and had every step recorded as too late.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedRowStart
from segcli.campaigns.customers import PERSON, Customers
from segcli.campaigns.series import ID_FORMAT
from segcli.sources.tables import Tables

DAY = dt.timedelta(days=1)
THERE = 0.15  # share of an audience that was there before the campaign
GONE = 0.2  # share of the customers outside an audience who were in it once


@dataclass(frozen=True)
class Calendar:
    """Daily runs, numbered from 0."""

    first: dt.datetime
    runs: int

    @property
    def last(self) -> dt.datetime:
        return self.first + (self.runs - 1) * DAY

    def number(self, moment: pl.Expr) -> pl.Expr:
        """The first run that is not before the moment; negative before the first of all."""
        hours = (moment - pl.lit(self.first)).dt.total_microseconds() / 3_600_000_000
        return (hours / 24).ceil().cast(pl.Int64)

    def moment(self, number: pl.Expr) -> pl.Expr:
        return pl.lit(self.first, pl.Datetime("us")) + number * pl.duration(days=1)


def cycle_days(campaign: CheckedCampaign) -> int:
    """How far apart two series of a customer are at least, in days."""
    again = campaign.campaign.again_after or dt.timedelta(0)
    return max(again, campaign.steps[-1].step.after + 5 * DAY).days


def known_series(
    campaign: CheckedCampaign, customers: Customers, tables: Tables, calendar: Calendar, random: np.random.Generator
) -> pl.DataFrame:
    """customer_id, series, start and Booleans contactable, until, inside, there (before the campaign was).

    Of starts by rows every series within the calendar; else one per customer, the latest.
    """
    asked = {"audience": f"coalesce({campaign.audience.sql}, false)", "contactable": "coalesce(contactable, false)"}
    asked["until"] = f"coalesce({campaign.until.sql}, false)" if campaign.until else "false"
    if campaign.start is not None and not isinstance(campaign.start, CheckedRowStart):
        asked["start"] = campaign.start.sql
    people = customers.asked(asked).collect(engine="streaming").sort(PERSON)
    if isinstance(campaign.start, CheckedRowStart):
        found = _of_rows(campaign, campaign.start, people, tables, calendar)
    elif campaign.start is not None:
        start = pl.col("start").cast(pl.Datetime("us"))
        found = people.filter("audience").with_columns(start=start, inside=False, there=False).drop_nulls("start")
        found = found.with_columns(series=pl.col("start").dt.strftime(ID_FORMAT))
    else:
        found = _of_entering(campaign, people, calendar, random)
    return found.select(PERSON, "series", "start", "contactable", "until", "inside", "there")


def earlier_series(campaign: CheckedCampaign, known: pl.DataFrame, cycle: int, calendar: Calendar) -> pl.DataFrame:
    """The series so many cycles before the known ones, as far as the calendar goes; none where there is but one."""
    entering_once = campaign.by_entering and campaign.campaign.again_after is None
    if campaign.by_row or campaign.campaign.never_again or entering_once:
        return known.clear()
    start = pl.col("start") - cycle * cycle_days(campaign) * DAY
    found = known.filter(~pl.col("there")).with_columns(start=start, inside=campaign.by_entering, until=False)
    return found.filter(pl.col("start") > calendar.first).with_columns(series=pl.col("start").dt.strftime(ID_FORMAT))


def _of_rows(
    campaign: CheckedCampaign, start: CheckedRowStart, people: pl.DataFrame, tables: Tables, calendar: Calendar
) -> pl.DataFrame:
    rows = tables[start.table].whole
    if start.where is not None:
        rows = rows.sql(f"select * from self where {start.where.sql}")
    moment = pl.col(start.at).cast(pl.Datetime("us"))
    series = pl.col(start.row_id) if start.row_id else moment.dt.strftime(ID_FORMAT)
    rows = rows.select(PERSON, series=series.cast(pl.String), start=moment).drop_nulls()
    rows = rows.filter(pl.col("start") > calendar.first, pl.col("start") <= calendar.last)
    # Of several starts within such a time the first, so that hardly two are nearer than is allowed.
    time = (pl.col("start") - pl.lit(calendar.first)).dt.total_days() // max(_again_days(campaign), 1)
    if campaign.campaign.again_after:
        first = pl.col("start", "series").sort_by("start", "series").first()
        rows = rows.group_by(PERSON, time=time).agg(first).drop("time")
    found = rows.join(people.lazy().filter("audience"), on=PERSON).collect(engine="streaming")
    return found.sort(PERSON, "series").with_columns(inside=False, there=False)


def _again_days(campaign: CheckedCampaign) -> int:
    return campaign.campaign.again_after.days if campaign.campaign.again_after else 0


def _of_entering(
    campaign: CheckedCampaign, people: pl.DataFrame, calendar: Calendar, random: np.random.Generator
) -> pl.DataFrame:
    once = pl.Series(random.random(people.height) < GONE)
    found = people.filter(people["audience"] | once).rename({"audience": "inside"})
    there = pl.Series(random.random(found.height) < (0 if campaign.campaign.existing else THERE))
    within = min(3 * cycle_days(campaign), calendar.runs)
    run = pl.Series(calendar.runs - 1 - random.integers(0, within, found.height))
    run = run.zip_with(~there, there.cast(pl.Int64) - 1)
    found = found.with_columns(run=run, there=there).with_columns(start=calendar.moment(pl.col("run")))
    return found.with_columns(series=pl.col("start").dt.strftime(ID_FORMAT))
