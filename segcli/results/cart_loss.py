"""How much money is left in carts, from a shop's figures or from its own carts, with the arithmetic shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import polars as pl


@dataclass(frozen=True)
class CartLoss:
    """`carts` were begun, `abandoned` of them were not bought, each with goods for `price`. All of one time."""

    carts: Decimal
    abandoned: Decimal
    price: Decimal

    @property
    def left(self) -> Decimal:
        """The money in the carts that were left."""
        return self.abandoned * self.price

    @property
    def rate(self) -> Decimal:
        """The share of carts that were left."""
        return self.abandoned / self.carts if self.carts else Decimal(0)


def loss_of_visitors(visitors: Decimal, price: Decimal, conversion: Decimal, abandonment: Decimal) -> CartLoss:
    """From visitors, the price of what a cart holds, the share of visitors who buy, and that of carts that are left.

    Who buys had a cart that was not left: buyers = carts * (1 - abandonment). So 6,000 visitors with 2.4 % conversion
    are 144 buyers, and with 75 % abandonment 576 carts, of which 432 are left; at 20 each that is 8,640. Raises
    ValueError for shares outside of 0 to 1, and for an abandonment of 1: then nobody buys.
    """
    if not 0 <= conversion <= 1 or not 0 <= abandonment < 1:
        raise ValueError("shares are from 0 to 1, and not all carts are left")
    buyers = visitors * conversion
    carts = buyers / (1 - abandonment)
    return CartLoss(carts, carts - buyers, price)


def loss_of_carts(carts: pl.LazyFrame, since: dt.datetime) -> tuple[CartLoss, int]:
    """From a table of carts (last_activity_at, abandoned, amount): those last touched after `since`.

    Carts without an amount count, with the average of the others that were left; how many those are is told too.
    """
    found = carts.filter(pl.col("last_activity_at") > since)
    left = pl.col("abandoned").fill_null(value=False)
    amount = (
        pl.col("amount").cast(pl.Decimal(38, 2)) if "amount" in carts.collect_schema() else pl.lit(None, pl.Float64)
    )
    row = found.select(
        carts=pl.len(), left=left.sum(), spoken=amount.filter(left).sum(), known=amount.filter(left).count()
    ).collect(engine="streaming").row(0, named=True)  # fmt: skip
    known = Decimal(row["known"])
    price = Decimal(str(row["spoken"] or 0)) / known if known else Decimal(0)
    return CartLoss(Decimal(row["carts"]), Decimal(row["left"]), price), row["left"] - row["known"]


def arithmetic(visitors: Decimal, price: Decimal, conversion: Decimal, abandonment: Decimal) -> Iterator[str]:
    """The steps of `loss_of_visitors` as lines for people."""
    loss = loss_of_visitors(visitors, price, conversion, abandonment)
    buyers = visitors * conversion
    yield f"{number(visitors)} visitors x {percent(conversion)} who buy = {number(buyers)} buyers"
    yield f"{number(buyers)} buyers / {percent(1 - abandonment)} of carts that are bought = {number(loss.carts)} carts"
    yield f"{number(loss.carts)} carts - {number(buyers)} bought = {number(loss.abandoned)} carts that are left"
    yield f"{number(loss.abandoned)} carts x {number(price)} = {number(loss.left)} left in carts"


def number(value: Decimal) -> str:
    """A number with at most two decimals, and none where they are nought."""
    rounded = round(value, 2)
    return f"{rounded:,.0f}" if rounded == rounded.to_integral_value() else f"{rounded:,.2f}"


def percent(value: Decimal) -> str:
    """A share as per cent."""
    return f"{(value * 100).normalize():f} %"
