"""Differences between two groups of people with their 95 % intervals; the distributions are scipy's."""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from segcli.problems import Problem, RecipeError

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """The first group's value less the second's; without bounds where one group shows no spread to judge by."""

    value: float
    low: float | None
    high: float | None

    @property
    def direction(self) -> int:
        """1 or -1 when the whole interval lies on one side of zero, else 0."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0) - int(self.high < 0)


@dataclass(frozen=True)
class Moments:
    """So many values, the sum of them and of their squares, all exact."""

    count: int
    total: Fraction
    squares: Fraction

    @property
    def mean(self) -> Fraction:
        return self.total / self.count

    @property
    def variance(self) -> Fraction | None:
        """Of the population, estimated from the sample: null for fewer than two values."""
        return (self.squares - self.total**2 / self.count) / (self.count - 1) if self.count > 1 else None


def statistics() -> Any:
    """scipy.stats, loaded when it is needed. RecipeError with the way to install it if it is not there."""
    try:
        return importlib.import_module("scipy.stats")
    except ImportError as error:
        hint = "Install it: pip install 'scipy>=1.15'. In a clone of segcli, pip install '.[results]' does the same."
        raise RecipeError([Problem("results are counted with scipy, which is not installed.", hint=hint)]) from error


def rate_difference(first: tuple[int, int], second: tuple[int, int]) -> Difference | None:
    """Of two shares, given as (how many, of how many), with Newcombe's hybrid score interval.

    Method 10 of R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics
    in Medicine 17 (1998) 873-890: without continuity correction, from the Wilson intervals of both. None if a group
    is empty.
    """
    if not first[1] or not second[1]:
        return None
    stats = statistics()
    (one, one_low, one_high), (two, two_low, two_high) = (_wilson(stats, *share) for share in (first, second))
    value = float(Fraction(*first) - Fraction(*second))
    low = value - math.hypot(one - one_low, two_high - two)
    high = value + math.hypot(one_high - one, two - two_low)
    return Difference(value, low, high)


def _wilson(stats: Any, count: int, of: int) -> tuple[float, float, float]:
    interval = stats.binomtest(count, of).proportion_ci(confidence_level=CONFIDENCE, method="wilson")
    return count / of, float(interval.low), float(interval.high)


def mean_difference(first: Moments, second: Moments) -> Difference | None:
    """Of two means with Welch's interval: unequal variances, degrees of freedom by Welch and Satterthwaite.

    B. L. Welch, The generalization of Student's problem when several different population variances are involved,
    Biometrika 34 (1947) 28-35. None if a group is empty; without bounds if one has a single value, or all are equal.
    """
    if not first.count or not second.count:
        return None
    value = float(first.mean - second.mean)
    if first.variance is None or second.variance is None or not first.variance + second.variance:
        return Difference(value, None, None)
    one, two = first.variance / first.count, second.variance / second.count
    freedom = (one + two) ** 2 / (one**2 / (first.count - 1) + two**2 / (second.count - 1))
    reach = float(statistics().t.ppf((1 + CONFIDENCE) / 2, float(freedom))) * math.sqrt(one + two)
    return Difference(value, value - reach, value + reach)
