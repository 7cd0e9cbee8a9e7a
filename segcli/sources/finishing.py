"""Shard by shard: orders without repeats and with their windows, lines, carts, and everybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from segcli.sources.addresses import with_valid_addresses
from segcli.sources.ages import age_columns
from segcli.sources.customers import with_dates
from segcli.sources.finishing_carts import finish_carts
from segcli.sources.history_tables import with_forgotten
from segcli.sources.items import product_order, with_products
from segcli.sources.local_time import LOCAL_COLUMNS, local_columns, local_columns_abroad, write_abroad
from segcli.sources.orders import ORDER, one_per_order, repeats_orders, with_order_ids, with_order_windows
from segcli.sources.partitioned import Inputs
from segcli.sources.person_tables import PRODUCT_TEXTS
from segcli.sources.reading import Reading
from segcli.sources.shards import write_parquet
from segcli.sources.stores import with_nearest_store
from segcli.sources.tables import CANONICAL, HISTORY, NEAREST_STORE, TEXT, TIME_COLUMN, UNCOUNTED

NO_ORDERS = pl.DataFrame(schema={"customer_id": TEXT(), "ordered_at": pl.Datetime("us")})


def finish_shard(reading: Reading, inputs: Inputs, number: int) -> dict[str, pl.LazyFrame]:
    """Every person table's shard of that number, written to scratch anew where rows had to be worked on."""
    done: dict[str, pl.LazyFrame] = {name: shards[number] for name, shards in inputs.own.items()}
    wants_carts = bool(inputs.carts) or (
        bool(inputs.events) and (reading.wants("carts") or reading.wants("cart_items"))
    )
    orders = _finish_orders(reading, inputs.orders[number], number) if inputs.orders else None
    if orders is not None:
        done["orders"] = _ready(reading, inputs, "orders", _counted(reading, orders, number))
        if reading.wants(UNCOUNTED):
            done[UNCOUNTED] = _ready(reading, inputs, UNCOUNTED, orders.filter(pl.col("counts").not_()))
    if inputs.items:
        void = pl.DataFrame(schema=dict.fromkeys(ORDER, TEXT()))
        if orders is not None:
            void = orders.filter(pl.col("counts").not_()).select(ORDER).unique().collect()
        items = _finish_items(reading, inputs.items[number], void, number)
        done["order_items"] = _ready(reading, inputs, "order_items", items)
    if inputs.events:
        done["events"] = _ready(reading, inputs, "events", inputs.events[number], _clocks(reading, inputs, number))
    if wants_carts:
        moments = NO_ORDERS
        if orders is not None:
            moments = orders.filter(pl.col("is_refund").not_()).select("customer_id", "ordered_at").collect()
        carts, contents = finish_carts(reading, inputs, moments, number)
        done["carts"] = _write(reading, "carts", carts.lazy(), number)
        if reading.wants("cart_items") or "cart_items" in reading.project.expect.rows:
            done["cart_items"] = _write(reading, "cart_items", contents, number)
    # Carts that were worked out have no customer whom events do not have.
    # Who is only in the history is no customer any more.
    passed_over = {*HISTORY, *(() if inputs.carts else ("carts", "cart_items"))}
    tables = [rows for name, rows in done.items() if name not in passed_over]
    if orders is not None and not reading.wants(UNCOUNTED):
        tables.append(orders.filter(pl.col("counts").not_()))  # who cancelled the only order is somebody too
    everybody = _everybody(inputs.people[number], tables)
    done["customers"] = _write(reading, "customers", _finish_people(reading, inputs, everybody).lazy(), number)
    return done


def _write(reading: Reading, table: str, frame: pl.LazyFrame, number: int) -> pl.LazyFrame:
    return write_parquet(reading.shaped(table, frame), Path(reading.scratch) / "tables" / table / f"{number}.parquet")


def _write_rows(reading: Reading, name: str, frame: pl.LazyFrame, number: int) -> pl.LazyFrame:
    return write_parquet(frame, Path(reading.scratch) / name / f"{number}.parquet")


def _ready(
    reading: Reading, inputs: Inputs, table: str, rows: pl.LazyFrame, clocks: Sequence[pl.Expr] = ()
) -> pl.LazyFrame:
    """Rows as they lie there, with what follows from each one alone: worked out where a query asks for it."""
    wanted = reading.needed.get(table, frozenset())
    time = TIME_COLUMN["orders" if table == UNCOUNTED else table]
    if table not in ("orders", UNCOUNTED):
        rows = with_products(rows, inputs.products, [name for name in PRODUCT_TEXTS if name in wanted])
    rows = rows.with_columns(*age_columns(reading.as_of, time, wanted), *clocks)
    return reading.shaped(table, rows)


