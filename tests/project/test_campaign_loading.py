"""The whole grammar of campaigns, read into the models."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from segcli.problems import Place, Problems
from segcli.project import load_recipe
from segcli.project.campaign_models import Active, Campaign, Code, Offer, Pick, Products, RowStart, Step
from segcli.project.models import Expression

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def campaigns_of(text: str) -> tuple[Campaign, ...]:
    Path("recipe.yaml").write_text(text)
    problems = Problems()
    recipe = load_recipe(Path("recipe.yaml"), problems, name="mine")
    assert not problems.found, [str(problem) for problem in problems]
    assert recipe is not None
    return recipe.campaigns


def campaign_of(*lines: str) -> Campaign:
    """The campaign of these lines beside an audience."""
    text = "".join(f"    {line}\n" for line in ("audience: orders > 0", *lines))
    (campaign,) = campaigns_of(f"campaigns:\n  it:\n{text}")
    return campaign


def step_of(*lines: str) -> Step:
    (step,) = campaign_of("message: hello", *lines).steps
    return step


def at(text: str, line: int, column: int) -> Expression:
    return Expression(text, Place("recipe.yaml", line, column))


def place(line: int, column: int) -> Place:
    return Place("recipe.yaml", line, column)


def test_the_whole_grammar_is_read() -> None:
    (campaign,) = campaigns_of(
        """campaigns:
  winback:
    meaning: Come back.
    audience: days_since_engaged >= 90
    start: last_engaged_at
    until: orders > 0
    again_after: 7d
    when: vip
    channel: sms
    class: transactional
    list: news
    holdout: 10%
    priority: 20
    send: best_hour
    split: send_hour
    active: {since: 2026-11-20, until: 2026-12-01}
    fresh: {orders: 2h}
    grace: 5d
    ahead: 0h
    variants: {a: 70, b: 30}
    products: {bestsellers: 4, cart: 1, of: favourite_category, within: 30d, fill: viewed, at_least: 2}
    offer: {reward: gift}
    steps:
      - {message: we-miss-you}
      - message: last-chance
        name: last
        after: 210d
        when: not clicked
        channel: email
        class: marketing
        list: offers
        holdout: 0.05
        priority: -1
        send: 10:00
        active: {until: 2027-01-01T12:30}
        fresh: {events: 1d}
        grace: 0h
        ahead: 24h
        variants: {c: 100}
        products: {accessories: 3, fill: [bestsellers, new_arrivals]}
        offer:
          - {reward: percent, value: 20, code: {prefix: BACK}, valid: 7d, when: spend > 100}
          - {reward: amount, value: spend / 10, code: {pool: codes.csv}}
