"""`segcli explain` for campaigns: what is due, sent, waiting and in the way, and who is not on a segment's list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.message_shop import HELLO, message_shop
from tests.cli.small_shop import CUSTOMERS, PROJECT, RECIPE, ran, small_shop

Capture = pytest.CaptureFixture[str]
THANKS = """campaigns:
  thanks:
    audience: orders > 0
    start: last_order_at
    priority: 5
    steps:
      - {message: hello, after: 4d}
      - {message: again, after: 6d, when: not ordered and orders > 1}
      - {message: bye, after: 20d}
"""


def explained(folder: Path, capsys: Capture, customer: str, name: str, *options: str) -> str:
    code, out, err = ran(capsys, "explain", customer, name, folder, *options)
    assert (code, err) == (0, ""), err
    return out


def shop(folder: Path, more: str = "", settings: str = "") -> Path:
    return small_shop(folder, RECIPE + THANKS + more, PROJECT + settings)


def test_a_step_that_is_due_says_since_when_and_when_it_goes_out(tmp_path: Path, capsys: Capture) -> None:
    assert explained(shop(tmp_path), capsys, "cem@example.com", "thanks") == (
        "3, thanks.hello: due since 2026-06-29 00:00, goes out 2026-06-30 09:00.\n"
        "\n"
        "Audience:\n"
        "  ✓ orders > 0   [orders = 1]\n"
        "      orders = 1: count(*) from orders\n"
        "\n"
        "Series from 2026-06-25 00:00:\n"
        "  → hello  due since 2026-06-29 00:00, goes out 2026-06-30 09:00\n"
        "  · again  waits until 2026-07-02 09:00\n"
        "           when ✗ not ordered and orders > 1\n"
        "                  ? not ordered   (not known)\n"
        "                    ? ordered   (not known)\n"
        "                  ✗ orders > 1   [orders = 1]\n"
        "  · bye    waits until 2026-07-16 09:00\n"
    )


def test_who_is_not_in_the_audience_is_told_what_would_have_to_change(tmp_path: Path, capsys: Capture) -> None:
    out = explained(shop(tmp_path), capsys, "4", "thanks")
    assert out.startswith("4, thanks: nothing is due: they are not in its audience.\n")
    assert out.endswith("To get into the audience of thanks:\n  - orders > 0 would have to be met\n")


def test_steps_that_were_over_before_the_first_run_are_said_to_be(tmp_path: Path, capsys: Capture) -> None:
    out = explained(shop(tmp_path), capsys, "1", "thanks")
    assert out.startswith("1, thanks: nothing is due: bye waits until 2026-07-10 00:00.\n")
    assert "· hello  its time was over before the campaign's first run" in out


def test_what_was_sent_is_told_with_its_time_and_a_later_step_counts_from_there(
    tmp_path: Path, capsys: Capture
) -> None:
    folder = shop(tmp_path)
    assert ran(capsys, "campaign", "--commit", "-q", "-p", folder)[0] == 0
    out = explained(folder, capsys, "3", "thanks", "--as-of", "2026-07-02T09:00")
    assert out.startswith("3, thanks: nothing is due: bye waits until 2026-07-16 09:00.\n")
    assert "  ✓ hello  sent 2026-06-30 09:00\n" in out
    assert "  ✗ again  its time has come, and its `when` is not met; too late after 2026-07-05 09:00\n" in out
    # Nobody in the files ordered since, and that is known.
    assert "✓ not ordered\n" in out and "✗ ordered\n" in out


def test_a_step_outside_of_its_days_says_when_they_are(tmp_path: Path, capsys: Capture) -> None:
    season = """  season:
    audience: orders > 0
    start: last_order_at
    active: {since: 2026-07-01}
    message: hello
    after: 4d
