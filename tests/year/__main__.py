"""A year in the life of a shop, with every recipe of the book.

    python -m tests.year                            every day of a year, and every hour of a week: most of an hour
    python -m tests.year --every 30 --hours 2       a run a month: minutes

Prints each run, and what the year looked like; ends with 1 where a promise was broken, or where a campaign was silent
though the shop ran every day.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import polars as pl

from tests.shops import SAMPLE
from tests.year.living import live, moments
from tests.year.promises import silent
from tests.year.telling import broken_promises, pictured


def main() -> int:
    """Lives the year, prints it, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--every", type=int, default=1, help="days between two runs")
    parser.add_argument("--hours", type=int, default=7 * 24, help="with a run every hour")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="segcli-year-") as folder:
        for said in live(Path(folder), SAMPLE, moments(arguments.days, arguments.every, arguments.hours)):
            if isinstance(said, str):
                print(said, flush=True)
                continue
            print(pictured(said))
            broken = broken_promises(said)
            for promise, rows in broken.items():
                print(f"BROKEN: {promise}\n{rows}")
            # Who runs seldom misses what is due for a day or two.
            return 1 if broken or (arguments.every == 1 and silent(said)) else 0
    return 1


if __name__ == "__main__":
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200):
        sys.exit(main())
