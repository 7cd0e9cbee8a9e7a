"""Who is meant by an id, email or phone: looked up in the shop's files, and else in what is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.history import make_salt
from segcli.history.known_persons import who_has_phone
from segcli.history.traces import Person
from segcli.problems import Problem, Problems, RecipeError, SegcliError, nearest
from segcli.project.models import Project
from segcli.sources import identifiers_today, read_tables, recognise
from segcli.sources.tables import HISTORY
from segcli.sources.words import phone as phone_number

MOST_NAMES_TO_COMPARE = 50_000
MOST_SHOWN = 5


@dataclass(frozen=True)
class NamedPerson:
    """A person as far as the shop's files know them, and all others (customer_id, email, phone) in those files.

    `others` is None where the files cannot be read, and `unread` says why; then only what was typed is known.
    """

    person: Person
    others: pl.DataFrame | None
    in_files: bool
    hint: str | None = None
    unread: tuple[Problem, ...] = ()


def named_person(project: Project, customer: str, scratch: Path) -> NamedPerson:
    """Who is meant. Raises RecipeError where several customers are, by a phone that they share."""
    typed = typed_person(customer, project.country)
    try:
        today = _identifiers(project, scratch)
    except SegcliError as error:
        problems = tuple(Problem(f"the shop's files were not read: {each}", severity="warning")
                         for each in error.problems)  # fmt: skip
        return NamedPerson(_remembered(project, customer, typed), None, in_files=False, unread=problems)
    ids = _ids(today, customer, typed)
    if not ids:
        known = today["customer_id"].unique().to_list()
        hint = nearest(customer, known) if len(known) < MOST_NAMES_TO_COMPARE else None
        return NamedPerson(_remembered(project, customer, typed), _columns(today), in_files=False, hint=hint)
    _refuse_several(customer, ids)
    own = pl.col("customer_id") == ids[0]
    rows, others = today.filter(own), today.filter(~own)
    person = Person(
        frozenset(rows["customer_id"]) | frozenset(rows["id"].drop_nulls()),
        frozenset(map(str.lower, rows["email"].drop_nulls())),
        frozenset(rows["phone"].drop_nulls()),
    )
    return NamedPerson(person, _columns(others), in_files=True)


def typed_person(customer: str, country: str | None) -> Person:
    """What was typed as each kind of identifier that it may be."""
    text = customer.strip()
    if "@" in text:
        return Person(frozenset({text, text.lower()}), frozenset({text.lower()}))
    number = pl.select(phone_number(pl.lit(text), None, country)).item()
    return Person(frozenset({text}), phones=frozenset({number} if number else ()))


def _identifiers(project: Project, scratch: Path) -> pl.DataFrame:
    """customer_id, id, email, phone of everybody in the shop's files, in one or more rows each."""
    problems = Problems()
    catalog = recognise(project, frozenset(), problems)
    problems.stop()
    needed = {
        name: frozenset({"customer_id", *({"email", "phone"} & table.given)})
        for name, table in catalog.tables.items()
        if table.by_person and name not in HISTORY
    }
    tables = read_tables(project, catalog, needed, scratch, problems)
    rows = identifiers_today(tables).collect(engine="streaming")
    missing = [name for name in ("id", "email", "phone") if name not in rows.columns]
    return rows.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)


def _columns(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("customer_id", "email", "phone")


def _ids(today: pl.DataFrame, customer: str, typed: Person) -> list[str]:
    """The customers of today that have what was typed: as their id, else as another id or email, else as phone."""
    ways = [
        pl.col("customer_id").is_in(list(typed.ids)),
        pl.col("id").is_in(list(typed.ids)) | pl.col("email").str.to_lowercase().is_in(list(typed.emails)),
        pl.col("phone").is_in(list(typed.phones)),
    ]
    found = (today.filter(way.fill_null(value=False))["customer_id"].unique().sort().to_list() for way in ways)
    return next((ids for ids in found if ids), [])


def _remembered(project: Project, customer: str, typed: Person) -> Person:
    """Somebody who is not in the files: a phone means the one person that is remembered to have had it."""
    if not typed.phones:
        return typed
    (number,) = typed.phones
    ids = who_has_phone(project.history, project.output, number, make_salt(project.history))
    if customer in ids:
        return typed
    _refuse_several(customer, ids)
    return typed | Person(frozenset(ids))


def _refuse_several(customer: str, ids: Sequence[str]) -> None:
    if len(ids) > 1:
        shown = ", ".join(ids[:MOST_SHOWN]) + (", ..." if len(ids) > MOST_SHOWN else "")
        message = f"{len(ids)} customers have '{customer}': {shown}."
        raise RecipeError([Problem(message, hint="Nothing was erased. Name one of them by id.")])
