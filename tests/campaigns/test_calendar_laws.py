"""Laws of calendars: whatever the campaign, its customers and the moments of its runs, nobody gets a step twice."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segcli.history.rebuilding import rebuild_state
from segcli.history.tables import STATE
from tests.campaigns.calendar import Calendar, hours
from tests.campaigns.histories import HOUR, STARTS, Customer, Recipe, calendar_of, customers, recipes, run_moments

SERVED = ("sent", "held_out")
DAY = dt.timedelta(days=1)
GRACE = dt.timedelta(days=3)
Row = dict[str, object]

large = settings(max_examples=12, suppress_health_check=list(HealthCheck))
kinds = pytest.mark.parametrize("kind", list(STARTS))
refusals = st.sampled_from([0.0, 0.0, 0.3, 0.8])
anything = given(
    people=customers(), moments=run_moments(55, 14), refusing=refusals, seed=st.integers(0, 9), data=st.data()
)


@pytest.mark.slow
@kinds
@large
@anything
def test_the_laws_hold_for_many_calendars(kind, people, moments, refusing, seed, data) -> None:
    _check_laws(data.draw(recipes(kind)), people, moments, refusing, seed)


def _check_laws(
    recipe: Recipe, people: tuple[Customer, ...], moments: tuple[dt.datetime, ...], refusing: float, seed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        calendar = calendar_of(recipe, people, Path(folder))
        calendar.held_back = lambda row, as_of: _chance("back", seed, row, as_of) < refusing
        calendar.held_out = lambda row, as_of: _chance("out", 0, row["customer_id"]) < refusing / 4
        for count, moment in enumerate(moments):
            if count % 4 == seed % 4:
                _check_that_it_is_the_same_run_again(calendar, moment)
            calendar.run(moment)
    rows = calendar.done.to_dicts()
    named = {each.name: each for each in people}
    _check_each_step_once(rows)
    for row in rows:
        if row["status"] == "too_late":
            assert row["moment"] + _grace(recipe, row, moments) < row["as_of"]
        if row["status"] in SERVED:
            _check_one_message(recipe, named[str(row["customer_id"])], row, moments)
    series = defaultdict(list)
    for row in rows:
        series[row["customer_id"], row["series"]].append(row)
    for of_series in series.values():
        _check_order(recipe, of_series)
    for person in named.values():
        _check_beginnings(recipe, person, [row for row in rows if row["customer_id"] == person.name], moments)
    _check_state(recipe, calendar)


def _chance(*key: object) -> float:
    return random.Random(repr(key)).random()


def _check_that_it_is_the_same_run_again(calendar: Calendar, moment: dt.datetime) -> None:
    """The same state and moment give the same journal, in whatever order the customers are and their state."""
    people = calendar.customers
    again = replace(calendar, customers=lambda as_of: people(as_of)[::-1], state=calendar.state.reverse())
    assert_frame_equal(again.plan(moment)[1], calendar.plan(moment)[1])


def _check_each_step_once(rows: list[Row]) -> None:
    steps = [(row["customer_id"], row["series"], row["step"]) for row in rows if row["step"] is not None]
    assert len(steps) == len(set(steps))
    runs = [(row["customer_id"], row["run"]) for row in rows if row["status"] in SERVED]
    assert len(runs) == len(set(runs))


def _check_one_message(recipe: Recipe, person: Customer, row: Row, moments: tuple[dt.datetime, ...]) -> None:
    """In the audience, its `when` met, from a start that there is, neither early nor late."""
    as_of, number, start = row["as_of"], row["number"], row["start"]
    step = recipe.steps[number]
    assert step.holds(person)
    assert person.is_inside(as_of) or (recipe.until and number > 0)
    assert not (recipe.until and person.is_over(as_of))
    earlier = [moment for moment in moments if moment <= as_of]
    if recipe.kind == "entering":
        assert start in earlier
    elif recipe.kind == "field":
        assert any(start in person.starts(recipe, moment) for moment in earlier)
    else:
        assert start in person.starts(recipe, as_of)
    assert row["moment"] >= start + step.after * HOUR
    assert row["send_at"] == max(row["moment"], as_of)
    assert row["moment"] <= as_of + (step.ahead or 0) * HOUR
    assert row["moment"] + _grace(recipe, row, moments) >= as_of


def _grace(recipe: Recipe, row: Row, moments: tuple[dt.datetime, ...]) -> dt.timedelta:
    """How long the row's step stays due: never less than the time since the run before."""
    own = recipe.steps[row["number"]].grace
    grace = GRACE if own is None else own * HOUR
    before = [moment for moment in moments if moment < row["as_of"]]
    return max(grace, row["as_of"] - before[-1]) if before else grace


