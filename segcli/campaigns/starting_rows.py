"""The rows of tables that start series: the series that each starts, and what it says for messages that name it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedRowStart
from segcli.campaigns.customers import PERSON, Customers
from segcli.campaigns.series import ID_FORMAT, KEY, SAME_START, WHOSE
from segcli.campaigns.terms import Terms
from segcli.sources.tables import Tables

ROW = "row"  # what messages call the row that started the series
_KEY = [PERSON, "series"]


def with_known_series(
    rows: pl.DataFrame, state: pl.DataFrame, terms: Terms, tables: Tables, customers: Customers
) -> pl.DataFrame:
    """The rows (campaign, customer_id, series, start) with `row_id`, what their table calls each, and in `series` what
    the state calls it.

    Not every id stays: that of a cart that was worked out from events changes where an order comes late that was
    before it, and where two people turn out to be one. So a row that the state does not know, and that is within a
    day of a series that was served and whose own row is there no more, is the row of that series.
    """
    rows = rows.with_columns(row_id="series")
    starts = {each.name: each.start for each in terms.campaigns if isinstance(each.start, CheckedRowStart)}
    with_ids = pl.col("campaign").is_in([name for name, start in starts.items() if start.row_id is not None])
    served = state.filter(with_ids, pl.col("message_at").is_not_null()).select(*WHOSE, known="series", was="start")
    spans = terms.of_campaigns.select("campaign", "span")
    recent = rows.join(spans, on="campaign").filter(pl.col("start") + pl.col("span") >= terms.as_of)  # of use today
    near = _near_another(recent.join(served, on=WHOSE), state)
    gone = _without_a_row(near.select(served.columns).unique(), rows)
    gone = gone.join(_rows_of_others(gone, starts, tables), on=["campaign", "known"], how="anti")
    if gone.is_empty():
        return rows
    # A row that starts nothing today, as a cart that was bought, may be the one that did.
    there = pl.concat(
        found.select(pl.lit(name).alias("campaign"), PERSON, "series", "start", row_id="series")
        for (name,), some in gone.partition_by("campaign", as_dict=True).items()
        for found in starting_rows_of(
            replace(starts[str(name)], where=None), some.lazy().select(PERSON).unique(), tables, customers
        )
    ).collect(engine="streaming")  # fmt: skip
    renamed = _near_another(there.join(_without_a_row(gone, there), on=WHOSE), state)
    for one in ("row_id", "known"):
        renamed = renamed.sort("apart", *WHOSE, "row_id", "known")
        renamed = renamed.unique([*WHOSE, one], keep="first", maintain_order=True)
    row = [*WHOSE, "row_id"]
    found = rows.join(renamed.select(*row, "known"), on=row, how="left", maintain_order="left")
    return once_each(found.with_columns(pl.coalesce("known", "series").alias("series")).drop("known"))


def once_each(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in order, of each series of a customer the latest."""
    rows = rows.sort(*KEY, "start")
    # They have to be in order anyway, and so the latest of an id is the last before the next id.
    last = pl.any_horizontal(pl.col(name) != pl.col(name).shift(-1) for name in KEY)
    return rows.filter(last.fill_null(value=True))


def _near_another(pairs: pl.DataFrame, state: pl.DataFrame) -> pl.DataFrame:
    """Of the pairs of a row and a served series those within a day where the state does not know the row."""
    pairs = pairs.with_columns(apart=(pl.col("start") - pl.col("was")).abs())
    return pairs.filter(pl.col("apart") <= SAME_START).join(state, on=KEY, how="anti")


def _rows_of_others(gone: pl.DataFrame, starts: Mapping[str, CheckedRowStart], tables: Tables) -> pl.DataFrame:
    """campaign, known: the rows that are another customer's today; who had them before is not told by another row."""
    found = [pl.DataFrame(schema={"campaign": pl.String(), "known": pl.String()})]
    for (name,), some in gone.partition_by("campaign", as_dict=True).items():
        start = starts[str(name)]
        for shard in tables[start.table].shards:
            rows = shard.select(known=pl.col(str(start.row_id)).cast(pl.String), owner=PERSON)
            of_others = rows.join(some.lazy(), on="known").filter(pl.col("owner") != pl.col(PERSON))
            found.append(of_others.select("campaign", "known").collect(engine="streaming"))
    return pl.concat(found).unique()


def _without_a_row(served: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The served series whose row is not among the rows, or bears an earlier time now: the rest of it is another."""
    own = rows.select(*WHOSE, known="row_id", now="start")
    has_one = served.join(own, on=[*WHOSE, "known"]).filter(pl.col("now") >= pl.col("was"))
    return served.join(has_one, on=[*WHOSE, "known"], how="anti")


def starting_rows_of(
    start: CheckedRowStart, people: pl.LazyFrame, tables: Tables, customers: Customers, *shown: pl.Expr
) -> Iterator[pl.LazyFrame]:
    """customer_id, series, start of the rows that start a series for these people (customer_id), shard by shard, and
    what is to be shown of each row; an id may be there more than once."""
    table = tables[start.table]
    fields = sorted((start.where.names if start.where else frozenset()) - table.columns.keys())
    moment = pl.col(start.at).cast(pl.Datetime("us"))
    series = pl.col(start.row_id) if start.row_id else moment.dt.strftime(ID_FORMAT)
    for shard in table.shards:
        rows = shard.join(people.select(PERSON), on=PERSON, how="semi")
        if fields:
            rows = rows.join(customers.frame.select(PERSON, *fields), on=PERSON, how="left")
        if start.where is not None:
            rows = rows.sql(f"select * from self where {start.where.sql}")
        found = rows.select(PERSON, series.cast(pl.String).alias("series"), moment.alias("start"), *shown)
        yield found.drop_nulls([*_KEY, "start"])


def rows_behind(
    start: CheckedRowStart, due: pl.DataFrame, columns: Collection[str], tables: Tables, customers: Customers,
    *, newest: bool = False,
) -> pl.DataFrame:  # fmt: skip
    """customer_id, series and `row`, a struct of these columns of the row that started the series, for due steps that
    have one; a column that no file has is null.

    The latest of several with one id. `newest` takes each customer's newest row in place of the one that started the
    series: for looking at a message that is not due.
    """
    table = tables[start.table]
    present, types = table.shards[0].collect_schema(), table.columns
    row = (pl.col(name) if name in present else pl.lit(None, types[name]).alias(name) for name in sorted(columns))
    frames = starting_rows_of(start, due.lazy(), tables, customers, pl.struct(row).alias(ROW))
    rows = pl.concat(frames).collect(engine="streaming").rename({"series": "row_id"})
    if newest:
        rows = rows.sort("start", PERSON, "row_id", maintain_order=True)
        rows = rows.unique(PERSON, keep="last", maintain_order=True)
        return due.select(_KEY).join(rows.drop("row_id", "start"), on=PERSON, maintain_order="left")
    key = [PERSON, "row_id"]
    rows = rows.sort(*key, "start", maintain_order=True).unique(key, keep="last", maintain_order=True)
    found = due.select(*_KEY, "row_id").join(rows.drop("start"), on=key, maintain_order="left")
    return found.drop("row_id")
