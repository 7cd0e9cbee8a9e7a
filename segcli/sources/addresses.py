"""Addresses that can be written to: email-validator's rules of spelling, and the lengths of phonenumbers.

Nearly all addresses are plain; those are told by regular expressions over whole columns. The libraries look at the
distinct rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import phonenumbers
import polars as pl
from phonenumbers.phonemetadata import PhoneMetadata

# Every address of this shape is one that email-validator takes: a dot-atom (RFC 5322 3.2.3) before the sign, and behind
# it labels of a host name (RFC 1123 2.1) that end in a top-level domain of letters. Two hyphens in a row are
# punycode (RFC 5891) or nothing, which is for the library to say.
_ATOM = r"[a-zA-Z0-9_!#$%&'*+\-/=?^`{|}~]+"
_LABEL = r"[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*"
PLAIN_EMAIL = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[a-zA-Z]{{2,63}}$"
LONG_LABEL = r"@.*[a-zA-Z0-9-]{64}"
# Top-level domains that lead nowhere outside of a house (RFC 6761, 6762, 7686).
SPECIAL_DOMAIN = r"(?i)\.(?:arpa|invalid|local|localhost|onion|test)$"
LONGEST_EMAIL = 254  # octets, RFC 5321 4.5.3.1.3
LONGEST_DOMAIN = 253  # octets, RFC 1035 2.3.4

E164_PARTS = r"^\+(?<code>{codes})(?<number>[1-9][0-9]*)$"


def with_valid_addresses(people: pl.DataFrame, wanted: Collection[str]) -> pl.DataFrame:
    """Adds email_valid and phone_valid, as far as wanted: true or false, null where there is no address."""
    checks = {"email_valid": ("email", valid_emails), "phone_valid": ("phone", valid_phones)}
    found = [
        check(people[address]).alias(name)
        for name, (address, check) in checks.items()
        if name in wanted and address in people.columns
    ]
    return people.with_columns(found)


def valid_emails(addresses: pl.Series) -> pl.Series:
    """Whether email-validator (which asks no name server here) takes each address; null stays null."""
    address = pl.col("address")
    plain = (
        address.str.contains(PLAIN_EMAIL)
        & address.str.contains(SPECIAL_DOMAIN).not_()
        & address.str.contains(LONG_LABEL).not_()
        & (address.str.len_bytes() <= LONGEST_EMAIL)
        & (address.str.len_bytes() - address.str.find("@", literal=True) - 1 <= LONGEST_DOMAIN)
    )
    known = pl.when(plain).then(True).when(address.str.contains("@", literal=True).not_()).then(False)
    return _with_rest(addresses, known, _is_email)


def valid_phones(numbers: pl.Series) -> pl.Series:
    """Whether each E.164 number has a length that numbers of its country have; null stays null.

    That is phonenumbers' "possible", not its "valid": which ranges are given out changes faster than its data.
    """
    number, prefixes = pl.col("address"), numbers.str.slice(1, 3).drop_nulls().unique().to_list()
    lengths = _lengths(prefixes)
    if not lengths:
        return _with_rest(numbers, pl.lit(None, pl.Boolean), _is_phone)
    parts = number.str.extract_groups(E164_PARTS.format(codes="|".join(sorted(lengths))))
    digits = parts.struct.field("number").str.len_bytes()
    code = parts.struct.field("code")
    fits = pl.any_horizontal((code == known) & digits.is_in(counts) for known, counts in sorted(lengths.items()))
    return _with_rest(numbers, pl.when(fits).then(True), _is_phone)


def _with_rest(addresses: pl.Series, known: pl.Expr, look: Callable[[str], bool]) -> pl.Series:
    """What is known by whole columns; each distinct address that is not is looked at once."""
    frame = addresses.to_frame("address").select("address", known=known)
    rest = frame.filter(pl.col("known").is_null()).get_column("address").drop_nulls().unique()
    if rest.is_empty():
        return frame.get_column("known")
    looked = pl.Series([look(address) for address in rest], dtype=pl.Boolean)
    told = pl.col("address").replace_strict(rest, looked, default=None, return_dtype=pl.Boolean)
    return frame.select(pl.coalesce("known", told)).to_series()


def _is_email(address: str) -> bool:
    from email_validator import EmailNotValidError, validate_email  # 0.1 s, and most files need no second look

    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _is_phone(number: str) -> bool:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE


def _lengths(prefixes: Collection[str]) -> dict[str, list[int]]:
    """Calling code -> how many digits may follow it, for the codes with which these beginnings may begin."""
    lengths = {}
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        if any(prefix.startswith(str(code)) for prefix in prefixes):
            metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
            general = metadata and metadata.general_desc
            lengths[str(code)] = list(general.possible_length) if general else []
    return lengths
