"""One customer's series step by step: when each step that is still to come is to be sent, and what it waits for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedStep
from segcli.campaigns.customer_times import SendTimes
from segcli.campaigns.planning import Situation
from segcli.campaigns.steps import of_the_past, with_earliest, within_active
from segcli.campaigns.terms import Terms

Standing = Literal["ended", "suspended", "forgotten", "outside", "waits", "too late", "inactive", "open"]


@dataclass(frozen=True)
class ComingStep:
    """A step that a series has not dealt with yet.

    `moment` is when it is to be sent if the steps before it go out in time, `ends` when it is too late for it.
    A step is `forgotten` if it was over before the campaign's first run. An `open` step's time has come, and it is
    due if its `when` holds and no other step goes before it.
    """

    step: CheckedStep
    standing: Standing
    moment: dt.datetime | None = None
    send_at: dt.datetime | None = None
    ends: dt.datetime | None = None


def coming_steps(
    campaign: CheckedCampaign, series: pl.DataFrame, situation: Situation, due: int | None
) -> tuple[ComingStep, ...]:
    """The steps of one series (one row of SERIES) that are not dealt with, in order.

    `due` is the number of the step that this run found due. What comes after it, or after a step that waits, is
    reckoned as if that one went out at its moment.
    """
    row = series.row(0, named=True)
    coming = [each for each in campaign.steps if each.step.number > row["number"]]
    terms = Terms((campaign,), situation.clocks, situation.as_of, situation.ahead)
    for reason, holds in (("ended", pl.col("ended")), ("suspended", pl.col("suspended"))):
        if series.select(holds).item():
            return tuple(ComingStep(each, reason) for each in coming)  # type: ignore[arg-type]
    if of_the_past(series, terms).item():
        return tuple(ComingStep(each, "forgotten") for each in coming)
    rows = situation.times.with_times(series, terms.of_steps)
    found = []
    for each in coming:
        here = _coming(each, rows, terms, situation.times)
        found.append(here)
        if here.standing == "waits" or each.step.number == due:
            number = pl.lit(each.step.number, pl.Int64)
            rows = rows.with_columns(message_at=pl.lit(here.send_at, pl.Datetime("us")), message_number=number)
    return tuple(found)


def _coming(each: CheckedStep, rows: pl.DataFrame, terms: Terms, times: SendTimes) -> ComingStep:
    rows = with_earliest(rows, each.step.number, terms, times)
    rows = rows.with_columns(times.moments(rows))
    rows = rows.with_columns(times.sending(rows)).with_columns(active=within_active())
    row = rows.row(0, named=True)
    moment: dt.datetime = row["moment"]
    ends = moment + row["grace"]
    standing: Standing = "open"
    if not row["let_in"]:
        standing = "outside"
    elif moment > row["horizon"]:
        standing = "waits"
    elif ends < row["noticed_since"]:
        standing = "forgotten"
    elif ends < terms.as_of:
        standing = "too late"
    elif not row["active"]:
        standing = "inactive"
    return ComingStep(each, standing, moment, row["send_at"], ends)
