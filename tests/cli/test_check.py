"""`segcli check`: every problem at once, what is odd on the data, and what a change would do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.small_shop import PROJECT, RECIPE, ran, small_shop

Capture = pytest.CaptureFixture[str]


def test_a_sound_project_has_nothing_to_say_and_writes_nothing(tmp_path: Path, capsys: Capture) -> None:
    shop = small_shop(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    code, out, err = ran(capsys, "check", shop)
    assert (code, err) == (0, "")
    [line] = out.splitlines()
    assert line.endswith("5 customers: 0 errors, 0 warnings")
    assert sorted(tmp_path.rglob("*")) == before


def test_all_problems_of_recipes_come_at_once_with_their_places_and_exit_2(tmp_path: Path, capsys: Capture) -> None:
    recipe = "description: x\nsegments:\n  a: {where: ordrs > 0}\n  b: {where: orders}\n"
    code, out, _ = ran(capsys, "check", small_shop(tmp_path, recipe))
    assert code == 2
    first, second, last = out.splitlines()
    assert "recipe.yaml:3:14: segments.a.where: 'ordrs' is not a field." in first
    assert "Did you mean 'orders'" in first
    assert "recipe.yaml:4:14: segments.b.where:" in second
    assert last.endswith("2 errors, 0 warnings")


def test_problems_of_a_recipe_and_of_the_files_are_told_together(tmp_path: Path, capsys: Capture) -> None:
    shop = small_shop(tmp_path, "description: x\nsegments:\n  a: {wher: orders > 0}\n")
    (shop / "orders.csv").write_bytes(b"")
    code, out, _ = ran(capsys, "check", shop)
    assert code == 2
    assert "no key 'wher'" in out
    assert "orders.csv: the file is empty" in out


def test_problems_of_the_data_alone_exit_1(tmp_path: Path, capsys: Capture) -> None:
    shop = small_shop(tmp_path)
    (shop / "orders.csv").write_bytes(b"")
    code, out, _ = ran(capsys, "check", shop)
    assert code == 1
    assert "orders.csv: the file is empty" in out


def test_rows_that_stop_the_run_are_told_too(tmp_path: Path, capsys: Capture) -> None:
    shop = small_shop(tmp_path)
    (shop / "orders.csv").write_text("order_id,customer_id,ordered_at,amount\na,1,never,5\nb,1,never,5\n")
    code, out, _ = ran(capsys, "check", shop)
    assert code == 1
    assert "orders.csv" in out


def test_findings_on_the_data_are_warnings_and_exit_0(tmp_path: Path, capsys: Capture) -> None:
    recipe = RECIPE + "  women: {where: gender <> 'male'}\n"
    code, out, _ = ran(capsys, "check", small_shop(tmp_path, recipe))
    assert code == 0
    assert (
        "recipe.yaml:14:18: segments.women: 1 customer is in neither this nor its opposite, for want of gender." in out
    )
    assert out.splitlines()[-1].endswith("0 errors, 1 warning")


def test_what_the_files_cannot_answer_is_a_note_with_what_would_enable_it(tmp_path: Path, capsys: Capture) -> None:
    recipe = RECIPE + "  visitors: {where: visits_30d > 0}\n"
    _, out, _ = ran(capsys, "check", small_shop(tmp_path, recipe))
    assert "note not available for want of events: visitors" in out


def test_json_holds_the_same_with_file_line_and_column(tmp_path: Path, capsys: Capture) -> None:
    recipe = RECIPE + "  women: {where: gender <> 'male'}\n  visitors: {where: visits_30d > 0}\n"
    code, out, _ = ran(capsys, "check", small_shop(tmp_path, recipe), "--json")
    answer = json.loads(out)
    assert (code, answer["errors"], answer["warnings"]) == (0, 0, 1)
    [warning] = [problem for problem in answer["problems"] if problem["severity"] == "warning"]
    assert warning["file"].endswith("recipe.yaml")
    assert (warning["kind"], warning["line"], warning["column"]) == ("negation", 14, 18)
    assert {"name": "visitors", "needs": ["events"]} in answer["unavailable"]


def test_schema_prints_the_json_schemas(capsys: Capture) -> None:
    for name in ("recipe", "project"):
        code, out, _ = ran(capsys, "check", "--schema", name)
        assert code == 0
        assert json.loads(out)["title"] == f"segcli {name}"


CHANGED = RECIPE.replace("recency_days > 60", "recency_days > 5").replace("cuts: [30, 90]", "cuts: [7, 90]")


def test_against_another_version_of_the_project_tells_who_would_enter_and_leave(
    tmp_path: Path, capsys: Capture
) -> None:
    old = small_shop(tmp_path / "old")
    new = small_shop(tmp_path / "new", CHANGED + "  rich: {where: spend >= 50}\n")
    code, out, _ = ran(capsys, "check", new, "--against", old)
    assert code == 0
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line and line[0] != " "}
    assert rows["quiet_buyers"] == ["1", "2", "+1", "·", "80.00"]
    assert rows["rich"] == ["new", "1", "+1", "·", "80.00"]
    assert rows["standings-best"] == ["1", "0", "·", "-1", "80.00"]
    assert rows["standings-gone"] == ["1", "2", "+1", "·", "80.00"]
    assert "buyers" not in rows


def test_against_shows_where_the_members_of_a_partition_go(tmp_path: Path, capsys: Capture) -> None:
    old, new = small_shop(tmp_path / "old"), small_shop(tmp_path / "new", CHANGED)
    _, out, _ = ran(capsys, "check", new, "--against", old)
    matrix = out[out.index("standings: from, to") :].splitlines()
    assert [line.split() for line in matrix[:2]] == [["standings:", "from,", "to", "gone"], ["best", "1"]]


def test_against_a_folder_of_recipes_compares_those_of_the_same_name(tmp_path: Path, capsys: Capture) -> None:
    old, new = small_shop(tmp_path / "old"), small_shop(tmp_path / "new", CHANGED)
    _, out, _ = ran(capsys, "check", new, "--against", old / "recipes", "--json")
    against = json.loads(out)["against"]
    [change] = [item for item in against["changes"] if item["name"] == "quiet_buyers"]
    assert change == {
        "name": "quiet_buyers", "before": 1, "after": 2, "entering": 1, "leaving": 0, "spend": "80.00",
    }  # fmt: skip
    assert against["migrations"] == [{"name": "standings", "moves": [["best", "gone", 1]]}]
    assert against["customers"] == 1


def test_against_the_same_recipes_says_that_nothing_changes(tmp_path: Path, capsys: Capture) -> None:
    old, new = small_shop(tmp_path / "old"), small_shop(tmp_path / "new")
    _, out, _ = ran(capsys, "check", new, "--against", old)
    assert "no segment changes" in out


def test_against_a_folder_without_recipes_says_what_is_wanted(tmp_path: Path, capsys: Capture) -> None:
    shop = small_shop(tmp_path / "new")
    code, out, _ = ran(capsys, "check", shop, "--against", tmp_path)
    assert code == 2
    assert "holds no version of this project's recipes" in out


def test_an_option_that_is_wrong_exits_2(tmp_path: Path, capsys: Capture) -> None:
    shop = small_shop(tmp_path, project=PROJECT)
    code, out, _ = ran(capsys, "check", shop, "--as-of", "yesterday")
    assert code == 2
    assert "--as-of" in out
