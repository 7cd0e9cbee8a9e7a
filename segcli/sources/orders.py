"""Order rows and order lines -> one row per order, net of refunds, that says whether it counts; and its windows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import polars as pl
from polars.lazyframe.group_by import LazyGroupBy

from segcli.sources.ages import known_by, until
from segcli.sources.currencies import converted
from segcli.sources.customer_order import by_customer, starts_customer
from segcli.sources.headers import fold
from segcli.sources.tables import MONEY, WORKING, SourceFrame
from segcli.sources.words import meanings

# Of these platforms a status means something else than elsewhere.
PLATFORM_VOID_STATUSES = {"magento": ("closed",)}
ORDER = ("customer_id", "order_id")
ZERO = pl.lit(0).cast(MONEY)  # a Decimal of Python would make Polars import numpy where there is one


def orders_of(source: SourceFrame, number: int, rates: Mapping[str, Decimal]) -> pl.LazyFrame:
    """One row per order of a file, `number` being its place among the sources: amounts in the shop's currency.

    The lines of an order in a line-item file are folded into one: of each column the one value that they
    have, and the sum of the lines where the file has no total of the order.
    """
    frame = source.frame.drop("__row", "__problem", strict=False)
    columns = frame.collect_schema()
    if source.line_items and "order_id" in columns:
        frame = _fold_lines(frame)
        columns = frame.collect_schema()
    missing = {
        name: dtype
        for name, dtype in {"amount": MONEY, "currency": pl.String(), **WORKING["orders"]}.items()
        if name not in columns
    }
    frame = frame.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in missing.items())
    if "order_id" not in columns:
        frame = frame.with_columns(order_id=pl.lit(None, pl.String))
    if "status" in columns:
        frame = frame.with_columns(void_status=pl.col("status").is_in(_void_words(source)))
    amount = pl.coalesce("amount", "line_amount").alias("amount")
    refunded = pl.col("refunded").abs()  # some write what was given back as -5.00
    return frame.with_columns(amount, refunded).with_columns(
        converted("amount", rates),
        converted("refunded", rates),
        pl.lit(number, pl.Int64).alias("__source"),
        pl.lit(source.platform).alias("__platform"),
        # As the file has them, for ids that neither a merge of people nor a refund or a rate changes.
        own_id=pl.coalesce(name for name in ("customer_id", "email", "phone") if name in columns),
        own_amount=pl.col("amount"),
    )


def _fold_lines(frame: pl.LazyFrame) -> pl.LazyFrame:
    columns = frame.collect_schema().names()
    if "line_amount" not in columns and "price" in columns:
        quantity = pl.col("quantity").fill_null(1.0) if "quantity" in columns else pl.lit(1.0)
        frame = frame.with_columns(line_amount=line_amount(pl.col("price"), quantity))
        columns = [*columns, "line_amount"]
    # The largest of what the lines say and not the first: files repeat or leave out, and their order is no fact.
    folds = [pl.col(name).max() for name in columns if name not in ("order_id", "ordered_at", "line_amount")]
    if "line_amount" in columns:
        # A sum of nothing is null here, and not 0.00.
        summed = pl.col("line_amount").sum()
        folds.append(pl.when(pl.col("line_amount").count() > 0).then(summed).alias("line_amount"))
    if "ordered_at" in columns:
        folds.append(pl.col("ordered_at").min())
    frame = frame.filter(pl.col("order_id").is_not_null())
    whose = next((name for name in ("customer_id", "email") if name in columns), None)
    return _by_order(frame, whose).agg(folds).drop("__whose", strict=False)


def _by_order(frame: pl.LazyFrame, whose: str | None) -> LazyGroupBy:
    """The lines of each order together; of a number that several customers have, each customer's by themselves.

    Receipts are often numbered anew every day or in every shop. A line that leaves out the customer is no other's.
    """
    if whose is None:
        return frame.group_by("order_id")
    ends = frame.group_by("order_id").agg(first=pl.col(whose).min(), last=pl.col(whose).max())
    shared = ends.filter(pl.col("first") != pl.col("last")).select("order_id").collect(engine="streaming")["order_id"]
    if shared.is_empty():
        return frame.group_by("order_id")
    frame = frame.with_columns(__whose=pl.when(pl.col("order_id").is_in(shared.implode())).then(pl.col(whose)))
    return frame.group_by("order_id", "__whose")


def line_amount(price: pl.Expr, quantity: pl.Expr) -> pl.Expr:
    """Price times quantity, rounded half to even cents; exact for quantities of up to three decimals."""
    exact = price.cast(pl.Decimal(38, 9)) * quantity.cast(pl.Decimal(38, 9)).round(3)
    return exact.round(2, mode="half_to_even").cast(MONEY)


def settled(frame: pl.LazyFrame, as_of: dt.datetime, delivery_days: int) -> pl.LazyFrame:
    """Orders as of then: `counts`, the amount net of refunds, times that had not come yet null.

    An order of 0.00 counts (a gift, a replacement, a full voucher is an order). Rows with a negative amount are
    refunds and do not count; `given_back` is theirs, for the order that they name. Cancelled, voided, test and
    fully refunded orders do not count either.
    """
    columns = frame.collect_schema()
    times = ["shipped_at", "delivered_at"] if "shipped_at" in columns else [*({"delivered_at"} & set(columns))]
    if "shipped_at" in columns:
        estimate = pl.col("shipped_at").dt.offset_by(f"{delivery_days}d")
        said = [pl.col("delivered_at")] if "delivered_at" in columns else []
        frame = frame.with_columns(pl.coalesce(*said, estimate).alias("delivered_at"))
    refunded = pl.col("refunded").fill_null(Decimal("0.00"))
    status = pl.col("void_status") if "void_status" in columns else pl.lit(False)
    void = (
        pl.any_horizontal(status, until(as_of, "cancelled_at"), pl.col("test"), pl.col("test_tag"))
        .fill_null(False)
        .or_(((refunded > ZERO) & (refunded >= pl.col("amount"))).fill_null(False))
        .or_((pl.col("amount") < ZERO).fill_null(False))
    )
    net = pl.when(void).then(ZERO).otherwise(pl.max_horizontal(pl.col("amount") - refunded, ZERO))
    return (
        frame.filter(until(as_of, "ordered_at"))
        .with_columns(
            counts=void.not_(),
            is_refund=(pl.col("amount") < ZERO).fill_null(False),
            given_back=pl.when(pl.col("amount") < ZERO).then(ZERO - pl.col("amount")).cast(MONEY),
        )
        .with_columns(
            # max_horizontal ignores null: an unknown amount stays unknown.
            pl.when(pl.col("amount").is_null() & pl.col("counts"))
            .then(None)
            .otherwise(net)
            .cast(MONEY)
            .alias("amount"),
            *known_by(as_of, times),
        )
    )


def _void_words(source: SourceFrame) -> list[str]:
    """Which of the file's statuses, as it spells them, make an order void: few words, found before the rows."""
    spelled = source.frame.select(pl.col("status").drop_nulls().unique()).collect(engine="streaming")
    known = {*meanings("statuses")}
    for platform, words in PLATFORM_VOID_STATUSES.items():
        known |= {*words} if source.platform.startswith(platform) else set()
    return sorted(status for status in spelled["status"] if fold(status).removeprefix("wc_") in known)


