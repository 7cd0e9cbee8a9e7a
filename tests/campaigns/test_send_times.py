import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.campaigns.clocks import in_utc, wall_clock
from segcli.campaigns.send_times import later, local_midnight, moved_moments, out_of_quiet, send_hours, sending_times
from segcli.project.campaign_models import QuietHours
from tests.campaigns.test_clocks import ISTANBUL, LONDON, ZONES, times, zones

LOS_ANGELES, HANOI = "America/Los_Angeles", "Asia/Ho_Chi_Minh"
DAY = dt.timedelta(days=1)


def moments(
    earliest: str, zone: str, send: str, here: ZoneInfo = ISTANBUL, hour: int = 9, weekday: int | None = 1
) -> dt.datetime:
    frame = pl.DataFrame(
        {"earliest": times(earliest), "send": [send], "zone": [zone], "best_hour": [hour], "best_weekday": [weekday]}
    )
    return moved_moments(frame, here).item()


def sending(moment: str, send: str, as_of: str, zone: str = "Europe/Istanbul", weekday: int | None = 1) -> str:
    frame = pl.DataFrame(
        {"moment": times(moment), "send": [send], "zone": [zone], "best_hour": [9], "best_weekday": [weekday]}
    )
    return str(sending_times(frame, dt.datetime.fromisoformat(as_of), ISTANBUL).item())[:16]


def test_a_birthday_at_ten_is_ten_where_the_customer_lives() -> None:
    places = zones(LOS_ANGELES, HANOI, "Europe/Istanbul")
    starts = local_midnight(pl.Series([dt.date(2026, 6, 30)] * 3), places, ISTANBUL)
    # Istanbul is ten hours before Los Angeles in summer, and four behind Hanoi.
    assert starts.to_list() == times("2026-06-30T10:00", "2026-06-29T20:00", "2026-06-30T00:00").to_list()
    frame = pl.DataFrame({"earliest": starts, "send": ["10:00"] * 3, "zone": places})
    at_ten = moved_moments(frame, ISTANBUL)
    assert at_ten.to_list() == times("2026-06-30T20:00", "2026-06-30T06:00", "2026-06-30T10:00").to_list()
    assert in_utc(at_ten, ISTANBUL).dt.hour().to_list() == [17, 3, 7]


def test_now_is_the_earliest_moment_itself() -> None:
    assert moments("2026-06-30T10:07", HANOI, "now") == dt.datetime(2026, 6, 30, 10, 7)
    frame = pl.DataFrame({"earliest": times("2026-06-30T10:07"), "send": ["now"]})
    assert moved_moments(frame, ISTANBUL).to_list() == times("2026-06-30T10:07").to_list()


def test_messages_with_other_times_are_moved_side_by_side() -> None:
    frame = pl.DataFrame({
        "earliest": times(*["2026-06-30T09:31"] * 4), "moment": times(*["2026-06-28T09:00"] * 4),
        "send": ["now", "09:30", "best_hour", "best_day"], "zone": ["Europe/Istanbul"] * 4,
        "best_hour": [11] * 4, "best_weekday": [1] * 4,
    })  # fmt: skip
    expected = times("2026-06-30T09:31", "2026-07-01T09:30", "2026-06-30T11:00", "2026-07-06T11:00")
    assert moved_moments(frame, ISTANBUL).to_list() == expected.to_list()
    sent = sending_times(frame, dt.datetime(2026, 6, 30, 10), ISTANBUL)
    expected = times("2026-06-30T10:00", "2026-07-01T09:30", "2026-06-30T11:00", "2026-06-30T11:00")
    assert sent.to_list() == expected.to_list()


def test_a_clock_time_that_has_passed_is_that_of_the_next_day() -> None:
    assert moments("2026-06-30T09:30", "Europe/Istanbul", "09:30") == dt.datetime(2026, 6, 30, 9, 30)
    assert moments("2026-06-30T09:31", "Europe/Istanbul", "09:30") == dt.datetime(2026, 7, 1, 9, 30)


def test_the_best_day_is_the_next_such_weekday_at_the_best_hour() -> None:
    monday = dt.datetime(2026, 7, 6, 9)
    assert moments("2026-06-30T09:30", "Europe/Istanbul", "best_day") == monday
    assert moments("2026-07-06T09:00", "Europe/Istanbul", "best_day") == monday
    assert moments("2026-07-06T09:01", "Europe/Istanbul", "best_day") == monday + 7 * DAY


def test_the_best_day_of_a_customer_without_one_is_any_day() -> None:
    assert moments("2026-06-30T09:30", "Europe/Istanbul", "best_day", weekday=None) == dt.datetime(2026, 7, 1, 9)


def test_an_hour_that_clocks_skip_is_the_hour_after_it() -> None:
    # 8 March in New York: 02:30 does not exist, 03:30 is 10:30 in Istanbul; the day after, 02:30 is 09:30.
    assert moments("2026-03-08T08:00", "America/New_York", "02:30") == dt.datetime(2026, 3, 8, 10, 30)
    assert moments("2026-03-08T11:00", "America/New_York", "02:30") == dt.datetime(2026, 3, 9, 9, 30)


