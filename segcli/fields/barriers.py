"""What needs the whole base at once: cut points of scores, and numbers across all customers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.fields.nodes import AcrossNode, ScoreNode

Person = Callable[[Sequence[str]], pl.LazyFrame]


@dataclass(frozen=True)
class CutPoints:
    """The sorted cut points of one score; `quantiles` tells whether the data or the recipe chose them."""

    name: str
    values: pl.Series
    quantiles: bool


def cut_points(node: ScoreNode, person: Person) -> CutPoints:
    """The recipe's cuts, or the quantiles k/bins of the values: of the `lower` kind, so each is a value
    that exists (the sorted value at position floor((n - 1) * k / bins)).

    `person` gives the whole base as a lazy frame with the columns asked for.
    """
    definition = node.definition
    if definition.cuts is not None:
        return CutPoints(node.name, pl.Series(node.name, definition.cuts, strict=False), quantiles=False)
    bins = definition.bins or 1
    values = (
        person(sorted(node.needs))
        .sql(f"select {node.value} as value from self" + (f" where {node.among}" if node.among else ""))
        .drop_nulls()
        .collect(engine="streaming")
        .to_series()
        .sort()
    )
    positions = [(len(values) - 1) * k // bins for k in range(1, bins)] if len(values) else []
    return CutPoints(node.name, values.gather(positions).alias(node.name), quantiles=True)


def scored(node: ScoreNode, cuts: CutPoints, person: pl.DataFrame) -> pl.Series:
    """Each customer's score: one plus the number of cut points below the value, turned round where low is
    best. Null where there is no value or the customer is not among those scored."""
    among = f"({node.among})" if node.among else "true"
    frame = person.lazy().sql(f"select {node.value} as value, {among} as among from self").collect()
    value = frame["value"]
    # search_sorted from the left counts the cut points strictly below a value.
    below = pl.select(
        pl.lit(cuts.values.cast(pl.Float64)).search_sorted(pl.lit(value.cast(pl.Float64)), side="left")
    ).to_series().cast(pl.Int64) if len(value) else pl.Series([], dtype=pl.Int64)  # fmt: skip
    highest = len(cuts.values) + 1
    score = below + 1 if node.definition.best == "high" else highest - below
    counted = value.is_not_null() & frame["among"].fill_null(value=False)
    return pl.select(pl.when(counted).then(score).alias(node.name)).to_series()


def across(node: AcrossNode, person: Person) -> pl.DataFrame:
    """One row (column: the node's name), or one per value of the field `by`, which comes first."""
    by = node.definition.by
    where = f" where {node.among}" if node.among else ""
    columns = f'"{by}", ' if by else ""
    group = f' group by "{by}"' if by else ""
    return (
        person(sorted(node.needs))
        .sql(f'select {columns}{node.value} as "{node.name}" from self{where}{group}')
        .collect(engine="streaming")
    )


def joined(node: AcrossNode, found: pl.DataFrame, person: pl.DataFrame) -> pl.Series:
    """The number of each customer: the base's, or that of the customer's group."""
    by = node.definition.by
    if by is None:
        value = found.item() if found.height else None
        return pl.Series(node.name, [value], dtype=node.dtype).new_from_index(0, person.height)
    return person.select(by).join(
        found, on=by, how="left", nulls_equal=True, maintain_order="left"
    )[node.name].cast(node.dtype)  # fmt: skip


def save_frame(frame: pl.DataFrame, path: Path) -> None:
    """Scratch between barriers: read once or twice and thrown away, so quick to write beats small.

    In batches, so that a part can be read without the rest.
    """
    frame.write_ipc(path, compression="lz4", record_batch_size=8_192)
