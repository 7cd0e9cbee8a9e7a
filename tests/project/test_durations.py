import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcli.project.durations import duration_hint, parse_duration


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
    ],
)
def test_the_hint_leads_to_a_duration(text: str, hint: str) -> None:
    assert hint in duration_hint(text)


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    parse_duration(text)
    duration_hint(text)
