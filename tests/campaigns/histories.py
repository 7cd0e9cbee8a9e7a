"""Random recipes of one campaign and random histories of customers: what exports show of them at a moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from hypothesis import strategies as st

from tests.campaigns.calendar import Calendar, Rows, hours

HOUR = dt.timedelta(hours=1)
STARTS = {
    "field": "joined_at",
    "cart": "{from: carts, at: last_activity_at, where: abandoned}",
    "visit": "{from: events, at: at, where: \"event = 'visit'\"}",
    "entering": None,
}
TYPES = {"inside": pl.Boolean(), "over": pl.Boolean(), "likes": pl.Boolean(), "joined_at": pl.Datetime("us")}


@dataclass(frozen=True)
class Step:
    """A step; times in hours, None for what is not said."""

    after: int
    grace: int | None = None
    ahead: int | None = None
    when: str | None = None

    def holds(self, customer: Customer) -> bool:
        return self.when is None or customer.likes == (self.when == "likes")


@dataclass(frozen=True)
class Recipe:
    """A recipe of one campaign; `again` in hours, -1 for never."""

    kind: str
    steps: tuple[Step, ...]
    again: int | None = None
    until: bool = False
    existing: bool = False

    @property
    def text(self) -> str:
        keys = {
            "start": STARTS[self.kind], "until": "over" if self.until else None,
            "again_after": None if self.again is None else "never" if self.again < 0 else f"{self.again}h",
            "existing": "true" if self.existing and self.kind == "entering" else None,
        }  # fmt: skip
        lines = ["campaigns:", "  it:", "    audience: inside"]
        lines += [f"    {key}: {value}" for key, value in keys.items() if value is not None]
        lines.append("    steps:")
        for number, step in enumerate(self.steps):
            own = [f"message: m{number}", f"after: {step.after}h"]
            own += [f"grace: {step.grace}h"] if step.grace is not None else []
            own += [f"ahead: {step.ahead}h"] if step.ahead is not None else []
            own += [f"when: {step.when}"] if step.when is not None else []
            lines.append(f"      - {{{', '.join(own)}}}")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Customer:
    """A customer's history in hours. `inside` and `over` change at each of their moments, from false on; `joined`
    are what an export says from when on; `carts` their activities and perhaps their closing."""

    name: str
    inside: tuple[float, ...] = (0.0,)
    over: tuple[float, ...] = ()
    joined: tuple[tuple[float, float], ...] = ()
    carts: tuple[tuple[tuple[float, ...], float | None], ...] = ()
    visits: tuple[float, ...] = ()
    likes: bool = True

    def is_inside(self, as_of: dt.datetime) -> bool:
        return _turned(self.inside, as_of)

    def is_over(self, as_of: dt.datetime) -> bool:
        return _turned(self.over, as_of)

    def start(self, as_of: dt.datetime) -> dt.datetime | None:
        """The field; it moves by minutes from one export to the next."""
        known = [value for since, value in self.joined if hours(since) <= as_of]
        return hours(known[-1]) + _jitter(as_of) if known else None

    def cart_rows(self, as_of: dt.datetime) -> Rows:
        rows: Rows = []
        for number, (activities, closed) in enumerate(self.carts):
            seen = [hours(at) for at in activities if hours(at) <= as_of]
            if seen:
                rows.append({
                    "cart_id": f"{self.name}{number}", "customer_id": self.name, "last_activity_at": seen[-1],
                    "abandoned": closed is None or as_of < hours(closed),
                })  # fmt: skip
        return rows

    def visit_rows(self, as_of: dt.datetime) -> Rows:
        seen = [hours(at) for at in self.visits if hours(at) + HOUR <= as_of]
        return [{"customer_id": self.name, "event": "visit", "at": at + _jitter(as_of)} for at in seen]

    def starts(self, recipe: Recipe, as_of: dt.datetime) -> set[dt.datetime]:
        """Every start that the exports of this moment show."""
        if recipe.kind == "cart":
            return {row["last_activity_at"] for row in self.cart_rows(as_of) if row["abandoned"]}
        if recipe.kind == "visit":
            return {row["at"] for row in self.visit_rows(as_of)}
        start = self.start(as_of)
        return set() if start is None else {start}


def _turned(moments: tuple[float, ...], as_of: dt.datetime) -> bool:
    return sum(hours(at) <= as_of for at in moments) % 2 == 1


def _jitter(as_of: dt.datetime) -> dt.timedelta:
    return dt.timedelta(minutes=(as_of - hours(0)) // HOUR * 7 % 50)


def calendar_of(recipe: Recipe, customers: tuple[Customer, ...], folder: Path) -> Calendar:
    """The calendar of these customers under this recipe, before any run."""

    def people(as_of: dt.datetime) -> Rows:
        return [
            {"customer_id": each.name, "inside": each.is_inside(as_of), "over": each.is_over(as_of),
             "likes": each.likes, "joined_at": each.start(as_of)}
            for each in customers
        ]  # fmt: skip

    def tables(as_of: dt.datetime) -> dict[str, Rows]:
        # A row of a stranger, for the columns.
        cart = {"cart_id": "none", "customer_id": "nobody", "last_activity_at": hours(0), "abandoned": False}
        visit = {"customer_id": "nobody", "event": "open", "at": hours(0)}
        if recipe.kind == "cart":
            return {"carts": [cart, *(row for each in customers for row in each.cart_rows(as_of))]}
        if recipe.kind == "visit":
            return {"events": [visit, *(row for each in customers for row in each.visit_rows(as_of))]}
        return {}

    return Calendar(recipe.text, folder, people, TYPES, tables)


def recipes(kind: str, *, steady: bool = False) -> st.SearchStrategy[Recipe]:
    """Recipes of a kind; `steady` ones have no end."""
    spans = st.sampled_from([None, None, 3, 24, 100])
    step = st.builds(
        Step, st.sampled_from([0, 1, 2, 6, 12, 24, 30, 48, 60]), spans, st.sampled_from([None, None, 2, 24]),
        st.sampled_from([None, None, None, "likes", "not likes"]),
    )  # fmt: skip
    steps = st.lists(step, min_size=1, max_size=5, unique_by=lambda each: each.after)
    return st.builds(
        Recipe, st.just(kind), steps.map(lambda found: tuple(sorted(found, key=lambda s: s.after))),
        st.sampled_from([None, None, 12, 60, 200, -1]), st.just(value=False) if steady else st.booleans(),
        st.booleans(),
    )  # fmt: skip


def _moments(days: int) -> st.SearchStrategy[float]:
    return st.integers(0, days * 48).map(lambda half: half / 2)


def _rising(moment: st.SearchStrategy[float], most: int, least: int = 0) -> st.SearchStrategy[tuple[float, ...]]:
    return st.lists(moment, min_size=least, max_size=most, unique=True).map(lambda found: tuple(sorted(found)))


@st.composite
def customers(draw: st.DrawFn, days: int = 10, *, steady: bool = False) -> tuple[Customer, ...]:
    """Up to eight customers; `steady` ones stay in the audience once they are in it, close no cart,
    and their starts are in the export within hours."""
    moment, found = _moments(days), []
    for number in range(draw(st.integers(3, 8))):
        late = st.sampled_from([0, 2] if steady else [0, 0, 2, 30, 90])
        joined = tuple((since, since - draw(late)) for since in draw(_rising(moment, 5, 2)))
        carts = tuple(
            (activities, None if steady else draw(st.sampled_from([None, None, None, 100.0, 150.0])))
            for activities in draw(st.lists(_rising(moment, 3, 1), min_size=1, max_size=4))
        )
        first = draw(st.sampled_from([1.0, 1.0, 20.0] if steady else [0.0, 0.0, 1.0, 20.0]))
        inside = (first,) if steady else tuple(sorted({first, *draw(st.just(()) | _rising(moment, 6, 2))}))
        over = () if steady else draw(st.just(()) | _rising(moment, 3))
        visits, likes = draw(_rising(moment, 8, 2)), draw(st.booleans())
        found.append(Customer("abcdefgh"[number], inside, over, joined, carts, visits, likes))
    return tuple(found)


def run_moments(longest: int, most: int) -> st.SearchStrategy[tuple[dt.datetime, ...]]:
    """Moments of runs up to so many hours apart, the first at the beginning."""
    gaps = st.lists(st.integers(1, longest * 2).map(lambda half: half / 2), min_size=most // 2, max_size=most)
    return gaps.map(lambda found: tuple(hours(sum(found[:count])) for count in range(len(found) + 1)))