def superseded_orders(frames: Sequence[pl.LazyFrame], rows: int) -> pl.DataFrame | None:
    """`order_id` and the last `__source` that has it, for orders that several files of one platform hold.

    With `ordered_at` where all files have it: a shop that numbers its receipts anew every month has other orders
    under the same numbers, whereas an order keeps its time. (Those of one customer `one_per_order` sees too.)
    A row that is a refund alone takes nobody's place. None when a single file, or several platforms (where equal
    numbers are different orders unless the customer is the same, which `one_per_order` sees). Ids are read in
    buckets, so that memory stays flat.
    """
    if len(frames) < 2:
        return None
    dated = all("ordered_at" in frame.collect_schema() for frame in frames)
    key = ["order_id", *(["ordered_at"] if dated else [])]
    ids = pl.concat([_without_refunds(frame).select(*key, "__source") for frame in frames])
    buckets = 1 + rows // 5_000_000
    found = []
    for bucket in range(buckets):
        mine = ids.filter(pl.col("order_id").hash(seed=1) % buckets == bucket) if buckets > 1 else ids
        grouped = mine.group_by(key).agg(last=pl.col("__source").max(), first=pl.col("__source").min())
        several = grouped.filter(pl.col("first") < pl.col("last"), pl.col("order_id").is_not_null())
        found.append(several.select(*key, "last").collect(engine="streaming"))
    return pl.concat(found)


