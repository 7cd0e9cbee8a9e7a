"""`segcli segment` beside the same fields by hand in Polars and DuckDB, and RFM in pandas, all in one run.

    python -m tests.benchmarks.segment                       a million customers, as Parquet
    python -m tests.benchmarks.segment --files csv --times 10

Needs the extra `benchmark`. Contenders take turns, each run is a process of its own, and medians are
compared, since a busy machine is slow for all of them alike. Ends with 1 when a limit is not held.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measuring import Measured, Middle, measure

EXACT = (
    "orders",
    "spend",
    "recency_days",
    "order_days",
    "units",
    "visits_30d",
    "clicks_90d",
    "last_engaged_at",
    "favourite_category",
    "top_search",
    "best_hour",
    "carts_begun",
    "cart_stage",
    "bought_product",
    "r_score",
    "f_score",
    "m_score",
    "rfm_group",
    "engaged_spend_percentile",
    "lifecycle_stage",
)
# The recipes whose every field and segment is written by hand too, so that both sides work out the same columns.
BY_HAND = (
    "best-hour", "buyers", "cart-abandoners", "demographics", "engagement", "feedback-topic", "first-time", "interest",
    "lapsed", "lead-bands", "leads", "lifecycle", "loyal", "loyalty-tiers", "never-bought", "profile-incomplete",
    "reorder-due", "repeat-buyers", "rfm", "rfm-grid", "rfm-klaviyo", "rfm-shopify-like", "rfm-thresholds", "spenders",
    "value",
)  # fmt: skip
MEDIAN_RECIPE = """\
description: A median, which leaves the streaming engine of Polars.
fields:
  middle_order: {from: orders, value: median(amount)}
segments:
  big_middle: {where: middle_order > 100}
