"""Real purchase histories, straight from their files: the totals that others published of them come out."""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from segcli.cli.gate import run

DATA = Path(__file__).parents[2] / "shared" / "data"
CDNOW = DATA / "cdnow" / "cdnow_master.csv"
JOURNEY = DATA / "completejourney"
BASKETS = JOURNEY / "transactions_sample.csv.gz"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data to try: {DATA} is not there")


def segment(path: Path, as_of: str, out: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `segcli segment --json` answers, with the customers that it wrote under `people`."""
    code = run(["segment", str(path), "--as-of", as_of, "--out", str(out), "--json"])
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    answer: dict[str, Any] = json.loads(printed.out)
    return {**answer, "people": pl.read_parquet(Path(answer["run"]) / "customers.parquet")}


def totals(people: pl.DataFrame) -> tuple[int, int, Decimal]:
    return people.height, people["orders"].sum(), people["spend"].sum()


def groups(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [item for item in answer["segments"] if item["name"].startswith(f"{name}-")]


def test_cdnow_comes_out_as_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = segment(CDNOW, "1998-07-01", tmp_path, capsys)
    assert totals(answer["people"]) == (23_570, 69_659, Decimal("2500315.63"))
    assert (answer["customers"], answer["rejected"], answer["as_of"]) == (23_570, 0, "1998-07-01T00:00")
    for name in ("rfm", "lifecycle"):
        found = groups(answer, name)
        assert sum(item["customers"] for item in found) == 23_570
        assert sum(Decimal(item["spend"]) for item in found) == Decimal("2500315.63")
    people = answer["people"]
    assert {item["name"].removeprefix("rfm-"): item["customers"] for item in groups(answer, "rfm")} == dict(
        people["rfm_group"].value_counts().iter_rows()
    )


@pytest.mark.slow
def test_cdnow_customers_are_those_of_its_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = segment(CDNOW, "1998-07-01", tmp_path, capsys)["people"]
    orders: Counter[str] = Counter()
    spend: dict[str, Decimal] = {}
    with CDNOW.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            customer = line["customer_id"]  # which begins with zeros
            orders[customer] += 1
            spend[customer] = spend.get(customer, Decimal(0)) + Decimal(line["revenue"])
    assert dict(people.select("customer_id", "orders").iter_rows()) == dict(orders)
    assert dict(people.select("customer_id", "spend").iter_rows()) == spend


@pytest.mark.slow
def test_a_past_day_of_cdnow_knows_nothing_of_later_purchases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = segment(CDNOW, "1997-10-01", tmp_path, capsys)["people"]
    with CDNOW.open(encoding="utf-8", newline="") as lines:
        past = [line for line in csv.DictReader(lines) if line["order_date"] <= "1997-10-01"]
    spend = sum(Decimal(line["revenue"]) for line in past)
    assert totals(people) == (len({line["customer_id"] for line in past}), len(past), spend)


@pytest.mark.parametrize("path", [JOURNEY, BASKETS], ids=["the whole folder", "the baskets alone"])
def test_the_complete_journey_comes_out_as_published(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Its clock is another than its calendar: the last basket of 2017 bears the time 2018-01-01 04:01.
    answer = segment(path, "2018-01-02", tmp_path, capsys)
    assert totals(answer["people"]) == (2_377, 47_243, Decimal("233935.24"))
    assert (answer["customers"], answer["rejected"]) == (2_377, 0)
    assert sum(item["customers"] for item in groups(answer, "rfm")) == 2_377
    assert sum(Decimal(item["spend"]) for item in groups(answer, "rfm")) == Decimal("233935.24")
