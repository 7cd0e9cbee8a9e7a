"""Each person table on its way in: whose rows they are, amounts in one currency, cut at as_of, in shards."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from segcli.sources.ages import age_columns, until
from segcli.sources.carts import CART_EVENTS
from segcli.sources.currencies import converted
from segcli.sources.customers import INTERNAL, as_of_then, merge_records
from segcli.sources.items import items_of, order_facts, says_all, with_their_orders
from segcli.sources.orders import orders_of, settled, superseded_orders, without_superseded
from segcli.sources.reading import Reading
from segcli.sources.shards import count_rows, partition, write_parquet
from segcli.sources.tables import MONEY, PRODUCT_COLUMNS, TEXT, TIME, UNCOUNTED, SourceFrame

Shards = tuple[pl.LazyFrame, ...]
PRODUCT_TEXTS = tuple(PRODUCT_COLUMNS)


def partition_customers(reading: Reading, sources: Sequence[SourceFrame]) -> Shards:
    """One row per person who is on any list or order, with the merged attributes; not yet everybody."""
    frames = [
        source.frame.with_columns(pl.lit(number, pl.Int64).alias("__source")) for number, source in enumerate(sources)
    ]
    if not frames:
        frames = [pl.LazyFrame(schema={"customer_id": TEXT, "__source": pl.Int64})]
    records = as_of_then(
        pl.concat([reading.of_people(frame) for frame in frames], how="diagonal_relaxed"), reading.as_of
    )
    missing = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in {"email": TEXT(), "phone": TEXT(), "updated_at": TIME, "seen_at": TIME}.items()
        if name not in records.collect_schema()
    ]
    records = records.with_columns(missing).filter(pl.col("customer_id").is_not_null())
    folder = reading.scratch / "records"
    merged = []
    for number, shard in enumerate(partition(records, "customer_id", reading.shard_count, folder)):
        reading.counts["conflicts"] += 0
        if _repeats(shard):
            people, conflicts = merge_records(shard.collect())
            reading.counts["conflicts"] += conflicts
            shard = write_parquet(people.lazy(), reading.scratch / "people" / f"{number}.parquet")
        merged.append(shard.drop(INTERNAL, strict=False))
    return tuple(merged)


def partition_orders(reading: Reading, sources: Sequence[SourceFrame]) -> Shards:
    """Orders of all sources but those that a later file has again; orders of one customer may still repeat."""
    frames = [orders_of(source, number, reading.rates) for number, source in enumerate(sources)]
    last = None
    if len({source.platform for source in sources}) == 1:
        rows = sum(count_rows([source.frame]) for source in sources) if len(sources) > 1 else 0
        last = superseded_orders(frames, rows)
    orders = pl.concat([reading.of_people(frame) for frame in frames], how="diagonal_relaxed")
    if last is not None and not last.is_empty():
        orders, again = without_superseded(orders, last)
        # Each order that several files hold is in each of them once, or the shards see to it.
        reading.counts["duplicate_orders"] += _count(again)
    orders = settled(orders, reading.as_of, reading.project.delivery_days)
    schema = orders.collect_schema()
    kept_columns = {*reading.columns("orders", schema), "order_id", "counts", "__source"}
    kept_columns |= {"is_refund", "given_back", "own_amount"}
    if reading.wants(UNCOUNTED):
        kept_columns |= {*reading.columns(UNCOUNTED, schema)}
    if any("order_id" not in source.given for source in sources):
        kept_columns.add("own_id")
    if reading.rates:
        kept_columns.add("currency")
    if len({source.platform for source in sources}) > 1:
        kept_columns.add("__platform")
    orders = orders.select(name for name in schema if name in kept_columns)
    return partition(orders, "customer_id", reading.shard_count, reading.scratch / "all_orders")


def partition_items(
    reading: Reading,
    sources: Sequence[SourceFrame],
    orders: Shards,
    order_platforms: Collection[str],
) -> Shards:
    """Order lines with their customer and time; of an order in several files the last file's."""
    frames = [items_of(source, number) for number, source in enumerate(sources)]
    rows = sum(count_rows([source.frame]) for source in sources) if len(sources) > 1 else 0
    same_platform = len({source.platform for source in sources}) == 1
    last = superseded_orders(frames, rows) if same_platform else None
    joined = []
    for source, frame in zip(sources, frames, strict=True):
        platform = source.platform if source.platform in order_platforms else None
        facts = None if says_all(source, reading.rates) else order_facts(orders, platform, reading.rates)
        joined.append(with_their_orders(reading.of_people(frame), facts, reading.rates))
    items = pl.concat(joined, how="diagonal_relaxed")
    if last is not None and not last.is_empty():
        items, _ = without_superseded(items, last)
    items = _happened(reading, items, "ordered_at")
    names = {*reading.columns("order_items", items.collect_schema()), *(["__source"] if len(sources) > 1 else [])}
    items = items.select(name for name in items.collect_schema() if name in names)
    return partition(items, "customer_id", reading.shard_count, reading.scratch / "all_items")


