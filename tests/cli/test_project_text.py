"""What a project file offers behind a # is something that a project can have: that of `init`, and the sample's."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from segcli.cli.init import cron_command
from segcli.cli.project_text import project_text
from segcli.project import load_project
from segcli.project.models import Project
from tests.cli.small_shop import CUSTOMERS, ORDERS, ran

SAMPLE = Path(__file__).parents[2] / "sample_data" / "segcli.yaml"
NOTHING = dict.fromkeys(("shop", "timezone", "currency", "country", "esp"))


def taken_out(text: str) -> str:
    """The file without the # before its keys, before what belongs to them, and before what a list offers."""
    lines, inside = [], False
    for line in text.splitlines():
        indent, mark, rest = re.fullmatch(r"( *)(# )?(.*)", line).groups()  # type: ignore[union-attr]
        begins = re.match(r"[a-z_]+:( |$)|- [\w-]+$", rest) is not None
        inside = mark is not None and (begins or (inside and rest.startswith("  ")))
        lines.append(indent + rest if inside else line)
    return "\n".join(lines) + "\n"


def project_of(folder: Path, text: str) -> Project:
    (folder / "segcli.yaml").write_text(text, encoding="utf-8")
    return load_project([folder])


@pytest.mark.parametrize("options", [NOTHING, {**NOTHING, "shop": "Ein: Laden", "currency": "TRY"}])
def test_every_line_that_init_offers_can_be_used(tmp_path: Path, options: dict[str, str | None]) -> None:
    text = project_text(options, ["o.csv"], ["rfm"], ["winback", "welcome"])
    assert project_of(tmp_path, text).limits.caps is None
    project = project_of(tmp_path, taken_out(text))
    assert [recipe.name for recipe in project.recipes if recipe.campaigns] == ["winback", "welcome"]
    assert (project.limits.ahead.days, len(project.limits.caps or ())) == (1, 2)
    assert project.consent.soft_opt_in
    assert project.limits.most_due == 5000
    assert project.keep is not None


def test_every_line_that_the_sample_offers_can_be_used(tmp_path: Path) -> None:
    project = project_of(tmp_path, taken_out(SAMPLE.read_text("utf-8")))
    assert project.limits.quiet_hours.begin.hour == 20
    assert len(project.limits.caps or ()) == 3
    assert (project.consent.soft_opt_in, project.esp) == (True, "klaviyo")


def test_init_offers_campaigns_that_the_files_can_answer_and_chooses_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    code, out, _ = ran(capsys, "init", tmp_path)
    assert code == 0
    assert "campaign --commit --quiet" in out
    offered = re.findall(r"^  # - (.*)$", (tmp_path / "segcli.yaml").read_text("utf-8"), re.MULTILINE)
    # No birthday, no cart, no signup, no delivery, no visit is in the files.
    assert offered == ["loyalty-rewards", "winback"]
    assert [recipe.name for recipe in load_project([tmp_path]).recipes if recipe.campaigns] == []


def test_the_line_for_cron_names_its_program_in_full_and_escapes_what_cron_would_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, shop = tmp_path / "bin" / "segcli", tmp_path / "100 % tea"
    program.parent.mkdir()
    program.touch(mode=0o700)
    monkeypatch.setattr(sys, "argv", [str(program)])
    line = cron_command(shop, "campaign --commit")
    assert line == f"umask 077 && cd '{tmp_path}/100 \\% tea' && {program} campaign --commit --quiet"
