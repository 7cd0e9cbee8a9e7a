"""The sample shop's files as a year goes by: those that have no times of their own change from day to day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

ANSWERS = ("birth_date", "interests", "reward_preference")
WINTER, COLDER = (12, 1, 2), 25  # degrees


class Exports:
    """Rewrites the files of a shop: it is cold in winter, points grow, and questions are answered in time."""

    def __init__(self, shop: Path, first: dt.datetime, last: dt.datetime) -> None:
        self.shop, self.first, self.last = shop, first, last
        names = ("weather", "loyalty", "customers")
        self.files = {name: pl.read_csv(shop / f"{name}.csv", infer_schema=False) for name in names}

    def write(self, moment: dt.datetime) -> None:
        """Writes what would be exported at the moment."""
        share = (moment - self.first) / max(self.last - self.first, dt.timedelta(1))
        degrees = pl.col("temperature_c").cast(pl.Int64) - (COLDER if moment.month in WINTER else 0)
        points = (pl.col("points_balance").cast(pl.Float64) * share).floor().cast(pl.Int64)
        # Each third customer has answered within the year, the others before.
        answered = (pl.int_range(pl.len()) % 3 > 0) | (pl.int_range(pl.len()) / pl.len() < share)
        changed = {
            "weather": [degrees.alias("temperature_c")],
            "loyalty": [points.alias("points_balance")],
            "customers": [pl.when(answered).then(pl.col(name)).alias(name) for name in ANSWERS],
        }
        for name, columns in changed.items():
            self.files[name].with_columns(columns).write_csv(self.shop / f"{name}.csv")