def test_an_hour_that_clocks_repeat_has_passed_with_the_first() -> None:
    # 1 November in New York: 01:30 is 08:30 in Istanbul and 09:30 once more; the day after it is 09:30.
    assert moments("2026-11-01T08:30", "America/New_York", "01:30") == dt.datetime(2026, 11, 1, 8, 30)
    assert moments("2026-11-01T08:31", "America/New_York", "01:30") == dt.datetime(2026, 11, 2, 9, 30)


def test_half_an_hour_is_skipped_on_lord_howe() -> None:
    # 4 October: 02:00 becomes 02:30, so 02:15 is 02:45, at 15:45 UTC of the day before.
    assert moments("2026-10-03T12:00", "Australia/Lord_Howe", "02:15") == dt.datetime(2026, 10, 3, 18, 45)


def test_a_moment_in_the_hour_that_the_shop_repeats_is_never_before_the_earliest() -> None:
    # 21:10 in New York is 01:10 UTC, the second 01:10 in London, which a naive time cannot say.
    assert moments("2026-10-25T01:50", "America/New_York", "21:10", LONDON) == dt.datetime(2026, 10, 25, 2, 10)


def test_days_are_counted_on_the_customers_calendar_and_hours_as_they_pass() -> None:
    # 7 March at nine in New York is 17:00 in Istanbul; the night to 8 March has an hour less.
    start, places = times(*["2026-03-07T17:00"] * 3), zones(*["America/New_York"] * 3)
    after = pl.Series([DAY, dt.timedelta(hours=25), dt.timedelta(0)])
    expected = times("2026-03-08T16:00", "2026-03-08T18:00", "2026-03-07T17:00")
    assert later(start, places, after, ISTANBUL).to_list() == expected.to_list()
    at_home = later(times("2026-03-28T09:00"), zones("Europe/London"), pl.Series([DAY]), LONDON)
    assert at_home.to_list() == times("2026-03-29T09:00").to_list()


def test_hours_pass_over_a_change_of_the_shops_clocks() -> None:
    start = times("2026-03-29T00:30")
    assert (
        later(start, zones("Europe/London"), pl.Series([dt.timedelta(hours=1)]), LONDON).to_list()
        == times("2026-03-29T02:30").to_list()
    )


def test_a_late_run_keeps_to_the_hour() -> None:
    assert sending("2026-06-30T10:00", "10:00", "2026-06-30T07:00") == "2026-06-30 10:00"
    assert sending("2026-06-30T10:00", "10:00", "2026-06-30T10:05") == "2026-07-01 10:00"
    assert sending("2026-06-28T10:00", "10:00", "2026-06-30T09:00") == "2026-06-30 10:00"
    assert sending("2026-06-30T10:00", "now", "2026-06-30T10:05") == "2026-06-30 10:05"
    assert sending("2026-06-30T10:00", "now", "2026-06-29T07:00") == "2026-06-30 10:00"


def test_a_missed_weekday_is_not_waited_for() -> None:
    assert sending("2026-06-29T09:00", "best_day", "2026-06-30T08:00") == "2026-06-30 09:00"
    assert sending("2026-06-29T09:00", "best_day", "2026-06-29T08:00") == "2026-06-29 09:00"


def test_a_daily_run_with_a_day_ahead_reaches_birthdays_on_both_sides_of_the_world() -> None:
    # Cron at seven: Hanoi's ten o'clock is six in Istanbul, so only the run of the day before can plan it.
    assert sending("2026-06-30T06:00", "10:00", "2026-06-29T07:00", HANOI) == "2026-06-30 06:00"
    assert sending("2026-06-30T20:00", "10:00", "2026-06-30T07:00", LOS_ANGELES) == "2026-06-30 20:00"


@pytest.mark.parametrize(
    ("local", "moved"),
    [
        ("20:59", "20:59"), ("21:00", "09:00 next"), ("23:59", "09:00 next"), ("00:00", "09:00"), ("08:59", "09:00"),
        ("09:00", "09:00"), ("12:00", "12:00"),
    ],
)  # fmt: skip
def test_a_text_waits_until_the_quiet_hours_end(local: str, moved: str) -> None:
    frame = pl.DataFrame({"send_at": times(f"2026-06-30T{local}"), "zone": ["Europe/Istanbul"]})
    clock, _, following = moved.partition(" ")
    expected = times(f"2026-{'07-01' if following else '06-30'}T{clock}")
    assert out_of_quiet(frame, QuietHours(), ISTANBUL).to_list() == expected.to_list()


def test_quiet_hours_may_lie_within_a_day_and_those_of_no_length_are_none() -> None:
    frame = pl.DataFrame({"send_at": times("2026-06-30T13:30", "2026-06-30T15:00"), "zone": ["Europe/Istanbul"] * 2})
    noon = out_of_quiet(frame, QuietHours(dt.time(13), dt.time(15)), ISTANBUL)
    assert noon.dt.hour().to_list() == [15, 15]
    assert out_of_quiet(frame, QuietHours(dt.time(13), dt.time(13)), ISTANBUL).to_list() == frame["send_at"].to_list()


