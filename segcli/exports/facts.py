"""The facts of a run that its manifest keeps: what went in, what was decided, and with which versions."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from segcli import __version__
from segcli.fields import Computed
from segcli.project.models import Project
from segcli.segments import SegmentMembers
from segcli.sources.tables import Catalog, Tables


def manifest_facts(
    project: Project,
    catalog: Catalog,
    tables: Tables,
    computed: Computed,
    members: Sequence[SegmentMembers],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Everything but the outputs. Only `timings` may differ between two runs over the same files."""
    recipes = {recipe.name: recipe.path for recipe in project.recipes}
    # Files are named as users see them, and those of a project from its folder on.
    inputs = [project.root / file.path for file in catalog.files]
    return {
        "timezone": project.timezone.key,
        "currency": project.currency,
        "versions": {
            "segcli": __version__,
            "polars": pl.__version__,
            "python": platform.python_version(),
        },
        "inputs": [
            {
                "path": file.path,
                "sha256": digest,
                "platform": file.platform,
                "tables": list(file.tables),
                "columns": dict(file.columns),
            }
            for file, digest in zip(catalog.files, _digests(inputs), strict=True)
        ],
        "recipes": dict(zip(recipes, _digests(recipes.values()), strict=True)),
        "counts": {**tables.counts, "rejected": tables.rejected.height, **_rows(tables)},
        "cut_points": {
            name: [str(value) for value in cuts.values] for name, cuts in sorted(computed.cut_points.items())
        },
        "numbers": {name: str(value) for name, value in sorted(computed.numbers.items())},
        "segments": [
            {
                "name": item.name,
                "recipe": item.recipe,
                "customers": item.customers,
                "contactable": item.contactable,
                "spend": item.spend,
            }
            for item in members
        ],
        "unavailable": {name: list(needs) for name, needs in sorted(computed.plan.unavailable.items())},
        "timings": dict(seconds),
    }


def _rows(tables: Tables) -> dict[str, int]:
    return {f"rows_{name}": table.rows for name, table in sorted(tables.tables.items())}


def _digests(paths: Any) -> list[str | None]:
    # Hashing releases the GIL, so threads use every core.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(sha256_of, paths))


def sha256_of(path: Path) -> str | None:
    """The digest of a file, or of a folder's files by name; None for what is not on this machine."""
    if path.is_dir():
        total = hashlib.sha256()
        for file in sorted(item for item in path.rglob("*") if item.is_file()):
            total.update(f"{file.relative_to(path)}\0{sha256_of(file)}\n".encode())
        return total.hexdigest()
    if not path.is_file():
        return None
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
