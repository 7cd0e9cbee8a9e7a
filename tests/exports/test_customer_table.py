import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segcli.exports.customer_table import CUSTOMERS, write_customers

ROWS = 150_000


@pytest.fixture(scope="module")
def customers() -> pl.DataFrame:
    number = pl.col("n")
    return pl.DataFrame({"n": pl.int_range(ROWS, eager=True)}).select(
        customer_id=pl.format("c{}", number.cast(pl.String).str.zfill(7)),
        email=pl.when(number % 5 > 0).then(pl.format("name{}@shop.example", number)),
        share=(number * 1.1).sin(),
        interest=pl.when(number % 3 > 0).then(
            pl.concat_list(pl.format("i{}", number % 7), pl.format("a longer name {}", number % 40))
        ),
    )


def in_pieces(customers: pl.DataFrame, size: int) -> pl.DataFrame:
    return pl.concat(customers.iter_slices(size), rechunk=False)


@pytest.mark.parametrize("size", [ROWS, 65_536, 10_007])
def test_the_bytes_do_not_depend_on_the_pieces_in_which_customers_come(size, customers, tmp_path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    expected = write_customers(tmp_path / "a", in_pieces(customers, 30_000).lazy())
    found = write_customers(tmp_path / "b", in_pieces(customers, size).lazy())
    assert found == expected
    assert found.rows == ROWS
    assert_frame_equal(pl.read_parquet(tmp_path / "b" / CUSTOMERS), customers)


def test_no_customers_make_a_table_with_all_columns(customers, tmp_path) -> None:
    assert write_customers(tmp_path, customers.clear().lazy()).rows == 0
    assert_frame_equal(pl.read_parquet(tmp_path / CUSTOMERS), customers.clear())
