"""Every campaign of a run against history: which series there are, and which step of each is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedRowStart, CheckedStep
from segcli.campaigns.customer_times import SendTimes
from segcli.campaigns.customers import PERSON, Customers
from segcli.campaigns.series import KEY, find_series, no_series
from segcli.campaigns.starting_rows import once_each, starting_rows_of, with_known_series
from segcli.campaigns.steps import due_steps, reached_steps, with_numbers
from segcli.campaigns.terms import Clock, Terms
from segcli.campaigns.variants import with_variants
from segcli.fields.expressions import CheckedExpression
from segcli.sources.tables import Tables

DUE: Mapping[str, pl.DataType] = {
    "customer_id": pl.String(), "campaign": pl.String(), "step": pl.String(), "number": pl.Int64(),
    "series": pl.String(), "row_id": pl.String(), "start": pl.Datetime("us"), "moment": pl.Datetime("us"),
    "send_at": pl.Datetime("us"), "message": pl.String(), "channel": pl.String(), "marketing": pl.Boolean(),
    "list": pl.String(), "priority": pl.Int64(), "holdout": pl.Float64(), "variant": pl.String(),
    "offer_since": pl.Datetime("us"), "offer_code": pl.String(),
}  # fmt: skip
LATE: Mapping[str, pl.DataType] = {
    name: DUE[name] for name in ("customer_id", "campaign", "step", "number", "series", "start", "moment")
}
PLANNED_AT_ONCE = 150_000  # customers times campaigns that are planned together


@dataclass(frozen=True)
class PlannedCampaign:
    """Whether a campaign was planned in a run. `waits` says in words why it was not, then its state stays as it is;
    `needs` what would enable a campaign that the files cannot answer."""

    checked: CheckedCampaign
    clock: Clock
    waits: str | None = None
    needs: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """It was planned."""
        return self.waits is None and not self.needs


@dataclass(frozen=True)
class Planned:
    """The campaigns of one run: the series that they change, and at most one due step per customer of each."""

    campaigns: tuple[PlannedCampaign, ...]
    terms: Terms  # of those that were planned
    series: pl.DataFrame  # columns SERIES
    due: pl.DataFrame  # columns DUE, by customer and campaign
    late: pl.DataFrame  # columns LATE


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


def plan_campaigns(campaigns: Sequence[CheckedCampaign], situation: Situation) -> Planned:
    """Every campaign by itself; which of several messages a customer gets is for the gate."""
    found = tuple(_looked_at(campaign, situation) for campaign in campaigns)
    terms = _terms([each.checked for each in found if each.done], situation)
    # Many campaigns of few customers at once, few campaigns of many.
    size = max(1, PLANNED_AT_ONCE // max(1, situation.tables["customers"].rows))
    groups = [terms.campaigns[first : first + size] for first in range(0, len(terms.campaigns), size)]
    planned = [(no_series(), _no_rows(DUE), _no_rows(LATE))]
    planned += [_planned(_terms(group, situation), situation) for group in groups]
    series, due, late = (pl.concat(frames) for frames in zip(*planned, strict=True))
    return Planned(found, terms, series, due.sort(PERSON, "campaign"), late)


def _looked_at(campaign: CheckedCampaign, situation: Situation) -> PlannedCampaign:
    """The campaign, with what keeps it from being planned."""
    clock = situation.clocks[campaign.name]
    if needs := _lacking(campaign, situation):
        return PlannedCampaign(campaign, clock, needs=needs)
    reasons = (too_old(each, situation.newest, situation.as_of) for each in campaign.steps)
    return PlannedCampaign(campaign, clock, next((reason for reason in reasons if reason), None))


def _terms(campaigns: Sequence[CheckedCampaign], situation: Situation) -> Terms:
    return Terms(tuple(campaigns), situation.clocks, situation.as_of, situation.ahead)


def _no_rows(schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict(schema))


def _planned(terms: Terms, situation: Situation) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The series, due steps and late steps of some campaigns."""
    names = [each.name for each in terms.campaigns]
    state = with_numbers(situation.state.filter(pl.col("campaign").is_in(names)).collect(), terms)
    people = _people(terms.campaigns, state, situation)
    series = find_series(people, _rows(terms, people, state, situation), state, terms)
    reached = reached_steps(series, terms, situation.times)
    due = due_steps(reached, terms, situation.customers, situation.tables)
    found = _due(due, terms), _late(reached)
    return series if situation.whole else _touched(series, *found), *found


