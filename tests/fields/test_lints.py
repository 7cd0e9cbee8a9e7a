"""What correct conditions do on the data at hand: each finding, and the silence where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.fields.findings import listed
from segcli.fields.lints import lint, spoken_number
from tests.fields.inline_tables import Shop, computed, days_ago


def shop() -> Shop:
    people = [
        {"customer_id": "1", "gender": "female", "country": "TR"},
        {"customer_id": "2", "gender": "male", "country": "DE"},
        {"customer_id": "3", "gender": None, "country": "TR"},
        {"customer_id": "4", "gender": None, "country": None},
    ]
    orders = [
        {"order_id": "a", "customer_id": "1", "ordered_at": days_ago(10), "amount": 50},
        {"order_id": "b", "customer_id": "1", "ordered_at": days_ago(40), "amount": 30},
        {"order_id": "c", "customer_id": "2", "ordered_at": days_ago(100), "amount": 20},
    ]
    return Shop(customers=people, orders=orders)


FIELDS = """
description: test
fields:
  orders: {from: orders, value: count(*), default: 0}
  spend: {from: orders, value: sum(amount), default: 0}
  r: {score: orders, bins: 3, among: orders > 0}
  m: {score: spend, cuts: [20, 40], among: orders > 0}
"""


def found(definitions: str, folder: Path) -> list[str]:
    """Kind, place in the file, key and message of each finding."""
    run = computed(FIELDS + definitions, shop(), folder)
    return [
        f"{item.kind}{' (note)' if item.note else ''} {item.problem.place.line}:{item.problem.place.column} "
        f"{item.problem.key}: {item.problem.message}"
        for item in lint(run)
        if item.problem.place
    ]


def test_sound_definitions_give_no_finding(tmp_path: Path) -> None:
    assert found("segments:\n  a: {where: orders = 1}\n  b: {where: orders > 0 and country = 'DE'}\n", tmp_path) == []


def test_a_negation_says_whom_it_leaves_out_and_for_want_of_what(tmp_path: Path) -> None:
    assert found("segments:\n  women: {where: gender <> 'male'}\n", tmp_path) == [
        "negation 9:18 segments.women: 2 customers are in neither this nor its opposite, for want of gender."
    ]


@pytest.mark.parametrize(
    "where",
    ["not gender = 'male'", "gender not in ('male', 'other')", "gender not like 'm%'", "not (gender = 'male')"],
)
def test_every_kind_of_negation_is_seen(where: str, tmp_path: Path) -> None:
    [finding] = found(f'segments:\n  women: {{where: "{where}"}}\n', tmp_path)
    assert "2 customers are in neither" in finding


def test_a_negation_counts_only_whom_the_rest_of_the_condition_would_let_in(tmp_path: Path) -> None:
    [finding] = found("segments:\n  women: {where: country = 'TR' and gender <> 'male'}\n", tmp_path)
    assert finding.startswith("negation 9:37 segments.women: 1 customer is in neither")


def test_a_negation_that_provides_for_the_unknown_is_fine(tmp_path: Path) -> None:
    assert found("segments:\n  women: {where: gender <> 'male' or gender is null}\n", tmp_path) == []


def test_a_condition_that_nobody_meets_says_which_clause_and_what_the_data_have(tmp_path: Path) -> None:
    assert found("segments:\n  turks: {where: orders > 0 and country = 'Turkey'}\n", tmp_path) == [
        "never 9:33 segments.turks: no customer meets this: country = 'Turkey' is true of nobody (country is TR or DE)."
    ]


def test_a_condition_that_nobody_meets_says_how_far_the_numbers_go(tmp_path: Path) -> None:
    assert found("segments:\n  rich: {where: spend > 8000}\n", tmp_path) == [
        "never 9:17 segments.rich: no customer meets this: spend > 8000 is true of nobody "
        "(spend is 0 to 80 on this data)."
    ]


def test_a_condition_that_everybody_meets_is_told(tmp_path: Path) -> None:
    assert found("segments:\n  all_of_them: {where: orders >= 0}\n", tmp_path) == [
        "always 9:24 segments.all_of_them: every customer meets this."
    ]


def test_a_threshold_beyond_the_data_is_told_where_the_rest_still_holds(tmp_path: Path) -> None:
    assert found("segments:\n  a: {where: orders = 1 or spend > 500}\n", tmp_path) == [
        "threshold 9:28 segments.a: spend > 500 is true of nobody: spend is 0 to 80 on this data."
    ]


def test_a_segment_per_value_without_values_is_told(tmp_path: Path) -> None:
    definitions = "  none_yet: {cases: [{when: spend > 500, then: rich}]}\nsegments:\n  riches: {each: none_yet}\n"
    assert "never 10:3 segments.riches: no customer has a value of 'none_yet'." in found(definitions, tmp_path)


GRID = """  tier:
    cases:
      - {when: r >= 2, then: good}
      - {when: r = 3 and m = 3, then: best}
      - {when: m = 4, then: top}
      - {when: r = 1 and m >= 2, then: fair}