"""
    out = explained(shop(tmp_path, season), capsys, "3", "season")
    assert "  ✗ hello  not sent: it is sent from 2026-07-01 00:00 only (active)\n" in out


def test_a_step_may_be_asked_for(tmp_path: Path, capsys: Capture) -> None:
    out = explained(shop(tmp_path), capsys, "3", "thanks.again")
    assert out.startswith("3, thanks.again: waits until 2026-07-02 09:00.\n")
    assert "hello" not in out and "bye" not in out


def test_a_step_that_was_missed_is_too_late(tmp_path: Path, capsys: Capture) -> None:
    folder = shop(tmp_path, settings="limits: {caps: [{max: 1, per: 30d}]}\n")
    (folder / "events.csv").write_text("customer_id,event,at\n3,sent,2026-06-28T09:00\n")
    settings = (
        (folder / "segcli.yaml").read_text().replace("orders: orders.csv", "orders: orders.csv, events: events.csv")
    )
    (folder / "segcli.yaml").write_text(settings)
    out = explained(folder, capsys, "3", "thanks")
    assert "due since 2026-06-29 00:00 and kept back: over the cap (at most 1 per 30d): sent 2026-06-28 09:00" in out
    assert ran(capsys, "campaign", "--commit", "-q", "-p", folder)[0] == 0
    assert ran(capsys, "campaign", "--commit", "-q", "-p", folder, "--as-of", "2026-07-03T09:00")[0] == 0
    out = explained(folder, capsys, "3", "thanks.hello", "--as-of", "2026-07-04T09:00")
    assert out.startswith("3, thanks.hello: too late by 2026-07-03 09:00: it was to go out 2026-06-29 00:00.\n")


NEWS = """  news:
    audience: orders > 0
    existing: true
    priority: 9
    steps: [{message: july}]
"""


def test_the_campaign_that_goes_before_is_named_with_its_priority(tmp_path: Path, capsys: Capture) -> None:
    out = explained(shop(tmp_path, NEWS), capsys, "3", "thanks")
    assert out.startswith(
        "3, thanks.hello: due since 2026-06-29 00:00 and kept back: beaten by news.july, "
        "whose priority is 9 and not 5.\n"
    )


def test_a_refusal_is_told_with_the_rule_and_its_law(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS, PROJECT.replace("TR: us", "TR: gdpr"))
    out = explained(folder, capsys, "3", "thanks")
    assert "kept back: no consent (gdpr: " in out and "2002/58/EC" in out


def test_who_has_unsubscribed_is_suppressed(tmp_path: Path, capsys: Capture) -> None:
    folder = shop(tmp_path)
    (folder / "events.csv").write_text("customer_id,event,at\n3,unsubscribe,2026-06-01\n")
    settings = PROJECT.replace("orders: orders.csv", "orders: orders.csv, events: events.csv")
    (folder / "segcli.yaml").write_text(settings)
    out = explained(folder, capsys, "3", "thanks")
    assert "kept back: suppressed: unsubscribed" in out


def test_the_held_out_are_told_the_share(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS.replace("priority: 5", "holdout: 99.9 %"))
    assert "kept back: held out: one of the 99.9 % of customers" in explained(folder, capsys, "3", "thanks")


def test_a_campaign_that_waits_for_data_says_so(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS.replace("priority: 5", "fresh: {orders: 2h}"))
    out = explained(folder, capsys, "3", "thanks")
    assert out.startswith(
        "3, thanks: nothing is due: the campaign waits, since the newest row of orders is of 2026-06-25"
    )


def test_a_campaign_that_the_files_cannot_answer_names_what_would_enable_it(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS.replace("audience: orders > 0", "audience: visits_30d > 0"))
    assert explained(folder, capsys, "3", "thanks") == "3, thanks: not available for want of events.\n"


ROWS = """campaigns:
  per_order:
    audience: orders > 0
    start: orders.ordered_at
    again_after: 30d
    until: orders > 5
    steps:
      - {message: first, after: 9d}
      - {message: second, after: 20d}
