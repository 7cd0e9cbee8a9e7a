"""The calendars that broke simpler rules: late data, moved clocks, rare runs, people who come back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.campaigns.calendar import MONDAY, Calendar, Rows, hours

CART = """
description: Carts left behind
campaigns:
  cart:
    audience: carts > 0
    start: {from: carts, at: last_activity_at, where: abandoned}
    steps:
      - {message: reminder, after: 1h}
      - {message: second, after: 24h}
      - {message: third, after: 72h}
"""
DAY = dt.timedelta(days=1)


def every(step: float, until: float, since: float = 0) -> list[dt.datetime]:
    """Moments `step` hours apart."""
    return [hours(since + number * step) for number in range(int((until - since) / step) + 1)]


def cart_rows(carts: dict[str, list[float]], as_of: dt.datetime, closed: dict[str, float] | None = None) -> Rows:
    """A customer's carts as of a moment: a cart is abandoned an hour after its last activity, until it is closed."""
    rows: Rows = []
    for cart, activities in carts.items():
        seen = [hours(at) for at in activities if hours(at) <= as_of]
        if not seen:
            continue
        bought = closed is not None and cart in closed and hours(closed[cart]) <= as_of
        abandoned = not bought and as_of - seen[-1] >= dt.timedelta(hours=1)
        rows.append({"cart_id": cart, "customer_id": "a", "started_at": seen[0], "last_activity_at": seen[-1],
                     "abandoned": abandoned})  # fmt: skip
    return rows


def cart_calendar(
    folder: Path, carts: dict[str, list[float]], closed: dict[str, float] | None = None, recipe: str = CART
) -> Calendar:
    def customers(as_of: dt.datetime) -> Rows:
        return [{"customer_id": "a", "carts": sum(bool(row["abandoned"]) for row in cart_rows(carts, as_of, closed))}]

    return Calendar(
        recipe, folder, customers, {"carts": pl.Int64()}, lambda as_of: {"carts": cart_rows(carts, as_of, closed)}
    )


@pytest.mark.slow
def test_a_cart_touched_at_0_10_and_30_hours_gets_three_mails_and_not_five(tmp_path) -> None:
    calendar = cart_calendar(tmp_path, {"c1": [0, 10, 30]})
    calendar.runs([hours(1), *every(4, 24 * 8, since=2)])
    # The second step waits a day after the first, and a day after the last activity.
    assert [(at, step) for at, _, step in calendar.sent()] == [
        (hours(1), "reminder"), (hours(54), "second"), (hours(102), "third"),
    ]  # fmt: skip


@pytest.mark.slow
def test_of_two_open_carts_one_of_which_is_bought_the_other_brings_three_mails_and_not_six(tmp_path) -> None:
    calendar = cart_calendar(tmp_path, {"c1": [0], "c2": [0.5]}, closed={"c1": 0.9})
    calendar.runs(every(4, 24 * 8, since=1))
    assert [step for _, _, step in calendar.sent()] == ["reminder", "second", "third"]


@pytest.mark.slow
def test_two_open_carts_closer_than_again_after_bring_one_series(tmp_path) -> None:
    recipe = CART.replace("    steps:", "    again_after: 7d\n    steps:")
    calendar = cart_calendar(tmp_path, {"c1": [0], "c2": [2], "c3": [24 * 9]}, recipe=recipe)
    calendar.runs(every(6, 24 * 14))
    assert len(calendar.sent()) == 6
    series = calendar.done.filter(pl.col("status") == "sent")["series"].unique().sort().to_list()
    assert series == ["c1", "c3"]


WELCOME = """
description: Welcome
campaigns:
  welcome:
    audience: subscribed_at is not null
    start: subscribed_at
    steps:
      - {message: hello, after: 0h}
      - {message: more, after: 48h}
"""


@pytest.mark.slow
def test_a_signup_that_moves_by_minutes_between_exports_brings_no_second_welcome(tmp_path) -> None:
    def customers(as_of: dt.datetime) -> Rows:
        moved = (as_of - MONDAY) // dt.timedelta(hours=1) * 7 % 50
        return [{"customer_id": "a", "subscribed_at": hours(-1) + dt.timedelta(minutes=moved)}]

    calendar = Calendar(WELCOME, tmp_path, customers)
    calendar.runs(every(3, 120))
    assert [step for _, _, step in calendar.sent()] == ["hello", "more"]


DRIP = """
description: A week of mails
campaigns:
  drip:
    audience: hours_since_joining <= 48
    until: orders > 0
    steps:
      - {message: day1, after: 0d}
      - {message: day2, after: 1d}
      - {message: day3, after: 2d}
      - {message: day4, after: 3d}
      - {message: day5, after: 4d}
      - {message: day6, after: 5d}
      - {message: day7, after: 6d}
"""


