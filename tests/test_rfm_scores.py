"""RFM measures, scores and groups against a second computation: plain Python over the files, without Polars."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from segcli import pipeline
from segcli.problems import Problems
from segcli.project.projects import load_project

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_data"
CDNOW = ROOT.parent / "shared" / "data" / "cdnow" / "cdnow_master.csv"
RECIPES = ["rfm", "rfm-klaviyo", "rfm-grid"]
COLUMNS = (
    "customer_id", "orders", "spend", "recency_days", "r_score", "f_score", "m_score", "rfm_score", "rfm_group",
    "klaviyo_r", "klaviyo_f", "klaviyo_m", "klaviyo_code", "klaviyo_group", "grid_r", "grid_f", "grid_group",
)  # fmt: skip
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Order:
    """One counted order: whose, when, how much."""

    customer: str
    at: dt.datetime
    amount: Decimal


# ---- The scores, from the words of the recipes. ----


def quantiles(values: Iterable[Any], bins: int) -> list[Any]:
    """The values at the positions k/bins of the sorted ones, of the `lower` kind."""
    ordered = sorted(values)
    return [ordered[int(Fraction(k * (len(ordered) - 1), bins))] for k in range(1, bins)]


def score(value: Any, cuts: Sequence[Any]) -> int:
    return 1 + sum(cut < value for cut in cuts)


def putler_group(r: int, fm: Fraction) -> str:
    """The table in the default recipe, a row for each recency score from 5 down; columns by fm above 1, 2, 3, 4."""
    rows = {
        5: "recent potential-loyalists potential-loyalists loyal champions",
        4: "promising potential-loyalists potential-loyalists loyal loyal",
        3: "about-to-sleep about-to-sleep needs-attention loyal loyal",
        2: "lost hibernating at-risk at-risk at-risk",
        1: "lost lost at-risk at-risk cant-lose",
    }
    return rows[r].split()[sum(fm > step for step in (1, 2, 3, 4))]


KLAVIYO = {
    "champions": "333 332 323", "loyal": "321 322 331 232 233", "recent": "312 313 311 222 223",
    "needs-attention": "213 221 123 132 133", "at-risk": "231 212 122 131 211", "inactive": "111 112 113 121",
}  # fmt: skip
KLAVIYO_GROUPS = {int(code): name for name, codes in KLAVIYO.items() for code in codes.split()}
GRID = {
    5: "new-customers potential-loyalists potential-loyalists champions champions",
    4: "promising potential-loyalists potential-loyalists loyal-customers loyal-customers",
    3: "about-to-sleep about-to-sleep needs-attention loyal-customers loyal-customers",
    2: "hibernating hibernating at-risk at-risk cant-lose",
    1: "hibernating hibernating at-risk at-risk cant-lose",
}


def expected_rows(customers: Iterable[str], orders: Iterable[Order], as_of: dt.datetime) -> dict[str, Row]:
    """Customer -> every measure, score and group; those who never bought have no recency and no scores."""
    theirs: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        theirs[order.customer].append(order)
    recency = {who: (as_of - max(each.at for each in bought)).days for who, bought in theirs.items()}
    spend = {who: sum((each.amount for each in bought), Decimal(0)) for who, bought in theirs.items()}
    counts = {who: len(bought) for who, bought in theirs.items()}
    recent, spent = quantiles(recency.values(), 5), quantiles(spend.values(), 5)
    thirds = quantiles(counts.values(), 3), quantiles(spend.values(), 3)
    rows: dict[str, Row] = {
        who: dict.fromkeys(COLUMNS) | {"customer_id": who, "orders": 0, "spend": Decimal(0)} for who in customers
    }
    for who in theirs:
        r, f, m = 6 - score(recency[who], recent), score(counts[who], (1, 2, 4, 8)), score(spend[who], spent)
        kr = 4 - score(recency[who], (180, 365))
        kf, km = score(counts[who], thirds[0]), score(spend[who], thirds[1])
        code = 100 * kr + 10 * kf + km
        values = (
            who, counts[who], spend[who], recency[who], r, f, m, 100 * r + 10 * f + m,
            putler_group(r, Fraction(f + m, 2)), kr, kf, km, code, KLAVIYO_GROUPS[code], r, f, GRID[r].split()[f - 1],
        )  # fmt: skip
        rows[who] = dict(zip(COLUMNS, values, strict=True))
    return rows


# ---- Whose an order is, and which orders count. ----


class Groups:
    """Names that belong together (union-find); the smallest name stands for its group."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}

    def find(self, name: str) -> str:
        while (parent := self.parents.setdefault(name, name)) != name:
            name = parent
        return name

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self.find(one), self.find(other)))
        self.parents[second] = first


@dataclass(frozen=True)
class Contact:
    """What a record says of whom it is about; empty where it does not."""

    customer_id: str
    email: str
    phone: str

    @property
    def names(self) -> list[str]:
        """With a digit before each, so that ids come before emails before phones."""
        pairs = (("1", self.customer_id), ("2", self.email))
        return [digit + name for digit, name in pairs if name]


