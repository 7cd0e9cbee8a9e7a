import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcli.sources.customer_order import codes, repeats, turns


def test_equal_texts_have_one_number_and_no_text_is_minus_one() -> None:
    found = codes(pl.Series(["b", "a", None, "b"]))
    assert found.to_list() == [0, 1, -1, 0]
    assert codes(pl.Series([], dtype=pl.String)).to_list() == []


def test_a_value_repeats_that_of_the_row_before() -> None:
    assert repeats(pl.Series([1, 1, 2, 1])).to_list() == [False, True, False, False]


@pytest.mark.parametrize("largest", [5, 2**62], ids=["one number", "too large for one number"])
@given(data=st.data())
def test_rows_take_turns_by_all_keys_and_stand_as_they_stood_where_those_are_equal(
    largest: int, data: st.DataObject
) -> None:
    numbers = st.integers(0, largest)
    times = st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2030, 1, 1))
    rows = data.draw(st.lists(st.tuples(numbers, times, numbers), max_size=30))
    keys = [
        pl.Series([row[0] for row in rows], dtype=pl.Int64),
        pl.Series([row[1] for row in rows], dtype=pl.Datetime("us")),
        pl.Series([row[2] for row in rows], dtype=pl.Int64),
    ]
    assert turns(keys).to_list() == sorted(range(len(rows)), key=lambda row: rows[row])