def joiners(joined: dict[str, float], ordered: dict[str, float] | None = None):
    def customers(as_of: dt.datetime) -> Rows:
        return [
            {"customer_id": who, "hours_since_joining": (as_of - hours(at)).total_seconds() / 3600,
             "orders": int(ordered is not None and who in ordered and hours(ordered[who]) <= as_of)}
            for who, at in joined.items() if hours(at) <= as_of
        ]  # fmt: skip

    return customers


JOINING = {"hours_since_joining": pl.Float64(), "orders": pl.Int64()}


@pytest.mark.slow
@pytest.mark.parametrize("step", [6, 24])
def test_a_seven_day_drip_on_who_joined_within_48_hours_sends_all_seven(tmp_path, step) -> None:
    calendar = Calendar(DRIP, tmp_path, joiners({"a": 5}), JOINING)
    calendar.runs(every(step, 24 * 12))
    assert [message for _, _, message in calendar.sent()] == [f"day{number}" for number in range(1, 8)]


@pytest.mark.slow
def test_a_drip_ends_with_what_until_says_and_does_not_begin_again(tmp_path) -> None:
    calendar = Calendar(DRIP, tmp_path, joiners({"a": 5}, ordered={"a": 60}), JOINING)
    calendar.runs(every(6, 24 * 12))
    assert [message for _, _, message in calendar.sent()] == ["day1", "day2", "day3"]
    assert calendar.done.filter(pl.col("status") == "ended").height == 1


HOT = """
description: Hot leads
campaigns:
  hot:
    audience: lead_score >= 50
    steps:
      - {message: call-us, after: 0d}
      - {message: last-offer, after: 2d}
"""


def scores(of: dict[str, list[int]]):
    """Scores per day."""

    def customers(as_of: dt.datetime) -> Rows:
        day = min((as_of - MONDAY).days, min(len(values) for values in of.values()) - 1)
        return [{"customer_id": who, "lead_score": values[day]} for who, values in of.items()]

    return customers


SCORE = {"lead_score": pl.Int64()}


def test_a_score_that_dips_and_comes_back_does_not_restart(tmp_path) -> None:
    calendar = Calendar(HOT, tmp_path, scores({"a": [10, 60, 40, 70, 70, 30, 80, 80, 80, 80]}), SCORE)
    calendar.runs(every(24, 24 * 9))
    assert [(at, step) for at, _, step in calendar.sent()] == [(hours(24), "call-us"), (hours(72), "last-offer")]


def test_with_again_after_who_comes_back_later_enters_again(tmp_path) -> None:
    recipe = HOT.replace("    steps:", "    again_after: 5d\n    steps:")
    calendar = Calendar(recipe, tmp_path, scores({"a": [10, 60, 60, 60, 10, 60, 10, 60, 60, 60]}), SCORE)
    calendar.runs(every(24, 24 * 9))
    steps = [(at, step) for at, _, step in calendar.sent()]
    assert steps == [
        (hours(24), "call-us"), (hours(72), "last-offer"), (hours(24 * 7), "call-us"), (hours(24 * 9), "last-offer"),
    ]  # fmt: skip


def test_a_first_run_mails_nobody_who_was_already_there(tmp_path) -> None:
    calendar = Calendar(HOT, tmp_path, scores({"old": [60, 60, 60, 60], "new": [0, 60, 60, 60]}), SCORE)
    calendar.runs(every(24, 24 * 3))
    assert {who for _, who, _ in calendar.sent()} == {"new"}
    there = calendar.done.filter(pl.col("status") == "there")
    assert there["customer_id"].to_list() == ["old"]


def test_existing_takes_who_was_already_there(tmp_path) -> None:
    recipe = HOT.replace("    steps:", "    existing: true\n    steps:")
    calendar = Calendar(recipe, tmp_path, scores({"old": [60, 60, 60, 60]}), SCORE)
    calendar.runs(every(24, 24 * 3))
    assert [step for _, _, step in calendar.sent()] == ["call-us", "last-offer"]


def test_after_a_change_of_the_condition_who_is_in_was_already_there(tmp_path) -> None:
    calendar = Calendar(HOT, tmp_path, scores({"a": [60] * 6, "b": [45] * 6, "c": [0, 0, 0, 45, 45, 45]}), SCORE)
    calendar.run(hours(0))
    calendar.recipe = HOT.replace(">= 50", ">= 40")
    calendar.runs(every(24, 24 * 5, since=24))
    assert {who for _, who, _ in calendar.sent()} == {"c"}


WINBACK = """
description: Winback
campaigns:
  winback:
    audience: days_since_engaged >= 90
    start: last_engaged_at
    steps:
      - {message: first, after: 90d}
      - {message: second, after: 150d}
      - {message: third, after: 210d}
      - {message: goodbye, after: 270d}
"""


