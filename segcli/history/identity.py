"""Who a person of the history is today: by salted hashes of every id, email and phone that was ever seen of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import polars_hash as plh

from segcli.history.tables import PEOPLE
from segcli.problems import DataError, Problem

FORGOTTEN = "forgotten.parquet"  # digest: of the ids, emails and phones of those who asked to be forgotten
DIGEST_LENGTH = 32  # hexadecimal digits: 128 bits
IDENTIFIERS = ("customer_id", "email", "phone")  # in the order in which they are trusted


def digest(identifier: str, kind: str, salt: str) -> pl.Expr:
    """The salted SHA-256 of a column of ids, emails or phones, cut to 128 bits; null of null."""
    text = plh.concat_str(pl.lit(f"{salt}:{kind}:"), pl.col(identifier))
    hashed: pl.Expr = text.chash.sha2_256()
    return hashed.str.head(DIGEST_LENGTH)


def digests_of(current: pl.LazyFrame, salt: str) -> pl.LazyFrame:
    """digest, customer_id, rank: of every id (0), email (1) and phone (2) in a frame of customers.

    `current` has customer_id, perhaps email and phone, and perhaps `id`: another id of the same customer.
    """
    columns = current.collect_schema()
    kinds = {name: name for name in IDENTIFIERS} | {"id": "customer_id"}
    parts = [
        current.filter(pl.col(name).is_not_null()).select(
            digest(name, kind, salt).alias("digest"), "customer_id", rank=pl.lit(IDENTIFIERS.index(kind), pl.Int64)
        )
        for name, kind in kinds.items()
        if name in columns
    ]
    return pl.concat(parts)


def resolve(people: pl.LazyFrame, current: pl.LazyFrame, salt: str, ids: pl.LazyFrame | None = None) -> pl.DataFrame:
    """old_id, customer_id: who the people of the history are today, where that is somebody of another id.

    An id that there still is stays. Else the person is who has the same id among others (`id`), else the email, else
    (of who has no email) the phone; of several the one with the smallest id. `current` is as for `digests_of`.
    `ids` (old_id) are those of older runs, of whom PEOPLE may know a later id; by default those in PEOPLE itself.
    """
    there = current.select("customer_id").unique()
    asked = people.select(old_id="customer_id") if ids is None else ids.select("old_id")
    gone = asked.unique().join(there, left_on="old_id", right_on="customer_id", how="anti")
    gone = gone.collect(engine="streaming").lazy()
    if gone.select(pl.len()).collect().item() == 0:
        return pl.DataFrame(schema={"old_id": pl.String(), "customer_id": pl.String()})
    holders = gone.with_columns(digest=digest("old_id", "customer_id", salt))
    holders = holders.join(people.rename({"customer_id": "holder"}), on="digest", how="left")
    holders = holders.select("old_id", pl.coalesce("holder", "old_id").alias("holder"), own="digest")
    columns = current.collect_schema()
    if {"email", "phone"} <= set(columns):
        current = current.with_columns(phone=pl.when(pl.col("email").is_null()).then("phone"))
    known = digests_of(current, salt).rename({"customer_id": "today"})
    seen = holders.join(people, left_on="holder", right_on="customer_id", how="inner").select("old_id", "digest")
    itself = holders.select("old_id", digest="own")  # joined to another today, whether or not PEOPLE knows it
    kept = holders.join(there, left_on="holder", right_on="customer_id", how="semi")
    candidates = [
        kept.select("old_id", today="holder", rank=pl.lit(-1, pl.Int64)),
        pl.concat([seen, itself]).unique().join(known, on="digest", how="inner").select("old_id", "today", "rank"),
    ]
    first = pl.col("today").sort_by("rank", "today").first()
    found = pl.concat(candidates).group_by("old_id").agg(first)
    renamed = found.select("old_id", customer_id="today").sort("old_id").collect(engine="streaming")
    return renamed.filter(pl.col("old_id") != pl.col("customer_id"))


def with_ids_of_today(rows: pl.LazyFrame, renamed: pl.DataFrame) -> pl.LazyFrame:
    """Rows with their customer_id replaced where `resolve` found another."""
    if renamed.is_empty():
        return rows
    order = rows.collect_schema().names()
    today = renamed.lazy().select(customer_id="old_id", __today="customer_id")
    joined = rows.join(today, on="customer_id", how="left", maintain_order="left")
    return joined.with_columns(customer_id=pl.coalesce("__today", "customer_id")).select(order)


def with_parted(
    rows: pl.LazyFrame, people: pl.LazyFrame, renamed: pl.DataFrame, current: pl.LazyFrame, salt: str
) -> pl.LazyFrame:
    """Rows of the history, and those of a joined person once more for everybody of them who is somebody else again.

    Two records are joined by an address, and an export may take that back. Nobody can tell any more which of the two
    was sent what, so each of them was. `renamed` is what `resolve` found; `current` is as for `digests_of`. Nothing is
    added for whom PEOPLE or the rows know by their own id.
    """
    parted = current.select("customer_id").unique().join(people, on="customer_id", how="anti")
    parted = parted.with_columns(digest=digest("customer_id", "customer_id", salt))
    holders = people.rename({"customer_id": "holder"})
    parted = parted.join(holders, on="digest").select("holder", parted="customer_id").unique()
    parted = parted.join(renamed.lazy(), left_on=["holder", "parted"], right_on=["old_id", "customer_id"], how="anti")
    found = parted.collect(engine="streaming")
    if found.is_empty():
        return rows
    theirs = rows.join(found.lazy(), left_on="customer_id", right_on="holder").with_columns(customer_id="parted")
    theirs = theirs.join(rows.select("customer_id").unique(), on="customer_id", how="anti")
    return pl.concat([rows, theirs.select(rows.collect_schema().names())])


def next_people(people: pl.LazyFrame, renamed: pl.DataFrame, current: pl.LazyFrame, salt: str) -> pl.LazyFrame:
    """PEOPLE after a run: all that was known of them under today's ids, and what is seen of them today.

    What somebody bears today is theirs and no more another's, who had it before or was joined to them. `renamed` is
    what `resolve` found; `current` is as for `digests_of`, without those who asked to be forgotten.
    """
    today = digests_of(current, salt).select(*PEOPLE)
    before = with_ids_of_today(people.select(*PEOPLE), renamed).join(today, on="digest", how="anti")
    return pl.concat([before, today]).unique()


def read_forgotten(folder: Path) -> pl.LazyFrame | None:
    """`digest` of everything by which those who asked to be forgotten were known, or None if nobody did.

    Raises DataError if the file cannot be read: nobody of them may be written to for that.
    """
    path = folder / FORGOTTEN
    if not path.exists():
        return None
    try:
        frame = pl.scan_parquet(path, glob=False).select(pl.col("digest").cast(pl.String))
        some = not frame.head(1).collect().is_empty()
    except (OSError, pl.exceptions.PolarsError) as error:
        hint = "Nothing was written. Put the file back from a backup: it says who must not be written to."
        raise DataError([Problem(f"the history is damaged: {path} cannot be read.", hint=hint)]) from error
    return frame if some else None


def forgotten_customers(current: pl.LazyFrame, forgotten: pl.LazyFrame, salt: str) -> pl.LazyFrame:
    """customer_id of everyone in `current` (as for `digests_of`) whose id, email or phone is among the forgotten."""
    return digests_of(current, salt).join(forgotten, on="digest", how="semi").select("customer_id").unique()
