"""`segcli campaign` beside `segcli segment` on the same project, with a short and a long history, all in one run.

    python -m tests.benchmarks.campaign                  a million customers, 50 and 500 million rows of history
    python -m tests.benchmarks.campaign --customers 50000 --sends 2500000

The project has the shipped recipes without campaigns and a recipe of 25 campaigns with four steps each. Its history
is made by campaign_history.py, which says how; the long one has the same runs many times over, as if of earlier
years, by hard links, with the state that the short one left. Every run is a process of its own and they take turns,
since a busy machine is slow for all of them alike; medians are compared. Ends with 1 when a limit is not held.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measuring import Measured, Middle, measure

SEGMENT, REHEARSAL, COMMIT, LONG = "segment", "campaign", "campaign --commit", "campaign --commit, long history"
MOST_TIMES, MOST_LONGER, MOST_MEMORY = 2.0, 1.2, 3_000  # MB


def main() -> int:
    """Measures, prints, and returns the exit code."""
    arguments = _arguments()
    made = _made(arguments.customers, arguments.sends)
    runs: dict[str, list[Measured]] = {name: [] for name in arguments.only}
    with tempfile.TemporaryDirectory(dir=made.parent, prefix="run-") as work:
        for number in range(arguments.rounds):
            for name in runs:
                runs[name].append(_measured(name, made, Path(work) / "project", arguments.times))
                print(f"round {number + 1}: {name} {runs[name][-1].wall:.2f} s", file=sys.stderr, flush=True)
    middles = {name: Middle.of(found) for name, found in runs.items()}
    _print_table(arguments, middles, runs)
    return 0 if _print_limits(middles) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--sends", type=int, default=50_000_000, help="rows of the short history")
    parser.add_argument("--times", type=int, default=10, help="how many times the rows of the long one are")
    parser.add_argument("--rounds", type=int, default=1)
    every = [SEGMENT, REHEARSAL, COMMIT, LONG]
    parser.add_argument("--only", nargs="*", choices=every, default=every, metavar="RUN", help="runs to measure")
    return parser.parse_args()


def _made(customers: int, sends: int) -> Path:
    # In a process of its own: this one has to stay small, see measuring.py.
    sizes = ["--customers", str(customers), "--sends", str(sends)]
    return Path(_last_line(measure(["-m", "tests.benchmarks.campaign_history", *sizes])))


def _measured(name: str, made: Path, project: Path, times: int) -> Measured:
    """One run on a project of its own, since a commit adds to its history."""
    copies = str(times if name == LONG else 1)
    measure(["-m", "tests.benchmarks.campaign_history", "--copy", str(made), str(project), copies])
    command = ["segment", str(project)] if name == SEGMENT else ["campaign", "--project", str(project)]
    command += ["--commit"] if name in (COMMIT, LONG) else []
    found = measure(["-m", "segcli", *command, "--json", "--out", str(project / "out")])
    shutil.rmtree(project)
    return found


def _print_table(arguments: argparse.Namespace, middles: dict[str, Middle], runs: dict[str, list[Measured]]) -> None:
    load, cores = os.getloadavg()[1], os.cpu_count()
    print(
        f"\n{arguments.customers:,} customers, {arguments.sends:,} rows of history and "
        f"{arguments.times} times as many; load {load:.1f} on {cores} cores"
    )
    print(f"{'median of ' + str(arguments.rounds):32} {'wall s':>8} {'cpu s':>8} {'peak MB':>8}")
    for name, middle in middles.items():
        print(f"{name:32} {middle.wall:8.2f} {middle.cpu:8.2f} {middle.peak:8.0f}")
    for name, found in runs.items():
        if name != SEGMENT:
            answer = json.loads(found[-1].output[found[-1].output.index("{") :])
            messages = sum(step["messages"] for step in answer["steps"])
            print(f"{name}: {messages:,} messages, {sum(answer['excluded'].values()):,} kept back")


def _print_limits(middles: dict[str, Middle]) -> bool:
    """Prints every ratio with its limit, as far as its runs were measured; whether all limits are held."""
    held = True
    print()
    for text, value, most in _ratios(middles):
        good = most is None or value <= most
        held = held and good
        verdict = "" if most is None else "held" if good else "NOT HELD"
        print(f"{verdict:9} {value:8.2f}  {text}" + ("" if most is None else f": at most {most:g}"))
    return held


def _ratios(middles: dict[str, Middle]) -> Iterator[tuple[str, float, float | None]]:
    """What is compared, its value, and the most that it may be; None where it is only told."""
    segment, commit = middles.get(SEGMENT), middles.get(COMMIT)
    for name in (REHEARSAL, COMMIT):
        if (run := middles.get(name)) and segment:
            yield f"of the time of segment, for {name}", run.wall / segment.wall, MOST_TIMES
            yield "of its processor time", run.cpu / segment.cpu, None
    if (longer := middles.get(LONG)) and commit:
        yield "of the time of the short history, with the long one", longer.wall / commit.wall, MOST_LONGER
        yield "of its processor time", longer.cpu / commit.cpu, None
    for name in (REHEARSAL, COMMIT, LONG):
        if run := middles.get(name):
            yield f"MB of memory for {name}", run.peak, MOST_MEMORY


def _last_line(run: Measured) -> str:
    return run.output.strip().splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
