"""segcli's own history as tables: `sends` and `memberships`, with everybody under the id that they have today."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from segcli.history import (
    History,
    forgotten_customers,
    open_history,
    read_forgotten,
    read_salt,
)
from segcli.project.models import Project
from segcli.sources.ages import age_columns
from segcli.sources.identity import IDENTIFIERS, People
from segcli.sources.reading import Reading
from segcli.sources.shards import partition
from segcli.sources.tables import HISTORY, HISTORY_TIME, TEXT, CatalogTable, Tables

Shards = tuple[pl.LazyFrame, ...]


def history_catalog(project: Project) -> dict[str, CatalogTable]:
    """`sends` and `memberships`, if the project has a history or campaigns that will make one.

    They are complete: that nothing of the kind is in them means that there was nothing.
    """
    if not project.history.is_dir() and not any(recipe.campaigns for recipe in project.recipes):
        return {}
    return {
        name: CatalogTable(name, columns, frozenset(columns), HISTORY_TIME[name], by_person=True, complete=True)
        for name, columns in HISTORY.items()
    }


def partition_history(
    reading: Reading, people: Sequence[pl.LazyFrame], others: Sequence[pl.LazyFrame]
) -> dict[str, Shards]:
    """The wanted ones of segcli's own tables in shards.

    `people` are the customers that files list, `others` all other tables with a customer_id. A message that was
    committed is there from then on, even if it goes out only after the run's moment.
    """
    wanted = [name for name in HISTORY if reading.wants(name) and name in reading.catalog.tables]
    if not wanted:
        return {}
    history = open_history(reading.project.history, reading.as_of)
    listed = pl.concat([frame.select(IDENTIFIERS) for frame in people])
    seen = [frame.select("customer_id") for frame in others]
    current = pl.concat([listed, other_identifiers(reading.people), *seen], how="diagonal")
    return {name: _partition(reading, name, history.with_current_ids(_rows(history, name), current)) for name in wanted}


def _rows(history: History, name: str) -> pl.LazyFrame:
    if name == "memberships":
        return history.memberships()
    return history.journal().filter(pl.col("step").is_not_null())


def _partition(reading: Reading, name: str, rows: pl.LazyFrame) -> Shards:
    rows = rows.with_columns(age_columns(reading.as_of, HISTORY_TIME[name], reading.needed[name]))
    folder = reading.scratch / "history" / name
    return partition(reading.shaped(name, rows), "customer_id", reading.shard_count, folder)


def other_identifiers(people: People) -> pl.LazyFrame:
    """customer_id and one of id, email, phone: by what else than their own key customers are known today."""
    columns = {"customer_id": "id", "email": "email", "phone": "phone"}
    parts = [
        keys.lazy().filter(pl.col("person").is_not_null()).select(customer_id="person", **{columns[kind]: "identifier"})
        for kind, keys in people.keys.items()
    ]
    schema = pl.LazyFrame(schema=dict.fromkeys(("customer_id", "id", "email", "phone"), TEXT()))
    return pl.concat([schema, *parts], how="diagonal")


def identifiers_today(tables: Tables) -> pl.LazyFrame:
    """customer_id, id, email, phone: everything by which today's customers are known, in one or more rows each."""
    own = tables["customers"].whole.select(IDENTIFIERS)
    return own if tables.identifiers is None else pl.concat([own, tables.identifiers], how="diagonal")


def has_forgotten(project: Project) -> bool:
    """Whether anybody asked to be forgotten."""
    return read_forgotten(project.history) is not None


def with_forgotten(people: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Adds `forgotten`, if wanted and if anybody is: true of who bears an id, email or phone of somebody forgotten."""
    if not reading.wants("customers", "forgotten"):
        return people
    forgotten, salt = read_forgotten(reading.project.history), read_salt(reading.project.history)
    if forgotten is None or salt is None:
        return people
    current = pl.concat([people.lazy().select(IDENTIFIERS), other_identifiers(reading.people)], how="diagonal")
    found = forgotten_customers(current, forgotten, salt).collect(engine="streaming")["customer_id"]
    return people.with_columns(forgotten=pl.col("customer_id").is_in(found.implode()))
