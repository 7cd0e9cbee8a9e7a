"""An expectation that is not met: its place, both sides, and why; one of every kind."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from segcli.cli.testing import why
from tests.recipe_testing.recipes_of_tests import GIVEN, failures, loaded, moment, recipe_in

LINE = GIVEN.count("\n") + 5  # of the first expectation


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recipe_in(tmp_path_factory.mktemp("recipes") / "thanks")


MET = """
fields:
  ada: {orders: 1, spend: 40, average_order: 40.00, first_order_at: 2026-06-01 08:00, depth: shallow, buyers: true}
  ben: {orders: 0, first_order_at: null, country: US, email_valid: true, email: ben@example.com}
  cem: {email: null}
segments: {buyers: [cem, ada], depths-shallow: [ada, cem], depths-deep: []}
due: {thanks: {thanks: {ada: 2026-06-01 09:00}}, hello: {hello: [ben]}}
excluded: {cem: {thanks: no address}, ada: {thanks: null}}
coupons:
  thanks:
    thanks: {ada: {reward: percent, value: 10, code_starts_with: HI-, valid_until: 2026-06-08 09:00}}
  hello:
    hello: {ben: {reward: null, code: null, valid_until: null}}
products: {thanks: {thanks: {ada: [P1, P2]}}, hello: {hello: {ben: []}}}
messages:
  thanks:
    thanks:
      ada:
        subject: Thank you, Ada
        preheader: Good news
        version: plain
        text_contains: ["A code for   you:", HI-, "https://shop.example"]
        text_lacks: None
        html_contains: "https://shop.example"
        html_lacks: [Kodunuz, None]
"""


def test_what_is_met_is_no_failure(recipe: Path) -> None:
    assert failures(recipe, moment(MET)) == []


UNMET = """
fields:
  ada:
    orders: 2                          # 2 | 1
    spend: 40.01                       # 40.01 | 40.00
    depth: deep                        # deep | shallow
    lifecycle_stage: null              # null | new
    buyers: false                      # false | true
    first_order_at: 2026-06-01         # 2026-06-01 | 2026-06-01 08:00
  ben:
    depth: deep                        # deep | null
segments:
  buyers: [ada, ben]                   # ada, ben | ada, cem
  depths-shallow: []                   # nobody | ada, cem
  depths-deep: [ada]                   # ada | nobody
excluded:
  cem: {thanks: no consent}            # no consent | no address
  ada: {thanks: no consent}            # no consent | is sent thanks
  ben:
    thanks: no consent                 # no consent | not left out
coupons:
  thanks:
    thanks:
      ada:
        reward: amount                 # amount | percent
        value: 20                      # 20 | 10.0
        valid_until: 2026-06-08        # 2026-06-08 00:00 | 2026-06-08 09:00
    again: {ada: {value: 20}}          # it is due | it is not due
  hello:
    hello:
      ben:
        code: HI                       # HI | null
        code_starts_with: HI           # HI | null
products:
  thanks: {thanks: {ada: [P2, P1]}}    # P2, P1 | P1, P2
  hello: {hello: {ben: [P1]}}          # P1 | none
messages:
  thanks:
    thanks:
      ada:
        subject: Thanks                # Thanks | Thank you, Ada
        version: tr                    # tr | plain
        text_contains: No code         # No code | A code for you: ...
        text_lacks: [Bad, code]        # code | A code for you: ...
        html_contains: No code         # No code | <body ...
        html_lacks: Good news          # Good news | ... ...
    again: {ben: {subject: X}}         # it is due | it is not due
  hello:
    hello:
      ben: {preheader: Bad}            # Bad | Good news
