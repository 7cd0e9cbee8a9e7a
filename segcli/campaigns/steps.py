"""Steps of series: when each is to be sent, which has come, which came too late, and which is due.

A step's moment is the start plus `after`, or the series' last message plus the distance between the two steps if
that is later; `send` then moves it forward to an hour. It has come when `as_of` + `ahead` reaches it.
"""

from __future__ import annotations

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedStep
from segcli.campaigns.customer_times import SendTimes
from segcli.campaigns.customers import Customers
from segcli.campaigns.responses import with_responses
from segcli.campaigns.series import KEY, WHOSE
from segcli.campaigns.terms import Terms
from segcli.sources.tables import Tables


def with_numbers(state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """The state with `number`, the furthest step of those that were dealt with (-1 for none), and `message_number`.

    Both count the steps as the recipe has them now: one that was put in before shifts no other, and however they
    were put in order, nothing that was sent comes after `number`. Where a step was taken out, or has another name
    now, those that come no later after the start are passed: the renamed one is not sent again. Where no run has
    remembered when that step came, those of a time before the last message are.
    """
    steps = terms.of_steps.select("campaign", "step_number", "due_step", "after")
    state = state.join(_furthest(state, terms), on=["campaign", "steps"], how="left", maintain_order="left")
    passed = pl.lit(None, pl.Int64)
    if state["gone"].any():
        state = state.with_row_index("row")
        earlier = state.filter("gone", pl.col("message_at").is_not_null()).join(steps, on="campaign")
        earlier = earlier.group_by("row").agg(
            passed=(pl.col("start") + pl.col("after") <= pl.col("message_at")).sum().cast(pl.Int64) - 1
        )
        state = state.join(earlier, on="row", how="left", maintain_order="left").drop("row")
        passed = pl.col("passed")
    message = pl.concat_str("campaign", pl.lit("."), "due_step")
    messages = steps.select("campaign", message=message, message_number="step_number")
    state = state.join(messages, on=["campaign", "message"], how="left", maintain_order="left")
    state = state.with_columns(number=pl.max_horizontal(pl.col("furthest").fill_null(-1), passed))
    # The message of a step that the recipe has no more is as good as that of the furthest one.
    furthest_one = pl.when(pl.col("message").is_not_null() & (pl.col("number") >= 0)).then("number")
    state = state.with_columns(pl.coalesce("message_number", furthest_one).alias("message_number"))
    return state.drop("furthest", "gone", "passed", strict=False)


def _furthest(state: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """Per campaign and `steps` of the state: the number of the furthest, and whether one is gone of which no more is
    known."""
    rows = []
    for name, steps in state.select("campaign", "steps").drop_nulls().unique().iter_rows():
        numbers = {each.step.name: each.step.number for each in terms.named[name].steps}
        dealt, after = steps.split(","), terms.clocks[name].after
        furthest = max(numbers.get(step, -1) for step in dealt)
        gone = {*dealt} - numbers.keys()
        if reached := [after[step] for step in gone if step in after]:
            furthest = max(furthest, sum(each.step.after <= max(reached) for each in terms.named[name].steps) - 1)
        rows.append((name, steps, furthest, not gone <= after.keys()))
    types = {"campaign": pl.String(), "steps": pl.String(), "furthest": pl.Int64(), "gone": pl.Boolean()}
    return pl.DataFrame(rows, schema=types, orient="row")


def reached_steps(series: pl.DataFrame, terms: Terms, times: SendTimes) -> pl.DataFrame:
    """One row per series and step that has come: `due_step`, `step_number`, `moment`, `send_at`, `late`, and all that
    the terms of steps say besides.

    Steps that are over since before the campaign's first run are left out. No step overtakes one before it whose
    moment has not come yet (a step may have its own `send` and `ahead`), nor is one late while one before it is not
    (it may have a longer `grace`).
    """
    open_ones = series.filter(~pl.col("ended"), ~pl.col("suspended"))
    series = open_ones.filter(~of_the_past(open_ones, terms))
    series = times.with_times(series, terms.of_steps).with_columns(open_before=pl.lit(value=False))
    going_on, found = series.clear(), list[pl.DataFrame]()
    for number in range(max(len(each.steps) for each in terms.campaigns)):
        rows = pl.concat([going_on, series.filter(pl.col("number") == number - 1)])
        if found and rows.is_empty():
            continue
        rows = with_earliest(rows, number, terms, times)
        rows = rows.filter(~pl.col("let_in") | (pl.col("earliest") <= pl.col("horizon")))
        rows = rows.with_columns(times.moments(rows))
        rows = rows.filter(~pl.col("let_in") | (pl.col("moment") <= pl.col("horizon")))
        ends = pl.col("moment") + pl.col("grace")
        rows = rows.with_columns(times.sending(rows), late=ends < terms.as_of)
        told = ends >= pl.col("noticed_since")
        found.append(rows.filter("let_in", told, ~(pl.col("late") & pl.col("open_before"))))
        open_before = pl.col("open_before") | (pl.col("let_in") & ~pl.col("late"))
        going_on = rows.with_columns(open_before=open_before).select(series.columns)
    return pl.concat(found)


def of_the_past(series: pl.DataFrame, terms: Terms) -> pl.Series:
    """Of which series no step can be of this time; most rows of a table are of that kind."""
    last = pl.max_horizontal("start", "message_at")
    times = terms.of_campaigns.select("campaign", "span", "noticed_since")
    found = series.select("campaign", "start", "message_at").join(
        times, on="campaign", how="left", maintain_order="left"
    )
    return found.select(of_the_past=last + pl.col("span") < pl.col("noticed_since")).to_series()


def with_earliest(series: pl.DataFrame, number: int, terms: Terms, times: SendTimes) -> pl.DataFrame:
    """The series of campaigns with a step of this number, and the terms of that step; `let_in` and `earliest`.

    With `until` the audience decides the first step and `until` all others; else the audience decides all.
    `earliest` is the start plus `after`, or the last message plus the distance of the two steps if that is later.
    """
    step = terms.of_steps.filter(step_number=number)
    message = terms.of_steps.select("campaign", message_number="step_number", message_after="after")
    rows = series.join(step, on="campaign", maintain_order="left")
    rows = rows.join(message, on=["campaign", "message_number"], how="left", maintain_order="left")
    going_on = pl.col("begun") | pl.col("inside") | pl.col("audience")
    first = ~pl.col("with_until") | (pl.col("step_number") == 0)
    since_message = pl.col("message_at") + (pl.col("after") - pl.col("message_after"))
    return rows.with_columns(
        let_in=~pl.col("until") & pl.when(first).then("audience").otherwise(going_on),
        earliest=pl.max_horizontal(times.earliest(rows), since_message),
    ).drop("message_after")


def due_steps(reached: pl.DataFrame, terms: Terms, customers: Customers, tables: Tables) -> pl.DataFrame:
    """Of the reached steps of each campaign the one that is due, at most one per customer.

    Of a series the first that is not late, lies within `active`, and whose `when` holds (a null is not met); of
    several series of a customer the one whose moment is earliest.
    """
    ready = reached.filter(~pl.col("late"), within_active())
    for campaign, number in ready.select("campaign", "step_number").unique(maintain_order=True).iter_rows():
        each = terms.named[campaign].steps[number]
        if each.when is not None:
            mine = (pl.col("campaign") == campaign) & (pl.col("step_number") == number)
            met = _who_meets(each, ready.filter(mine), customers, tables, terms)
            ready = pl.concat([ready.filter(~mine), met])
    found = ready.sort(*KEY, "step_number")
    first = found.unique(KEY, keep="first", maintain_order=True)
    earliest = first.sort(*WHOSE, "moment", "series", maintain_order=True)
    return earliest.unique(WHOSE, keep="first", maintain_order=True)


def within_active() -> pl.Expr:
    """Whether a step is sent within its `active`."""
    since, until = pl.col("active_since"), pl.col("active_until")
    send_at = pl.col("send_at")
    return (since.is_null() | (send_at >= since)) & (until.is_null() | (send_at < until))


def _who_meets(
    each: CheckedStep, rows: pl.DataFrame, customers: Customers, tables: Tables, terms: Terms
) -> pl.DataFrame:
    assert each.when is not None
    asked = rows.select("customer_id", "message", "message_at")
    if each.asks_for_responses:
        asked = with_responses(asked, tables, terms.as_of)
    asked = asked.drop("message", "message_at")
    columns = customers.columns_of(rows["customer_id"], each.when.names - each.asks_for_responses)
    asked = asked.join(columns, on="customer_id", how="left", maintain_order="left")
    met = asked.lazy().sql(f"select customer_id, coalesce({each.when.sql}, false) as met from self").collect()
    return rows.filter(met["met"])


def skipped_steps(sent: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """The steps before those in `sent` that were never dealt with: their time is over, since steps go in order.

    `sent` has campaign, customer_id, series, start, `number` of the furthest step before, and `step_number`.
    """
    rows = sent.select(
        *KEY, "start", pl.int_ranges(pl.col("number") + 1, pl.col("step_number")).alias("step_number")
    ).explode("step_number").drop_nulls("step_number")  # fmt: skip
    names = terms.of_steps.select("campaign", "step_number", "due_step")
    return rows.join(names, on=["campaign", "step_number"], how="left", maintain_order="left")
