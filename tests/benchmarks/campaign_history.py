"""A history as 25 campaigns would have left it in a shop after 400 daily runs, of any number of rows.

Every campaign gets a past on the real starts of its customers (the rows of its table, their dates), and its journal
and state follow from it; where that is fewer rows than asked for, the journal has earlier series of the same
customers as well, of which a state knows no more, and where it is more, older rows are left out. The run of the
last day is segcli's own, committed on top: so the state, the memberships and the digests of people that are measured
are written by segcli itself.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from segcli.campaign_preparing import PreparedCampaigns, prepare_campaigns
from segcli.campaigns.checked_campaigns import CheckedCampaign
from segcli.campaigns.customers import customers_of
from segcli.campaigns.secret_key import fingerprint, make_key, read_key
from segcli.history import NewRun, commit_run, make_salt, run_name
from segcli.history.run_facts import FACTS, facts_text
from segcli.history.tables import MEMBERS, PEOPLE, SENDS_FILE, STATE, empty
from segcli.pipeline import SegmentRun, compute
from segcli.problems import Problems
from segcli.project import load_project
from segcli.project.models import Project
from tests.benchmarks.campaign_past import RUN, journal_rows, state_rows, with_steps
from tests.benchmarks.campaign_series import DAY, Calendar, earlier_series, known_series
from tests.benchmarks.make_shop import RECIPES, cached_shop
from tests.benchmarks.measuring import measure
from tests.benchmarks.shop_clock import AS_OF

EDITION = 2  # of this generator; in the name of the cached folder
RUNS = 400  # daily, the last of them on the day before the measured one
CERTAIN_DAYS = 60  # of the newest runs no row is left out: they count for caps
RUNS_AT_A_TIME = 20
RECIPE = Path(__file__).parent / "campaign_recipe"
TABLES = ("customers", "orders", "order_items", "events", "products", "stores")


def write_project(folder: Path, shop: Path) -> None:
    """A project on the shop's files with every shipped recipe that has no campaigns, and the benchmark's 25."""
    (folder / "recipes").mkdir(parents=True)
    shutil.copytree(RECIPE, folder / "recipes" / "campaigns")
    shipped = [path for path in sorted(RECIPES.glob("*/recipe.yaml")) if "\ncampaigns:" not in path.read_text("utf-8")]
    (folder / "segcli.yaml").write_text(
        "shop: Sample Warehouse\ntimezone: Europe/Istanbul\ncurrency: USD\n"
        f"as_of: {AS_OF:%Y-%m-%dT%H:%M}\nsources:\n"
        + "".join(f"  {table}: {shop / table}.parquet\n" for table in TABLES)
        + f"recipes: [{', '.join(path.parent.name for path in shipped)}, ./recipes/campaigns]\n"
    )


def make_history(folder: Path, shop: Path, rows: int) -> None:
    """Writes a project with a history of `rows` rows, and of those that the last day's run adds."""
    write_project(folder, shop)
    make_key(folder / ".segcli.key")
    calendar = Calendar(AS_OF - RUNS * DAY, RUNS - 1)
    project = replace(load_project([folder]), as_of=calendar.last)
    key = read_key(project.key_file, {})
    problems = Problems()
    prepared = prepare_campaigns(project, [], problems)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        parts = Path(scratch)
        (parts / "tables").mkdir()
        run = compute(prepared.prepared, parts / "tables", needed=prepared.needed)
        counts = _write_parts(prepared, run, calendar, key, parts, rows)
        _commit_all(prepared, project, calendar, fingerprint(key), parts)
    yesterday = f"{AS_OF - DAY:%Y-%m-%dT%H:%M}"
    own = ["-m", "segcli", "campaign", "--project", str(folder), "--commit", "--as-of", yesterday, "--json"]
    added = json.loads(measure([*own, "--out", str(folder / "out")]).output)
    facts = {"rows": counts, "last run": {"steps": added["steps"], "excluded": added["excluded"]}}
    (folder / "made.json").write_text(json.dumps(facts, indent=1))
    shutil.rmtree(folder / "out")


def _write_parts(
    prepared: PreparedCampaigns, run: SegmentRun, calendar: Calendar, key: bytes, parts: Path, rows: int
) -> dict[str, int]:
    """Journal and state of every campaign as files in `parts`; how many rows each kind has."""
    random = np.random.default_rng(23)
    customers = customers_of(run.computed)
    for name in ("journal", "state", "known"):
        (parts / name).mkdir()
    natural = states = 0
    for campaign in prepared.campaigns:
        known = known_series(campaign, customers, run.tables, calendar, random)
        known.write_parquet(parts / "known" / f"{campaign.name}.parquet")
        stepped = with_steps(campaign, known, calendar, random)
        journal = journal_rows(campaign, stepped, calendar, key)
        state = state_rows(campaign, stepped, calendar, key)
        _write(journal, parts / "journal" / f"{campaign.name}-000.parquet")
        state.write_parquet(parts / "state" / f"{campaign.name}.parquet")
        natural, states = natural + journal.height, states + state.height
        print(f"{campaign.name}: {journal.height:,} rows, {state.height:,} in the state", flush=True)
    if natural > rows:
        _thin(parts / "journal", rows / natural, calendar)
    filled = _fill(prepared.campaigns, parts, rows - natural, calendar, key, random)
    return {"on known starts": min(natural, rows), "of earlier series": filled, "in the state": states}


