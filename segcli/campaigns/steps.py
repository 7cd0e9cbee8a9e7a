"""Steps of series: when each is to be sent, which has come, which came too late, and which is due.

A step's moment is the start plus `after`, or the series' last message plus the distance between the two steps if
that is later; `send` then moves it forward to an hour. It has come when `as_of` + `ahead` reaches it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedStep
from segcli.campaigns.customer_times import SendTimes
from segcli.campaigns.customers import Customers
from segcli.campaigns.responses import with_responses
from segcli.campaigns.series import Clock
from segcli.project.campaign_models import Step
from segcli.sources.tables import Tables

# A row of a table whose series ended longer ago than this is of the past, and forgotten.
FORGOTTEN_AFTER = dt.timedelta(days=400)
LONGEST_WAIT = dt.timedelta(days=8)  # the most that `send` moves a moment: a week, and the hour


@dataclass(frozen=True)
class Timing:
    """What decides about the time of every step of a run; `ahead` is the project's."""

    clock: Clock
    ahead: dt.timedelta
    times: SendTimes
    calendar: bool = False  # the start is a day, and days are counted on the customer's calendar

    def ahead_of(self, step: Step) -> dt.timedelta:
        return self.ahead if step.ahead is None else step.ahead

    def grace_of(self, step: Step) -> dt.timedelta:
        """Never less than the time since the last committed run: what no run could send is not too late."""
        if self.clock.planned is None:
            return step.grace
        return max(step.grace, self.clock.as_of - self.clock.planned)

    @property
    def noticed_since(self) -> dt.datetime:
        """Steps that were over before this moment passed before the campaign was there, and are not told."""
        return max(self.clock.first or self.clock.as_of, self.clock.as_of - FORGOTTEN_AFTER)


def with_numbers(campaign: CheckedCampaign, state: pl.DataFrame) -> pl.DataFrame:
    """The state with `number`, the furthest step of those that were dealt with (-1 for none), and `message_number`.

    Both count the steps as the recipe has them now: one that was put in before shifts no other, and however they
    were put in order, nothing that was sent comes after `number`. Where a step was taken out, or has another name
    now, those of a time before the last message are passed: the renamed one is not sent again.
    """
    numbers = {each.step.name: each.step.number for each in campaign.steps}
    messages = {f"{campaign.name}.{name}": number for name, number in numbers.items()}
    seen = state["steps"].drop_nulls().unique()
    furthest = {steps: max(numbers.get(name, -1) for name in steps.split(",")) for steps in seen}
    gone = [steps for steps in seen if not {*steps.split(",")} <= numbers.keys()]
    earlier = pl.sum_horizontal(pl.col("start") + each.step.after <= pl.col("message_at") for each in campaign.steps)
    known = pl.col("steps").replace_strict(furthest, default=-1, return_dtype=pl.Int64)
    passed = pl.when(pl.col("steps").is_in(gone) & pl.col("message_at").is_not_null()).then(earlier.cast(pl.Int64) - 1)
    state = state.with_columns(
        number=pl.max_horizontal(known, passed),
        message_number=pl.col("message").replace_strict(messages, default=None, return_dtype=pl.Int64),
    )
    # The message of a step that the recipe has no more is as good as that of the furthest one.
    furthest_one = pl.when(pl.col("message").is_not_null() & (pl.col("number") >= 0)).then("number")
    return state.with_columns(pl.coalesce("message_number", furthest_one).alias("message_number"))


def reached_steps(campaign: CheckedCampaign, series: pl.DataFrame, timing: Timing) -> pl.DataFrame:
    """One row per series and step that has come: `due_step`, `step_number`, `moment`, `send_at`, `late`.

    `series` has what `send` needs: zone, best_hour, best_weekday. Steps that are over since before the campaign's
    first run are left out. No step overtakes one before it whose moment has not come yet (a step may have its own
    `send` and `ahead`), nor is one late while one before it is not (it may have a longer `grace`).
    """
    series = series.filter(~pl.col("ended"), ~pl.col("suspended"), ~of_the_past(campaign, timing))
    series = series.with_columns(open_before=pl.lit(value=False))
    going_on, found = series.clear(), list[pl.DataFrame]()
    for each in campaign.steps:
        step = each.step
        rows = pl.concat([going_on, series.filter(pl.col("number") == step.number - 1)])
        if found and rows.is_empty():
            continue
        rows = rows.with_columns(let_in=lets_in(campaign, step), earliest=earliest_moment(campaign, step, rows, timing))
        horizon, grace = timing.clock.as_of + timing.ahead_of(step), timing.grace_of(step)
        rows = rows.filter(~pl.col("let_in") | (pl.col("earliest") <= horizon))
        rows = rows.with_columns(moment=timing.times.moments(rows, step))
        rows = rows.filter(~pl.col("let_in") | (pl.col("moment") <= horizon))
        ends = pl.col("moment") + grace
        rows = rows.with_columns(late=ends < timing.clock.as_of, send_at=timing.times.sending(rows, step))
        told = ends >= timing.noticed_since
        come = rows.filter("let_in", told, ~(pl.col("late") & pl.col("open_before")))
        found.append(come.with_columns(due_step=pl.lit(step.name), step_number=pl.lit(step.number, pl.Int64)))
        open_before = pl.col("open_before") | (pl.col("let_in") & ~pl.col("late"))
        going_on = rows.with_columns(open_before=open_before).select(series.columns)
    return pl.concat(found)


