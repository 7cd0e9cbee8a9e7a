"""Personal emails of about 8 kB with three products and a Turkish subject, written by segcli and by others.

    python -m tests.benchmarks.emails                        200,000 emails
    python -m tests.benchmarks.emails --emails 20000 --rounds 1

Every job is a process of its own, and segcli's starts others where a campaign does; its time is from the first
recipient read to the last file written, in processor time of all of them, on a memory file system where there is one (a
busy disk would measure itself). The floor writes the same bytes to the same names with `open` and `write`. Libraries
that take long do fewer emails, and times are per email. Ends with 1 when a limit is not held.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from tests.benchmarks.measuring import measure

SHARED_MEMORY = Path("/dev/shm")
FEW = 2_000  # emails of those who take long
COLUMNAR_8BIT, COLUMNAR_QUOTED, JINJA = "columnar 8bit", "columnar quoted-printable", "jinja quoted-printable"
WAYS = {
    COLUMNAR_8BIT: "segcli columnar 8bit eml",
    COLUMNAR_QUOTED: "segcli columnar quoted-printable eml",
    "jinja 8bit": "segcli jinja 8bit eml",
    JINJA: "segcli jinja quoted-printable eml",
    "columnar 8bit, mbox": "segcli columnar 8bit mbox",
    "columnar quoted-printable, mbox": "segcli columnar quoted-printable mbox",
}
OTHERS = ("EmailMessage", "mailmerge")
MOST_TIMES = {COLUMNAR_8BIT: 1.7, COLUMNAR_QUOTED: 4.0, JINJA: 7.0}  # of the floor of single files
FASTER_THAN_EMAIL_MESSAGE = 14.0
MOST_MEMORY = 1_500  # MB
BUSY = 0.8  # of the cores, all in all, where so many emails are written that they are used


@dataclass(frozen=True)
class Cost:
    """Microseconds per email, megabytes at the peak (of all processes), the bytes of an email, and the processes."""

    cpu: float
    wall: float
    peak: float
    size: float
    digest: str
    processes: int

    @staticmethod
    def median(runs: list[Cost]) -> Cost:
        cpu, wall = median(run.cpu for run in runs), median(run.wall for run in runs)
        return replace(runs[0], cpu=cpu, wall=wall, peak=max(run.peak for run in runs))

    @property
    def cores(self) -> float:
        """How many were busy, all in all."""
        return self.cpu / self.wall


def main() -> int:
    """Measures, prints, and returns the exit code."""
    arguments = _arguments()
    if arguments.job:
        from tests.benchmarks.email_jobs import run_job

        run_job(arguments.job, arguments.recipients, arguments.target, arguments.emails)
        return 0
    if arguments.make:
        from tests.benchmarks.email_recipients import write_recipients

        write_recipients(arguments.make, arguments.emails)
        return 0
    memory = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="segcli-emails-") as scratch:
        return _compare(Path(scratch), arguments.emails, arguments.rounds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emails", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many runs")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--recipients", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--target", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _compare(scratch: Path, emails: int, rounds: int) -> int:
    recipients = scratch / "recipients"
    measure(["-m", "tests.benchmarks.emails", "--make", str(recipients), "--emails", str(emails)])
    costs: dict[str, Cost] = {}
    floors: dict[str, Cost] = {}
    heads = ("cpu us", "wall us", "cores", "floor us", "of floor", "peak MB", "bytes")
    print(f"{'':32} " + " ".join(f"{head:>8}" for head in heads))
    for name, job in WAYS.items():
        runs, bare = [], []
        for _ in range(rounds):
            target = scratch / "written"
            runs.append(_cost(job, recipients, target, emails))
            bare.append(_cost(f"floor {target} {job.split()[-1]}", recipients, scratch / "floor", emails))
            shutil.rmtree(target)
            shutil.rmtree(scratch / "floor")
        costs[name], floors[name] = Cost.median(runs), Cost.median(bare)
        _print(name, costs[name], floors[name])
    for name in OTHERS:
        if importlib.util.find_spec(name) is None and name != "EmailMessage":
            print(f"{name:32} is not installed: pip install {name}")
            continue
        costs[name] = _cost(name, recipients, scratch / "other", min(emails, FEW))
        shutil.rmtree(scratch / "other")
        _print(name, costs[name], floors[COLUMNAR_QUOTED])
    return 0 if _held(costs, floors) else 1


def _cost(job: str, recipients: Path, target: Path, emails: int) -> Cost:
    command = ["-m", "tests.benchmarks.emails", "--job", job, "--recipients", str(recipients), "--target", str(target)]
    run = measure([*command, "--emails", str(emails)])
    told = json.loads(run.output.strip().splitlines()[-1])
    each = told["emails"]
    cpu, wall = told["cpu"] / each * 1e6, told["wall"] / each * 1e6
    peak = run.peak + told["beside"] * told["peak_beside"]
    return Cost(cpu, wall, peak, told["bytes"] / each, told["digest"], 1 + told["beside"])


def _print(name: str, cost: Cost, floor: Cost) -> None:
    times = cost.cpu / floor.cpu
    numbers = f"{cost.cpu:8.1f} {cost.wall:8.1f} {cost.cores:8.2f} {floor.cpu:8.1f} {times:8.2f}"
    print(f"{name:32} {numbers} {cost.peak:8.0f} {cost.size:8.0f}", flush=True)


def _held(costs: Mapping[str, Cost], floors: Mapping[str, Cost]) -> bool:
    held = {
        f"{name} at most {most:g} times the floor": costs[name].cpu <= most * floors[name].cpu
        for name, most in MOST_TIMES.items()
    }
    times = costs["EmailMessage"].cpu / costs[JINJA].cpu
    fast = f"{JINJA} {times:.1f} times faster than EmailMessage, at least {FASTER_THAN_EMAIL_MESSAGE:g}"
    held[fast] = times >= FASTER_THAN_EMAIL_MESSAGE
    held["both paths wrote the same bytes"] = costs[JINJA].digest == costs[COLUMNAR_QUOTED].digest
    held[f"memory at most {MOST_MEMORY} MB"] = max(costs[name].peak for name in WAYS) <= MOST_MEMORY
    for name in MOST_TIMES:
        if (processes := costs[name].processes) > 1:
            busy = f"{name} kept {costs[name].cores:.2f} of {processes} cores busy, at least {BUSY:.0%}"
            held[busy] = costs[name].cores >= BUSY * processes
    for what, holds in held.items():
        print(f"{'held' if holds else 'NOT HELD':8} {what}")
    return all(held.values())


if __name__ == "__main__":
    sys.exit(main())
