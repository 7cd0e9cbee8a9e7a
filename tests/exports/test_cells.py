import csv
import datetime as dt
import io
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcli.exports.cells import cell_text, finished_cells, in_utc, is_runnable, neutralised, quoted, quoted_text


def texts(series: pl.Series, **options: bool) -> list[str | None]:
    cells = cell_text(pl.col("c"), series.dtype, dates="%Y-%m-%d", times="%Y-%m-%dT%H:%M:%S", **options)
    return series.to_frame("c").select(cells).to_series().to_list()


@pytest.mark.parametrize(
    ("values", "dtype", "written"),
    [
        ([Decimal("3"), Decimal("-0.5"), None], pl.Decimal(18, 2), ["3.00", "-0.50", None]),
        ([1 / 3, 12.0, -0.0, float("inf"), None], pl.Float64, ["0.3333", "12", "0", None, None]),
        ([7, -1, None], pl.Int64, ["7", "-1", None]),
        ([True, False, None], pl.Boolean, ["true", "false", None]),
        ([dt.date(2024, 2, 29), None], pl.Date, ["2024-02-29", None]),
        ([dt.datetime(2024, 2, 29, 1, 2, 3, 400)], pl.Datetime("us"), ["2024-02-29T01:02:03"]),
        ([["a", "b"], [], None], pl.List(pl.String), ["a;b", "", None]),
    ],
)
def test_each_type_has_one_spelling(values: list[object], dtype: pl.DataType, written: list[str]) -> None:
    assert texts(pl.Series(values, dtype=dtype)) == written


def test_local_times_become_utc_also_where_the_clocks_change() -> None:
    spring, autumn = dt.datetime(2026, 3, 29, 2, 30), dt.datetime(2026, 10, 25, 2, 30)
    frame = pl.DataFrame({"at": [dt.datetime(2026, 1, 1), spring, autumn, None]})
    times = frame.select(in_utc(pl.col("at"), "Europe/Berlin").dt.strftime("%m-%dT%H:%M")).to_series()
    assert times.to_list() == ["12-31T23:00", "03-29T01:30", "10-25T00:30", None]


def test_money_has_two_decimals_even_where_it_is_an_average() -> None:
    assert texts(pl.Series([1 / 3, 12.0]), money=True) == ["0.33", "12.00"]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd()", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "-", "+"]
)
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert pl.select(neutralised(pl.lit(cell))).item() == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["+442079460001", "+44 20 7946 0001", "+1 (555) 010-0100", "-12.50", "+3", "-1,234.5", "a=b", ""]
)
def test_phones_numbers_and_everything_else_stay(cell: str) -> None:
    assert pl.select(neutralised(pl.lit(cell))).item() == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_quoted_cells_are_read_back_as_they_were(cells: list[str]) -> None:
    line = ",".join(pl.Series("c", cells, dtype=pl.String).to_frame().select(quoted(pl.col("c"), ",")).to_series())
    assert next(csv.reader(io.StringIO(line, newline="")), [""]) == cells


@pytest.mark.parametrize("cell", ["plain", "", 'a "name"', "a,b", "a;b", "two\nlines", "=1+1"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_one_cell_is_quoted_as_a_column_is(cell: str, separator: str) -> None:
    assert quoted_text(cell, separator) == pl.select(quoted(pl.lit(cell), separator)).item()


def test_cells_are_finished_as_one_after_the_other() -> None:
    texts = pl.DataFrame({"free": ["=1,2", 'a "b"', None], "number": ["-1", "2,5", None]})
    finished = finished_cells(texts, ",", ["free"])
    assert finished.to_dict(as_series=False) == {
        "free": ['"\'=1,2"', '"a ""b"""', ""],
        "number": ["-1", '"2,5"', ""],
    }
    assert finished_cells(texts, ",", [])["free"][0] == '"=1,2"'


def test_only_free_text_can_be_run() -> None:
    types = [
        pl.String(),
        pl.List(pl.String()),
        pl.Duration("us"),
        pl.Int64(),
        pl.Boolean(),
        pl.Date(),
        pl.Datetime("us"),
    ]
    assert [is_runnable(dtype) for dtype in types] == [True, True, True, False, False, False, False]
