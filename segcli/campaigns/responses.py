"""What a customer did since a series' last message: opened, clicked, ordered, or not known."""

from __future__ import annotations

import datetime as dt

import polars as pl

from segcli.sources.tables import Tables

SINCE = ("customer_id", "message", "message_at")


def with_responses(series: pl.DataFrame, tables: Tables, as_of: dt.datetime) -> pl.DataFrame:
    """The series with `opened`, `clicked` and `ordered` since their last message.

    `message` is its name (`<campaign>.<step>`), `message_at` when it went out. All three are null before a
    message and before it has gone out; `opened` and `clicked` also where the events say nothing of that message
    since then, or nothing of opens (clicks) at all since then; `ordered` where there are no orders.
    """
    out = series.with_row_index("row").filter(pl.col("message_at") <= as_of).select("row", *SINCE)
    found = _orders_since(_events_since(out, tables), tables)
    known = found.select("row", "opened", "clicked", "ordered")
    return series.with_row_index("row").join(known, on="row", how="left", maintain_order="left").drop("row")


def _events_since(out: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    unknown = [pl.lit(None, pl.Boolean).alias(name) for name in ("opened", "clicked")]
    table = tables.tables.get("events")
    if table is None or "campaign" not in table.columns or out.is_empty():
        return out.with_columns(unknown)
    events = table.whole.select("customer_id", "at", "event", "campaign")
    of_messages = events.filter(pl.col("campaign").is_in(out["message"].unique().implode())).collect(engine="streaming")
    kinds = events.group_by("event").agg(pl.col("at").max()).collect(engine="streaming")
    newest = dict(kinds.filter(pl.col("event").is_in(["open", "click"])).iter_rows())
    heard = of_messages.group_by(message="campaign").agg(pl.col("at").max().alias("heard_at"))
    rows = out.join(heard, on="message", how="left", maintain_order="left")
    theirs = (
        out.join(of_messages, left_on=["customer_id", "message"], right_on=["customer_id", "campaign"])
        .filter(pl.col("at") >= pl.col("message_at"))
        .group_by("row")
        .agg(
            (pl.col("event").is_in(["open", "click"])).any().alias("did_open"),
            # A visit that bears the message's name as utm_campaign came by a click.
            (pl.col("event").is_in(["click", "visit"])).any().alias("did_click"),
        )
    )
    rows = rows.join(theirs, on="row", how="left", maintain_order="left")
    return rows.with_columns(_answer("did_open", newest.get("open")).alias("opened"),
                             _answer("did_click", newest.get("click")).alias("clicked"))  # fmt: skip


def _answer(did: str, newest: dt.datetime | None) -> pl.Expr:
    """True for who did; false only where somebody's reaction was heard of since the message."""
    done = pl.col(did).fill_null(value=False)
    listened = (pl.col("heard_at") >= pl.col("message_at")) & (
        pl.lit(newest, pl.Datetime("us")) >= pl.col("message_at")
    )
    return pl.when(done).then(pl.lit(value=True)).when(listened.fill_null(value=False)).then(pl.lit(value=False))


def _orders_since(rows: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    table = tables.tables.get("orders")
    if table is None or rows.is_empty():
        return rows.with_columns(ordered=pl.lit(None, pl.Boolean))
    people = rows.lazy().select("customer_id").unique()
    last = (
        table.whole.select("customer_id", "ordered_at")
        .join(people, on="customer_id", how="semi")
        .group_by("customer_id")
        .agg(pl.col("ordered_at").max())
        .collect(engine="streaming")
    )
    joined = rows.join(last, on="customer_id", how="left", maintain_order="left")
    ordered = (pl.col("ordered_at") > pl.col("message_at")).fill_null(value=False)
    return joined.with_columns(ordered=ordered)
