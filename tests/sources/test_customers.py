import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from segcli.sources.customers import with_dates
from segcli.sources.stores import with_nearest_store
from segcli.sources.tables import CatalogTable
from tests.sources.inline_sources import read, rows, source

WANTED = {"age", "birthday", "signup_anniversary", "season"}


def dates_of(as_of: str, **columns: object) -> dict[str, object]:
    schema = {
        "birth_date": pl.Date,
        "created_at": pl.Datetime("us"),
        "subscribed_at": pl.Datetime("us"),
        "country": pl.String,
        "latitude": pl.Float64,
    }
    frame = pl.DataFrame({name: [columns.get(name)] for name in schema}, schema=schema)
    return with_dates(frame, dt.datetime.fromisoformat(as_of), WANTED).row(0, named=True)


@pytest.mark.parametrize(
    ("as_of", "birth_date", "age", "birthday"),
    [
        ("2026-06-30", dt.date(1990, 7, 1), 35, dt.date(2026, 7, 1)),
        ("2026-06-30", dt.date(1990, 6, 30), 36, dt.date(2026, 6, 30)),
        ("2026-01-02", dt.date(1990, 12, 30), 35, dt.date(2025, 12, 30)),
        ("2026-12-30", dt.date(1990, 1, 2), 36, dt.date(2027, 1, 2)),
        ("2026-02-28", dt.date(2000, 2, 29), 26, dt.date(2026, 2, 28)),
        ("2028-02-28", dt.date(2000, 2, 29), 27, dt.date(2028, 2, 29)),
        ("2026-06-30", None, None, None),
    ],
)
def test_the_birthday_is_the_nearest_one_and_of_a_leap_day_february_28(
    as_of: str, birth_date: dt.date | None, age: int | None, birthday: dt.date | None
) -> None:
    found = dates_of(as_of, birth_date=birth_date)
    assert (found["age"], found["birthday"]) == (age, birthday)


def test_the_day_of_signing_up_is_no_anniversary() -> None:
    assert dates_of("2026-06-30", created_at=dt.datetime(2026, 6, 20))["signup_anniversary"] == dt.date(2027, 6, 20)
    early = dates_of("2026-06-30", created_at=dt.datetime(2024, 6, 20), subscribed_at=dt.datetime(2024, 1, 1))
    assert early["signup_anniversary"] == dt.date(2026, 1, 1)


def test_the_season_is_that_of_the_hemisphere() -> None:
    assert dates_of("2026-12-01", country="TR")["season"] == "winter"
    assert dates_of("2026-12-01", country="AU")["season"] == "summer"
    assert dates_of("2026-03-15", country="BR", latitude=2.8)["season"] == "spring"
    assert dates_of("2026-03-15")["season"] is None


def test_the_newest_value_that_is_not_null_wins_whatever_the_order_of_rows(tmp_path: Path) -> None:
    columns = {
        "customer_id": ["a", "a", "a"],
        "updated_at": ["2026-01-01", "2026-03-01", "2026-02-01"],
        "first_name": ["Old", None, "New"],
        "city": ["Izmir", "Ankara", None],
    }
    for number, order in enumerate(([0, 1, 2], [2, 1, 0], [1, 0, 2])):
        frame = source("customers", {name: [values[i] for i in order] for name, values in columns.items()})
        tables = read([frame], tmp_path / str(number))
        assert rows(tables, "customers", "first_name", "city") == [("New", "Ankara")]
        assert tables.counts["conflicts"] == 1


def test_who_was_active_in_any_list_was_active_and_what_is_later_than_the_run_is_not_known(tmp_path: Path) -> None:
    columns = {
        "customer_id": ["a", "a", "b"],
        "updated_at": ["2026-01-01", "2026-03-01", "2026-03-01"],
        "active_at": ["2026-02-02 10:00:00", "2026-01-01 10:00:00", "2126-01-01 10:00:00"],
    }
    tables = read([source("customers", columns)], tmp_path)
    assert rows(tables, "customers", "customer_id", "active_at") == [("a", dt.datetime(2026, 2, 2, 10)), ("b", None)]


