"""The way of a run, one call per stage: files, tables, fields, segments, exports."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from segcli.contact import contact_fields
from segcli.exports import (
    RunContents,
    format_names,
    manifest_facts,
    read_manifest,
    wanted_columns,
    write_run,
)
from segcli.fields import Computed, Plan, compute_fields, mentioned_names, plan_fields
from segcli.list_columns import check_list_columns, columns_of_lists
from segcli.problems import DataError, Problem, Problems, RecipeError, nearest
from segcli.project.models import Field, Project, Segment
from segcli.segments import CONTACTABLE, SegmentMembers, decide_members
from segcli.sources import read_tables, recognise
from segcli.sources.tables import Catalog, Tables

Progress = Callable[[str], None]


def quiet(stage: str) -> None:
    """Says nothing of the progress."""


@dataclass(frozen=True)
class Prepared:
    """A project whose files are recognised and whose definitions are checked; no row has been read."""

    project: Project
    catalog: Catalog
    plan: Plan
    problems: Problems


@dataclass(frozen=True)
class SegmentRun:
    """What `segment` found: the columns of every customer, the segments, and how long each stage took."""

    prepared: Prepared
    tables: Tables
    computed: Computed
    members: tuple[SegmentMembers, ...]
    newest_order: dt.datetime | None = None
    without_consent: Mapping[str, int] = field(default_factory=dict)  # policy -> how many lack nothing else
    seconds: dict[str, float] = field(default_factory=dict)


def prepare(
    project: Project,
    problems: Problems,
    *,
    wanted: Iterable[str] | None = None,
    mentioned: Iterable[str] = (),
) -> Prepared:
    """Headers recognised and every expression checked.

    `wanted` names the fields and segments to plan; by default the chosen recipes' and what exports and
    counts read, so that a vocabulary of which little is used costs little. `mentioned` are names in expressions
    besides those of the definitions.
    """
    fields, segments = definitions(project, problems)
    project = _with_known_format(project, problems)
    catalog = recognise(project, mentioned_names([*fields, *segments]) | frozenset(mentioned), problems)
    plan = plan_fields(fields, segments, catalog, problems, wanted=wanted or default_wanted(project))
    check_list_columns(project, plan, {item.name: item for item in [*fields, *segments]}, problems)
    return Prepared(project, catalog, plan, problems)


def _with_known_format(project: Project, problems: Problems) -> Project:
    """The project, without its ESP if that is none: then the rest is checked all the same."""
    known = _known_format(project.esp)
    if project.esp is None or known is not None:
        return replace(project, esp=known)
    hint = nearest(project.esp, format_names()) or f"Known are {', '.join(format_names())}."
    key = "esp" if project.esp_place else "--esp"
    problems.error(f"no email service named '{project.esp}'.", project.esp_place, key, hint)
    return replace(project, esp=None)


def _known_format(esp: str | None) -> str | None:
    return esp.lower() if esp is not None and esp.lower() in format_names() else None


def listed_columns(project: Project) -> list[str]:
    """The fields and columns that the send lists of the project's ESP can use; of an unknown one the plain ones."""
    return sorted(wanted_columns(_known_format(project.esp)))


def definitions(project: Project, problems: Problems | None = None) -> tuple[list[Field], list[Segment]]:
    """Every field and segment of all recipes, and those of consent; a project's own field replaces a built-in one.

    What is wrong with the project's consent goes to `problems`; without them it is a RecipeError.
    """
    found = Problems() if problems is None else problems
    steps = [step for recipe in project.recipes for campaign in recipe.campaigns for step in campaign.steps]
    consent = contact_fields(project, {step.list for step in steps if step.list}, found)
    if problems is None:
        found.stop_on_errors(RecipeError)
    fields = {item.name: item for recipe in project.recipes for item in recipe.fields}
    fields |= {item.name: item for item in consent if item.name not in fields}
    return list(fields.values()), [item for recipe in project.recipes for item in recipe.segments]


# What every run works out, whatever the recipes: the columns of the plain send list, of the counts and of
# each ESP's column set.
ALWAYS = (
    CONTACTABLE, "consent_policy", "email_consent_rule", "orders", "spend", "average_order", "first_order_at",
    "last_order_at", "recency_days", "favourite_category", "favourite_brand", "favourite_product", "last_engaged_at",
    "rfm_group", "lifecycle_stage",
)  # fmt: skip


def default_wanted(project: Project) -> list[str]:
    """The fields and segments of the chosen recipes, and what every run reads."""
    names = [*ALWAYS, *listed_columns(project), *project.list_columns]
    for recipe in project.recipes:
        names += [item.name for item in recipe.segments]
        if recipe.name != "builtin":
            names += [item.name for item in recipe.fields]
    return names


