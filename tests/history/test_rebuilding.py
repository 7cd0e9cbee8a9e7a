import datetime as dt
import random
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segcli.history import rebuild_state
from segcli.history.tables import JOURNAL, STATE


def hour(number: int) -> dt.datetime:
    return dt.datetime(2026, 1, 1) + dt.timedelta(hours=number)


def row(run: int, status: str, number: int | None = None, **more: Any) -> dict[str, Any]:
    """A row of the journal; a message goes out an hour after its run."""
    step = {} if number is None else {"number": number, "step": f"step{number}"}
    if status in ("sent", "held_out"):
        step |= {"message": f"drip.step{number}", "send_at": hour(run + 1)}
    base = {
        "run": f"{hour(run):%Y-%m-%dT%H%M}",
        "campaign": "drip",
        "customer_id": "ann",
        "series": "s",
        "status": status,
    }
    return {**dict.fromkeys(JOURNAL), **base, "as_of": hour(run), "start": hour(0), **step, **more}


def state_of(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return rebuild_state(pl.LazyFrame(list(rows), schema=dict(JOURNAL))).collect().to_dicts()


def test_a_series_has_dealt_with_its_steps_and_had_its_last_message() -> None:
    (found,) = state_of(row(1, "sent", 0), row(5, "held_out", 1), row(9, "too_late", 2), row(9, "skipped", 3))
    assert found == {
        "campaign": "drip", "customer_id": "ann", "series": "s", "start": hour(0),
        "steps": "step0,step1,step2,step3", "message_at": hour(6), "message": "drip.step1", "served_at": hour(6),
        "offer_since": None, "offer_code": None, "ended": False, "inside": False,
    }  # fmt: skip


def test_before_the_first_message_there_is_none() -> None:
    (found,) = state_of(row(1, "entered"))
    assert (found["steps"], found["message_at"], found["inside"]) == (None, None, True)


def test_inside_is_what_was_said_last_and_who_was_there_gets_nothing() -> None:
    changes = ("entered", "left", "back", "left")
    rows = [row(number, change) for number, change in enumerate(changes)]
    assert [state_of(*rows[:end])[0]["inside"] for end in (1, 2, 3, 4)] == [True, False, True, False]
    assert [(each["inside"], each["ended"]) for each in state_of(row(1, "there"))] == [(True, True)]
    assert state_of(row(1, "entered"), row(2, "sent", 0), row(3, "ended"))[0]["ended"]


def test_the_clock_of_a_series_moves_with_the_last_start_that_is_known() -> None:
    (found,) = state_of(row(1, "sent", 0), row(2, "moved", start=hour(-3)), row(3, "left", start=None))
    assert (found["start"], found["steps"]) == (hour(-3), "step0")


def test_all_series_of_a_customer_know_of_the_last_message_of_any() -> None:
    found = state_of(
        row(1, "sent", 0, series="a"),
        row(8, "sent", 0, series="b", start=hour(7)),
        row(3, "sent", 1, series="a"),
        row(2, "sent", 0, campaign="other"),
    )
    known = [(each["campaign"], each["series"], each["served_at"]) for each in found]
    assert known == [("drip", "a", hour(9)), ("drip", "b", hour(9)), ("other", "s", hour(3))]


def test_an_offer_counts_from_its_first_sending_to_who_was_not_held_out() -> None:
    offer = {"reward": "percent", "code": "BACK1"}
    (found,) = state_of(row(1, "held_out", 0, **offer), row(3, "sent", 1, **offer), row(5, "sent", 2, **offer))
    assert (found["offer_since"], found["offer_code"]) == (hour(4), "BACK1")
    (found,) = state_of(row(3, "sent", 1, **offer), row(5, "sent", 2, reward="percent", code="OTHER"))
    assert (found["offer_since"], found["offer_code"]) == (hour(6), "OTHER")


def test_without_a_journal_there_is_no_state() -> None:
    assert_frame_equal(rebuild_state(pl.LazyFrame(schema=dict(JOURNAL))).collect(), pl.DataFrame(schema=dict(STATE)))


def fold(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rules told row by row, in the order of the runs."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for each in sorted(rows, key=lambda row: (row["run"], row["number"] is not None, row["number"] or 0)):
        key = (each["customer_id"], each["series"])
        state = found.setdefault(
            key,
            {**dict.fromkeys(STATE), "campaign": "drip", "customer_id": key[0], "series": key[1],
             "ended": False, "inside": False},
        )  # fmt: skip
        state["start"] = each["start"] or state["start"]
        if each["number"] is not None:
            state["steps"] = ",".join(sorted({*(state["steps"] or each["step"]).split(","), each["step"]}))
        if each["status"] in ("sent", "held_out"):
            state |= {"message_at": each["send_at"], "message": each["message"]}
        state["ended"] |= each["status"] in ("ended", "there")
        if each["status"] in ("entered", "back", "there", "left"):
            state["inside"] = each["status"] != "left"
    for state in found.values():
        mine = [each for each in found.values() if each["customer_id"] == state["customer_id"]]
        state["served_at"] = max((each["message_at"] for each in mine if each["message_at"]), default=None)
    return [found[key] for key in sorted(found)]


@st.composite
def journals(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Journals of a few runs: in each, a series has one step at most, and one change."""
    rows = []
    for run in range(draw(st.integers(1, 5))):
        for customer in ("ann", "bo"):
            for series in ("a", "b"):
                more = {
                    "customer_id": customer,
                    "series": series,
                    "start": draw(st.sampled_from([hour(0), hour(run), None])),
                }
                if status := draw(st.sampled_from([None, "sent", "held_out", "too_late"])):
                    rows.append(row(run, status, run, **more))
                if status := draw(st.sampled_from([None, "entered", "left", "back", "there", "ended"])):
                    rows.append(row(run, status, **more))
    return rows


@settings(max_examples=60, deadline=None)
@given(journals(), st.randoms(use_true_random=False))
def test_the_state_is_the_same_row_by_row_and_whatever_the_order_of_rows(
    rows: list[dict[str, Any]], chance: random.Random
) -> None:
    expected = [{**each, "start": each["start"]} for each in fold(rows)]
    chance.shuffle(rows)
    assert_frame_equal(
        rebuild_state(pl.LazyFrame(rows, schema=dict(JOURNAL))).collect(),
        pl.DataFrame(expected, schema=dict(STATE)),
    )
