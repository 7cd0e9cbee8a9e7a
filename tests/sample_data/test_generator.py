"""The generator makes the same shop every time, whoever else is in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

PART = range(36, 66)


@pytest.fixture(scope="module")
def seed() -> int:
    from generate import SEED

    return SEED


def test_a_part_of_the_people_lives_the_same_life_twice(seed: int) -> None:
    from generator.exports import export_files
    from generator.story import tell

    assert export_files(tell(seed, PART), seed) == export_files(tell(seed, PART), seed)


def test_a_part_of_the_people_is_the_same_as_in_the_whole(seed: int, events: pl.DataFrame) -> None:
    from generator.exports import event_frame
    from generator.story import tell

    part = event_frame(tell(seed, PART).events)
    assert part.height > 500
    assert part.equals(events.filter(pl.col("customer_id").is_in(part["customer_id"].unique().implode())))


def test_another_seed_is_another_shop(seed: int) -> None:
    from generator.story import tell

    assert tell(seed, PART).events != tell(seed + 1, PART).events


@pytest.mark.slow
def test_the_files_are_what_the_generator_writes(sample: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(sample / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
