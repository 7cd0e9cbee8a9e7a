"""Column sets of email service providers (YAML in `esp/`), resolved against the columns of a run."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import polars as pl
import yaml
import yamlcore
from pydantic import BaseModel, ConfigDict, field_validator

from segcli.problems import Problem, RecipeError, nearest
from segcli.sources.tables import CANONICAL

FOLDER = Path(__file__).parent / "esp"
PLAIN = "plain"
# Stands for the segment's name while lines are built once for all lists; no text holds these code points.
SEGMENT_MARK = "\ufdd0segment\ufdd1"
ISO_TIMES = "%Y-%m-%dT%H:%M:%S"
CUSTOMER_CLOCK = "send_at_local"  # a column of times that are no time of the shop's


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConsentSpelling(Record):
    """How an importer spells a yes, a no, and not knowing."""

    given: str
    refused: str
    unknown: str | None = None


class ListColumn(Record):
    """One column of a send list: SQL over the customers' columns, the first of which all names are there."""

    value: tuple[str, ...]
    always: bool = False  # written, empty, even where no file gave what it is made from
    required: bool = False  # every row must have it
    consent: ConsentSpelling | None = None
    between: str | None = None  # stands between several values of one cell: one value must not hold it
    spelling: str | None = None  # strftime, where it is not the format's own
    allowed: tuple[str, ...] | None = None
    json_of: tuple[str, ...] = ()  # one JSON object of these columns and all chosen fields

    @field_validator("value", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class Limits(Record):
    rows: int | None = None  # per file
    bytes: int | None = None  # per file
    columns: int | None = None
    cell_bytes: int | None = None


class FileSpelling(Record):
    separator: str = ","
    encoding: Literal["utf-8", "utf-8-sig", "utf-16"] = "utf-8"
    line_end: str = "\n"


class FieldHeaders(Record):
    """How chosen fields are named in the header, and what any header may be made of."""

    style: Literal["snake", "title", "upper"] = "snake"
    allowed: str = ".+"


class Trap(Record):
    """A condition under which importing a row would do harm."""

    when: str
    message: str
    hint: str


class ListFormat(Record):
    name: str
    note: str  # what to choose in the importer, for people
    needs: str  # who can be imported at all
    columns: Mapping[str, ListColumn]
    fields: FieldHeaders = FieldHeaders()
    file: FileSpelling = FileSpelling()
    limits: Limits = Limits()
    dates: str = "%Y-%m-%d"
    times: str = ISO_TIMES
    utc: bool = False  # times are converted, for importers that read a time without an offset as UTC
    traps: tuple[Trap, ...] = ()

    @property
    def utc_times(self) -> str:
        """The spelling of times that are in UTC for whatever importer: in ISO 8601 they say so."""
        return f"{self.times}Z" if self.times == ISO_TIMES else self.times

    @property
    def local_times(self) -> str:
        """The spelling of times on the customer's clock, which are not in UTC."""
        return self.times.removesuffix("Z")


@dataclass(frozen=True)
class ResolvedColumn:
    """A column of a list with the expression that gives it; `money` for two decimals."""

    header: str
    source: pl.Expr
    column: ListColumn
    money: bool = False


def format_names() -> list[str]:
    """What `--esp` takes."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != PLAIN)


@cache
def load_format(esp: str | None) -> ListFormat:
    """The column set of an ESP, or the plain one for None. Raises RecipeError for a name not known."""
    if esp is not None and esp not in format_names():
        hint = nearest(esp, format_names()) or f"Known are {', '.join(format_names())}."
        raise RecipeError([Problem(f"no send list format named {esp!r}.", key="esp", hint=hint)])
    text = (FOLDER / f"{esp or PLAIN}.yaml").read_text(encoding="utf-8")
    return ListFormat.model_validate(yaml.load(text, Loader=yamlcore.CCoreLoader))


def wanted_columns(esp: str | None) -> frozenset[str]:
    """Every customer column and field that the format can use; those that exist should be read."""
    form = load_format(esp)
    texts = [text for column in form.columns.values() for text in column.value]
    texts += [form.needs, *(trap.when for trap in form.traps)]
    named = {name for column in form.columns.values() for name in column.json_of}
    return frozenset(named.union(*map(names_in, texts)) - {"segment", "as_of"})


@cache
def names_in(sql: str) -> frozenset[str]:
    return frozenset(pl.sql_expr(sql).meta.root_names())


def with_every_column(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The frame with every canonical customer column: null where no file gave it."""
    known = frame.collect_schema().names()
    missing = {name: dtype for name, dtype in CANONICAL["customers"].items() if name not in known}
    return frame.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in missing.items())


def resolve_columns(
    form: ListFormat, given: Collection[str], fields: Sequence[str], money: Collection[str] = ()
) -> list[ResolvedColumn]:
    """The list's columns in order: the format's own as far as they are given, then the chosen fields.

    An optional column that no file gave is left out: an empty one would erase what the ESP knows.
    """
    resolved = []
    for header, column in form.columns.items():
        sql = _first_given(column, given)
        if column.json_of:
            resolved.append(ResolvedColumn(header, _json_object(column.json_of, given, fields), column))
        elif sql is not None:
            resolved.append(ResolvedColumn(header, _source(sql), column, sql in money))
    if any(column.json_of for column in form.columns.values()):
        return resolved
    taken = {text for column in form.columns.values() for text in column.value}
    headers = {header.lower() for header in form.columns}
    for name in fields:
        if name in given and name not in taken:
            header = field_header(name, form.fields.style)
            if header.lower() in headers:  # the importer means something of its own by that name
                header = field_header(f"shop_{name}", form.fields.style)
            resolved.append(ResolvedColumn(header, pl.col(name), ListColumn(value=(name,)), name in money))
    return resolved


def _first_given(column: ListColumn, given: Collection[str]) -> str | None:
    known = {*given, *CANONICAL["customers"], "segment"}
    for sql in column.value:
        names = names_in(sql)
        if not names or (names <= known and (column.always or names & {*given, "segment"})):
            return sql
    # A required column that nobody gave is a problem that preflight reports; the list still has it.
    return "null" if column.always or column.required else None


def _source(sql: str) -> pl.Expr:
    if sql == "segment":
        return pl.lit(SEGMENT_MARK)
    return pl.lit(None, pl.String) if sql == "null" else pl.sql_expr(sql)


def _json_object(names: Sequence[str], given: Collection[str], fields: Sequence[str]) -> pl.Expr:
    kept = [name for name in dict.fromkeys([*names, *fields]) if name in given or name == "segment"]
    return pl.struct(_source(name).alias(name) for name in kept)


def field_header(name: str, style: str) -> str:
    """A field's name as the importer wants headers: `rfm_group`, `Rfm Group` or `RFM_GROUP`."""
    if style == "title":
        return re.sub(r"[_\s]+", " ", name).title()
    return name.upper() if style == "upper" else name