def _check_order(recipe: Recipe, rows: list[Row]) -> None:
    """A series' messages: rising steps, at their distances, and none once it has ended or a later step was over."""
    dealt_with = [row for row in rows if row["step"] is not None]
    for before, after in itertools.pairwise(dealt_with):
        assert before["number"] < after["number"]
    served = [row for row in rows if row["status"] in SERVED]
    for before, after in itertools.pairwise(served):
        assert before["as_of"] < after["as_of"]
        assert before["number"] < after["number"]
        distance = recipe.steps[after["number"]].after - recipe.steps[before["number"]].after
        assert after["send_at"] >= before["send_at"] + distance * HOUR
        assert after["moment"] >= before["send_at"] + distance * HOUR
    ended = [row["as_of"] for row in rows if row["status"] in ("ended", "there")]
    assert all(row["as_of"] < end for row in served for end in ended)


def _check_beginnings(recipe: Recipe, person: Customer, rows: list[Row], moments: tuple[dt.datetime, ...]) -> None:
    """A series begins at a new start: far enough from those served, and later than what they sent."""
    served: dict[object, list[Row]] = {}  # series -> its messages
    starts: dict[object, dt.datetime] = {}  # series -> its start, moved by late data
    for row in rows:
        if row["status"] == "entered":
            _check_entered(recipe, person, row, [each for each in rows if each["as_of"] < row["as_of"]], moments)
        if row["status"] in SERVED and row["series"] not in served:
            for other, messages in served.items():
                if recipe.again is not None:
                    assert recipe.again >= 0
                    assert row["start"] - starts[other] >= recipe.again * HOUR
                if recipe.kind in ("field", "visit"):
                    assert abs(row["start"] - messages[-1]["start"]) > DAY
                    assert row["start"] > messages[-1]["send_at"]
        if row["status"] in SERVED:
            served.setdefault(row["series"], []).append(row)
        if row["status"] in (*SERVED, "moved"):
            starts[row["series"]] = row["start"]


def _check_entered(
    recipe: Recipe, person: Customer, row: Row, before: list[Row], moments: tuple[dt.datetime, ...]
) -> None:
    assert person.is_inside(row["as_of"])
    if row["as_of"] == moments[0]:
        assert recipe.existing
    else:
        assert not person.is_inside(max(moment for moment in moments if moment < row["as_of"]))
    begun = [each["start"] for each in before if each["status"] in ("entered", "there")]
    assert not begun or (recipe.again is not None and recipe.again >= 0)
    assert all(row["start"] - start >= recipe.again * HOUR for start in begun)


def _check_state(recipe: Recipe, calendar: Calendar) -> None:
    """The state that was carried from run to run is the one that the journal gives."""
    by_row = recipe.kind in ("cart", "visit")
    rebuilt = rebuild_state(calendar.done.lazy()).collect()
    carried = calendar.state
    key = ["customer_id", "series"] if by_row else ["customer_id"]
    assert not carried.select(pl.struct(key).is_duplicated().any()).item()
    if by_row:
        assert carried.height == rebuilt.height
    assert set(carried["customer_id"]) == set(rebuilt["customer_id"])
    # A field's or an entry's new series takes the place of the old one, and only it is carried.
    same = rebuilt.join(carried, on=["customer_id", "series"], how="semi")
    columns = [name for name in STATE if name != "served_at"]
    assert_frame_equal(same.select(columns), carried.select(columns), check_row_order=False)
    served = [frame.group_by("customer_id").agg(pl.col("served_at").max()) for frame in (rebuilt, carried)]
    assert_frame_equal(*served, check_row_order=False)


many = settings(max_examples=5, suppress_health_check=list(HealthCheck))
steady = given(people=customers(2, steady=True), moments=run_moments(40, 6), data=st.data())


@pytest.mark.slow
@kinds
@many
@steady
def test_rare_runs_send_what_frequent_ones_do_in_many_calendars(kind, people, moments, data) -> None:
    _check_the_same_steps(data.draw(recipes(kind, steady=True)), people, moments)


def _check_the_same_steps(recipe: Recipe, people: tuple[Customer, ...], moments: tuple[dt.datetime, ...]) -> None:
    """Assumed: the audience keeps whom it has, nothing ends a series, nobody is refused, `when` does not change, a
    start is in the export within hours, and everybody comes after the first run. Both calendars then go on
    until every series is at its end."""
    rare = [moment for moment in moments if moment <= hours(48)]
    frequent = [hours(4 * number) for number in range(13)]
    found = []
    for calendar_runs in (rare, frequent):
        with tempfile.TemporaryDirectory() as folder:
            calendar = calendar_of(recipe, people, Path(folder))
            calendar.runs(calendar_runs)
            _run_to_the_end(calendar, hours(48))
        found.append(calendar.done.to_dicts())
    for person in people:
        rows = [[row for row in each if row["customer_id"] == person.name] for each in found]
        # A step that is skipped although its `when` holds was too late as well: one before it was still open.
        late = [row for each in rows for row in each if row["status"] in ("too_late", "skipped")]
        if any(recipe.steps[row["number"]].holds(person) for row in late):
            continue
        sparse, dense = ({row["step"] for row in each if row["status"] == "sent"} for each in rows)
        assert sparse == dense


def _run_to_the_end(calendar: Calendar, last: dt.datetime) -> None:
    """Runs every twelve hours until none of three days, which is longer than any step waits, had anything to send."""
    quiet = 0
    while quiet < 6:
        last += DAY / 2
        quiet = 0 if calendar.run(last) else quiet + 1