def _fill(
    campaigns: tuple[CheckedCampaign, ...],
    parts: Path,
    wanted: int,
    calendar: Calendar,
    key: bytes,
    random: np.random.Generator,
) -> int:
    filled = 0
    for cycle in range(1, calendar.runs):
        before = filled
        for campaign in campaigns:
            if filled >= wanted:
                return filled
            known = pl.read_parquet(parts / "known" / f"{campaign.name}.parquet")
            series = with_steps(campaign, earlier_series(campaign, known, cycle, calendar), calendar, random)
            found = journal_rows(campaign, series, calendar, key).head(wanted - filled)
            _write(found, parts / "journal" / f"{campaign.name}-{cycle:03}.parquet")
            filled += found.height
        if filled == before:
            print(f"no more series to be had: {wanted - filled:,} rows too few")
            break
    return filled


def _thin(folder: Path, share: float, calendar: Calendar) -> None:
    random = np.random.default_rng(29)
    for path in sorted(folder.iterdir()):
        rows = pl.read_parquet(path)
        recent = rows[RUN] >= calendar.runs - CERTAIN_DAYS
        _write(rows.filter(recent | pl.Series(random.random(rows.height) < share)), path)


def _write(rows: pl.DataFrame, path: Path) -> None:
    rows.sort(RUN).write_parquet(path, compression="lz4", row_group_size=65_536)


def _commit_all(
    prepared: PreparedCampaigns, project: Project, calendar: Calendar, key_fingerprint: str, parts: Path
) -> None:
    """The runs one by one, by segcli's own commit; the last with the state that all of them left."""
    make_salt(project.history)
    name = None
    states = pl.scan_parquet(parts / "state" / "*.parquet")
    for number, journal in _journals(parts / "journal", calendar):
        as_of = calendar.first + number * DAY
        campaigns = {
            each.name: {"condition": each.condition, "run": run_name(as_of), "first": run_name(calendar.first)}
            for each in prepared.campaigns
        }
        new = NewRun(
            as_of, project.timezone.key, list(campaigns), campaigns, after=name, journal=journal,
            state=states if number == calendar.runs - 1 else empty(STATE),
            memberships=empty(MEMBERS), people=empty(PEOPLE), key_fingerprint=key_fingerprint,
        )  # fmt: skip
        commit_run(project.history, parts / "out", new, _write_manifest)
        name = new.name
        shutil.rmtree(parts / "out")


def _write_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({"outputs": {}}))


def _journals(folder: Path, calendar: Calendar) -> Iterator[tuple[int, pl.DataFrame]]:
    rows = pl.scan_parquet(folder / "*.parquet")
    for start in range(0, calendar.runs, RUNS_AT_A_TIME):
        some = rows.filter(pl.col(RUN).is_between(start, start + RUNS_AT_A_TIME - 1)).collect(engine="streaming")
        for number in range(start, min(start + RUNS_AT_A_TIME, calendar.runs)):
            as_of = calendar.first + number * DAY
            found = some.filter(pl.col(RUN) == number).drop(RUN)
            yield number, found.with_columns(run=pl.lit(run_name(as_of)), as_of=pl.lit(as_of, pl.Datetime("us")))


def copied(made: Path, folder: Path, times: int = 1) -> Path:
    """The project once more, its history by hard links, with so many times the runs.

    The runs before are those of the history again, as if they had been so many years earlier: their `sends.parquet`
    are links to the same files, so a reader has as many more rows to pass over.
    """
    shutil.copytree(made, folder, copy_function=_link, ignore=shutil.ignore_patterns("made.json"))
    history = folder / "history"
    runs = sorted(path for path in (made / "history").iterdir() if path.is_dir())
    for time in range(1, times):
        for run in runs:
            facts = json.loads((run / FACTS).read_text(encoding="utf-8"))
            for name in ("as_of", "last_send_at"):
                if facts[name]:
                    facts[name] = (dt.datetime.fromisoformat(facts[name]) - time * RUNS * DAY).isoformat()
            earlier = history / run_name(dt.datetime.fromisoformat(facts["as_of"]))
            earlier.mkdir()
            _link(run / SENDS_FILE, earlier / SENDS_FILE)
            (earlier / FACTS).write_text(facts_text(facts), encoding="utf-8")
    return folder


def _link(source: Path | str, target: Path | str) -> None:
    # Of a project's own files a run may make new ones; those of a history are never written to.
    Path(target).hardlink_to(source)


def cached_history(customers: int, rows: int) -> Path:
    """The folder of a project with such a history, made now unless an earlier benchmark made it."""
    cache = Path(tempfile.gettempdir()) / "segcli-benchmark"
    shop = cached_shop(customers)
    folder = cache / f"campaigns-{EDITION}-{customers}-{rows}"
    if not folder.exists():
        making = cache / f".{folder.name}"
        shutil.rmtree(making, ignore_errors=True)
        make_history(making, shop, rows)
        making.rename(folder)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--sends", type=int, default=50_000_000)
    parser.add_argument("--copy", nargs=3, metavar=("MADE", "FOLDER", "TIMES"), help="no other history but a copy")
    arguments = parser.parse_args()
    if arguments.copy:
        made, folder, times = arguments.copy
        print(copied(Path(made), Path(folder), int(times)))
        sys.exit()
    print(cached_history(arguments.customers, arguments.sends))
