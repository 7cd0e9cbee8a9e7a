"""Series: which start of a customer is new and which goes on, by the state that history carries.

In: who is in the audience of each campaign now with today's starts, and the campaigns' state with the numbers of their
steps (see `with_numbers`). Out: one row per series with the columns of `SERIES`. `begun` series have a row in the
state: something of them was sent or recorded. A series that is `suspended` waits: its start is older than a message
that this customer got.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from segcli.campaigns.terms import ENTERING, FIELD, ROW, Terms
from segcli.history.tables import STATE

# Late data moves a start by minutes or hours. The same start, moved, is no second one.
SAME_START = dt.timedelta(days=1)
ID_FORMAT = "%Y-%m-%dT%H:%M:%S"
# What a series brings from the state; the names are those of history's state.
CARRIED = ("series", "start", "steps", "number", "message_at", "message_number", "message", "served_at",
           "offer_since", "offer_code", "ended", "inside")  # fmt: skip
TYPES: Mapping[str, pl.DataType] = {
    **STATE, "number": pl.Int64(), "message_number": pl.Int64(), "row_id": pl.String(),
    "begun": pl.Boolean(), "suspended": pl.Boolean(), "change": pl.String(), "audience": pl.Boolean(),
    "until": pl.Boolean(),
}  # fmt: skip
WHOSE = ["campaign", "customer_id"]
KEY = [*WHOSE, "series"]
SERIES = (*WHOSE, *CARRIED, "row_id", "begun", "suspended", "change", "audience", "until")


def no_series() -> pl.DataFrame:
    """A frame of series without any."""
    return pl.DataFrame(schema={name: TYPES[name] for name in SERIES})


def find_series(people: pl.DataFrame, rows: pl.DataFrame, state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """Every series of the campaigns that concerns this run, with its state and what changes by itself.

    `people`: campaign, customer_id, audience, until (Booleans, never null) and `start`, where that is a field; they
    are those in the audience, and all whom the state knows where those matter. `rows` (campaign, customer_id, series,
    start, row_id) are a table's rows where those start the series; `row_id` is what the table calls a row today.
    `change` is `entered`, `there`, `left`, `back` or `moved`, or null.
    """
    found = [no_series()]
    for kind, of_kind in ((ENTERING, _entries), (FIELD, _of_field)):
        some = terms.of_kind(kind)
        if some.height:
            asked = people.join(some, on="campaign", maintain_order="left")
            asked = asked.with_columns(row_id=pl.lit(None, TYPES["row_id"]))
            found.append(of_kind(asked, _one_each(state, some), terms))
    if (some := terms.of_kind(ROW)).height:
        found.append(_of_rows(people.drop("start"), rows, state.filter(_is_of(some)), some))
    return pl.concat(each.select(SERIES) for each in found)


def _is_of(campaigns: pl.DataFrame) -> pl.Expr:
    return pl.col("campaign").is_in(campaigns["campaign"].implode())


def _one_each(state: pl.DataFrame, campaigns: pl.DataFrame) -> pl.DataFrame:
    """One series per customer: the one served last. Of two people who became one, both may have had messages;
    where theirs are the same start, it has come as far as the further of the two."""
    state = state.filter(_is_of(campaigns))
    if not state.select(WHOSE).is_duplicated().any():
        return state
    rows = state.join(campaigns, on="campaign").sort(
        *WHOSE, "served_at", "start", "number", "series", nulls_last=False
    )  # fmt: skip
    rows = rows.with_columns(
        pl.col("served_at").max().over(WHOSE),
        pl.col("inside").any().over(WHOSE),
        last=pl.int_range(pl.len()).over(WHOSE) == pl.len().over(WHOSE) - 1,
        apart=(pl.col("start") - pl.col("start").last().over(WHOSE)).abs(),
    )
    once = (pl.col("kind") == ENTERING) & pl.col("again_after").is_null()  # entering counts once
    same = once | (pl.col("apart") <= pl.coalesce("again_after", SAME_START))
    rows = rows.filter(pl.col("last") | (same & (pl.col("number") >= 0)))
    return _folded(rows.select(*state.columns), WHOSE).select(state.columns)


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


def _of_field(people: pl.DataFrame, state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """One series per customer, from a field. A start that is near the known one, or not later than the last
    message, is the same start with its clock moved; a later one begins a series if it is far enough away."""
    frame = _with_state(people, state, WHOSE)
    frame = frame.filter(pl.col("begun") | pl.col("start").is_not_null())
    start, was, served = pl.col("start"), pl.col("was_start"), pl.col("was_served_at")
    near = (start - was).abs() <= SAME_START
    not_later = (start <= served).fill_null(value=False)
    same = near | not_later
    distance = pl.coalesce("again_after", dt.timedelta(0))
    accepted = ~pl.col("never_again") & ~same & (start > was) & (start - was >= distance)
    fresh = ~pl.col("begun") | accepted.fill_null(value=False)
    moves = fresh | (same | (start < was)).fill_null(value=False)
    frame = frame.with_columns(fresh=fresh, clock=pl.when(moves).then(start).otherwise(was))
    # A start before a message of an earlier series: what it would bring has been sent.
    suspended = ~pl.col("fresh") & pl.col("was_message_at").is_null() & not_later & ~near
    clock = pl.col("clock")
    waits = suspended.fill_null(value=False)
    moved = ~pl.col("fresh") & (clock != was) & pl.col("audience") & ~waits
    frame = frame.with_columns(suspended=waits, change=pl.when(moved).then(pl.lit("moved")))
    series = pl.when("fresh").then(clock.dt.strftime(ID_FORMAT)).otherwise("was_series")
    frame = _continued(frame, pl.col("fresh"), series, clock)
    return frame.with_columns(begun=pl.col("begun") & ~pl.col("fresh"))


def _of_rows(people: pl.DataFrame, rows: pl.DataFrame, state: pl.DataFrame, campaigns: pl.DataFrame) -> pl.DataFrame:
    """A series per row, known by the row's id; its clock is the row's time, however often that moves.

    Rows without an id are known by their time, and then late data must not make two of one, as for a field.
    """
    served = state.filter(pl.col("message_at").is_not_null())
    rows = _near_ones_as_one(rows, served, campaigns.filter("by_time"))
    frame = rows.join(people, on=WHOSE, maintain_order="left").join(campaigns, on="campaign", maintain_order="left")
    frame = _with_state(frame, _one_each_row(state), KEY)
    latest = served.group_by(WHOSE).agg(pl.col("start").max().alias("served_start"), pl.col("served_at").max())
    frame = frame.join(latest, on=WHOSE, how="left", maintain_order="left")
    # Series of which only late steps were recorded are not served; of several only one may begin.
    own = pl.col("was_message_at").is_not_null()
    now = pl.when(own).then("start").max().over(WHOSE)
    apart = pl.col("start") - pl.max_horizontal("served_start", now)
    free = own | pl.col("served_start").is_null()
    later = (pl.col("start") > pl.col("served_at")) & (apart > SAME_START)
    far = pl.col("again_after").is_null() | (apart >= pl.col("again_after"))
    frame = frame.filter(free | ((~pl.col("by_time") | later) & ~pl.col("never_again") & far))
    moved = pl.col("begun") & pl.col("audience") & (pl.col("start") != pl.col("was_start"))
    frame = frame.with_columns(
        was_served_at="served_at", change=pl.when(moved).then(pl.lit("moved")), suspended=pl.lit(value=False)
    )
    return _continued(frame, ~pl.col("begun"), pl.col("series"), pl.col("start"))


def _near_ones_as_one(rows: pl.DataFrame, served: pl.DataFrame, by_time: pl.DataFrame) -> pl.DataFrame:
    """The rows; of the campaigns `by_time` those near the start of a series that was served as that series, at the
    latest of their times."""
    mine = _is_of(by_time)
    alike = rows.filter(mine)
    if alike.is_empty():
        return rows
    known = served.filter(mine).select(*WHOSE, was="start", known="series").sort("was", *WHOSE, "known")
    found = alike.sort("start", *WHOSE, "series").join_asof(
        known, left_on="start", right_on="was", by=WHOSE, strategy="nearest", tolerance=SAME_START,
        check_sortedness=False,
    )  # fmt: skip
    series = pl.coalesce("known", "series").alias("series")
    joined = found.sort("start", "row_id").group_by(*WHOSE, series).agg(pl.col("start", "row_id").last())
    joined = joined.sort(*WHOSE, "series")
    return pl.concat([rows.filter(~mine), joined.select(rows.columns)])


def _one_each_row(state: pl.DataFrame) -> pl.DataFrame:
    """One row per series; two people who became one may both have the row of an order."""
    if not state.select(pl.struct(KEY).is_duplicated().any()).item():
        return state
    return _folded(state.sort(*KEY, "number", "message_at", nulls_last=False), KEY).select(state.columns)


def _entries(people: pl.DataFrame, state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """One series per customer, from the moment at which a run first saw them in the audience."""
    frame = _with_state(people.drop("start"), state, WHOSE)
    audience, begun, inside = pl.col("audience"), pl.col("begun"), pl.col("was_inside").fill_null(value=False)
    as_of, known = pl.lit(terms.as_of, pl.Datetime("us")), pl.col("known")
    back = begun & ~inside & audience
    again = known & back & (as_of - pl.col("was_start") >= pl.col("again_after"))
    arrived = audience & ~begun
    takes_newcomers = known | pl.col("existing")
    entered = (arrived & takes_newcomers) | again
    there = arrived & ~takes_newcomers
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