def test_without_times_the_later_source_wins_and_a_list_before_an_order(tmp_path: Path) -> None:
    order = source("customers", {"customer_id": ["a"], "city": ["Bursa"], "seen_at": ["2026-06-01"]}, file="orders.csv")
    one = source("customers", {"customer_id": ["a"], "city": ["Izmir"]}, file="1.csv")
    two = source("customers", {"customer_id": ["a"], "city": ["Ankara"]}, file="2.csv")
    assert rows(read([one, two, order], tmp_path / "1"), "customers", "city") == [("Ankara",)]
    assert rows(read([two, one], tmp_path / "2"), "customers", "city") == [("Izmir",)]


@pytest.mark.parametrize(
    ("said", "consent"),
    [
        ([(True, None), (False, None)], False),
        ([(True, "2026-02-01"), (False, "2026-01-01")], True),
        ([(True, "2026-01-01"), (False, "2026-02-01")], False),
        ([(True, "2026-01-01"), (False, "2026-01-01")], False),
        ([(True, "2026-02-01"), (False, None)], False),
        ([(True, None), (None, "2026-02-01")], True),
        ([(None, None), (None, None)], None),
    ],
)
def test_a_no_wins_unless_a_yes_bears_a_later_time(
    tmp_path: Path, said: list[tuple[bool | None, str | None]], consent: bool | None
) -> None:
    frames = [
        source("customers", {"customer_id": ["a"], "email_consent": [yes], "consent_at": [at]}, file=f"{n}.csv")
        for n, (yes, at) in enumerate(said)
    ]
    assert rows(read(frames, tmp_path), "customers", "email_consent") == [(consent,)]


def test_everybody_in_any_table_is_a_customer_once(tmp_path: Path) -> None:
    people = source("customers", {"customer_id": ["a", "z"], "created_at": ["2026-01-01", "2026-08-01"]})
    orders = source(
        "orders", {"order_id": ["1"], "customer_id": ["b"], "ordered_at": ["2026-01-01"], "amount": ["1.00"]}
    )
    events = source("events", {"customer_id": ["c", "b"], "at": ["2026-01-01"] * 2, "event": ["visit", "visit"]})
    for shard_count in (1, 3):
        tables = read([people, orders, events], tmp_path / str(shard_count), shard_count=shard_count)
        assert rows(tables, "customers", "customer_id") == [("a",), ("b",), ("c",)]


def test_an_address_known_from_orders_alone_is_the_customer_s(tmp_path: Path) -> None:
    orders = source(
        "orders",
        {
            "order_id": ["1"],
            "email": ["ada@example.com"],
            "phone": ["+15550100"],
            "ordered_at": ["2026-01-01"],
            "amount": ["1.00"],
        },
    )
    assert rows(read([orders], tmp_path), "customers", "customer_id", "email", "phone") == [
        ("ada@example.com", "ada@example.com", "+15550100")
    ]


def test_the_nearest_store_is_by_coordinates_then_city_then_region() -> None:
    stores = pl.DataFrame(
        {
            "store_id": ["s1", "s2", "s3"],
            "name": ["Soho", "Marais", None],
            "city": ["London", "Paris", "Lyon"],
            "region": [None, "IDF", "ARA"],
            "country": ["GB", "FR", "FR"],
            "latitude": [51.5074, 48.8566, None],
            "longitude": [-0.1278, 2.3522, None],
        }
    )
    people = pl.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d", "e"],
            "latitude": [49.0, None, None, None, None],
            "longitude": [2.0, None, None, None, None],
            "city": [None, "lyon", "Nice", "London", "London"],
            "region": [None, None, "IDF", None, None],
            "country": ["FR", "FR", "FR", "CA", None],
        }
    )
    found = with_nearest_store(people, stores)
    assert found.select("customer_id", "nearest_store", "nearest_store_name", "nearest_store_km").rows() == [
        ("a", "s2", "Marais", pytest.approx(30.3, abs=0.2)),
        ("b", "s3", None, None),
        ("c", "s2", "Marais", None),
        ("d", None, None, None),
        ("e", "s1", "Soho", None),
    ]


