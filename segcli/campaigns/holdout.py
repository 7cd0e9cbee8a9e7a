"""Who is held out of a campaign: a share of its customers, the same ones for as long as the share stays."""

from __future__ import annotations

import polars as pl
import polars_hash as plh

BETWEEN = "\x1f"  # stands in no campaign's name, so that no two pairs are hashed alike
DIGITS = 13  # of the hash, in base 16: 52 bits, which a float holds exactly
PLACES = float(2 ** (4 * DIGITS))


def held_out(campaign: str = "campaign", customer: str = "customer_id", share: str = "holdout") -> pl.Expr:
    """True for customers whose place between 0 and 1 in the campaign lies below the share.

    The place is the SHA-256 of campaign and customer, so it is the same on every machine and in every run, and a
    larger share holds out the same customers and more.
    """
    name = plh.concat_str(pl.col(campaign), pl.lit(BETWEEN), pl.col(customer))
    digest: pl.Expr = name.chash.sha2_256()
    place = digest.str.slice(0, DIGITS).str.to_integer(base=16).cast(pl.Float64) / PLACES
    return place < pl.col(share)