def compute(
    prepared: Prepared,
    scratch: Path,
    progress: Progress = quiet,
    *,
    needed: Mapping[str, frozenset[str]] | None = None,
) -> SegmentRun:
    """Reads the files and decides who is in which segment. Raises DataError where the data stop it.

    `needed` names the columns of each table to read; by default those that the plan needs.
    """
    prepared.problems.stop()
    seconds: dict[str, float] = {}
    with _timed(seconds, "sources"):
        progress("Reading files")
        tables = read_tables(
            prepared.project,
            prepared.catalog,
            needed or prepared.plan.needed_columns(),
            scratch,
            prepared.problems,
        )
        _refuse_an_empty_shop(tables, prepared.problems)
    with _timed(seconds, "fields"):
        progress("Computing fields")
        computed = compute_fields(prepared.plan, tables, scratch / "fields")
    with _timed(seconds, "segments"):
        progress("Deciding segments")
        members = decide_members(computed)
    return SegmentRun(prepared, tables, computed, members, _newest_order(tables), _without_consent(computed), seconds)


def _without_consent(computed: Computed) -> dict[str, int]:
    """Consent policy -> how many it keeps from being written to who have not said no, the most first."""
    known = {CONTACTABLE, "email_barred", "consent_policy"} <= set(computed.columns)
    if not known or CONTACTABLE in computed.plan.unavailable:
        return {}
    said = pl.col("email_consent") if "email_consent" in computed.columns else pl.lit(None, pl.Boolean)
    waiting = computed.customers.filter(pl.col("email_barred").is_null(), pl.col(CONTACTABLE).not_(), said.is_null())
    counts = waiting.group_by("consent_policy").len().sort("len", "consent_policy", descending=[True, False])
    return dict(counts.collect(engine="streaming").iter_rows())


def _newest_order(tables: Tables) -> dt.datetime | None:
    orders = tables.tables.get("orders")
    if orders is None or orders.time is None or orders.time not in orders.whole.collect_schema():
        return None
    newest: dt.datetime | None = orders.whole.select(pl.col(orders.time).max()).collect(engine="streaming").item()
    return newest


def _refuse_an_empty_shop(tables: Tables, problems: Problems) -> None:
    """An empty export would empty every list."""
    if tables["customers"].rows:
        return
    later = sum(count for name, count in tables.counts.items() if name.startswith("later_"))
    hint = (
        f"All {later:,} rows with a time are later than that: see --as-of."
        if later
        else "The files may be empty: export them again. Nothing was written."
    )
    problems.error(f"there is no customer in the files as of {tables.as_of:%Y-%m-%d %H:%M}.", hint=hint)
    problems.stop_on_errors(DataError)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for what lies between stages, removed at the end whatever happens."""
    try:
        path = Path(tempfile.mkdtemp(prefix="segcli-"))
    except OSError as error:
        message = f"no folder for working files can be made: {error.strerror}."
        hint = "Free some space, or name another folder in the environment variable TMPDIR."
        raise DataError([Problem(message, hint=hint)]) from error
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _sorted_customers(computed: Computed) -> pl.LazyFrame:
    """By customer_id; without any address or event nobody is known to be contactable, so nobody is."""
    known = pl.col(CONTACTABLE) if CONTACTABLE in computed.columns else pl.lit(None, pl.Boolean)
    contactable = known.fill_null(value=False).alias(CONTACTABLE)
    return without_forgotten(computed.customers_in_order).with_columns(contactable)


def without_forgotten(customers: pl.LazyFrame) -> pl.LazyFrame:
    """The customers without those who asked to be forgotten: no run may write them down again."""
    if "forgotten" not in customers.collect_schema():
        return customers
    return customers.filter(~pl.col("forgotten").fill_null(value=False))


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - start, 3)


@dataclass(frozen=True)
class WrittenRun:
    """Where a run was written, and how large its segments were in the runs that they were compared with."""

    folder: Path
    previous: dict[str, int]
    compared_with: tuple[str, ...]
    import_note: str | None  # what to choose in the email service's importer


def write(run: SegmentRun, progress: Progress = quiet) -> WrittenRun:
    """Writes the run's folder. Raises DataError or RecipeError with every earlier run as it was."""
    progress("Writing send lists")
    project = run.prepared.project
    with _timed(run.seconds, "inputs"):
        facts = manifest_facts(project, run.prepared.catalog, run.tables, run.computed, run.members, run.seconds)
    contents = RunContents(
        as_of=project.as_of,
        customers=_sorted_customers(run.computed),
        segments=run.members,
        rejected=run.tables.rejected,
        manifest=facts,
        columns=tuple(columns_of_lists(project, run.computed)),
        money=frozenset({"spend", "average_order"}),
        timezone=project.timezone.key,
    )
    folder = write_run(project.output, contents, esp=project.esp, keep=project.keep)
    return _compared(folder)


def _compared(folder: Path) -> WrittenRun:
    """The written run with the sizes that its segments had in the runs they were compared with."""
    manifest = read_manifest(folder)
    compared = {item["name"]: item["compared_with"] for item in manifest["lists"] if item["compared_with"]}
    sizes = {
        name: {item["name"]: item["customers"] for item in read_manifest(folder.parent / name)["segments"]}
        for name in sorted(set(compared.values()))
    }
    previous = {name: sizes[earlier].get(name, 0) for name, earlier in compared.items()}
    return WrittenRun(folder, previous, tuple(sizes), manifest["import_note"])
