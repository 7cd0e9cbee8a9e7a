"""Who is one person: records of several files joined by customer_id, then email, then phone, into one key each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segcli.sources.components import connected_components

IDENTIFIERS = ("customer_id", "email", "phone")
# An identifier that stands beside more different others than this identifies nobody.
MOST_RECORDS = 5
# What stands before an identifier inside this module: the smallest label of a group is then its key.
RANK = {"customer_id": "1", "email": "2", "phone": "3"}
# Which other columns tell that two records bearing the same identifier are of different people.
BESIDE = {
    "customer_id": ("email", "phone"),
    "email": ("customer_id", "phone"),
    "phone": ("customer_id", "email", "name"),
}


_NO_KEYS = pl.DataFrame(schema={"identifier": pl.String(), "person": pl.String()})
_NO_SHARED = pl.DataFrame(schema={"column": pl.String(), "identifier": pl.String(), "records": pl.Int64()})


@dataclass(frozen=True)
class People:
    """The key of every identifier that is not its own key.

    `keys` has per identifier column a frame of `identifier` and `person`; `person` is null where the
    identifier is shared by too many to identify anybody. `shared` lists those: column, identifier, records.
    """

    keys: Mapping[str, pl.DataFrame]
    shared: pl.DataFrame
    joined: int  # identifiers that turned out to belong to a person known by another one of the same kind


def find_people(frames: Iterable[pl.LazyFrame]) -> People:
    """Joins the records of frames that have `email` or `phone` (and perhaps customer_id and names).

    Records with one email are one person. A phone joins only groups of records that have no email: with each
    other, and with the person who has an email and that phone if there is exactly one. The key of a person
    is the smallest customer_id, else the smallest email, else the smallest phone.
    """
    frames = list(frames)
    if not frames or _nothing_joins(frames):
        return People(dict.fromkeys(IDENTIFIERS, _NO_KEYS), _NO_SHARED, 0)
    records = _records(frames)
    shared = _shared_identifiers(records)
    records = _without_shared(records, shared).select(IDENTIFIERS).unique()
    by_email = _labels_by_email(records)
    labels = _labels_by_phone(records, by_email)
    keys = {name: _keys(labels, name, shared) for name in IDENTIFIERS}
    same_kind = labels.filter(
        (pl.col("node") != pl.col("label")) & (pl.col("node").str.head(1) == pl.col("label").str.head(1))
    )
    return People(keys, shared, same_kind.height)


def with_person(frame: pl.LazyFrame, people: People) -> pl.LazyFrame:
    """Sets `customer_id` to the person's key, null when nothing in the row identifies anybody.

    Emails and phones that are shared by too many become null.
    """
    names = [name for name in IDENTIFIERS if name in frame.collect_schema()]
    own: list[pl.Expr] = []
    masks: list[pl.Expr] = []
    temporary: list[str] = []
    for name in names:
        keys = people.keys[name]
        if keys.is_empty():
            own.append(pl.col(name))
            continue
        temporary += [f"__{name}_person", f"__{name}_known"]
        lookup = keys.lazy().select(
            pl.col("identifier").alias(name), pl.col("person").alias(f"__{name}_person"),
            pl.lit(True).alias(f"__{name}_known"),
        )  # fmt: skip
        frame = frame.join(lookup, on=name, how="left")
        known, person = pl.col(f"__{name}_known"), pl.col(f"__{name}_person")
        own.append(pl.when(known).then(person).otherwise(pl.col(name)))
        if name != "customer_id":
            masks.append(pl.when(known & person.is_null()).then(None).otherwise(pl.col(name)).alias(name))
    key = pl.coalesce(own) if own else pl.lit(None, pl.String)
    return frame.with_columns(key.alias("customer_id"), *masks).drop(temporary)


def _nothing_joins(frames: Sequence[pl.LazyFrame]) -> bool:
    """Whether every record has a customer_id, email and phone of its own: the usual list of a shop.

    Looks at hashes alone: should two ever collide, the long way finds that nothing joins.
    """
    if any("customer_id" not in frame.collect_schema() for frame in frames):
        return False
    return all(_all_differ(frames, name) for name in IDENTIFIERS)


def _all_differ(frames: Sequence[pl.LazyFrame], name: str) -> bool:
    """Whether no two records have the same identifier, and each has one if it is the customer_id."""
    given = [frame.select(name) for frame in frames if name in frame.collect_schema()]
    if not given:
        return True
    number = pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash(seed=2))
    # Sorted, since a set of so many numbers takes several times their room.
    hashes = pl.concat(given).select(number).collect(engine="streaming").to_series().sort(nulls_last=True)
    if name == "customer_id" and hashes.null_count():
        return False
    return not (hashes == hashes.shift(1)).any()


def _records(frames: Iterable[pl.LazyFrame]) -> pl.DataFrame:
    parts = []
    for frame in frames:
        columns = frame.collect_schema()
        given = {name: pl.col(name) for name in IDENTIFIERS if name in columns}
        if "first_name" in columns or "last_name" in columns:
            names = [pl.col(name) for name in ("first_name", "last_name") if name in columns]
            given["name"] = pl.concat_str(names, separator=" ", ignore_nulls=True).str.to_lowercase()
        record = [given.get(name, pl.lit(None, pl.String)).alias(name) for name in (*IDENTIFIERS, "name")]
        parts.append(frame.select(record).filter(pl.any_horizontal(pl.col(IDENTIFIERS).is_not_null())).unique())
    return pl.concat(parts).unique().collect(engine="streaming")


def _shared_identifiers(records: pl.DataFrame) -> pl.DataFrame:
    found = []
    for column, others in BESIDE.items():
        often = records.group_by(column).len().filter(pl.col("len") > MOST_RECORDS, pl.col(column).is_not_null())
        beside = [pl.col(other).drop_nulls().n_unique() for other in others]
        counts = records.join(often, on=column, how="semi").group_by(column).agg(beside)
        shared = counts.select(
            column=pl.lit(column), identifier=pl.col(column), records=pl.max_horizontal(others).cast(pl.Int64)
        )
        found.append(shared.filter(pl.col("records") > MOST_RECORDS))
    return pl.concat(found).sort("column", "identifier")


def _without_shared(records: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
    if shared.is_empty():
        return records
    for column in IDENTIFIERS:
        blocked = shared.filter(pl.col("column") == column)["identifier"].implode()
        usable = pl.when(pl.col(column).is_in(blocked)).then(None).otherwise(pl.col(column))
        records = records.with_columns(usable.alias(column))
    return records.filter(pl.any_horizontal(pl.col(IDENTIFIERS).is_not_null()))


def _node(name: str) -> pl.Expr:
    return pl.lit(RANK[name]) + pl.col(name)


def _labels_by_email(records: pl.DataFrame) -> pl.DataFrame:
    """node, label: for every customer_id and email that stand together in a record."""
    edges = records.select(a=_node("customer_id"), b=_node("email")).drop_nulls().unique()
    return connected_components(edges)


def _labels_by_phone(records: pl.DataFrame, by_email: pl.DataFrame) -> pl.DataFrame:
    """node, label after phones have joined groups that have no email; nodes of their own label included."""
    names = by_email.rename({"node": "group", "label": "joined"})
    groups = (
        records.filter(pl.col("phone").is_not_null())
        .select(pl.coalesce(_node("customer_id"), _node("email")).alias("group"), phone=_node("phone"))
        .unique()
        .join(names, on="group", how="left")
        .select(pl.coalesce("joined", "group").alias("group"), "phone")
        .unique()
    )
    emailed = by_email.filter(pl.col("node").str.starts_with(RANK["email"]))["label"].implode()
    has_email = pl.col("group").str.starts_with(RANK["email"]) | pl.col("group").is_in(emailed)
    groups = groups.with_columns(has_email=has_email.fill_null(False))
    without = groups.filter(pl.col("has_email").not_())
    phone_groups = connected_components(without.select(a=pl.coalesce("group", "phone"), b="phone"))
    owners = (  # of each group without an email: the one person who has an email and one of its phones
        phone_groups.join(groups.filter("has_email"), left_on="node", right_on="phone")
        .group_by("label")
        .agg(pl.col("group").unique())
        .filter(pl.col("group").list.len() == 1)
        .select(a="label", b=pl.col("group").list.first())
    )
    final = connected_components(owners).rename({"node": "label", "label": "joined"})
    owner_nodes = final.select(node="label", label="label")
    every = pl.concat([by_email, phone_groups, owner_nodes]).unique()
    return every.join(final, on="label", how="left").select("node", pl.coalesce("joined", "label").alias("label"))


def _keys(labels: pl.DataFrame, name: str, shared: pl.DataFrame) -> pl.DataFrame:
    moved = labels.filter(
        pl.col("node").str.starts_with(RANK[name]), pl.col("node").str.slice(1) != pl.col("label").str.slice(1)
    ).select(identifier=pl.col("node").str.slice(1), person=pl.col("label").str.slice(1))
    nobody = shared.filter(pl.col("column") == name).select("identifier", person=pl.lit(None, pl.String))
    return pl.concat([moved, nobody])
