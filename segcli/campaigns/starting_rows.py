"""The rows of tables that start series: the series that each starts, and what it says for messages that name it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedRowStart
from segcli.campaigns.customers import PERSON, Customers
from segcli.campaigns.series import ID_FORMAT
from segcli.sources.tables import Tables

ROW = "row"  # what messages call the row that started the series
_KEY = [PERSON, "series"]


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
    rows = pl.concat(frames).collect(engine="streaming").sort(*_KEY, "start", maintain_order=True)
    if newest:
        rows = rows.sort("start", maintain_order=True).unique(PERSON, keep="last", maintain_order=True)
        return due.select(_KEY).join(rows.drop("series", "start"), on=PERSON, maintain_order="left")
    rows = rows.unique(_KEY, keep="last", maintain_order=True)
    return due.select(_KEY).join(rows.drop("start"), on=_KEY, maintain_order="left")
