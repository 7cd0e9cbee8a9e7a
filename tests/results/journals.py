"""Small journals and orders, a row per line of text, and simulated campaigns with a known lift."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import polars as pl

from segcli.results import StepResult, campaign_results

AS_OF = dt.datetime(2026, 6, 30, 9)
WEEK = dt.timedelta(days=7)
JOURNAL = {
    "customer_id": pl.String(), "campaign": pl.String(), "step": pl.String(), "number": pl.Int64(),
    "series": pl.String(), "send_at": pl.Datetime("us"), "status": pl.String(),
}  # fmt: skip
ORDERS = {"customer_id": pl.String(), "ordered_at": pl.Datetime("us"), "amount": pl.Decimal(18, 2)}


def journal(*lines: str) -> pl.LazyFrame:
    """`customer campaign.step#series send_at status`; a step's number is the last digit of its name, or 0."""
    rows = []
    for line in lines:
        customer, message, send_at, status = line.split()
        message, _, series = message.partition("#")
        campaign, _, step = message.partition(".")
        number = int(step[-1]) if step[-1:].isdigit() else 0
        rows.append(
            (customer, campaign, step or None, number, series or "s", dt.datetime.fromisoformat(send_at), status)
        )
    return pl.LazyFrame(rows, schema=JOURNAL, orient="row")


def orders(*lines: str) -> pl.LazyFrame:
    """`customer ordered_at amount`."""
    rows = []
    for line in lines:
        customer, ordered_at, amount = line.split()
        rows.append((customer, dt.datetime.fromisoformat(ordered_at), None if amount == "-" else Decimal(amount)))
    return pl.LazyFrame(rows, schema=ORDERS, orient="row")


def results(
    messages: pl.LazyFrame, bought: pl.LazyFrame, as_of: dt.datetime = AS_OF, window: dt.timedelta = WEEK
) -> dict[str, StepResult]:
    """The results by `campaign` and `campaign.step`."""
    found = campaign_results(messages, bought, as_of, window)
    return {item.campaign + (f".{item.step}" if item.step else ""): item for item in found}


def simulated(
    people: int, held_out: float, rate: float, lift: float, seed: int, campaign: str = "c"
) -> tuple[pl.LazyFrame, pl.LazyFrame, np.ndarray, np.ndarray]:
    """A campaign of one step in which the sent buy with `rate + lift`, the others with `rate`; up to three orders.

    Returns journal, orders, whether each person is sent, and what each spent within the week.
    """
    chance = np.random.default_rng(seed)
    sent = chance.random(people) >= held_out
    buys = chance.random(people) < np.where(sent, rate + lift, rate)
    count = np.where(buys, chance.integers(1, 4, people), 0)
    amounts = np.round(chance.lognormal(3.5, 0.8, int(count.sum())), 2)
    who = np.repeat(np.arange(people), count)
    spent = np.zeros(people)
    np.add.at(spent, who, amounts)
    start = dt.datetime(2026, 6, 1, 7)
    messages = pl.LazyFrame(
        {
            "customer_id": [f"{campaign}{one}" for one in range(people)],
            "campaign": campaign,
            "step": "hello",
            "number": 0,
            "series": "s",
            "send_at": start,
            "status": np.where(sent, "sent", "held_out").tolist(),
        },
        schema_overrides=JOURNAL,
    )
    delays = chance.integers(1, 7 * 24 * 3600, len(who))
    bought = pl.LazyFrame(
        {
            "customer_id": [f"{campaign}{one}" for one in who],
            "ordered_at": [start + dt.timedelta(seconds=int(delay)) for delay in delays],
            "amount": [Decimal(f"{amount:.2f}") for amount in amounts],
        },
        schema=ORDERS,
    )
    return messages, bought, sent, spent
