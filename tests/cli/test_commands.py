"""What every command has: help that is true, exit codes, and the smaller commands."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from segcli import __version__
from segcli.project import load_project
from segcli.sources.tables import CANONICAL, DERIVED
from tests.cli.small_shop import CUSTOMERS, ORDERS, ran, small_shop

README = Path(__file__).parents[2] / "README.md"
TEST_ONLY = ("pytest", "hypothesis", "numpy", "pandas", "pyarrow", "duckdb", "scipy", "statsmodels")
COMMANDS = (
    "segment", "campaign", "preview", "results", "check", "fields", "profile", "explain", "cart-loss", "init", "undo",
    "forget", "verify", "test",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capsys, command, "--help")
    assert (code, err) == (0, "")
    assert "Usage:" in out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_prose_of_a_help_fills_its_lines(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = ran(capsys, command, "--help")[1]
    width = max(map(len, out.splitlines()))
    lines = [line.strip() for line in out[: out.index("╭")].splitlines()]
    pairs = [(line, after.split()[0]) for line, after in pairwise(lines) if line and after]
    assert [line for line, word in pairs if len(line) + 1 + len(word) <= width - 2] == []


def test_help_names_every_command_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ran(capsys, "--help")
    assert code == 0
    assert all(command in out for command in COMMANDS)
    said = " ".join(out.split())
    assert all(number in said for number in ("0 done", "1 data", "2 usage", "3 unexpected", "4 another", "130"))


def test_the_readme_names_every_command_and_only_options_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    text = README.read_text("utf-8")
    assert all(f"segcli {command}" in text for command in COMMANDS)
    known = " ".join(ran(capsys, command, "--help")[1] for command in COMMANDS)
    # Options of pip, python and others stand in lines of their own commands.
    lines = [line for line in text.splitlines() if "segcli" in line and "pip" not in line and " -m " not in line]
    options = {option for line in lines for option in re.findall(r"--[a-z-]+", line)}
    assert {"--map", "--recipe"} <= options
    assert [option for option in sorted(options) if option not in known and option != "--help"] == []


def test_the_recipe_of_the_readme_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = re.search(r"```yaml\n(description: Regulars.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert recipe is not None
    (tmp_path / "recipe.yaml").write_text(recipe[1], encoding="utf-8")
    sample = README.parent / "sample_data"
    code, out, err = ran(capsys, "segment", sample, "--recipe", tmp_path, "--out", tmp_path / "out", "--json")
    assert (code, err) == (0, "")
    counts = {item["name"]: item["customers"] for item in json.loads(out)["segments"]}
    assert counts["regulars_gone"] > 0
    assert set(counts) == {"regulars_gone", "by_depth-deep", "by_depth-middle", "by_depth-shallow"}


@pytest.mark.parametrize("arguments", [["--version"], ["segment", "--help"]])
def test_it_starts_without_what_only_tests_need(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        f"for name in {TEST_ONLY}: sys.modules[name] = None\n"
        f"from segcli.__main__ import main\nsys.exit(main({arguments!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert __version__ in done.stdout or "Usage" in done.stdout


def test_help_needs_neither_polars_nor_yaml() -> None:
    code = (
        "import sys\nfrom segcli.__main__ import main\nmain(['--help'])\n"
        "sys.exit(' '.join({'polars', 'yaml', 'pydantic'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "\n" or done.stderr == ""
    assert "Usage" in done.stdout


def test_a_wrong_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capsys, "segment", "--wrong")
    assert (code, out) == (2, "")
    assert "--wrong" in err


def test_fields_lists_every_name_with_its_meaning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ran(capsys, "fields", "--project", small_shop(tmp_path), "--json")
    entries = {entry["name"]: entry for entry in json.loads(out)}
    assert code == 0
    assert entries["r"]["kind"] == "score"
    assert entries["spend"]["tables"] == ["orders"]
    columns = {*CANONICAL["customers"], *DERIVED["customers"]}
    assert [name for name in sorted(columns) if not entries.get(name, {}).get("meaning")] == []
    builtin = [entry for entry in entries.values() if entry["recipe"] == "builtin"]
    assert all(entry["meaning"] and entry["unit"] and entry["source"] for entry in builtin)


def test_fields_shows_one_definition_as_it_stands_in_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = ran(capsys, "fields", "standing", "--project", small_shop(tmp_path))
    assert code == 0
    assert "- {when: r = 3 and orders > 1, then: best}" in out


def test_fields_offers_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = ran(capsys, "fields", "recency")
    assert code == 2
    assert "recency_days" in err


@pytest.mark.parametrize("who", ["1", "ada@example.com", "ADA@example.com"])
def test_profile_finds_a_customer_by_id_or_address(
    who: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = ran(capsys, "profile", who, small_shop(tmp_path), "--json")
    answer = json.loads(out)
    assert code == 0
    assert (answer["customer"]["orders"], answer["customer"]["spend"]) == (2, "80.00")
    assert answer["segments"] == ["buyers", "standings-best", "countries-TR"]
    assert [order["order_id"] for order in answer["latest"]["orders"]] == ["a", "b"]
    assert "visits_30d" in answer["unavailable"]


@pytest.mark.parametrize("command", [("profile", "1"), ("explain", "1", "buyers")])
def test_a_customer_is_looked_up_in_a_project_that_is_named_as_elsewhere(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = small_shop(tmp_path)
    code, out, err = ran(capsys, *command, "--project", shop, "--json")
    assert code == 0, err
    assert ran(capsys, *command, shop, "--json") == (0, out, err)
    code, out, err = ran(capsys, *command, shop / "orders.csv", "-p", shop)
    assert (code, out) == (2, "")
    assert "is a project, and stands alone" in " ".join(err.split())


def test_profile_of_nobody_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capsys, "profile", "adda@example.com", small_shop(tmp_path))
    assert (code, out) == (2, "")
    assert "no customer with the id, email or phone 'adda@example.com'" in err


def test_init_makes_a_project_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    options = ["--timezone", "Europe/Istanbul", "--currency", "EUR", "--country", "TR"]
    code, out, _ = ran(capsys, "init", tmp_path, *options)
    assert code == 0
    assert "2 files" in out
    project = load_project([tmp_path])
    names = {recipe.name for recipe in project.recipes}
    assert "rfm" in names
    assert "cart-abandoners" not in names  # there are no carts in the files
    assert stat.S_IMODE((tmp_path / ".segcli.key").stat().st_mode) == 0o600
    ignored = {line for line in (tmp_path / ".gitignore").read_text().splitlines() if not line.startswith("#")}
    assert ignored == {"out/", "history/", ".segcli.key"}
    assert ran(capsys, "segment", tmp_path, "--as-of", "2026-06-30", "-q")[0] == 0


def test_init_changes_nothing_that_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = small_shop(tmp_path)
    before = (shop / "segcli.yaml").read_bytes()
    code, _, err = ran(capsys, "init", shop)
    assert code == 2
    assert "is there already" in err
    assert (shop / "segcli.yaml").read_bytes() == before
    assert not (shop / ".segcli.key").exists()


def test_init_with_a_wrong_value_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = ran(capsys, "init", tmp_path, "--timezone", "Europe/Istambul")
    assert code == 2
    assert "Europe/Istanbul" in err
    assert list(tmp_path.iterdir()) == []
