"""What the README says of campaigns: its recipe, its settings, its timer and its script are run as they stand there."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from segcli.history import committed_runs
from segcli.project import load_project
from tests.cli.small_shop import ran

README = Path(__file__).parents[2] / "README.md"
SAMPLE = README.parent / "sample_data"


def block(language: str, beginning: str) -> str:
    """The code block of the README that begins so."""
    found = re.search(rf"```{language}\n({re.escape(beginning)}.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A copy of the sample shop with few recipes, so that a run is short."""
    folder = tmp_path / "shop"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("out", "history", "generator", ".segcli.key"))
    text = (folder / "segcli.yaml").read_text("utf-8")
    chosen = re.sub(r"\nrecipes:\n(?:[ #].*\n|\n(?=  ))+", "\nrecipes: [welcome, winback]\n", text)
    assert "recipes: [welcome, winback]" in chosen and "cart-series" not in chosen
    (folder / "segcli.yaml").write_text(chosen, encoding="utf-8")
    return folder


def test_the_message_of_the_readme_becomes_emails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "recipes" / "win-back"
    recipe.mkdir(parents=True)
    (recipe / "recipe.yaml").write_text(block("yaml", "description: Bringing back"), encoding="utf-8")
    for step in ("we-miss-you", "best-sellers", "last-chance"):
        (recipe / f"{step}.md").write_text(block("", "---\nsubject:"), encoding="utf-8")
    for name in ("customers.csv", "orders_export.csv", "events.parquet", "products.csv"):
        shutil.copy(SAMPLE / name, tmp_path)
    lines = ["timezone: Europe/Istanbul", "country: TR", "currency: USD", "as_of: 2026-06-30T09:00",
             "sources: [customers.csv, orders_export.csv, events.parquet, products.csv]", "recipes: [recipes]",
             "limits: {caps: [{max: 9, per: 24h}]}"]  # fmt: skip
    settings = block("yaml", "sender: ")
    (tmp_path / "segcli.yaml").write_text("\n".join(lines) + "\n" + settings, encoding="utf-8")
    code, out, err = ran(capsys, "campaign", "--project", tmp_path, "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    emails = [*Path(answer["run"]).rglob("*.eml")]
    assert len(emails) == sum(row["messages"] for row in answer["steps"]) > 0


def test_the_campaign_of_the_readme_has_somebody_due(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "recipes" / "win-back"
    recipe.mkdir(parents=True)
    (recipe / "recipe.yaml").write_text(block("yaml", "description: Bringing back"), encoding="utf-8")
    for name in ("customers.csv", "orders_export.csv", "events.parquet", "products.csv"):
        shutil.copy(SAMPLE / name, tmp_path)
    lines = ["timezone: Europe/Istanbul", "country: TR", "currency: USD", "as_of: 2026-06-30T09:00",
             "sources: [customers.csv, orders_export.csv, events.parquet, products.csv]", "recipes: [recipes]",
             "limits: {caps: [{max: 9, per: 24h}]}"]  # fmt: skip
    (tmp_path / "segcli.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, out, err = ran(capsys, "campaign", "--project", tmp_path, "--json")
    assert (code, err) == (0, "")
    steps = {row["step"]: row["messages"] for row in json.loads(out)["steps"]}
    assert set(steps) == {"we-miss-you", "best-sellers", "last-chance"}
    assert sum(steps.values()) > 0


def test_the_settings_of_the_readme_are_those_that_a_project_takes(tmp_path: Path) -> None:
    settings = block("yaml", "consent: {default: strict")
    (tmp_path / "segcli.yaml").write_text(f"sources: [orders.csv]\n{settings}", encoding="utf-8")
    project = load_project([tmp_path])
    assert project.consent.soft_opt_in
    assert project.limits.most_due == 20_000
    assert [cap.most for cap in project.limits.caps or ()] == [1, 3]


def test_the_timer_of_the_readme_catches_up_and_starts_the_service() -> None:
    units = {}
    for name in ("service", "timer"):
        parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
        parser.optionxform = str  # type: ignore[method-assign,assignment]
        parser.read_string(block("ini", f"# /etc/systemd/system/segcli.{name}"))
        units[name] = parser
    assert units["timer"]["Timer"]["Persistent"] == "true"
    service = units["service"]["Service"]
    assert (service["Type"], service["UMask"]) == ("oneshot", "0077")
    assert service["SuccessExitStatus"] == "4"  # another run is at it
    assert service["ExecStart"].startswith(service["WorkingDirectory"] + "/")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for name in ("service", "timer"):
        unit = block("ini", f"# /etc/systemd/system/segcli.{name}")
        unit = unit.replace("/srv/shop/.venv/bin/segcli", sys.executable).replace("/srv/shop", str(tmp_path))
        (tmp_path / f"segcli.{name}").write_text(unit, encoding="utf-8")
    units = [str(tmp_path / f"segcli.{name}") for name in ("service", "timer")]
    environment = {**os.environ, "SYSTEMD_LOG_LEVEL": "warning"}
    done = subprocess.run(
        ["systemd-analyze", "verify", *units], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def run_script(shop: Path, *, pull: str, push: str) -> int:
    """The README's script with these programs, in this shop."""
    programs = shop.parent / "programs"
    programs.mkdir(exist_ok=True)
    program(programs, "pull", pull)
    program(programs, "push", push)
    program(programs, "segcli", f'exec "{sys.executable}" -m segcli "$@"')
    program(programs, "python3", f'exec "{sys.executable}" "$@"')
    script = block("sh", "#!/bin/sh\numask").replace("/srv/shop", str(shop))
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(README.parent)}
    return subprocess.run(["sh", "-c", script], env=environment, capture_output=True, check=False).returncode


def at(shop: Path, moment: str) -> None:
    """The shop's clock, which stands in its project file."""
    file = shop / "segcli.yaml"
    file.write_text(re.sub(r"\nas_of: .*", f"\nas_of: {moment}", file.read_text("utf-8")), encoding="utf-8")


@pytest.mark.slow
def test_the_script_takes_back_exactly_the_run_that_could_not_be_pushed(shop: Path) -> None:
    assert run_script(shop, pull="exit 0", push=f'ls "$1/campaigns" > "{shop}/pushed"') == 0
    history = shop / "history"
    assert [run.name for run in committed_runs(history)] == ["2026-06-30T0900"]
    assert "welcome" in (shop / "pushed").read_text("utf-8")
    assert (
        run_script(shop, pull="exit 0", push="exit 1") == 0
    )  # that run is mailed: it is neither pushed nor taken back
    assert [run.name for run in committed_runs(history)] == ["2026-06-30T0900"]
    at(shop, "2026-07-01T09:00")
    assert run_script(shop, pull="exit 1", push="exit 0") == 1  # the day on which a plain chain would retract yesterday
    assert [run.name for run in committed_runs(history)] == ["2026-06-30T0900"]
    assert run_script(shop, pull="exit 0", push="exit 1") == 1
    assert [run.name for run in committed_runs(history)] == ["2026-06-30T0900"]
    assert run_script(shop, pull="exit 0", push="exit 0") == 0
    assert [run.name for run in committed_runs(history)] == ["2026-06-30T0900", "2026-07-01T0900"]


SHOWN = ("checkouts_export.csv", "customers.csv", "events.parquet", "orders_export.csv", "products.csv")


@pytest.mark.slow
def test_the_first_campaign_shows_what_the_readme_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                        capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    shop = tmp_path / "shop"
    shop.mkdir()
    for name in SHOWN:
        shutil.copy(SAMPLE / name, shop)
    monkeypatch.chdir(shop)
    assert "write `as_of: 2026-06-30T09:00` into" in README.read_text("utf-8")
    for first in ("$ cd shop && segcli init", "$ segcli campaign\n"):
        head, *lines = block("", first).splitlines()
        code, out, _ = ran(capsys, *shlex.split(head.rpartition("segcli ")[2]))
        assert code == 0
        assert_shown(lines, [line.rstrip() for line in out.splitlines()])
        if "init" in head:
            with (shop / "segcli.yaml").open("a", encoding="utf-8") as file:
                file.write("as_of: 2026-06-30T09:00\n")
    _, list_command, *lines = block("", "$ segcli campaign --commit").splitlines()
    assert ran(capsys, "campaign", "--commit", "-q")[0] == 0
    written = Path(list_command.removeprefix("$ head -2 ")).read_text("utf-8").splitlines()
    assert all(line.startswith(start.removesuffix("...")) for line, start in zip(written, lines, strict=False))


def assert_shown(lines: list[str], out: list[str]) -> None:
    """`lines` are those of `out` one after the other, but where "..." stands for some."""
    at, gap = 0, False
    for line in lines:
        if line == "...":
            gap = True
            continue
        assert line in (out[at:] if gap else out[at : at + 1]), line
        at, gap = out.index(line, at) + 1, False
    assert gap or at == len(out)
