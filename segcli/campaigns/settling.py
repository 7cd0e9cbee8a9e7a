"""What a run did, once the gate has decided: the journal of the run, and the state that the next run goes on from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from segcli.campaigns.gate import HELD_OUT
from segcli.campaigns.planning import PlannedCampaign
from segcli.campaigns.series import CARRIED
from segcli.campaigns.steps import skipped_steps
from segcli.history.tables import JOURNAL, STATE

SERVED = ("sent", "held_out")  # what counts as a message of a series


def journal_of(run: str, as_of: dt.datetime, planned: Sequence[PlannedCampaign], decided: pl.DataFrame) -> pl.DataFrame:
    """The rows of this run, with the columns of JOURNAL and in its order.

    `decided` is the due frame after the gate: `reason` is null for what goes out, and the details of offers and
    picks are there as far as any step has them. What the gate refused is not in the journal: it stays due.
    """
    parts = [pl.DataFrame(schema=dict(JOURNAL))]
    served = decided.filter(pl.col("reason").is_null() | (pl.col("reason") == HELD_OUT))
    status = pl.when(pl.col("reason").is_null()).then(pl.lit("sent")).otherwise(pl.lit("held_out"))
    parts.append(_typed(_with_ids_of_products(served.with_columns(status=status))))
    for each in planned:
        name = pl.lit(each.checked.name).alias("campaign")
        parts.append(_typed(each.late.with_columns(status=pl.lit("too_late"))))
        if each.series.is_empty():
            continue
        of_campaign = served.filter(pl.col("campaign") == each.checked.name)
        skipped = skipped_steps(each.checked, _with_series(of_campaign, each.series))
        late = each.late.select("customer_id", "series", step_number="number")
        skipped = skipped.join(late, on=["customer_id", "series", "step_number"], how="anti")
        parts.append(_typed(skipped.select(
            "customer_id", "series", "start", name, number="step_number", step="due_step", status=pl.lit("skipped"),
        )))  # fmt: skip
        changed = each.series.filter(pl.col("change").is_not_null())
        parts.append(_typed(changed.select("customer_id", "series", "start", name, status="change")))
        over = each.series.filter(pl.col("begun") | pl.col("inside"), "until", ~pl.col("ended"))
        parts.append(_typed(over.select("customer_id", "series", "start", name, status=pl.lit("ended"))))
    rows = pl.concat(parts).with_columns(run=pl.lit(run), as_of=pl.lit(as_of, pl.Datetime("us")))
    return rows.select(*JOURNAL).sort("campaign", "customer_id", "series", "number", "status", nulls_last=False)


TOO_LATE = "too late"


def excluded_of(planned: Sequence[PlannedCampaign], decided: pl.DataFrame) -> pl.DataFrame:
    """customer_id, campaign, step, reason: everybody whom the gate left out, and whose step came too late."""
    refused = decided.filter(pl.col("reason").is_not_null()).select("customer_id", "campaign", "step", "reason")
    late = [each.late.select("customer_id", "campaign", "step", reason=pl.lit(TOO_LATE)) for each in planned]
    return pl.concat([refused, *late]).sort("customer_id", "campaign", "step", "reason")


def _with_series(due: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    before = series.select("customer_id", "series", "number")
    return due.rename({"number": "step_number"}).join(before, on=["customer_id", "series"], how="inner")


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


def next_state(
    state: pl.LazyFrame, planned: Sequence[PlannedCampaign], journal: pl.DataFrame
) -> tuple[pl.LazyFrame, ...]:
    """Every open series after this run, a frame per campaign in the order of their names.

    Campaigns that were not planned keep their rows as they are.
    """
    done = {each.checked.name: each for each in planned if each.waits is None and not each.needs}
    known = state.select("campaign").unique().collect(engine="streaming").to_series()
    parts = []
    for name in sorted({*known, *done}):
        if name not in done:
            parts.append(state.filter(pl.col("campaign") == name))
            continue
        each = done[name]
        old = state.filter(pl.col("campaign") == name)
        updated = _updated(each, journal.filter(pl.col("campaign") == name))
        # A field or an entry has one series per customer; a new one takes the place of the old.
        key = ["customer_id", "series"] if each.checked.by_row else ["customer_id"]
        rows = pl.concat([old.join(updated.lazy().select(key), on=key, how="anti"), updated.lazy().select(*STATE)])
        if each.checked.by_row:  # what speaks of the customer is the same in all of their series
            rows = rows.with_columns(pl.col("served_at").max().over("customer_id"))
        parts.append(rows)
    return tuple(part.select(pl.col(name).cast(dtype) for name, dtype in STATE.items()) for part in parts)


def _updated(each: PlannedCampaign, journal: pl.DataFrame) -> pl.DataFrame:
    """The state of the series that this run changed."""
    if each.series.is_empty():
        return pl.DataFrame(schema=dict(STATE))
    key = ["customer_id", "series"]
    touched = each.series.join(journal.select(key).unique(), on=key, how="semi")
    dealt = journal.filter(pl.col("step").is_not_null()).group_by(key).agg(new_steps="step")
    served = journal.filter(pl.col("status").is_in(SERVED)).select(
        *key, new_message_at="send_at", new_message="message",
        new_code="code", offered=pl.col("reward").is_not_null() & (pl.col("status") == "sent"),
    )  # fmt: skip
    over = journal.filter(pl.col("status") == "ended").select(*key, over=pl.lit(value=True))
    rows = (
        touched.join(dealt, on=key, how="left")
        .join(served, on=key, how="left")
        .join(over, on=key, how="left")
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
    return rows.select("customer_id", *CARRIED, campaign=pl.lit(each.checked.name)).select(*STATE)
