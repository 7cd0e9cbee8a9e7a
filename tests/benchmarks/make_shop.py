"""A shop of any size for measuring: customers, orders, lines, events, products and stores as canonical files.

Behaviour is human rather than uniform: more than half of the customers buy, most of those once, spend and
activity are skewed with a tail that is cut (the largest customer holds under 0.1 % of the rows), files are in
the order of time. Nobody in it exists. Weeks are written one by one, so that memory stays flat.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from tests.benchmarks.shop_clock import AS_OF
from tests.benchmarks.shop_people import customer_pieces, make_people, make_products, make_stores
from tests.benchmarks.shop_weeks import weeks

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
EDITION = 1  # of this generator; in the name of the cached folder


def make_shop(folder: Path, customers: int, files: str = "parquet", seed: int = 7) -> Path:
    """Writes the tables of a shop into `folder`, with a segcli.yaml that loads every shipped recipe."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    products = make_products()
    people = make_people(customers, random)
    _write(folder, "products", iter([products]), files)
    _write(folder, "stores", iter([make_stores()]), files)
    _write(folder, "customers", customer_pieces(people, random), files)
    parts = folder / "parts"
    for week, frames in enumerate(weeks(people, products, random)):
        for table, frame in frames.items():
            (parts / table).mkdir(parents=True, exist_ok=True)
            frame.write_parquet(parts / table / f"{week:03}.parquet", compression="lz4")
    for table in ("orders", "order_items", "events"):
        _sink(pl.scan_parquet(parts / table / "*.parquet"), folder, table, files)
    shutil.rmtree(parts)
    _write_project(folder, files)
    return folder


def cached_shop(customers: int, files: str = "parquet", cache: Path | None = None) -> Path:
    """The folder of a shop of this size, made now unless an earlier benchmark made it."""
    cache = cache or Path(tempfile.gettempdir()) / "segcli-benchmark"
    folder = cache / f"shop-{EDITION}-{customers}-{files}"
    if not folder.exists():
        making = make_shop(cache / f".{folder.name}", customers, files)
        making.rename(folder)
    _write_project(folder, files)  # recipes may have come since
    return folder


def _write_project(folder: Path, files: str) -> None:
    recipes = sorted(path.parent.name for path in RECIPES.glob("*/recipe.yaml"))
    (folder / "segcli.yaml").write_text(
        "shop: Sample Warehouse\ntimezone: Europe/Istanbul\ncurrency: USD\n"
        f"as_of: {AS_OF:%Y-%m-%dT%H:%M}\n"
        "sources:\n"
        + "".join(
            f"  {table}: {table}.{files}\n"
            for table in ("customers", "orders", "order_items", "events", "products", "stores")
        )
        + f"recipes: [{', '.join(recipes)}]\n"
    )


def _write(folder: Path, table: str, frames: Iterator[pl.DataFrame], files: str) -> None:
    _sink(pl.concat([frame.lazy() for frame in frames]), folder, table, files)


def _sink(frame: pl.LazyFrame, folder: Path, table: str, files: str) -> None:
    if files == "csv":
        frame.sink_csv(folder / f"{table}.csv", datetime_format="%Y-%m-%dT%H:%M:%S")
    else:
        frame.sink_parquet(folder / f"{table}.parquet", compression="zstd", compression_level=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--files", choices=("parquet", "csv"), default="parquet")
    arguments = parser.parse_args()
    print(cached_shop(arguments.customers, arguments.files))
