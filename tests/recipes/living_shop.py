"""The sample shop on several days, with the files as they would have been exported then and one history for all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from segcli.campaign_pipeline import CampaignRun
from tests.shops import SAMPLE, shop_as_of
from tests.year.living import Changes, choose_recipes, replace_text, run_at


def live_through(
    folder: Path, recipes: Sequence[str], moments: Sequence[dt.datetime], changes: Changes | None = None
) -> list[CampaignRun]:
    """The runs at these moments; the last is a rehearsal."""
    runs = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGCLI_KEY", "0" * 64)
        for moment in moments:
            shop = shop_as_of(SAMPLE, folder / f"{moment:%Y-%m-%d}", moment)
            _cut_loyalty(shop)
            choose_recipes(shop, recipes, changes)
            replace_text(shop / "segcli.yaml", "history: history", "history: ../history")
            scratch = folder / f"scratch-{moment:%Y-%m-%d}"
            scratch.mkdir()
            runs.append(run_at(shop, moment, scratch, commit=moment != moments[-1]))
    return runs


def _cut_loyalty(shop: Path) -> None:
    """The loyalty app's file has no times of its own: it had those who were customers then."""
    people = pl.read_csv(shop / "customers.csv", infer_schema=False)
    app = pl.read_csv(shop / "loyalty.csv", infer_schema=False)
    app.filter(pl.col("email").is_in(people["email"].implode())).write_csv(shop / "loyalty.csv")
