import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.campaigns.clocks import (
    country_timezones,
    in_utc,
    instants_of,
    local_times,
    project_times,
    wall_clock,
    zones_of,
)
from segcli.project.localities import COUNTRIES

ISTANBUL = ZoneInfo("Europe/Istanbul")
LONDON = ZoneInfo("Europe/London")
ZONES = [
    "America/Los_Angeles", "America/New_York", "America/St_Johns", "America/Havana", "Europe/London", "Africa/Cairo",
    "Antarctica/Troll", "Asia/Ho_Chi_Minh", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "UTC",
]  # fmt: skip


def times(*texts: str | None) -> pl.Series:
    return pl.Series([text and dt.datetime.fromisoformat(text) for text in texts], dtype=pl.Datetime("us"))


def zones(*names: str) -> pl.Series:
    return pl.Series("zone", names)


def test_a_customer_lives_in_their_timezone_else_their_country_else_with_the_shop() -> None:
    customers = pl.DataFrame(
        {
            "timezone": ["America/Denver", "Nowhere/Land", None, None, "localtime", "Factory"],
            "country": ["DE", "US", "VN", "XX", "NO", None],
        }
    )
    assert zones_of(customers, ISTANBUL).to_list() == [
        "America/Denver", "America/New_York", "Asia/Ho_Chi_Minh", "Europe/Istanbul", "Europe/Oslo", "Europe/Istanbul",
    ]  # fmt: skip


def test_customers_of_whom_nothing_is_known_live_with_the_shop() -> None:
    assert zones_of(pl.DataFrame({"customer_id": ["a", "b"]}), ISTANBUL).to_list() == ["Europe/Istanbul"] * 2
    nothing = pl.DataFrame({"timezone": [None], "country": [None]})
    assert zones_of(nothing, ISTANBUL).to_list() == ["Europe/Istanbul"]


def test_every_inhabited_country_has_a_timezone_that_there_is() -> None:
    table = country_timezones()
    assert COUNTRIES - set(table) == {"BV", "HM"}  # islands without people
    assert set(table) <= COUNTRIES
    noon = times(*["2026-06-01T12:00"] * len(table))
    assert wall_clock(noon, pl.Series(list(table.values()))).null_count() == 0


def test_a_time_moves_between_the_clocks_of_the_shop_and_of_customers() -> None:
    there = local_times(times("2026-06-01T12:00", "2026-12-01T12:00", None), zones(*["America/New_York"] * 3), LONDON)
    assert there.to_list() == times("2026-06-01T07:00", "2026-12-01T07:00", None).to_list()


def test_rows_keep_their_order_whatever_their_zones() -> None:
    noon = times(*["2026-06-01T12:00"] * 4)
    local = local_times(noon, zones("Asia/Tokyo", "Europe/London", "Asia/Tokyo", "UTC"), ISTANBUL)
    assert local.dt.hour().to_list() == [18, 10, 18, 9]


@pytest.mark.parametrize(
    ("wall", "zone", "instant"),
    [
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:30"),  # skipped: half past three, summer time
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30"),  # repeated: the first, summer time
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45"),  # skipped: 02:45, half an hour on
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45"),  # repeated: the first
        ("2026-04-24T00:00", "Africa/Cairo", "2026-04-23T22:00"),  # midnight is skipped: the day begins at one
    ],
)
def test_skipped_times_move_on_and_repeated_ones_are_the_first(wall: str, zone: str, instant: str) -> None:
    assert instants_of(times(wall), zones(zone)).to_list() == times(instant).to_list()


def test_the_second_pass_of_a_repeated_hour_is_written_an_hour_on() -> None:
    # London's clocks go back at 01:00 UTC on 25 October: 01:15 BST, 01:15 GMT, 02:15 GMT.
    written = project_times(times("2026-10-25T00:15", "2026-10-25T01:15", "2026-10-25T02:15"), LONDON)
    assert written.dt.strftime("%H:%M").to_list() == ["01:15", "02:15", "02:15"]


@settings(deadline=None)
@given(
    st.lists(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2037, 1, 1)), min_size=1),
    st.sampled_from(ZONES),
    st.data(),
)
def test_no_way_between_clocks_leads_back_in_time(instants: list[dt.datetime], here: str, data: st.DataObject) -> None:
    moments = pl.Series(instants, dtype=pl.Datetime("us"))
    written = project_times(moments, ZoneInfo(here))
    later = in_utc(written, ZoneInfo(here)) - moments
    assert later.min() >= dt.timedelta(0)
    assert later.max() <= dt.timedelta(hours=2)  # Troll's clocks change by two hours
    places = pl.Series([data.draw(st.sampled_from(ZONES)) for _ in instants])
    walls = wall_clock(moments, places)
    expected = [
        moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        for moment, zone in zip(instants, places, strict=True)
    ]
    assert walls.to_list() == expected
