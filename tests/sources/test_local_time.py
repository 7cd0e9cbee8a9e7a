from pathlib import Path

from tests.sources.inline_sources import read, rows, source


def test_the_local_hour_and_weekday_are_those_where_the_customer_lives(tmp_path: Path) -> None:
    people = source(
        "customers", {"customer_id": ["a", "b", "c"], "timezone": ["America/New_York", None, "Nowhere/Land"]}
    )
    events = source(
        "events",
        {
            "customer_id": ["a", "a", "b", "c"],
            "at": ["2026-01-05 02:30", "2026-06-01 02:30", "2026-06-01 02:30", "2026-06-01 02:30"],
            "event": ["open"] * 4,
        },
    )
    tables = read([people, events], tmp_path)
    assert rows(tables, "events", "customer_id", "local_hour", "local_weekday") == [
        ("a", 18, 7), ("a", 19, 7), ("b", 2, 1), ("c", 2, 1),
    ]  # fmt: skip


def test_a_time_that_clocks_skip_is_taken_an_hour_on(tmp_path: Path) -> None:
    from zoneinfo import ZoneInfo

    people = source("customers", {"customer_id": ["a"], "timezone": ["Europe/London"]})
    events = source(
        "events", {"customer_id": ["a", "a"], "at": ["2026-03-29 02:30", "2025-10-26 02:30"], "event": ["open"] * 2}
    )
    tables = read([people, events], tmp_path, timezone=ZoneInfo("Europe/Berlin"))
    # 02:30 does not exist in Berlin on that day: 03:30 there is 02:30 in London. In October the first 02:30.
    assert rows(tables, "events", "local_hour") == [(1,), (2,)]
