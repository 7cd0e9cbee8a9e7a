"""`expect:` in segcli.yaml: a run on half an export stops instead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

import polars as pl

from segcli.problems import Problems, nearest
from segcli.project.models import Project
from segcli.sources.tables import CANONICAL, Table


def check_expected_tables(project: Project, tables: Collection[str], problems: Problems) -> None:
    """A problem for every table in `expect.rows` that is no table."""
    for name in project.expect.rows:
        if name not in CANONICAL and name not in tables:
            known = {*CANONICAL, *tables}
            hint = nearest(name, known) or f"Known are {', '.join(sorted(known))}."
            message = f"there is no table '{name}'."
            problems.error(message, project.expect.places.get(name), "expect.rows", hint)


def check_expectations(project: Project, tables: Mapping[str, Table], problems: Problems) -> None:
    """A problem for every expectation that the tables do not meet."""
    places = project.expect.places
    for name, least in sorted(project.expect.rows.items()):
        rows = tables[name].rows if name in tables else 0
        if rows < least:
            has = "1 row" if rows == 1 else f"{rows:,} rows"
            message = f"{name} has {has}; at least {least:,} are expected."
            problems.error(message, places.get(name), f"expect.rows.{name}", "Is the export complete?")
    oldest = project.expect.newest_order
    if oldest is None:
        return
    newest = _newest_order(tables)
    if newest is None or project.as_of - newest > oldest:
        found = "there is no order" if newest is None else f"the newest order is of {newest:%Y-%m-%d %H:%M}"
        problems.error(
            f"{found}; as of {project.as_of:%Y-%m-%d %H:%M} it may be {oldest.days} days old at most.",
            places.get("newest_order"),
            "expect.newest_order",
            "Is the export complete?",
        )


def _newest_order(tables: Mapping[str, Table]) -> dt.datetime | None:
    if "orders" not in tables:
        return None
    newest = tables["orders"].whole.select(pl.col("ordered_at").max()).collect().item()
    return newest if isinstance(newest, dt.datetime) else None
