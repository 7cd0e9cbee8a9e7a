"""Whether anything is left of a person: the bytes of every file, and what Parquet files hold packed."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from segcli.history.csv_records import change_records, text_of
from segcli.history.known_persons import run_folders
from segcli.history.publishing import LEFTOVER
from segcli.history.traces import Person, is_theirs, kind_of_header

UTF_16 = b"\xff\xfe"


def left_of(person: Person, history: Path, out: Path) -> list[str]:
    """Every file of the history and of past runs, hidden ones too, in whose name or content the person is named.

    Ids, emails and phones are searched in any case and spelling wherever they are long enough to mean nobody else;
    ids too short for that are looked for in columns of ids.
    """
    folders = [history] if history.is_dir() else []
    folders += run_folders(out)
    if out.is_dir():
        folders += [path for path in out.iterdir() if LEFTOVER.fullmatch(path.name) and path.is_dir()]
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return [str(path) for path in files if _speaks_of(path, person)]


def _speaks_of(path: Path, person: Person) -> bool:
    if person.named_in(path.name) or _in_bytes(path, person.spoken_of):
        return True
    if path.suffix == ".parquet":
        return _in_table(path, person)
    return path.suffix == ".csv" and _in_list(path, person)


def _in_bytes(path: Path, spoken_of: re.Pattern[str] | None) -> bool:
    if spoken_of is None or not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[:2] == UTF_16:
            return bool(spoken_of.search(text_of(content[:])[0]))
        return bool(re.compile(spoken_of.pattern.encode(), re.IGNORECASE).search(content))


def _in_table(path: Path, person: Person) -> bool:
    table = pl.scan_parquet(path, glob=False)
    return bool(table.select(pl.any_horizontal(*_told(person, table))).select(pl.all().any()).collect().item())


def _told(person: Person, table: pl.LazyFrame) -> Iterator[pl.Expr]:
    yield pl.lit(value=False)
    for name, dtype in table.collect_schema().items():
        cell = pl.col(name)
        if dtype == pl.List(pl.String):
            yield cell.list.eval(pl.element().str.contains(person.in_columns)).list.any().fill_null(value=False)
        elif dtype == pl.String:
            yield cell.str.contains(person.in_columns).fill_null(value=False)
            if kind_of_header(name) in ("customer_id", "other_id"):
                yield cell.is_in(list(person.ids)).fill_null(value=False)


def _in_list(path: Path, person: Person) -> bool:
    found = False

    def look(cells: list[str], header: list[str]) -> list[str]:
        nonlocal found
        row = [(kind_of_header(name), cell) for name, cell in zip(header, cells, strict=False)]
        found |= is_theirs(person, row)
        return cells

    change_records(path.read_bytes(), person.suspect, look)
    return found