"""
    )
    first = Step(
        "we-miss-you",
        0,
        place(24, 9),
        "we-miss-you",
        dt.timedelta(0),
        when=at("vip", 8, 11),
        offers=(Offer("gift", place(22, 12)),),
        products=Products(
            (Pick("bestsellers", 4, place(21, 29)), Pick("cart", 1, place(21, 38))),
            place(21, 15),
            "favourite_category",
            30 * DAY,
            ("viewed",),
            2,
        ),
        variants={"a": 70, "b": 30},
        send="best_hour",
        split="send_hour",
        channel="sms",
        message_class="transactional",
        list="news",
        priority=20,
        holdout=Decimal("0.1"),
        active=Active(dt.datetime(2026, 11, 20), dt.datetime(2026, 12, 2)),
        fresh={"orders": 2 * HOUR},
        grace=5 * DAY,
        ahead=dt.timedelta(0),
    )
    percent = Offer(
        "percent",
        place(42, 13),
        at("20", 42, 38),
        Code(place(42, 48), prefix="BACK"),
        7 * DAY,
        at("spend > 100", 42, 81),
    )
    amount = Offer("amount", place(43, 13), at("spend / 10", 43, 37), Code(place(43, 55), pool="codes.csv"))
    last = Step(
        "last",
        1,
        place(25, 9),
        "last-chance",
        210 * DAY,
        when=at("not clicked", 28, 15),
        offers=(percent, amount),
        products=Products(
            (Pick("accessories", 3, place(40, 33)),), place(40, 19), fill=("bestsellers", "new_arrivals")
        ),
        variants={"c": 100},
        send="10:00",
        split="send_hour",
        channel="email",
        message_class="marketing",
        list="offers",
        priority=-1,
        holdout=Decimal("0.05"),
        active=Active(None, dt.datetime(2027, 1, 1, 12, 30)),
        fresh={"events": DAY},
        grace=dt.timedelta(0),
        ahead=24 * HOUR,
    )
    assert campaign.steps == (first, last)
    assert campaign == Campaign(
        "winback",
        place(2, 3),
        "mine",
        at("days_since_engaged >= 90", 4, 15),
        (first, last),
        start=at("last_engaged_at", 5, 12),
        until=at("orders > 0", 6, 12),
        again_after=7 * DAY,
        meaning="Come back.",
    )


def test_a_campaign_needs_only_an_audience_and_a_message() -> None:
    (campaign,) = campaigns_of("campaigns:\n  hello: {audience: leads, message: hello-there, after: 2d}\n")
    step = Step("hello-there", 0, place(2, 10), "hello-there", 2 * DAY)
    assert campaign == Campaign("hello", place(2, 3), "mine", at("leads", 2, 21), (step,))
    assert step.marketing


def test_a_column_of_a_table_starts_a_series_per_row() -> None:
    start = campaign_of("start: carts.last_activity_at", "message: hello").start
    assert start == RowStart("carts", "last_activity_at", place(4, 12))


def test_rows_that_start_a_series_may_be_chosen() -> None:
    start = campaign_of("start: {from: carts, at: last_activity_at, where: abandoned}", "message: hello").start
    assert start == RowStart("carts", "last_activity_at", place(4, 12), at("abandoned", 4, 55))


@pytest.mark.parametrize("text", ["birthday", "last_order_at + interval '1d'", "coalesce(first_order_at, created_at)"])
def test_any_other_start_is_an_expression(text: str) -> None:
    assert campaign_of(f"start: {text}", "message: hello").start == at(text, 4, 12)


def test_a_series_that_never_comes_again() -> None:
    campaign = campaign_of("again_after: never", "existing: true", "message: hello")
    assert (campaign.again_after, campaign.never_again, campaign.existing) == (None, True, True)


@pytest.mark.parametrize("text", ["now", "best_hour", "best_day", "10:00", '"00:00"', "23:59"])
def test_a_send_time_is_a_word_or_a_clock_time(text: str) -> None:
    assert step_of(f"send: {text}").send == text.strip('"')


@pytest.mark.parametrize("after", ["0d", "0h", "0m"])
def test_a_step_may_go_at_the_start(after: str) -> None:
    assert step_of(f"after: {after}").after == dt.timedelta(0)


def test_one_code_may_serve_all() -> None:
    (offer,) = step_of("offer: {reward: free_shipping, code: SHIP-FREE}").offers
    assert offer.code == Code(place(5, 42), fixed="SHIP-FREE")


def test_a_unique_code_may_have_an_empty_prefix() -> None:
    (offer,) = step_of('offer: {reward: gift, code: {prefix: ""}}').offers
    assert offer.code is not None
    assert (offer.code.prefix, offer.code.pool, offer.code.fixed) == ("", None, None)


@pytest.mark.parametrize(
    ("active", "expected"),
    [
        ("{since: 2026-11-20, until: 2026-11-20}", Active(dt.datetime(2026, 11, 20), dt.datetime(2026, 11, 21))),
        ("{since: 2026-11-20T09:30}", Active(dt.datetime(2026, 11, 20, 9, 30))),
        ("{until: 2026-11-20 00:00}", Active(None, dt.datetime(2026, 11, 20))),
        ("{until: 9999-12-31}", Active(None, dt.datetime(9999, 12, 31))),
    ],
)
def test_a_date_as_until_is_inside_the_window(active: str, expected: Active) -> None:
    assert step_of(f"active: {active}").active == expected


def test_a_window_of_a_step_replaces_that_of_the_campaign() -> None:
    campaign = campaign_of(
        "active: {since: 2026-11-20}",
        "steps:",
        "  - {message: a, active: {until: 2026-12-01}}",
        "  - {message: b, after: 1d}",
    )
    assert [step.active for step in campaign.steps] == [
        Active(None, dt.datetime(2026, 12, 2)),
        Active(dt.datetime(2026, 11, 20)),
    ]


def test_one_message_may_be_sent_by_two_steps_of_different_names() -> None:
    campaign = campaign_of("steps:", "  - {message: a}", "  - {message: a, name: again, after: 3d}")
    assert [(step.name, step.message, step.number) for step in campaign.steps] == [("a", "a", 0), ("again", "a", 1)]
