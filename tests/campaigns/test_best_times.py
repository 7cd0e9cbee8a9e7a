import datetime as dt
import random

import polars as pl
from polars.testing import assert_frame_equal

from segcli.campaigns.best_times import COLUMNS, best_times
from tests.campaigns.test_clocks import ISTANBUL

AS_OF = dt.datetime(2026, 6, 30, 9)
MONDAY, WEDNESDAY = dt.datetime(2026, 6, 1), dt.datetime(2026, 6, 3)
HERE = "Europe/Istanbul"

Event = tuple[str, dt.datetime, str]


def at(customer: str, day: dt.datetime, hour: int, count: int = 1, event: str = "open") -> list[Event]:
    return [(customer, day + dt.timedelta(hours=hour, minutes=minute), event) for minute in range(count)]


def best(events: list[Event], people: list[tuple[str, str | None, str]]) -> dict[str, tuple[int, int | None, str]]:
    frame = pl.LazyFrame(events, {"customer_id": pl.String, "at": pl.Datetime("us"), "event": pl.String}, orient="row")
    customers = pl.DataFrame(people, {"customer_id": pl.String, "country": pl.String, "zone": pl.String}, orient="row")
    found = best_times(frame, customers, AS_OF, ISTANBUL)
    assert dict(found.schema) == COLUMNS
    assert found["customer_id"].is_sorted()
    return {row[0]: row[1:] for row in found.rows()}


def test_the_best_hour_and_weekday_are_those_of_most_openings_and_clicks() -> None:
    events = at("a", MONDAY, 20, 2) + at("a", WEDNESDAY, 20) + at("a", WEDNESDAY, 8, 2, "click")
    assert best(events, [("a", "TR", HERE)]) == {"a": (20, 3, "own")}


def test_equals_are_decided_for_the_earlier_hour_and_weekday() -> None:
    events = at("a", WEDNESDAY, 8, 3) + at("a", MONDAY, 21, 3)
    assert best(events, [("a", "TR", HERE)]) == {"a": (8, 1, "own")}


def test_hours_are_read_from_the_customers_clock() -> None:
    events = at("a", MONDAY, 5, 5)
    # Five on Monday in Istanbul is nine there, and Sunday evening at seven in Los Angeles.
    assert best(events, [("a", None, "Asia/Ho_Chi_Minh")]) == {"a": (9, 1, "own")}
    assert best(events, [("a", None, "America/Los_Angeles")]) == {"a": (19, 7, "own")}


def test_visits_do_not_count_nor_what_is_older_than_a_year_nor_what_comes_later() -> None:
    events = at("a", MONDAY, 20, 9, "visit") + at("a", MONDAY - dt.timedelta(days=400), 20, 9)
    events += at("a", AS_OF + dt.timedelta(hours=1), 0, 9)
    assert best(events, [("a", "TR", HERE)]) == {"a": (10, None, "default")}


def test_who_has_too_few_gets_the_hour_of_the_country_and_then_of_everybody() -> None:
    events = at("a", MONDAY, 20, 50) + at("b", WEDNESDAY, 8, 4)
    people = [("a", "TR", HERE), ("b", "TR", HERE), ("c", "DE", HERE), ("d", None, HERE)]
    assert best(events, people) == {
        "a": (20, 1, "own"), "b": (20, 1, "country"), "c": (20, 1, "all"), "d": (20, 1, "all"),
    }  # fmt: skip


def test_a_country_with_too_few_is_not_asked() -> None:
    events = at("a", MONDAY, 20, 60) + at("b", WEDNESDAY, 8, 40)
    people = [("a", "TR", HERE), ("b", "DE", HERE), ("c", "DE", HERE)]
    assert best(events, people)["c"] == (20, 1, "all")


def test_without_any_events_it_is_ten_on_any_day() -> None:
    customers = pl.DataFrame({"customer_id": ["b", "a"], "zone": [HERE, HERE]})
    expected = pl.DataFrame([("a", 10, None, "default"), ("b", 10, None, "default")], COLUMNS, orient="row")
    assert_frame_equal(best_times(None, customers, AS_OF, ISTANBUL), expected)
    assert best([], [("a", "TR", HERE)]) == {"a": (10, None, "default")}
    assert best(at("a", MONDAY, 20, 9, "visit"), []) == {}


def test_the_order_of_rows_does_not_matter() -> None:
    chance = random.Random(3)
    events = [
        event
        for number in range(40)
        for event in at(f"c{number % 7}", MONDAY + dt.timedelta(days=number % 5), chance.randrange(24), 3)
    ]
    people = [(f"c{number}", "TR" if number % 2 else "US", HERE) for number in range(8)]
    first = best(events, people)
    chance.shuffle(events)
    chance.shuffle(people)
    assert best(events, people) == first
