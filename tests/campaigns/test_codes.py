import hashlib
import hmac
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.campaigns.codes import ALPHABET, check_distinct, unique_codes
from segcli.problems import DataError

KEY = b"0123456789abcdef0123456789abcdef"
Whose = tuple[str, str, str]


def codes(rows: list[Whose], key: bytes = KEY, prefix: str = "BACK") -> list[str]:
    frame = pl.DataFrame(rows, ["campaign", "series", "customer_id"], orient="row")
    return frame.select(unique_codes(key, prefix)).to_series().to_list()


def test_a_code_is_the_first_sixty_bits_of_the_keyed_hash_without_letters_that_look_alike() -> None:
    digest = hmac.new(KEY, b"7:winback2:s12:c1", hashlib.sha256).hexdigest()
    number = int(digest[:15], 16)
    letters = "".join(ALPHABET[number >> shift & 31] for shift in range(55, -1, -5))
    assert codes([("winback", "s1", "c1")]) == [f"BACK-{letters[:6]}-{letters[6:]}"]
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


def test_the_same_customer_has_the_same_code_and_every_other_another() -> None:
    rows = [("winback", "s1", "c1"), ("winback", "s2", "c1"), ("winback", "s1", "c2"), ("welcome", "s1", "c1")]
    assert codes(rows) == codes(rows)
    assert codes(rows[::-1]) == codes(rows)[::-1]
    assert len(set(codes(rows))) == 4
    assert not set(codes(rows)) & set(codes(rows, key=KEY[::-1]))


def test_names_that_run_together_are_not_the_same() -> None:
    assert len(set(codes([("ab", "c", "d"), ("a", "bc", "d"), ("a", "b", "cd"), ("a:1", "b", "c")]))) == 4


def test_a_code_without_prefix_has_no_dash_before_it() -> None:
    assert re.fullmatch(r"[0-9A-Z]{6}-[0-9A-Z]{6}", codes([("a", "b", "c")], prefix="")[0])


def test_each_row_may_have_a_prefix_of_its_own() -> None:
    frame = pl.DataFrame({"campaign": ["a"] * 2, "series": ["s"] * 2, "customer_id": ["c", "d"], "start": ["X", ""]})
    first, second = frame.select(unique_codes(KEY, pl.col("start"))).to_series()
    assert first.startswith("X-")
    assert second.count("-") == 1


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.tuples(st.text(), st.text(), st.text()), min_size=1, unique=True))
def test_any_names_have_codes_of_their_own_and_the_key_is_in_none(rows: list[Whose]) -> None:
    made = codes(rows, prefix="")
    assert len(set(made)) == len(rows)
    assert all(re.fullmatch(rf"[{ALPHABET}]{{6}}-[{ALPHABET}]{{6}}", code) for code in made)


def test_a_code_of_two_customers_stops_the_run() -> None:
    frame = pl.DataFrame(
        {"campaign": ["w"] * 4, "series": ["s"] * 4, "customer_id": ["a", "b", "a", "c"], "code": ["X", "X", "X", None]}
    )
    with pytest.raises(DataError, match="the code X would be that of customer a in w and of customer b in w"):
        check_distinct(frame)
    check_distinct(frame.filter(pl.col("customer_id") != "b"))
    check_distinct(frame.with_columns(code=pl.lit(None, pl.String)))
