"""Connected components of a graph given as a frame of edges, in a few joins over whole columns."""

from __future__ import annotations

import polars as pl


def connected_components(edges: pl.DataFrame) -> pl.DataFrame:
    """`node`, `label` for every node of the edges `a`, `b` (text): the smallest node it is connected with.

    Each round every group takes the smallest label at the other end of one of its edges, and chains of such
    moves are followed to their end, so that even a long path takes few rounds.
    """
    alone = (pl.len().over("a") == 1) & (pl.len().over("b") == 1)  # most records: one id, one email
    edges = edges.with_columns(alone=alone)
    pairs = edges.filter("alone").select("a", "b", label=pl.min_horizontal("a", "b"))
    labels = _spread(edges.filter(pl.col("alone").not_()).select("a", "b"))
    return pl.concat([pairs.select(node="a", label="label"), pairs.select(node="b", label="label"), labels]).unique()


def _spread(edges: pl.DataFrame) -> pl.DataFrame:
    nodes = pl.concat([edges["a"], edges["b"]]).unique().alias("node")
    labels = nodes.to_frame().with_columns(label=pl.col("node"))
    ends = edges  # the edges between groups; a group is known by its label
    while not ends.is_empty():
        smallest = pl.min_horizontal("a", "b")
        moves = (
            pl.concat([ends.select(label="a", to=smallest), ends.select(label="b", to=smallest)])
            .group_by("label")
            .agg(pl.col("to").min())
        )
        moves = _follow(moves)
        labels = _moved(labels, moves, "label")
        ends = _moved(_moved(ends, moves, "a"), moves, "b").filter(pl.col("a") != pl.col("b")).unique()
    return labels


def _follow(moves: pl.DataFrame) -> pl.DataFrame:
    """Moves whose target moves no further (pointer jumping: each round doubles the reach)."""
    while True:
        further = moves.join(moves, left_on="to", right_on="label", how="left", suffix="_next")
        jumped = further.select("label", pl.coalesce("to_next", "to").alias("to"))
        if (jumped["to"] == further["to"]).all():
            return jumped
        moves = jumped


def _moved(frame: pl.DataFrame, moves: pl.DataFrame, column: str) -> pl.DataFrame:
    found = frame.join(moves, left_on=column, right_on="label", how="left")
    return found.with_columns(pl.coalesce("to", column).alias(column)).drop("to").select(frame.columns)
