"""A shop that lives for a while: every campaign of the recipe book, run after run, each of them committed."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.campaign_pipeline import CampaignRun, run_campaigns
from segcli.campaign_preparing import prepare_campaigns
from segcli.campaign_writing import write_campaigns
from segcli.pipeline import scratch_folder
from segcli.problems import Problems
from segcli.project import load_project, shipped_recipes
from segcli.project.recipes import load_recipe
from tests.shops import small_shop
from tests.year.exports import Exports

END = dt.datetime(2026, 6, 30, 7)  # when the sample's files end
# Recipes that stand for others: a shop has one of each of these, and the year the first.
INSTEAD: Mapping[str, str] = {"cart-stages": "cart-series", "seven-day-drip": "welcome"}
Changes = Mapping[str, tuple[str, str]]  # recipe -> a text in it, and what a shop would write instead
# The dates that a shop writes anew for each season.
SALE_OF_THE_YEAR: Changes = {
    "seasonal-carts": (
        "active: {since: 2026-11-23, until: 2026-11-30}",
        "active: {since: 2025-11-24, until: 2025-12-01}",
    ),
    "spenders": ("timestamp '2026-11-27 00:00:00'", "timestamp '2025-11-28 00:00:00'"),
}
RECIPES = re.compile(r"^recipes:\n.*?(?=^[a-z_]+:)", re.MULTILINE | re.DOTALL)  # of the sample's segcli.yaml


@dataclass(frozen=True)
class Year:
    """What is left of it: every row of every run's journal, and the last run's series and memberships."""

    shop: Path
    programme: tuple[str, ...]  # the campaigns
    runs: int
    sends: pl.DataFrame
    state: pl.DataFrame
    members: pl.DataFrame

    @property
    def sent(self) -> pl.DataFrame:
        return self.sends.filter(pl.col("status") == "sent")


def eventful_people(sample: Path) -> set[str]:
    """The few in the sample shop with a story that few have: calls, suggestions that were used, friends, news."""
    events = pl.read_parquet(sample / "events.parquet")
    event, tag = pl.col("event"), pl.col("tag").str.to_lowercase()
    new = (event == "subscribe") & (pl.col("at") > pl.col("at").max() - pl.duration(days=2))
    told = (
        new | (event == "call") | ((event == "feedback") & (tag == "used")) | ((event == "referral") & (tag != "guest"))
    )
    people = pl.read_csv(sample / "customers.csv", infer_schema=False)
    brought = people["referred_by"].drop_nulls().value_counts(sort=True)["referred_by"].head(1)
    friends = people.filter(pl.col("referred_by").is_in(brought.implode()))["customer_id"]
    # In Canada buying is a consent that ends.
    buying = people.filter(pl.col("country") == "CA", pl.col("email_consent").is_null()).head(20)["customer_id"]
    orders = pl.read_csv(sample / "orders_export.csv", infer_schema=False).unique("Name", keep="first")
    spent = orders.group_by("Email").agg(pl.col("Total").cast(pl.Float64).sum()).sort("Total", descending=True)
    most = people.filter(pl.col("email").is_in(spent["Email"].head(5).implode()))["customer_id"]
    return {*events.filter(told)["customer_id"].drop_nulls(), *brought, *friends, *buying, *most}


def moments(days: int, every: int, hours: int, daily: int = 0) -> list[dt.datetime]:
    """When the shop runs: at seven every so many days; in the middle some days each, then for some hours every hour."""
    first = END - dt.timedelta(days=days - 1)
    seldom = {first + dt.timedelta(days=day) for day in range(0, days, every)}
    middle = first + dt.timedelta(days=days // 2)
    often = {middle - dt.timedelta(days=day) for day in range(daily)}
    return sorted(seldom | often | {middle + dt.timedelta(hours=hour) for hour in range(hours)})


def programme() -> list[str]:
    """Every shipped recipe, but for those that stand for another one."""
    return [name for name in shipped_recipes() if name not in INSTEAD]


def campaigns_of(recipes: Sequence[str]) -> tuple[str, ...]:
    """The campaigns of these shipped recipes."""
    folders = shipped_recipes()
    loaded = (load_recipe(folders[name], Problems()) for name in recipes)
    return tuple(campaign.name for recipe in loaded if recipe for campaign in recipe.campaigns)


def live(folder: Path, sample: Path, times: Sequence[dt.datetime]) -> Iterator[str | Year]:
    """Runs the whole programme at these moments; says so of each, and gives the year at the end."""
    shop = small_shop(sample, folder / "shop", eventful_people(sample))
    recipes = programme()
    choose_recipes(shop, recipes, SALE_OF_THE_YEAR)
    exports = Exports(shop, times[0], times[-1])
    for number, moment in enumerate(times):
        exports.write(moment)
        with scratch_folder() as scratch:
            sent = run_at(shop, moment, scratch, commit=True).sent.height
        yield f"{moment:%Y-%m-%d %H:%M}  {sent} sent ({number + 1} of {len(times)})"
    history = shop / "history"
    last = max(path for path in history.iterdir() if path.name[0].isdigit())
    yield Year(
        shop,
        campaigns_of(recipes),
        len(times),
        pl.read_parquet(sorted(history.glob("[0-9]*/sends.parquet"))),
        pl.read_parquet(last / "state.parquet"),
        pl.read_parquet(last / "members.parquet"),
    )


def choose_recipes(shop: Path, recipes: Sequence[str], changes: Changes | None = None) -> None:
    """Names these recipes, and no others, in a copy of the sample's segcli.yaml; changed ones are copied beside it."""
    changes = changes or {}
    for name in set(recipes) & changes.keys():
        shutil.copytree(shipped_recipes()[name], shop / name)
        replace_text(shop / name / "recipe.yaml", *changes[name])
    settings = (shop / "segcli.yaml").read_text(encoding="utf-8")
    names = "".join(f"  - {'./' if name in changes else ''}{name}\n" for name in recipes)
    settings = RECIPES.sub(f"recipes:\n{names}\n", settings, count=1)
    # Who gets what is the question; that every message can be made is another test's.
    (shop / "segcli.yaml").write_text(f"{settings}\nmessages: {{format: none}}\n", encoding="utf-8")


def replace_text(file: Path, old: str, new: str) -> None:
    """Writes something else in a file in place of what stands there once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, (file, old)
    file.write_text(text.replace(old, new), encoding="utf-8")


def run_at(shop: Path, moment: dt.datetime, scratch: Path, *, commit: bool) -> CampaignRun:
    """One run, as `segcli campaign` makes it, whose fields lie in `scratch`; with `commit` it becomes history."""
    problems = Problems()
    project = load_project([shop], as_of=moment.isoformat())
    prepared = prepare_campaigns(project, [], problems)
    problems.stop()
    run = run_campaigns(prepared, scratch)
    assert not run.withheld, run.withheld
    if commit:
        written = write_campaigns(run, commit=True)
        assert written.committed, written.refused
    return run
