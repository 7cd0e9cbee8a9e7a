"""How often a customer may be written to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from segcli.campaigns.caps import cap_column, caps_of, over_cap, shipped_caps
from segcli.problems import Place
from segcli.project.campaign_models import Cap, Limits
from segcli.project.models import Expression

NOW = dt.datetime(2026, 6, 30, 9)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
PLACE = Place("segcli.yaml", 1, 1)
WHEN = Expression("x", PLACE)


def over(caps: tuple[Cap, ...], *recent: tuple[dt.datetime, str], **columns: Any) -> bool:
    """Whether a message to somebody now would be one too many after those."""
    message = pl.DataFrame(
        {"customer_id": ["a"], "channel": ["email"], "send_at": [NOW], **{k: [v] for k, v in columns.items()}}
    )
    others = [("a", at, channel) for at, channel in recent] + [("b", NOW, "email")] * 9
    frame = pl.LazyFrame(others, schema=["customer_id", "send_at", "channel"], orient="row")
    return bool(over_cap(message, caps, frame).item())


def test_the_shipped_caps_are_one_a_day_and_three_a_week_more_for_the_engaged_and_fewer_for_the_cooling() -> None:
    email = [(cap.most, cap.per, cap.when and cap.when.text) for cap in shipped_caps() if cap.channel == "email"]
    assert email == [
        (1, DAY, None), (5, 7 * DAY, "engagement = 'engaged'"), (1, 7 * DAY, "engagement = 'cooling'"),
        (3, 7 * DAY, None),
    ]  # fmt: skip
    assert caps_of(Limits()) == shipped_caps()
    assert caps_of(Limits(caps=())) == ()


def test_a_message_less_than_the_time_away_counts_before_and_after() -> None:
    cap = (Cap(1, DAY, PLACE),)
    assert not over(cap)
    assert not over(cap, (NOW - DAY, "email"))
    assert over(cap, (NOW - DAY + HOUR, "email"))
    assert over(cap, (NOW + DAY - HOUR, "email"))
    assert not over(cap, (NOW + DAY, "email"))


def test_each_channel_counts_by_itself() -> None:
    assert not over((Cap(1, DAY, PLACE),), (NOW, "sms"))
    assert not over((Cap(1, DAY, PLACE, channel="sms"),), (NOW, "email"))


def test_of_the_caps_for_one_time_the_first_that_is_met_decides() -> None:
    caps = (Cap(5, 7 * DAY, PLACE, WHEN), Cap(1, 7 * DAY, PLACE, WHEN), Cap(3, 7 * DAY, PLACE))
    two = [(NOW - DAY, "email")] * 2
    four = two * 2
    assert not over(caps, *four, cap_1=True, cap_2=True)
    assert over(caps, *two, cap_1=False, cap_2=True)
    assert not over(caps, *two, cap_1=False, cap_2=None)
    assert over(caps, *four, cap_1=None, cap_2=None)
    assert cap_column(2) == "cap_2"


def test_who_meets_no_cap_has_none_and_another_time_has_its_own() -> None:
    assert not over((Cap(1, 7 * DAY, PLACE, WHEN),), (NOW, "email"), cap_1=False)
    assert over((Cap(9, 7 * DAY, PLACE), Cap(1, DAY, PLACE)), (NOW, "email"))
