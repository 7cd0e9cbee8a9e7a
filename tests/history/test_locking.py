import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from segcli.history import project_lock
from segcli.problems import DataError, LockedError

HOLD = """
import sys
from pathlib import Path
from segcli.history import project_lock
with project_lock(Path(sys.argv[1]), Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


class Holder:
    """Another process that holds the locks until it is told to end, or killed."""

    def __init__(self, out: Path, history: Path) -> None:
        command = [sys.executable, "-c", HOLD, str(out), str(history)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None and self.process.stdout.readline() == "held\n"

    def __enter__(self) -> int:
        return self.process.pid

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def test_who_holds_the_history_is_said_with_process_host_and_time(tmp_path) -> None:
    history = tmp_path / "history"
    with Holder(tmp_path / "out", history) as pid:
        expected = (
            rf"another run \(process {pid} on {socket.gethostname()}, since 20.*\) is working with the history in"
        )
        with pytest.raises(LockedError, match=expected) as caught, project_lock(tmp_path / "other", history):
            pass
        assert caught.value.exit_code == 4
        with (
            pytest.raises(LockedError, match=r"is writing to .*out\. Wait until .*--out"),
            project_lock(tmp_path / "out"),
        ):
            pass
        with project_lock(tmp_path / "other", tmp_path / "another"):
            pass


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path) -> None:
    with Holder(tmp_path / "out", tmp_path / "history") as pid:
        pass
    assert json.loads((tmp_path / "history/.lock.holder").read_text())["pid"] == pid
    with project_lock(tmp_path / "out", tmp_path / "history"):
        assert json.loads((tmp_path / "history/.lock.holder").read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("holder", ["", "{", "[]", '{"pid": 1}'])
def test_a_holder_that_has_not_said_who_it_is_is_told_so(holder, tmp_path) -> None:
    with Holder(tmp_path / "out", tmp_path / "history"):
        (tmp_path / "history/.lock.holder").write_text(holder)
        with (
            pytest.raises(LockedError, match=r"another run \(it has not said which\)"),
            project_lock(tmp_path / "out", tmp_path / "history"),
        ):
            pass


def test_a_lock_that_outlives_the_process_that_took_it_is_told_so(tmp_path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    with Holder(tmp_path / "out", tmp_path / "history"):
        facts = {"pid": ended.pid, "host": socket.gethostname(), "started": "2026-01-01T07:00:00+00:00"}
        (tmp_path / "history/.lock.holder").write_text(json.dumps(facts))
        with (
            pytest.raises(LockedError, match=rf"process {ended.pid} on .*, which has ended: something it began"),
            project_lock(tmp_path / "out", tmp_path / "history"),
        ):
            pass


def test_one_process_may_lock_twice_and_is_free_afterwards(tmp_path) -> None:
    out, history = tmp_path / "out", tmp_path / "history"
    with project_lock(out, history), project_lock(out, history), project_lock(out):
        pass
    with Holder(out, history):
        pass


def test_where_no_folder_can_be_the_way_out_is_said(tmp_path) -> None:
    (tmp_path / "history").write_text("a file")
    with (
        pytest.raises(DataError, match=r"history is a file, and no folder\. .*`history:` in segcli.yaml"),
        project_lock(tmp_path / "out", tmp_path / "history"),
    ):
        pass