def test_stores_need_no_more_than_where_they_are() -> None:
    people = pl.DataFrame(
        {"latitude": [0.0], "longitude": [40.1], "city": ["Lamu"], "region": ["Lamu"], "country": ["KE"]}
    )
    coordinates = pl.DataFrame({"store_id": ["s1"], "latitude": [0.0], "longitude": [40.0]})
    assert with_nearest_store(people, coordinates).select("nearest_store", "nearest_store_name").row(0) == ("s1", None)
    cities = pl.DataFrame({"store_id": ["s2"], "name": ["Harbour"], "city": ["Lamu"], "country": ["KE"]})
    found = with_nearest_store(people, cities).select("nearest_store", "nearest_store_name", "nearest_store_km")
    assert found.row(0) == ("s2", "Harbour", None)


def test_a_referral_is_an_event_of_the_one_who_brought_a_customer(tmp_path: Path) -> None:
    people = source(
        "customers",
        {
            "customer_id": ["a", "b", "c", "d"],
            "email": ["ada@example.com", None, None, None],
            "referred_by": [None, "a", "ada@example.com", "nobody"],
            "created_at": [None, "2026-01-05", None, "2026-01-01"],
        },
    )
    orders = source(
        "orders", {"order_id": ["1"], "customer_id": ["c"], "ordered_at": ["2026-02-01"], "amount": ["1.00"]}
    )
    events = source("events", {"customer_id": ["a"], "at": ["2026-01-01"], "event": ["visit"]})
    tables = read([people, orders, events], tmp_path)
    found = (
        tables["events"]
        .whole.filter(event="referral")
        .select("customer_id", pl.col("at").dt.to_string("%m-%d"))
        .sort("at")
        .collect()
    )
    assert found.rows() == [("a", "01-05"), ("a", "02-01")]
    assert tables.counts["unknown_referrers"] == 1


def test_where_nobody_has_been_brought_yet_there_are_events_all_the_same(tmp_path: Path) -> None:
    later = {"customer_id": ["a", "b"], "referred_by": [None, "a"], "created_at": [None, "2026-07-01"]}
    needed = {"customers": {"customer_id", "referred_by", "created_at"}, "events": {"at", "event"}}
    events = read([source("customers", later)], tmp_path, needed=needed)["events"].whole.collect()
    assert (events.height, set(events.columns)) == (0, {"customer_id", "at", "event"})


def test_own_tables_belong_to_people_and_own_lookups_become_columns(tmp_path: Path) -> None:
    people = source(
        "customers", {"customer_id": ["a", "b"], "email": ["ada@example.com", None], "city": ["Izmir", "Bonn"]}
    )
    tickets = source(
        "support",
        {
            "email": ["ada@example.com", "ada@example.com"],
            "topic": ["late", "new"],
            "opened_at": ["2026-06-01", "2026-07-01"],
        },
        types={"opened_at": pl.Datetime("us")},
    )
    weather = source("weather", {"city": ["Izmir"], "sky": ["sunny"]})
    own = {
        "support": CatalogTable(
            "support", {"topic": pl.String(), "opened_at": pl.Datetime("us")}, frozenset({"topic"}), "opened_at", True
        ),
        "weather": CatalogTable(
            "weather", {"city": pl.String(), "sky": pl.String()}, frozenset({"sky"}), None, False, by="city"
        ),
    }
    needed = {"customers": {"city", "weather_sky"}, "support": {"topic", "opened_at"}, "weather": {"sky", "city"}}
    tables = read([people, tickets, weather], tmp_path, needed=needed, own=own)
    assert rows(tables, "support", "customer_id", "topic") == [("a", "late")]
    assert rows(tables, "customers", "customer_id", "weather_sky") == [("a", "sunny"), ("b", None)]
