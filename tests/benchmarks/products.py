"""Product picks for everybody in a large shop, beside a plain group_by over the same order lines, all in one run.

    python -m tests.benchmarks.products                      a million customers, 15 million lines, 2,000 products
    python -m tests.benchmarks.products --products 50000

Each job is a process of its own and asks for picks of every customer; its time has all that it takes: reading,
what is worked out of the whole shop, and the finished lists. Ends with 1 when a limit is not held.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from segcli.campaigns.products import pick_products
from segcli.problems import Place
from segcli.project.campaign_models import Pick, Products
from segcli.sources.shards import shards_for
from segcli.sources.tables import CANONICAL, LOOKUPS, TIME_COLUMN, Table, Tables
from tests.benchmarks.measuring import measure
from tests.benchmarks.shop_clock import AS_OF

PERSON_TABLES = ("customers", "order_items", "events", "carts", "cart_items")
FLOOR, ALL = "group_by alone", "all kinds"
MIXES: dict[str, dict[str, int]] = {
    "cart": {"cart": 4},
    "viewed": {"viewed": 4},
    "bought": {"bought": 4},
    "bought_together": {"bought_together": 4},
    "accessories": {"accessories": 4},
    "upsell": {"upsell": 4},
    "bestsellers": {"bestsellers": 4},
    "most_searched": {"most_searched": 4},
    "new_arrivals": {"new_arrivals": 4},
    ALL: {
        "cart": 2, "viewed": 2, "bought": 1, "bought_together": 2, "accessories": 1, "upsell": 1, "bestsellers": 1,
        "most_searched": 1, "new_arrivals": 1,
    },
}  # fmt: skip
# In processor time of the group_by, so that a busy machine measures the same as an idle one.
MOST_TIMES, MOST_TIMES_OF_ALL, MOST_MEMORY = 12, 25, 2_000  # MB


def main() -> int:
    """Measures, prints, and returns the exit code."""
    arguments = _arguments()
    if arguments.job:
        _run(arguments.job, arguments.shop)
        return 0
    shop = _cached(arguments)
    print(f"{'':18} {'wall s':>8} {'cpu s':>8} {'of floor':>8} {'peak MB':>8}   products shown")
    held, floor = True, 0.0
    for name in (FLOOR, *(name for name in MIXES if name in arguments.only)):
        run = measure(["-m", "tests.benchmarks.products", "--job", name, "--shop", str(shop)])
        shown = json.loads(run.output.strip().splitlines()[-1]).get("shown", "")
        floor = floor or run.cpu
        times = run.cpu / floor
        print(f"{name:18} {run.wall:8.2f} {run.cpu:8.2f} {times:8.1f} {run.peak:8.0f}   {shown}", flush=True)
        most = MOST_TIMES_OF_ALL if name == ALL else MOST_TIMES
        held = held and times <= most and run.peak <= MOST_MEMORY
    limits = f"at most {MOST_TIMES} times the floor, {MOST_TIMES_OF_ALL} for all kinds, and {MOST_MEMORY} MB"
    print(f"{'held' if held else 'NOT HELD'}: {limits}")
    return 0 if held else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=15_000_000)
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--only", nargs="*", default=[*MIXES], help="kinds to run; all by default")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--shop", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _cached(arguments: argparse.Namespace) -> Path:
    # In a process of its own: this one has to stay small, see measuring.py.
    name = f"picks-{arguments.customers}-{arguments.lines}-{arguments.products}"
    folder = Path(tempfile.gettempdir()) / "segcli-benchmark" / name
    if not folder.exists():
        sizes = json.dumps([arguments.customers, arguments.lines, arguments.products])
        making = folder.with_name(f".{name}")
        measure(["-m", "tests.benchmarks.products", "--job", f"make {sizes}", "--shop", str(making)])
        making.rename(folder)
    return folder


def _run(job: str, shop: Path) -> None:
    if job.startswith("make "):
        _make(shop, *json.loads(job.removeprefix("make ")))
        print("{}")
        return
    started = time.perf_counter()
    tables = _tables(shop)
    if job == FLOOR:
        for lines in tables["order_items"].shards:
            lines.group_by("customer_id", "product_id").agg(pl.len(), pl.col("ordered_at").max()).collect(
                engine="streaming"
            )
        print(json.dumps({"seconds": time.perf_counter() - started}))
        return
    place = Place("benchmark")
    picks = tuple(Pick(kind, count, place) for kind, count in MIXES[job].items())
    everybody = tables["customers"].whole.select("customer_id").collect().sort("customer_id")
    asked = everybody.with_columns(of=pl.lit(None, pl.String), series=pl.lit(None, pl.String))
    with tempfile.TemporaryDirectory() as scratch:
        found = pick_products(asked, Products(picks, place), tables, AS_OF, Path(scratch))
    shown = found["products"].list.len()
    print(json.dumps({"shown": f"{shown.sum():,} to {(shown > 0).sum():,} customers"}))


def _tables(shop: Path) -> Tables:
    found = {}
    for name in (*PERSON_TABLES, "products"):
        paths = sorted((shop / name).glob("*.parquet"))
        shards = tuple(pl.scan_parquet(path) for path in paths)
        columns = dict(shards[0].collect_schema())
        person = name not in LOOKUPS
        found[name] = Table(name, columns, frozenset(columns), TIME_COLUMN.get(name), person, shards, 0)
    return Tables(found, pl.DataFrame(), {}, len(found["customers"].shards), AS_OF)


def _make(shop: Path, customers: int, lines: int, products: int) -> None:
    """A shop in shards: few buy much, few products sell much, and products near each other are bought together."""
    random = np.random.default_rng(11)
    _write(shop, "products", 0, _products(products, random))
    shards = shards_for(lines + lines // 2)
    popular = np.cumsum(1 / np.arange(1, products + 1) ** 0.7)
    popular /= popular[-1]
    for shard in range(shards):
        people = np.arange(shard, customers, shards)
        appetite = np.minimum(random.lognormal(0, 1.3, len(people)), 40)
        appetite[random.random(len(people)) < 0.3] = 0
        ids = (pl.Series("customer_id", people) + 10_000_000).cast(pl.String)
        _write(shop, "customers", shard, ids.to_frame())
        _write(shop, "order_items", shard, _lines(ids, appetite, lines // shards, popular, random))
        _write(shop, "events", shard, _events(ids, appetite + 0.3, lines // shards // 2, popular, random))
        carts, items = _carts(ids, popular, random)
        _write(shop, "carts", shard, carts)
        _write(shop, "cart_items", shard, items)


def _write(shop: Path, table: str, shard: int, frame: pl.DataFrame) -> None:
    (shop / table).mkdir(parents=True, exist_ok=True)
    types = {name: CANONICAL[table][name] for name in frame.columns}
    frame.cast(types).write_parquet(shop / table / f"{shard:03}.parquet", compression="lz4", statistics=False)


def _products(count: int, random: np.random.Generator) -> pl.DataFrame:
    number = pl.int_range(count, eager=True).alias("number").to_frame()
    prices = np.exp(random.uniform(np.log(5), np.log(500), count)).round(2)
    return number.select(
        _product_ids("number"),
        pl.format("Sample {} {}", pl.col("number") % 97, pl.col("number")).alias("name"),
        pl.format("Category {}", pl.col("number") * 7 % 24).alias("category"),
        pl.format("Brand {}", pl.col("number") * 13 % 80).alias("brand"),
        pl.Series("price", prices).cast(pl.Decimal(18, 2)),
        pl.format("https://shop.example/images/{}.jpg", "number").alias("image_url"),
        pl.format("https://shop.example/p/{}", "number").alias("url"),
        pl.Series("stock", random.integers(0, 50, count)),
        pl.Series("rating", random.uniform(1, 5, count).round(1)),
        pl.lit("It came a day early and does what it says.").alias("review"),
        _days_ago(random.uniform(0, 700, count)).alias("created_at"),
        pl.when(pl.col("number") % 7 == 3).then(pl.format("P{}", pl.col("number") + 999)).alias("accessory_of"),
    )


def _lines(
    ids: pl.Series, appetite: np.ndarray, count: int, popular: np.ndarray, random: np.random.Generator
) -> pl.DataFrame:
    sizes = 1 + np.minimum(random.poisson(1.2, count), 60)
    sizes = sizes[: np.searchsorted(np.cumsum(sizes), count)]
    who = np.searchsorted(np.cumsum(appetite) / appetite.sum(), random.random(len(sizes)))
    when = random.uniform(0, 730, len(sizes))
    order = np.repeat(np.arange(len(sizes)), sizes)
    first = np.searchsorted(popular, random.random(len(sizes)))[order]
    near = (first + random.integers(0, 30, len(order))) % len(popular)
    product = np.where(random.random(len(order)) < 0.5, near, np.searchsorted(popular, random.random(len(order))))
    return pl.DataFrame(
        [
            (pl.Series("order_id", order) + 1_000_000).cast(pl.String),
            ids.gather(who[order]),
            _days_ago(when[order]).alias("ordered_at"),
        ]
    ).with_columns(
        pl.Series("product_id", product).to_frame("number").select(_product_ids("number")).to_series(),
        pl.Series("quantity", 1.0 + random.integers(0, 2, len(order))),
        (pl.Series("price", random.integers(500, 20_000, len(order))) / 100).cast(pl.Decimal(18, 2)),
    )


def _events(
    ids: pl.Series, appetite: np.ndarray, count: int, popular: np.ndarray, random: np.random.Generator
) -> pl.DataFrame:
    who = np.searchsorted(np.cumsum(appetite) / appetite.sum(), random.random(count))
    kinds = pl.Series("event", ["view", "search", "visit"]).gather(random.choice(3, count, p=[0.5, 0.1, 0.4]))
    product = pl.Series("number", np.searchsorted(popular, random.random(count))).to_frame()
    words = pl.Series(random.integers(0, 20_000, count))
    return pl.DataFrame([ids.gather(who), _days_ago(random.uniform(0, 365, count)).alias("at"), kinds]).with_columns(
        pl.when(kinds == "view").then(product.select(_product_ids("number")).to_series()).alias("product_id"),
        pl.when(kinds == "search").then(pl.format("sample {}", words)).alias("query"),
    )


def _carts(ids: pl.Series, popular: np.ndarray, random: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    owners = ids.gather(np.flatnonzero(random.random(len(ids)) < 0.2))
    active = _days_ago(random.uniform(0, 30, len(owners)))
    carts = owners.to_frame().with_columns(
        cart_id=owners + " 1", started_at=active, last_activity_at=active, stage=pl.lit("cart"), abandoned=pl.lit(True)
    )
    lines = carts.select("customer_id", "cart_id", "started_at")[np.repeat(np.arange(len(owners)), 2)]
    product = pl.DataFrame({"number": np.searchsorted(popular, random.random(len(lines)))})
    return carts, lines.with_columns(product.select(_product_ids("number")).to_series(), quantity=1.0, price=None)


def _product_ids(column: str) -> pl.Expr:
    return pl.format("P{}", pl.col(column) + 1000).alias("product_id")


def _days_ago(days: np.ndarray) -> pl.Series:
    seconds = pl.Series((days * 86_400).astype(np.int64)) * 1_000_000
    return pl.select(pl.lit(AS_OF) - seconds.cast(pl.Duration("us"))).to_series()


if __name__ == "__main__":
    sys.exit(main())