def _finish_orders(reading: Reading, shard: pl.LazyFrame, number: int) -> pl.LazyFrame:
    """Orders of somebody, each once and with an id: nearly always the shard as it is."""
    facts = shard.select(*ORDER, "counts", "amount").collect()
    nobody = facts["customer_id"].null_count()
    reading.counts["orders_of_nobody"] += nobody
    reading.counts["duplicate_orders"] += 0
    if nobody:
        shard = shard.filter(pl.col("customer_id").is_not_null())
        facts = facts.filter(pl.col("customer_id").is_not_null())
    if facts["order_id"].null_count() or repeats_orders(facts):
        named = with_order_ids(shard.collect())
        once = one_per_order(named)
        refunds = int(named["is_refund"].sum()) - int(once["is_refund"].sum())
        reading.counts["refunds_of_orders"] += refunds
        reading.counts["duplicate_orders"] += named.height - once.height - refunds
        shard, facts = _write_rows(reading, "orders_once", once.lazy(), number), once
    reading.counts["uncounted_orders"] += facts.height - int(facts["counts"].sum())
    reading.counts["orders_without_amount"] += facts["amount"].null_count()
    return shard


def _counted(reading: Reading, orders: pl.LazyFrame, number: int) -> pl.LazyFrame:
    """The orders that count, with their windows if those are wanted."""
    counted = orders.filter("counts")
    if not reading.wants("orders", "order_number", "gap_days"):
        return counted
    columns = {*reading.columns("orders", counted.collect_schema()), "order_id", "counts"}
    counted = counted.select(name for name in counted.collect_schema() if name in columns)
    return _write_rows(
        reading, "orders_in_turn", with_order_windows(counted.collect(), reading.needed["orders"]).lazy(), number
    )


def _finish_items(reading: Reading, shard: pl.LazyFrame, void: pl.DataFrame, number: int) -> pl.LazyFrame:
    """Lines without those of orders that do not count; those of an order in files of several platforms, once."""
    items = shard.join(void.lazy(), on=ORDER, how="anti") if void.height else shard
    if "__source" in items.collect_schema():
        last = pl.col("__source").max().over(ORDER)
        items = items.filter((pl.col("__source") == last) | pl.col("order_id").is_null())
    if reading.wants("order_items", "product_order"):
        lines = items.collect()
        items = lines.with_columns(product_order(lines)).lazy()
    elif items is shard:
        return shard.with_columns(counts=pl.lit(True))
    if not reading.wants("order_items", "order_id"):
        items = items.drop("order_id")
    return _write_rows(reading, "lines", items, number).with_columns(counts=pl.lit(True))


def _clocks(reading: Reading, inputs: Inputs, number: int) -> list[pl.Expr]:
    """The local hour and weekday of events, as far as wanted."""
    wanted = reading.needed.get("events", frozenset()) & LOCAL_COLUMNS
    if not wanted or inputs.moves is None:
        return local_columns(wanted)
    people = inputs.people[number].select("customer_id", "timezone").collect()
    abroad = write_abroad(people, inputs.zones, Path(reading.scratch) / "abroad" / str(number))
    return local_columns_abroad(abroad, inputs.moves, wanted)


def _everybody(people: pl.LazyFrame, tables: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    """The people of the shard with their attributes, and everyone else who occurs in a table."""
    known = people.collect()
    if not tables:
        return known
    # Hashes first: nearly all rows are of people who are known already, and texts are slow to compare.
    number = pl.col("customer_id").hash(seed=6)
    seen = pl.concat([frame.select(number=number).unique() for frame in tables]).unique().collect(engine="streaming")
    strange = seen.join(known.select(number=number), on="number", how="anti")
    if strange.is_empty():
        return known
    found = [
        frame.select("customer_id", number=number).join(strange.lazy(), on="number", how="semi") for frame in tables
    ]
    ids = pl.concat(found).select("customer_id").filter(pl.col("customer_id").is_not_null()).unique().collect()
    others = ids.join(known, on="customer_id", how="anti")
    return pl.concat([known, others], how="diagonal")


def _finish_people(reading: Reading, inputs: Inputs, people: pl.DataFrame) -> pl.DataFrame:
    wanted = reading.needed.get("customers", frozenset())
    rest = ("birth_date", "created_at", "subscribed_at", "country", "latitude", "longitude", "city", "region")
    people = people.with_columns(
        pl.lit(None, CANONICAL["customers"][name]).alias(name) for name in rest if name not in people.columns
    )
    people = with_dates(people, reading.as_of, wanted, reading.project.country)
    people = with_forgotten(with_valid_addresses(people, wanted), reading)
    if inputs.stores is not None and wanted & NEAREST_STORE:
        people = with_nearest_store(people, inputs.stores)
    for by, lookup in inputs.lookups:
        if by in people.columns:
            people = people.join(lookup, on=by, how="left")
    return people