"""


def test_of_a_series_per_row_the_row_is_named_and_the_rows_that_begin_none(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + ROWS)
    (folder / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,amount\na,1,2026-06-20,50.00\nb,1,2026-05-01,30.00\n"
    )
    assert ran(capsys, "campaign", "--commit", "-q", "-p", folder)[0] == 0
    with (folder / "orders.csv").open("a") as file:
        file.write("e,1,2026-07-01,5.00\n")
    out = explained(folder, capsys, "1", "per_order", "--as-of", "2026-07-02")
    assert "Series a from 2026-06-20 00:00:\n  ✓ first   sent 2026-06-30 09:00\n" in out
    assert "Begins no series: e, 2026-07-01 00:00" in out
    assert "(again_after: 30d)" in out
    assert "Ends when (until):\n  ✗ orders > 5" in out


def test_who_was_there_at_the_first_run_is_told_why_nothing_comes(tmp_path: Path, capsys: Capture) -> None:
    folder = shop(tmp_path, NEWS.replace("    existing: true\n", ""))
    out = explained(folder, capsys, "3", "news")
    assert "in the audience at its first run, so nothing is sent (existing: true takes them)" in out
    assert ran(capsys, "campaign", "--commit", "-q", "-p", folder)[0] == 0
    out = explained(folder, capsys, "3", "news", "--as-of", "2026-07-01")
    assert "was in the audience before the campaign's first run, 2026-06-30 09:00" in out


def test_json_holds_the_series_with_the_state_of_every_step(tmp_path: Path, capsys: Capture) -> None:
    answer = json.loads(explained(shop(tmp_path), capsys, "3", "thanks", "--json"))
    assert (answer["customer"], answer["campaign"], answer["step"], answer["due"]) == ("3", "thanks", None, True)
    assert answer["inside"] is True and answer["audience"]["met"] is True
    [series] = answer["series"]
    assert [(step["name"], step["state"]) for step in series["steps"]] == [
        ("hello", "due"), ("again", "waits"), ("bye", "waits"),
    ]  # fmt: skip
    assert [part["met"] for part in series["steps"][1]["when"]["parts"]] == [None, False]


def test_explaining_writes_nothing_and_makes_no_key(tmp_path: Path, capsys: Capture) -> None:
    offer = "after: 4d, offer: {reward: percent, value: 5, code: {prefix: HI}}"
    folder = small_shop(tmp_path, RECIPE + THANKS.replace("after: 4d", offer))
    before = sorted(folder.rglob("*"))
    assert "→ hello" in explained(folder, capsys, "3", "thanks")
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("thanksgiving", "no segment or campaign named 'thanksgiving'. Did you mean 'thanks'?"),
        ("thanks.helo", "the campaign thanks has no step named 'helo'. Did you mean 'hello'?"),
    ],
)
def test_an_unknown_campaign_or_step_is_named_with_the_nearest(
    name: str, message: str, tmp_path: Path, capsys: Capture
) -> None:
    code, out, err = ran(capsys, "explain", "3", name, shop(tmp_path))
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("people", "settings", "words"),
    [
        (CUSTOMERS.replace("cem@example.com", ""), PROJECT, "no address: no email address is known"),
        (CUSTOMERS.replace("cem@example.com", "cem@example"), PROJECT, "invalid address: cem@example"),
        (CUSTOMERS, PROJECT.replace("TR: us", "TR: gdpr"), "no consent (gdpr: "),
    ],
)
def test_a_member_who_is_not_on_the_list_is_told_why(
    people: str, settings: str, words: str, tmp_path: Path, capsys: Capture
) -> None:
    folder = small_shop(tmp_path, RECIPE, settings)
    (folder / "customers.csv").write_text(people)
    first, second, *_ = explained(folder, capsys, "3", "buyers").splitlines()
    assert first == "3 is in buyers."
    assert second.startswith(f"Not on its list: {words}")


def test_a_member_of_a_segment_that_suppresses_is_on_no_other_list(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + "  recent: {where: recency_days < 10, suppress: true}\n")
    assert "\nNot on its list: suppressed by the segment recent.\n" in explained(folder, capsys, "3", "buyers")
    assert "Not on its list" not in explained(folder, capsys, "3", "recent")


def test_a_message_that_cannot_be_made_is_kept_back_and_says_what_is_missing(tmp_path: Path, capsys: Capture) -> None:
    few = message_shop(tmp_path / "few", hello_md=HELLO.replace("{{ orders }}", "{{ birthday | date }}"))
    reason = "due since 2026-06-26 00:00 and kept back: the message cannot be made: birthday is missing"
    out = explained(few, capsys, "c5", "thanks")
    assert out.startswith(f"c5, thanks.hello: {reason}.\n")
    assert f"  ✗ hello  {reason}\n" in out
    assert ", goes out 2026-06-30 09:00.\n" in explained(few, capsys, "c2", "thanks")
    many = message_shop(tmp_path / "many", hello_md=HELLO.replace("{{ orders }}", "{{ phone }}"))
    assert "kept back: the message cannot be made for too many (90.0%)." in explained(many, capsys, "c1", "thanks")
    assert not (few / "out").exists() and not (few / "history").exists()


def test_a_message_that_is_broken_is_told_of_and_the_rest_is_explained(tmp_path: Path, capsys: Capture) -> None:
    folder = message_shop(tmp_path, hello_md=HELLO.replace("{{ orders }}", "{{ ordres }}"))
    out = explained(folder, capsys, "c2", "thanks")
    assert "✓ orders > 0" in out
    assert out.endswith("something is wrong with its messages: `segcli check` tells what.\n")
