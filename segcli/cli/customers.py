"""One customer out of a whole run: found by id, email or phone, with everything that is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.pipeline import Progress, compute, definitions, prepare, quiet
from segcli.problems import Problem, Problems, RecipeError, nearest
from segcli.project.models import Project
from segcli.sources.tables import TIME_COLUMN, Table


@dataclass(frozen=True)
class CustomerProfile:
    """One customer: columns in the order of the vocabulary, segments, and the latest rows of some tables."""

    columns: dict[str, object]
    segments: tuple[str, ...]
    latest: dict[str, list[dict[str, object]]]
    unavailable: dict[str, tuple[str, ...]]


# What a profile shows of a table's latest rows.
PROFILE_ROWS = {
    "orders": ("order_id", "ordered_at", "amount", "status", "discount_code"),
    "order_items": ("ordered_at", "product_id", "name", "quantity", "price"),
    "carts": ("last_activity_at", "stage", "amount", "abandoned"),
    "cart_items": ("started_at", "product_id", "name", "quantity"),
    "events": ("at", "event", "product_id", "query", "page", "campaign"),
}
LATEST_ROWS = 5
MOST_NAMES_TO_COMPARE = 50_000


def customer_profile(project: Project, customer: str, scratch: Path, progress: Progress = quiet) -> CustomerProfile:
    """Everything about one customer, named by customer_id, email or phone. RecipeError if there is none."""
    problems = Problems()
    fields, segments = definitions(project)
    prepared = prepare(project, problems, wanted=[item.name for item in (*fields, *segments)])
    needed = prepared.plan.needed_columns()
    for table, columns in PROFILE_ROWS.items():
        known = prepared.catalog.table(table)
        given = known.given if known else frozenset()
        if given:
            needed[table] = needed.get(table, frozenset()) | (frozenset(columns) & given)
    run = compute(prepared, scratch, progress, needed=needed)
    frame = run.computed.customers
    person = find_customer(frame, customer)
    row = frame.filter(pl.col("customer_id") == person).collect().row(0, named=True)
    members = tuple(
        item.name
        for item in run.members
        if not frame.filter(pl.col("customer_id") == person)
        .filter(item.condition(frame.collect_schema()[item.column]))
        .collect()
        .is_empty()
    )
    latest = {
        table: _latest(run.tables[table], person, columns, TIME_COLUMN[table])
        for table, columns in PROFILE_ROWS.items()
        if table in run.tables
    }
    hidden = {item.name for item in segments}
    shown = {name: value for name, value in row.items() if name not in hidden}
    return CustomerProfile(shown, members, latest, dict(run.computed.plan.unavailable))


def find_customer(frame: pl.LazyFrame, customer: str) -> str:
    """The customer_id of who has this id, email or phone. Raises RecipeError with the nearest ids."""
    keys = [name for name in ("customer_id", "email", "phone") if name in frame.collect_schema()]
    wanted = [customer, customer.lower()]
    found = frame.filter(pl.any_horizontal(pl.col(name).is_in(wanted) for name in keys))
    ids: list[str] = found.select("customer_id").collect(engine="streaming").to_series().sort().to_list()
    if ids:
        return customer if customer in ids else ids[0]
    known = frame.select("customer_id").collect(engine="streaming").to_series().to_list()
    hint = nearest(customer, known) if len(known) < MOST_NAMES_TO_COMPARE else None
    raise RecipeError([Problem(f"no customer with the id, email or phone '{customer}'.", hint=hint)])


def _latest(table: Table, person: str, columns: tuple[str, ...], time: str) -> list[dict[str, object]]:
    present = [name for name in columns if name in table.given]
    rows = table.whole.filter(pl.col("customer_id") == person).select(present).collect()
    # Sorted by every column, so that ties do not depend on the order of the file.
    order = [name for name in (time, *present) if name in present]
    return rows.sort(order, descending=[name == time for name in order]).head(LATEST_ROWS).to_dicts()
