"""Cells as people write them, and the typed columns they become."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcli.problems import Place, Problems
from segcli.project.models import SourceDefinition
from segcli.sources.amounts import money_steps
from segcli.sources.casting import Cells, Formats, cast_cells
from segcli.sources.stepwise import in_steps
from segcli.sources.tables import MONEY, TIME
from segcli.sources.times import time_steps
from tests.sources.inline_files import project_of, typed, typed_sources

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NOON = dt.datetime(2024, 5, 1, 12, 0)


def cast(cells: list[object], meaning: str, dtype: pl.DataType | None = None, **formats: object) -> list[object]:
    settings = {"zone": UTC, "source_zone": UTC, **formats}
    frame = pl.DataFrame({"raw": pl.Series(cells, dtype=dtype or pl.String())})
    expression = cast_cells(Cells("raw", frame.schema["raw"]), meaning, Formats(**settings))  # type: ignore[arg-type]
    return frame.lazy().select(expression.alias("out")).collect()["out"].to_list()


def orders_file(root: Path, *rows: str, header: str = "order_id;customer_id;order_date;amount") -> Path:
    path = root / "orders.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "decimal", "amount"),
    [
        ("1234.56", ".", "1234.56"),
        ("1,234.56", ".", "1234.56"),
        ("1.234,56", ",", "1234.56"),
        ("12,50 TL", ",", "12.50"),
        ("₺12,50", ",", "12.50"),
        ("$1,234", ".", "1234.00"),
        ("€ 5", ".", "5.00"),
        ("1 234,50 €", ",", "1234.50"),
        ("1'234.50 CHF", ".", "1234.50"),
        ("12.50-", ".", "-12.50"),
        ("(12.50)", ".", "-12.50"),
        ("-$3.00", ".", "-3.00"),
        ("$-3.00", ".", "-3.00"),
        (" 7 ", ".", "7.00"),
        ("350.000 ₫", ",", "350000.00"),
        ("1,00,000", ".", "100000.00"),
        ("12,-", ",", "12.00"),
        ("€ 1.250,--", ",", "1250.00"),
        ("12.– CHF", ".", "12.00"),
        ("-12,-", ",", "-12.00"),
        ("0.1", ".", "0.10"),
        ("1,5", ".", None),
        ("12.50", ",", None),
        ("1.2.3", ".", None),
        ("abc", ".", None),
        ("12 or 13", ".", None),
    ],
)
def test_amounts_are_read_exactly_or_not_at_all(text: str, decimal: str, amount: str | None) -> None:
    assert cast([text], "money", decimal=decimal) == [Decimal(amount) if amount else None]


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=2, allow_nan=False, allow_infinity=False))
def test_every_amount_survives_both_ways_of_writing_it(amount: Decimal) -> None:
    for text, decimal in (
        (f"{amount:,.2f}", "."),
        (f"{amount:,.2f}".translate(str.maketrans(",.", ".,")), ","),
    ):
        assert in_steps(pl.Series([text]), money_steps(decimal, MONEY)).cast(MONEY).to_list() == [amount]


def test_absurd_amounts_are_no_amounts() -> None:
    assert cast(["1000000000000", "1000000000001", "9" * 40], "money") == [Decimal(10**12), None, None]


def test_typed_amounts_are_rounded_to_cents() -> None:
    assert cast([11.77, 0.1 + 0.2, None], "money", pl.Float64()) == [Decimal("11.77"), Decimal("0.30"), None]
    assert cast([3], "money", pl.Int32()) == [Decimal("3.00")]


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01 12:00:00",
        "2024-05-01T12:00:00",
        "2024-05-01 12:00",
        "2024-05-01T12:00:00.000000",
        "2024-05-01 12:00:00 +0000",
        "2024-05-01T12:00:00Z",
        "2024-05-01T12:00:00+00:00",
        "2024-05-01 14:00:00 +0200",
        "2024-05-01 12:00:00 UTC",
        "2024-05-01T05:00:00.000-07:00",
        "1714564800",
        "1714564800000",
        "1714564800000000",
        "2024/05/01 12:00",
        "01.05.2024 12:00",
        "1.5.2024 12:00:00",
        "1 May 2024 12:00",
        "May 1, 2024 12:00 PM",
        "2024-05-01 12:00 PM",
    ],
)
def test_times_are_read_however_they_are_spelled(text: str) -> None:
    assert cast([text], "time") == [NOON]


@pytest.mark.parametrize(
    ("order", "text"),
    [("day", "01/05/2024 12:00"), ("month", "05/01/2024 12:00 PM"), ("month", "5/1/24 12:00")],
)
def test_the_order_of_day_and_month_is_told_and_never_guessed(order: str, text: str) -> None:
    assert in_steps(pl.Series([text]), time_steps(order, UTC, UTC, None)).to_list() == [NOON]
    assert in_steps(pl.Series([text]), time_steps(None, UTC, UTC, None)).to_list() == [None]


def test_naive_times_are_in_the_source_timezone_and_skipped_ones_move_later() -> None:
    texts = ["2024-03-31 02:30:00", "2024-10-27 02:30:00", "2024-07-01 12:00:00"]
    assert cast(texts, "time", source_zone=BERLIN) == [
        dt.datetime(2024, 3, 31, 1, 30),  # 03:30 in Berlin, where 02:30 never was
        dt.datetime(2024, 10, 27, 0, 30),  # the first of two
        dt.datetime(2024, 7, 1, 10, 0),
    ]


def test_offsets_are_converted_to_the_project_timezone() -> None:
    cells = ["2024-05-01 12:00:00 +0000", "2024-12-01T12:00:00-05:00"]
    assert cast(cells, "time", zone=BERLIN) == [dt.datetime(2024, 5, 1, 14), dt.datetime(2024, 12, 1, 18)]


def test_typed_times_pass_or_are_converted() -> None:
    aware = pl.Datetime("ns", "UTC")
    assert cast([NOON], "time", pl.Datetime("ms")) == [NOON]
    assert cast([NOON.replace(tzinfo=UTC)], "time", aware, zone=BERLIN) == [dt.datetime(2024, 5, 1, 14)]
    assert cast([dt.date(2024, 5, 1)], "time", pl.Date(), zone=BERLIN) == [dt.datetime(2024, 5, 1)]
    assert cast([1714564800, 1714564800000, 20240501], "time", pl.Int64()) == [
        NOON,
        NOON,
        NOON.replace(hour=0),
    ]


def test_dates_know_no_timezone_and_impossible_ones_are_null() -> None:
    cells = ["1990-05-01", "1990-05-01T00:00:00Z", "1990-02-30", "0000-00-00", ""]
    day = dt.date(1990, 5, 1)
    assert cast(cells, "date", zone=ZoneInfo("America/New_York")) == [day, day, None, None, None]


def test_ids_stay_text() -> None:
    assert cast(["00042", "'7210448301122", " a ", ""], "id") == ["00042", "7210448301122", "a", None]
    assert cast([123.0, 1.5, None], "id", pl.Float64()) == ["123", "1.5", None]
    assert cast([7], "id", pl.Int16()) == ["7"]


def test_words_for_yes_no_genders_countries_and_lists() -> None:
    assert cast(["Yes", "0", "SUBSCRIBED", "NEVER_SUBSCRIBED", "evet", "maybe"], "flag") == [
        True, False, True, False, True, None,
    ]  # fmt: skip
    assert cast(["F", "male", "Kadın", "diverse", "?"], "gender") == [
        "female",
        "male",
        "female",
        "other",
        None,
    ]
    assert cast(["NO", "tr", "Türkiye", "USA", "Việt Nam", "Österreich", "Narnia"], "country") == [
        "NO", "TR", "TR", "US", "VN", "AT", "Narnia",
    ]  # fmt: skip
    assert cast(["vip, new", '"a","b c"', "", "x|y"], "list") == [
        ["vip", "new"],
        ["a", "b c"],
        None,
        ["x", "y"],
    ]
    assert cast([" Ada@Example.COM "], "email") == ["ada@example.com"]


def test_phones_become_e164_by_the_row_country_then_the_project() -> None:
    frame = pl.DataFrame(
        {
            "raw": ["'+4915112345678", "0151 12345678", "(202) 555-0143", "0084 24 3825 0000", "12", ""],
            "land": ["TR", "Germany", "US", None, None, None],
        }
    )
    expression = cast_cells(Cells("raw", pl.String()), "phone", Formats(UTC, UTC, country="VN"), pl.col("land"))
    assert frame.lazy().select(expression).collect().to_series().to_list() == [
        "+4915112345678", "+4915112345678", "+12025550143", "+842438250000", None, None,
    ]  # fmt: skip


def test_a_file_says_itself_how_it_writes_dates_and_amounts(tmp_path: Path) -> None:
    file = orders_file(tmp_path, "1;a;03/04/2024;1.234", "2;b;25/04/2024;12,50")
    orders = typed(project_of(tmp_path, file), "orders", "ordered_at", "amount")
    assert orders.rows() == [
        (dt.datetime(2024, 4, 3), Decimal("1234.00")),
        (dt.datetime(2024, 4, 25), Decimal("12.50")),
    ]


def test_what_a_file_leaves_open_is_a_problem_with_the_way_out(tmp_path: Path) -> None:
    file = orders_file(tmp_path, "1;a;03/04/2024;1.234", "2;b;04/05/2024;5.678")
    problems = Problems()
    typed_sources(project_of(tmp_path, file), problems)
    assert [str(problem) for problem in problems] == [
        "orders.csv: 'amount' has amounts such as 1.234 or 1,234 only, which may be a thousand or one. "
        'Say which in segcli.yaml: `sources: {orders: {files: orders.csv, decimal: ","}}`.',
        "orders.csv: 'order_date' can be read with the day first or the month first. "
        'Say which in segcli.yaml: `sources: {orders: {files: orders.csv, date_format: "%d/%m/%Y"}}`.',
    ]
    said = SourceDefinition("orders", ("orders.csv",), Place("segcli.yaml"), date_format="%m/%d/%Y", decimal=",")
    orders = typed(project_of(tmp_path, said), "orders", "ordered_at", "amount")
    assert orders.row(0) == (dt.datetime(2024, 3, 4), Decimal("1234.00"))


def test_mixed_orders_of_day_and_month_are_a_problem(tmp_path: Path) -> None:
    file = orders_file(tmp_path, "1;a;25/04/2024;1.50", "2;b;04/25/2024;2.50")
    problems = Problems()
    typed_sources(project_of(tmp_path, file), problems)
    (problem,) = problems.errors
    assert "day first in some cells (1) and the month first in others (1)" in problem.message


def test_files_of_one_kind_help_each_other(tmp_path: Path) -> None:
    for name, row in (("may.csv", "1;a;03/04/2024;1.50"), ("june.csv", "2;b;25/04/2024;2.50")):
        (tmp_path / name).write_text(f"order_id;customer_id;order_date;amount\n{row}\n")
    sources = typed_sources(project_of(tmp_path, tmp_path / "may.csv", tmp_path / "june.csv"))["orders"]
    assert sources[0].frame.collect()["ordered_at"].to_list() == [dt.datetime(2024, 4, 3)]


def test_the_first_cell_that_cannot_be_read_is_told_and_fatal_ones_before_others(tmp_path: Path) -> None:
    file = orders_file(
        tmp_path,
        "1;a;2024-01-01;free;2024-02-30",
        "2;b;2024-13-01;2.50;",
        "3;c;2024-01-03;3.50;soon",
        "4;d;;4.50;",
        header="order_id;customer_id;order_date;amount;shipped_at",
    )
    orders = typed(project_of(tmp_path, file), "orders")
    assert orders["__problem"].to_list() == [
        {"column": "amount", "reason": "not an amount", "value": "free", "fatal": True},
        {"column": "ordered_at", "reason": "not a time", "value": "2024-13-01", "fatal": True},
        {"column": "shipped_at", "reason": "not a time", "value": "soon", "fatal": False},
        None,
    ]
    assert orders["__row"].to_list() == [0, 1, 2, 3]


def test_parquet_of_the_right_types_passes_untouched(tmp_path: Path) -> None:
    frame = pl.DataFrame({"customer_id": ["a"], "at": [NOON], "event": ["view"]}, schema_overrides={"at": TIME})
    frame.write_parquet(tmp_path / "events.parquet")
    (source,) = typed_sources(project_of(tmp_path, tmp_path / "events.parquet"))["events"]
    assert "__problem" not in source.frame.collect_schema()
    assert "python" not in source.frame.explain().lower()
    assert source.frame.collect().select("customer_id", "at", "event").equals(frame)


def test_ids_that_went_through_a_float_are_the_whole_numbers_that_they_were() -> None:
    assert cast(["12.0", "0012", "0012.0", "v1.0", "1.05", "12.00"], "id") == [
        "12", "0012", "0012", "v1.0", "1.05", "12.00",
    ]  # fmt: skip


def test_currencies_are_codes_however_they_are_written() -> None:
    written = ["EUR", "eur", "€", " TL", "₺", "vnđ", "$", "gbp", ""]
    assert cast(written, "currency") == ["EUR", "EUR", "EUR", "TRY", "TRY", "VND", "$", "GBP", None]


def test_words_for_nothing_are_no_ids_and_no_addresses() -> None:
    assert cast(["-", "n/a", "NULL", "NaN", "a-1"], "id") == [None, None, None, None, "a-1"]
    assert cast(["-", "N/A", "none@shop.example"], "email") == [None, None, "none@shop.example"]


def test_what_is_no_finite_number_is_none() -> None:
    assert cast(["NaN", "inf", "-Infinity", "1.5", "2e3"], "number") == [None, None, None, 1.5, 2000.0]


def test_nan_in_a_parquet_file_is_a_blank_cell(tmp_path: Path) -> None:
    nan = float("nan")
    rows = {
        "order_id": [1.0, 2.0, nan], "customer_id": [7.0, nan, 8.0], "ordered_at": [NOON] * 3,
        "amount": [1.0, 2.0, nan], "shoe_size": [nan, 41.0, 42.5],
    }  # fmt: skip
    pl.DataFrame(rows).write_parquet(tmp_path / "orders.parquet")
    orders = typed_sources(project_of(tmp_path, tmp_path / "orders.parquet"))["orders"][0].frame.collect()
    assert orders.select("order_id", "customer_id", "amount", "shoe_size").rows() == [
        ("1", "7", Decimal("1.00"), None), ("2", None, Decimal("2.00"), 41.0), (None, "8", None, 42.5),
    ]  # fmt: skip
    assert orders["__problem"].null_count() == 3
