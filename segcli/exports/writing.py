"""A run's contents to its folder: customers.parquet, send lists, rejected rows and the manifest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from segcli.exports.contents import RunContents
from segcli.exports.customer_table import CUSTOMERS, write_customers
from segcli.exports.formats import load_format
from segcli.exports.list_files import WrittenFile, write_file
from segcli.exports.list_members import Roster
from segcli.exports.manifest import manifest_text, outputs_of
from segcli.exports.old_runs import delete_old_runs
from segcli.exports.preflight import preflight
from segcli.exports.previous_runs import compared_runs
from segcli.exports.send_lists import SegmentLists, WrittenLists, write_lists
from segcli.exports.table_files import write_table
from segcli.history.folders import disk_problems, run_name, staged_folder
from segcli.history.locking import project_lock
from segcli.history.publishing import MANIFEST, publish, sweep
from segcli.problems import DataError

FILE_FORMAT = 1  # of a run's folder; raised when a later segcli could not read it


def write_run(out: Path, run: RunContents, *, esp: str | None = None, keep: dt.timedelta | None = None) -> Path:
    """Writes the run whole into `out/<YYYY-MM-DDTHHMM>` and returns that folder.

    A run of the same name is replaced. `latest` then names the run of the latest moment, and runs that were
    written more than `keep` before this one are deleted. Raises LockedError while another process writes to
    `out`, RecipeError for an ESP that is not known, DataError for rows that the ESP's importer would take
    wrong and for a disk that refuses; in each case every earlier run is as it was.
    """
    load_format(esp)
    with disk_problems(out), project_lock(out):
        sweep(out)
        name = run_name(run.as_of)
        with staged_folder(out, name) as staged:
            _write_contents(out, staged, name, run, esp)
            folder = publish(out, staged, name)
        if keep is not None:
            delete_old_runs(out, folder, keep)
    return folder


def _write_contents(out: Path, staged: Path, name: str, run: RunContents, esp: str | None) -> None:
    files = [write_customers(staged, run.customers)]
    customers = pl.scan_parquet(staged / CUSTOMERS, glob=False)
    compared, gone = compared_runs(out, name, run.segments, customers)
    form = load_format(esp)
    segments = (*run.segments, *gone)
    suppressing = tuple(segment for segment in run.segments if segment.suppress)
    columns = frozenset(segment.column for segment in segments)
    roster = Roster(customers, suppressing, columns, pl.sql_expr(form.needs))
    problems = preflight(
        esp, customers.collect_schema().names(), roster.listed_customers, fields=run.columns, as_of=run.as_of
    )
    problems.stop_on_errors(DataError)
    lists = SegmentLists(roster, segments, compared, form, run.columns, run.money, run.timezone)
    written = write_lists(staged, lists)
    files += written.files
    files.append(write_table(staged, "rejected.csv", run.rejected))
    _write_manifest(staged, run, esp, written, files)


def _write_manifest(
    staged: Path, run: RunContents, esp: str | None, written: WrittenLists, files: Sequence[WrittenFile]
) -> None:
    facts: Mapping[str, Any] = {
        **run.manifest,
        "format": FILE_FORMAT,
        "as_of": run.as_of.isoformat(timespec="seconds"),
        "esp": esp,
        "import_note": load_format(esp).note if esp else None,
        "lists": written.entries,
        "excluded": written.excluded,
        "outputs": outputs_of(files),
    }
    write_file(staged, MANIFEST, manifest_text(facts).encode())
