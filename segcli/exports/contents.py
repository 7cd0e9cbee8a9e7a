"""What a run hands to the exports: customers with their segments, and the facts for the manifest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from segcli.segments import SegmentMembers


@dataclass(frozen=True)
class RunContents:
    """All that a run folder is written from.

    `customers` has one row per customer, sorted by customer_id, and is read through once: the customers'
    columns that were given, the fields, `contactable` (Boolean, never null) and the segments' columns.
    `manifest` holds the caller's facts; the key `timings` is the only one that may differ between two equal
    runs. `columns` are the fields that send lists carry besides the plain columns; those in `money` are
    rounded to cents. `timezone` is that of the naive times, for importers that want UTC.
    """

    as_of: dt.datetime
    customers: pl.LazyFrame
    segments: tuple[SegmentMembers, ...]
    rejected: pl.DataFrame
    manifest: Mapping[str, Any]
    columns: tuple[str, ...] = ()
    money: frozenset[str] = frozenset()
    timezone: str = "UTC"
