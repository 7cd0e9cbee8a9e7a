"""Copies of the sample shop for tests: with other rows, in another order, smaller, or as of a past day."""

from __future__ import annotations

import csv
import datetime as dt
import random
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

import polars as pl

SAMPLE = Path(__file__).parents[1] / "sample_data"
LINE_ITEM_FILES = ("orders_export.csv", "checkouts_export.csv")  # an order's further lines follow its first
Rows = list[list[str]]


def copy_shop(source: Path, target: Path, change: Callable[[str, Rows], Rows]) -> Path:
    """The shop's CSV files with their rows changed by `change(name, rows)`, the other files as they are."""
    target.mkdir()
    for path in sorted(source.iterdir()):
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as lines:
                header, *rows = csv.reader(lines)
            with (target / path.name).open("w", encoding="utf-8", newline="") as copy:
                csv.writer(copy, lineterminator="\n").writerows([header, *change(path.name, rows)])
        elif path.is_file():
            shutil.copy(path, target)  # a project that is a link lies where the link leads
    return target


def orders_of_lines(rows: Rows) -> list[Rows]:
    """The lines of each order (or checkout) of a Shopify export; the first cell names it."""
    orders: dict[str, Rows] = {}
    for row in rows:
        orders.setdefault(row[0], []).append(row)
    return list(orders.values())


def shuffled_shop(source: Path, target: Path, seed: int) -> Path:
    """The same shop with the rows of every input in another order; the lines of one order stay together."""
    chance = random.Random(seed)

    def shuffle(name: str, rows: Rows) -> Rows:
        if name not in LINE_ITEM_FILES:
            return chance.sample(rows, len(rows))
        orders = orders_of_lines(rows)
        chance.shuffle(orders)
        return [line for first, *rest in orders for line in (first, *chance.sample(rest, len(rest)))]

    copy_shop(source, target, shuffle)
    events = target / "events.parquet"
    rows = pl.read_parquet(events).sample(fraction=1, shuffle=True, seed=seed)
    rows.write_parquet(events, row_group_size=1000 + 5000 * seed)
    return target


def small_shop(source: Path, target: Path, others: Collection[str] = ()) -> Path:
    """About one in twenty of the sample shop's people and these others, with all that is known of them."""
    people = pl.read_csv(source / "customers.csv", infer_schema=False)
    kept = people.filter((pl.int_range(pl.len()) % 20 == 7) | pl.col("customer_id").is_in([*others]))
    emails, numbers = set(kept["email"].drop_nulls()), set(kept["customer_id"])
    known = set(people["email"].drop_nulls())

    def keep(name: str, rows: Rows) -> Rows:
        if name == "customers.csv":
            return [row for row in rows if row[0] in numbers]
        if name in LINE_ITEM_FILES:  # guests are in no list
            guests = {row[1] for row in rows} - known
            some = emails | set(sorted(guests)[::10])
            orders = [order for order in orders_of_lines(rows) if order[0][1].lower() in some]
            return [line for order in orders for line in order]
        by_address = {"loyalty.csv": 0, "support.csv": 1}.get(name)
        return rows if by_address is None else [row for row in rows if row[by_address] in emails]

    copy_shop(source, target, keep)
    events = target / "events.parquet"
    rows = pl.read_parquet(events).filter(pl.col("customer_id").is_in(sorted(numbers)))
    rows.write_parquet(events)
    return target


def shop_as_of(source: Path, target: Path, moment: dt.datetime) -> Path:
    """The files as they would have been exported at the moment (naive, in Istanbul): no later row, no later time.

    What files say of today alone (consents, stock, refunds) stays.
    """
    offset = "+0300"  # Istanbul's, all year

    def known(text: str) -> bool:
        if not text[:4].isdigit():
            return True
        when = dt.datetime.strptime(text.removesuffix(f" {offset}"), "%Y-%m-%d %H:%M:%S")
        return when <= moment

    begins = {"orders_export.csv": "Created at", "checkouts_export.csv": "Created at", "support.csv": "opened_at"}
    later = {
        "orders_export.csv": ("Paid at", "Fulfilled at", "Cancelled at"),
        "customers.csv": ("consent_at", "unsubscribed_at", "subscribed_at", "created_at"),
    }

    def cut(name: str, rows: Rows) -> Rows:
        with (source / name).open(encoding="utf-8", newline="") as lines:
            header = next(csv.reader(lines))
        if name in begins:
            rows = [row for row in rows if known(row[header.index(begins[name])])]
        if name == "customers.csv":
            since = [header.index("subscribed_at"), header.index("created_at")]
            rows = [
                row
                for row in rows
                if any(known(row[at]) for at in since if row[at]) or not any(row[at] for at in since)
            ]
        hidden = {header.index(column) for column in later.get(name, ())}
        return [["" if at in hidden and not known(cell) else cell for at, cell in enumerate(row)] for row in rows]

    copy_shop(source, target, cut)
    events = target / "events.parquet"
    zoned = pl.col("at").dt.convert_time_zone("Europe/Istanbul").dt.replace_time_zone(None)
    pl.read_parquet(events).filter(zoned <= moment).write_parquet(events)
    return target
