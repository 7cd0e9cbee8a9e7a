"""The shards of a computation to one frame in the order of customer_id, never held in memory whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from segcli.fields.nodes import PERSON

RANGE = 131_072  # customers in memory at a time, about,
OF_EACH = 2_048  # or so many of each shard, since every look into a shard costs
STEP = 1_024  # every so many ids of a shard are looked at to choose where ranges begin


def in_order(shards: Sequence[Path], columns: Sequence[str]) -> pl.LazyFrame:
    """One row per customer, by customer_id. Each shard (Arrow IPC) must be in that order already."""

    def rows(
        wanted: list[str] | None, predicate: pl.Expr | None, limit: int | None, batch: int | None
    ) -> Iterator[pl.DataFrame]:
        left = limit
        for found in _ranges(shards, wanted or columns):
            part = found.head(left) if left is not None else found
            left = left - part.height if left is not None else None
            yield part if predicate is None else part.filter(predicate)
            if left == 0:
                return

    return register_io_source(rows, schema=pl.scan_ipc(shards[0]).select(columns).collect_schema())


def _ranges(shards: Sequence[Path], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The customers of one range of ids after another; ranges only bound the memory, so about equal will do."""
    begins = _range_begins(shards)
    cuts = []
    for shard in shards:
        ids = _ids(shard)
        cuts.append([0, *ids.search_sorted(begins), len(ids)])
    scans = [pl.scan_ipc(shard).select(dict.fromkeys((PERSON, *columns)).keys()) for shard in shards]
    for bounds in zip(*map(pairwise, cuts), strict=True):
        parts = [scan.slice(first, last - first) for scan, (first, last) in zip(scans, bounds, strict=True)]
        yield pl.concat(part.collect() for part in parts).sort(PERSON).select(columns)


def _range_begins(shards: Sequence[Path]) -> pl.Series:
    sampled = pl.concat([_ids(shard).gather_every(STEP) for shard in shards]).sort()
    every = max(RANGE, OF_EACH * len(shards)) // STEP
    return sampled.gather_every(every, every)


def _ids(shard: Path) -> pl.Series:
    return pl.scan_ipc(shard).select(PERSON).collect().to_series()
