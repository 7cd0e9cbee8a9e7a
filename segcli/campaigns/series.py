"""Series: which start of a customer is new and which goes on, by the state that history carries.

In: who is in the audience now with today's starts, and one campaign's state with the numbers of its steps (see
`with_numbers`). Out: one row per series with the columns of `SERIES`. `begun` series have a row in the state:
something of them was sent or recorded. A series that is `suspended` waits: its start is older than a message that
this customer got.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedRowStart
from segcli.history.tables import STATE

# Late data moves a start by minutes or hours. The same start, moved, is no second one.
SAME_START = dt.timedelta(days=1)
ID_FORMAT = "%Y-%m-%dT%H:%M:%S"
# What a series brings from the state; the names are those of history's state.
CARRIED = ("series", "start", "steps", "number", "message_at", "message_number", "message", "served_at",
           "offer_since", "offer_code", "ended", "inside")  # fmt: skip
TYPES: Mapping[str, pl.DataType] = {**STATE, "number": pl.Int64(), "message_number": pl.Int64()}
SERIES = ("customer_id", *CARRIED, "begun", "suspended", "change", "audience", "until")


@dataclass(frozen=True)
class Clock:
    """The moments of a run that series depend on, naive in the project's timezone.

    `planned` is the last committed run before this one in which the campaign was planned, `first` the first;
    both are None at its first run. `same_condition` tells whether its audience still means what it meant.
    """

    as_of: dt.datetime
    planned: dt.datetime | None = None
    first: dt.datetime | None = None
    same_condition: bool = True

    @property
    def known(self) -> bool:
        """Whether who enters can be told from who was there already."""
        return self.planned is not None and self.same_condition


def find_series(
    campaign: CheckedCampaign, people: pl.DataFrame, rows: pl.DataFrame | None, state: pl.DataFrame, clock: Clock
) -> pl.DataFrame:
    """Every series of one campaign that concerns this run, with its state and what changes by itself.

    `people`: customer_id, audience, until (Booleans, never null) and, where the start is a field, `start`; they are
    those in the audience, and all whom the state knows where those matter. `rows` (customer_id, series, start) are
    a table's rows where those start the series. `change` is `entered`, `there`, `left`, `back` or `moved`, or null.
    """
    if campaign.by_entering:
        found = _entries(campaign, people, _one_each(campaign, state), clock)
    elif rows is not None:
        found = _of_rows(campaign, people, rows, state)
    else:
        found = _of_field(campaign, people, _one_each(campaign, state))
    others = [name for name in people.columns if name not in ("audience", "until", "start", "customer_id")]
    return found.select(*SERIES, *others)


def _one_each(campaign: CheckedCampaign, state: pl.DataFrame) -> pl.DataFrame:
    """One series per customer: the one served last. Of two people who became one, both may have had messages;
    where theirs are the same start, it has come as far as the further of the two."""
    if not state["customer_id"].is_duplicated().any():
        return state
    person = "customer_id"
    rows = state.sort(person, "served_at", "start", "number", "series", nulls_last=False)
    rows = rows.with_columns(
        pl.col("served_at").max().over(person),
        pl.col("inside").any().over(person),
        last=pl.int_range(pl.len()).over(person) == pl.len().over(person) - 1,
        apart=(pl.col("start") - pl.col("start").last().over(person)).abs(),
    )
    same = pl.lit(value=True)  # entering counts once
    if campaign.campaign.again_after or not campaign.by_entering:
        same = pl.col("apart") <= (campaign.campaign.again_after or SAME_START)
    rows = rows.filter(pl.col("last") | (same & (pl.col("number") >= 0)))
    return _folded(rows, [person]).select(state.columns)


def _folded(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """One row per key: the steps of all, the latest message and offer, and else what the last row says."""
    of_message, of_offer = ("message_at", "message_number", "message"), ("offer_since", "offer_code")
    folded = rows.group_by(key, maintain_order=True).agg(
        pl.all().exclude("steps", "number", *of_message, *of_offer, "ended").last(),
        pl.col("steps").drop_nulls().str.split(",").explode().unique().sort().str.join(","),
        pl.col("number").max(), pl.col("ended").any(),
        pl.col(*of_message).sort_by("message_at", nulls_last=False).last(),
        pl.col(*of_offer).sort_by("offer_since", nulls_last=False).last(),
    )  # fmt: skip
    return folded.with_columns(pl.when(pl.col("steps") != "").then("steps"))


def _with_state(frame: pl.DataFrame, state: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """The rows with what the state says of them in columns `was_...`; `begun` where it says anything."""
    old = state.select(*on, *(pl.col(name).alias(f"was_{name}") for name in CARRIED if name not in on))
    found = frame.join(old, on=on, how="left", maintain_order="left")
    return found.with_columns(begun=pl.col("was_number").is_not_null())


def _series_id() -> pl.Expr:
    return pl.col("start").dt.strftime(ID_FORMAT)


def _continued(frame: pl.DataFrame, fresh: pl.Expr, series: pl.Expr, start: pl.Expr) -> pl.DataFrame:
    """The carried columns: as for a series that has just begun where `fresh`, else as they were."""
    unset = {"number": pl.lit(-1, pl.Int64), "ended": pl.lit(value=False), "inside": pl.lit(value=False)}
    kept_always = ("served_at",)  # it speaks of the customer, whichever series it is
    columns = [series.alias("series"), start.alias("start")]
    for name in CARRIED[2:]:
        old = pl.col(f"was_{name}")
        empty = unset.get(name, pl.lit(None, TYPES[name]))
        columns.append((old if name in kept_always else pl.when(fresh).then(empty).otherwise(old)).alias(name))
    return frame.with_columns(columns)


def _of_field(campaign: CheckedCampaign, people: pl.DataFrame, state: pl.DataFrame) -> pl.DataFrame:
    """One series per customer, from a field. A start that is near the known one, or not later than the last
    message, is the same start with its clock moved; a later one begins a series if it is far enough away."""
    frame = _with_state(people, state, ["customer_id"])
    frame = frame.filter(pl.col("begun") | pl.col("start").is_not_null())
    start, was, served = pl.col("start"), pl.col("was_start"), pl.col("was_served_at")
    near = (start - was).abs() <= SAME_START
    not_later = (start <= served).fill_null(value=False)
    same = near | not_later
    accepted = pl.lit(value=False)
    if not campaign.campaign.never_again:
        distance = campaign.campaign.again_after or dt.timedelta(0)
        accepted = ~same & (start > was) & (start - was >= distance)
    fresh = ~pl.col("begun") | accepted.fill_null(value=False)
    moves = fresh | (same | (start < was)).fill_null(value=False)
    frame = frame.with_columns(fresh=fresh, clock=pl.when(moves).then(start).otherwise(was))
    # A start before a message of an earlier series: what it would bring has been sent.
    suspended = ~pl.col("fresh") & pl.col("was_message_at").is_null() & not_later & ~near
    frame = frame.with_columns(suspended=suspended.fill_null(value=False))
    series = pl.when("fresh").then(_series_id()).otherwise("was_series")
    clock = pl.col("clock")
    moved = ~pl.col("fresh") & (clock != was) & pl.col("audience") & ~pl.col("suspended")
    change = pl.when(moved).then(pl.lit("moved"))
    frame = frame.with_columns(change=change)
    frame = _continued(frame.with_columns(start=clock), pl.col("fresh"), series, clock)
    return frame.with_columns(begun=pl.col("begun") & ~pl.col("fresh"))


def _of_rows(campaign: CheckedCampaign, people: pl.DataFrame, rows: pl.DataFrame, state: pl.DataFrame) -> pl.DataFrame:
    """A series per row, known by the row's id; its clock is the row's time, however often that moves.

    Rows without an id are known by their time, and then late data must not make two of one, as for a field.
    """
    served = state.filter(pl.col("message_at").is_not_null())
    by_time = isinstance(campaign.start, CheckedRowStart) and campaign.start.row_id is None
    if by_time:
        rows = _near_ones_as_one(rows, served)
    frame = rows.join(people, on="customer_id", how="inner", maintain_order="left")
    frame = _with_state(frame, _one_each_row(state), ["customer_id", "series"])
    latest = served.group_by("customer_id").agg(pl.col("start").max().alias("served_start"), pl.col("served_at").max())
    frame = frame.join(latest, on="customer_id", how="left", maintain_order="left")
    frame = frame.with_columns(was_served_at="served_at")
    # Series of which only late steps were recorded are not served; of several only one may begin.
    own = pl.col("was_message_at").is_not_null()
    now = pl.when(own).then("start").max().over("customer_id")
    apart = pl.col("start") - pl.max_horizontal("served_start", now)
    free = own | pl.col("served_start").is_null()
    if by_time:
        frame = frame.filter(free | ((pl.col("start") > pl.col("served_at")) & (apart > SAME_START)))
    if campaign.campaign.never_again:
        frame = frame.filter(free)
    elif campaign.campaign.again_after:
        frame = frame.filter(free | (apart >= campaign.campaign.again_after))
    moved = pl.col("begun") & pl.col("audience") & (pl.col("start") != pl.col("was_start"))
    change = pl.when(moved).then(pl.lit("moved"))
    frame = frame.with_columns(change=change, suspended=pl.lit(value=False))
    return _continued(frame, ~pl.col("begun"), pl.col("series"), pl.col("start"))


def _near_ones_as_one(rows: pl.DataFrame, served: pl.DataFrame) -> pl.DataFrame:
    """The rows, with those near the start of a series that was served as that series, at the latest of their times."""
    known = served.select("customer_id", was="start", known="series").sort("was", "customer_id", "known")
    found = rows.sort("start", "customer_id", "series").join_asof(
        known, left_on="start", right_on="was", by="customer_id", strategy="nearest", tolerance=SAME_START,
        check_sortedness=False,
    )  # fmt: skip
    series = pl.coalesce("known", "series").alias("series")
    return found.group_by("customer_id", series).agg(pl.col("start").max()).sort("customer_id", "series")


def _one_each_row(state: pl.DataFrame) -> pl.DataFrame:
    """One row per series; two people who became one may both have the row of an order."""
    key = ["customer_id", "series"]
    if not state.select(pl.struct(key).is_duplicated().any()).item():
        return state
    return _folded(state.sort(*key, "number", "message_at", nulls_last=False), key).select(state.columns)


def _entries(campaign: CheckedCampaign, people: pl.DataFrame, state: pl.DataFrame, clock: Clock) -> pl.DataFrame:
    """One series per customer, from the moment at which a run first saw them in the audience."""
    frame = _with_state(people.drop("start", strict=False), state, ["customer_id"])
    audience, begun, inside = pl.col("audience"), pl.col("begun"), pl.col("was_inside").fill_null(value=False)
    as_of = pl.lit(clock.as_of, pl.Datetime("us"))
    takes_newcomers = clock.known or campaign.campaign.existing
    back = begun & ~inside & audience
    again = pl.lit(value=False)
    if clock.known and campaign.campaign.again_after:
        again = back & (as_of - pl.col("was_start") >= campaign.campaign.again_after)
    arrived = audience & ~begun
    entered = (arrived & pl.lit(takes_newcomers)) | again
    there = arrived & pl.lit(not takes_newcomers)
    left = begun & inside & ~audience
    change = (
        pl.when(entered).then(pl.lit("entered")).when(there).then(pl.lit("there"))
        .when(left).then(pl.lit("left")).when(back).then(pl.lit("back"))
    )  # fmt: skip
    frame = frame.with_columns(change=change).filter(pl.col("begun") | pl.col("audience"))
    fresh = pl.col("change").is_in(["entered", "there"])
    frame = frame.with_columns(fresh=fresh.fill_null(value=False))
    start = pl.when("fresh").then(as_of).otherwise("was_start")
    series = pl.when("fresh").then(as_of.dt.strftime(ID_FORMAT)).otherwise("was_series")
    frame = _continued(frame, pl.col("fresh"), series, start)
    was_there = (pl.col("change") == "there").fill_null(value=False)
    return frame.with_columns(
        suspended=pl.lit(value=False),
        inside=pl.col("audience"),
        ended=pl.col("ended") | was_there,
        begun=pl.col("begun") & ~pl.col("fresh"),
    )
