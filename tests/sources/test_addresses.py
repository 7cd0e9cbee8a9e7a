"""Which addresses can be written to: the fast way says what the libraries say."""

from __future__ import annotations

import phonenumbers
import polars as pl
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from segcli.sources.addresses import (
    LONG_LABEL,
    PLAIN_EMAIL,
    SPECIAL_DOMAIN,
    valid_emails,
    valid_phones,
    with_valid_addresses,
)

TRICKY = {
    "ada@example.com": True,
    "ADA@EXAMPLE.COM": True,
    "ada.b+news@mail.example.co.uk": True,
    "o'neill@example.com": True,
    "ada@sub-domain.example.com": True,
    "ada@xn--mller-kva.example.com": True,
    "müller@example.com": True,
    "ada@müller.example.com": True,
    "a" * 70 + "@example.com": True,  # long before the sign: unusual, and the library takes it
    "ada": False,
    "ada@": False,
    "@example.com": False,
    "ada@example": False,
    "ada@localhost": False,
    "ada@shop.local": False,
    "ada@shop.test": False,
    "ada@example.com.": False,
    ".ada@example.com": False,
    "ada.@example.com": False,
    "a..da@example.com": False,
    "ada@-example.com": False,
    "ada@example-.com": False,
    "ada@exa_mple.com": False,
    "ada@ab--cd.example.com": False,
    "ada@example.c0m": True,
    "ada@example.123": False,
    "ada@[192.0.2.1]": False,
    '"ada b"@example.com': False,
    "Ada <ada@example.com>": False,
    "ada@example.com,ben@example.com": False,
    "ada @example.com": False,
    "ada@exam ple.com": False,
    "ada@example.com\n": False,
    "ada@" + "a" * 64 + ".com": False,
    "ada@" + "a" * 63 + ".com": True,
    "ada@" + ".".join(["a" * 60] * 4) + ".abcdefghij": False,
    "a" * 243 + "@example.com": False,
    "ada＠example.com": False,
    "null": False,
    "5555555555": False,
}


@pytest.mark.parametrize(("address", "valid"), TRICKY.items())
def test_an_address_is_valid_if_email_validator_takes_it(address: str, valid: bool) -> None:
    assert library_takes(address) == valid
    assert valid_emails(pl.Series([address])).to_list() == [valid]


LETTERS = "ab9.-_+'@ \n\"[]<>xXnü\u0301＠"
PARTS = st.lists(
    st.sampled_from([*LETTERS, "xn--", "..", "com", "local", "test", "arpa", "example.", "a" * 62]), max_size=12
)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(PARTS.map("".join), PARTS.map("".join), st.sampled_from(["", ".com", ".test", ".c"]))
@example("a", "a-", ".com")
@example("a" * 240, "example", ".com")
def test_what_the_fast_way_takes_the_library_takes(before: str, behind: str, end: str) -> None:
    address = f"{before}@{behind}{end}"
    found = pl.DataFrame({"a": [address]}).select(
        plain=pl.col("a").str.contains(PLAIN_EMAIL),
        special=pl.col("a").str.contains(SPECIAL_DOMAIN),
        long=pl.col("a").str.contains(LONG_LABEL),
    )
    if found.row(0) == (True, False, False) and len(address) <= 254:
        assert library_takes(address)
    assert valid_emails(pl.Series([address])).item() == library_takes(address)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(st.emails())
def test_any_address_gets_the_librarys_answer(address: str) -> None:
    assert valid_emails(pl.Series([address])).item() == library_takes(address)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["1", "7", "33", "39", "44", "49", "54", "84", "90", "290", "800", "881", "999", "210"]),
    st.text("0123456789", min_size=0, max_size=13),
)
def test_a_number_is_valid_if_phonenumbers_knows_its_length(code: str, rest: str) -> None:
    number = f"+{code}{rest}"
    assert valid_phones(pl.Series([number])).item() == library_knows(number)


def test_a_number_has_as_many_digits_as_numbers_of_its_country() -> None:
    numbers = pl.Series(
        ["+905321112233", "+90532111223", "+447700900123", "+12025550123", "+1202555012", "+999123456", None]
    )
    assert_series_equal(
        valid_phones(numbers), pl.Series([True, False, True, True, False, False, None]), check_names=False
    )


def test_no_address_is_neither_valid_nor_invalid_and_only_what_is_wanted_is_looked_at() -> None:
    people = pl.DataFrame({"email": ["ada@example.com", None, "no"], "phone": [None, "+12025550123", "x"]})
    expected = people.with_columns(email_valid=pl.Series([True, None, False]))
    assert_frame_equal(with_valid_addresses(people, {"email_valid"}), expected)
    expected = people.with_columns(phone_valid=pl.Series([None, True, False]))
    assert_frame_equal(with_valid_addresses(people, {"phone_valid"}), expected)


def test_nobody_with_an_address_is_no_trouble() -> None:
    nobody = pl.Series([None, None], dtype=pl.String)
    assert valid_emails(nobody).to_list() == [None, None]
    assert valid_phones(nobody).to_list() == [None, None]


def library_takes(address: str) -> bool:
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def library_knows(number: str) -> bool:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