"""
Runs = dict[str, list[Measured]]


def main() -> int:
    """Measures, prints, and returns the exit code."""
    arguments = _arguments()
    folder = Path(tempfile.gettempdir()) / "segcli-benchmark"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="run-") as work:
        shop = _shop(arguments.customers, arguments.files)
        runs = _race(_contenders(shop, Path(work), arguments), arguments.rounds)
        middles = {name: Middle.of(found) for name, found in runs.items()}
        _print_table(middles, runs)
        agreed = _print_agreement(Path(work))
        larger = None
        if arguments.times > 1:
            larger = _print_larger(arguments, Path(work))
    held = _print_limits(middles, runs, larger, arguments.times)
    return 0 if agreed and held else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--files", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--times", type=int, default=1, help="also measure segcli on so many times the customers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="contenders to run; all by default")
    return parser.parse_args()


def _shop(customers: int, files: str) -> Path:
    # In a process of its own: this one has to stay small, see measuring.py.
    made = measure(["-m", "tests.benchmarks.make_shop", "--customers", str(customers), "--files", files])
    return Path(_last_line(made))


def _contenders(shop: Path, work: Path, arguments: argparse.Namespace) -> dict[str, list[str]]:
    median = work / "median"
    median.mkdir()
    (median / "recipe.yaml").write_text(MEDIAN_RECIPE)
    segment = ["-m", "segcli", "segment", str(shop), "--json"]
    chosen = [argument for name in BY_HAND for argument in ("--recipe", name)]
    commands = {
        "segcli fields": [*_by("segcli_fields", shop, work), *BY_HAND],
        "Polars by hand": _by("by_hand_in_polars", shop, work),
        "DuckDB by hand": _by("by_hand_in_duckdb", shop, work),
        "segcli with a median": [*_by("segcli_fields", shop, work, "median"), *BY_HAND, str(median)],
        "segcli segment": [*segment, *chosen, "--out", str(work / "out")],
        "segcli, all recipes": [*segment, "--out", str(work / "out-all")],
        # The file that pandas reads, and no other.
        "segcli rfm": [
            "-m",
            "segcli",
            "segment",
            str(shop / f"orders.{arguments.files}"),
            "--json",
            "--recipe",
            "rfm",
            "--as-of",
            "2026-06-30T09:00",
            "--out",
            str(work / "out-rfm"),
        ],
        "pandas rfm": _by("by_hand_in_pandas", shop, work),
        "segcli --version": ["-m", "segcli", "--version"],
        "segcli --help": ["-m", "segcli", "--help"],
    }
    if importlib.util.find_spec("pymc_marketing") is None:
        print("pymc-marketing is not installed: no comparison with pandas.")
        del commands["pandas rfm"]
    return {name: command for name, command in commands.items() if not arguments.only or name in arguments.only}


def _by(module: str, shop: Path, work: Path, suffix: str = "") -> list[str]:
    return ["-m", f"tests.benchmarks.{module}", str(shop), str(work / f"{module}{suffix}.parquet")]


def _race(commands: dict[str, list[str]], rounds: int) -> Runs:
    runs: Runs = {name: [] for name in commands}
    for number in range(rounds):
        for name, command in commands.items():
            runs[name].append(measure(command))
            print(f"round {number + 1}: {name} {runs[name][-1].wall:.2f} s", file=sys.stderr, flush=True)
    return runs


def _print_table(middles: dict[str, Middle], runs: Runs) -> None:
    print(f"\n{'median of ' + str(len(next(iter(runs.values())))):24} {'wall s':>8} {'cpu s':>8} {'peak MB':>8}")
    for name, middle in middles.items():
        print(f"{name:24} {middle.wall:8.2f} {middle.cpu:8.2f} {middle.peak:8.0f}")
    if "segcli fields" in runs:
        print(f"stages of segcli fields: {_last_line(runs['segcli fields'][-1])}")


def _print_agreement(work: Path) -> bool:
    ours = work / "segcli_fields.parquet"
    agreed = True
    for name in ("by_hand_in_polars", "by_hand_in_duckdb"):
        theirs = work / f"{name}.parquet"
        if not (ours.exists() and theirs.exists()):
            continue
        command = ["-m", "tests.benchmarks.agreement", str(ours), str(theirs)]
        found = json.loads(_last_line(measure(command)))
        # Elsewhere a last digit may fall to the other side of a cut point or of a rounding.
        wrong = {
            column: rows
            for column, rows in found["rows"].items()
            if column in EXACT or rows > found["customers"] / 10_000
        }
        agreed = agreed and not wrong
        print(
            f"{name}: {found['columns']} columns of {found['customers']:,} customers compared, "
            f"{'all agree' if not found['rows'] else 'rows that differ: ' + str(found['rows'])}"
            + (f"; only in one: {', '.join(found['alone'])}" if found["alone"] else "")
        )
    return agreed


def _print_larger(arguments: argparse.Namespace, work: Path) -> Middle:
    shop = _shop(arguments.customers * arguments.times, arguments.files)
    measured = measure([*_by("segcli_fields", shop, work, "larger"), *BY_HAND])
    print(
        f"segcli fields, {arguments.times} times the rows: {measured.wall:.2f} s, "
        f"{measured.cpu:.2f} s cpu, {measured.peak:.0f} MB"
    )
    print(f"stages: {_last_line(measured)}")
    return Middle.of([measured])


def _print_limits(middles: dict[str, Middle], runs: Runs, larger: Middle | None, times: int) -> bool:
    """Prints every ratio with its limit, as far as its contenders ran; whether all limits are held."""
    held = True
    print()
    for text, value, most in _ratios(middles, runs, larger, times):
        good = most is None or value <= most
        held = held and good
        verdict = "" if most is None else "held" if good else "NOT HELD"
        print(f"{verdict:9} {value:7.2f}  {text}" + ("" if most is None else f": at most {most:.3g}"))
    return held


def _ratios(
    middles: dict[str, Middle], runs: Runs, larger: Middle | None, times: int
) -> Iterator[tuple[str, float, float | None]]:
    """What is compared, its value, and the most that it may be; None where it is only told."""
    ours, polars, duckdb, pandas = (
        middles.get(name) for name in ("segcli fields", "Polars by hand", "DuckDB by hand", "pandas rfm")
    )
    whole, rfm, median, book = (
        middles.get(name) for name in ("segcli segment", "segcli rfm", "segcli with a median", "segcli, all recipes")
    )
    if ours and polars:
        yield "of the time of Polars by hand", ours.wall / polars.wall, 1.2
        yield "of its processor time", ours.cpu / polars.cpu, None
        yield "of its memory", ours.peak / polars.peak, None
    if ours and duckdb:
        memory = ours.peak / duckdb.peak
        yield "of the time of DuckDB by hand", ours.wall / duckdb.wall, 1.5 if memory <= 0.5 else 1.3
        yield "of its processor time", ours.cpu / duckdb.cpu, None
        yield "of its memory", memory, None
    if whole and ours:
        yield "of the time of the fields alone, with a send list for every segment", whole.wall / ours.wall, None
    if book and whole:
        yield "of the time of these recipes, with every recipe of the book", book.wall / whole.wall, None
    if pandas and rfm:
        seconds = statistics.median(json.loads(_last_line(run))["seconds"] for run in runs["pandas rfm"])
        yield "of the time of pandas for RFM, its imports not counted", rfm.wall / seconds, 1 / 15
    if median and ours:
        yield "of the memory, with a median in a recipe", median.peak / ours.peak, 1.5
    if larger and ours:
        yield f"of the time, for {times} times the rows", larger.wall / ours.wall, 1.1 * times
        yield f"of the memory, for {times} times the rows", larger.peak / ours.peak, 1.3
    for option, most in (("--version", 0.15), ("--help", 0.3)):
        if (started := middles.get(f"segcli {option}")) is not None:
            yield f"s of processor time for {option}", started.cpu, most


def _last_line(run: Measured) -> str:
    return run.output.strip().splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