"""


def test_groups_of_a_grid_that_cannot_be_reached_are_told(tmp_path: Path) -> None:
    messages = found(GRID + "segments:\n  g: {each: tier}\n", tmp_path)
    assert (
        "unreachable 11:16 fields.tier.cases[2]: nobody can be 'best': whoever is meant is 'good' before." in messages
    )
    assert "unreachable 12:16 fields.tier.cases[3]: no combination of r and m is 'top'." in messages


def test_cells_of_a_grid_in_no_case_are_told(tmp_path: Path) -> None:
    messages = found(GRID + "segments:\n  g: {each: tier}\n", tmp_path)
    assert (
        "gap 8:3 fields.tier: 1 of 9 combinations of r and m are in no case and get no value, as r = 1, m = 1."
        in messages
    )


def test_overlaps_that_the_order_settles_and_an_otherwise_are_one_note_per_grid(tmp_path: Path) -> None:
    messages = found(GRID + "    otherwise: rest\nsegments:\n  g: {each: tier}\n", tmp_path)
    assert [message for message in messages if message.startswith(("gap", "overlap"))] == [
        "overlap (note) 8:3 fields.tier: of 9 combinations of r and m, 1 meet cases of several groups and are "
        "in the first of them and 1 meet none and are 'rest'."
    ]


def test_a_grid_over_fields_worked_out_from_scores_is_understood(tmp_path: Path) -> None:
    definitions = """  code: {value: 10 * r + m}
  tier:
    cases:
      - {when: "code in (33, 32, 31)", then: best}
      - {when: code > 10 and m = 3 and code < 20, then: odd}
      - {when: "code in (11, 12, 21, 22, 23)", then: rest}
segments:
  g: {each: tier}
"""
    assert not [message for message in found(definitions, tmp_path) if "fields.tier" in message and "gap" in message]


def test_cases_that_nobody_falls_into_are_one_note_per_field(tmp_path: Path) -> None:
    definitions = """  band:
    cases:
      - {when: orders > 9, then: many}
      - {when: orders > 5, then: some}
      - {when: orders >= 0, then: few}
segments:
  g: {each: band}
"""
    assert found(definitions, tmp_path) == [
        "never reached (note) 10:16 fields.band: no customer is 'many' or 'some' on this data."
    ]


def test_a_case_that_looks_for_a_value_the_data_do_not_have_is_a_warning(tmp_path: Path) -> None:
    definitions = """  place:
    cases:
      - {when: country = 'Turkey', then: home}
      - {when: country is not null, then: abroad}
segments:
  g: {each: place}
"""
    assert found(definitions, tmp_path) == [
        "never reached 10:16 fields.place.cases[1].when: nobody is 'home': country = 'Turkey' is true of nobody "
        "(country is TR or DE)."
    ]


def test_a_case_whose_customers_are_all_taken_before_is_a_warning(tmp_path: Path) -> None:
    definitions = """  band:
    cases:
      - {when: orders >= 1, then: some}
      - {when: orders >= 2, then: many}
      - {when: orders = 0, then: none}
segments:
  g: {each: band}
"""
    assert found(definitions, tmp_path) == [
        "never reached 11:16 fields.band.cases[2].when: nobody is 'many': the cases before take everybody who "
        "meets this."
    ]


def test_what_the_files_cannot_answer_gives_no_finding(tmp_path: Path) -> None:
    definitions = "  visits: {from: events, value: count(*), default: 0}\nsegments:\n  a: {where: visits > 1}\n"
    assert found(definitions, tmp_path) == []


def test_lists_of_words_are_cut_short() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"], last="or") == "a, b or c"
    assert listed(["a", "b", "c", "d"], 3) == "a, b and 2 more"


def test_numbers_are_told_with_at_most_two_decimals() -> None:
    assert [spoken_number(value) for value in (1234, 0.5, 12.3456, 80.0)] == ["1,234", "0.5", "12.35", "80"]
