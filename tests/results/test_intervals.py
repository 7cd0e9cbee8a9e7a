"""The intervals against an independent statistics package, and how often they hold the truth."""

from __future__ import annotations

import warnings
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.results import intervals
from segcli.results.intervals import Difference, Moments, mean_difference, rate_difference
from tests.results.journals import results, simulated

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what another package warns of as it loads is not ours to mend
    from statsmodels.stats.proportion import confint_proportions_2indep
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW


def newcombe(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float]:
    low, high = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff", alpha=0.05)
    return float(low), float(high)


def moments(cents: np.ndarray) -> Moments:
    values = [int(value) for value in cents]
    return Moments(len(values), Fraction(sum(values), 100), Fraction(sum(value**2 for value in values), 10_000))


def bounds(found: Difference | None) -> tuple[float | None, float | None]:
    assert found is not None
    return found.low, found.high


@pytest.mark.parametrize("lift", [-0.02, 0.0, 0.01, 0.05])
def test_a_simulated_campaign_agrees_with_statsmodels(lift: float) -> None:
    messages, bought, sent, spent = simulated(6000, 0.1, 0.04, lift, seed=int(1000 * (1 + lift)))
    found = results(messages, bought)["c.hello"]
    groups = [(int((spent[arm] > 0).sum()), int(arm.sum())) for arm in (sent, ~sent)]
    assert [(arm.converted, arm.people) for arm in (found.sent, found.held_out)] == groups
    assert bounds(found.conversion) == pytest.approx(newcombe(*groups), abs=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        welch = CompareMeans(DescrStatsW(spent[sent]), DescrStatsW(spent[~sent])).tconfint_diff(usevar="unequal")
    assert found.spending is not None
    assert found.spending.value == pytest.approx(spent[sent].mean() - spent[~sent].mean(), abs=1e-9)
    assert bounds(found.spending) == pytest.approx(welch, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((56, 70), (48, 80)),
        ((9, 10), (3, 10)),
        ((10, 10), (0, 20)),
        ((10, 10), (20, 20)),
        ((0, 7), (0, 9)),
        ((1, 1), (0, 1)),
    ],
)
def test_newcombes_interval_agrees_with_statsmodels_at_the_edges(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    assert bounds(rate_difference(first, second)) == pytest.approx(newcombe(first, second), abs=1e-12)


def test_newcombes_interval_is_the_published_one() -> None:
    # Method 10 of table II in Newcombe (1998): 56/70 against 48/80, and 10/10 against 0/20.
    assert bounds(rate_difference((56, 70), (48, 80))) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert bounds(rate_difference((10, 10), (0, 20))) == pytest.approx((0.6791, 1.0), abs=5e-5)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_the_interval_of_rates_holds_their_difference_and_turns_with_the_groups(data: st.DataObject) -> None:
    first, second = (
        (data.draw(st.integers(0, people)), people)
        for people in data.draw(st.tuples(st.integers(1, 500), st.integers(1, 500)))
    )
    found, turned = rate_difference(first, second), rate_difference(second, first)
    assert found is not None and found.low is not None and found.high is not None
    assert -1 - 1e-9 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1 + 1e-9
    assert bounds(turned) == pytest.approx((-found.high, -found.low))


@pytest.mark.parametrize(("held_out", "rate", "lift"), [(0.1, 0.05, 0.0), (0.1, 0.03, 0.01), (0.5, 0.2, -0.05)])
def test_newcombes_interval_holds_the_true_difference_19_times_of_20(
    held_out: float, rate: float, lift: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same counts come again and again, and scipy works out a p-value beside each interval.
    monkeypatch.setattr(intervals, "_wilson", cache(intervals._wilson))
    chance = np.random.default_rng(20260630)
    campaigns, people = 5000, 4000
    others = round(people * held_out)
    sent = chance.binomial(people - others, rate + lift, campaigns)
    unsent = chance.binomial(others, rate, campaigns)
    found = [
        rate_difference((one, people - others), (two, others))
        for one, two in zip(sent.tolist(), unsent.tolist(), strict=True)
    ]
    held = [each.low <= lift <= each.high for each in found if each and each.low is not None and each.high is not None]
    assert len(held) == campaigns
    assert 0.935 <= np.mean(held) <= 0.968


@pytest.mark.parametrize("lift", [0.0, 0.02])
def test_welchs_interval_holds_the_true_difference_19_times_of_20(lift: float) -> None:
    chance = np.random.default_rng(630)
    campaigns, rate, groups = 2500, 0.06, (8000, 2000)
    mean = float(np.exp(3.5 + 0.6**2 / 2))
    sides = []
    for people, of_them in zip(groups, (rate + lift, rate), strict=True):
        buyers = chance.binomial(people, of_them, campaigns)
        cents = np.round(chance.lognormal(3.5, 0.6, int(buyers.sum())) * 100).astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(buyers)[:-1]])
        sums, squares = np.add.reduceat(cents, starts), np.add.reduceat(cents**2, starts)
        sides.append(
            [
                Moments(people, Fraction(int(total), 100), Fraction(int(square), 10_000))
                for total, square in zip(sums, squares, strict=True)
            ]
        )
    found = [mean_difference(one, two) for one, two in zip(*sides, strict=True)]
    held = [
        each.low <= lift * mean <= each.high
        for each in found
        if each and each.low is not None and each.high is not None
    ]
    assert len(held) == campaigns
    assert 0.935 <= np.mean(held) <= 0.968


def test_means_agree_with_statsmodels_for_small_groups() -> None:
    first, second = np.array([0, 0, 1250, 9999]), np.array([0, 310])
    expected = CompareMeans(DescrStatsW(first / 100), DescrStatsW(second / 100)).tconfint_diff(usevar="unequal")
    assert bounds(mean_difference(moments(first), moments(second))) == pytest.approx(expected)


def test_sums_of_money_stay_exact_however_large() -> None:
    # As floats the squares of these would lose the cent by which they differ.
    large = [10**12, 10**12 + 1]
    found = moments(np.array(large))
    assert found.variance == Fraction(1, 2) / 10_000


def test_a_single_person_has_no_interval_of_the_mean() -> None:
    assert mean_difference(moments(np.array([500])), moments(np.array([0, 100]))) == Difference(4.5, None, None)


def test_where_nobody_spent_anything_no_interval_is_made_up() -> None:
    nothing = moments(np.zeros(50))
    assert mean_difference(nothing, nothing) == Difference(0.0, None, None)


def test_an_empty_group_cannot_be_compared() -> None:
    assert rate_difference((0, 0), (1, 2)) is None
    assert mean_difference(moments(np.array([])), moments(np.array([1]))) is None