def person_keys(contacts: Sequence[Contact]) -> Callable[[Contact], str]:
    """Who a record is of: joined by id and email; a phone joins those without an email, and to its only owner."""
    groups = Groups()
    for contact in contacts:
        for one, other in zip(contact.names, contact.names[1:], strict=False):
            groups.join(one, other)
    emailed = {groups.find(name) for contact in contacts for name in contact.names if contact.email}
    owners: dict[str, set[str]] = defaultdict(set)
    for contact in contacts:
        if contact.phone:
            group = groups.find(contact.names[0]) if contact.names else None
            if group in emailed:
                owners[contact.phone].add(str(group))
            else:
                groups.join(f"3{contact.phone}", group or f"3{contact.phone}")
    without_email: dict[str, set[str]] = defaultdict(set)
    for phone, people in owners.items():
        if f"3{phone}" in groups.parents:
            without_email[groups.find(f"3{phone}")] |= people
    for group, people in without_email.items():
        if len(people) == 1:
            groups.join(group, *people)
    return lambda contact: groups.find(contact.names[0] if contact.names else f"3{contact.phone}")[1:]


def lines_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def contact_of(line: Mapping[str, str]) -> Contact:
    """Of a customer's line, or the first line of an order."""
    phones = [line.get(name, "") for name in ("phone", "Phone", "Billing Phone", "Shipping Phone")]
    email = line.get("email") or line.get("Email") or ""
    return Contact(line.get("customer_id", ""), email.strip().lower(), next(filter(None, phones), "").strip("' "))


def first_lines(path: Path) -> list[dict[str, str]]:
    """The lines of a Shopify export with the facts of a whole order."""
    return [line for line in lines_of(path) if line["Total"]]


def counts(line: Mapping[str, str], as_of: dt.datetime, zone: ZoneInfo) -> bool:
    """Whether an order of the Shopify export was placed, and not cancelled, voided, refunded whole, or a test."""
    cancelled = line["Cancelled at"] and local(line["Cancelled at"], zone) <= as_of
    whole = Decimal(line["Refunded Amount"]) >= Decimal(line["Total"]) > 0
    void = line["Financial Status"] in ("voided", "refunded") or "Bogus" in line["Payment Method"]
    return local(line["Created at"], zone) <= as_of and not (cancelled or whole or void)


def local(text: str, zone: ZoneInfo) -> dt.datetime:
    time = dt.datetime.fromisoformat(text)
    return time.astimezone(zone).replace(tzinfo=None) if time.tzinfo else time


def seen(line: Mapping[str, str], as_of: dt.datetime, zone: ZoneInfo) -> bool:
    """Whether the person of a line had come by then."""
    times = [line.get(name) for name in ("created_at", "subscribed_at", "Created at", "opened_at")]
    return min((local(time, zone) for time in times if time), default=as_of) <= as_of


def sample_shop(as_of: dt.datetime) -> tuple[set[str], list[Order]]:
    """Everybody with a line among customers, orders, checkouts, tickets or points by then, and the counted orders."""
    zone = ZoneInfo("Europe/Istanbul")
    bought, left = (first_lines(SAMPLE / name) for name in ("orders_export.csv", "checkouts_export.csv"))
    people = [line for name in ("customers.csv", "support.csv", "loyalty.csv") for line in lines_of(SAMPLE / name)]
    lines = [line for line in (*people, *bought, *left) if seen(line, as_of, zone)]
    contacts = [contact_of(line) for line in lines]
    key = person_keys(contacts)
    orders = [
        Order(
            key(contact_of(line)),
            local(line["Created at"], zone),
            Decimal(line["Total"]) - Decimal(line["Refunded Amount"]),
        )
        for line in bought
        if counts(line, as_of, zone)
    ]
    return {key(contact) for contact in contacts}, orders


def found_rows(paths: list[Path], as_of: dt.datetime, scratch: Path) -> dict[str, Row]:
    problems = Problems()
    project = load_project(paths, as_of=as_of.isoformat(timespec="minutes"), recipes=RECIPES)
    prepared = pipeline.prepare(project, problems, wanted=COLUMNS)
    found = pipeline.compute(prepared, scratch).computed.customers
    return {row["customer_id"]: row for row in found.select(COLUMNS).collect().iter_rows(named=True)}


def assert_equal_rows(found: Mapping[str, Row], expected: Mapping[str, Row]) -> None:
    assert found.keys() == expected.keys()
    assert {who: row for who, row in found.items() if row != expected[who]} == {}


@pytest.mark.slow
@pytest.mark.parametrize("as_of", ["2026-06-30T09:00", "2025-11-28T00:00"])
def test_everybody_in_the_sample_shop_has_the_scores_that_plain_python_gives(as_of: str, tmp_path: Path) -> None:
    moment = dt.datetime.fromisoformat(as_of)
    customers, orders = sample_shop(moment)
    assert_equal_rows(found_rows([SAMPLE], moment, tmp_path), expected_rows(customers, orders, moment))


@pytest.mark.slow
@pytest.mark.skipif(not CDNOW.is_file(), reason=f"no real data to try: {CDNOW} is not there")
@pytest.mark.parametrize("as_of", ["1998-07-01T00:00", "1997-10-01T12:00"])
def test_everybody_in_cdnow_has_the_scores_that_plain_python_gives(as_of: str, tmp_path: Path) -> None:
    moment = dt.datetime.fromisoformat(as_of)
    orders = [
        Order(line["customer_id"], dt.datetime.fromisoformat(line["order_date"]), Decimal(line["revenue"]))
        for line in lines_of(CDNOW)
        if dt.datetime.fromisoformat(line["order_date"]) <= moment
    ]
    expected = expected_rows({order.customer for order in orders}, orders, moment)
    assert_equal_rows(found_rows([CDNOW], moment, tmp_path), expected)
