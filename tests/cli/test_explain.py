"""`segcli explain`: in or out, clause by clause, and what would have to change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.small_shop import RECIPE, ran, small_shop

Capture = pytest.CaptureFixture[str]


def explained(tmp_path: Path, capsys: Capture, customer: str, segment: str, recipe: str = RECIPE) -> str:
    code, out, err = ran(capsys, "explain", customer, segment, small_shop(tmp_path, recipe))
    assert (code, err) == (0, "")
    return out


def test_a_member_is_told_with_every_clause_and_its_values(tmp_path: Path, capsys: Capture) -> None:
    assert explained(tmp_path, capsys, "2", "quiet_buyers") == (
        "2 is in quiet_buyers.\n"
        "\n"
        "✓ buyers and recency_days > 60\n"
        "  ✓ buyers\n"
        "    ✓ orders > 0   [orders = 1]\n"
        "        orders = 1: count(*) from orders\n"
        "  ✓ recency_days > 60   [recency_days = 121]\n"
        "      recency_days = 121: min(age_days) from orders\n"
        "\n"
        "To leave quiet_buyers:\n"
        "  - orders > 0 would have to be no longer met\n"
        "  - recency_days > 60 would have to be no longer met\n"
    )


def test_who_is_out_is_told_what_is_missing(tmp_path: Path, capsys: Capture) -> None:
    out = explained(tmp_path, capsys, "1", "quiet_buyers")
    assert out.startswith("1 is not in quiet_buyers.\n")
    assert "✗ recency_days > 60   [recency_days = 10]" in out
    assert out.endswith("To get into quiet_buyers:\n  - recency_days > 60 would have to be met\n")


def test_what_is_not_known_is_marked(tmp_path: Path, capsys: Capture) -> None:
    out = explained(tmp_path, capsys, "4", "quiet_buyers")
    assert "? recency_days > 60   [recency_days = null]   (not known)" in out
    assert "orders > 0 would have to be met, and recency_days > 60 would have to be met" in out


def test_of_a_partition_the_case_that_decided_and_the_score_with_its_cut_points_are_told(
    tmp_path: Path, capsys: Capture
) -> None:
    assert explained(tmp_path, capsys, "3", "standings-best") == (
        "3 is not in standings-best: standing is fresh.\n"
        "\n"
        "standing = fresh: the first case that is met\n"
        "  ✗ r = 3 and orders > 1 → best\n"
        "    ✓ r = 3   [r = 3]\n"
        "        r = 3: 5, cut points 30, 90; score of recency_days among orders > 0, low is best\n"
        "          recency_days = 5: min(age_days) from orders\n"
        "    ✗ orders > 1   [orders = 1]\n"
        "        orders = 1: count(*) from orders\n"
        "  ✓ r = 3   [r = 3] → fresh   decides\n"
        "\n"
        "To get into standings-best:\n"
        "  - orders > 1 would have to be met\n"
    )


def test_who_is_not_scored_is_told_why(tmp_path: Path, capsys: Capture) -> None:
    out = explained(tmp_path, capsys, "4", "standings")
    assert out.startswith("4 is not in standings: standing is none.")
    assert "r = null: not scored, since orders > 0 is not met" in out


def test_a_partition_without_a_value_tells_which_one_the_customer_has(tmp_path: Path, capsys: Capture) -> None:
    assert explained(tmp_path, capsys, "2", "standings").startswith("2 is in standings-gone: standing is gone.")
    (tmp_path / "more").mkdir()
    out = explained(tmp_path / "more", capsys, "ada@example.com", "countries-tr")
    assert out.startswith("1 is in countries-TR: country is TR.")


def test_of_a_segment_per_rows_value_the_rows_are_counted(tmp_path: Path, capsys: Capture) -> None:
    recipe = RECIPE + "  paid: {each: amount, from: orders, within: 365d, at_least: 1}\n"
    out = explained(tmp_path, capsys, "1", "paid-50.00", recipe)
    assert out.startswith("1 is in paid-50.00: amount is 30.00, 50.00.")
    assert "✓ amount 50.00: 1 of at least 1 rows (each amount from orders within 365d)" in out


def test_points_are_told_line_by_line(tmp_path: Path, capsys: Capture) -> None:
    recipe = RECIPE.replace(
        "segments:",
        "  karma:\n    points:\n      - {from: orders, each: amount, most: 60}\n"
        "      - {when: gender = 'female', each: 5}\nsegments:\n  good: {where: karma > 50}",
    )
    out = explained(tmp_path, capsys, "1", "good", recipe)
    assert "karma = 65: the sum of its points" in out
    assert "60: amount each from orders, at most 60" in out
    assert "5: 5 when gender = 'female'" in out


def test_what_the_files_cannot_answer_is_said(tmp_path: Path, capsys: Capture) -> None:
    recipe = RECIPE + "  visitors: {where: visits_30d > 0}\n"
    out = explained(tmp_path, capsys, "1", "visitors", recipe)
    assert out == "1: visitors is not available for want of events.\n"


def test_json_holds_the_tree(tmp_path: Path, capsys: Capture) -> None:
    code, out, _ = ran(capsys, "explain", "1", "quiet_buyers", small_shop(tmp_path), "--json")
    answer = json.loads(out)
    assert (code, answer["customer"], answer["segment"], answer["in"]) == (0, "1", "quiet_buyers", False)
    condition = answer["why"]["condition"]
    assert (condition["operator"], [part["met"] for part in condition["parts"]]) == ("and", [True, False])
    assert condition["parts"][1]["values"] == {"recency_days": 10}
    assert answer["changes"] == [[{"clause": "recency_days > 60", "to": True}]]


@pytest.mark.parametrize(
    ("customer", "segment", "message"),
    [
        ("1", "buyrs", "no segment named 'buyrs'. Did you mean 'buyers'"),
        ("1", "standings-bst", "no segment named 'standings-bst'. Did you mean 'standings-best'"),
        ("ada@example.co", "buyers", "no customer with the id, email or phone 'ada@example.co'."),
    ],
)
def test_an_unknown_customer_or_segment_is_named_with_the_nearest(
    customer: str, segment: str, message: str, tmp_path: Path, capsys: Capture
) -> None:
    code, out, err = ran(capsys, "explain", customer, segment, small_shop(tmp_path))
    assert (code, out) == (2, "")
    assert message in err
