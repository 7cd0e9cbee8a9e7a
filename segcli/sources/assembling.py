"""Typed frames of all files -> the tables: joined by person, cut at as_of, in shards of customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from segcli.problems import DataError, Problems
from segcli.project.models import Project
from segcli.sources.currencies import currency_rates
from segcli.sources.customers import as_of_then
from segcli.sources.expectations import check_expectations
from segcli.sources.finishing import finish_shard
from segcli.sources.history_tables import other_identifiers, partition_history
from segcli.sources.identity import People, find_people
from segcli.sources.line_totals import with_totals_once
from segcli.sources.local_time import LOCAL_COLUMNS, clock_moves, zones_elsewhere
from segcli.sources.lookups import lookup_columns, read_lookup
from segcli.sources.partitioned import Inputs
from segcli.sources.person_tables import (
    partition_carts,
    partition_customers,
    partition_events,
    partition_items,
    partition_orders,
    partition_own,
)
from segcli.sources.reading import Reading
from segcli.sources.referrals import referral_events, resolve_referrers
from segcli.sources.rejections import Rejections
from segcli.sources.shards import count_rows, estimated_rows, shards_for
from segcli.sources.source_file import SourceFile
from segcli.sources.staging import Staged, check_share_rejected, stage_frames
from segcli.sources.tables import (
    CANONICAL,
    LOOKUPS,
    TIME_COLUMN,
    UNCOUNTED,
    Catalog,
    Frames,
    SourceFrame,
    Table,
    Tables,
    is_small,
)

MOST_SHOWN = 10  # shared identifiers that are named in warnings


def assemble_tables(
    project: Project,
    catalog: Catalog,
    frames: Frames,
    needed: Mapping[str, frozenset[str]],
    scratch: Path,
    rejections: Rejections,
    problems: Problems,
    files: Mapping[str, SourceFile],
    shard_count: int | None = None,
) -> Tables:
    """Tables from typed frames (see SourceFrame); `files` are the source files by the name users see."""
    big = [source for name, sources in frames.items() if name not in LOOKUPS for source in sources]
    shards = shard_count or shards_for(estimated_rows(big, files))
    staged = stage_frames(frames, files, project.as_of, scratch, rejections)
    check_share_rejected(staged, project.max_rejected, problems, rejections.frame())
    frames, totals = with_totals_once(staged.frames)
    staged = replace(staged, frames=frames)
    money = [source for name in ("orders", "order_items", "carts") for source in staged.frames.get(name, ())]
    rates = currency_rates(money, project, problems)
    problems.stop_on_errors(DataError)
    people = find_people(_identified(catalog, staged.frames, project.as_of))
    _warn_of_shared(people, problems)
    reading = Reading(project, catalog, needed, scratch, shards, people, rates)
    reading.counts["repeated_totals"] = totals
    _count_facts(reading, staged)
    inputs = _partition(reading, staged.frames)
    if staged.frames.get("events"):
        read = staged.rows["events"] - staged.unusable["events"] - staged.later["events"]
        kept = count_rows(inputs.events) - reading.counts["referrals"]
        reading.counts["events_of_nobody"] = read - kept
    finished = [finish_shard(reading, inputs, number) for number in range(shards)]
    _list_nobody(reading, staged, rejections)
    tables = _tables(reading, finished, staged.frames)
    check_expectations(project, tables, problems)
    problems.stop_on_errors(DataError)
    counts = dict(sorted(reading.counts.items()))
    return Tables(tables, rejections.frame(), counts, shards, project.as_of, other_identifiers(people))


def _warn_of_shared(people: People, problems: Problems) -> None:
    for column, identifier, records in people.shared.head(MOST_SHOWN).iter_rows():
        problems.warn(f"{column} {identifier} stands on {records} records and identifies nobody.")
    if people.shared.height > MOST_SHOWN:
        problems.warn(
            f"{people.shared.height - MOST_SHOWN} more identifiers are shared by too many to identify anybody."
        )


def _list_nobody(reading: Reading, staged: Staged, rejections: Rejections) -> None:
    """One line in the list of rejected rows for orders, and one for events, that nobody can be told from."""
    for table in ("orders", "events"):
        count = reading.counts[f"{table}_of_nobody"]
        files = ", ".join(sorted({source.file.path for source in staged.frames.get(table, ())}))
        if count:
            rejections.add(files, None, "customer_id", f"{count} {table} name no customer", None, True)


def _identified(catalog: Catalog, frames: Frames, as_of: dt.datetime) -> list[pl.LazyFrame]:
    """The frames whose rows may join people: those with more than a customer_id, as far as they were there then."""
    found = []
    for table, sources in frames.items():
        for source in sources if table not in LOOKUPS else ():
            columns = source.frame.collect_schema()
            if {"email", "phone"} & set(columns):
                seen = _seen(catalog, table, columns)
                then = as_of_then(source.frame, as_of) if table == "customers" else source.frame
                found.append(then if seen is None else then.filter(seen.is_null() | (seen <= as_of)))
    return found


def _seen(catalog: Catalog, table: str, columns: pl.Schema) -> pl.Expr | None:
    """When the person of a row was there: the time of the row, or when the cart was begun."""
    known = catalog.tables.get(table)
    time = known.time if known else TIME_COLUMN.get(table)
    names = [name for name in ("started_at", time) if name in columns and (name == time or table in TIME_COLUMN)]
    return pl.coalesce(names) if names else None


def _count_facts(reading: Reading, staged: Staged) -> None:
    reading.counts["joined_identifiers"] = reading.people.joined
    reading.counts["shared_identifiers"] = reading.people.shared.height
    for table, rows in staged.later.items():
        if rows:
            reading.counts[f"later_{table}"] = rows


def _partition(reading: Reading, frames: Frames) -> Inputs:
    """Every table in shards, in the order in which they need each other."""
    products = read_lookup(frames["products"], "product_id") if frames.get("products") else None
    stores = read_lookup(frames["stores"], "store_id") if frames.get("stores") else None
    people = partition_customers(reading, _people_frames(reading.catalog, frames))
    orders = partition_orders(reading, frames["orders"]) if frames.get("orders") else ()
    platforms = {source.platform for source in frames.get("orders", ())}
    lines = frames.get("order_items")
    items = partition_items(reading, lines, orders, platforms) if lines else ()
    referrals = _referrals(reading, people, orders) if reading.wants("events") else None
    given_events = frames.get("events", ())
    known = given_events or referrals is not None
    events = partition_events(reading, given_events, referrals) if known else ()
    zones = zones_elsewhere(people, reading.project.timezone) if reading.wants("events", *LOCAL_COLUMNS) else ()
    moves = clock_moves(events, zones, reading.project.timezone) if zones and events else None
    carts = partition_carts(reading, frames["carts"]) if frames.get("carts") else ()
    cart_items = [
        source.frame.with_columns(__source=pl.lit(number)) for number, source in enumerate(frames.get("cart_items", ()))
    ]
    own = {
        name: partition_own(reading, name, sources)
        for name, sources in frames.items()
        if name not in CANONICAL and sources and _is_by_person(reading, name, sources)
    }
    others = [*orders, *items, *events, *carts, *(shard for shards in own.values() for shard in shards)]
    own |= partition_history(reading, people, others)
    return Inputs(
        people, orders, items, events, carts,
        pl.concat(cart_items, how="diagonal_relaxed") if cart_items else None,
        own, products, stores, _own_lookups(reading, frames), zones, moves,
    )  # fmt: skip


def _people_frames(catalog: Catalog, frames: Frames) -> list[SourceFrame]:
    """Lists of people, and the addresses in other files that feed no list."""
    lists = list(frames.get("customers", ()))
    told = {source.file.path for source in lists}
    for table, sources in frames.items():
        for source in sources:
            columns = source.frame.collect_schema()
            contact = [name for name in ("customer_id", "email", "phone") if name in columns]
            if table in ("customers", *LOOKUPS) or source.file.path in told or not {"email", "phone"} & set(contact):
                continue
            seen = _seen(catalog, table, columns)
            seen = pl.lit(None) if seen is None else seen
            frame = source.frame.select(*contact, seen_at=seen.cast(pl.Datetime("us"))).unique()
            lists.append(SourceFrame("customers", frame, frozenset(contact), source.file, source.platform, False))
    return lists


def _referrals(reading: Reading, people: Sequence[pl.LazyFrame], orders: Sequence[pl.LazyFrame]) -> pl.LazyFrame | None:
    referred, unknown = resolve_referrers(people, reading.people)
    reading.counts["unknown_referrers"] += unknown
    # Where a file has referrers there are events, though as of then nobody may have been brought yet.
    if referred.is_empty() and "referred_by" not in reading.catalog.tables["customers"].given:
        return None
    events = referral_events(referred, orders, reading.as_of)
    reading.counts["referrals"] += count_rows([events])
    return events


def _is_by_person(reading: Reading, table: str, sources: Sequence[SourceFrame]) -> bool:
    if table in reading.catalog.tables:
        return reading.catalog.tables[table].by_person
    return any({"customer_id", "email", "phone"} & set(source.frame.collect_schema()) for source in sources)


def _own_lookups(reading: Reading, frames: Frames) -> list[tuple[str, pl.DataFrame]]:
    lookups = []
    for name, table in reading.catalog.tables.items():
        if table.by is not None and frames.get(name):
            rows = read_lookup(frames[name], table.by)
            lookups.append((table.by, lookup_columns(reading, name, rows, table.by)))
    return lookups


def _tables(reading: Reading, finished: Sequence[Mapping[str, pl.LazyFrame]], frames: Frames) -> dict[str, Table]:
    tables = {}
    for name in finished[0]:
        parts = tuple(shard[name] for shard in finished)
        tables[name] = _table(reading, name, parts, True, frames)
    for name, sources in frames.items():
        if name not in tables and sources:
            key = {"products": "product_id", "stores": "store_id"}.get(name) or reading.catalog.by(name)
            if key is not None:
                rows = reading.shaped(name, read_lookup(sources, key).lazy()).collect().lazy()
                tables[name] = _table(reading, name, (rows,), False, frames)
    return tables


def _table(reading: Reading, name: str, parts: tuple[pl.LazyFrame, ...], by_person: bool, frames: Frames) -> Table:
    known = reading.catalog.tables.get(name)
    given = known.given if known else frozenset(column for source in frames.get(name, ()) for column in source.given)
    time = known.time if known else TIME_COLUMN.get("orders" if name == UNCOUNTED else name)
    complete = known is not None and known.complete
    rows, columns = count_rows(parts), dict(parts[0].collect_schema())
    if is_small(rows, len(columns)):
        parts = tuple(part.collect().lazy() for part in parts)
    return Table(name, columns, given, time, by_person, parts, rows, complete)
