"""Whether a due message goes out, and the first reason against it."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segcli.campaigns.gate import (
    HELD_OUT,
    INVALID_ADDRESS,
    NO_ADDRESS,
    NO_CONSENT,
    OUTRANKED,
    OVER_CAP,
    REASONS,
    SUPPRESSED,
    decide,
)
from segcli.problems import Place
from segcli.project.campaign_models import Cap, Limits
from segcli.project.models import Expression

NOW = dt.datetime(2026, 6, 30, 9)
DAY = dt.timedelta(days=1)
PLACE = Place("segcli.yaml", 1, 1)
NO_CAPS = Limits(caps=())
COLUMNS = {
    "customer_id": pl.String, "campaign": pl.String, "moment": pl.Datetime("us"), "send_at": pl.Datetime("us"),
    "channel": pl.String, "marketing": pl.Boolean, "priority": pl.Int64, "holdout": pl.Float64, "barred": pl.String,
    "allowed": pl.Boolean, "suppressed_by": pl.String, "cap_1": pl.Boolean,
}  # fmt: skip
FREE = {
    "campaign": "winback", "moment": NOW, "send_at": NOW, "channel": "email", "marketing": True, "priority": 0,
    "holdout": 0.0, "barred": None, "allowed": True, "suppressed_by": None, "cap_1": None,
}  # fmt: skip


def due(*rows: dict[str, Any]) -> pl.DataFrame:
    """Due messages; what a row does not say is in nobody's way."""
    return pl.DataFrame([{"customer_id": "a", **FREE, **row} for row in rows], schema=COLUMNS, orient="row")


def sent(*rows: tuple[str, dt.datetime, str]) -> pl.LazyFrame:
    schema = {"customer_id": pl.String, "send_at": pl.Datetime("us"), "channel": pl.String}
    return pl.LazyFrame(list(rows), schema=schema, orient="row")


def reasons(*rows: dict[str, Any], limits: Limits = NO_CAPS, recent: pl.LazyFrame | None = None) -> list[Any]:
    return decide(due(*rows), limits, sent() if recent is None else recent)["reason"].to_list()


def test_the_words_of_the_reasons_are_fixed() -> None:
    assert REASONS == (
        "suppressed", "no address", "invalid address", "no consent", "nothing to show",
        "beaten by a campaign of higher priority", "over the cap", "held out",
    )  # fmt: skip


def test_what_nothing_stands_against_goes_out_and_the_frame_stays_as_it_was() -> None:
    rows = due({}, {"customer_id": "b"})
    expected = rows.with_columns(reason=pl.lit(None, pl.String))
    assert_frame_equal(decide(rows, NO_CAPS, sent()), expected)


def test_nothing_due_is_nothing_decided() -> None:
    assert decide(due(), Limits(), sent()).schema == {**COLUMNS, "reason": pl.String}


@pytest.mark.parametrize("reason", [SUPPRESSED, NO_ADDRESS, INVALID_ADDRESS])
def test_what_bars_a_customer_bars_transactional_messages_too(reason: str) -> None:
    assert reasons({"barred": reason}) == [reason]
    assert reasons({"barred": reason, "marketing": False}) == [reason]


def test_a_suppressing_segment_and_a_lack_of_consent_bar_marketing_only() -> None:
    assert reasons({"suppressed_by": "gone"}) == [SUPPRESSED]
    assert reasons({"suppressed_by": "gone", "marketing": False}) == [None]
    assert reasons({"allowed": False}) == [NO_CONSENT]
    assert reasons({"allowed": None}) == [NO_CONSENT]
    assert reasons({"allowed": False, "marketing": False}) == [None]


def test_a_list_for_people_asks_for_nothing_but_that_nobody_on_it_is_suppressed() -> None:
    assert reasons({"channel": "list", "allowed": None}) == [None]
    assert reasons({"channel": "list", "barred": SUPPRESSED}) == [SUPPRESSED]
    assert reasons({"channel": "list", "suppressed_by": "gone"}) == [SUPPRESSED]
    calls = [{"channel": "list", "campaign": name} for name in ("a", "b")]
    assert reasons(*calls, limits=Limits(caps=(Cap(1, DAY, PLACE),)), recent=sent(("a", NOW, "email"))) == [None, None]


def test_the_first_reason_in_the_order_of_the_design_is_the_one() -> None:
    everything = {
        "barred": SUPPRESSED, "suppressed_by": "gone", "allowed": False, "priority": -1, "holdout": 1.0, "cap_1": True,
    }  # fmt: skip
    better = {"campaign": "z", "priority": 9}
    limits = Limits(caps=(Cap(1, DAY, PLACE, Expression("true", PLACE)),))
    recent = sent(("a", NOW, "email"))
    found = []
    for change in (
        {}, {"barred": NO_ADDRESS, "suppressed_by": None}, {"barred": INVALID_ADDRESS}, {"barred": None},
        {"allowed": True},
    ):  # fmt: skip
        everything |= change
        found.append(reasons(everything, better, limits=limits, recent=recent)[0])
    found.append(reasons(everything, limits=limits, recent=recent)[0])
    found.append(reasons(everything, limits=limits)[0])
    assert found == [SUPPRESSED, NO_ADDRESS, INVALID_ADDRESS, NO_CONSENT, OUTRANKED, OVER_CAP, HELD_OUT]


