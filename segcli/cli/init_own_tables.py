"""A file that was not recognised -> the line under `sources:` with which it could be used."""

from __future__ import annotations

import json
import re

from segcli.cli.init_files import FoundFile
from segcli.project.names import NAME_PATTERN
from segcli.sources.headers import fold, index_names
from segcli.sources.plain import PERSON, map_columns
from segcli.sources.tables import CANONICAL

COLUMN = "COLUMN"  # stands for what only the shop knows
_MAPPED = re.compile(r"--map ([a-z_]+)\.([a-z_]+)=")


def example_source(file: FoundFile) -> str | None:
    """Such as `weather: {files: "weather.csv", by: city}`; None for a file that could not be opened.

    A near miss says which columns to name; else it is a table of the shop's own, by a person or by a column of
    customers.
    """
    if not file.header:
        return None
    path = json.dumps(file.path, ensure_ascii=False)
    missing = [found for note in file.notes for found in _MAPPED.findall(note) if found[0] in CANONICAL]
    names = index_names(file.header)
    shared = next((column for column in names if column in CANONICAL["customers"] and column not in PERSON), None)
    if missing and missing[0][0] != "stores":
        table = missing[0][0]
        columns = ", ".join(f"{column}: {COLUMN}" for each, column in missing if each == table)
        return f"{table}: {{files: {path}, columns: {{{columns}}}}}"
    if set(PERSON) & map_columns("orders", names, {}).keys():
        return f"{_own_name(file.path)}: {{files: {path}, time: {COLUMN}}}"
    return f"{_own_name(file.path)}: {{files: {path}, by: {shared or COLUMN}}}"


def _own_name(path: str) -> str:
    name = fold(path.rsplit("/", 1)[-1].split(".", 1)[0])
    return name if re.fullmatch(NAME_PATTERN, name) and name not in CANONICAL else f"my_{name or 'table'}"