def without_superseded(rows: pl.LazyFrame, last: pl.DataFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The rows of orders (or of their lines) that no later file has again, and the others."""
    rows = rows.join(last.lazy(), on=[name for name in last.columns if name != "last"], how="left")
    kept = pl.col("last").is_null() | (pl.col("last") == pl.col("__source"))
    return rows.filter(kept).drop("last"), rows.filter(kept.not_())


def _without_refunds(frame: pl.LazyFrame) -> pl.LazyFrame:
    if "amount" not in frame.collect_schema():
        return frame
    return frame.filter((pl.col("amount") < ZERO).fill_null(False).not_())


def with_order_ids(orders: pl.DataFrame) -> pl.DataFrame:
    """Gives orders without an id one made of customer, time, amount, and the nth of equal ones in their file."""
    if orders["order_id"].null_count() == 0:
        return orders
    if "own_id" not in orders.columns:
        orders = orders.with_columns(own_id=pl.col("customer_id"))
    unnamed = orders.filter(pl.col("order_id").is_null())
    unnamed = unnamed.sort("__source", "own_id", "ordered_at", "own_amount", *_tie_columns(unnamed), nulls_last=True)
    nth = pl.col("own_id").cum_count().over("__source", "own_id", "ordered_at", "own_amount")
    name = pl.format(
        "{} {} {}",
        "own_id",
        pl.col("ordered_at").dt.to_string("%Y-%m-%dT%H:%M:%S"),
        pl.col("own_amount").cast(pl.String).fill_null("?"),
    )
    named = unnamed.with_columns(order_id=pl.when(nth > 1).then(pl.format("{} #{}", name, nth)).otherwise(name))
    return pl.concat([orders.filter(pl.col("order_id").is_not_null()), named])


def repeats_orders(orders: pl.DataFrame) -> bool:
    """Whether a customer has an order twice; by hashes, so that a wrong yes only leads to the long way."""
    # A struct, since the sum of two hashes is no longer a good one.
    pair = pl.struct(pl.col("customer_id").hash(seed=4), pl.col("order_id").hash(seed=5)).hash(seed=6)
    return int(orders.select(pair.n_unique()).item()) < orders.height


def one_per_order(orders: pl.DataFrame) -> pl.DataFrame:
    """Each order of a customer once: from the last source that has it, there the latest and largest row.

    Rows that are refunds alone are taken off the order that they name, each once however often it is written;
    an order of which nothing is left does not count.
    """
    ranked = orders.sort(
        pl.col("is_refund").not_(), "__source", "ordered_at", "own_amount", *_tie_columns(orders), nulls_last=False
    )
    once = ranked.unique(ORDER, keep="last", maintain_order=True)
    refunds = orders.filter("is_refund").unique([*ORDER, "ordered_at", "own_amount", "given_back"])
    if refunds.is_empty():
        return once
    off = refunds.group_by(ORDER).agg(off=pl.col("given_back").sum().cast(MONEY))
    once = once.join(off, on=ORDER, how="left", maintain_order="left")
    reduced = pl.col("counts") & pl.col("off").is_not_null() & pl.col("amount").is_not_null()
    left = pl.when(reduced).then(pl.max_horizontal(pl.col("amount") - pl.col("off"), ZERO)).otherwise("amount")
    nothing_left = (reduced & (pl.col("off") >= pl.col("amount"))).fill_null(False)
    return once.with_columns(left.cast(MONEY).alias("amount"), counts=pl.col("counts") & nothing_left.not_()).drop(
        "off"
    )


def _tie_columns(orders: pl.DataFrame) -> list[str]:
    done = ("__source", "own_id", "ordered_at", "own_amount", *ORDER)
    return [name for name, dtype in orders.schema.items() if name not in done and not dtype.is_nested()]


def with_order_windows(orders: pl.DataFrame, wanted: Collection[str]) -> pl.DataFrame:
    """Counted orders by customer and time with `order_number` and `gap_days`.

    order_number: the nth order of this customer by time, ties by order_id. gap_days: whole days since the
    customer's last order on an earlier day; null for the first day and for later orders of one day.
    """
    if not {"order_number", "gap_days"} & set(wanted):
        return orders
    orders = by_customer(orders, "ordered_at", "order_id")
    first = starts_customer()
    day = pl.col("ordered_at").dt.date()
    row = pl.int_range(pl.len(), dtype=pl.Int64)
    windows = {
        "order_number": row - pl.when(first).then(row).forward_fill() + 1,
        "gap_days": pl.when(first.not_() & (day != day.shift(1))).then((day - day.shift(1)).dt.total_days()),
    }
    return orders.with_columns(value.alias(name) for name, value in windows.items() if name in wanted)