def engaged(last: dict[str, list[float]]):
    """Days of engagement of each customer."""

    def customers(as_of: dt.datetime) -> Rows:
        rows: Rows = []
        for who, days in last.items():
            seen = [hours(24 * day) for day in days if hours(24 * day) <= as_of]
            if seen:
                rows.append({"customer_id": who, "last_engaged_at": seen[-1],
                             "days_since_engaged": (as_of - seen[-1]).days})  # fmt: skip
        return rows

    return customers


ENGAGED = {"last_engaged_at": pl.Datetime("us"), "days_since_engaged": pl.Int64()}


@pytest.mark.slow
@pytest.mark.parametrize("days", [1, 7, 14, 30])
def test_a_winback_sends_all_four_mails_however_rarely_it_runs(tmp_path, days) -> None:
    calendar = Calendar(WINBACK, tmp_path, engaged({"a": [0.4], "b": [3.7, 50.2]}), ENGAGED)
    calendar.runs(every(24 * days, 24 * 420))
    for who in ("a", "b"):
        assert [step for _, one, step in calendar.sent() if one == who] == ["first", "second", "third", "goodbye"]


def test_who_engages_again_leaves_the_series_and_begins_a_new_one_when_they_are_away_again(tmp_path) -> None:
    calendar = Calendar(WINBACK, tmp_path, engaged({"a": [0, 100]}), ENGAGED)
    calendar.runs(every(24 * 10, 24 * 260))
    assert [(at, step) for at, _, step in calendar.sent()] == [
        (hours(24 * 90), "first"), (hours(24 * 190), "first"), (hours(24 * 250), "second"),
    ]  # fmt: skip


def test_on_an_old_base_the_first_run_sends_only_what_has_just_come_due(tmp_path) -> None:
    calendar = Calendar(WINBACK, tmp_path, engaged({"a": [-91], "b": [-120], "c": [-900]}), ENGAGED)
    assert calendar.run(hours(1)) == [("a", "first")]
    assert calendar.done.filter(pl.col("status") == "too_late").is_empty()
    calendar.runs(every(24, 24 * 31, since=24))
    assert [(who, step) for _, who, step in calendar.sent()] == [("a", "first"), ("b", "second")]


def test_a_cron_that_was_down_for_60_hours_goes_on_where_it_was(tmp_path) -> None:
    calendar = cart_calendar(tmp_path, {"c1": [0]})
    calendar.run(hours(0))
    calendar.runs([*every(1, 84, since=60), *every(6, 126, since=90), *every(1, 132, since=127)])
    # The distances between mails are kept.
    assert [(at, step) for at, _, step in calendar.sent()] == [
        (hours(60), "reminder"), (hours(83), "second"), (hours(131), "third"),
    ]  # fmt: skip


def test_what_is_too_late_is_recorded_and_the_next_step_counts(tmp_path) -> None:
    def customers(as_of: dt.datetime) -> Rows:
        # The export brings this customer ten days late.
        return [{"customer_id": "a", "subscribed_at": hours(0)}] if as_of >= hours(240) else []

    recipe = WELCOME.replace("after: 48h", "after: 11d")
    calendar = Calendar(recipe, tmp_path, customers, {"subscribed_at": pl.Datetime("us")})
    calendar.runs(every(24, 24 * 12))
    late = calendar.done.filter(pl.col("status") == "too_late")
    assert late.select("customer_id", "step").rows() == [("a", "hello")]
    assert [(at, step) for at, _, step in calendar.sent()] == [(hours(264), "more")]


def test_a_step_that_is_held_back_stays_due_for_its_grace(tmp_path) -> None:
    calendar = Calendar(WELCOME, tmp_path, lambda as_of: [{"customer_id": "a", "subscribed_at": hours(0)}])
    calendar.held_back = lambda row, as_of: as_of < hours(48)
    calendar.runs(every(24, 24 * 5))
    assert [(at, step) for at, _, step in calendar.sent()] == [(hours(48), "hello"), (hours(96), "more")]


MILESTONE = """
description: The fifth order
campaigns:
  fifth:
    audience: orders >= 5
    start: {from: orders, at: ordered_at, where: order_number = 5}
    again_after: never
    steps:
      - {message: thank-you, after: 0d}
"""


