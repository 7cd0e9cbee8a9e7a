"""Processes that are killed with SIGKILL, disks that fill up, two runs at once: all real."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from segcli.history import commit_run, committed_runs, open_history, points
from segcli.history.publishing import latest_run
from segcli.problems import DataError, LockedError
from tests.history.committing import commit, moment, new_run, write_outputs
from tests.history.conftest import BEFORE
from tests.history.folder_contents import assert_each_message_once, assert_whole, contents, differences

PROGRAM = Path(__file__).parent / "committing.py"
NUMBER = BEFORE  # of the run that is killed


def command(shop: Path, task: str, amount: int) -> list[str]:
    return [sys.executable, str(PROGRAM), str(shop), task, str(amount)]


def run_to_point(shop: Path, point: int) -> bool:
    """The run, killed at that point; whether it came so far."""
    environment = {**os.environ, "RUN": str(NUMBER), "POLARS_MAX_THREADS": "1"}
    done = subprocess.run(command(shop, "kill", point), env=environment, capture_output=True, text=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stdout + done.stderr
    return done.returncode != 0


@pytest.fixture
def expected(new_shop, monkeypatch) -> tuple[Path, list[str]]:
    """The shop after the run without interruption, and the points that it passed."""
    passed: list[str] = []
    monkeypatch.setattr(points, "reached", passed.append)
    shop = new_shop("uninterrupted")
    commit(shop, moment(NUMBER))
    monkeypatch.setattr(points, "reached", lambda point: None)
    return shop, passed


def test_every_point_of_a_commit_is_named(expected) -> None:
    _, passed = expected
    assert passed == [
        "a.csv written", "lists/b.csv written", "manifest written", "outputs written", "outputs sealed",
        "sends.parquet written", "state.parquet written", "members.parquet written", "people.parquet written",
        "run.json written", "before the commit", "after the commit", "commit on the disk",
        "before the output's rename", "after the output's rename", "after latest",
        *["superseded file deleted"] * 3,
    ]  # fmt: skip


@pytest.mark.slow
def test_a_run_killed_at_any_point_and_run_again_is_as_if_nothing_had_happened(new_shop, expected) -> None:
    uninterrupted, passed = expected
    for point, name in enumerate(passed, 1):
        shop = new_shop(f"killed-{point}")
        assert run_to_point(shop, point), name
        assert_whole(shop)
        committed = len(committed_runs(shop / "history")) == NUMBER + 1
        assert committed == (point > passed.index("before the commit") + 1), name
        assert commit(shop, moment(NUMBER)).already == committed
        assert differences(shop, uninterrupted) == [], name
        assert_each_message_once(shop, NUMBER + 1)
        shutil.rmtree(shop)


@pytest.mark.slow
def test_a_start_after_a_crash_may_be_killed_as_well(new_shop, expected) -> None:
    uninterrupted, passed = expected
    kills = 0
    for first in range(1, passed.index("after latest") + 2):
        for second in (1, 2, 3):
            shop = new_shop(f"killed-{first}-{second}")
            assert run_to_point(shop, first)
            killed = run_to_point(shop, second)
            kills += 1 + killed
            assert_whole(shop)
            commit(shop, moment(NUMBER))
            assert differences(shop, uninterrupted) == [], (passed[first - 1], second)
            shutil.rmtree(shop)
            if not killed:
                break
    assert kills >= 85


@pytest.mark.slow
def test_runs_killed_at_random_times_lose_nothing_and_repeat_nothing(shop_before, tmp_path) -> None:
    shop, other, chance = tmp_path / "killed", tmp_path / "uninterrupted", random.Random(11)
    for folder in (shop, other):
        shutil.copytree(shop_before / "history", folder / "history", ignore=shutil.ignore_patterns("20*"))
    environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
    kills = 0
    while kills < 100:
        with subprocess.Popen(
            command(shop, "until", 100_000), stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            assert process.stdout is not None and process.stdout.readline() == "begun\n"
            time.sleep(chance.uniform(0, 0.4))
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        assert_whole(shop)
    runs = len(committed_runs(shop / "history"))
    assert runs > 20
    commit(shop, moment(runs))
    for number in range(runs + 1):
        commit(other, moment(number))
    assert_each_message_once(shop, runs + 1)
    assert differences(shop, other) == []


def test_of_two_runs_at_once_one_works_and_the_other_says_who(new_shop) -> None:
    shop = new_shop("busy")
    environment = {**os.environ, "RUN": str(NUMBER)}
    with subprocess.Popen(
        command(shop, "hold", 7), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        says = rf"another run \(process {holder.pid} on .*, since 20.* is working with the history in"
        for out in ("out", "another"):  # a history is one, wherever runs write
            with pytest.raises(LockedError, match=says) as caught:
                commit(shop, moment(NUMBER), out=out)
            assert caught.value.exit_code == 4
        holder.communicate()
    assert holder.returncode == 0
    assert commit(shop, moment(NUMBER)).already


def test_what_another_run_committed_meanwhile_is_not_overwritten(new_shop) -> None:
    shop = new_shop("shared")
    planned = new_run(open_history(shop / "history", moment(NUMBER + 1)), moment(NUMBER + 1))
    commit(shop, moment(NUMBER))
    with pytest.raises(DataError, match="the history has changed since this run was planned"):
        commit_run(
            shop / "history", shop / "out", planned, lambda folder: write_outputs(folder, planned.journal.lazy())
        )
    assert len(committed_runs(shop / "history")) == NUMBER + 1


@pytest.fixture
def tiny_disk(tmp_path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a disk that is small enough")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [9_000, 12_000, 20_000, 60_000])
def test_a_full_disk_leaves_what_was_there_and_nothing_else(rows, tiny_disk) -> None:
    commit(tiny_disk, moment(0), customers=5)
    before = contents(tiny_disk)
    done = subprocess.run(command(tiny_disk, "rows", rows), capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "No space left on device. Nothing was committed" in done.stdout
    assert contents(tiny_disk) == before
    commit(tiny_disk, moment(1), customers=5)
    assert_each_message_once(tiny_disk, 2, customers=5)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_disk_that_refuses_large_files_leaves_what_was_there_and_nothing_else(share, new_shop) -> None:
    shop = new_shop("limited")
    before = contents(shop)
    largest = max(path.stat().st_size for path in (shop / "history").rglob("*.parquet"))
    script = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({int(largest * share)},) * 2)\n"
    start = f"import sys; sys.argv = {[str(PROGRAM), str(shop), 'rows', '40']!r}\n"
    run = f"import runpy; runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", script + start + run], capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "File too large. Nothing was committed" in done.stdout
    assert contents(shop) == before


def test_where_links_cannot_be_had_a_commit_needs_none(shop_before, tmp_path, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    for name in ("link", "symlink"):
        monkeypatch.setattr(os, name, refuse)
    for number in (0, 1):
        commit(tmp_path, moment(number))
    assert (tmp_path / "out/latest-campaigns").read_text() == "2026-01-01T1200-campaigns\n"
    assert latest_run(tmp_path / "out", "-campaigns") == tmp_path / "out/2026-01-01T1200-campaigns"
    assert_whole(tmp_path)
    assert_each_message_once(tmp_path, 2)


def test_outputs_that_cannot_be_moved_after_the_commit_are_moved_by_the_next_start(new_shop, monkeypatch) -> None:
    shop, rename = new_shop("refused"), Path.rename

    def refuse_outputs(path: Path, target: Path) -> Path:
        if target.parent.name == "out":
            raise OSError(30, "Read-only file system")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_outputs)
    with pytest.raises(DataError, match=r"Read-only file system\. The run is committed"):
        commit(shop, moment(NUMBER))
    monkeypatch.setattr(Path, "rename", rename)
    done = commit(shop, moment(NUMBER))
    assert done.already and (done.outputs / "manifest.json").is_file()
    assert_whole(shop)
