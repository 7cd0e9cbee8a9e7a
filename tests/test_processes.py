from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from segcli.problems import DataError, Problem
from segcli.processes import LostProcessError, results_in_order

MOST_SECONDS = 60


def square(number: int) -> tuple[int, int]:
    """The square, and who worked it out; each task takes a while, so that every process gets some."""
    time.sleep(0.02)
    return number * number, os.getpid()


def failing(number: int) -> int:
    if number == 2:
        raise DataError([Problem("two is too many.", hint="Take one.")])
    return number


def killed_elsewhere(number: int, here: int) -> int:
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    return number


def marked(folder: Path, number: int) -> int:
    """Says where it is done, and takes long."""
    (folder / f"{number} {os.getpid()}").touch()
    time.sleep(MOST_SECONDS)
    return number


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_results_come_in_the_order_of_the_tasks(processes: int) -> None:
    results = list(results_in_order((partial(square, number) for number in range(80)), processes))
    assert [result for result, _ in results] == [number * number for number in range(80)]
    assert len({who for _, who in results}) == processes


@pytest.mark.parametrize("processes", [1, 2])
def test_no_tasks_have_no_results(processes: int) -> None:
    assert not list(results_in_order(iter([]), processes))


@pytest.mark.parametrize("processes", [1, 2])
def test_the_first_error_is_raised_as_it_was(processes: int) -> None:
    found = []
    with pytest.raises(DataError, match="two is too many") as raised:
        found.extend(results_in_order((partial(failing, number) for number in range(10)), processes))
    assert found == [0, 1]
    assert raised.value.problems[0].hint == "Take one."


@pytest.mark.parametrize("processes", [1, 2])
def test_who_cannot_make_a_task_is_heard(processes: int) -> None:
    def tasks() -> Iterator[Callable[[], int]]:
        yield partial(failing, 1)
        raise DataError("there are no more")

    with pytest.raises(DataError, match="no more"):
        list(results_in_order(tasks(), processes))


def test_a_task_that_no_other_process_can_be_given_is_an_error() -> None:
    with pytest.raises(Exception, match=r"(?i)pickle"):
        list(results_in_order((lambda: time.sleep(0.05) for _ in range(50)), 2))


def test_a_process_that_is_killed_is_told_of() -> None:
    with pytest.raises(LostProcessError, match="ended from outside"):
        list(results_in_order((partial(killed_elsewhere, number, os.getpid()) for number in range(100)), 2))


def test_nothing_goes_on_when_nobody_wants_more_results() -> None:
    made = []

    def tasks() -> Iterator[Callable[[], tuple[int, int]]]:
        for number in range(1000):
            made.append(number)
            yield partial(square, number)

    results = results_in_order(tasks(), 2)
    assert next(results)[0] == 0
    results.close()  # type: ignore[attr-defined]  # an iterator that is a generator
    count = len(made)
    time.sleep(0.2)
    assert len(made) == count < 100


def test_the_others_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    script = (
        "import sys; from functools import partial; from pathlib import Path; from tests.test_processes import *\n"
        "if __name__ == '__main__':\n"
        "    list(results_in_order((partial(marked, Path(sys.argv[1]), number) for number in range(9)), 2))\n"
    )
    file, marks = tmp_path / "run.py", tmp_path / "marks"
    file.write_text(script)
    marks.mkdir()
    root = Path(__file__).parents[1]
    with subprocess.Popen([sys.executable, file, marks], env={**os.environ, "PYTHONPATH": str(root)}) as process:
        until = time.monotonic() + MOST_SECONDS
        while len(found := {int(path.name.split()[1]) for path in marks.iterdir()}) < 2:
            assert time.monotonic() < until, "the second process never began"
            time.sleep(0.05)
        process.kill()
    (other,) = found - {process.pid}
    while is_running(other):
        assert time.monotonic() < until, "the second process goes on"
        time.sleep(0.05)


def is_running(process: int) -> bool:
    """Whether there is such a process that is not only waiting to be buried."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