"""


def test_every_difference_is_told_at_its_line_with_both_sides(recipe: Path) -> None:
    found = {failure.place.line: failure for failure in failures(recipe, moment(UNMET))}
    lines = UNMET.splitlines()
    expected = {LINE + number: line.partition("#")[2].strip() for number, line in enumerate(lines) if "#" in line}
    assert list(found) == list(expected)
    for number, both in expected.items():
        wanted, _, got = both.partition(" | ")
        failure = found[number]
        assert failure.expected == wanted
        begins = got.removesuffix(" ...")
        assert (failure.got[: len(begins)] if got.endswith(" ...") else failure.got) == begins
        assert (failure.test, failure.moment) == ("it", dt.datetime(2026, 6, 1, 9))
        assert failure.place.path.endswith("test.yaml")
    whats = {failure.what for failure in found.values()}
    assert {
        "fields ada.spend", "segments depths-shallow", "excluded cem.thanks", "coupons thanks.thanks to ada value",
        "thanks.again to ada", "products thanks.thanks to ada", "messages thanks.thanks to ada text_lacks",
    } <= whats  # fmt: skip


def test_who_is_not_left_out_may_be_expected_too(recipe: Path) -> None:
    (failure,) = failures(recipe, moment("excluded: {cem: {thanks: null}, ada: {thanks: null}}"))
    assert (failure.what, failure.expected, failure.got) == ("excluded cem.thanks", "not left out", "no address")


def test_who_is_due_is_exact_and_says_why(recipe: Path) -> None:
    due = "due: {thanks: {thanks: [ben, cem]}, hello: {hello: [ben]}}"
    (failure,) = failures(recipe, moment(due), why)
    assert (failure.what, failure.expected, failure.got) == ("due thanks.thanks", "ben, cem", "ada")
    ben, cem, ada = failure.reasons
    assert ben == "ben: nothing is due: they are not in its audience"
    assert cem.startswith("cem: thanks: due") and cem.endswith("no address: no email address is known")
    assert ada.startswith("ada: thanks: due")


def test_a_campaign_of_the_recipe_that_is_not_named_sends_nothing(recipe: Path) -> None:
    (failure,) = failures(recipe, moment("due: {thanks: {thanks: [ada]}}"))
    assert (failure.what, failure.expected, failure.got) == ("due hello.hello", "nobody", "ben")


def test_an_empty_due_is_nobody_at_all(recipe: Path) -> None:
    found = failures(recipe, moment("due: {}"))
    assert [(failure.what, failure.got) for failure in found] == [
        ("due hello.hello", "ben"),
        ("due thanks.thanks", "ada"),
    ]
    assert {(failure.place.line, failure.place.column) for failure in found} == {(LINE, 14)}


def test_a_step_of_a_named_campaign_that_is_not_named_is_told(recipe: Path) -> None:
    (failure,) = failures(recipe, moment("due: {thanks: {}, hello: {hello: [ben]}}"))
    assert (failure.what, failure.expected, failure.got) == ("due thanks.thanks", "nobody", "ada")


def test_another_time_of_sending_is_told(recipe: Path) -> None:
    (failure,) = failures(recipe, moment("due: {thanks: {thanks: {ada: 2026-06-01 10:00}}, hello: {hello: [ben]}}"))
    assert failure.what == "due thanks.thanks to ada"
    assert (failure.expected, failure.got) == ("2026-06-01 10:00", "2026-06-01 09:00")


def test_that_a_step_is_not_due_is_told_once(recipe: Path) -> None:
    text = """
    due: {thanks: {thanks: [ada], again: [ada]}, hello: {hello: [ben]}}
    coupons: {thanks: {again: {ada: {reward: null}}}}
    messages: {thanks: {again: {ada: {subject: Come again}}}}
    """
    assert [failure.what for failure in failures(recipe, moment(text))] == ["due thanks.again"]


def test_a_field_that_the_files_cannot_answer_says_what_it_needs(recipe: Path) -> None:
    (failure,) = failures(recipe, moment("fields: {ada: {abandoned_carts: 0}}"))
    assert failure.got == "null"
    assert failure.reasons == ("not available for want of carts",)


def test_one_value_of_a_segment_that_the_files_cannot_answer_says_what_it_needs(tmp_path: Path) -> None:
    folder = recipe_in(tmp_path / "thanks")
    recipe = folder / "recipe.yaml"
    searched = "segments:\n  searched: {each: query, from: events}\n"
    recipe.write_text(recipe.read_text("utf-8").replace("segments:\n", searched, 1), encoding="utf-8")
    (failure,) = failures(folder, moment("segments: {searched-tea: [ada]}"))
    assert failure.got == "nobody"
    assert failure.reasons == ("not available for want of events",)


def test_a_cell_that_could_not_be_read_is_told_beside_a_failure(recipe: Path) -> None:
    text = moment("fields: {ada: {phone: x}}").replace("first_name: Ada", "phone: 12")
    (failure,) = failures(recipe, text)
    assert failure.reasons == ("customers.phone '12' could not be read: not a phone number",)


def test_a_customer_of_later_is_not_there_yet(recipe: Path) -> None:
    text = moment("fields: {ben: {orders: 0}}").replace("first_name: Ben", "created_at: 2026-06-02")
    (failure,) = failures(recipe, text)
    assert failure.reasons == ("ben is not in the files yet",)


def test_a_run_that_stops_is_a_failure_and_ends_the_test(recipe: Path) -> None:
    later = "\n      2026-06-02: {due: {}}\n"
    text = moment("due: {}") + later
    text = text.replace("given:\n", "settings: {expect: {messages: 1}}\ngiven:\n", 1)
    (failure,) = failures(recipe, text)
    assert failure.what == "the run"
    assert "2 messages are due, more than the 1 that are expected." in failure.got


def test_a_message_that_cannot_be_made_goes_to_nobody_and_the_failure_says_so(tmp_path: Path) -> None:
    folder = recipe_in(tmp_path / "thanks")
    text = (folder / "thanks.md").read_text().replace("{{ first_name }}", "{{ last_name }}")
    (folder / "thanks.md").write_text(text)
    rows = moment("due: {thanks: {thanks: [ada]}, hello: {hello: [ben]}}")
    rows = rows.replace("first_name: Ben", "last_name: Ben")
    (failure,) = failures(folder, rows)
    assert failure.got == "nobody"
    assert failure.reasons == ("ada: the message cannot be made: last_name is missing",)

    several = rows.replace("customer_id: cem, email: null", "customer_id: cem").replace("[ada]", "[ada, cem]")
    (failure,) = failures(folder, several)
    assert failure.got == "nobody"
    assert [reason[:37] for reason in failure.reasons] == [
        "ada: thanks.thanks goes to nobody: it", "cem: thanks.thanks goes to nobody: it",
    ]  # fmt: skip
    assert all("last_name is missing" in reason for reason in failure.reasons)


def test_failures_of_all_moments_and_tests_come_at_once(recipe: Path) -> None:
    text = (
        moment("fields: {ada: {orders: 9}}")
        + """
      2026-06-02: {fields: {ada: {orders: 8}}}
  - name: other
    at: {2026-06-03: {segments: {buyers: []}}}
"""
    )
    assert [(each.test, each.moment.day, each.expected) for each in failures(recipe, text)] == [
        ("it", 1, "9"), ("it", 2, "8"), ("other", 3, "nobody"),
    ]  # fmt: skip


def test_codes_are_the_same_each_time(recipe: Path) -> None:
    text = moment("coupons: {thanks: {thanks: {ada: {code: HI}}}}")
    assert failures(recipe, text)[0].got == failures(recipe, text)[0].got


def test_a_test_leaves_nothing_behind(recipe: Path) -> None:
    before = sorted(path.name for path in recipe.iterdir())
    loaded(recipe, moment(MET))
    failures(recipe, moment(MET))
    assert sorted(path.name for path in recipe.iterdir() if path.name != "test.yaml") == [
        name for name in before if name != "test.yaml"
    ]  # fmt: skip
