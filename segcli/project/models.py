"""The frozen models of a project and its recipes; nothing after this package sees a dict of YAML."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from segcli.problems import Place, Problem
from segcli.project.campaign_models import Campaign, ConsentSettings, Limits
from segcli.project.message_models import MessageSettings

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Expression:
    """An SQL expression as a recipe has it, with the place of its first character."""

    text: str
    place: Place | None = None


@dataclass(frozen=True)
class Definition:
    """What every field definition has: a name, a place, and words for people."""

    name: str
    place: Place
    recipe: str
    meaning: str | None = field(default=None, kw_only=True)
    unit: str | None = field(default=None, kw_only=True)
    source: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class AggregateField(Definition):
    """An aggregate over one table's rows of a customer."""

    table: str
    value: Expression
    where: Expression | None = None
    within: dt.timedelta | None = None
    default: Scalar = None


@dataclass(frozen=True)
class ValueField(Definition):
    """An expression over other fields of the same customer."""

    value: Expression
    default: Scalar = None


@dataclass(frozen=True)
class AcrossField(Definition):
    """An aggregate over all customers: one number for the base, or one per value of the field `by`."""

    across: Expression
    by: str | None = None
    among: Expression | None = None


@dataclass(frozen=True)
class TopField(Definition):
    """The value of column `top` with the most `by` of a customer; ties: the latest, then alphabetical."""

    table: str
    top: str
    by: Expression
    where: Expression | None = None
    within: dt.timedelta | None = None


@dataclass(frozen=True)
class ScoreField(Definition):
    """One plus the number of cut points below the value: quantiles (`bins`) or given ones (`cuts`)."""

    score: Expression
    best: Literal["high", "low"] = "high"
    bins: int | None = None
    cuts: tuple[int | float | Decimal, ...] | None = None
    among: Expression | None = None


@dataclass(frozen=True)
class PointsItem:
    """One line of a points field: rows of a table, or (without `table`) a condition on the customer."""

    place: Place
    each: Expression
    table: str | None = None
    where: Expression | None = None  # rows of `table`
    when: Expression | None = None  # a condition over fields; the item gives `each` once
    most: Decimal | None = None
    within: dt.timedelta | None = None
    half_life: dt.timedelta | None = None


@dataclass(frozen=True)
class PointsField(Definition):
    """A sum of points over rows and conditions; half_life weighs a row by 0.5 ** (age / half_life)."""

    points: tuple[PointsItem, ...]


@dataclass(frozen=True)
class Case:
    """`when` a condition holds `then` this value; `then` is a YAML scalar and never an expression."""

    place: Place
    when: Expression
    then: Scalar


@dataclass(frozen=True)
class CasesField(Definition):
    """The `then` of the first case whose `when` holds, else `otherwise`."""

    cases: tuple[Case, ...]
    otherwise: Scalar = None


Field = AggregateField | ValueField | AcrossField | TopField | ScoreField | PointsField | CasesField


@dataclass(frozen=True)
class Segment:
    """A named condition (`where`), or a segment per value of a field or of a table's column (`each`)."""

    name: str
    place: Place
    recipe: str
    where: Expression | None = None  # with `each` and `table`: rows of the table; alone: the condition
    each: str | None = None
    table: str | None = None
    within: dt.timedelta | None = None
    at_least: int = 1
    suppress: bool = False
    meaning: str | None = None


@dataclass(frozen=True)
class DeclaredColumn:
    """A column that a recipe reads: its type in the words of `tables:`, such as number."""

    type: str
    place: Place


@dataclass(frozen=True)
class TableDeclaration:
    """A table of the shop's own that a recipe reads, or columns of a built-in one that only some files have.

    With `by` it is a lookup by that column of customers; else its rows are customers', and `time` says when.
    """

    name: str
    place: Place
    columns: Mapping[str, DeclaredColumn] = field(default_factory=dict)
    by: str | None = None
    time: str | None = None


@dataclass(frozen=True)
class Recipe:
    """A folder's recipe.yaml: tables, fields, segments and campaigns in the order they were written."""

    name: str
    path: Path
    description: str
    fields: tuple[Field, ...]
    segments: tuple[Segment, ...]
    campaigns: tuple[Campaign, ...] = ()
    tables: tuple[TableDeclaration, ...] = ()  # that a project's files may give besides the built-in ones


@dataclass(frozen=True)
class SourceDefinition:
    """One entry of `sources:`: where a table's files lie and what their columns mean."""

    table: str  # a canonical table, or a table of the project's own
    files: tuple[str, ...]  # paths, folders, globs or URLs, relative to the project
    place: Place
    columns: Mapping[str, str] = field(default_factory=dict)  # canonical column -> column in the file
    mapped: frozenset[str] = frozenset()  # those of `columns` that --map said
    preset: str | None = None  # the name of a preset, when the header alone would not tell
    by: str | None = None  # a lookup: joined to customers by this column (`weather: {by: city}`)
    time: str | None = None  # own tables: the column that says when
    timezone: str | None = None  # of naive times in these files, when it is not the project's
    date_format: str | None = None  # strftime spelling when a date order cannot be told from the data
    decimal: Literal[".", ","] | None = None


@dataclass(frozen=True)
class Expectations:
    """`expect:` a run on half an export stops instead. Ages in whole days, rows counted per table."""

    newest_order: dt.timedelta | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)  # of `newest_order`, and of tables in `rows`


@dataclass(frozen=True)
class Project:
    """A shop as segcli.yaml (or the command line alone) describes it; the loader makes every path absolute."""

    root: Path
    file: Path | None  # segcli.yaml, or None when files were named on the command line
    shop: str
    timezone: ZoneInfo
    currency: str | None
    locale: str
    country: str | None  # ISO 3166 two letters: phone numbers without a country code, seasons
    as_of: dt.datetime  # naive, in `timezone`
    sources: tuple[SourceDefinition, ...]
    recipes: tuple[Recipe, ...]
    output: Path
    history: Path = Path("history")
    key_file: Path = Path(".segcli.key")  # the secret that unique codes are made with
    limits: Limits = field(default_factory=Limits)
    consent: ConsentSettings = field(default_factory=ConsentSettings)
    messages: MessageSettings = field(default_factory=MessageSettings)
    rates: Mapping[str, Decimal] = field(default_factory=dict)  # currency -> worth in the project's currency
    delivery_days: int = 5
    max_rejected: Decimal = Decimal("0.01")
    keep: dt.timedelta | None = None
    list_columns: Mapping[str, Place] = field(default_factory=dict)  # what lists have besides the usual, by name
    chosen_recipes: bool = False  # by an option: what segcli.yaml names may be another recipe's
    esp: str | None = None
    esp_place: Place | None = None  # None when it was an option
    expect: Expectations = field(default_factory=Expectations)
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # --map of tables not in sources
    warnings: tuple[Problem, ...] = ()  # what the files say and probably do not mean
    default_recipes: bool = False  # nothing was chosen: recipes whose tables are absent are left out quietly
