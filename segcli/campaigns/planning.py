"""Every campaign of a run against history: which series there are, and which step of each is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedRowStart, CheckedStep
from segcli.campaigns.customer_times import SendTimes
from segcli.campaigns.customers import PERSON, Customers
from segcli.campaigns.series import ID_FORMAT, Clock, find_series
from segcli.campaigns.steps import Timing, due_steps, reached_steps, with_numbers
from segcli.campaigns.variants import with_variants
from segcli.history.tables import STATE
from segcli.sources.tables import Tables

DUE: Mapping[str, pl.DataType] = {
    "customer_id": pl.String(), "campaign": pl.String(), "step": pl.String(), "number": pl.Int64(),
    "series": pl.String(), "start": pl.Datetime("us"), "moment": pl.Datetime("us"), "send_at": pl.Datetime("us"),
    "message": pl.String(), "channel": pl.String(), "marketing": pl.Boolean(), "list": pl.String(),
    "priority": pl.Int64(), "holdout": pl.Float64(), "variant": pl.String(), "offer_since": pl.Datetime("us"),
    "offer_code": pl.String(),
}  # fmt: skip
LATE: Mapping[str, pl.DataType] = {
    name: DUE[name] for name in ("customer_id", "campaign", "step", "number", "series", "start", "moment")
}


@dataclass(frozen=True)
class PlannedCampaign:
    """One campaign in one run. `series` are those that it changes, `due` at most one step per customer.

    `waits` says in words why nothing was planned; then the frames are empty and its state stays as it is.
    """

    checked: CheckedCampaign
    clock: Clock
    series: pl.DataFrame
    due: pl.DataFrame  # columns DUE
    late: pl.DataFrame  # columns LATE
    waits: str | None = None
    needs: tuple[str, ...] = ()  # what would enable a campaign that the files cannot answer


@dataclass(frozen=True)
class Situation:
    """What planning looks at: the customers and tables as of a moment, and the state of every series."""

    customers: Customers
    tables: Tables
    state: pl.LazyFrame  # columns STATE, with today's customer ids
    clocks: Mapping[str, Clock]  # campaign -> its clock
    as_of: dt.datetime
    ahead: dt.timedelta
    times: SendTimes
    newest: Mapping[str, dt.datetime | None] = field(default_factory=dict)  # table -> its newest row
    whole: bool = False  # every series is kept to be looked at, and not only those that the run changes


def plan_campaigns(campaigns: Sequence[CheckedCampaign], situation: Situation) -> tuple[PlannedCampaign, ...]:
    """Every campaign by itself; which of several messages a customer gets is for the gate."""
    return tuple(_planned(campaign, situation) for campaign in campaigns)


def due_frame(planned: Sequence[PlannedCampaign]) -> pl.DataFrame:
    """All due steps of a run, sorted by customer and campaign."""
    frames = [each.due for each in planned] or [pl.DataFrame(schema=dict(DUE))]
    return pl.concat(frames).sort(PERSON, "campaign")


def _planned(campaign: CheckedCampaign, situation: Situation) -> PlannedCampaign:
    clock = situation.clocks[campaign.name]
    nothing = PlannedCampaign(
        campaign, clock, pl.DataFrame(), pl.DataFrame(schema=dict(DUE)), pl.DataFrame(schema=dict(LATE))
    )
    if needs := _lacking(campaign, situation):
        return PlannedCampaign(campaign, clock, nothing.series, nothing.due, nothing.late, None, needs)
    reasons = (too_old(each, situation.newest, situation.as_of) for each in campaign.steps)
    if old := next((reason for reason in reasons if reason), None):
        return PlannedCampaign(campaign, clock, nothing.series, nothing.due, nothing.late, old)
    state = with_numbers(campaign, situation.state.filter(pl.col("campaign") == campaign.name).collect())
    people, calendar = _people(campaign, state, situation)
    rows = starting_rows(campaign, people, situation) if campaign.by_row else None
    series = find_series(campaign, people, rows, state, clock)
    timing = Timing(clock, situation.ahead, situation.times, calendar)
    reached = reached_steps(campaign, situation.times.with_times(series, campaign), timing)
    due = due_steps(campaign, reached, situation.customers, situation.tables, clock)
    found = _due(campaign, due), _late(campaign, reached)
    return PlannedCampaign(campaign, clock, series if situation.whole else _touched(series, *found), *found)


def _touched(series: pl.DataFrame, due: pl.DataFrame, late: pl.DataFrame) -> pl.DataFrame:
    """The series of which this run has something to say; all others stay as the state has them."""
    key = [PERSON, "series"]
    acted = pl.concat([due.select(key), late.select(key)]).unique()
    ends = (pl.col("begun") | pl.col("inside")) & pl.col("until") & ~pl.col("ended")
    changes = series.filter(pl.col("change").is_not_null() | ends).join(acted, on=key, how="anti")
    return pl.concat([series.join(acted, on=key, how="semi"), changes])


def _lacking(campaign: CheckedCampaign, situation: Situation) -> tuple[str, ...]:
    missing = list(situation.customers.missing(campaign.needs))
    if isinstance(campaign.start, CheckedRowStart):
        table = situation.tables.tables.get(campaign.start.table)
        if table is None or campaign.start.at not in table.given:
            missing.append(campaign.start.table if table is None else f"{table.name}.{campaign.start.at}")
    return tuple(missing)


def too_old(each: CheckedStep, newest: Mapping[str, dt.datetime | None], as_of: dt.datetime) -> str | None:
    """Why a campaign with this step waits: on data older than its `fresh` allows, while the others go on.

    `newest` has the newest row of each table.
    """
    for table, age in sorted(each.step.fresh.items()):
        row = newest.get(table)
        if row is None:
            return f"there is no row of {table}, and it asks for one of the last {_spoken(age)}"
        if as_of - row > age:
            return f"the newest row of {table} is of {row:%Y-%m-%d %H:%M}, older than {_spoken(age)}"
    return None


def _spoken(age: dt.timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"


def _people(campaign: CheckedCampaign, state: pl.DataFrame, situation: Situation) -> tuple[pl.DataFrame, bool]:
    """customer_id, audience, until and a field's `start`, and whether that start is a day.

    Those in the audience, and where it matters all whom the state knows: who entered may leave, and who has
    begun goes on to `until`.
    """
    asked = {"audience": f"coalesce({campaign.audience.sql}, false)"}
    asked["until"] = f"coalesce({campaign.until.sql}, false)" if campaign.until else "false"
    if campaign.start is not None and not isinstance(campaign.start, CheckedRowStart):
        asked["start"] = campaign.start.sql
    frame = situation.customers.asked(asked)
    wanted = pl.col("audience")
    if campaign.by_entering or campaign.until is not None:
        wanted |= pl.col(PERSON).is_in(state[PERSON].unique().implode())
    people = frame.filter(wanted).sort(PERSON).collect(engine="streaming")
    calendar = people.schema.get("start") == pl.Date
    if calendar:
        people = situation.times.with_local_midnight(people, "start")
    elif "start" in people.columns:
        people = people.with_columns(pl.col("start").cast(pl.Datetime("us")))
    return people, calendar


def starting_rows(campaign: CheckedCampaign, people: pl.DataFrame, situation: Situation) -> pl.DataFrame:
    """customer_id, series, start: the rows of these people that start a series, each id once, at its latest time."""
    start = campaign.start
    assert isinstance(start, CheckedRowStart)
    table = situation.tables[start.table]
    ids = people.lazy().select(PERSON)
    fields = sorted((start.where.names if start.where else frozenset()) - table.columns.keys())
    parts = []
    for shard in table.shards:
        rows = shard.join(ids, on=PERSON, how="semi")
        if fields:
            rows = rows.join(situation.customers.frame.select(PERSON, *fields), on=PERSON, how="left")
        if start.where is not None:
            rows = rows.sql(f"select * from self where {start.where.sql}")
        moment = pl.col(start.at).cast(pl.Datetime("us"))
        series = pl.col(start.row_id) if start.row_id else moment.dt.strftime(ID_FORMAT)
        rows = rows.select(PERSON, series=series.cast(pl.String), start=moment).drop_nulls()
        parts.append(rows.collect(engine="streaming"))
    found = pl.concat(parts).sort(PERSON, "series", "start")
    # They have to be in order anyway, and so the latest of an id is the last before the next id.
    last = (pl.col(PERSON) != pl.col(PERSON).shift(-1)) | (pl.col("series") != pl.col("series").shift(-1))
    return found.filter(last.fill_null(value=True))


def _due(campaign: CheckedCampaign, due: pl.DataFrame) -> pl.DataFrame:
    steps = {each.step.number: each.step for each in campaign.steps}
    number = pl.col("step_number")

    def of_step(name: str, values: Mapping[int, object]) -> pl.Expr:
        return number.replace_strict(dict(values), default=None, return_dtype=DUE[name]).alias(name)

    found = due.with_columns(
        pl.lit(campaign.name).alias("campaign"),
        pl.col("due_step").alias("step"),
        pl.concat_str(pl.lit(f"{campaign.name}."), "due_step").alias("message"),
        of_step("channel", {key: step.channel for key, step in steps.items()}),
        of_step("marketing", {key: step.marketing for key, step in steps.items()}),
        of_step("list", {key: step.list for key, step in steps.items()}),
        of_step("priority", {key: step.priority for key, step in steps.items()}),
        of_step("holdout", {key: float(step.holdout) for key, step in steps.items()}),
    ).with_columns(number.alias("number"))
    found = with_variants(found, {step.name: step.variants for step in steps.values()})
    return found.select(pl.col(name).cast(dtype) for name, dtype in DUE.items())


def _late(campaign: CheckedCampaign, reached: pl.DataFrame) -> pl.DataFrame:
    rows = reached.filter("late").with_columns(
        pl.lit(campaign.name).alias("campaign"), pl.col("due_step").alias("step"), pl.col("step_number").alias("number")
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in LATE.items()).sort(PERSON, "series", "number")


__all__ = ["DUE", "LATE", "STATE", "PlannedCampaign", "Situation", "due_frame", "plan_campaigns"]
