"""A campaign run's contents to its folder: a send list per due step, who was left out, and the manifest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from segcli.exports.campaign_lists import StepList, write_steps
from segcli.exports.formats import load_format
from segcli.exports.list_files import write_file
from segcli.exports.manifest import manifest_text, outputs_of
from segcli.exports.table_files import write_table
from segcli.history.publishing import MANIFEST

FILE_FORMAT = 1  # of a campaign run's folder; raised when a later segcli could not read it
EXCLUDED = ("customer_id", "campaign", "step", "reason")  # of excluded.csv


@dataclass(frozen=True)
class CampaignContents:
    """All that a campaign run's folder is written from.

    `excluded` (columns EXCLUDED) lists whom the gate left out, each with the first reason. `manifest` holds the
    caller's facts; the key `timings` is the only one that may differ between two equal runs.
    """

    as_of: dt.datetime
    steps: Sequence[StepList]
    excluded: pl.DataFrame
    rejected: pl.DataFrame
    manifest: Mapping[str, Any]
    money: frozenset[str] = frozenset()
    timezone: str = "UTC"
    shopify: bool = False  # whether the shop is one of Shopify's, whose import of codes has a shape of its own


def write_campaign_files(folder: Path, contents: CampaignContents, esp: str | None) -> dict[str, dict[str, Any]]:
    """Writes everything into the folder, which is there and empty; returns the manifest's outputs.

    Raises DataError for rows that the ESP's importer would take wrong, RecipeError for an ESP that is not known.
    """
    form = load_format(esp)
    written = write_steps(
        folder, contents.steps, form, esp, as_of=contents.as_of, money=contents.money, timezone=contents.timezone,
        shopify=contents.shopify,
    )  # fmt: skip
    files = [
        *written.files,
        write_table(folder, "excluded.csv", contents.excluded.select(EXCLUDED).sort(EXCLUDED)),
        write_table(folder, "rejected.csv", contents.rejected),
    ]
    outputs = outputs_of(files)
    facts: dict[str, Any] = {
        **contents.manifest,
        "format": FILE_FORMAT,
        "as_of": contents.as_of.isoformat(timespec="seconds"),
        "esp": esp,
        "import_note": form.note if esp else None,
        "steps": written.entries,
        "outputs": outputs,
    }
    write_file(folder, MANIFEST, manifest_text(facts).encode())
    return outputs
