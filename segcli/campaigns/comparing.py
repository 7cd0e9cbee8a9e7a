"""The messages of two versions of the recipes on the same data and history: who would get which, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

STEP = ["campaign", "step"]
MESSAGE = [*STEP, "customer_id"]


@dataclass(frozen=True)
class StepChange:
    """Messages of one step before and after; None where a version does not have it."""

    campaign: str
    step: str
    before: int | None
    after: int | None
    added: int  # customers who get it only after
    dropped: int  # and only before


def compare_sends(
    before: pl.DataFrame,
    after: pl.DataFrame,
    steps_before: Sequence[tuple[str, str]],
    steps_after: Sequence[tuple[str, str]],
) -> tuple[StepChange, ...]:
    """The steps (campaign, step) whose messages differ. `before` and `after` are the due steps that go out."""
    both = before.select(*MESSAGE, before=True).join(
        after.select(*MESSAGE, after=True), on=MESSAGE, how="full", coalesce=True
    )  # fmt: skip
    was, now = pl.col("before").fill_null(value=False), pl.col("after").fill_null(value=False)
    counted = both.group_by(STEP).agg(was.sum(), now.sum(), added=(now & ~was).sum(), dropped=(was & ~now).sum())
    counts = {row[:2]: row[2:] for row in counted.iter_rows()}
    changes = []
    for key in dict.fromkeys([*steps_after, *steps_before]):
        old, new, added, dropped = counts.get(key, (0, 0, 0, 0))
        known, stays = key in steps_before, key in steps_after
        if added or dropped or not (known and stays):
            changes.append(StepChange(*key, old if known else None, new if stays else None, added, dropped))
    return tuple(changes)
