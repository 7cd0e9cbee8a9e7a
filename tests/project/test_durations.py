import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcli.project.durations import duration_hint, duration_text, parse_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90d", dt.timedelta(days=90)),
        ("48h", dt.timedelta(hours=48)),
        ("2w", dt.timedelta(days=14)),
        ("15m", dt.timedelta(minutes=15)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, span: dt.timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text", ["", "90", "0d", "-1d", "1.5d", "90 d", "3mo", "1y", "d", "٣d", "99999999999999d", "90d\n"]
)
def test_anything_else_is_none(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("90", "Write 90d"),
        ("90 days", "Write 90d."),
        ("3 months", "90d"),
        ("1y", "365d"),
        ("soon", "a whole number"),
        ("0", "Write 0d."),
    ],
)
def test_the_hint_leads_to_a_duration(text: str, hint: str) -> None:
    assert hint in duration_hint(text)


@pytest.mark.parametrize("text", ["0d", "0h", "0m", "0w"])
def test_nothing_is_a_duration_where_it_is_allowed(text: str) -> None:
    assert parse_duration(text, from_zero=True) == dt.timedelta(0)
    assert parse_duration("00d", from_zero=True) is None


@given(st.integers(min_value=1, max_value=40_000_000))
def test_a_duration_is_written_as_it_would_be_read(minutes: int) -> None:
    span = dt.timedelta(minutes=minutes)
    assert parse_duration(duration_text(span)) == span


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    parse_duration(text)
    duration_hint(text)