def test_one_marketing_message_per_customer_and_channel_by_priority_then_moment_then_name() -> None:
    assert reasons({"priority": 1, "campaign": "b"}, {"priority": 2, "campaign": "c"}) == [OUTRANKED, None]
    assert reasons({"campaign": "a"}, {"campaign": "b", "moment": NOW - DAY}) == [OUTRANKED, None]
    assert reasons({"campaign": "b"}, {"campaign": "a"}) == [OUTRANKED, None]
    assert reasons({"campaign": "b"}, {"campaign": "a", "channel": "sms"}) == [None, None]
    assert reasons({"campaign": "b"}, {"campaign": "a", "customer_id": "b"}) == [None, None]
    assert reasons({"campaign": "b", "marketing": False}, {"campaign": "a"}) == [None, None]


def test_only_what_may_go_out_takes_part_in_the_ranking() -> None:
    assert reasons({"campaign": "b"}, {"campaign": "a", "priority": 9, "allowed": False}) == [None, NO_CONSENT]


def test_a_winner_that_is_held_out_or_over_its_cap_leaves_its_place_to_nobody() -> None:
    assert reasons({"campaign": "b"}, {"campaign": "a", "priority": 9, "holdout": 1.0}) == [OUTRANKED, HELD_OUT]
    limits = Limits(caps=(Cap(1, DAY, PLACE),))
    found = reasons(
        {"campaign": "b"}, {"campaign": "a", "priority": 9}, limits=limits, recent=sent(("a", NOW, "email"))
    )
    assert found == [OUTRANKED, OVER_CAP]


def test_transactional_messages_know_no_cap() -> None:
    limits = Limits(caps=(Cap(1, DAY, PLACE),))
    recent = sent(("a", NOW, "email"))
    assert reasons({"marketing": False}, limits=limits, recent=recent) == [None]


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from("abc"),
            "campaign": st.sampled_from(["x", "y", "z"]),
            "priority": st.integers(0, 2),
            "moment": st.integers(0, 3).map(lambda hours: NOW + dt.timedelta(hours=hours)),
            "send_at": st.integers(0, 72).map(lambda hours: NOW + dt.timedelta(hours=hours)),
            "channel": st.sampled_from(["email", "sms", "list"]),
            "marketing": st.booleans(),
            "barred": st.sampled_from([None, None, None, SUPPRESSED, NO_ADDRESS]),
            "allowed": st.sampled_from([True, True, False, None]),
            "suppressed_by": st.sampled_from([None, None, "gone"]),
            "holdout": st.sampled_from([0.0, 0.5, 1.0]),
            "cap_1": st.sampled_from([None, True, False]),
        }
    ),
    max_size=9,
    unique_by=lambda row: (row["customer_id"], row["campaign"]),
)
RECENT = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(-100, 100).map(lambda hours: NOW + dt.timedelta(hours=hours)),
        st.sampled_from(["email", "sms"]),
    ),
    max_size=12,
)
SOME_CAPS = Limits(
    caps=(Cap(2, 2 * DAY, PLACE, Expression("x", PLACE)), Cap(1, DAY, PLACE), Cap(3, 2 * DAY, PLACE, channel="sms"))
)


@settings(max_examples=40, deadline=None)
@given(ROWS, RECENT)
def test_nobody_suppressed_ever_gets_anything(rows: list[dict[str, Any]], recent: list[Any]) -> None:
    decided = decide(due(*rows), SOME_CAPS, sent(*recent))
    out = decided.filter(pl.col("reason").is_null())
    assert out.filter(pl.col("barred") == SUPPRESSED).is_empty()
    assert out.filter(pl.col("marketing"), pl.col("suppressed_by").is_not_null()).is_empty()
    assert set(decided["reason"]) <= {None, *REASONS}


@settings(max_examples=40, deadline=None)
@given(ROWS, RECENT, st.randoms())
def test_the_order_of_the_rows_does_not_matter(rows: list[dict[str, Any]], recent: list[Any], chance: Any) -> None:
    decided = decide(due(*rows), SOME_CAPS, sent(*recent)).sort("customer_id", "campaign")
    chance.shuffle(rows)
    chance.shuffle(recent)
    again = decide(due(*rows), SOME_CAPS, sent(*recent)).sort("customer_id", "campaign")
    assert_frame_equal(decided, again)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(0, 60))
def test_no_window_ever_holds_more_than_the_cap(rows: list[dict[str, Any]], step: int) -> None:
    """Runs one after another, each remembering what went out; every rolling window is looked at in the end."""
    cap = Cap(2, 2 * DAY, PLACE)
    recent: list[tuple[str, dt.datetime, str]] = []
    for number in range(6):
        moved = [{**row, "send_at": row["send_at"] + number * dt.timedelta(hours=step)} for row in rows]
        decided = decide(due(*moved), Limits(caps=(cap,)), sent(*recent))
        out = decided.filter(pl.col("reason").is_null(), pl.col("marketing"))
        recent += list(out.select("customer_id", "send_at", "channel").iter_rows())
    for customer, group in itertools.groupby(sorted(row for row in recent if row[2] == "email"), lambda row: row[0]):
        times = [at for _, at, _ in group]
        for first in times:
            assert sum(first <= at < first + cap.per for at in times) <= cap.most, (customer, times)
