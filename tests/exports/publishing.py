"""A program that publishes runs in a loop: told apart by a number in every customer, killed by the tests."""

from __future__ import annotations

import datetime as dt
import resource
import sys
from pathlib import Path

import polars as pl

from segcli.exports import RunContents, SegmentMembers, write_run
from segcli.problems import SegcliError


def contents(number: int, rows: int, day: int = 1) -> RunContents:
    """A run in which every customer's `orders` is `number`."""
    customers = pl.LazyFrame({"n": pl.int_range(rows, eager=True)}).select(
        customer_id=pl.format("c{}", pl.col("n").cast(pl.String).str.zfill(7)),
        email=pl.format("name{}@shop.example", pl.col("n").hash(1)),
        contactable=pl.lit(value=True),
        orders=pl.lit(number),
        share=(pl.col("n") * 1.1).sin(),
        lapsed=pl.col("n") % 2 == 0,
        group=pl.format("g{}", pl.col("n") % 7),
    )
    segments = [SegmentMembers("lapsed", "lapsed", None, False, "r", None)]
    segments += [SegmentMembers(f"group-g{n}", "group", f"g{n}", False, "r", None) for n in range(7)]
    empty = pl.DataFrame(schema=["file"])
    return RunContents(dt.datetime(2026, 1, day), customers, tuple(segments), empty, {}, ("orders",))


def main(out: Path, task: str, amount: int) -> int:
    if task == "forever":
        for number in range(1, 1_000_000):
            write_run(out, contents(number, amount, day=1 + number % 2), keep=dt.timedelta(days=9))
    elif task == "limited":  # no file may grow beyond `amount` bytes
        resource.setrlimit(resource.RLIMIT_FSIZE, (amount, amount))
    try:
        write_run(out, contents(9, 60_000 if task == "limited" else amount, day=2))
    except SegcliError as error:
        print(error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
