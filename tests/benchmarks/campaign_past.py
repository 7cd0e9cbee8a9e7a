"""The steps of a campaign's series as the journal of daily runs has them, and the state that they leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign
from segcli.campaigns.codes import unique_codes
from segcli.campaigns.customers import PERSON
from segcli.campaigns.holdout import held_out
from segcli.history.tables import JOURNAL, STATE
from segcli.project.campaign_models import Step
from tests.benchmarks.campaign_series import Calendar

GRACE = 3  # days after which a step is recorded as too late
LOST = 0.12  # share of the steps that others outranked until they were too late
RUN = "__run"  # number of the run that a row of the journal belongs to


def with_steps(
    campaign: CheckedCampaign, series: pl.DataFrame, calendar: Calendar, random: np.random.Generator
) -> pl.DataFrame:
    """The series with `run_<n>`, the run that dealt with step n, null where none has yet, and `status_<n>`."""
    rows = series.with_columns(campaign=pl.lit(campaign.name), holdout=float(campaign.steps[0].step.holdout))
    rows = rows.with_columns(held=held_out(), before=pl.lit(-1, pl.Int64))
    for each in campaign.steps:
        number = each.step.number
        lost = pl.Series(random.random(rows.height) < LOST)
        late = ~pl.col("contactable") | lost
        status = pl.when(late).then(pl.lit("too_late")).when("held").then(pl.lit("held_out")).otherwise(pl.lit("sent"))
        wanted = calendar.number(pl.col("start") + each.step.after)
        run = pl.max_horizontal(wanted, pl.col("before") + 1) + pl.when(late).then(GRACE).otherwise(0)
        come = ~pl.col("there") & (wanted >= 0) & (run < calendar.runs)
        rows = rows.with_columns(pl.when(come).then(run).alias(f"run_{number}"), status.alias(f"status_{number}"))
        rows = rows.with_columns(before=pl.when(wanted >= 0).then(run).otherwise("before"))
    return rows.drop("holdout", "held", "before")


def journal_rows(campaign: CheckedCampaign, rows: pl.DataFrame, calendar: Calendar, key: bytes) -> pl.DataFrame:
    """The rows of the journal (JOURNAL, but for run and as_of) with the number of their run; of the series of
    `with_steps`."""
    parts = [_of_step(rows, each.step, calendar, key) for each in campaign.steps]
    last = pl.max_horizontal(pl.lit(0, pl.Int64), *(f"run_{each.step.number}" for each in campaign.steps))
    after = pl.min_horizontal(last + 1, calendar.runs - 1)
    begun = pl.any_horizontal(pl.col(f"run_{each.step.number}").is_not_null() for each in campaign.steps)
    if campaign.by_entering:
        entered = pl.when("there").then(pl.lit("there")).otherwise(pl.lit("entered"))
        parts.append(rows.select(PERSON, "series", "start", status=entered, **{RUN: calendar.number(pl.col("start"))}))
        left = rows.filter(~pl.col("inside"))
        parts.append(left.select(PERSON, "series", "start", status=pl.lit("left"), **{RUN: after}))
        begun = pl.lit(value=True)
    over = rows.filter(pl.col("until") & ~pl.col("there") & begun)
    parts.append(over.select(PERSON, "series", "start", status=pl.lit("ended"), **{RUN: after}))
    found = pl.concat(parts, how="diagonal").with_columns(campaign=pl.lit(campaign.name))
    return found.select(RUN, *(
        pl.col(name).cast(dtype) if name in found.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in JOURNAL.items()
    ))  # fmt: skip


def _of_step(rows: pl.DataFrame, step: Step, calendar: Calendar, key: bytes) -> pl.DataFrame:
    number, status = step.number, pl.col(f"status_{step.number}")
    run = pl.col(f"run_{number}")
    sent = status == "sent"
    reward, code = _offer(step, key)
    shown = [f"P{1000 + place}" for place in range(step.products.count)] if step.products else None
    products = pl.lit(pl.Series([shown], dtype=pl.List(pl.String))).first()
    return rows.filter(run.is_not_null()).select(
        PERSON, "series", "start", run.alias(RUN), status.alias("status"),
        step=pl.lit(step.name), number=pl.lit(number), message=pl.format(f"{{}}.{step.message}", "campaign"),
        moment=pl.col("start") + step.after, send_at=pl.when(status != "too_late").then(calendar.moment(run)),
        channel=pl.lit(step.channel), marketing=pl.lit(step.marketing), list=pl.lit(step.list, pl.String),
        reward=pl.when(sent).then(reward), code=pl.when(sent).then(code),
        products=pl.when(sent).then(products),
    )  # fmt: skip


def _offer(step: Step, key: bytes) -> tuple[pl.Expr, pl.Expr]:
    """The step's first reward, as if everybody met its condition, and its code."""
    if not step.offers:
        return pl.lit(None, pl.String), pl.lit(None, pl.String)
    code = step.offers[0].code
    fixed = pl.lit(code.fixed if code else None, pl.String)
    return pl.lit(step.offers[0].reward), unique_codes(key, code.prefix) if code and code.prefix else fixed


def state_rows(campaign: CheckedCampaign, rows: pl.DataFrame, calendar: Calendar, key: bytes) -> pl.DataFrame:
    """Where the series of `with_steps` stand after the last run (STATE)."""
    steps = [each.step for each in reversed(campaign.steps)]
    dealt = {step.number: pl.col(f"run_{step.number}").is_not_null() for step in steps}
    served = {step.number: dealt[step.number] & (pl.col(f"status_{step.number}") != "too_late") for step in steps}
    offered = {
        step.number: dealt[step.number] & (pl.col(f"status_{step.number}") == "sent") for step in steps if step.offers
    }
    sent_at = {step.number: calendar.moment(pl.col(f"run_{step.number}")) for step in steps}
    found = rows.with_columns(
        steps=_joined(steps, dealt),
        message_at=_first(steps, served, sent_at),
        message=_first(steps, served, {step.number: pl.lit(f"{campaign.name}.{step.message}") for step in steps}),
        offer_since=_first(steps, offered, sent_at) if offered else None,
        offer_code=_first(steps, offered, {step.number: _offer(step, key)[1] for step in steps}) if offered else None,
        ended=pl.col("until") | pl.col("there"),
    )
    if not campaign.by_entering:
        found = found.filter(pl.col("steps").is_not_null())
    found = found.with_columns(served_at=pl.col("message_at").max().over(PERSON))
    return found.select(pl.col(name).cast(dtype) for name, dtype in STATE.items())


def _joined(steps: Sequence[Step], holds: dict[int, pl.Expr]) -> pl.Expr:
    """The names of the steps that it holds for, in alphabetical order; null for none."""
    named = sorted(steps, key=lambda step: step.name)
    names = pl.concat_str(
        (pl.when(holds[step.number]).then(pl.lit(step.name)) for step in named), separator=",", ignore_nulls=True
    )
    return pl.when(names != "").then(names)


def _first(steps: Sequence[Step], holds: dict[int, pl.Expr], values: dict[int, pl.Expr]) -> pl.Expr:
    return pl.coalesce(pl.when(holds[step.number]).then(values[step.number]) for step in steps if step.number in holds)
