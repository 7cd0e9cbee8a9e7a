"""Who counts in which group, which orders count for whom, and what is left out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segcli.results import Group, campaign_results, results_of_shards
from segcli.results.tallies import arm_tallies
from tests.results.journals import AS_OF, WEEK, journal, orders, results, simulated

ONE_SENT = journal("ann c.hello 2026-06-01T07:00 sent")


@pytest.mark.parametrize(
    ("ordered_at", "converted"),
    [
        ("2026-05-31T12:00", 0),  # before the message
        ("2026-06-01T07:00", 0),  # in the same second: the message had not been read
        ("2026-06-01T07:00:01", 1),
        ("2026-06-08T07:00", 1),  # the last second of the window
        ("2026-06-08T07:00:01", 0),
    ],
)
def test_an_order_counts_after_the_message_until_the_window_is_over(ordered_at: str, converted: int) -> None:
    found = results(ONE_SENT, orders(f"ann {ordered_at} 10.00"))["c.hello"].sent
    assert (found.people, found.converted, found.cents) == (1, converted, 1000 * converted)


@pytest.mark.parametrize(
    ("as_of", "people", "young"),
    [("2026-06-08T07:00", 1, 0), ("2026-06-08T06:59:59", 0, 1), ("2026-05-01T00:00", 0, 1)],
)
def test_a_window_that_is_not_over_is_too_young_and_said(as_of: str, people: int, young: int) -> None:
    found = results(ONE_SENT, orders("ann 2026-06-02 10.00"), dt.datetime.fromisoformat(as_of))["c.hello"].sent
    assert found == Group(people=people, young=young, converted=people, cents=1000 * people, squares=10**6 * people)


def test_a_person_counts_once_whatever_the_number_of_orders() -> None:
    bought = orders("ann 2026-06-02 10.05", "ann 2026-06-02 10.05", "ann 2026-06-07 0.00", "bo 2026-06-02 99.00")
    found = results(ONE_SENT, bought)["c.hello"].sent
    assert (found.converted, found.revenue, found.squares) == (1, Decimal("20.10"), 2010**2)
    assert found.revenue_per_person == Decimal("20.10")


def test_a_campaign_counts_from_the_first_message_of_any_step() -> None:
    messages = journal(
        "ann c.a0 2026-06-01T07:00 sent",
        "ann c.b1 2026-06-05T07:00 sent",
        "bo c.b1 2026-06-05T07:00 held_out",
        "cy c.a0 2026-06-01T07:00 too_late",
        "cy c.b1 2026-06-02T07:00 sent",
    )
    found = results(messages, orders("ann 2026-06-10 5.00", "cy 2026-06-03 7.00"))
    assert list(found) == ["c", "c.a0", "c.b1"]
    assert (found["c"].sent.people, found["c"].sent.converted, found["c"].held_out.people) == (2, 1, 1)
    assert (found["c.a0"].sent.people, found["c.a0"].sent.converted) == (1, 0)
    assert (found["c.b1"].sent.people, found["c.b1"].sent.revenue) == (2, Decimal("12.00"))


def test_a_later_series_of_a_person_does_not_count_again() -> None:
    messages = journal("ann c.a0#1 2026-05-01T07:00 held_out", "ann c.a0#2 2026-06-01T07:00 sent")
    found = results(messages, orders("ann 2026-06-02 5.00"))["c"]
    assert (found.held_out.people, found.held_out.converted, found.sent.people) == (1, 0, 0)
    assert found.last_touch.orders == 1


def test_merged_people_with_both_kinds_in_one_second_were_sent_it() -> None:
    messages = journal("ann c.a0#1 2026-06-01T07:00 held_out", "ann c.a0#2 2026-06-01T07:00 sent")
    found = results(messages, orders())["c"]
    assert (found.sent.people, found.held_out.people) == (1, 0)


def test_only_what_was_sent_or_held_out_counts() -> None:
    messages = journal(
        "ann c 2026-06-01T07:00 entered", "ann c.a0 2026-06-01T07:00 skipped", "bo c.a0 2026-06-01T07:00 too_late"
    )
    assert results(messages, orders("ann 2026-06-02 5.00")) == {}


def test_steps_come_in_the_order_of_the_campaign_and_not_of_their_names() -> None:
    messages = journal(
        "ann b.z0 2026-06-01T07:00 sent", "ann b.a1 2026-06-02T07:00 sent", "ann a.x0 2026-06-01T07:00 sent"
    )
    assert list(results(messages, orders())) == ["a", "a.x0", "b", "b.z0", "b.a1"]


def test_the_last_message_before_an_order_gets_it_whatever_its_campaign() -> None:
    messages = journal(
        "ann c.a0 2026-06-01T07:00 sent",
        "ann d.x0 2026-06-03T07:00 sent",
        "ann c.b1 2026-06-04T07:00 held_out",
        "bo c.a0 2026-06-01T07:00 sent",
    )
    bought = orders(
        "ann 2026-06-02T08:00 1.00",  # c.a0
        "ann 2026-06-03T07:00 2.00",  # c.a0: the second of d.x0's sending
        "ann 2026-06-04T08:00 4.00",  # d.x0: nobody saw what was held out
        "ann 2026-06-10T07:00 8.00",  # d.x0, in the last second
        "ann 2026-06-10T07:00:01 16.00",
        "bo 2026-05-20 32.00",
        "eve 2026-06-02 64.00",
    )
    touches = {
        name: (item.last_touch.messages, item.last_touch.orders, item.last_touch.revenue)
        for name, item in results(messages, bought).items()
    }
    assert touches == {
        "c": (2, 2, Decimal("3.00")),
        "c.a0": (2, 2, Decimal("3.00")),
        "c.b1": (0, 0, Decimal("0.00")),
        "d": (1, 2, Decimal("12.00")),
        "d.x0": (1, 2, Decimal("12.00")),
    }


def test_of_messages_in_one_second_the_first_campaign_by_name_is_touched_last() -> None:
    messages = journal("ann d.x0 2026-06-01T07:00 sent", "ann c.a0 2026-06-01T07:00 sent")
    found = results(messages, orders("ann 2026-06-02 5.00"))
    assert (found["c.a0"].last_touch.orders, found["d.x0"].last_touch.orders) == (1, 0)


def test_last_touch_of_one_campaign_looks_at_the_others() -> None:
    messages = journal("ann c.a0 2026-06-01T07:00 sent", "ann d.x0 2026-06-02T07:00 sent")
    found = campaign_results(messages, orders("ann 2026-06-03 5.00"), AS_OF, WEEK, ["c"])
    assert [(item.campaign, item.step, item.last_touch.orders) for item in found] == [("c", None, 0), ("c", "a0", 0)]


def test_messages_that_are_still_to_be_sent_touch_nobody() -> None:
    messages = journal("ann c.a0 2026-07-01T07:00 sent")
    found = results(messages, orders("ann 2026-07-02 5.00"))["c.a0"]
    assert (found.last_touch.messages, found.last_touch.orders, found.sent.young) == (0, 0, 1)


def test_an_unknown_amount_is_not_nothing() -> None:
    messages = journal("ann c.a0 2026-06-01T07:00 sent", "bo c.a0 2026-06-01T07:00 held_out")
    found = results(messages, orders("ann 2026-06-02 -", "ann 2026-06-03 5.00"))["c.a0"]
    assert (found.sent.converted, found.sent.revenue, found.sent.revenue_per_person) == (1, None, None)
    assert found.spending is None and found.last_touch.revenue is None
    assert found.conversion is not None


def test_without_any_history_there_is_nothing_to_say() -> None:
    assert results(journal(), orders("ann 2026-06-02 5.00")) == {}


def test_money_is_summed_exactly() -> None:
    amounts = ["0.10", "0.20", "0.30", "9999999999999.99"]
    found = results(ONE_SENT, orders(*(f"ann 2026-06-02 {amount}" for amount in amounts)))["c"].sent
    assert found.revenue == sum(map(Decimal, amounts))
    assert found.squares == found.cents**2


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(random: object) -> None:
    messages, bought = MIXED
    shuffled = [
        frame.collect().sample(fraction=1, shuffle=True, seed=random.randrange(2**32)).lazy() for frame in MIXED
    ]  # type: ignore[attr-defined]
    assert_frame_equal(arm_tallies(*shuffled, AS_OF, WEEK), arm_tallies(messages, bought, AS_OF, WEEK))
    assert campaign_results(*shuffled, AS_OF, WEEK) == campaign_results(messages, bought, AS_OF, WEEK)


def test_parts_of_the_customers_add_up_to_the_whole() -> None:
    messages, bought, _, _ = simulated(500, 0.2, 0.2, 0.1, seed=7)
    parts = [
        tuple(frame.filter(pl.col("customer_id").str.ends_with("7") == last) for frame in (messages, bought))
        for last in (True, False)
    ]
    assert results_of_shards(parts, AS_OF, WEEK) == campaign_results(messages, bought, AS_OF, WEEK)  # type: ignore[arg-type]


MIXED = (
    journal(
        *(
            f"p{person} {campaign}.{step}#{series} 2026-0{5 + series}-0{1 + person % 3}T07:00 {status}"
            for person in range(12)
            for campaign, step in (("c", "a0"), ("c", "b1"), ("d", "x0"))
            for series in (0, 1)
            for status in [("sent", "held_out", "too_late")[(person + series) % 3]]
        )
    ),
    orders(*(f"p{person} 2026-06-0{1 + person % 9}T0{person % 9}:00 {person}.10" for person in range(12))),
)
