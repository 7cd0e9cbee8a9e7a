"""Which version of a message a customer gets: by a hash, so that it stays the same whenever it is asked."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import polars_hash as plh

from segcli.project.campaign_models import WEIGHTS

BUCKETS = 10_000


def with_variants(due: pl.DataFrame, variants: Mapping[tuple[str, str], Mapping[str, int]]) -> pl.DataFrame:
    """The due steps with `variant`, null for a step without any; `variants` has by campaign and step the weights.

    A customer's version of a step rests on the campaign, the step and the customer alone.
    """
    there = {*due.select("campaign", "step").unique().iter_rows()}
    weighted = {step: weights for step, weights in variants.items() if weights and step in there}
    if not weighted:
        return due.with_columns(variant=pl.lit(None, pl.String))
    key = pl.concat_str("campaign", "step", "customer_id", separator="\x1f")
    digest = due.select(key=key).select(plh.col("key").chash.sha2_256()).to_series()
    bucket = digest.str.slice(0, 12).str.to_integer(base=16) % BUCKETS
    frame = due.with_columns(__bucket=bucket)
    chosen = pl.lit(None, pl.String)
    for (campaign, step), weights in weighted.items():
        version = pl.lit(None, pl.String)
        end = WEIGHTS
        for name, weight in reversed(list(weights.items())):
            version = pl.when(pl.col("__bucket") < end * BUCKETS // WEIGHTS).then(pl.lit(name)).otherwise(version)
            end -= weight
        chosen = pl.when(pl.col("campaign") == campaign, pl.col("step") == step).then(version).otherwise(chosen)
    return frame.with_columns(variant=chosen).drop("__bucket")