def partition_events(reading: Reading, sources: Sequence[SourceFrame], referrals: pl.LazyFrame | None) -> Shards:
    """Events that have happened, referrals among them, with the columns of the files that are wanted."""
    frames = [reading.of_people(source.frame) for source in sources]
    if referrals is not None:
        frames.append(referrals)
    events = frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")
    events = _happened(reading, events, "at")
    for_carts = (
        ("product_id", "quantity", "price", "value") if reading.wants("carts") or reading.wants("cart_items") else ()
    )
    names = {*reading.columns("events", events.collect_schema()), *for_carts}
    if reading.wants("events", *PRODUCT_TEXTS):
        names.add("product_id")
    events = events.select(name for name in events.collect_schema() if name in names)
    return partition(events, "customer_id", reading.shard_count, reading.scratch / "all_events")


def partition_carts(reading: Reading, sources: Sequence[SourceFrame]) -> Shards:
    """Carts of an export: amounts in the shop's currency, stage `checkout` unless the file says."""
    frames = []
    for source in sources:
        frame = reading.of_people(source.frame)
        columns = frame.collect_schema()
        frame = frame.with_columns(
            pl.lit(None, dtype).alias(name)
            for name, dtype in {
                "started_at": TIME,
                "last_activity_at": TIME,
                "stage": TEXT(),
                "amount": MONEY,
                "currency": TEXT(),
            }.items()
            if name not in columns
        ).with_columns(
            converted("amount", reading.rates),
            pl.coalesce("started_at", "last_activity_at").alias("started_at"),
            pl.coalesce("last_activity_at", "started_at").alias("last_activity_at"),
            pl.col("stage").fill_null("checkout"),
        )
        frames.append(
            frame.with_columns(
                pl.when(until(reading.as_of, "last_activity_at"))
                .then("last_activity_at")
                .otherwise("started_at")
                .alias("last_activity_at")
            )
        )
    carts = _happened(reading, pl.concat(frames, how="diagonal_relaxed"), "started_at")
    # A checkout that two files hold is one.
    return partition(carts, "customer_id", reading.shard_count, reading.scratch / "all_carts")


def partition_own(reading: Reading, table: str, sources: Sequence[SourceFrame]) -> Shards:
    """A table of the project's own that has a person column."""
    rows = pl.concat([reading.of_people(source.frame) for source in sources], how="diagonal_relaxed")
    time = reading.catalog.tables[table].time if table in reading.catalog.tables else None
    rows = rows.filter(pl.col("customer_id").is_not_null())
    if time is not None and time in rows.collect_schema():
        rows = rows.filter(until(reading.as_of, time))
        rows = rows.with_columns(age_columns(reading.as_of, time, reading.needed.get(table, ())))
    return partition(reading.shaped(table, rows), "customer_id", reading.shard_count, reading.scratch / "own" / table)


def _happened(reading: Reading, rows: pl.LazyFrame, time: str) -> pl.LazyFrame:
    """Rows of somebody that have happened."""
    return rows.filter(pl.col("customer_id").is_not_null(), until(reading.as_of, time))


def _repeats(records: pl.LazyFrame) -> bool:
    """Whether a person has several records; by hashes, so that a wrong yes only leads to the long way."""
    people = records.select(pl.col("customer_id").hash(seed=9)).collect().to_series()
    return people.n_unique() < len(people)


def _count(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect(engine="streaming").item())


def cart_events(events: pl.LazyFrame) -> pl.LazyFrame:
    """The events that carts are made of."""
    return events.filter(pl.col("event").is_in(CART_EVENTS))
