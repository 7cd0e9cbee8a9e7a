"""What bad input gets: a message with its place, all of them at once, an exit code, and nothing written over."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from segcli.__main__ import main
from segcli.history import project_lock
from tests.cli.shop_files import (
    FOUR_ORDERS,
    HEADER,
    OPT_OUT,
    Shop,
    copied,
    digests,
    many_orders,
    write_shop,
)

RECIPE = "recipes/mine/recipe.yaml"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "shop"
    write_shop(folder)
    assert main(["segment", str(folder), "--quiet"]) == 0
    return folder


@pytest.fixture
def shop(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shop:
    folder = copied(finished, tmp_path / "shop")
    monkeypatch.chdir(folder)
    return Shop(folder, capsys)


def assert_problems(found: list[str], *expected: str) -> None:
    """Each problem begins like the expected one beside it; an ellipsis stands for whatever lies between."""
    assert len(found) == len(expected), found
    for problem, pattern in zip(found, expected, strict=True):
        first, *others = pattern.split(" ... ")
        assert problem.startswith(first), problem
        for other in others:
            assert other in problem, problem


# --- Recipes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "column", "message"),
    [
        ("frequncy > 3", 12, "'frequncy' is not a field. ... segcli fields"),
        ("recency_dayz < 3", 12, "'recency_dayz' is not a field. Did you mean 'recency_days'?"),
        ("coalese(orders, 0) > 1", 12, "no function named 'coalese'. Did you mean 'coalesce'"),
        ("now() > last_order_at", 12, "now() reads the clock ... Use as_of or today."),
        ("last_order_at > current_date", 28, "current_date reads the clock ... Use as_of or today."),
        ("sum(spend) > 5", 12, "sum() is over many rows ... `from` for rows of a customer"),
        ("count(*) > 5", 12, "count() is over many rows"),
        ("row_number() over (order by spend) < 4", 25, "'over' is not possible here. Windows"),
        ("orders > (select 3)", 22, "'select' is not possible here. A query inside"),
        ("exists(select 1)", 12, "'exists' is not possible here."),
        ("orders", 12, "a number is not a condition. Compare it"),
        ("email", 12, "text is not a condition."),
        ("recency_days > '10'", 27, "the text '10' stands beside a number."),
        ("last_order_at > 5", 28, "a number stands beside a time."),
        ("email = 5", 20, "a number stands beside text. ... '5'"),
        ("orders = true", 21, "a condition stands beside a number."),
        ("orders > 1 orders", 23, "'orders' is unexpected here."),
        ("orders == 1", 19, "'==' is no operator here. Write ="),
        ("orders > 1 && spend > 2", 23, "'&&' is no operator here. Write `and`."),
        ('country = "TR"', 22, "\"TR\" in double quotes is a name ... 'TR'"),
        ("first_name like 'a_b%'", 28, "in like, '_' stands for any character."),
        ("(orders > 1", 12, "this '(' is never closed."),
        ("orders > 1 -- few", 23, "comments are not part of an expression."),
        ("last_order_at > '2026-02-30'", 28, "there is no such day or time as '2026-02-30'."),
    ],
)
def test_a_condition_with_a_fault_is_told_at_its_column(shop: Shop, condition: str, column: int, message: str) -> None:
    shop.recipe(f"segments:\n  big:\n    where: {condition}\n")
    assert_problems(shop.refused(2), f"{RECIPE}:4:{column}: segments.big.where: {message}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("segments:\n  s: {where: country in ('TR', 'US')}\n", "3:14: where: the comma in ... \"country in ('TR'"),
        ("fields:\n  x: {value: coalesce(orders, 0)}\n", "3:14: fields.x.value: the comma in 'coalesce(orders, 0)'"),
        ("segments:\n  s: {where: orders > 0}\n  s: {where: orders > 1}\n", "4:3: segments: the key 's' ... line 3"),
        ("segments:\n\ts: {where: orders > 0}\n", "3:1: a tab indents this line. Indent with spaces."),
        ("segments:\n  s: {wehre: orders > 0}\n", "3:7: segments.s: no key 'wehre'. Did you mean 'where'?"),
        ("segments:\n  s: {where: yes}\n", "3:14: "),
        ("segments:\n  s: {each: contry}\n", "3:3: segments.s.each: no field named 'contry'. ... 'country'"),
        ("segments:\n  a: {where: not b}\n  b: {where: not a}\n", "3:3: segments.a: these definitions go in a circle"),
        (
            "fields:\n  x: {from: ordres, value: count(*)}\n",
            "3:3: fields.x.from: no table named 'ordres'. ... 'orders'",
        ),
        ("fields:\n  x: {from: orders, value: sum(amuont)}\n", "3:32: fields.x.value: 'amuont' is not ... 'amount'"),
        ("fields:\n  x: {from: orders, value: amount}\n", "3:28: fields.x.value: 'amount' stands outside of an"),
        ("fields:\n  x: {score: email, bins: 5}\n", "3:14: fields.x.score: a score needs a number"),
        ("fields:\n  x: {score: spend, bins: five}\n", "3:27: fields.x.bins: must be a whole number"),
        ("fields:\n  x: {score: spend, cuts: [1, one]}\n", "3:31: fields.x.cuts"),
        ("fields:\n  x: {from: orders, value: count(*), default: on}\n", "3:3: fields.x.default: ... 'on' is not"),
        (
            "fields:\n  x: {cases: [{when: orders > 0, then: 1e3}], otherwise: few}\nsegments:\n  s: {each: x}\n",
            "3:3: fields.x: the values of the cases are of different kinds: 1000.0 and 'few'.",
        ),
    ],
)
def test_a_recipe_with_a_fault_is_told_at_its_place(shop: Shop, text: str, problem: str) -> None:
    shop.recipe(text)
    assert_problems(shop.refused(2), f"{RECIPE}:{problem}")


def test_no_is_norway_and_1e3_is_a_thousand(shop: Shop) -> None:
    shop.recipe(
        "fields:\n  home: {cases: [{when: orders > 1, then: NO}], otherwise: off}\n"
        "  level: {score: spend, cuts: [1e2, 5e2]}\n"
        "segments:\n  at: {each: home}\n  rich: {where: level = 3}\n"
    )
    shop.project(more=OPT_OUT)
    shop.done()
    assert "C1" in shop.list_of("at-NO")
    assert "C2" in shop.list_of("at-off")
    assert "C3" in shop.list_of("rich") and "C1" not in shop.list_of("rich")


def test_all_problems_of_files_recipes_and_options_come_at_once(shop: Shop) -> None:
    shop.orders("")
    shop.project("sources:\n  orders: orders.csv\n  customers: custmers.csv\n", "esp: klavio\n")
    shop.recipe(
        "fields:\n  few: {value: foo(1)}\n  many: {from: orders, where: amont > 1, value: count(*)}\n"
        "segments:\n  a: {where: spnd > 1 and now() > last_order_at}\n  b: {where: sum(orders)}\n  c: {each: few}\n"
    )
    assert_problems(
        shop.refused(2),
        "orders.csv: the file is empty.",
        f"{RECIPE}:3:16: fields.few.value: no function named 'foo'.",
        f"{RECIPE}:4:31: fields.many.where: 'amont' is not a column of orders or a field. Did you mean 'amount'",
        f"{RECIPE}:6:14: segments.a.where: 'spnd' is not a field.",
        f"{RECIPE}:6:27: segments.a.where: now() reads the clock",
        f"{RECIPE}:7:14: segments.b.where: sum() is over many rows",
        "segcli.yaml:7:3: sources.customers: custmers.csv: no such file or folder.",
        "segcli.yaml:9:6: esp: no email service named 'klavio'. Did you mean 'klaviyo'?",
    )


def test_what_the_files_cannot_answer_is_no_problem(shop: Shop) -> None:
    shop.recipe("segments:\n  lookers: {where: visits_30d > 0}\n  big: {where: spend > 100}\n")
    assert "Not available for want of events: lookers" in shop.done()


# --- The project and the options ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("timezone: Europe/Istambul", "7:11: timezone: no time zone named ... Did you mean 'Europe/Istanbul'"),
        ("as_of: 30.06.2026", "7:8: as_of: '30.06.2026' is no moment. Write 2026-06-30"),
        ("currency: eur", "7:11: currency: 'eur' is no currency code. Write EUR."),
        ("esp: klavio", "8:6: esp: no email service named 'klavio'. Did you mean 'klaviyo'?"),
        ("shop: Second", "8:1: the key 'shop' stands here a second time."),
        ("country: no", "8:10: country: no country with the code 'no'. Write NO."),
        ("max_rejected: 5", "8:15: max_rejected: '5' is no share"),
        ("expct: 1", "8:1: no key 'expct'. Did you mean 'expect'?"),
        ("expect: {rows: {ordrs: 5}}", "8:17: expect.rows: there is no table 'ordrs'. Did you mean 'orders'"),
    ],
)
def test_a_project_with_a_fault_is_told_at_its_place(shop: Shop, line: str, problem: str) -> None:
    key = line.split(":")[0]
    shop.project(more=f"{line}\n", without=key if problem.startswith("7") else "")
    assert_problems(shop.refused(2), f"segcli.yaml:{problem}")


def test_expectations_that_are_not_met_stop_the_run(shop: Shop) -> None:
    shop.project(more="expect:\n  newest_order: 2d\n  rows: {orders: 5000}\n")
    assert_problems(
        shop.refused(1),
        "segcli.yaml:9:17: expect.newest_order: the newest order is of 2026-06-01 00:00; ... 2 days old at most",
        "segcli.yaml:10:10: expect.rows.orders: orders has 4 rows; at least 5,000 are expected.",
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--as-of", "2026-02-30"], "--as-of: '2026-02-30' is no moment. Write 2026-06-30"),
        (["--as-of", "yesterday"], "--as-of: 'yesterday' is no moment."),
        (["--map", "orders.amount"], "--map: 'orders.amount' maps nothing. Write TABLE.COLUMN=HEADER"),
        (["--map", "orders.amount=revenu"], "--map: orders.csv has no column 'revenu'. ... Did you mean 'revenue'?"),
        (["--map", "orders.amout=revenue"], "--map: orders has no column 'amout'. Did you mean 'amount'"),
        (["--map", "order.amount=revenue"], "--map: there is no table 'order'. Did you mean 'orders'"),
        (["--esp", "klavyo"], "--esp: no email service named 'klavyo'. Did you mean 'klaviyo'?"),
        (["--recipe", "leeds"], "--recipe: no recipe or folder named 'leeds'. Did you mean 'leads'?"),
        (["--recipe", "./nowhere"], "--recipe: no folder './nowhere'. Name a folder with a recipe.yaml."),
    ],
)
def test_a_wrong_option_is_named_with_the_way_out(shop: Shop, options: list[str], problem: str) -> None:
    assert_problems(shop.refused(2, "segment", ".", *options), problem)


def test_paths_that_are_not_there_come_with_the_nearest_names(shop: Shop) -> None:
    assert_problems(
        shop.refused(2, "segment", "ordrs.csv", "nowhere", "*.tsv"),
        "*.tsv: no file matches.",
        "nowhere: no such file or folder.",
        "ordrs.csv: no such file or folder. Did you mean 'orders.csv'?",
    )


def test_a_column_mapped_to_what_it_is_not_shows_the_cells(shop: Shop) -> None:
    first, second, *others = shop.refused(1, "segment", ".", "--map", "orders.amount=email")
    assert first.startswith("orders.csv: max_rejected: 4 of 4 rows of orders cannot be read")
    assert second == "orders.csv:2: amount: not an amount: 'ada@example.com'."
    assert len(others) == 3


def test_a_lookup_by_a_column_that_is_not_there_is_a_problem(shop: Shop) -> None:
    shop.write("weather.csv", "town,degrees\nBerlin,30\n")
    shop.project("sources:\n  orders: orders.csv\n  weather: {files: weather.csv, by: cty}\n")
    assert_problems(
        shop.refused(2),
        "segcli.yaml:7:12: sources.weather.by: customers has no column 'cty'. Did you mean 'city'",
        "segcli.yaml:7:12: sources.weather.by: weather.csv has no column 'cty'. Its columns are town, degrees.",
    )


# --- Files that cannot be read -----------------------------------------------------------------------------------

ZIPPED = gzip.compress((HEADER + many_orders()).encode(), mtime=0)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "orders.csv: the file is empty."),
        (b"\n\n\n", "orders.csv: the file holds only blank lines."),
        (HEADER.encode(), "there is no customer in the files as of 2026-06-30 09:00."),
        (b"\0" * 5000, "orders.csv:1: NUL bytes in the header"),
        (bytes(range(256)) * 20, "orders.csv: "),
        (b"PK\x03\x04..xl/workbook.xml", "orders.csv: this is an Excel file. Open it and save it as CSV UTF-8."),
        (b"<!DOCTYPE html><html>Sign in", "orders.csv: this is a web page. Perhaps the download needed a login?"),
        (ZIPPED[:40], "orders.csv: the gzip file ends too early: it was cut off. Export or copy it again."),
        (ZIPPED[: len(ZIPPED) // 2], "orders.csv: the gzip file ends too early"),
        (ZIPPED[:-6], "orders.csv: the gzip file ends too early"),
        (b"PAR1", "orders.csv: the Parquet file is cut off or damaged"),
    ],
    ids=[
        "empty",
        "blank",
        "header",
        "nul",
        "binary",
        "excel",
        "html",
        "gzip head",
        "gzip half",
        "gzip tail",
        "parquet",
    ],
)
def test_a_file_that_cannot_be_read_is_a_data_problem(shop: Shop, content: bytes, problem: str) -> None:
    shop.orders(content)
    assert_problems(shop.refused(1), problem)


def test_a_parquet_file_that_was_cut_off_is_a_data_problem(shop: Shop) -> None:
    orders = pl.read_csv(io.StringIO(HEADER + many_orders()), try_parse_dates=True)
    orders.write_parquet("orders.parquet")
    whole = Path("orders.parquet").read_bytes()
    shop.write("orders.parquet", whole[: len(whole) // 2])
    shop.project("sources:\n  orders: orders.parquet\n")
    assert_problems(shop.refused(1), "orders.parquet: the Parquet file is cut off or damaged ... copy it again.")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("order_id,customer_id,order_date\n1,C1,2026-01-01\n", "As orders it lacks amount: ... --map orders.amount="),
        ("order_id,customer_id,revenue\n1,C1,3\n", "As orders it lacks ordered_at: ... --map orders.ordered_at="),
        ("order_id,order_date,revenue\n1,2026-01-01,3\n", "As orders it lacks customer_id"),
        ("1,C1,ada@example.com,2026-01-05,100.00\n", "That looks like a row"),
    ],
)
def test_a_missing_column_is_named_with_the_option_that_says_it(shop: Shop, content: str, problem: str) -> None:
    shop.orders(content)
    assert_problems(shop.refused(2), f"segcli.yaml:6:3: orders.csv cannot be read as orders: its columns ... {problem}")


# --- Rows that cannot be read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "rejected"),
    [
        ("5,C9,x@example.com,2026-05-05,10.00,extra,more", 'orders.csv,302,,"too many cells: 7, the header has 5"'),
        ("6,C9", 'orders.csv,302,,"too few cells: 2, the header has 5"'),
        ("5,C1,ada@exa\0mple.com,2026-05-05,10.00", "orders.csv,302,,"),
        ('5,C1,"ada@example.com,2026-05-05,10.00', "orders.csv,302,,"),
        ("5,C1,ada@example.com,2026-02-30,10.00", "orders.csv,302,ordered_at,not a time,2026-02-30"),
        ("5,C1,ada@example.com,0001-01-01,10.00", "orders.csv,302,ordered_at,a time before 1980,0001-01-01"),
        ("5,C1,ada@example.com,2026-05-05,99999999999999999999", "orders.csv,302,amount,an absurd amount,9999"),
        ("5,C1,ada@example.com,2026-05-05,NaN", "orders.csv,302,amount,not an amount,NaN"),
        ("5,C1,ada@example.com,2026-05-05,lots", "orders.csv,302,amount,not an amount,lots"),
    ],
    ids=["long", "short", "nul", "quote", "no such day", "year one", "absurd", "nan", "words"],
)
def test_one_bad_row_is_listed_with_its_line_and_the_others_count(shop: Shop, row: str, rejected: str) -> None:
    shop.orders(HEADER + many_orders() + row + "\n2000,C1,c1@example.com,2026-05-06,11.00\n")
    assert "1 row could not be read: see rejected.csv" in shop.done()
    [line] = shop.rejected()
    assert line.startswith(rejected)
    customers = pl.read_parquet("out/latest/customers.parquet")
    assert customers["orders"].sum() == 301


def test_too_many_bad_rows_stop_the_run_and_show_the_first(shop: Shop) -> None:
    bad = "".join(f"{row},C1,c1@example.com,nonsense,1\n" for row in range(9))
    shop.orders(HEADER + many_orders() + bad)
    first, *others = shop.refused(1)
    assert first.startswith("orders.csv: max_rejected: 9 of 309 rows of orders cannot be read, more than 1 %.")
    assert others == [f"orders.csv:{line}: ordered_at: not a time: 'nonsense'." for line in range(302, 307)]
    shop.project(more="max_rejected: 5 %\n")
    assert "9 rows could not be read" in shop.done()


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("1,C1,,13/01/2026,1.00\n2,C1,,01/25/2026,2.00\n", "'order_date' has the day first in some cells (1)"),
        ("1,C1,,03/01/2026,1.00\n2,C1,,01/05/2026,2.00\n", "'order_date' can be read with the day first or the month"),
        ('1,C1,,2026-01-05,"1,50"\n2,C1,,2026-01-05,2.50\n', "amounts have a decimal point in some cells"),
        ("1,C1,,2026-01-05,1.234\n", "'revenue' has amounts such as 1.234"),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_and_never_guessed(shop: Shop, rows: str, problem: str) -> None:
    shop.orders(HEADER + rows)
    assert_problems(shop.refused(1), f"orders.csv: {problem} ... Say which in segcli.yaml: `sources: {{orders:")


def test_orders_in_the_future_and_negative_ones_do_not_count(shop: Shop) -> None:
    more = "8,C1,ada@example.com,2031-02-03,70.00\n9,C1,ada@example.com,9999-12-31,70.00\n5,C1,,2026-02-03,-50.00\n"
    shop.orders(HEADER + FOUR_ORDERS + more)
    told = shop.done()
    assert "orders after that moment, left out: 2" in told
    customers = pl.read_parquet("out/latest/customers.parquet").filter(customer_id="C1")
    assert customers.select("orders", "spend").rows()[0] == (2, 150)


def test_an_export_that_lies_in_the_future_empties_no_list(shop: Shop) -> None:
    shop.orders(HEADER + "1,C1,ada@example.com,2031-02-03,70.00\n")
    assert_problems(shop.refused(1), "there is no customer in the files as of 2026-06-30 09:00. All 1 rows ... --as-of")


def test_several_currencies_without_rates_are_listed(shop: Shop) -> None:
    shop.orders("order_id,customer_id,order_date,revenue,currency\n1,C1,2026-01-05,1,EUR\n2,C1,2026-01-05,1,USD\n")
    assert_problems(
        shop.refused(1),
        "segcli.yaml: rates: amounts are in several currencies: EUR (1 row), USD (1 row). ... `rates: {USD: ...}`",
    )
    shop.project(more="rates: {USD: 0.9}\n")
    shop.done()


def test_of_two_files_that_disagree_the_newer_counts_and_it_is_said(shop: Shop) -> None:
    shop.write("a.csv", "customer_id,email,country,created_at\nC1,ada@example.com,TR,2025-01-01\n")
    shop.write("b.csv", "customer_id,email,country,created_at\nC1,ada@example.com,US,2024-01-01\n")
    shop.project("sources:\n  orders: orders.csv\n  customers: [a.csv, b.csv]\n")
    assert "customers on whom the files disagree; the newest value counts: 1" in shop.done()
    customers = pl.read_parquet("out/latest/customers.parquet").filter(customer_id="C1")
    assert customers["country"].to_list() == ["TR"]


# --- Large and odd cells -----------------------------------------------------------------------------------------


def test_ten_thousand_columns_are_read(shop: Shop) -> None:
    names = ",".join(f"note {number}" for number in range(10_000))
    cells = ",".join("x" for _ in range(10_000))
    lines = [f"{order},{cells}" for order in FOUR_ORDERS.splitlines()]
    shop.orders("\n".join([f"{HEADER.strip()},{names}", *lines, "6,short"]) + "\n")
    assert_problems(shop.refused(1)[1:], "orders.csv:6: too few cells: 2, the header has 10005")
    shop.orders("\n".join([f"{HEADER.strip()},{names}", *lines]) + "\n")
    shop.project(more=OPT_OUT)
    shop.done()
    assert "C3" in shop.list_of("big")


def test_a_cell_of_a_megabyte_is_neither_lost_nor_shown(shop: Shop) -> None:
    shop.write(
        "people.csv", f"customer_id,email,city,first_name\nC1,ada@example.com,{'y' * 1_000_000},{'z' * 1_000_000}\n"
    )
    shop.project("sources:\n  orders: orders.csv\n  customers: people.csv\n", OPT_OUT)
    shop.recipe("segments:\n  in_city: {each: city}\n")
    code, out, err = shop.run()
    assert code == 0 and len(out + err) < 5_000
    [file] = Path("out/latest/segments").iterdir()
    assert len(file.name) < 100 and file.stat().st_size > 2_000_000


ODD_NAMES = {
    "C1": 'Ann "Q", the\n2nd', "C2": "O'Hara, Zoë 😀", "C3": "שלום محمد", "C4": "=cmd|' /C calc'!A0", "C5": "+1+2",
    "C6": "-2+3", "C7": "@SUM(A1)", "C8": "＝1+1", "C9": "[bold]x[/red]\x1b[2J",
}  # fmt: skip
ODD_CITIES = ["../../evil", "/etc/passwd", "..\\win", "con", "a/b", "A/B", ".", "a\nb", "[/red]"]


@pytest.fixture
def odd_shop(shop: Shop) -> Shop:
    text = io.StringIO()
    rows = [
        [name, f"{name.lower()}@example.com", first_name, city]
        for (name, first_name), city in zip(ODD_NAMES.items(), ODD_CITIES, strict=True)
    ]
    csv.writer(text).writerows([["customer_id", "email", "first_name", "city"], *rows])
    shop.write("people.csv", text.getvalue())
    shop.project("sources:\n  orders: orders.csv\n  customers: people.csv\n", OPT_OUT)
    shop.recipe("segments:\n  everybody: {where: orders >= 0}\n  in_city: {each: city}\n")
    return shop


def test_odd_names_arrive_as_they_were_and_no_spreadsheet_runs_them(odd_shop: Shop) -> None:
    odd_shop.done()
    rows = csv.DictReader(io.StringIO(odd_shop.list_of("everybody"), newline=""))
    names = {row["customer_id"]: row["first_name"] for row in rows}
    expected = {key: f"'{name}" if name[0] in "=+-@＝" else name for key, name in ODD_NAMES.items()}
    assert names == expected


def test_a_value_that_names_a_file_stays_in_the_runs_folder(odd_shop: Shop, tmp_path: Path) -> None:
    odd_shop.done()
    files = {path.name for path in Path("out/latest/segments").iterdir()}
    assert len(files) == len(ODD_CITIES) + 1
    assert all(name.replace(".csv", "").replace("-", "").replace("_", "").isalnum() for name in files)
    assert len({name.lower() for name in files}) == len(files)
    assert {path.parent.name for path in tmp_path.rglob("*evil*")} == {"segments"}
    assert "con.csv" not in files


def test_odd_values_neither_break_the_terminals_tables_nor_move_its_cursor(odd_shop: Shop) -> None:
    code, out, err = odd_shop.run("segment", ".", "--all")
    assert code == 0 and "[/red]" in out and "\x1b" not in out + err
    for command in (["profile", "C9", "."], ["explain", "C9", "everybody", "."], ["check", "."]):
        code, out, err = odd_shop.run(*command)
        assert code == 0 and "\x1b" not in out + err, err
    code, out, _ = odd_shop.run("segment", ".", "--json")
    assert {item["name"] for item in json.loads(out)["segments"]} >= {"in_city-../../evil", "in_city-a\nb"}


def test_a_turkish_file_with_semicolons_and_decimal_commas_gives_the_right_segments(shop: Shop) -> None:
    shop.write(
        "siparisler.csv",
        "order_id;customer_id;order_date;revenue\r\n1;M1;05.01.2026;1.234,50\r\n2;M1;15.03.2026;99,90\r\n"
        "3;M2;20.02.2026;1.000,00\r\n",
    )
    people = (
        "customer_id;email;first_name;city\r\nM1;isil@example.com;Işıl;İstanbul\r\nM2;g@example.com;Gökçe;Muğla\r\n"
    )
    shop.write("musteriler.csv", people.encode("cp1254"))
    shop.project("sources:\n  orders: siparisler.csv\n  customers: musteriler.csv\n", OPT_OUT)
    shop.recipe("segments:\n  big: {where: spend > 1000}\n  here: {where: \"city = 'İstanbul'\"}\n")
    told = shop.done()
    assert "musteriler.csv: not UTF-8: read as Windows-1254 (Turkish), for example 'Işıl'." in told
    for segment in ("big", "here"):
        [row] = csv.DictReader(io.StringIO(shop.list_of(segment)))
        found = (row["customer_id"], row["first_name"], row["spend"], row["last_order_at"])
        assert found == ("M1", "Işıl", "1334.40", "2026-03-15T00:00:00")


@pytest.mark.parametrize(
    "esp", ["klaviyo", "mailchimp", "activecampaign", "brevo", "sendgrid", "hubspot", "omnisend", "listmonk",
            "customerio", "mautic", "braze", "excel"]
)  # fmt: skip
def test_every_importer_takes_the_columns_of_a_plain_shop(shop: Shop, esp: str) -> None:
    shop.done("segment", ".", "--esp", esp)


def test_an_importer_that_needs_more_says_what(shop: Shop) -> None:
    for problem in shop.refused(1, "segment", ".", "--esp", "sendlane"):
        assert problem.startswith("Sendlane needs") and "Add a column" in problem


# --- The machine -------------------------------------------------------------------------------------------------


def segcli(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "segcli", *(arguments or ("segment", "."))]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("blocks", [1, 8], ids=["while working", "while writing"])
def test_a_disk_that_fills_up_leaves_the_run_before_as_it_was(shop: Shop, blocks: int) -> None:
    before = digests(shop.folder / "out")
    limit = blocks * 1024
    done = segcli(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.returncode == 1, done.stderr
    assert "File too large" in done.stderr and "Every run written before is as it was." in done.stderr
    assert digests(shop.folder / "out") == before


@pytest.mark.parametrize("out", ["orders.csv", "orders.csv/below"])
def test_an_output_that_is_a_file_is_refused(shop: Shop, out: str) -> None:
    [problem] = shop.refused(1, "segment", ".", "--out", out)
    assert "orders.csv is a file, and no folder. Choose another folder with --out" in problem
    assert (shop.folder / "orders.csv").read_text() == HEADER + FOUR_ORDERS


def test_a_second_run_says_who_holds_the_lock_and_exits_4(shop: Shop) -> None:
    with project_lock(shop.folder / "out"):
        done = segcli()
    assert done.returncode == 4
    assert f"another run (process {os.getpid()} on " in done.stderr and "--out" in done.stderr


def test_a_reader_that_stops_reading_is_no_error(shop: Shop) -> None:
    command = f'set -o pipefail; "{sys.executable}" -m segcli segment . --all | head -1'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "Error" in done.stderr) == (0, False), done.stderr


def test_control_c_ends_with_130_and_leaves_everything_as_it_was(shop: Shop) -> None:
    before = digests(shop.folder / "out")
    (shop.folder / "orders.csv").unlink()
    os.mkfifo(shop.folder / "orders.csv")
    running = subprocess.Popen([sys.executable, "-m", "segcli", "segment", "."], stderr=subprocess.PIPE, text=True)
    with (shop.folder / "orders.csv").open("wb"):  # opens when segcli has begun to read
        running.send_signal(signal.SIGINT)
    # Closed by now: a read inside Polars hears of the signal when it returns.
    _, told = running.communicate(timeout=60)
    assert running.returncode in (130, -signal.SIGINT)  # the shell sees 130 in both cases
    assert "Every run written before is as it was." in told
    assert digests(shop.folder / "out") == before


def test_a_terminal_that_cannot_show_a_letter_shows_another(shop: Shop) -> None:
    done = segcli(env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "big" in done.stdout
