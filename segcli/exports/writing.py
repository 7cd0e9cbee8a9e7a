"""A run's contents to its folder: customers.parquet, send lists, rejected rows and the manifest."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from segcli.exports.cells import cell_text, quoted, quoted_text
from segcli.exports.contents import RunContents
from segcli.exports.customer_table import CUSTOMERS, write_customers
from segcli.exports.formats import load_format
from segcli.exports.list_files import WrittenFile, write_file
from segcli.exports.list_members import Roster
from segcli.exports.output_lock import output_lock
from segcli.exports.preflight import preflight
from segcli.exports.previous_runs import compared_runs
from segcli.exports.run_folder import (
    MANIFEST,
    delete_old_runs,
    disk_problems,
    publish,
    run_name,
    staged_folder,
    sweep,
)
from segcli.exports.send_lists import SegmentLists, WrittenLists, write_lists
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
    with disk_problems(out), output_lock(out):
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
    files.append(_write_rejected(staged, run.rejected))
    _write_manifest(staged, run, esp, written, files)


def _write_rejected(staged: Path, rejected: pl.DataFrame) -> WrittenFile:
    header = ",".join(quoted_text(name, ",") for name in rejected.columns)
    cells = [
        quoted(cell_text(pl.col(name), dtype, dates="%Y-%m-%d", times="%Y-%m-%dT%H:%M:%S"), ",")
        for name, dtype in rejected.schema.items()
    ]
    lines = rejected.select(pl.concat_str(cells, separator=",")).to_series() if cells else pl.Series([])
    content = "".join(f"{line}\n" for line in [header, *lines])
    return write_file(staged, "rejected.csv", content.encode(), rejected.height)


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
        "outputs": {file.path: {"sha256": file.sha256, "bytes": file.bytes, "rows": file.rows} for file in files},
    }
    write_file(staged, MANIFEST, _json_text(facts).encode())


def _json_text(facts: Mapping[str, Any]) -> str:
    """A JSON object with a line for every entry of its lists and objects: to compare, and quick to write."""
    encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=_plain_value).encode
    members = []
    for key, value in sorted(facts.items()):
        if isinstance(value, Mapping) and value:
            entries = (encode({name: value[name]})[1:-1] for name in sorted(value))
            text = "{\n" + ",\n".join(entries) + "\n}"
        elif isinstance(value, list | tuple) and value:
            text = "[\n" + ",\n".join(map(encode, value)) + "\n]"
        else:
            text = encode(value)
        members.append(f"{encode(key)}: {text}")
    return "{\n" + ",\n".join(members) + "\n}\n"


def _plain_value(value: object) -> object:
    """What JSON does not know: times in ISO 8601, sets sorted, everything else as its text."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
