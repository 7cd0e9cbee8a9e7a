"""A word when a shop's newest order is old, as in last year's export: then everybody looks lapsed and silent."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segcli.pipeline import SegmentRun

OLD_ORDERS_DAYS = 60


def old_orders(run: SegmentRun) -> tuple[int, dt.date] | None:
    """How many days old the newest order is, and the day after it; None where it is not old, or there is none."""
    newest = run.newest_order
    if newest is None:
        return None
    days = (run.computed.plan.as_of - newest).days
    return None if days < OLD_ORDERS_DAYS else (days, (newest + dt.timedelta(days=1)).date())
