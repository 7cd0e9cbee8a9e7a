"""Codes of one customer alone: keyed hashes, so that nobody guesses one and the same message shows the same."""

from __future__ import annotations

import polars as pl
import polars_hash as plh

from segcli.problems import DataError, Problem

# Crockford's base 32: no I, L, O, U, which are taken for 1, 0 and V when a code is read out.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
BITS = 5  # of a letter
WHOSE = ("campaign", "series", "customer_id")


def unique_codes(key: bytes, prefix: str | pl.Expr) -> pl.Expr:
    """PREFIX-XXXXXX-XXXXXX from the columns campaign, series and customer_id; no prefix, no dash before.

    The first 60 bits of HMAC-SHA256 (RFC 2104) under the key. Two of n codes are the same with a chance of about
    n^2 / 2^61 (birthday bound): 4 in 10 million for a million codes, and one guess among them hits with 1 in 10^12.
    The dash keeps spreadsheets from reading a code as a number.
    """
    # The lengths make sure that no two customers have the same text.
    parts = [part for name in WHOSE for part in (pl.col(name).str.len_bytes(), pl.lit(":"), pl.col(name))]
    digest: pl.Expr = plh.concat_str(parts).chash.hmac_sha256(key=key.decode())
    number = digest.str.head(LENGTH * BITS // 4).str.to_integer(base=16)
    letters = pl.Series(list(ALPHABET))
    spelled = [
        pl.lit(letters).gather(number // len(ALPHABET) ** place % len(ALPHABET)) for place in reversed(range(LENGTH))
    ]
    half = LENGTH // 2
    code = pl.concat_str(*spelled[:half], pl.lit("-"), *spelled[half:])
    start = pl.lit(prefix) if isinstance(prefix, str) else prefix
    return pl.concat_str(pl.when(start != "").then(start + "-").otherwise(pl.lit("")), code).alias("code")


def check_distinct(frame: pl.DataFrame) -> None:
    """Raises DataError if a code is that of two customers or series. `frame`: campaign, series, customer_id, code."""
    whose = frame.select(*WHOSE, "code").drop_nulls("code").unique()
    twice = whose.filter(pl.col("code").is_duplicated()).sort("code", *WHOSE)
    if twice.is_empty():
        return
    first, second = (f"customer {row['customer_id']} in {row['campaign']}" for row in twice.head(2).to_dicts())
    message = f"the code {twice['code'][0]} would be that of {first} and of {second}."
    hint = "Give one of the offers another `prefix`. Nothing was written."
    raise DataError([Problem(message, hint=hint, in_data=True)])
