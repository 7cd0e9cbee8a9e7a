"""`segcli test` as it is typed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from segcli.cli.testing import find_test_files
from segcli.problems import Problems
from segcli.project import shipped_recipes
from segcli.recipe_testing import TEST_FILE
from tests.cli.small_shop import ran
from tests.recipe_testing.recipes_of_tests import moment, recipe_in

GOOD = moment("due: {thanks: {thanks: [ada]}, hello: {hello: [ben]}}")
BAD = moment("due: {thanks: {thanks: [ada, ben]}, hello: {hello: [ben]}}\nfields: {ada: {orders: 3}}")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two recipes that have tests, and one that has none."""
    for name, text in (("good", GOOD), ("bad", BAD), ("untested", None)):
        folder = recipe_in(tmp_path / "recipes" / name)
        if text is not None:
            (folder / TEST_FILE).write_text(text)
    # One at a time, since the three define the same names.
    (tmp_path / "segcli.yaml").write_text("recipes: [recipes/good]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_recipes_of_a_project_that_have_tests_are_tested(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capsys, "test")
    assert (code, err) == (0, "")
    lines = out.split("\n")
    assert lines[0].split() == ["recipe", "passed", "failed", "seconds"]
    assert lines[1].split()[:3] == ["good", "1", "0"]
    assert "1 test, none failed" in out
    assert sorted(path.name for path in project.iterdir()) == ["recipes", "segcli.yaml"]


def test_a_failure_is_told_with_its_place_both_sides_and_the_reason(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = ran(capsys, "test", "recipes/bad")
    assert code == 1
    place = "recipes/bad/test.yaml:18:24"
    assert f"failed {place}: due thanks.thanks\n  it, 2026-06-01 09:00\n  expected: ada, ben\n  got:      ada\n" in out
    assert "reason:   ben: nothing is due: they are not in its audience" in out
    assert "fields ada.orders\n  it, 2026-06-01 09:00\n  expected: 3\n  got:      1\n" in out
    assert out.endswith("1 test, 1 failed\n")


def test_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capsys, "test", "recipes/bad", "recipes/good", "--json")
    answer = json.loads(out)
    assert (code, err) == (1, "")
    assert (answer["passed"], answer["failed"]) == (1, 1)
    bad, good = answer["recipes"]
    assert [test["passed"] for test in (*bad["tests"], *good["tests"])] == [False, True]
    assert (bad["recipe"], bad["file"]) == ("bad", "recipes/bad/test.yaml")
    due, field = bad["tests"][0]["failures"]
    assert due["reasons"] == ["ben: nothing is due: they are not in its audience"]
    assert {key: field[key] for key in ("file", "moment", "what", "expected", "got")} == {
        "file": "recipes/bad/test.yaml", "moment": "2026-06-01T09:00", "what": "fields ada.orders", "expected": "3",
        "got": "1",
    }  # fmt: skip
    assert (field["line"], field["column"]) > (due["line"], due["column"])


@pytest.mark.slow
def test_a_file_a_folder_of_folders_and_a_name(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for names, tested in (
        (["recipes/good/test.yaml", "recipes/good", "good"], ["good"]),
        (["recipes"], ["bad", "good"]),
        (["recipes/good/recipe.yaml"], ["good"]),
    ):
        _, out, _ = ran(capsys, "test", *names, "--json")
        assert [each["recipe"] for each in json.loads(out)["recipes"]] == tested


def test_quiet_says_only_what_failed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(capsys, "test", "-q") == (0, "", "")
    code, out, _ = ran(capsys, "test", "recipes/bad", "-q")
    assert code == 1
    assert "due thanks.thanks" in out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wellcome", "no recipe or folder named 'wellcome'. Did you mean 'welcome'"),
        ("recipes/untested", "the recipe 'untested' has no test.yaml. Write recipes/untested/test.yaml."),
        (".", "the folder '.' holds no recipe.yaml. Those with a test.yaml are "),
        ("recipes/nowhere", "no recipe or folder named 'recipes/nowhere'."),
    ],
)
def test_what_is_not_there_is_told(project: Path, capsys: pytest.CaptureFixture[str], name: str, said: str) -> None:
    code, out, err = ran(capsys, "test", name)
    assert (code, out) == (2, "")
    assert said in err


def test_a_broken_file_stops_before_anything_runs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "recipes" / "bad" / TEST_FILE).write_text("tests: {")
    (project / "recipes" / "good" / TEST_FILE).write_text(GOOD.replace("thanks: [ada]", "thanks: [adda]"))
    code, out, err = ran(capsys, "test", "recipes")
    assert (code, out) == (2, "")
    assert "recipes/bad/test.yaml:2:1: not valid YAML" in err
    assert "there is no customer 'adda' in the given rows. Did you mean 'ada'?" in err
    assert "2 errors" in err


def test_a_recipe_that_cannot_be_run_is_told_beside_the_others(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = project / "recipes" / "bad" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("audience: orders > 0", "audience: ordres > 0"))
    code, out, err = ran(capsys, "test", "recipes")
    assert code == 2
    assert "recipes/bad/recipe.yaml:12:15" in err and "Did you mean 'orders'" in err
    assert "good" in out


def test_no_project_and_no_name_are_the_shipped_recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = find_test_files([], None, Problems())
    assert {"winback", "welcome", "cart-series"} <= {file.parent.name for file in found}
    assert {file.name for file in found} == {TEST_FILE}
    assert {file.parent for file in found} <= set(shipped_recipes().values())


def test_a_project_without_tests_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "segcli.yaml").write_text("recipes: [recipes/untested]\n")
    code, _, err = ran(capsys, "test")
    assert code == 2
    assert "no recipe here has a test.yaml. Write a test.yaml beside a recipe.yaml: the README tells how." in err


def test_the_schema_of_test_files(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ran(capsys, "check", "--schema", "test")
    assert code == 0
    assert set(json.loads(out)["properties"]) == {"settings", "recipes", "given", "tests"}


@pytest.mark.slow
def test_the_test_of_the_readme_says_what_the_readme_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    section = (Path(__file__).parents[2] / "README.md").read_text("utf-8").partition("## Testing a recipe")[2]
    example, said = re.findall(r"```\w*\n(.*?)```", section, re.DOTALL)[:2]
    shutil.copytree(shipped_recipes()["winback"], tmp_path / "recipes" / "winback")
    file = tmp_path / "recipes" / "winback" / TEST_FILE
    file.write_text(example, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert ran(capsys, "test", "recipes/winback")[0] == 0
    file.write_text(example.replace("we-miss-you: [ada]", "we-miss-you: [ada, cem]"), encoding="utf-8")
    code, out, _ = ran(capsys, "test", "recipes/winback")
    assert code == 1
    seconds = re.compile(r"\d+\.\d$", re.MULTILINE)
    assert seconds.sub("0.9", out) == said
