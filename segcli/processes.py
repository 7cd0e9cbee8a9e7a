"""Tasks in several processes, so that every core is used where Python does the work; results in the order of the tasks.

Each process is a new one: one that is split off from a process with Polars' threads would wait for them for ever.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from segcli.problems import Problem, SegcliError

Result = TypeVar("Result")
MOST = 4  # processes, each with the memory of a task


class LostProcessError(SegcliError):
    """A process that was to do some of the tasks has ended before it had done them."""

    def __init__(self) -> None:
        hint = "Perhaps memory ran out, or somebody ended it. Run it again."
        super().__init__([Problem("a process that did a part of the work was ended from outside.", hint=hint)])


def usable_cores() -> int:
    """The cores that this process may use, MOST at most."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(here, MOST)


def results_in_order(tasks: Iterable[Callable[[], Result]], processes: int) -> Iterator[Result]:
    """What the tasks return, in their order; this process does some of them, and `processes` less one do the others.

    Tasks, results and errors have to be picklable when there are several processes. A task is made when it is about to
    be done. Raises the error of the first task that fails, and LostProcessError where a process was killed; either way
    the other processes have ended then.
    """
    if processes <= 1:
        for task in tasks:
            yield task()
        return
    queue = _Queue[Result](iter(tasks))
    with _others(queue, processes - 1):
        number = 0
        while (done := queue.result(number)) is not None:
            yield done.value()
            number += 1


@dataclass(frozen=True)
class _Done(Generic[Result]):
    """What a task returned, or what it raised."""

    result: Result | None = None
    error: BaseException | None = None

    def value(self) -> Result:
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]  # which may be None itself


def _done(task: Callable[[], Result]) -> _Done[Result]:
    try:
        return _Done(task())
    except Exception as error:
        return _Done(error=error)


class _Queue(Generic[Result]):
    """Tasks that are taken one by one by several threads, and what came of them."""

    def __init__(self, tasks: Iterator[Callable[[], Result]]) -> None:
        self._tasks, self._taken, self._over = tasks, 0, False
        self._results: dict[int, _Done[Result]] = {}
        self._changed = threading.Condition()

    def take(self) -> tuple[int, Callable[[], Result] | None]:
        """The next task and its number; no task when there is none any more."""
        with self._changed:
            try:
                task = None if self._over else next(self._tasks, None)
            except Exception as error:  # of whoever makes the tasks: raised where results are asked for
                task = None
                self._results[self._taken] = _Done(error=error)
            self._over = task is None
            number = self._taken
            self._taken += not self._over
            return number, task

    def put(self, number: int, done: _Done[Result]) -> None:
        with self._changed:
            self._results[number] = done
            self._changed.notify_all()

    def stop(self) -> None:
        """Gives out no more tasks."""
        with self._changed:
            self._over = True

    def result(self, number: int) -> _Done[Result] | None:
        """What came of a task; until it is there, others are done here. None when there is no such task."""
        while True:
            with self._changed:
                if number in self._results:
                    return self._results.pop(number)
            place, task = self.take()
            if task is not None:
                self.put(place, _done(task))
                continue
            with self._changed:
                if number in self._results:
                    return self._results.pop(number)
                if number >= self._taken:
                    return None
                self._changed.wait()


@contextmanager
def _others(queue: _Queue[Any], count: int) -> Iterator[None]:
    """So many processes that do tasks of the queue, each of them spoken to by a thread of its own."""
    context = get_context("spawn")
    processes, threads = [], []
    for _ in range(count):
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _one_polars_thread():
            process.start()
        theirs.close()
        thread = threading.Thread(target=_hand_over, args=(queue, ours), daemon=True)
        processes.append(process)
        threads.append(thread)
    try:
        for thread in threads:
            thread.start()
        yield
    except BaseException:
        queue.stop()
        for process in processes:
            process.terminate()
        raise
    finally:
        for thread in threads:
            thread.join()
        for process in processes:
            process.join()
            process.close()


@contextmanager
def _one_polars_thread() -> Iterator[None]:
    """What is started here has one: there are as many processes as cores."""
    name = "POLARS_MAX_THREADS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _hand_over(queue: _Queue[Any], connection: Connection) -> None:
    """Gives tasks to another process, one after the other, until there are none."""
    with connection:
        while True:
            number, task = queue.take()
            if task is None:
                return
            try:
                connection.send(task)
                done = connection.recv()
            except (EOFError, OSError):
                done = _Done[Any](error=LostProcessError())
            except Exception as error:  # what cannot be pickled
                done = _Done[Any](error=error)
            queue.put(number, done)
            if done.error is not None:
                queue.stop()
                return


def _serve(connection: Connection) -> None:
    """Does what it is given until nothing comes any more; it ends with the process that started it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that started it decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(_done(task))


def _end_with_parent() -> None:
    """Nothing is written any more once the run is dead: the next one clears away what it left."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
