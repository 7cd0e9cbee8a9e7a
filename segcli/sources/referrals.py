"""A `referral` event for everybody whom a customer brought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from segcli.sources.identity import People

SCHEMA = pl.Schema({"customer_id": pl.String(), "at": pl.Datetime("us"), "event": pl.String()})


def resolve_referrers(people: Sequence[pl.LazyFrame], identities: People) -> tuple[pl.DataFrame, int]:
    """customer_id (of the new customer), referrer, created_at; and how many name a referrer nobody knows.

    A referrer is named by any customer_id or email of theirs; nobody refers themselves.
    """
    whole = pl.concat(list(people))
    columns = whole.collect_schema()
    if "referred_by" not in columns:
        return pl.DataFrame(schema={"customer_id": pl.String(), "referrer": pl.String(), "created_at": SCHEMA["at"]}), 0
    created = pl.col("created_at") if "created_at" in columns else pl.lit(None, SCHEMA["at"])
    referred = (
        whole.filter(pl.col("referred_by").is_not_null())
        .select("customer_id", created.alias("created_at"), given="referred_by")
        .collect()
    )
    found = referred
    for name in ("customer_id", "email"):
        keys = identities.keys[name].rename({"identifier": "given", "person": f"by_{name}"})
        found = found.join(keys, on="given", how="left")
    if "email" in columns:
        asked = found.lazy().select(email="given").unique()
        addresses = whole.select("email", by_address="customer_id").join(asked, on="email", how="semi")
        first = addresses.group_by("email").agg(pl.col("by_address").min()).collect()
        found = found.join(first, left_on="given", right_on="email", how="left")
    else:
        found = found.with_columns(by_address=pl.lit(None, pl.String))
    found = found.with_columns(referrer=pl.coalesce("by_customer_id", "by_email", "by_address", "given"))
    known = (
        whole.select(referrer="customer_id")
        .join(found.lazy().select("referrer").unique(), on="referrer", how="semi")
        .collect()
    )
    found = found.join(known, on="referrer", how="semi").filter(pl.col("referrer") != pl.col("customer_id"))
    return found.select("customer_id", "referrer", "created_at"), referred.height - found.height


def referral_events(referred: pl.DataFrame, orders: Sequence[pl.LazyFrame], as_of: dt.datetime) -> pl.LazyFrame:
    """Events of the referrers, at the time when the new customer was created, else at their first order."""
    undated = referred.filter(pl.col("created_at").is_null()).select("customer_id").lazy()
    first = pl.DataFrame(schema={"customer_id": pl.String(), "first_order": SCHEMA["at"]})
    if orders and referred["created_at"].null_count():
        theirs = pl.concat([shard.filter("counts").select("customer_id", "ordered_at") for shard in orders])
        theirs = theirs.join(undated, on="customer_id", how="semi")
        first = theirs.group_by("customer_id").agg(first_order=pl.col("ordered_at").min()).collect()
    at = pl.coalesce("created_at", "first_order").alias("at")
    events = referred.join(first, on="customer_id", how="left").select(
        pl.col("referrer").alias("customer_id"), at, event=pl.lit("referral")
    )
    return events.filter(pl.col("at") <= as_of).sort("customer_id", "at").cast(SCHEMA).lazy()
