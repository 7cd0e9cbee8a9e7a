"""Small tables in a test's own lines, and a run of the fields stage over them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from segcli.fields import Computed, Plan, compute_fields, plan_fields
from segcli.problems import Problems
from segcli.project import load_recipe
from segcli.sources.tables import (
    CANONICAL,
    DERIVED,
    LOOKUPS,
    TIME_COLUMN,
    Catalog,
    CatalogTable,
    Table,
    Tables,
)

AS_OF = dt.datetime(2026, 6, 30, 9)


def days_ago(days: float) -> dt.datetime:
    return AS_OF - dt.timedelta(days=days)


def frame(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows with the canonical types; columns that no row names are not given."""
    types = {**CANONICAL.get(table, {}), **DERIVED.get(table, {})}
    names = list(dict.fromkeys(name for row in rows for name in row))
    data = pl.DataFrame(
        [{name: row.get(name) for name in names} for row in rows],
        schema={name: types.get(name) for name in names},
        orient="row",
        infer_schema_length=None,
    )
    time = TIME_COLUMN.get(table)
    if time in names:
        hours = (pl.lit(AS_OF) - pl.col(time)).dt.total_seconds() / 3600
        data = data.with_columns((hours / 24).floor().cast(pl.Int64).alias("age_days"), hours.alias("age_hours"))
    return data


class Shop:
    """Tables by name; customers of any table are customers. `shards` splits them by a hash of the id."""

    def __init__(self, shards: int = 1, **tables: list[dict[str, object]]) -> None:
        self.shards = shards
        frames = {name: frame(name, rows) for name, rows in tables.items()}
        people = {row["customer_id"] for rows in tables.values() for row in rows if "customer_id" in row}
        known = frames.get("customers", pl.DataFrame(schema={"customer_id": pl.String}))
        everybody = pl.DataFrame({"customer_id": sorted(str(person) for person in people)})
        frames["customers"] = everybody.join(known, on="customer_id", how="left")
        self.frames = frames

    def catalog(self) -> Catalog:
        tables = {}
        for name in {*CANONICAL, *self.frames}:
            data = self.frames.get(name)
            columns = {**CANONICAL.get(name, {}), **DERIVED.get(name, {})}
            given = frozenset(data.columns) if data is not None else frozenset[str]()
            if data is not None:
                columns.update(data.schema)
            tables[name] = CatalogTable(name, columns, given, TIME_COLUMN.get(name), by_person=name not in LOOKUPS)
        return Catalog(tables, (), AS_OF)

    def tables(self) -> Tables:
        found = {}
        for name, data in self.frames.items():
            parts = [
                data.filter(pl.col("customer_id").hash(seed=7) % self.shards == shard)
                if "customer_id" in data.columns
                else data
                for shard in range(self.shards)
            ]
            found[name] = Table(
                name,
                dict(data.schema),
                frozenset(data.columns),
                TIME_COLUMN.get(name),
                by_person=name not in LOOKUPS,
                shards=tuple(part.lazy() for part in parts),
                rows=data.height,
            )
        return Tables(found, pl.DataFrame(), {}, self.shards, AS_OF)


def plan_of(text: str, shop: Shop, folder: Path) -> tuple[Plan, Problems]:
    """The plan of a recipe's text against a shop's catalog."""
    problems = Problems()
    (folder / "recipe.yaml").write_text(text, encoding="utf-8")
    recipe = load_recipe(folder, problems)
    assert recipe is not None, list(problems)
    return plan_fields(recipe.fields, recipe.segments, shop.catalog(), problems), problems


def computed(text: str, shop: Shop, folder: Path) -> Computed:
    """The recipe's fields and segments of everybody in the shop."""
    plan, problems = plan_of(text, shop, folder)
    assert not list(problems), "\n".join(map(str, problems))
    return compute_fields(plan, shop.tables(), folder / "scratch")


def column(name: str, text: str, shop: Shop, folder: Path) -> dict[str, object]:
    """One column: customer -> value."""
    found = computed(text, shop, folder).customers.select("customer_id", name).collect()
    return dict(found.sort("customer_id").iter_rows())
