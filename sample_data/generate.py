"""Writes the sample shop's export files beside this script; `--check` only compares them.

python sample_data/generate.py
python sample_data/generate.py --check
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import polars as pl
from generator.exports import export_files
from generator.story import tell

SEED = 20260630
FOLDER = Path(__file__).parent


def main() -> int:
    """Writes or compares every file; 1 when `--check` finds one that differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the files that are there")
    check = parser.parse_args().check
    differing = []
    for name, content in export_files(tell(SEED), SEED).items():
        path = FOLDER / name
        if check:
            if not path.exists() or not same(name, path.read_bytes(), content):
                differing.append(name)
            continue
        path.write_bytes(content)
        print(f"{name:24}{len(content) / 1e6:8.2f} MB")
    if differing:
        print(f"differs: {', '.join(differing)}", file=sys.stderr)
    return 1 if differing else 0


def same(name: str, there: bytes, made: bytes) -> bool:
    """Whether two files say the same: byte for byte, or for Parquet (whose writers change) row for row."""
    if there == made:
        return True
    return name.endswith(".parquet") and pl.read_parquet(io.BytesIO(there)).equals(pl.read_parquet(io.BytesIO(made)))


if __name__ == "__main__":
    sys.exit(main())
