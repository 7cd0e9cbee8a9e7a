"""What a run did, once the gate has decided: the journal of the run, and the state that the next run goes on from."""

from __future__ import annotations

import datetime as dt

import polars as pl

from segcli.campaigns.gate import HELD_OUT
from segcli.campaigns.planning import Planned
from segcli.campaigns.series import KEY, WHOSE
from segcli.campaigns.steps import skipped_steps
from segcli.history.tables import JOURNAL, STATE

SERVED = ("sent", "held_out")  # what counts as a message of a series
STATE_AT_ONCE = 250_000  # series whose state is written together


def journal_of(run: str, as_of: dt.datetime, planned: Planned, decided: pl.DataFrame) -> pl.DataFrame:
    """The rows of this run, with the columns of JOURNAL and in its order.

    `decided` is the due frame after the gate: `reason` is null for what goes out, and the details of offers and
    picks are there as far as any step has them. What the gate refused is not in the journal: it stays due.
    """
    series = planned.series
    served = decided.filter(pl.col("reason").is_null() | (pl.col("reason") == HELD_OUT))
    status = pl.when(pl.col("reason").is_null()).then(pl.lit("sent")).otherwise(pl.lit("held_out"))
    skipped = skipped_steps(_with_series(served, series), planned.terms).rename({"step_number": "number"})
    skipped = skipped.join(planned.late, on=[*KEY, "number"], how="anti")
    over = series.filter(pl.col("begun") | pl.col("inside"), "until", ~pl.col("ended"))
    parts = [
        _with_ids_of_products(served.with_columns(status=status)),
        planned.late.with_columns(status=pl.lit("too_late")),
        skipped.select(*KEY, "start", "number", step="due_step", status=pl.lit("skipped")),
        series.filter(pl.col("change").is_not_null()).select(*KEY, "start", status="change"),
        over.select(*KEY, "start", status=pl.lit("ended")),
    ]
    rows = pl.concat(_typed(part) for part in parts)
    rows = rows.with_columns(run=pl.lit(run), as_of=pl.lit(as_of, pl.Datetime("us")))
    return rows.sort("campaign", "customer_id", "series", "number", "status", nulls_last=False)


TOO_LATE = "too late"


def excluded_of(planned: Planned, decided: pl.DataFrame) -> pl.DataFrame:
    """customer_id, campaign, step, reason: everybody whom the gate left out, and whose step came too late."""
    refused = decided.filter(pl.col("reason").is_not_null()).select("customer_id", "campaign", "step", "reason")
    late = planned.late.select("customer_id", "campaign", "step", reason=pl.lit(TOO_LATE))
    return pl.concat([refused, late]).sort("customer_id", "campaign", "step", "reason")


def _with_series(due: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    return due.rename({"number": "step_number"}).join(series.select(*KEY, "number"), on=KEY, how="inner")


def _with_ids_of_products(rows: pl.DataFrame) -> pl.DataFrame:
    if not isinstance(rows.schema.get("products"), pl.List):
        return rows
    ids = pl.element() if rows.schema["products"] == pl.List(pl.String) else pl.element().struct["product_id"]
    return rows.with_columns(pl.col("products").list.eval(ids))


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.col(name).cast(dtype) if name in rows.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in JOURNAL.items()
    )


def next_state(state: pl.LazyFrame, planned: Planned, journal: pl.DataFrame) -> tuple[pl.LazyFrame, ...]:
    """Every open series after this run: frames of some campaigns each, in the order of their names.

    Campaigns that were not planned keep their rows as they are.
    """
    updated = _updated(planned.series, journal)
    known = pl.concat([state.select("campaign"), updated.lazy().select("campaign")])
    counts = known.group_by("campaign").len().sort("campaign").collect(engine="streaming")
    # Many campaigns of few series at once, few campaigns of many.
    group = pl.col("len").cum_sum() // STATE_AT_ONCE
    groups = counts.select("campaign", group=group).partition_by("group", include_key=False, maintain_order=True)
    return tuple(_state_after(some.to_series(), state, updated, planned) for some in groups)


def _state_after(names: pl.Series, state: pl.LazyFrame, updated: pl.DataFrame, planned: Planned) -> pl.LazyFrame:
    """Every open series of these campaigns."""
    by_row = [each.checked.name for each in planned.campaigns if each.done and each.checked.by_row]
    old, new = (rows.filter(pl.col("campaign").is_in(names.implode())) for rows in (state, updated.lazy()))
    of_rows = pl.col("campaign").is_in(by_row)
    rows = pl.concat([
        # A field or an entry has one series per customer; a new one takes the place of the old.
        old.filter(~of_rows).join(new, on=WHOSE, how="anti"),
        old.filter(of_rows).join(new, on=KEY, how="anti"),
        new.select(*STATE),
    ])  # fmt: skip
    # What speaks of the customer is the same in all of their series.
    served_at = pl.when(of_rows).then(pl.col("served_at").max().over(WHOSE)).otherwise("served_at")
    return rows.with_columns(served_at=served_at).select(pl.col(name).cast(dtype) for name, dtype in STATE.items())


def _updated(series: pl.DataFrame, journal: pl.DataFrame) -> pl.DataFrame:
    """The state of the series that this run changed."""
    touched = series.join(journal.select(KEY).unique(), on=KEY, how="semi")
    dealt = journal.filter(pl.col("step").is_not_null()).group_by(KEY).agg(new_steps="step")
    served = journal.filter(pl.col("status").is_in(SERVED)).select(
        *KEY, new_message_at="send_at", new_message="message",
        new_code="code", offered=pl.col("reward").is_not_null() & (pl.col("status") == "sent"),
    )  # fmt: skip
    over = journal.filter(pl.col("status") == "ended").select(*KEY, over=pl.lit(value=True))
    rows = (
        touched.join(dealt, on=KEY, how="left")
        .join(served, on=KEY, how="left")
        .join(over, on=KEY, how="left")
    )  # fmt: skip
    sent, offered = pl.col("new_message_at"), pl.col("offered").fill_null(value=False)
    before, now = pl.col("steps").str.split(","), pl.col("new_steps")
    none = pl.lit([], pl.List(pl.String))
    steps = before.fill_null(none).list.concat(now.fill_null(none))
    # The same code again is good for as long as it was when it was first sent.
    again = pl.col("new_code").eq_missing(pl.col("offer_code")) & pl.col("offer_since").is_not_null()
    rows = rows.with_columns(
        pl.when(steps.list.len() > 0).then(steps.list.unique().list.sort().list.join(",")).alias("steps"),
        pl.coalesce(sent, "message_at").alias("message_at"),
        pl.coalesce("new_message", "message").alias("message"),
        pl.max_horizontal(sent, "served_at").alias("served_at"),
        pl.when(offered & ~again).then(sent).otherwise("offer_since").alias("offer_since"),
        pl.when(offered).then("new_code").otherwise("offer_code").alias("offer_code"),
        (pl.col("ended") | pl.col("over").fill_null(value=False)).alias("ended"),
    )
    return rows.select(*STATE)
