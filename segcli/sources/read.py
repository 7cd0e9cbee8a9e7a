"""Recognised files -> the canonical tables, in one call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from segcli.problems import DataError, Problems
from segcli.project.models import Project
from segcli.sources.assembling import assemble_tables
from segcli.sources.reading import columns_to_read
from segcli.sources.rejections import Rejections
from segcli.sources.source_frames import source_frames
from segcli.sources.tables import Catalog, Tables


def read_tables(
    project: Project,
    catalog: Catalog,
    needed: Mapping[str, frozenset[str]],
    scratch: Path,
    problems: Problems,
    shard_count: int | None = None,
) -> Tables:
    """Reads the files of the catalog into tables that lie in `scratch`, with the needed columns.

    Without `shard_count` there is one shard up to about two million rows. Raises DataError when too many rows
    cannot be read, amounts are in currencies without a rate, or an expectation is not met.
    """
    rejections = Rejections()
    columns = columns_to_read(catalog, needed)
    frames = source_frames(project, catalog, columns, scratch, rejections, problems)
    problems.stop_on_errors(DataError)
    files = {plan.recognised.path: plan.file for plan in catalog.plans}
    return assemble_tables(project, catalog, frames, needed, scratch, rejections, problems, files, shard_count)
