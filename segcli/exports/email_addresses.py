"""Addresses as the headers of an email hold them: ASCII, with domains in punycode."""

from __future__ import annotations

import polars as pl
from email_validator import EmailNotValidError, validate_email

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
ADDRESS = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}$"
ASCII = r"^[\x{00}-\x{7F}]*$"
LONGEST = 254  # octets, RFC 5321 4.5.3.1.3
LONGEST_LOCAL_PART = 64  # octets, RFC 5321 4.5.3.1.1
WIDE_LOCAL_PART = "the address has letters outside ASCII before the @, which many mail servers refuse"
LONG_LOCAL_PART = f"the address has more than {LONGEST_LOCAL_PART} characters before the @, which mail servers refuse"
UNFIT = "the address cannot stand in a header"
OF_ADDRESSES = (WIDE_LOCAL_PART, LONG_LOCAL_PART, UNFIT)  # reasons that nobody mends in a message


def ascii_addresses(addresses: pl.Series) -> pl.Series:
    """Each address with its domain in ASCII; null where it has no such spelling, or could be read as something else."""
    frame = addresses.alias("email").to_frame()
    wide = ~pl.col("email").str.contains(ASCII)
    if frame.select(wide.any()).item():
        domain = pl.col("email").str.extract("@([^@]+)$")
        there = frame.filter(wide).select(domain).to_series().drop_nulls().unique().to_list()
        spelt = {name: _ascii_domain(name) for name in there}
        known = domain.replace_strict(spelt, default=None, return_dtype=pl.String)
        local = pl.col("email").str.extract("^(.*)@", 1)
        frame = frame.with_columns(pl.when(wide).then(pl.concat_str(local, pl.lit("@"), known)).otherwise("email"))
    email = pl.col("email")
    # "=?" would begin an encoded word for those who look for them everywhere.
    fit = email.str.contains(ADDRESS) & (email.str.len_bytes() <= LONGEST) & ~email.str.contains("=?", literal=True)
    fit &= email.str.find("@", literal=True) <= LONGEST_LOCAL_PART
    return frame.select(pl.when(fit).then(email)).to_series()


def ascii_address(address: str) -> str | None:
    """One address as `ascii_addresses` spells it."""
    found: str | None = ascii_addresses(pl.Series([address], dtype=pl.String)).item()
    return found


def unfit_reason(email: pl.Expr) -> pl.Expr:
    """Why an address that is not null has no spelling for a header."""
    local = email.str.extract("^(.*)@", 1)
    wide, long = ~local.str.contains(ASCII), local.str.len_bytes() > LONGEST_LOCAL_PART
    return (
        pl.when(wide.fill_null(value=False)).then(pl.lit(WIDE_LOCAL_PART))
        .when(long.fill_null(value=False)).then(pl.lit(LONG_LOCAL_PART))
        .otherwise(pl.lit(UNFIT))
    )  # fmt: skip


def _ascii_domain(domain: str) -> str | None:
    try:
        return validate_email(f"someone@{domain}", check_deliverability=False, test_environment=True).ascii_domain
    except EmailNotValidError:
        return None
