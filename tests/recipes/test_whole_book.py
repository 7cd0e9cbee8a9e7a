"""Nothing in the book is there for nobody: in the sample shop every segment has a member, every campaign a reader.

What asks about the past of the shop's campaigns is tried in test_past_of_the_shop.py, with fewer recipes in each
other's way.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from segcli.campaigns.gate import HELD_OUT, OUTRANKED, OVER_CAP
from segcli.project import shipped_recipes
from tests.recipes.living_shop import live_through
from tests.recipes.test_past_of_the_shop import CAMPAIGNS_OF_THE_PAST, SEGMENTS_OF_THE_PAST
from tests.year.living import campaigns_of

# Who enters an audience, or is written to once a month, is due in a second run and not in the first.
MOMENTS = (dt.datetime(2026, 1, 15, 9), dt.datetime(2026, 6, 30, 9))
# The dates that a shop writes anew for each season: a sale that begins on 3 July.
SALE_IN_JULY = {
    "seasonal-carts": (
        "active: {since: 2026-11-23, until: 2026-11-30}",
        "active: {since: 2026-06-29, until: 2026-07-06}",
    ),
    "spenders": ("timestamp '2026-11-27 00:00:00'", "timestamp '2026-07-03 00:00:00'"),
}
# A shop has some of the recipes: with all of them most messages are beaten by another.
COULD_GO = [OUTRANKED, OVER_CAP, HELD_OUT]


@pytest.mark.slow
def test_every_segment_has_a_member_and_every_campaign_somebody_who_could_be_sent_it(tmp_path: Path) -> None:
    book = sorted(shipped_recipes())
    runs = live_through(tmp_path, book, MOMENTS, SALE_IN_JULY)
    due = pl.concat(run.decided.select("campaign", "reason") for run in runs)
    could_go = due.filter(pl.col("reason").is_null() | pl.col("reason").is_in(COULD_GO))
    nobody = {*campaigns_of(book)} - {*could_go["campaign"]}
    assert nobody - CAMPAIGNS_OF_THE_PAST == set()

    today = runs[-1].run
    with_members = {member.name for member in today.members if member.customers}
    empty = {
        segment.name
        for segment in today.computed.plan.segments
        if not any(
            name == segment.name or (segment.each and name.startswith(f"{segment.name}-")) for name in with_members
        )
    }
    assert empty - SEGMENTS_OF_THE_PAST == set()
