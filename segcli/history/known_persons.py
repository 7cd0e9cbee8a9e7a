"""Everything by which one person is known: in the shop's files, by the hashes of the history, and in past runs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.history.csv_records import text_of
from segcli.history.folders import ANY_RUN
from segcli.history.identity import digest
from segcli.history.past_runs import committed_runs
from segcli.history.tables import MEMBERS_FILE, PEOPLE, PEOPLE_FILE, SENDS_FILE, STATE_FILE, empty
from segcli.history.traces import Person, kind_of_header

IDENTIFIERS = ("customer_id", "email", "phone")
MOST_ROUNDS = 10
_ROWS: dict[str, pl.DataType] = dict.fromkeys(IDENTIFIERS, pl.String())


@dataclass(frozen=True)
class KnownPerson:
    """A person with the digests of all their identifiers, also of those that are nowhere to be read any more.

    `found`: something in the history or in a past run was theirs.
    """

    person: Person
    digests: frozenset[str]
    found: bool


def known_person(
    history: Path, out: Path, named: Person, salt: str, *,
    others: pl.DataFrame | None = None, digests: frozenset[str] = frozenset(),
) -> KnownPerson:  # fmt: skip
    """Everything that history and past runs know of who is `named`, or is meant by `digests`.

    A row belongs to them by id or email; a phone alone may be a family's. `others` (customer_id, email, phone) are
    the shop's other customers of today: who is one of them is somebody else, and an email or phone that one of them
    has today is left to them. With `digests` nothing is theirs that has none of these.
    """
    rows = pl.concat([_rows_of_history(history), *_rows_of_runs(out)]).unique().collect(engine="streaming")
    rows = rows.with_columns(digest(name, name, salt).alias(f"{name}_digest") for name in IDENTIFIERS)
    elsewhere = Person() if others is None else _person(others, pl.Series(dtype=pl.String), None)
    strangers = sorted(elsewhere.ids)
    rows = rows.filter(pl.col("customer_id").is_in(strangers).fill_null(value=False).not_())
    people = _people(history).filter(~pl.col("customer_id").is_in(strangers))
    person, known = named, set(digests)
    for _ in range(MOST_ROUNDS):
        own = _digests(person, salt)
        held = people.filter(pl.col("digest").is_in(list(own["customer_id"] | own["email"])))["customer_id"]
        known |= own["customer_id"] | own["email"] | own["phone"]
        if not digests:
            known |= set(people.filter(pl.col("customer_id").is_in(held.implode()))["digest"])
        by = [
            pl.col("customer_id_digest").is_in(list(known)), pl.col("email_digest").is_in(list(known)),
            pl.col("phone_digest").is_in(list(known)) & pl.col("customer_id").is_null() & pl.col("email").is_null(),
        ]  # fmt: skip
        found = rows.filter(pl.any_horizontal(each.fill_null(value=False) for each in by))
        grown = person | _person(found, held, digests or None) | named
        grown = Person(grown.ids, grown.emails - elsewhere.emails, grown.phones - elsewhere.phones)
        if grown == person:
            break
        person = grown
    of_others = _digests(elsewhere, salt)
    theirs = frozenset(known - of_others["email"] - of_others["phone"])
    return KnownPerson(person, theirs, found=not (found.is_empty() and held.is_empty()))


def who_has_phone(history: Path, out: Path, phone: str, salt: str) -> list[str]:
    """The customer_ids that the history and past runs know a phone number of, sorted."""
    hashed = pl.select(phone=pl.lit(phone)).select(digest("phone", "phone", salt)).item()
    rows = pl.concat([pl.LazyFrame(schema=_ROWS), *_rows_of_runs(out)])
    named = rows.filter(pl.col("phone") == phone).select("customer_id").drop_nulls().unique()
    ids = set(named.collect(engine="streaming")["customer_id"])
    return sorted(ids | set(_people(history).filter(pl.col("digest") == hashed)["customer_id"]))


def _person(rows: pl.DataFrame, holders: pl.Series, allowed: frozenset[str] | None) -> Person:
    def values(name: str) -> frozenset[str]:
        kept = rows if allowed is None else rows.filter(pl.col(f"{name}_digest").is_in(list(allowed)))
        return frozenset(kept[name].drop_nulls())

    emails = frozenset(map(str.lower, values("email")))
    return Person(values("customer_id") | frozenset(holders), emails, values("phone"))


def _digests(person: Person, salt: str) -> dict[str, set[str]]:
    names = {"customer_id": person.ids, "email": person.emails, "phone": person.phones}
    return {
        kind: set(pl.DataFrame({kind: sorted(found)}, {kind: pl.String}).select(digest(kind, kind, salt)).to_series())
        for kind, found in names.items()
    }


def digests_of_person(person: Person, salt: str) -> frozenset[str]:
    """The salted hashes of all their ids, emails and phones."""
    return frozenset().union(*_digests(person, salt).values())


def _people(history: Path) -> pl.DataFrame:
    """PEOPLE of the newest run that has it."""
    for run in reversed(committed_runs(history)):
        if run.has(PEOPLE_FILE):
            return run.scan(PEOPLE_FILE).collect(engine="streaming")
    return empty(PEOPLE).collect()


def _rows_of_history(history: Path) -> pl.LazyFrame:
    """The ids in every table of the history."""
    parts = [pl.LazyFrame(schema=_ROWS)]
    for file in (SENDS_FILE, STATE_FILE, MEMBERS_FILE, PEOPLE_FILE):
        paths = [run.path(file) for run in committed_runs(history) if run.has(file)]
        if paths:
            parts.append(pl.scan_parquet(paths, glob=False).select("customer_id").unique())
    return pl.concat(parts, how="diagonal")


def run_folders(out: Path) -> list[Path]:
    """The folders of all runs in the output folder, rehearsals too."""
    if not out.is_dir():
        return []
    return sorted(path for path in out.iterdir() if ANY_RUN.fullmatch(path.name) and path.is_dir())


def _rows_of_runs(out: Path) -> Iterator[pl.LazyFrame]:
    """customer_id, email, phone of everybody in the folders of runs."""
    for folder in run_folders(out):
        for path in sorted(folder.rglob("*.parquet")):
            table = pl.scan_parquet(path, glob=False)
            names = [name for name in IDENTIFIERS if name in table.collect_schema()]
            if names:
                yield _typed(table.select(names))
        # Lists of segments hold nobody who is not in the run's customers.parquet.
        for path in sorted((folder / "campaigns").rglob("*.csv")):
            yield _typed(_identifiers_of_list(path))


def _identifiers_of_list(path: Path) -> pl.LazyFrame:
    text, _, _ = text_of(path.read_bytes())
    separator = max((";", "\t", ","), key=text.partition("\n")[0].count)
    rows = pl.read_csv(io.BytesIO(text.encode()), separator=separator, infer_schema=False, truncate_ragged_lines=True)
    kinds = {name: kind for name in rows.columns if (kind := kind_of_header(name)) in IDENTIFIERS}
    columns = {kind: pl.col(name).str.strip_prefix("'") for name, kind in kinds.items()}
    return rows.lazy().select(**columns)


def _typed(rows: pl.LazyFrame) -> pl.LazyFrame:
    names = rows.collect_schema().names()
    return rows.select(
        pl.col(name).cast(pl.String) if name in names else pl.lit(None, pl.String).alias(name) for name in IDENTIFIERS
    )
