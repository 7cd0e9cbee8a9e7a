"""Corners of series: changed recipes, people who became one, steps with clocks of their own, runs of some campaigns."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from tests.campaigns.calendar import Calendar, Rows, hours

JOINED = {"joined_at": pl.Datetime("us"), "orders": pl.Int64()}


def recipe(*steps: str, start: str | None = "joined_at", audience: str = "orders >= 0", **keys: str) -> str:
    """One campaign of these steps."""
    lines = ["campaigns:", "  it:", f"    audience: {audience}"]
    lines += [f"    start: {start}"] if start else []
    lines += [f"    {key}: {value}" for key, value in keys.items()]
    return "\n".join([*lines, "    steps:", *(f"      - {{{step}}}" for step in steps)]) + "\n"


THREE = ("message: one, after: 0d", "message: two, after: 1d", "message: three, after: 2d")


def joined(**starts: float):
    """Customers who joined at these hours."""

    def customers(as_of: dt.datetime) -> Rows:
        return [
            {"customer_id": who, "joined_at": hours(at), "orders": 0}
            for who, at in starts.items()
            if hours(at) <= as_of
        ]

    return customers


def messages(calendar: Calendar) -> list[tuple[float, str]]:
    """The hour and the step of each message."""
    return [((at - hours(0)) / dt.timedelta(hours=1), step) for at, _, step in calendar.sent()]


def test_a_step_that_is_planned_ahead_does_not_overtake_the_one_before_it(tmp_path) -> None:
    steps = ("message: one, after: 10h", "message: two, after: 12h, ahead: 24h")
    calendar = Calendar(recipe(*steps), tmp_path, joined(a=0), JOINED)
    calendar.runs([hours(at) for at in range(15)])
    assert messages(calendar) == [(10, "one"), (12, "two")]


def test_a_step_that_waits_for_ten_oclock_is_not_overtaken_by_the_next(tmp_path) -> None:
    steps = ('message: one, after: 0h, send: "10:00"', "message: two, after: 3h")
    calendar = Calendar(recipe(*steps), tmp_path, joined(a=1), JOINED)
    sent = calendar.runs([hours(at) for at in range(15)])
    assert messages(calendar) == [(10, "one"), (13, "two")]
    assert list(sent) == [hours(10), hours(13)]


def test_a_step_with_a_long_grace_is_not_lost_to_a_later_one_that_would_be_late(tmp_path) -> None:
    steps = ("message: one, after: 0d, grace: 30d", "message: two, after: 1d, grace: 1d")
    calendar = Calendar(recipe(*steps), tmp_path, joined(a=0), JOINED)
    calendar.held_back = lambda row, as_of: as_of < hours(24 * 5)
    calendar.runs([hours(24 * day) for day in range(8)])
    assert messages(calendar) == [(24 * 5, "one"), (24 * 6, "two")]


def test_steps_planned_far_ahead_keep_their_distances(tmp_path) -> None:
    calendar = Calendar(recipe(*THREE), tmp_path, joined(a=0), JOINED, ahead=dt.timedelta(days=7))
    sent = calendar.runs([hours(at) for at in range(4)])
    assert [step for each in sent.values() for _, step in each] == ["one", "two", "three"]
    assert messages(calendar) == [(0, "one"), (24, "two"), (48, "three")]


def test_a_grace_shorter_than_the_way_from_run_to_run_loses_nothing(tmp_path) -> None:
    steps = [f"{step}, grace: 1h" for step in THREE]
    calendar = Calendar(recipe(*steps), tmp_path, joined(a=30), JOINED)
    calendar.runs([hours(24 * day) for day in range(6)])
    assert messages(calendar) == [(48, "one"), (72, "two"), (96, "three")]


def test_held_out_of_a_step_is_as_good_as_its_message(tmp_path) -> None:
    calendar = Calendar(recipe(*THREE), tmp_path, joined(a=0), JOINED)
    calendar.held_out = lambda row, as_of: row["step"] == "one"
    calendar.runs([hours(12 * count + 6) for count in range(8)])
    rows = calendar.done.select("step", "status", "send_at").rows()
    assert rows == [
        ("one", "held_out", hours(6)), ("two", "sent", hours(30)), ("three", "sent", hours(54)),
    ]  # fmt: skip


def test_outside_active_nothing_goes_and_inside_it_the_steps_of_that_time_do(tmp_path) -> None:
    bounds = "{since: 2026-03-03T12:00:00, until: 2026-03-04T00:00:00}"
    calendar = Calendar(recipe(*THREE, active=bounds), tmp_path, joined(a=0), JOINED)
    calendar.runs([hours(at) for at in range(0, 24 * 5, 6)])
    # "one" stays due until the window opens; "two" would come a day after it, when the window is closed.
    assert messages(calendar) == [(36, "one")]


def test_a_start_that_is_no_longer_known_lets_the_series_go_on(tmp_path) -> None:
    def customers(as_of: dt.datetime) -> Rows:
        return [{"customer_id": "a", "orders": 0, "joined_at": hours(0) if as_of < hours(20) else None}]

    calendar = Calendar(recipe(*THREE), tmp_path, customers, JOINED)
    calendar.runs([hours(at) for at in range(0, 60, 6)])
    assert messages(calendar) == [(0, "one"), (24, "two"), (48, "three")]


@pytest.mark.parametrize("apart", [20, 24])
def test_a_start_that_goes_to_and_fro_within_a_day_stays_one_series(tmp_path, apart) -> None:
    def customers(as_of: dt.datetime) -> Rows:
        odd = (as_of - hours(0)) // dt.timedelta(hours=6) % 2
        return [{"customer_id": "a", "orders": 0, "joined_at": hours(-apart * odd)}]

    calendar = Calendar(recipe(*THREE), tmp_path, customers, JOINED)
    calendar.runs([hours(at) for at in range(0, 24 * 4, 6)])
    assert [step for _, step in messages(calendar)] == ["one", "two", "three"]


def test_a_start_that_moves_by_most_of_a_day_after_the_first_message_brings_no_second_one(tmp_path) -> None:
    def customers(as_of: dt.datetime) -> Rows:
        return [{"customer_id": "a", "orders": 0, "joined_at": hours(0) if as_of < hours(20) else hours(20)}]

    calendar = Calendar(recipe(*THREE), tmp_path, customers, JOINED)
    calendar.runs([hours(at) for at in range(0, 24 * 4, 5)])
    assert messages(calendar) == [(0, "one"), (45, "two"), (70, "three")]


def test_until_met_ends_a_series_even_if_it_is_unmet_again(tmp_path) -> None:
    def customers(as_of: dt.datetime) -> Rows:
        return [{"customer_id": "a", "joined_at": hours(0), "orders": int(hours(12) <= as_of < hours(20))}]

    calendar = Calendar(recipe(*THREE, until="orders > 0"), tmp_path, customers, JOINED)
    calendar.runs([hours(at) for at in range(0, 60, 6)])
    assert messages(calendar) == [(0, "one")]


def test_of_two_people_who_became_one_the_further_one_s_steps_count(tmp_path) -> None:
    calendar = Calendar(recipe(*THREE), tmp_path, joined(a=0, b=12), JOINED)
    calendar.held_back = lambda row, as_of: row["customer_id"] == "b" and as_of < hours(40)
    calendar.runs([hours(at) for at in range(0, 42, 6)])  # a got two, and then b the first
    assert [(who, step) for _, who, step in calendar.sent()] == [("a", "one"), ("a", "two")]
    calendar.run(hours(42))
    calendar.state = calendar.state.with_columns(customer_id=pl.lit("b"))
    calendar.customers = joined(b=12)
    calendar.runs([hours(at) for at in range(48, 120, 6)])
    assert [(who, step) for _, who, step in calendar.sent()][2:] == [("b", "one"), ("b", "three")]
    assert calendar.state.height == 1


def test_of_two_people_who_became_one_who_was_sent_nothing_does_not_count(tmp_path) -> None:
    def customers(as_of: dt.datetime) -> Rows:
        # "old" is there at the first run.
        since = {"old": 0, "new": 5}
        merged = as_of >= hours(20)
        found = [who for who, at in since.items() if hours(at) <= as_of and not (merged and who == "old")]
        return [{"customer_id": who, "joined_at": None, "orders": 0} for who in found]

    calendar = Calendar(recipe(*THREE, start=None), tmp_path, customers, JOINED)
    calendar.runs([hours(at) for at in range(0, 18, 6)])
    calendar.state = calendar.state.with_columns(customer_id=pl.lit("new"))
    calendar.runs([hours(at) for at in range(24, 72, 6)])
    assert [(who, step) for _, who, step in calendar.sent()] == [("new", "one"), ("new", "two"), ("new", "three")]


VISITS = "{from: events, at: at, where: \"event = 'visit'\"}"
CARTS = "{from: carts, at: last_activity_at}"


def visits(*seen: tuple[float, float], moving: bool = False):
    """Visits of customer a, each at an hour and in the export from an hour on; they may move by minutes."""

    def tables(as_of: dt.datetime) -> dict[str, Rows]:
        minutes = (as_of - hours(0)) // dt.timedelta(hours=1) * 7 % 50 if moving else 0
        stranger = {"customer_id": "z", "event": "open", "at": hours(0)}
        moved = dt.timedelta(minutes=minutes)
        known = [{"customer_id": "a", "event": "visit", "at": hours(at) + moved} for at, since in seen
                 if hours(since) <= as_of]  # fmt: skip
        return {"events": [stranger, *known]}

    return tables


def test_an_event_whose_time_moves_by_minutes_brings_no_second_series(tmp_path) -> None:
    calendar = Calendar(recipe(*THREE, start=VISITS), tmp_path, joined(a=0), JOINED, visits((0, 1), moving=True))
    calendar.runs([hours(at) for at in range(0, 24 * 4, 6)])
    assert [step for _, step in messages(calendar)] == ["one", "two", "three"]


def test_an_event_more_than_a_day_later_than_the_last_message_brings_another_series(tmp_path) -> None:
    calendar = Calendar(
        recipe(THREE[0], start=VISITS), tmp_path, joined(a=0), JOINED, visits((0, 0), (20, 20), (50, 50))
    )
    calendar.runs([hours(at) for at in range(0, 24 * 3, 5)])
    assert messages(calendar) == [(0, "one"), (50, "one")]


def test_events_that_an_export_brings_late_and_that_follow_each_other_within_a_day_stay_one_series(tmp_path) -> None:
    late = visits((0, 0), (20, 40), (30, 40))
    calendar = Calendar(recipe(THREE[0], start=VISITS), tmp_path, joined(a=0), JOINED, late)
    calendar.runs([hours(at) for at in range(0, 60, 5)])
    assert messages(calendar) == [(0, "one")]


def carts(**known: tuple[float, float]):
    """Carts of customer a: the hour of the last activity, and the hour from which the export has it."""

    def tables(as_of: dt.datetime) -> dict[str, Rows]:
        stranger = {"cart_id": "z", "customer_id": "z", "last_activity_at": hours(0)}
        rows = [{"cart_id": cart, "customer_id": "a", "last_activity_at": hours(at)}
                for cart, (at, since) in known.items() if hours(since) <= as_of]  # fmt: skip
        return {"carts": [stranger, *rows]}

    return tables


def test_of_carts_that_an_export_brings_late_only_one_begins_within_again_after(tmp_path) -> None:
    steps = ("message: one, after: 0h, grace: 1h", "message: two, after: 48h")
    late = carts(c1=(0, 20), c2=(4, 20))
    calendar = Calendar(recipe(*steps, start=CARTS, again_after="7d"), tmp_path, joined(a=0), JOINED, late)
    calendar.runs([hours(at) for at in range(0, 24 * 5, 4)])
    assert messages(calendar) == [(48, "two")]


def test_several_carts_of_a_customer_go_one_by_one(tmp_path) -> None:
    three = carts(c1=(0, 0), c2=(0, 0), c3=(0, 0))
    calendar = Calendar(recipe("message: one, after: 0h", start=CARTS), tmp_path, joined(a=0), JOINED, three)
    calendar.runs([hours(at) for at in range(10)])
    assert messages(calendar) == [(0, "one"), (1, "one"), (2, "one")]
    assert calendar.done["series"].to_list() == ["c1", "c2", "c3"]


@pytest.mark.parametrize(
    ("changed", "rest"),
    [
        (("message: zero, after: 0h", "message: one, after: 1h", *THREE[1:]), ["two", "three"]),
        (("message: one, after: 0d", "message: between, after: 12h", *THREE[1:]), ["between", "two", "three"]),
        (("message: renamed, after: 0d", *THREE[1:]), ["two", "three"]),
        ((THREE[0], "message: renamed, after: 1d", THREE[2]), ["renamed", "three"]),
        ((THREE[0], THREE[2]), ["three"]),
        ((THREE[0],), []),
        ((*THREE, "message: four, after: 3d"), ["two", "three", "four"]),
        (("message: two, after: 0d", "message: one, after: 1d", THREE[2]), ["three"]),
        (("message: x, after: 0d", "message: y, after: 1d", "message: z, after: 2d"), ["y", "z"]),
    ],
)
def test_a_series_that_had_its_first_step_goes_on_in_the_recipe_as_it_is_now(tmp_path, changed, rest) -> None:
    calendar = Calendar(recipe(*THREE), tmp_path, joined(a=0), JOINED)
    calendar.run(hours(0))
    calendar.recipe = recipe(*changed)
    calendar.runs([hours(at) for at in range(6, 24 * 5, 6)])
    assert [step for _, step in messages(calendar)] == ["one", *rest]


def test_a_renamed_step_is_not_sent_again_though_its_series_start_has_moved_since(tmp_path) -> None:
    def tables(as_of: dt.datetime) -> dict[str, Rows]:
        cart = {"cart_id": "c", "customer_id": "a", "last_activity_at": hours(0 if as_of < hours(30) else 30)}
        return {"carts": [cart]}

    calendar = Calendar(recipe(*THREE, start=CARTS), tmp_path, joined(a=0), JOINED, tables)
    calendar.runs([hours(0), hours(6)])
    calendar.recipe = recipe("message: renamed, after: 0d", *THREE[1:], start=CARTS)
    calendar.runs([hours(at) for at in range(30, 24 * 5, 6)])
    assert [step for _, step in messages(calendar)] == ["one", "two", "three"]


def test_a_run_of_before_steps_were_remembered_passes_those_before_its_last_message(tmp_path) -> None:
    calendar = Calendar(recipe(*THREE), tmp_path, joined(a=0), JOINED)
    calendar.run(hours(0))
    calendar.after["it"] = {}
    calendar.recipe = recipe("message: renamed, after: 0d", *THREE[1:])
    calendar.runs([hours(at) for at in range(6, 24 * 5, 6)])
    assert [step for _, step in messages(calendar)] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("order", "rest"),
    [
        ({"two": 0, "one": 1, "three": 2}, ["three"]),
        ({"three": 0, "two": 1, "one": 2}, []),
        ({"one": 0, "three": 2}, ["three"]),
        ({"two": 0, "three": 2}, ["three"]),
        ({"three": 2}, ["three"]),
        ({"three": 0}, []),  # what is to come before a message that went out is passed
        ({"new": 0, "newer": 1, "three": 2}, ["three"]),
    ],
)
def test_in_whatever_order_the_steps_are_put_none_is_sent_twice(tmp_path, order, rest) -> None:
    calendar = Calendar(recipe(*THREE), tmp_path, joined(a=0), JOINED)
    calendar.runs([hours(0), hours(24)])
    calendar.recipe = recipe(*(f"message: {name}, after: {day}d" for name, day in order.items()))
    calendar.runs([hours(at) for at in range(30, 24 * 5, 6)])
    assert [step for _, step in messages(calendar)] == ["one", "two", *rest]


TWO_CAMPAIGNS = """
campaigns:
  often: {audience: orders >= 0, start: joined_at, steps: [{message: hello, after: 0d, grace: 1h}]}
  seldom:
    audience: orders >= 0
    steps:
      - {message: one, after: 0d, grace: 1h}
      - {message: two, after: 1d, grace: 1h}
"""


def test_a_campaign_that_is_only_sometimes_run_counts_from_its_own_last_run(tmp_path) -> None:
    calendar = Calendar(TWO_CAMPAIGNS, tmp_path, joined(a=0, b=30), JOINED)
    calendar.named = lambda campaign, as_of: campaign == "often" or as_of in (hours(0), hours(72), hours(240))
    calendar.runs([hours(12 * count) for count in range(21)])
    of_seldom = calendar.done.filter(pl.col("campaign") == "seldom", pl.col("status") == "sent")
    # Customer a was there at the first run; b entered at the second, whatever the other campaign's runs saw.
    assert of_seldom.select("customer_id", "step", "send_at").rows() == [
        ("b", "one", hours(72)),
        ("b", "two", hours(240)),
    ]
