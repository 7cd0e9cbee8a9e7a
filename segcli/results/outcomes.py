"""What a step or a whole campaign brought: the two groups, their differences, and what these allow to say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from segcli.results.intervals import Difference, Moments, mean_difference, rate_difference

# A rate of a smaller group swings too much for any use, even where its interval is honest about that.
FEWEST_PEOPLE = 100
# Orders to expect in each group if the message did nothing: W. G. Cochran's rule for comparing counts,
# Some methods for strengthening the common chi-square tests, Biometrics 10 (1954) 417-451. By the orders that are
# expected and not by those that came, or a campaign without which nobody buys could never be found out.
FEWEST_BUYERS = 5
CENTS = 100  # of a unit of the currency


class Verdict(StrEnum):
    """What the numbers allow to say, in the words that people read."""

    MORE = "more bought"
    FEWER = "fewer bought"
    NO_DIFFERENCE = "no difference shown"
    TOO_LITTLE = "too little to say"
    TOO_EARLY = "too early to say"
    NO_HOLDOUT = "nobody held out"


@dataclass(frozen=True)
class Group:
    """People whose window is over, how many of them ordered in it, for how much; and who is too young to count.

    `cents` and `squares` are the sums, over these people, of what each spent and of its square; `unpriced` counts
    orders without an amount.
    """

    people: int = 0
    young: int = 0
    converted: int = 0
    cents: int = 0
    squares: int = 0
    unpriced: int = 0

    @property
    def rate(self) -> float | None:
        return self.converted / self.people if self.people else None

    @property
    def revenue(self) -> Decimal | None:
        return None if self.unpriced else money(self.cents)

    @property
    def revenue_per_person(self) -> Decimal | None:
        """Rounded half to even cents; null where nobody counts or an amount is not known."""
        return money(Fraction(self.cents, self.people)) if self.people and not self.unpriced else None

    @property
    def moments(self) -> Moments:
        return Moments(self.people, Fraction(self.cents, CENTS), Fraction(self.squares, CENTS**2))


@dataclass(frozen=True)
class LastTouch:
    """Messages sent, and the orders of which one of them was the last message before, within the window."""

    messages: int = 0
    orders: int = 0
    cents: int = 0
    unpriced: int = 0

    @property
    def revenue(self) -> Decimal | None:
        return None if self.unpriced else money(self.cents)


@dataclass(frozen=True)
class Needed:
    """How many people have to be written to for one more buyer; null where no number of them brings one."""

    number: int | None
    low: int | None
    high: int | None

    def __str__(self) -> str:
        if self.low is None:
            return "none: buyers lost"
        if self.number is None:
            return f"none (at best {self.low:,})"
        return f"{self.number:,} ({self.low:,} to {'endless' if self.high is None else format(self.high, ',')})"


@dataclass(frozen=True)
class StepResult:
    """What one step brought, or a whole campaign (`step` null, `number` -1): see `campaign_results`."""

    campaign: str
    step: str | None
    number: int
    sent: Group
    held_out: Group
    last_touch: LastTouch
    conversion: Difference | None  # of the shares who bought
    spending: Difference | None  # of the revenue per person

    @property
    def lift(self) -> float | None:
        """How much more of the sent bought, relative to the held out: 0.25 is a quarter more."""
        base = self.held_out.rate
        return self.conversion.value / base if self.conversion and base else None

    @property
    def spending_lift(self) -> float | None:
        if self.spending is None or not self.held_out.cents:
            return None
        return self.spending.value / float(self.held_out.moments.mean)

    @property
    def needed(self) -> Needed | None:
        """The reciprocal of the difference in conversion; its interval turns round, and is open if that holds zero.

        D. G. Altman, Confidence intervals for the number needed to treat, BMJ 317 (1998) 1309-1312.
        """
        if self.conversion is None:
            return None
        found = self.conversion
        return Needed(*(_people_per_buyer(bound) for bound in (found.value, found.high, found.low)))

    @property
    def extra_buyers(self) -> Difference | None:
        return self._among_the_sent(self.conversion)

    @property
    def extra_revenue(self) -> Difference | None:
        """What the sent spent more than they would have unsent, by estimate."""
        return self._among_the_sent(self.spending)

    def _among_the_sent(self, found: Difference | None) -> Difference | None:
        if found is None:
            return None
        people = self.sent.people
        bounds = (None if bound is None else bound * people for bound in (found.low, found.high))
        return Difference(found.value * people, *bounds)

    @property
    def verdict(self) -> Verdict:
        """What may be said of conversion, with too little data said before anything else."""
        sent, held_out = self.sent, self.held_out
        if not held_out.people + held_out.young:
            return Verdict.NO_HOLDOUT
        if not sent.people or not held_out.people:
            return Verdict.TOO_EARLY if sent.young or held_out.young else Verdict.TOO_LITTLE
        fewest = min(sent.people, held_out.people)
        expected = fewest * Fraction(sent.converted + held_out.converted, sent.people + held_out.people)
        if fewest < FEWEST_PEOPLE or expected < FEWEST_BUYERS or self.conversion is None:
            return Verdict.TOO_LITTLE
        return {1: Verdict.MORE, -1: Verdict.FEWER, 0: Verdict.NO_DIFFERENCE}[self.conversion.direction]


def compared(
    campaign: str, step: str | None, number: int, sent: Group, held_out: Group, last_touch: LastTouch
) -> StepResult:
    """A result with its differences worked out."""
    priced = not sent.unpriced and not held_out.unpriced
    conversion = rate_difference((sent.converted, sent.people), (held_out.converted, held_out.people))
    spending = mean_difference(sent.moments, held_out.moments) if priced else None
    return StepResult(campaign, step, number, sent, held_out, last_touch, conversion, spending)


def money(cents: int | Fraction) -> Decimal:
    """Whole cents, or a fraction of them rounded half to even, as an amount."""
    return Decimal(round(cents)).scaleb(-2)


def _people_per_buyer(difference: float | None) -> int | None:
    # Rounded first: 1 / 0.07 - 0.06 is a hair above 100.
    return math.ceil(round(1 / difference, 6)) if difference is not None and difference > 0 else None
