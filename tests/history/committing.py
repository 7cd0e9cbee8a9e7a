"""A program that commits small runs, each going on from the one before; the tests kill it.

Every run sends each customer the next number, so a message that is lost or repeated shows in the journal.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import signal
import sys
from pathlib import Path

import polars as pl

from segcli.history import (
    CommittedRun,
    History,
    NewRun,
    commit_run,
    committed_runs,
    make_salt,
    next_memberships,
    next_people,
    open_history,
    points,
    rebuild_state,
    resolve,
)
from segcli.history.tables import JOURNAL
from segcli.problems import SegcliError

FIRST = dt.datetime(2026, 1, 1, 7)
EVERY = dt.timedelta(hours=5)


def people_of(customers: int) -> pl.LazyFrame:
    """Customers `c0`, `c1`, ... with their addresses."""
    ids = pl.format("c{}", pl.int_range(customers))
    return pl.select(customer_id=ids, email=pl.format("{}@shop.example", ids), phone=pl.lit(None, pl.String)).lazy()


def journal_of(history: History, as_of: dt.datetime, customers: pl.LazyFrame) -> pl.LazyFrame:
    """A message for each customer: the one after that in the state."""
    number = history.state().select("customer_id", number=pl.col("steps").str.split(",").list.len())
    due = customers.join(number, on="customer_id", how="left").select(
        "customer_id",
        number=pl.col("number").fill_null(0),
        series=pl.lit("s"), start=pl.lit(FIRST), campaign=pl.lit("drip"), status=pl.lit("sent"),
        run=pl.lit(f"{as_of:%Y-%m-%dT%H%M}"), as_of=pl.lit(as_of), send_at=pl.lit(as_of), moment=pl.lit(as_of),
        step=pl.format("step{}", pl.col("number").fill_null(0)), message=pl.lit("drip.step"), reward=pl.lit("percent"),
        products=pl.concat_list(pl.lit("p1"), "customer_id"),
    )  # fmt: skip
    return due.select(
        pl.col(name).cast(dtype) if name in due.collect_schema() else pl.lit(None, dtype).alias(name)
        for name, dtype in JOURNAL.items()
    )


def new_run(history: History, as_of: dt.datetime, customers: int = 40) -> NewRun:
    """The run as of this moment."""
    people, salt = people_of(customers), make_salt(history.folder)
    journal = journal_of(history, as_of, people)
    every_third = pl.col("customer_id").str.slice(1).cast(pl.Int64) % 3 == as_of.hour % 3
    members = people.filter(every_third).select("customer_id", segment=pl.lit("third"))
    return NewRun(
        as_of=as_of,
        timezone="UTC",
        planned=["drip"],
        campaigns={"drip": {"condition": "1f", "planned": as_of.isoformat()}},
        after=history.newest.name if history.newest else None,
        journal=journal,
        state=rebuild_state(pl.concat([history.journal(), journal])),
        memberships=next_memberships(history.memberships(), members, ["third"], as_of),
        people=next_people(history.people(), resolve(history.people(), people, salt), people, salt),
    )


def write_outputs(folder: Path, journal: pl.LazyFrame) -> None:
    """Two send lists and their manifest."""
    outputs = {}
    rows = journal.select("customer_id", "number").sort("customer_id").collect()
    for name, part in (("a.csv", rows[::2]), ("lists/b.csv", rows[1::2])):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(part.write_csv().encode())
        points.reached(f"{name} written")
        outputs[name] = {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "bytes": file.stat().st_size}
    (folder / "manifest.json").write_text(json.dumps({"outputs": outputs}))
    points.reached("manifest written")


def commit(shop: Path, as_of: dt.datetime, customers: int = 40, out: str = "out") -> CommittedRun:
    """One run of the shop, committed."""
    run = new_run(open_history(shop / "history", as_of), as_of, customers)
    return commit_run(shop / "history", shop / out, run, lambda folder: write_outputs(folder, run.journal.lazy()))


def moment(number: int) -> dt.datetime:
    """When the run of that number is, counted from 0."""
    return FIRST + number * EVERY


def main(shop: Path, task: str, amount: int) -> int:
    """`kill`: the next run, killed at point `amount`; `hold`: waits there; `until`: runs until there are so many."""
    done = 0

    def reached(point: str) -> None:
        nonlocal done
        done += 1
        if task == "kill" and done == amount:
            os.kill(os.getpid(), signal.SIGKILL)
        if task == "hold" and done == amount:
            print("held", flush=True)
            sys.stdin.read()

    points.reached = reached
    try:
        if task == "until":
            print("begun", flush=True)
            while (number := len(committed_runs(shop / "history"))) < amount:
                commit(shop, moment(number))
        elif task == "rows":
            commit(shop, moment(len(committed_runs(shop / "history"))), customers=amount)
        else:
            # The attempt before may have been killed after its commit: the same run again.
            commit(shop, moment(int(os.environ["RUN"])))
    except SegcliError as error:
        print(error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
