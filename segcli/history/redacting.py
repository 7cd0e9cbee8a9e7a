"""A person taken out of the folder of a run: their rows, and what names them in the rows of others."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from segcli.history.csv_records import change_records
from segcli.history.manifests import manifest_text, read_manifest
from segcli.history.publishing import MANIFEST
from segcli.history.redacted_messages import remove_messages
from segcli.history.rewriting import copy_linked, write_over
from segcli.history.run_facts import file_facts
from segcli.history.tables import write_row_groups
from segcli.history.traces import Person, is_theirs, kind_of_header, own_cell, rows_of

REJECTED_COLUMN, REJECTED_VALUE = "column", "value"  # of rejected.csv: where a cell stood, and what was in it


@dataclass
class Redacted:
    """What was taken out: whole rows, and single cells of rows that stay. `files` -> rows that it lost."""

    rows: int = 0
    cells: int = 0
    files: dict[str, int] = field(default_factory=dict)

    def add(self, path: str, rows: int, cells: int) -> None:
        if rows or cells:
            self.rows, self.cells = self.rows + rows, self.cells + cells
            self.files[path] = rows


def redact_folder(folder: Path, staged: Path, person: Person, day: dt.date, *, rows: bool) -> Redacted:
    """Fills `staged` with a run's folder without the person; what does not speak of them is the same file.

    With `rows` their rows are left out; without, only cells that name them outside of the columns for ids and
    addresses. The manifest has the new digests, and says under `redactions` how much was taken out and when last.
    """
    copy_linked(folder, staged)
    done = Redacted()
    codes: set[str] = set()
    # First the files that say which codes are theirs: others know a code only.
    for path in sorted(staged.rglob("*.csv"), key=lambda path: (path.name != "coupons.csv", path)):
        asked = _Asked(person, codes, rows)
        suspect = "|".join([person.suspect, *map(re.escape, sorted(codes))])
        changed = change_records(path.read_bytes(), suspect, asked.change)
        if changed.dropped or changed.changed:
            write_over(path, changed.content)
            done.add(path.relative_to(staged).as_posix(), changed.dropped, changed.changed)
        for mailbox in remove_messages(staged, path, asked.files, asked.message_ids):
            done.add(mailbox.relative_to(staged).as_posix(), len(asked.message_ids), 0)
    for path in sorted(staged.rglob("*.parquet")):
        done.add(path.relative_to(staged).as_posix(), *_redact_table(path, person, rows=rows))
    if done.files and (staged / MANIFEST).is_file():
        _redact_manifest(staged, done, day)
    return done


@dataclass
class _Asked:
    """Says of each record of a list what becomes of it; remembers what those that were theirs lead to: codes, and
    messages of their own."""

    person: Person
    codes: set[str]
    rows: bool
    files: set[str] = field(default_factory=set)
    message_ids: set[str] = field(default_factory=set)

    def change(self, cells: list[str], header: list[str]) -> list[str] | None:
        kinds = [kind_of_header(name) for name in header]
        row = list(zip(kinds, cells, strict=False))
        named = dict(zip(header, cells, strict=False))
        if is_theirs(self.person, row):
            self.codes |= {cell for name, cell in named.items() if name == "code" and cell}
            if self.rows:
                self.files |= {cell for name, cell in named.items() if name == "file" and cell}
                self.message_ids |= {cell for name, cell in named.items() if name == "message_id" and cell}
            return None if self.rows else [self._blank(kind, cell) for kind, cell in row]
        if self.rows and any(name.lower() == "code" and cell in self.codes for name, cell in named.items()):
            return None
        kind = kind_of_header(named.get(REJECTED_COLUMN, ""))
        if kind and is_theirs(self.person, [(kind, named.get(REJECTED_VALUE, ""))]):
            return ["" if name == REJECTED_VALUE else cell for name, cell in named.items()]
        return [self._blank(kind, cell) for kind, cell in row]

    def _blank(self, kind: str | None, cell: str) -> str:
        if kind in ("customer_id", "email"):
            return cell
        if kind == "phone":
            return "" if self.rows and own_cell(cell) in self.person.phones else cell
        theirs = kind == "other_id" and own_cell(cell) in self.person.ids
        return "" if theirs or self.person.named_in(cell) else cell


def _redact_table(path: Path, person: Person, *, rows: bool) -> tuple[int, int]:
    """Takes the person out of a Parquet file, if they are in it; the rows that it lost, and the cells of others."""
    table = pl.scan_parquet(path, glob=False)
    schema = table.collect_schema()
    theirs = rows_of(person, schema) if rows else pl.lit(value=False)
    told = [expression.alias(name) for name, expression in _telling(person, schema, rows=rows).items()]
    own, cells = (
        table.select(theirs=theirs, cells=pl.any_horizontal(pl.lit(value=False), *told))
        .select(pl.col("theirs").sum(), (pl.col("cells") & ~pl.col("theirs")).sum())
        .collect(engine="streaming")
        .row(0)
    )
    if not own and not cells:
        return 0, 0
    blanked = [
        pl.when(expression).then(None).otherwise(pl.col(name)).alias(name)
        for name, expression in _telling(person, schema, rows=rows).items()
    ]
    written = path.with_name(f"{path.name}.new")
    write_row_groups([table.filter(~theirs).with_columns(blanked)], written)
    written.replace(path)
    return own, cells


def _telling(person: Person, schema: pl.Schema, *, rows: bool) -> Mapping[str, pl.Expr]:
    """Column -> whether its cell names the person, in a row that need not be theirs."""
    found = {}
    for name, dtype in schema.items():
        kind, cell = kind_of_header(name), pl.col(name)
        if kind in ("customer_id", "email"):
            continue
        if dtype == pl.List(pl.String):
            found[name] = cell.list.eval(pl.element().str.contains(person.in_columns)).list.any()
        elif dtype == pl.String and kind == "phone":
            found[name] = cell.is_in(list(person.phones)) & rows
        elif dtype == pl.String:
            found[name] = cell.str.contains(person.in_columns)
            if kind == "other_id":
                found[name] |= cell.is_in(list(person.ids))
    return {name: expression.fill_null(value=False) for name, expression in found.items()}


def _redact_manifest(staged: Path, done: Redacted, day: dt.date) -> None:
    manifest = read_manifest(staged)
    for path, rows in done.files.items():
        before: Mapping[str, Any] | None = manifest["outputs"].get(path)
        if before is not None:
            left = before.get("rows")
            manifest["outputs"][path] = {
                **before, **file_facts(staged / path), "rows": None if left is None else left - rows,
            }  # fmt: skip
    manifest["redactions"] = redactions(manifest.get("redactions"), done.rows, done.cells, day)
    write_over(staged / MANIFEST, manifest_text(manifest).encode())


def redactions(before: Mapping[str, Any] | None, rows: int, cells: int, day: dt.date) -> dict[str, Any]:
    """The note on what was taken out of a run so far: rows, cells, and the last day on which it was."""
    known = before or {}
    return {"rows": known.get("rows", 0) + rows, "cells": known.get("cells", 0) + cells, "last": day.isoformat()}
