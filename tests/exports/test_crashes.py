"""Disks that fill up, processes that are killed, different numbers of threads: all real."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from segcli.exports import finished_runs, latest_run, read_manifest, write_run

PROGRAM = Path(__file__).parent / "publishing.py"


def publish(out: Path, task: str, amount: int, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), str(out), task, str(amount)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


def assert_whole(run: Path) -> None:
    outputs = read_manifest(run)["outputs"]
    for name, facts in outputs.items():
        assert hashlib.sha256((run / name).read_bytes()).hexdigest() == facts["sha256"], name
    assert pl.read_parquet(run / "customers.parquet")["orders"].n_unique() == 1


def bytes_of(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.parametrize("limit", [4_000, 900_000, 1_600_000])
def test_a_disk_that_refuses_leaves_the_run_before_and_nothing_else(
    limit, customers, segment, contents, tmp_path
) -> None:
    run = write_run(tmp_path, contents(customers, segment("lapsed")))
    before = bytes_of(run)
    result = publish(tmp_path, "limited", limit)
    assert result.returncode == 1, result.stderr
    assert "the run could not be written to" in result.stdout and "File too large" in result.stdout
    assert bytes_of(run) == before
    assert latest_run(tmp_path) == run
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", ".lock.holder", run.name, "latest"]


@pytest.fixture
def tiny_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a disk that is small enough")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [8_000, 12_000, 200_000])
def test_a_full_disk_leaves_the_run_before_and_nothing_else(rows, tiny_disk, customers, segment, contents) -> None:
    run = write_run(tiny_disk, contents(customers, segment("lapsed")))
    before = bytes_of(run)
    result = publish(tiny_disk, "once", rows)
    assert result.returncode == 1, result.stderr
    assert "No space left on device" in result.stdout
    assert bytes_of(run) == before
    assert sorted(path.name for path in tiny_disk.iterdir()) == [".lock", ".lock.holder", run.name, "latest"]


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_threads(tmp_path) -> None:
    written = []
    for threads in ("1", "3"):
        assert publish(tmp_path / threads, "once", 80_000, POLARS_MAX_THREADS=threads).returncode == 0
        written.append(bytes_of(tmp_path / threads / "2026-01-02T0000"))
    assert written[0].keys() == written[1].keys()
    assert [name for name in written[0] if written[0][name] != written[1][name]] == []


@pytest.mark.slow
def test_a_run_killed_at_any_moment_leaves_latest_at_a_whole_run(tmp_path) -> None:
    out, chance = tmp_path / "out", random.Random(7)
    assert publish(out, "once", 3_000).returncode == 0
    for _ in range(25):
        command = [sys.executable, str(PROGRAM), str(out), "forever", "3000"]
        with subprocess.Popen(command) as process:
            time.sleep(chance.uniform(0.3, 1.5))
            process.send_signal(signal.SIGKILL)
        run = latest_run(out)
        assert run is not None
        for whole in finished_runs(out):
            assert_whole(whole)
    assert publish(out, "once", 3_000).returncode == 0
    left = {path.name for path in out.iterdir()} - {run.name for run in finished_runs(out)}
    assert left == {"latest", ".lock", ".lock.holder"}
    assert json.loads((out / ".lock.holder").read_text())["pid"]
