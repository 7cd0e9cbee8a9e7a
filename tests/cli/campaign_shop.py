"""The small shop with two campaigns, three days of committed runs, and a run of segments."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from segcli.__main__ import main
from tests.cli.small_shop import RECIPE, small_shop

CAMPAIGNS = """campaigns:
  thanks:
    audience: orders > 0
    start: first_order_at
    grace: 400d
    again_after: never
    steps:
      - {message: hello, after: 1d, offer: {reward: percent, value: 10, code: {pool: codes.txt}}}
      - {message: again, after: 2d}
  hello:
    audience: country = 'DE'
    existing: true
    steps: [{message: hallo, after: 0d}]
"""
DAYS = ("2026-06-28", "2026-06-29", "2026-06-30")
RUNS = tuple(f"{day}T0900" for day in DAYS)
Copies = Callable[[str], Path]


def campaign_shop(folder: Path) -> Path:
    """Writes the project and commits its runs; returns its folder."""
    small_shop(folder, RECIPE + CAMPAIGNS)
    (folder / "codes.txt").write_text("".join(f"CODE{number}\n" for number in range(20)))
    for day in DAYS:
        assert main(["campaign", "--commit", "-q", "--project", str(folder), "--as-of", f"{day}T09:00"]) == 0
    assert main(["segment", str(folder), "-q"]) == 0
    return folder


def copied(shop: Path, place: Path) -> Path:
    """A copy of a shop."""
    return Path(shutil.copytree(shop, place, symlinks=True))
