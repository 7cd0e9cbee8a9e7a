"""The export files of a folder as `segcli init` sees them: what each is, and what its rows say of the shop."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from segcli.problems import Place, Problem, Problems, SegcliError
from segcli.project import builtin_vocabulary, load_project
from segcli.project.models import Project, SourceDefinition
from segcli.sources import recognise
from segcli.sources.columns_of_file import lacking
from segcli.sources.evidence import Evidence
from segcli.sources.files import Rejections, scan_cells
from segcli.sources.finding import OWN_FOLDERS, SPREADSHEET_SUFFIXES, find_files
from segcli.sources.presets import TableRule
from segcli.sources.recognition import FilePlan
from segcli.sources.source_file import SourceFile
from segcli.sources.source_frames import formats_of, table_frame
from segcli.sources.tables import Catalog
from segcli.sources.text import decode_head, open_bytes

# A longer text file is known by its beginning, and the number of its rows is estimated.
SAMPLE_BYTES = 32_000_000
SAMPLE_ROWS = 200_000
ASKED_OF = {"orders": ("currency",), "customers": ("country", "language"), "events": ("event",)}
# What lies beside export files and may be one, in a wrapping that is not read.
WRAPPED = {
    **dict.fromkeys(SPREADSHEET_SUFFIXES, ("a spreadsheet", "Save it as CSV UTF-8 to use it.")),
    ".zip": ("a ZIP archive", "Unpack it to use it."),
    ".json": ("JSON", "With one object per line, name it .ndjson to use it."),
}
_OPTION = re.compile(r"(: say which that is with |: | `)--map .*$", re.DOTALL)


@dataclass(frozen=True)
class FoundFile:
    """One file: what it was taken for, or (without a `title`) why it is left out."""

    path: str  # relative to the project's folder
    title: str | None = None
    platform: str = ""
    tables: tuple[str, ...] = ()
    rows: int | None = None
    exact: bool = True  # the rows were counted, and not estimated
    notes: tuple[str, ...] = ()
    header: tuple[str, ...] = ()  # empty where the file could not be opened
    sample: str | None = None  # a copy of its beginning, which is read in its stead while the project is made

    @property
    def table(self) -> str | None:
        """The table that a project names the file under; None if it is left out."""
        return self.tables[0] if self.title else None

    @property
    def why(self) -> str:
        """The notes in one line, without the options of other commands that would help."""
        return "; ".join(_OPTION.sub("", note) for note in self.notes)


@dataclass(frozen=True)
class ShopFiles:
    """What lies in the folder. `values`: currency, country, language and event -> what rows have, most often first."""

    project: Project  # of the files that can be used (or of their samples), without recipes
    files: tuple[FoundFile, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: frozenset[str] = frozenset()  # of customers, as far as files give them

    @property
    def used(self) -> tuple[FoundFile, ...]:
        return tuple(file for file in self.files if file.title)

    @property
    def events(self) -> frozenset[str] | None:
        """Every kind of event that the files have; None where some was too long to be read whole."""
        if not all(file.exact for file in self.files if "events" in file.tables):
            return None
        return frozenset(self.values.get("event", ()))


def look_into(folder: Path, scratch: Path, say: Callable[[str], None]) -> ShopFiles:
    """Recognises every file in the folder and below by its header, and looks at a sample of its rows."""
    here = folder.absolute()
    project = replace(load_project([here]), root=here, recipes=(builtin_vocabulary(),))
    wrapped = [_wrapped(path, folder) for path in _beside(folder)]
    if not find_files([str(here)], here, Problems()):
        return ShopFiles(replace(project, sources=()), tuple(wrapped))
    problems = Problems()
    catalog = recognise(project, frozenset(), problems)
    told = _by_file(problems, folder)
    found: list[FoundFile] = []
    values: dict[str, Counter[str]] = {}
    for plan in catalog.plans:
        say(f"Looking at {plan.file.name}")
        found.append(_found(plan, folder, told, project, catalog, scratch, values))
    opened = {file.path for file in found}
    found += [
        FoundFile(path, notes=tuple(str(replace(problem, place=None)) for problem in of_file))
        for path, of_file in told.items()
        if path not in opened and any(problem.severity == "error" for problem in of_file)
    ]
    files = tuple(sorted([*found, *wrapped], key=lambda file: (file.title is None, file.path)))
    frequent = {name: tuple(value for value, _ in _ranked(counts)) for name, counts in values.items()}
    customers = catalog.table("customers")
    columns = customers.given if customers else frozenset()
    return ShopFiles(replace(project, sources=_definitions(files)), files, frequent, columns)


def sources_of(files: Iterable[FoundFile]) -> dict[str, list[FoundFile]]:
    """The used files by the table that they are named under, customers and orders first."""
    tables: dict[str, list[FoundFile]] = {"customers": [], "orders": []}
    for file in files:
        if file.table:
            tables.setdefault(file.table, []).append(file)
    return {table: of_table for table, of_table in tables.items() if of_table}


def _definitions(files: Iterable[FoundFile]) -> tuple[SourceDefinition, ...]:
    return tuple(
        SourceDefinition(table, tuple(file.sample or file.path for file in of_table), Place("segcli.yaml"))
        for table, of_table in sources_of(files).items()
    )


def _beside(folder: Path) -> Iterator[Path]:
    """What may hold a table and is never read, in the folder and one level below."""
    for path in sorted([*folder.glob("*"), *folder.glob("*/*")]):
        inside = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part in OWN_FOLDERS for part in inside)
        if not hidden and path.suffix.lower() in WRAPPED and path.is_file() and not _of_run(path.parent):
            yield path


def _of_run(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in ("manifest.json", "run.json"))


def _wrapped(path: Path, folder: Path) -> FoundFile:
    what, hint = WRAPPED[path.suffix.lower()]
    return FoundFile(path.relative_to(folder).as_posix(), notes=(f"{what} is not read. {hint}",))


def _by_file(problems: Problems, folder: Path) -> dict[str, list[Problem]]:
    """What was said of each file; files that are wrapped have their own words."""
    told: dict[str, list[Problem]] = {}
    for problem in problems.found:
        if problem.place is not None:
            path = _relative(str(folder.absolute() / problem.place.path), folder)
            if not path.lower().endswith(tuple(WRAPPED)):
                told.setdefault(path, []).append(problem)
    return told


def _relative(path: str, folder: Path) -> str:
    # Not resolve(): a link keeps the name that the user knows.
    return Path(os.path.relpath(path, folder.absolute())).as_posix()


def _found(
    plan: FilePlan,
    folder: Path,
    told: Mapping[str, list[Problem]],
    project: Project,
    catalog: Catalog,
    scratch: Path,
    values: dict[str, Counter[str]],
) -> FoundFile:
    """The file as it is told, and its values added to `values`."""
    path = _relative(plan.file.path, folder)
    notes = tuple(str(replace(problem, place=None)) for problem in told.get(path, ()))
    notes = (*((plan.recognised.note,) if plan.recognised.note else ()), *notes)
    left_out = FoundFile(path, notes=notes, header=plan.file.header)
    if not plan.kind.tables:
        return left_out
    lacks = lacking(plan.kind.tables[0]) if plan.kind.platform not in ("plain", "canonical") else []
    if lacks:
        table, columns = plan.kind.tables[0].table, " and ".join(group[0] for group in lacks)
        lines = " ".join(f"--map {table}.{group[0]}=COLUMN" for group in lacks)
        return replace(left_out, notes=(f"looks like {plan.kind.title}, and lacks {columns}: {lines}", *notes))
    try:
        sample, share = _sample(plan.file, scratch)
        cells = scan_cells(sample, scratch, Rejections())
        rows = cells.select(pl.len()).collect(engine="streaming").item()
        for rule in plan.kind.tables:
            _count_values(replace(plan, file=sample), rule, cells, project, catalog, values)
    except (SegcliError, pl.exceptions.PolarsError) as error:
        return replace(left_out, notes=(*notes, str(error).splitlines()[0]))
    return FoundFile(
        path, plan.kind.title, plan.kind.platform, plan.recognised.tables, round(rows / share), share == 1, notes,
        plan.file.header, sample.path if sample is not plan.file else None,
    )  # fmt: skip


def _sample(file: SourceFile, scratch: Path) -> tuple[SourceFile, float]:
    """The file, or if it is long its first lines in plain UTF-8; and which share of the file that is."""
    if file.format == "parquet" or file.size <= SAMPLE_BYTES // (10 if file.gzipped else 1):
        return file, 1
    with open_bytes(file.path, file.gzipped) as stream:
        head = stream.read(SAMPLE_BYTES)
        # Of a packed file how much of it was unpacked; what was read ahead is little beside the sample.
        packed = stream.fileobj.tell() if file.gzipped else len(head)  # type: ignore[attr-defined]
        share = min(1, packed / file.size)
        if not stream.read(1):
            return file, 1
    text = decode_head(head, file.encoding)
    whole = text[: text.rfind(file.line_end) + 1]
    copy = scratch / f"sample-{len(list(scratch.iterdir()))}"
    copy.write_bytes(whole.encode("utf-8", errors="replace"))
    return replace(file, path=str(copy), encoding="utf-8", gzipped=False), share


def _count_values(
    plan: FilePlan,
    rule: TableRule,
    cells: pl.LazyFrame,
    project: Project,
    catalog: Catalog,
    values: dict[str, Counter[str]],
) -> None:
    wanted = frozenset(ASKED_OF.get(rule.table, ())) & rule.columns.keys()
    if not wanted:
        return
    formats = formats_of(project, plan, Evidence(), [], Problems())
    made = table_frame(plan, rule, cells, wanted, catalog.tables[rule.table].columns, formats)
    rows = made.frame.select(sorted(wanted))
    # Of events every kind counts, however seldom; of the others what is usual.
    for column in sorted(wanted):
        counted = rows.select(column).drop_nulls() if column == "event" else rows.select(column).head(SAMPLE_ROWS)
        counts = counted.group_by(column).len().collect(engine="streaming")
        values.setdefault(column, Counter()).update({value: n for value, n in counts.iter_rows() if value is not None})


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