def _touched(series: pl.DataFrame, due: pl.DataFrame, late: pl.DataFrame) -> pl.DataFrame:
    """The series of which this run has something to say; all others stay as the state has them."""
    acted = pl.concat([due.select(KEY), late.select(KEY)]).unique()
    ends = (pl.col("begun") | pl.col("inside")) & pl.col("until") & ~pl.col("ended")
    changes = series.filter(pl.col("change").is_not_null() | ends).join(acted, on=KEY, how="anti")
    return pl.concat([series.join(acted, on=KEY, how="semi"), changes])


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


def _people(campaigns: Sequence[CheckedCampaign], state: pl.DataFrame, situation: Situation) -> pl.DataFrame:
    """campaign, customer_id, audience, until and a field's `start` (when a day begins where the customer lives).

    Those in the audience, and where it matters all whom the state knows: who entered may leave, and who has
    begun goes on to `until`.
    """
    asked = {}
    for number, campaign in enumerate(campaigns):
        asked[f"audience {number}"] = f"coalesce({campaign.audience.sql}, false)"
        asked[f"until {number}"] = f"coalesce({campaign.until.sql}, false)" if campaign.until else "false"
        if isinstance(campaign.start, CheckedExpression):
            asked[f"start {number}"] = campaign.start.sql
    known = {name: frame[PERSON].unique() for (name,), frame in state.partition_by("campaign", as_dict=True).items()}
    wanted = []
    for number, campaign in enumerate(campaigns):
        wanted.append(pl.col(f"audience {number}"))
        if campaign.name in known and (campaign.by_entering or campaign.until is not None):
            wanted[-1] |= pl.col(PERSON).is_in(known[campaign.name].implode())
    frame = situation.customers.asked(asked).filter(pl.any_horizontal(wanted)).sort(PERSON)
    found = frame.collect(engine="streaming")
    parts = [
        found.lazy()
        .filter(condition)
        .select(
            pl.lit(campaign.name).alias("campaign"),
            PERSON,
            audience=f"audience {number}",
            until=f"until {number}",
            start=(pl.col(f"start {number}") if f"start {number}" in asked else pl.lit(None)).cast(pl.Datetime("us")),
        )
        for number, (campaign, condition) in enumerate(zip(campaigns, wanted, strict=True))
    ]
    people = pl.concat(pl.collect_all(parts))
    by_day = pl.col("campaign").is_in([each.name for each in campaigns if each.by_day])
    days = people.filter(by_day)
    if days.is_empty():
        return people
    return pl.concat([people.filter(~by_day), situation.times.with_local_midnight(days, "start")])


def _rows(terms: Terms, people: pl.DataFrame, state: pl.DataFrame, situation: Situation) -> pl.DataFrame:
    """campaign, customer_id, series, start, row_id: what starts a series by itself in the tables of these campaigns."""
    empty = pl.DataFrame(schema={name: DUE[name] for name in (*KEY, "start")})
    ids = {name: frame.select(PERSON) for (name,), frame in people.partition_by("campaign", as_dict=True).items()}
    parts = [
        part.select(pl.lit(each.name).alias("campaign"), pl.all())
        for each in terms.campaigns
        if each.name in ids and isinstance(each.start, CheckedRowStart)
        for part in starting_rows_of(each.start, ids[each.name].lazy(), situation.tables, situation.customers)
    ]
    rows = once_each(pl.concat([empty, *pl.collect_all(parts, engine="streaming")]))
    return with_known_series(rows, state, terms, situation.tables, situation.customers)


def starting_rows(campaign: CheckedCampaign, people: pl.DataFrame, situation: Situation) -> pl.DataFrame:
    """customer_id, series, start: the rows of these people that start a series, each id once, at its latest time."""
    people = people.select(PERSON, campaign=pl.lit(campaign.name))
    state = situation.state.filter(campaign=campaign.name).join(people.lazy(), on=PERSON, how="semi").collect()
    return _rows(_terms([campaign], situation), people, state, situation).drop("campaign", "row_id")


def _due(due: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    found = due.join(terms.of_messages, on=["campaign", "step_number"], maintain_order="left").with_columns(
        pl.col("due_step").alias("step"),
        pl.concat_str("campaign", pl.lit("."), "due_step").alias("message"),
        pl.col("step_number").alias("number"),
    )
    steps = {(each.name, one.step.name): one.step.variants for each in terms.campaigns for one in each.steps}
    return with_variants(found, steps).select(pl.col(name).cast(dtype) for name, dtype in DUE.items())


def _late(reached: pl.DataFrame) -> pl.DataFrame:
    rows = reached.filter("late").with_columns(pl.col("due_step").alias("step"), pl.col("step_number").alias("number"))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in LATE.items()).sort(*KEY, "number")


__all__ = ["DUE", "LATE", "Planned", "PlannedCampaign", "Situation", "plan_campaigns"]