def test_quiet_hours_are_those_of_the_customer() -> None:
    frame = pl.DataFrame({"send_at": times(*["2026-06-30T10:00"] * 2), "zone": [LOS_ANGELES, HANOI]})
    assert (
        out_of_quiet(frame, QuietHours(), ISTANBUL).to_list() == times("2026-06-30T19:00", "2026-06-30T10:00").to_list()
    )


def test_the_hour_of_sending_is_that_of_the_customer() -> None:
    frame = pl.DataFrame({"send_at": times(*["2026-06-30T10:00"] * 2), "zone": [LOS_ANGELES, HANOI]})
    assert send_hours(frame, ISTANBUL).to_list() == [0, 14]


def test_nobody_due_is_no_trouble() -> None:
    moment = pl.Datetime("us")
    frame = pl.DataFrame(schema={"earliest": moment, "moment": moment, "send": pl.String, "zone": pl.String})
    assert moved_moments(frame, ISTANBUL).len() == 0
    assert sending_times(frame, dt.datetime(2026, 6, 30), ISTANBUL).len() == 0
    assert out_of_quiet(frame.rename({"moment": "send_at"}), QuietHours(), ISTANBUL).len() == 0


ANY_TIME = st.datetimes(dt.datetime(2015, 1, 1), dt.datetime(2036, 1, 1))
SENDS = st.sampled_from(["00:00", "00:30", "01:30", "02:00", "02:30", "10:00", "23:45", "best_hour", "best_day"])
CUSTOMERS = st.lists(
    st.tuples(ANY_TIME, st.sampled_from(ZONES), st.integers(0, 23), st.none() | st.integers(1, 7), SENDS), min_size=1
)
ROWS: dict[str, pl.DataType] = {
    "time": pl.Datetime("us"), "zone": pl.String(), "best_hour": pl.Int64(), "best_weekday": pl.Int64(),
    "send": pl.String(),
}  # fmt: skip


@pytest.mark.slow
@settings(deadline=None)
@given(CUSTOMERS, st.sampled_from(ZONES))
def test_a_moment_has_the_clock_time_that_was_asked_and_is_never_early_nor_long_after(
    rows: list[tuple[dt.datetime, str, int, int | None, str]], zone: str
) -> None:
    here = ZoneInfo(zone)
    frame = pl.DataFrame(rows, schema=ROWS, orient="row").rename({"time": "earliest"})
    moved = moved_moments(frame, here)
    assert (moved >= frame["earliest"]).all()
    instants = in_utc(moved, here)
    waited = instants - in_utc(frame["earliest"], here)
    walls = wall_clock(instants, frame["zone"])
    for written, wait, wall, row in zip(moved, waited, walls, rows, strict=True):
        send = row[4]
        any_day = send != "best_day" or row[3] is None
        assert dt.timedelta(0) <= wait <= (DAY if any_day else 7 * DAY) + dt.timedelta(hours=4)
        clock = dt.time(row[2]) if send.startswith("best") else dt.time.fromisoformat(send)
        asked = dt.datetime.combine(wall.date(), clock)
        if not _changes_near(wall, row[1]) and not _changes_near(written, zone):
            assert wall == asked
            assert wait <= (DAY if any_day else 7 * DAY) + dt.timedelta(hours=2)
            assert any_day or wall.isoweekday() == row[3]


def _changes_near(wall: dt.datetime, zone: str) -> bool:
    """Whether clocks there change within a day and a half."""
    near = [(wall + hours).replace(tzinfo=ZoneInfo(zone)).utcoffset() for hours in (-1.5 * DAY, 1.5 * DAY)]
    return near[0] != near[1]


@pytest.mark.slow
@settings(deadline=None)
@given(CUSTOMERS, ANY_TIME)
def test_a_message_goes_out_at_or_after_its_moment_and_the_run_and_within_a_day_of_both(
    rows: list[tuple[dt.datetime, str, int, int | None, str]], as_of: dt.datetime
) -> None:
    frame = pl.DataFrame(rows, schema=ROWS, orient="row").rename({"time": "moment"})
    send_at = sending_times(frame, as_of, ISTANBUL)
    reached = frame["moment"].clip(lower_bound=as_of)
    assert (send_at >= reached).all()
    assert (send_at - reached <= DAY + dt.timedelta(hours=2)).all()
    texts = frame.select("zone").with_columns(send_at)
    awake = out_of_quiet(texts, QuietHours(), ISTANBUL)
    assert (awake >= send_at).all()
    assert (awake - send_at <= dt.timedelta(hours=14)).all()
    hours = wall_clock(in_utc(awake, ISTANBUL), frame["zone"]).dt.hour()
    assert hours.is_between(9, 20).all()
