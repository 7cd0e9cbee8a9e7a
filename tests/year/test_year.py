"""A year with few runs of the whole recipe book; `python -m tests.year` lives every day, and takes most of an hour.

A run of the book takes four seconds of processor time, so a test can have only so many: five over the year,
and in its middle some days and hours one after the other, in which series go on from step to step.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shops import SAMPLE
from tests.year.living import Year, live, moments
from tests.year.promises import silent
from tests.year.telling import broken_promises, pictured

# What any shop has somebody for within days.
EVERYDAY = {
    "cart_series", "first_cart_hook", "order_arrived", "order_confirmed", "order_shipped", "signup_confirmation",
    "thank_you_series", "welcome", "winback", "re_engagement", "after_delivery", "call_back", "weather_wet",
}  # fmt: skip


@pytest.mark.slow
def test_a_year_of_the_whole_book_breaks_no_promise(tmp_path: Path) -> None:
    *_, year = live(tmp_path, SAMPLE, moments(days=365, every=90, hours=2, daily=5))
    assert isinstance(year, Year)
    print(pictured(year))
    assert not broken_promises(year)
    assert year.runs == 10
    assert not EVERYDAY & {*silent(year)}
    steps = year.sent.group_by("campaign", "customer_id", "series").len()
    assert (steps["len"] > 1).any(), "no series went on to a second step"
