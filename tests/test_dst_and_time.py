"""A run knows one moment: what came later is not there, and clocks that go back or forth lose nobody an order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segcli import pipeline
from segcli.problems import DataError, Problems
from segcli.project.projects import load_project
from segcli.sources.customers import with_dates
from tests.shops import SAMPLE, shop_as_of, small_shop

# ---- As of a past day ----


def everything(folder: Path, as_of: str, scratch: Path) -> tuple[pl.DataFrame, dict[str, Sequence[str]]]:
    """Every field and segment of every customer, and what is unavailable."""
    project = load_project([folder], as_of=as_of)
    fields, segments = pipeline.definitions(project)
    wanted = [item.name for item in (*fields, *segments)]
    run = pipeline.compute(pipeline.prepare(project, Problems(), wanted=wanted), scratch)
    return run.computed.customers.sort("customer_id").collect(), dict(run.computed.plan.unavailable)


def assert_later_rows_are_not_there(shop: Path, as_of: str, folder: Path) -> None:
    then = shop_as_of(shop, folder / "then", dt.datetime.fromisoformat(as_of))
    people, unavailable = everything(shop, as_of, folder / "now")
    people_then, unavailable_then = everything(then, as_of, folder / "cut")
    assert people.height > 20
    assert_frame_equal(people, people_then, check_exact=True)
    assert unavailable == unavailable_then


@pytest.mark.slow
def test_a_past_day_is_computed_as_from_the_files_of_that_day(tmp_path: Path) -> None:
    shop = small_shop(SAMPLE, tmp_path / "shop")
    assert_later_rows_are_not_there(shop, "2025-11-28T00:00", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "as_of", ["2023-09-29T12:00", "2024-02-29T12:34", "2025-03-30T02:30", "2025-11-28T00:00", "2026-06-30T09:00"]
)
def test_every_past_day_of_the_sample_shop_is_computed_as_from_its_files(as_of: str, tmp_path: Path) -> None:
    assert_later_rows_are_not_there(SAMPLE, as_of, tmp_path)


def test_an_address_that_joins_two_people_later_does_not_join_them_yet(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "order_id,customer_id,email,ordered_at,amount\n"
        "1,a,one@example.com,2026-01-01,5.00\n"
        "2,b,two@example.com,2026-01-02,5.00\n"
        "3,a,two@example.com,2026-03-01,5.00\n",
        encoding="utf-8",
    )
    for as_of, ids in (("2026-02-01", ["a", "b"]), ("2026-03-01", ["a"])):
        people, _ = everything(orders, as_of, tmp_path / as_of)
        assert people["customer_id"].to_list() == ids


def test_a_row_at_the_very_moment_of_the_run_is_there_and_the_next_second_is_not(tmp_path: Path) -> None:
    people = of_orders(tmp_path, "Europe/Berlin", ["2026-06-30T09:00:00", "2026-06-30T09:00:01"], "2026-06-30T09:00")
    assert people["customer_id"].to_list() == ["c0"]
    assert people["recency_days"].to_list() == [0]


# ---- Clocks that go back or forth ----


def of_orders(folder: Path, zone: str, times: Sequence[str], as_of: str, source: str | None = None) -> pl.DataFrame:
    """What a run knows of customers c0, c1 ... with an order each at these times, written as they stand."""
    folder.mkdir(exist_ok=True)
    lines = [f"{number},c{number},{time},10.00" for number, time in enumerate(times)]
    text = "\n".join(["order_id,customer_id,ordered_at,amount", *lines]) + "\n"
    (folder / "orders.csv").write_text(text, encoding="utf-8")
    where = f"{{files: orders.csv, timezone: {source}}}" if source else "orders.csv"
    text = f"timezone: {zone}\nrecipes: [rfm]\nsources: {{orders: {where}}}\n"
    (folder / "segcli.yaml").write_text(text, encoding="utf-8")
    project = load_project([folder], as_of=as_of)
    wanted = ["orders", "spend", "first_order_at", "last_order_at", "recency_days", "orders_30d"]
    prepared = pipeline.prepare(project, Problems(), wanted=wanted)
    found = pipeline.compute(prepared, folder / "scratch").computed.customers
    return found.sort("customer_id").collect()


BERLIN = {  # how a file writes it -> what clocks in Berlin showed
    "2025-10-26T02:30:00+02:00": "2025-10-26 02:30:00",  # the first half past two of that night
    "2025-10-26T02:30:00+01:00": "2025-10-26 02:30:00",  # the second
    "2025-10-26T00:59:59Z": "2025-10-26 02:59:59",
    "2025-10-26T01:00:00Z": "2025-10-26 02:00:00",
    "2025-10-26 02:30:00": "2025-10-26 02:30:00",
    "2026-03-29T00:59:59Z": "2026-03-29 01:59:59",
    "2026-03-29T01:00:00Z": "2026-03-29 03:00:00",
    "2026-03-29 02:30:00": "2026-03-29 02:30:00",  # which no clock showed; it is kept as it is
}
NEW_YORK = {
    "2025-11-02T01:30:00-04:00": "2025-11-02 01:30:00",
    "2025-11-02T01:30:00-05:00": "2025-11-02 01:30:00",
    "2025-11-02T06:00:00Z": "2025-11-02 01:00:00",
    "2025-11-02 01:30:00": "2025-11-02 01:30:00",
    "2026-03-08T06:59:59Z": "2026-03-08 01:59:59",
    "2026-03-08T07:00:00Z": "2026-03-08 03:00:00",
    "2026-03-08 02:30:00": "2026-03-08 02:30:00",
}


@pytest.mark.parametrize(("zone", "times"), [("Europe/Berlin", BERLIN), ("America/New_York", NEW_YORK)])
def test_orders_in_the_night_when_clocks_change_are_all_there(
    zone: str, times: Mapping[str, str], tmp_path: Path
) -> None:
    people = of_orders(tmp_path, zone, list(times), "2026-06-30T09:00")
    shown = [dt.datetime.fromisoformat(time) for time in times.values()]
    assert people["last_order_at"].to_list() == shown
    assert people["orders"].to_list() == [1] * len(times)
    now = dt.datetime(2026, 6, 30, 9)
    assert people["recency_days"].to_list() == [(now - time).days for time in shown]


def test_a_parquet_file_of_zoned_times_comes_out_as_its_text_would(tmp_path: Path) -> None:
    zoned = {time: shown for time, shown in BERLIN.items() if "T" in time}
    instants = [dt.datetime.fromisoformat(time).astimezone(dt.UTC) for time in zoned]
    pl.DataFrame(
        {
            "order_id": [str(number) for number in range(len(zoned))],
            "customer_id": [f"c{number}" for number in range(len(zoned))],
            "ordered_at": pl.Series(instants, dtype=pl.Datetime("ms", "UTC")),
            "amount": [10.0] * len(zoned),
        }
    ).write_parquet(tmp_path / "orders.parquet")
    (tmp_path / "segcli.yaml").write_text(
        "timezone: Europe/Berlin\nrecipes: [rfm]\nsources: {orders: orders.parquet}\n", encoding="utf-8"
    )
    people, _ = everything(tmp_path, "2026-06-30", tmp_path / "scratch")
    assert people["last_order_at"].to_list() == [dt.datetime.fromisoformat(time) for time in zoned.values()]


def test_naive_times_of_a_shop_elsewhere_are_moved_and_skipped_ones_come_later(tmp_path: Path) -> None:
    times = {
        "2025-11-02 01:30:00": "2025-11-02 06:30:00",  # shown twice in New York: the first, still in summer time
        "2026-03-08 02:30:00": "2026-03-08 08:30:00",  # skipped in New York: half past three there
        "2026-03-08 01:59:00": "2026-03-08 07:59:00",
        "2026-06-01 00:00:00": "2026-06-01 06:00:00",
    }
    people = of_orders(tmp_path, "Europe/Berlin", list(times), "2026-06-30", source="America/New_York")
    assert people["last_order_at"].to_list() == [dt.datetime.fromisoformat(time) for time in times.values()]


def test_days_are_days_of_the_calendar_though_one_of_them_has_23_hours(tmp_path: Path) -> None:
    # Noon to noon over the night when clocks go forth, and back: one day each time.
    for day, before in (("2026-03-29", "2026-03-28"), ("2025-10-26", "2025-10-25")):
        people = of_orders(tmp_path / day, "Europe/Berlin", [f"{before} 12:00:00"], f"{day}T12:00")
        assert people["recency_days"].to_list() == [1]


def test_a_zoned_moment_of_the_run_is_that_of_the_shop_s_clock(tmp_path: Path) -> None:
    times = ["2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:01:00Z"]
    people = of_orders(tmp_path, "Europe/Berlin", times, "2026-03-29T01:00+00:00")
    assert people["customer_id"].to_list() == ["c0", "c1"]


def test_windows_reach_back_whole_days_over_a_change_of_clocks(tmp_path: Path) -> None:
    times = ["2026-03-29 12:00:00", "2026-03-29 12:00:01"]  # 30 days before, less or more a second
    people = of_orders(tmp_path, "Europe/Berlin", times, "2026-04-28T12:00")
    assert people["orders_30d"].to_list() == [0, 1]


# ---- Days that come again ----


def occurrence(day: dt.date, year: int) -> dt.date:
    try:
        return day.replace(year=year)
    except ValueError:
        return dt.date(year, 2, 28)


def nearest(day: dt.date, today: dt.date) -> dt.date | None:
    """Of the years around the nearest day, the coming one of two; the day itself is none."""
    years = (today.year - 1, today.year, today.year + 1)
    days = [each for each in (occurrence(day, year) for year in years) if each > day]
    return min(days, key=lambda each: (abs((each - today).days), today - each), default=None)


def full_years(day: dt.date, today: dt.date) -> int | None:
    if day > today:
        return None
    return today.year - day.year - (occurrence(day, today.year) > today)


DAYS = st.dates(dt.date(1920, 1, 1), dt.date(2030, 12, 31)) | st.sampled_from(
    [dt.date(year, 2, day) for year in (1996, 2000, 2023, 2024) for day in (27, 28)]
    + [dt.date(2000, 2, 29), dt.date(2024, 2, 29)]
)
TODAYS = st.dates(dt.date(2019, 1, 1), dt.date(2032, 12, 31)) | st.sampled_from(
    [dt.date(year, month, day) for year in (2023, 2024, 2028) for month, day in ((2, 28), (3, 1), (8, 29), (8, 30))]
)


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(DAYS, min_size=1, max_size=20), TODAYS)
def test_birthdays_and_anniversaries_are_the_nearest_in_any_year(days: list[dt.date], today: dt.date) -> None:
    moments = [dt.datetime.combine(day, dt.time(23, 30)) for day in days]
    people = pl.DataFrame(
        {"birth_date": days, "created_at": moments},
        schema={"birth_date": pl.Date, "created_at": pl.Datetime("us")},
    ).with_columns(subscribed_at=pl.lit(None, pl.Datetime("us")))
    wanted = ("age", "birthday", "signup_anniversary")
    found = with_dates(people, dt.datetime.combine(today, dt.time(9)), wanted)
    assert found["birthday"].to_list() == [nearest(day, today) for day in days]
    assert found["signup_anniversary"].to_list() == [nearest(day, today) for day in days]
    assert found["age"].to_list() == [full_years(day, today) for day in days]


@pytest.mark.parametrize(
    ("as_of", "birthday", "age"),
    [
        ("2024-02-28", "2024-02-29", 23), ("2024-02-29", "2024-02-29", 24), ("2025-02-27", "2025-02-28", 24),
        ("2025-02-28", "2025-02-28", 25), ("2025-03-01", "2025-02-28", 25), ("2025-12-31", "2026-02-28", 25),
    ],
)  # fmt: skip
def test_who_was_born_on_february_29_has_a_birthday_every_year(
    as_of: str, birthday: str, age: int, tmp_path: Path
) -> None:
    (tmp_path / "customers.csv").write_text(
        "customer_id,email,birth_date,created_at\na,one@example.com,2000-02-29,2016-02-29 10:00\n", encoding="utf-8"
    )
    people, _ = everything(tmp_path / "customers.csv", as_of, tmp_path / "scratch")
    row: dict[str, Any] = people.row(0, named=True)
    assert (row["birthday"], row["age"]) == (dt.date.fromisoformat(birthday), age)
    assert row["signup_anniversary"] == dt.date.fromisoformat(birthday)


# ---- Dates that can be read in two ways ----


def test_a_day_first_and_a_month_first_are_told_however_late_in_the_file(tmp_path: Path) -> None:
    rows = [f"c{number},{1 + number % 28:02}/06/2025,1.00" for number in range(12_000)]
    text = "\n".join(["customer_id,order_date,amount", *rows, "late,06/13/2025,1.00"])
    (tmp_path / "orders.csv").write_text(text + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"day first in some cells .* month first in others"):
        everything(tmp_path / "orders.csv", "2026-01-01", tmp_path / "scratch")