def of_the_past(campaign: CheckedCampaign, timing: Timing) -> pl.Expr:
    """No step of the series can be of this time; most rows of a table are of that kind."""
    grace = max(timing.grace_of(each.step) for each in campaign.steps)
    span = campaign.steps[-1].step.after + LONGEST_WAIT + grace
    return pl.max_horizontal("start", "message_at") + span < timing.noticed_since


def lets_in(campaign: CheckedCampaign, step: Step) -> pl.Expr:
    """With `until` the audience decides the first step and `until` all others; else the audience decides all."""
    if campaign.until is None:
        return pl.col("audience")
    going_on = pl.col("begun") | pl.col("inside") | pl.col("audience")
    return ~pl.col("until") & (pl.col("audience") if step.number == 0 else going_on)


def earliest_moment(campaign: CheckedCampaign, step: Step, rows: pl.DataFrame, timing: Timing) -> pl.Expr:
    """The start plus `after`, or the last message plus the distance of the two steps if that is later."""
    offset = timing.times.earliest(rows, step, calendar=timing.calendar)
    offset = pl.lit(offset) if isinstance(offset, pl.Series) else offset
    distances = {each.step.number: step.after - each.step.after for each in campaign.steps}
    distance = pl.col("message_number").replace_strict(distances, default=None, return_dtype=pl.Duration("us"))
    return pl.max_horizontal(offset, pl.col("message_at") + distance)


def due_steps(
    campaign: CheckedCampaign, reached: pl.DataFrame, customers: Customers, tables: Tables, clock: Clock
) -> pl.DataFrame:
    """Of the reached steps the one that is due, at most one per customer.

    Of a series the first that is not late, lies within `active`, and whose `when` holds (a null is not met); of
    several series of a customer the one whose moment is earliest.
    """
    ready = reached.filter(~pl.col("late"))
    if ready.is_empty():
        return ready
    parts = []
    for each in campaign.steps:
        rows = ready.filter(pl.col("step_number") == each.step.number)
        rows = rows.filter(within_active(each.step))
        parts.append(_who_meets(each, rows, customers, tables, clock))
    found = pl.concat(parts).sort("customer_id", "series", "step_number")
    first = found.unique(["customer_id", "series"], keep="first", maintain_order=True)
    earliest = first.sort("customer_id", "moment", "series", maintain_order=True)
    return earliest.unique("customer_id", keep="first", maintain_order=True).select(ready.columns)


def within_active(step: Step) -> pl.Expr:
    inside = pl.lit(value=True)
    if step.active.since is not None:
        inside &= pl.col("send_at") >= step.active.since
    if step.active.until is not None:
        inside &= pl.col("send_at") < step.active.until
    return inside


def _who_meets(
    each: CheckedStep, rows: pl.DataFrame, customers: Customers, tables: Tables, clock: Clock
) -> pl.DataFrame:
    if each.when is None or rows.is_empty():
        return rows
    asked = rows.select("customer_id", "message", "message_at")
    if each.asks_for_responses:
        asked = with_responses(asked, tables, clock.as_of)
    asked = asked.drop("message", "message_at")
    columns = customers.columns_of(rows["customer_id"], each.when.names - each.asks_for_responses)
    asked = asked.join(columns, on="customer_id", how="left", maintain_order="left")
    met = asked.lazy().sql(f"select customer_id, coalesce({each.when.sql}, false) as met from self").collect()
    return rows.filter(met["met"])


def skipped_steps(campaign: CheckedCampaign, sent: pl.DataFrame) -> pl.DataFrame:
    """The steps before those in `sent` that were never dealt with: their time is over, since steps go in order."""
    names = [each.step.name for each in campaign.steps]
    rows = sent.select(
        "customer_id", "series", "start",
        pl.int_ranges(pl.col("number") + 1, pl.col("step_number")).alias("step_number"),
    ).explode("step_number").drop_nulls("step_number")  # fmt: skip
    named = pl.col("step_number").replace_strict(dict(enumerate(names)), return_dtype=pl.String)
    return rows.with_columns(due_step=named)