def test_a_cancelled_third_order_that_renumbers_the_fifth_brings_no_second_thanks(tmp_path) -> None:
    def orders(as_of: dt.datetime) -> Rows:
        placed = [number for number in range(1, 8) if hours(24 * number) <= as_of]
        if as_of >= hours(24 * 5.5):
            placed.remove(3)
        return [{"customer_id": "a", "order_id": f"o{number}", "ordered_at": hours(24 * number), "order_number": place}
                for place, number in enumerate(placed, 1)]  # fmt: skip

    calendar = Calendar(
        MILESTONE, tmp_path,
        lambda as_of: [{"customer_id": "a", "orders": len(orders(as_of))}], {"orders": pl.Int64()},
        lambda as_of: {"orders": orders(as_of)},
    )  # fmt: skip
    calendar.runs(every(12, 24 * 9))
    assert [(at, step) for at, _, step in calendar.sent()] == [(hours(120), "thank-you")]


RESEND = """
description: The same mail again to who did not open it
campaigns:
  news:
    audience: subscribed_at is not null
    start: subscribed_at
    steps:
      - {message: issue, after: 0h}
      - {message: issue-again, after: 3d, when: not opened}
"""


@pytest.mark.parametrize(
    ("events", "resent"),
    [
        ([], False),  # nothing is known of opens
        ([("b", "open", "news.issue", 5)], True),
        ([("a", "open", "news.issue", 5)], False),
        ([("a", "click", "news.issue", 5), ("b", "open", "news.issue", 5)], False),
        ([("b", "open", "news.issue", -5)], False),  # the data end before the message
        ([("b", "open", "other.mail", 5)], False),  # the email service calls it otherwise
    ],
)
def test_only_who_is_known_not_to_have_opened_gets_it_again(tmp_path, events, resent) -> None:
    def rows(as_of: dt.datetime) -> dict[str, Rows]:
        known = [{"customer_id": who, "event": event, "campaign": campaign, "at": hours(at)}
                 for who, event, campaign, at in events if hours(at) <= as_of]  # fmt: skip
        return {"events": known or [{"customer_id": "z", "event": "visit", "campaign": None, "at": hours(0)}]}

    calendar = Calendar(RESEND, tmp_path, lambda as_of: [{"customer_id": "a", "subscribed_at": hours(0)}], tables=rows)
    calendar.runs(every(12, 24 * 9))
    expected = ["issue", "issue-again"] if resent else ["issue"]
    assert [step for _, _, step in calendar.sent()] == expected


def test_a_campaign_waits_on_orders_older_than_fresh_allows(tmp_path) -> None:
    recipe = WELCOME.replace("    steps:", "    fresh: {orders: 2h}\n    steps:")
    newest = {"at": -10.0}

    def orders(as_of: dt.datetime) -> dict[str, Rows]:
        return {"orders": [{"customer_id": "b", "order_id": "1", "ordered_at": hours(newest["at"])}]}

    calendar = Calendar(
        recipe, tmp_path, lambda as_of: [{"customer_id": "a", "subscribed_at": hours(0)}], tables=orders
    )
    assert calendar.run(hours(1)) == []
    assert "older than 2 hours" in str(calendar.waits["welcome"])
    newest["at"] = 1.5
    assert calendar.run(hours(2)) == [("a", "hello")]


BIRTHDAY = """
description: Birthdays
campaigns:
  birthday:
    audience: birthday is not null
    start: birthday
    again_after: 300d
    send: "10:00"
    steps:
      - {message: happy-birthday, after: 0d, ahead: 24h}
"""


def test_a_birthday_mail_arrives_at_ten_in_los_angeles_and_in_hanoi(tmp_path) -> None:
    day = dt.date(2026, 3, 10)
    people = [
        {"customer_id": "la", "birthday": day, "timezone": "America/Los_Angeles"},
        {"customer_id": "hanoi", "birthday": day, "timezone": "Asia/Ho_Chi_Minh"},
    ]
    calendar = Calendar(BIRTHDAY, tmp_path, lambda as_of: people, {"birthday": pl.Date(), "timezone": pl.String()})
    mornings = [MONDAY + number * DAY + dt.timedelta(hours=7) for number in range(14)]
    sent = calendar.runs(mornings)
    # In Istanbul: 10:00 in Hanoi is 06:00, 10:00 in Los Angeles (summer time since March 8) is 20:00.
    assert [(at, who) for at, who, _ in calendar.sent()] == [
        (dt.datetime(2026, 3, 10, 6), "hanoi"), (dt.datetime(2026, 3, 10, 20), "la"),
    ]  # fmt: skip
    assert [moment.day for moment in sent] == [9, 10]


def test_a_rehearsal_of_a_past_day_changes_nothing(tmp_path) -> None:
    calendar = Calendar(WELCOME, tmp_path, lambda as_of: [{"customer_id": "a", "subscribed_at": hours(0)}])
    assert calendar.run(hours(1), commit=False) == [("a", "hello")]
    assert calendar.run(hours(1)) == [("a", "hello")]
    assert calendar.run(hours(2)) == []
