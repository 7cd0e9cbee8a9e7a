"""Export files written inline, and what the tool makes of them."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from segcli.problems import Place, Problems
from segcli.project.models import Project, SourceDefinition
from segcli.sources.catalog import recognise
from segcli.sources.rejections import Rejections
from segcli.sources.source_frames import source_frames
from segcli.sources.tables import CANONICAL, WORKING, Catalog, SourceFrame


def write_csv(path: Path, header: Sequence[str] | str, *rows: Mapping[str, str]) -> Path:
    """A CSV file with this header (names, or its first line), where rows say only the cells that matter."""
    names = next(csv.reader([header])) if isinstance(header, str) else list(header)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def project_of(root: Path, *files: Path | SourceDefinition, **settings: Any) -> Project:
    """A project of these files; `timezone` by name."""
    named = tuple(str(file) for file in files if isinstance(file, Path))
    sources = tuple(file for file in files if isinstance(file, SourceDefinition))
    if named:
        sources += (SourceDefinition("", named, Place("command line")),)
    values: dict[str, Any] = {
        "root": root, "file": None, "shop": "Shop", "currency": None, "locale": "en", "country": None,
        "as_of": dt.datetime(2026, 6, 30, 9), "recipes": (), "output": root / "out", "sources": sources,
        **settings, "timezone": ZoneInfo(settings.get("timezone", "UTC")),
    }  # fmt: skip
    return Project(**values)


def catalog_of(project: Project, problems: Problems | None = None, mentioned: frozenset[str] = frozenset()) -> Catalog:
    """The catalog; every problem fails the test unless the test collects them."""
    found = problems if problems is not None else Problems()
    catalog = recognise(project, mentioned, found)
    assert problems is not None or not found.errors, found.errors
    return catalog


def typed_sources(
    project: Project, problems: Problems | None = None, mentioned: frozenset[str] = frozenset()
) -> dict[str, list[SourceFrame]]:
    """Every table's frames with all columns."""
    found = problems if problems is not None else Problems()
    catalog = catalog_of(project, problems, mentioned)
    needed = {
        name: frozenset({*table.columns, *WORKING.get(name, {}), *CANONICAL.get(name, {}), *table.given})
        for name, table in catalog.tables.items()
    }
    scratch = Path(tempfile.mkdtemp(dir=project.root, prefix="scratch"))
    frames = source_frames(project, catalog, needed, scratch, Rejections(), found)
    assert problems is not None or not found.errors, found.errors
    return frames


def typed(project: Project, table: str, *columns: str, **options: Any) -> pl.DataFrame:
    """The rows of one table from its only file, with these columns (all, if none is named)."""
    (source,) = typed_sources(project, **options)[table]
    frame = source.frame.collect()
    return frame.select(columns) if columns else frame
