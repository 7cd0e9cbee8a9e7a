"""Who is held out."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.campaigns.holdout import held_out

PEOPLE = pl.DataFrame({"customer_id": [f"C{number}" for number in range(20_000)]})


def held(campaign: str, share: float) -> set[str]:
    rows = PEOPLE.with_columns(campaign=pl.lit(campaign), holdout=pl.lit(share))
    return set(rows.filter(held_out())["customer_id"])


def test_the_same_customers_are_held_out_on_every_machine_and_in_every_run() -> None:
    people = [f"C{number}" for number in range(1, 11)]
    rows = pl.DataFrame({"customer_id": people, "campaign": "winback", "holdout": 0.5})
    places = [int(hashlib.sha256(f"winback\x1f{person}".encode()).hexdigest()[:13], 16) / 16**13 for person in people]
    assert rows.select(held_out()).to_series().to_list() == [place < 0.5 for place in places]
    assert rows.filter(held_out())["customer_id"].to_list() == ["C7", "C9"]


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_about_the_share_is_held_out(share: float) -> None:
    assert len(held("winback", share)) / PEOPLE.height == pytest.approx(share, rel=0.15)


def test_nobody_and_everybody() -> None:
    assert held("winback", 0.0) == set()
    assert len(held("winback", 1.0)) == PEOPLE.height


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_who_is_held_out(one: float, other: float) -> None:
    assert held("winback", min(one, other)) <= held("winback", max(one, other))


def test_each_campaign_holds_out_others() -> None:
    both = held("winback", 0.5) & held("birthday", 0.5)
    assert len(both) / PEOPLE.height == pytest.approx(0.25, rel=0.1)


def test_a_name_that_ends_as_an_id_begins_is_no_other_campaigns() -> None:
    rows = pl.DataFrame({"campaign": ["a", "a1"], "customer_id": ["11", "1"], "holdout": [0.5, 0.5]})
    places = [share / 1000 for share in range(1000)]
    found = [rows.with_columns(holdout=pl.lit(share)).select(held_out()).to_series().to_list() for share in places]
    assert any(one != other for one, other in found)
