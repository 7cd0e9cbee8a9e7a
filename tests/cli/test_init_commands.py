"""The commands that `segcli init` prints can be copied, however segcli was started and wherever the shop lies."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from segcli.cli.init_commands import cron_command, next_command


@pytest.fixture
def script(tmp_path: Path) -> Path:
    program = tmp_path / "bin" / "segcli"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho $#\n", encoding="utf-8")
    program.chmod(0o700)
    return program


def test_the_line_for_cron_names_its_program_in_full_and_escapes_what_cron_would_take(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(script)])
    line = cron_command(tmp_path / "100 % tea", "campaign --commit")
    assert line == f"umask 077 && cd '{tmp_path}/100 \\% tea' && {script} campaign --commit --quiet"


def test_a_command_in_the_path_is_short_and_another_as_it_was_typed(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", str(script.parent))
    assert next_command(tmp_path, "check") == "segcli check"
    assert next_command(Path("my shop"), "check") == "segcli check 'my shop'"
    assert next_command(Path("-x"), "campaign", "--project") == "segcli campaign --project ./-x"
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(sys, "argv", ["bin/segcli"])
    assert next_command(tmp_path, "check") == "bin/segcli check"
    assert cron_command(tmp_path, "segment").endswith(f"&& {script} segment --quiet")


def test_a_module_is_started_by_its_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(Path("segcli/__main__.py").absolute())])
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert next_command(tmp_path, "check") == "python -m segcli check"
    assert cron_command(tmp_path, "segment").endswith(f"&& {sys.executable} -m segcli segment --quiet")
    monkeypatch.setenv("PATH", "/nowhere")
    assert next_command(tmp_path, "check") == f"{sys.executable} -m segcli check"


def test_what_is_printed_runs_in_a_shell(tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = tmp_path / "my shop's"
    shop.mkdir()
    monkeypatch.setattr(sys, "argv", [str(script)])
    shell = shutil.which("sh")
    assert shell is not None
    for command, arguments in ((next_command(shop, "check"), "2"), (cron_command(shop, "segment"), "2")):
        ran = subprocess.run([shell, "-c", command], capture_output=True, text=True, check=True)
        assert ran.stdout.strip() == arguments
