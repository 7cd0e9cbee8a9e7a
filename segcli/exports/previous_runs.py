"""Earlier runs in the output folder: what each segment is compared with, and who was on its list then."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from segcli.exports.customer_table import CUSTOMERS
from segcli.history.publishing import MANIFEST, finished_runs
from segcli.segments import SegmentMembers


@dataclass(frozen=True)
class EarlierRun:
    """A run as its own files tell it."""

    path: Path
    schema: pl.Schema
    segments: tuple[SegmentMembers, ...]
    listed: Mapping[str, int] = field(default_factory=dict)  # segment -> rows on its list

    @property
    def suppressing(self) -> tuple[SegmentMembers, ...]:
        """The segments that took their members off other lists, as far as their columns are there."""
        return tuple(item for item in self.segments if item.suppress and item.column in self.schema)

    @property
    def customers(self) -> pl.LazyFrame:
        return pl.scan_parquet(self.path / CUSTOMERS, glob=False)


def read_manifest(run: Path) -> dict[str, Any]:
    """The manifest of a finished run."""
    manifest: dict[str, Any] = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def compared_runs(
    out: Path, name: str, segments: Sequence[SegmentMembers], customers: pl.LazyFrame
) -> tuple[dict[str, EarlierRun], tuple[SegmentMembers, ...]]:
    """Segment -> the last run before `name` that had it; and segments of one value that nobody has any more.

    The latter had members on their list in the last run that had their column, so they are still compared.
    A run over other people (another shop's files in the same folder) is passed over.
    """
    schema = customers.collect_schema()
    compared: dict[str, EarlierRun] = {}
    gone: dict[str, SegmentMembers] = {}
    open_columns = {(segment.column, segment.value is None) for segment in segments}
    now = {segment.name for segment in segments}
    for path in reversed([run for run in finished_runs(out) if run.name < name]):
        if not open_columns:
            break
        run = _open_run(path)
        if run is not None and not _same_people(run.customers, customers):
            continue
        found = {key for key in open_columns if run is not None and _has(run.schema, *key)}
        open_columns -= found
        if run is None:
            continue
        for segment in segments:
            if (segment.column, segment.value is None) in found:
                compared[segment.name] = run
        for segment in run.segments:
            had = segment.value is not None and (segment.column, False) in found and run.listed[segment.name]
            if had and segment.name not in now and segment.column in schema:
                gone[segment.name] = segment
                compared[segment.name] = run
    return compared, tuple(gone[name] for name in sorted(gone))


def _same_people(earlier: pl.LazyFrame, customers: pl.LazyFrame) -> bool:
    """Whether half of the earlier run's customers are still there. Customers come and seldom go."""
    ids = earlier.select("customer_id")
    kept = ids.join(customers.select("customer_id"), on="customer_id", how="semi")
    before, still = (frame.select(pl.len()).collect(engine="streaming").item() for frame in (ids, kept))
    return bool(2 * still >= before)


def _has(schema: pl.Schema, column: str, condition: bool) -> bool:
    return column in schema and (schema[column] == pl.Boolean) == condition


def _open_run(path: Path) -> EarlierRun | None:
    """The run, or None where somebody has taken files out of it."""
    try:
        lists = read_manifest(path)["lists"]
        schema = pl.read_parquet_schema(path / CUSTOMERS)
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError):
        return None
    if "customer_id" not in schema or "contactable" not in schema:
        return None
    keys = ("name", "column", "value", "suppress", "recipe", "meaning")
    segments = tuple(SegmentMembers(**{key: entry[key] for key in keys}) for entry in lists)
    return EarlierRun(path, pl.Schema(schema), segments, {entry["name"]: entry["listed"] for entry in lists})
