"""What bars every message to somebody: suppression, no address, an address that cannot be one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

from segcli.project.campaign_models import ConsentSettings
from tests.contact.people import computed, event, person, said, shop_of
from tests.fields.inline_tables import AS_OF, days_ago

OPT_OUT = shop_of(ConsentSettings(default="us"))


def test_addresses_are_missing_or_invalid_in_that_order_after_suppression(tmp_path: Path) -> None:
    people = [
        person("a"),
        person("b", email=None, phone=None),
        person("c", email="not an address", phone="+1202555"),
        person("d", email=None, phone=None, suppressed=True),
        person("e", email="not an address", phone="+1202555", suppressed=True),
    ]
    expected = {"a": None, "b": "no address", "c": "invalid address", "d": "suppressed", "e": "suppressed"}
    assert said(tmp_path, "email_barred", customers=people) == expected
    assert said(tmp_path, "sms_barred", customers=people) == expected
    assert said(tmp_path, "list_barred", customers=people) == {
        **dict.fromkeys("abc"), "d": "suppressed", "e": "suppressed"
    }  # fmt: skip


def test_a_complaint_an_email_services_list_and_being_forgotten_bar_everything_and_no_yes_lifts_them(
    tmp_path: Path,
) -> None:
    yes = {"email_consent": True, "consent_at": AS_OF}
    people = [
        person("a", forgotten=True, **yes),
        person("b", suppressed=True, **yes),
        person("c", **yes),
        person("d", suppressed=False, **yes),
    ]
    events = [event("c", "complaint", days_ago(9)), event("c", "subscribe", days_ago(1))]
    reasons = said(tmp_path, "suppression", customers=people, events=events)
    assert reasons == {"a": "forgotten", "b": "suppressed by an email service", "c": "complained", "d": None}
    for channel in ("email", "sms", "list"):
        barred = said(tmp_path, f"{channel}_barred", customers=people, events=events)
        assert barred == {**dict.fromkeys("abc", "suppressed"), "d": None}
    assert said(tmp_path, "contactable", customers=people, events=events) == {
        "a": False, "b": False, "c": False, "d": True,
    }  # fmt: skip


def test_who_unsubscribed_from_everything_is_suppressed_until_they_come_back(tmp_path: Path) -> None:
    people = [
        person("never"),
        person("left", unsubscribed_at=days_ago(5)),
        person("back_by_signing_up", unsubscribed_at=days_ago(5)),
        person("back_by_a_yes", unsubscribed_at=days_ago(5), email_consent=True, consent_at=days_ago(4)),
        person("yes_before", unsubscribed_at=days_ago(5), email_consent=True, consent_at=days_ago(6)),
        person("yes_without_a_time", unsubscribed_at=days_ago(5), email_consent=True),
        person("no_since", unsubscribed_at=days_ago(5), email_consent=False, consent_at=days_ago(4)),
        person("left_by_event"),
        person("both_at_once", unsubscribed_at=days_ago(5)),
    ]
    events = [
        event("back_by_signing_up", "subscribe", days_ago(1), list="news"),
        event("left_by_event", "subscribe", days_ago(9)),
        event("left_by_event", "unsubscribe", days_ago(2)),
        event("both_at_once", "subscribe", days_ago(5)),
    ]
    reasons = said(tmp_path, "suppression", customers=people, events=events)
    assert {name for name, reason in reasons.items() if reason == "unsubscribed"} == {
        "left", "yes_before", "yes_without_a_time", "no_since", "left_by_event", "both_at_once",
    }  # fmt: skip


def test_leaving_one_list_is_not_leaving_everything(tmp_path: Path) -> None:
    events = [event("a", "unsubscribe", days_ago(1), list="offers"), event("b", "unsubscribe", days_ago(1))]
    people = [person("a", email_consent=True), person("b", email_consent=True)]
    assert said(tmp_path, "suppression", customers=people, events=events) == {"a": None, "b": "unsubscribed"}


def test_a_hard_bounce_bars_email_for_ever_and_nothing_else(tmp_path: Path) -> None:
    tags = {"a": None, "b": "hard", "c": "soft", "d": "Soft bounce", "e": "5.1.1", "f": "4.2.2", "g": "Transient"}
    events = [event(name, "bounce", days_ago(400), tag=tag) for name, tag in tags.items()]
    people = [person(name) for name in tags]
    barred = said(tmp_path, "email_barred", customers=people, events=events)
    assert {name for name, reason in barred.items() if reason} == {"a", "b", "e"}
    assert set(said(tmp_path, "sms_barred", customers=people, events=events).values()) == {None}


def test_a_shop_with_nothing_but_orders_and_their_addresses_gets_answers(tmp_path: Path) -> None:
    orders = [{"customer_id": "a", "ordered_at": days_ago(3), "amount": Decimal(5)}]
    people = [{"customer_id": "a", "email": "ada@example.com"}, {"customer_id": "b", "email": "ben"}]
    assert said(tmp_path, "email_barred", customers=people, orders=orders) == {"a": None, "b": "invalid address"}
    assert said(tmp_path, "contactable", customers=people, orders=orders) == {"a": False, "b": False}
    assert said(tmp_path, "contactable", OPT_OUT, customers=people, orders=orders) == {"a": True, "b": False}
    assert said(tmp_path, "sms_barred", customers=people) == {"a": "no address", "b": "no address"}


def test_a_shop_without_any_address_can_write_to_nobody(tmp_path: Path) -> None:
    orders = [{"customer_id": "a", "ordered_at": days_ago(3), "amount": Decimal(5)}]
    assert said(tmp_path, "email_barred", OPT_OUT, orders=orders) == {"a": "no address"}
    assert said(tmp_path, "contactable", OPT_OUT, orders=orders) == {"a": False}


def test_nothing_of_contact_is_unavailable_whatever_a_shop_has(tmp_path: Path) -> None:
    for tables in (
        {"customers": [{"customer_id": "a", "email": "ada@example.com"}]},
        {"customers": [{"customer_id": "a"}], "events": [event("a", "visit", dt.datetime(2026, 1, 1))]},
        {"customers": [{"customer_id": "a", "email_consent": True}]},
    ):
        found = computed(tmp_path, lists=["news"], **tables)
        known = {"email_barred", "sms_barred", "list_barred", "email_allowed", "sms_allowed", "email_allowed_news"}
        known |= {"sms_allowed_news", "contactable", "consent_policy", "email_consent_rule", "sms_consent_rule"}
        assert known <= {node.name for node in found.plan.nodes}
        assert known & found.plan.unavailable.keys() == set()
