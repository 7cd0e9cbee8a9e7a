"""What the numbers allow to say, and the people needed for one more buyer."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal

import pytest

from segcli.problems import RecipeError
from segcli.results import Group, LastTouch, Needed, StepResult, Verdict
from segcli.results.outcomes import compared
from tests.results.journals import journal, orders, results, simulated


def result(sent: tuple[int, int], held_out: tuple[int, int], each: int = 1000) -> StepResult:
    """Of (converted, people) on both sides, where each buyer spent so many cents."""
    groups = [
        Group(people=people, converted=converted, cents=converted * each, squares=converted * each**2)
        for converted, people in (sent, held_out)
    ]
    return compared("c", "a", 0, *groups, LastTouch())


@pytest.mark.parametrize(
    ("sent", "held_out", "verdict"),
    [
        ((600, 9000), (40, 1000), Verdict.MORE),
        ((40, 1000), (600, 9000), Verdict.FEWER),
        ((450, 9000), (48, 1000), Verdict.NO_DIFFERENCE),
        ((60, 9000), (0, 1000), Verdict.MORE),  # nobody buys without it: 6 would be expected
        ((0, 9000), (0, 1000), Verdict.TOO_LITTLE),
        ((36, 9000), (4, 1000), Verdict.TOO_LITTLE),
        ((900, 900), (99, 99), Verdict.TOO_LITTLE),
        ((900, 900), (100, 100), Verdict.NO_DIFFERENCE),
        ((1, 1), (0, 1), Verdict.TOO_LITTLE),
        ((0, 0), (50, 500), Verdict.TOO_LITTLE),
        ((500, 9000), (0, 0), Verdict.NO_HOLDOUT),
    ],
)
def test_the_verdict_says_no_more_than_the_numbers(
    sent: tuple[int, int], held_out: tuple[int, int], verdict: Verdict
) -> None:
    assert result(sent, held_out).verdict == verdict


def test_before_any_window_is_over_it_is_too_early() -> None:
    messages = journal("ann c.a0 2026-06-29T07:00 sent", "bo c.a0 2026-06-29T07:00 held_out")
    found = results(messages, orders())["c.a0"]
    assert (found.verdict, found.conversion, found.sent.rate) == (Verdict.TOO_EARLY, None, None)


def test_too_little_data_still_shows_its_numbers() -> None:
    found = result((3, 10), (1, 10))
    assert found.verdict == Verdict.TOO_LITTLE
    assert found.conversion is not None and found.conversion.value == pytest.approx(0.2)
    assert found.spending is not None and found.spending.low is not None


def test_without_a_holdout_only_the_last_touch_is_known() -> None:
    messages, bought, _, _ = simulated(200, 0.0, 0.1, 0.0, seed=1)
    found = results(messages, bought)["c.hello"]
    assert found.verdict == Verdict.NO_HOLDOUT
    assert (found.conversion, found.spending, found.lift, found.needed, found.extra_revenue) == (None,) * 5
    assert found.last_touch.orders > 0


@pytest.mark.parametrize(
    ("sent", "held_out", "needed", "words"),
    [
        ((700, 10000), (600, 10000), Needed(100, 60, 316), "100 (60 to 316)"),
        ((65, 1000), (60, 1000), Needed(200, 38, None), "200 (38 to endless)"),
        ((60, 1000), (65, 1000), Needed(None, 61, None), "none (at best 61)"),
        ((60, 1000), (60, 1000), Needed(None, 48, None), "none (at best 48)"),
        ((600, 10000), (700, 10000), Needed(None, None, None), "none: buyers lost"),
    ],
)
def test_the_number_needed_turns_the_interval_round(
    sent: tuple[int, int], held_out: tuple[int, int], needed: Needed, words: str
) -> None:
    found = result(sent, held_out).needed
    assert found == needed
    assert str(found) == words


def test_lifts_are_relative_to_the_held_out() -> None:
    found = result((50, 1000), (40, 1000))
    assert found.lift == pytest.approx(0.25)
    assert found.spending_lift == pytest.approx(0.25)
    nobody = result((50, 1000), (0, 1000))
    assert (nobody.lift, nobody.spending_lift) == (None, None)


def test_extra_revenue_is_the_difference_for_everybody_who_was_sent_it() -> None:
    found = result((60, 2000), (20, 1000))
    extra, each = found.extra_revenue, found.spending
    assert extra is not None and each is not None and each.low is not None
    assert extra.value == pytest.approx(200.00)
    assert extra.low == pytest.approx(2000 * each.low)
    assert found.extra_buyers is not None and found.extra_buyers.value == pytest.approx(20)


@pytest.mark.parametrize(
    ("cents", "people", "mean"), [(5, 10, "0.00"), (15, 10, "0.02"), (1, 1, "0.01"), (200, 3, "0.67")]
)
def test_revenue_per_person_is_rounded_half_to_even(cents: int, people: int, mean: str) -> None:
    assert Group(people=people, cents=cents).revenue_per_person == Decimal(mean)


def test_without_scipy_there_is_one_message_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(RecipeError, match="pip install"):
        result((5, 10), (5, 10))


def test_the_window_decides_what_counts() -> None:
    messages = journal("ann c.a0 2026-06-01T07:00 sent")
    bought = orders("ann 2026-06-04T07:00 5.00")
    found = {days: results(messages, bought, window=dt.timedelta(days=days))["c"].sent.converted for days in (1, 3, 7)}
    assert found == {1: 0, 3: 1, 7: 1}
