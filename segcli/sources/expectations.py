"""`expect:` in segcli.yaml: a run on half an export stops instead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from segcli.problems import Place, Problems
from segcli.project.models import Project
from segcli.sources.tables import Table


def check_expectations(project: Project, tables: Mapping[str, Table], problems: Problems) -> None:
    """A problem for every expectation that the tables do not meet."""
    place = Place(str(project.file)) if project.file else None
    for name, least in sorted(project.expect.rows.items()):
        rows = tables[name].rows if name in tables else 0
        if rows < least:
            problems.error(f"{name} has {rows:,} rows; at least {least:,} are expected.", place, f"expect.rows.{name}")
    oldest = project.expect.newest_order
    if oldest is None:
        return
    newest = _newest_order(tables)
    if newest is None or project.as_of - newest > oldest:
        found = "there is no order" if newest is None else f"the newest order is of {newest:%Y-%m-%d %H:%M}"
        problems.error(
            f"{found}; as of {project.as_of:%Y-%m-%d %H:%M} it may be {oldest.days} days old at most.",
            place,
            "expect.newest_order",
            "Is the export complete?",
        )


def _newest_order(tables: Mapping[str, Table]) -> dt.datetime | None:
    if "orders" not in tables:
        return None
    newest = tables["orders"].whole.select(pl.col("ordered_at").max()).collect().item()
    return newest if isinstance(newest, dt.datetime) else None
