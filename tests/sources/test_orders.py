from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from segcli.problems import DataError
from tests.sources.inline_files import project_of, typed_sources, write_csv
from tests.sources.inline_sources import day, read, rows, source


def orders(**columns: list[object]):
    return source("orders", columns)


def test_orders_that_do_not_count_are_kept_apart_with_amount_zero(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "2", "3", "4", "5", "6", "7", "8"],
        customer_id=["a"] * 8,
        ordered_at=[f"2026-06-0{n}" for n in range(1, 9)],
        amount=["10.00", "10.00", "10.00", "10.00", "10.00", "-5.00", "0.00", "10.00"],
        status=["paid", "Cancelled", "wc-refunded", "Voided", "pending", None, "paid", "TEST"],
    )
    tables = read([frame], tmp_path)
    assert rows(tables, "orders", "order_id", "amount") == [
        ("1", Decimal("10.00")),
        ("5", Decimal("10.00")),
        ("7", Decimal("0.00")),
    ]
    assert rows(tables, "uncounted_orders", "order_id", "amount", "counts") == [
        (order, Decimal("0.00"), False) for order in "23468"
    ]
    assert tables.counts["uncounted_orders"] == 5


def test_amounts_are_net_of_refunds_and_never_below_zero(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "2", "3"],
        customer_id=["a"] * 3,
        ordered_at=["2026-06-01"] * 3,
        amount=["10.00", "10.00", None],
        refunded=["2.50", "12.00", None],
    )
    tables = read([frame], tmp_path)
    assert rows(tables, "orders", "order_id", "amount") == [("1", Decimal("7.50")), ("3", None)]
    assert rows(tables, "uncounted_orders", "order_id") == [("2",)]


def test_orders_are_void_in_the_words_of_several_languages(tmp_path: Path) -> None:
    void = ["İptal Edildi", "iade", "Storniert", "Annulée", "Cancelado", "Đã hủy", "CANCELLED BY CUSTOMER", "Returned"]
    counted = [
        "Tamamlandı",
        "Kargoya verildi",
        "partially_refunded",
        "iade talebi",
        "Unpaid",
        "on-hold",
        "Closed",
        None,
    ]
    status = [*void, *counted]
    frame = orders(
        order_id=[str(number) for number in range(len(status))],
        customer_id=["a"] * len(status),
        ordered_at=["2026-06-01"] * len(status),
        amount=["10.00"] * len(status),
        status=status,
    )
    tables = read([frame], tmp_path)
    assert {row[0] for row in rows(tables, "orders", "status")} == {*counted}
    assert {row[0] for row in rows(tables, "uncounted_orders", "status")} == {*void}


def test_what_was_given_back_may_be_written_with_a_minus(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "2"],
        customer_id=["a"] * 2,
        ordered_at=["2026-06-01"] * 2,
        amount=["10.00"] * 2,
        refunded=["-2.50", "-10.00"],
    )
    tables = read([frame], tmp_path)
    assert rows(tables, "orders", "order_id", "amount") == [("1", Decimal("7.50"))]


def test_an_order_in_two_files_counts_once_as_the_last_file_has_it(tmp_path: Path) -> None:
    january = source(
        "orders",
        {
            "order_id": ["1", "2"],
            "customer_id": ["a", "b"],
            "ordered_at": ["2026-01-01", "2026-01-31"],
            "amount": ["5.00", "6.00"],
        },
        file="january.csv",
    )
    february = source(
        "orders",
        {
            "order_id": ["2", "3"],
            "customer_id": ["c", "a"],
            "ordered_at": ["2026-01-31", "2026-02-01"],
            "amount": ["7.00", "8.00"],
        },
        file="february.csv",
    )
    for shard_count in (1, 3):
        tables = read([january, february], tmp_path / str(shard_count), shard_count=shard_count)
        assert rows(tables, "orders", "order_id", "customer_id", "amount") == [
            ("1", "a", Decimal("5.00")),
            ("2", "c", Decimal("7.00")),
            ("3", "a", Decimal("8.00")),
        ]
        assert tables.counts["duplicate_orders"] == 1


def test_equal_numbers_of_two_platforms_are_two_orders_unless_the_customer_is_the_same(tmp_path: Path) -> None:
    one = {"order_id": ["1", "2"], "customer_id": ["a", "b"], "ordered_at": ["2026-01-01"] * 2, "amount": ["5.00"] * 2}
    other = {
        "order_id": ["1", "2"],
        "customer_id": ["x", "b"],
        "ordered_at": ["2026-01-01"] * 2,
        "amount": ["6.00"] * 2,
    }
    frames = [source("orders", one, platform="shopify"), source("orders", other, platform="woocommerce")]
    tables = read(frames, tmp_path)
    assert rows(tables, "orders", "order_id", "customer_id", "amount") == [
        ("1", "a", Decimal("5.00")),
        ("1", "x", Decimal("6.00")),
        ("2", "b", Decimal("6.00")),
    ]


def test_rows_without_order_ids_are_orders_whose_ids_do_not_hang_on_the_order_of_rows(tmp_path: Path) -> None:
    columns = {
        "customer_id": ["a", "a", "a", "b"],
        "ordered_at": ["2026-01-01", "2026-01-01", "2026-01-01", "2026-01-01"],
        "amount": ["5.00", "5.00", "6.00", "5.00"],
    }
    tables = read([source("orders", columns)], tmp_path / "1")
    backwards = {name: values[::-1] for name, values in columns.items()}
    assert rows(tables, "orders", "order_id") == [
        ("a 2026-01-01T00:00:00 5.00",),
        ("a 2026-01-01T00:00:00 5.00 #2",),
        ("a 2026-01-01T00:00:00 6.00",),
        ("b 2026-01-01T00:00:00 5.00",),
    ]
    assert rows(read([source("orders", backwards)], tmp_path / "2"), "orders", "order_id") == rows(
        tables, "orders", "order_id"
    )


def test_the_lines_of_an_order_are_one_order_with_their_sum_where_no_total_is_given(tmp_path: Path) -> None:
    lines = source(
        "orders",
        {
            "order_id": ["1", "1", "2"],
            "customer_id": ["a", None, "b"],
            "ordered_at": ["2026-01-01", "2026-01-01", "2026-01-02"],
            "line_amount": ["5.00", "2.50", "1.00"],
        },
        line_items=True,
    )
    totals = source(
        "orders",
        {
            "order_id": ["1", "1", "2"],
            "customer_id": ["a", None, "b"],
            "ordered_at": ["2026-01-01", None, "2026-01-02"],
            "amount": ["9.00", None, "1.00"],
        },
        line_items=True,
    )
    assert rows(read([lines], tmp_path / "1"), "orders", "order_id", "customer_id", "amount") == [
        ("1", "a", Decimal("7.50")),
        ("2", "b", Decimal("1.00")),
    ]
    assert rows(read([totals], tmp_path / "2"), "orders", "order_id", "amount") == [
        ("1", Decimal("9.00")),
        ("2", Decimal("1.00")),
    ]


def test_what_happens_after_as_of_is_not_known(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "2", "3", "4"],
        customer_id=["a"] * 4,
        amount=["1.00"] * 4,
        ordered_at=["2026-06-20", "2026-06-21", "2026-06-22", "2026-07-01"],
        shipped_at=["2026-06-21", "2026-06-28", "2026-06-23", None],
        delivered_at=[None, None, "2026-07-02", None],
        cancelled_at=[None, "2026-07-05", None, None],
    )
    tables = read([frame], tmp_path)
    found = (
        tables["orders"]
        .whole.sort("order_id")
        .select(
            "order_id", pl.col("shipped_at").dt.date().cast(pl.String), pl.col("delivered_at").dt.date().cast(pl.String)
        )
    )
    assert found.collect().rows() == [
        ("1", "2026-06-21", "2026-06-26"),
        ("2", "2026-06-28", None),
        ("3", "2026-06-23", None),
    ]
    assert tables.counts["later_orders"] == 1


def test_a_delivery_is_reckoned_from_shipping_where_no_file_tells_it(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1"], customer_id=["a"], amount=["1.00"], ordered_at=["2026-06-01"], shipped_at=["2026-06-02 10:00"]
    )
    tables = read([frame], tmp_path, delivery_days=3)
    assert rows(tables, "orders", "delivered_at") == [(day("2026-06-05 10:00"),)]


def test_order_number_and_gap_days_take_the_orders_of_one_day_as_one_visit(tmp_path: Path) -> None:
    frame = orders(
        order_id=["5", "1", "2", "3", "4", "6"],
        customer_id=["b", "a", "a", "a", "a", "a"],
        amount=["1.00"] * 6,
        ordered_at=[
            "2026-06-01",
            "2026-06-01 08:00",
            "2026-06-05 23:00",
            "2026-06-05 23:30",
            "2026-06-06 00:10",
            "2026-06-03",
        ],
        status=[None, None, None, None, None, "cancelled"],
    )
    tables = read([frame], tmp_path)
    assert rows(tables, "orders", "order_id", "order_number", "gap_days") == [
        ("1", 1, None),
        ("2", 2, 4),
        ("3", 3, None),
        ("4", 4, 1),
        ("5", 1, None),
    ]


def test_ages_are_whole_days_and_exact_hours(tmp_path: Path) -> None:
    frame = orders(order_id=["1"], customer_id=["a"], amount=["1.00"], ordered_at=["2026-06-28 21:00"])
    assert rows(read([frame], tmp_path), "orders", "age_days", "age_hours") == [(1, 36.0)]


def test_lines_take_customer_and_time_from_their_order_and_go_when_it_does_not_count(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "2", "3"],
        customer_id=["a", "a", "b"],
        amount=["1.00"] * 3,
        ordered_at=["2026-06-01", "2026-06-02", "2026-06-03"],
        status=["paid", "paid", "voided"],
    )
    items = source(
        "order_items",
        {
            "order_id": ["1", "1", "2", "3", "9"],
            "product_id": ["p", "q", "p", "p", "p"],
            "quantity": [2, None, 1, 1, 1],
        },
    )
    products = source("products", {"product_id": ["p", "q"], "name": ["Pan", "Quilt"], "category": ["kitchen", None]})
    tables = read([frame, items, products], tmp_path)
    assert rows(
        tables, "order_items", "order_id", "customer_id", "product_id", "quantity", "name", "product_order"
    ) == [
        ("1", "a", "p", 2.0, "Pan", 1),
        ("1", "a", "q", 1.0, "Quilt", 1),
        ("2", "a", "p", 1.0, "Pan", 2),
    ]


def test_several_currencies_become_one_by_the_rates_with_exact_cents(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "2", "3", "4"],
        customer_id=["a"] * 4,
        ordered_at=["2026-06-01"] * 4,
        amount=["10.01", "10.01", "0.05", "10.01"],
        currency=["EUR", "TRY", "USD", None],
    )
    rates = {"TRY": Decimal("0.0215"), "USD": Decimal("0.5")}
    tables = read([frame], tmp_path, currency="EUR", rates=rates)
    assert rows(tables, "orders", "order_id", "amount") == [
        ("1", Decimal("10.01")),
        ("2", Decimal("0.22")),
        ("3", Decimal("0.02")),
        ("4", Decimal("10.01")),
    ]


def test_currencies_without_a_rate_are_listed_with_the_lines_to_write(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "2", "3"],
        customer_id=["a"] * 3,
        ordered_at=["2026-06-01"] * 3,
        amount=["10.00"] * 3,
        currency=["EUR", "EUR", "USD"],
    )
    with pytest.raises(DataError) as caught:
        read([frame], tmp_path)
    assert "EUR (2 rows), USD (1 row)" in str(caught.value)
    assert "`currency: EUR` and `rates: {USD: ...}`" in str(caught.value)


def test_a_single_currency_needs_no_rate(tmp_path: Path) -> None:
    frame = orders(order_id=["1"], customer_id=["a"], ordered_at=["2026-06-01"], amount=["10.00"], currency=["JPY"])
    assert rows(read([frame], tmp_path), "orders", "amount") == [(Decimal("10.00"),)]


def test_lines_go_with_the_order_of_their_own_platform(tmp_path: Path) -> None:
    frames = [
        source(
            "orders",
            {"order_id": ["1"], "customer_id": [who], "ordered_at": ["2026-06-01"], "amount": ["1.00"]},
            platform=who,
        )
        for who in ("shopify", "magento")
    ] + [
        source(
            "order_items", {"order_id": ["1"], "product_id": ["p"], "ordered_at": ["2026-06-01"]}, platform="magento"
        )
    ]
    for shard_count in (1, 3):
        tables = read(frames, tmp_path / str(shard_count), shard_count=shard_count)
        assert rows(tables, "order_items", "customer_id", "product_id") == [("magento", "p")]


def test_orders_and_events_of_nobody_are_counted_and_listed(tmp_path: Path) -> None:
    frame = orders(order_id=["1", "2"], customer_id=["a", None], ordered_at=["2026-06-01"] * 2, amount=["1.00"] * 2)
    events = source("events", {"customer_id": [None, "a", None], "at": ["2026-06-01"] * 3, "event": ["visit"] * 3})
    tables = read([frame, events], tmp_path)
    assert (tables["orders"].rows, tables["events"].rows) == (1, 1)
    assert (tables.counts["orders_of_nobody"], tables.counts["events_of_nobody"]) == (1, 2)
    assert tables.rejected["reason"].to_list() == ["2 events name no customer", "1 orders name no customer"]


def test_lines_that_tell_their_time_but_no_customer_have_that_of_their_order(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "2"], customer_id=["a", "b"], amount=["20.00", "5.00"], ordered_at=["2026-06-01", "2026-06-02"]
    )
    items = source(
        "order_items",
        {
            "order_id": ["1", "2", "9"],
            "ordered_at": ["2026-06-01 10:00", "2026-06-02 11:00", "2026-06-03"],
            "product_id": ["p", "q", "p"],
            "quantity": [2, 1, 1],
            "price": ["10.00", "5.00", "10.00"],
        },
    )
    tables = read([frame, items], tmp_path)
    assert rows(tables, "order_items", "customer_id", "ordered_at", "product_id", "price") == [
        ("a", day("2026-06-01 10:00"), "p", Decimal("10.00")), ("b", day("2026-06-02 11:00"), "q", Decimal("5.00")),
    ]  # fmt: skip


def test_product_order_counts_orders_and_not_lines_and_ids_decide_between_those_of_one_time(tmp_path: Path) -> None:
    items = source(
        "order_items",
        {
            "order_id": ["3", "2", "1", "2", "4", "5"],
            "customer_id": ["a", "a", "a", "a", "b", "a"],
            "ordered_at": ["2026-06-02", "2026-06-01", "2026-06-01", "2026-06-01", "2026-06-03", "2026-06-03"],
            "product_id": ["p", "p", "p", "p", "p", None],
        },
    )
    tables = read([items], tmp_path)
    assert rows(tables, "order_items", "customer_id", "order_id", "product_id", "product_order") == [
        ("a", "1", "p", 1), ("a", "2", "p", 2), ("a", "2", "p", 2), ("a", "3", "p", 3),
        ("a", "5", None, None), ("b", "4", "p", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("looked_up", [0, 100_000], ids=["joined", "looked up"])
def test_what_a_row_does_not_say_of_its_product_the_list_of_products_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_up: int
) -> None:
    monkeypatch.setattr("segcli.sources.items.MOST_LOOKED_UP", looked_up)
    items = source(
        "order_items",
        {
            "order_id": ["1", "2", "3", "4"], "customer_id": ["a"] * 4, "ordered_at": ["2026-06-01"] * 4,
            "product_id": ["p", "q", "p", None], "name": ["Own name", None, None, None],
        },
    )  # fmt: skip
    products = source("products", {"product_id": ["p"], "name": ["Pan"], "brand": ["Brandless"]})
    tables = read([items, products], tmp_path)
    assert rows(tables, "order_items", "order_id", "name", "brand", "category") == [
        ("1", "Own name", "Brandless", None), ("2", None, None, None),
        ("3", "Pan", "Brandless", None), ("4", None, None, None),
    ]  # fmt: skip


def test_lines_that_say_only_price_and_quantity_make_the_amount_of_their_order(tmp_path: Path) -> None:
    frame = source(
        "orders",
        {
            "order_id": ["1", "1", "2"],
            "customer_id": ["a", "a", "b"],
            "ordered_at": ["2026-06-01"] * 3,
            "quantity": [2, None, 3],
            "price": ["10.00", "5.50", "0.33"],
        },
        line_items=True,
    )
    tables = read([frame], tmp_path)
    assert rows(tables, "orders", "order_id", "amount") == [("1", Decimal("25.50")), ("2", Decimal("0.99"))]


def test_a_price_of_less_than_a_cent_is_multiplied_as_it_is(tmp_path: Path) -> None:
    """From the file on: 1,000 screws at 0.125 are 125.00, and not 120.00 or 130.00."""
    header = "invoice_no,customer_id,date,sku,quantity,unit_price"
    rows_of_file = [
        dict(zip(header.split(","), cells, strict=True))
        for cells in (("1", "a", "2026-06-01", "s", "1000", "0.125"), ("2", "a", "2026-06-01", "s", "3", "3.333"))
    ]
    project = project_of(tmp_path, write_csv(tmp_path / "lines.csv", header, *rows_of_file))
    frames = [frame for frames in typed_sources(project).values() for frame in frames]
    tables = read(frames, tmp_path / "scratch")
    assert rows(tables, "orders", "order_id", "amount") == [("1", Decimal("125.00")), ("2", Decimal("10.00"))]


def test_refunds_in_rows_of_their_own_are_taken_off_the_order_that_they_name(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "1", "2", "2", "2", "3", "3", "3", "4", "5"],
        customer_id=["a"] * 10,
        ordered_at=["2026-06-01", "2026-06-05", "2026-06-01", "2026-06-02", "2026-06-02", *["2026-06-01"] * 5],
        amount=["50.00", "-20.00", "50.00", "-10.00", "-10.00", "50.00", "-30.00", "-20.00", "-9.00", "8.00"],
    )
    tables = read([frame], tmp_path)
    assert rows(tables, "orders", "order_id", "amount", "ordered_at") == [
        ("1", Decimal("30.00"), day("2026-06-01")),
        ("2", Decimal("40.00"), day("2026-06-01")),  # the same row twice is one refund
        ("5", Decimal("8.00"), day("2026-06-01")),
    ]
    assert rows(tables, "uncounted_orders", "order_id", "amount") == [("3", Decimal("0.00")), ("4", Decimal("0.00"))]
    assert (tables.counts["refunds_of_orders"], tables.counts["duplicate_orders"]) == (5, 0)


def test_a_refund_in_a_later_file_does_not_take_the_place_of_its_order(tmp_path: Path) -> None:
    june = {"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-06-01"], "amount": ["50.00"]}
    refund = {"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-06-20"], "amount": ["-20.00"]}
    frames = [source("orders", june, file="june.csv"), source("orders", refund, file="refunds.csv")]
    for number, order in enumerate((frames, frames[::-1])):
        tables = read(order, tmp_path / str(number))
        assert rows(tables, "orders", "order_id", "amount") == [("1", Decimal("30.00"))]


def test_numbers_that_begin_anew_in_another_file_are_other_orders(tmp_path: Path) -> None:
    def month(name: str, customer: str, time: str):
        lines = {
            "order_id": ["1"], "customer_id": [customer], "ordered_at": [time], "product_id": ["p"], "price": ["5.00"],
        }  # fmt: skip
        order = {**lines, "amount": ["5.00"]}
        del order["product_id"], order["price"]
        return source("orders", order, file=f"{name}.csv"), source("order_items", lines, file=f"{name}.csv")

    files = [*month("may", "a", "2026-05-03"), *month("june", "b", "2026-06-03")]
    for shard_count in (1, 3):
        tables = read(files, tmp_path / str(shard_count), shard_count=shard_count)
        assert rows(tables, "orders", "customer_id", "order_id") == [("a", "1"), ("b", "1")]
        assert rows(tables, "order_items", "customer_id", "order_id") == [("a", "1"), ("b", "1")]
    # The customer of an order may change from one export to the next, and its time does not.
    files = [*month("may", "a", "2026-05-03"), *month("june", "b", "2026-05-03")]
    assert rows(read(files, tmp_path / "same"), "orders", "customer_id", "order_id") == [("b", "1")]


def test_a_refund_in_another_currency_is_taken_off_at_its_rate(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "1"],
        customer_id=["a"] * 2,
        ordered_at=["2026-06-01", "2026-06-02"],
        amount=["100.00", "-20.00"],
        currency=["EUR"] * 2,
    )
    tables = read([frame], tmp_path, currency="TRY", rates={"EUR": Decimal(50)})
    assert rows(tables, "orders", "amount") == [(Decimal("4000.00"),)]


def test_who_cancelled_the_only_order_is_a_customer_still(tmp_path: Path) -> None:
    frame = orders(
        order_id=["1", "2"],
        customer_id=["a", "b"],
        ordered_at=["2026-06-01"] * 2,
        amount=["10.00"] * 2,
        status=["cancelled", "paid"],
    )
    for wanted in ({"orders": {"amount"}}, {"orders": {"amount"}, "uncounted_orders": {"amount"}}):
        tables = read([frame], tmp_path / str(len(wanted)), needed={"customers": {"customer_id"}, **wanted})
        assert rows(tables, "customers", "customer_id") == [("a",), ("b",)]


def test_orders_without_an_amount_are_counted_and_told_of(tmp_path: Path) -> None:
    frame = orders(order_id=["1", "2"], customer_id=["a"] * 2, ordered_at=["2026-06-01"] * 2, amount=["10.00", None])
    tables = read([frame], tmp_path)
    assert (tables["orders"].rows, tables.counts["orders_without_amount"]) == (2, 1)


def test_lines_of_one_number_are_orders_of_each_customer_who_has_it(tmp_path: Path) -> None:
    lines = {
        "order_id": ["1", "1", "1", "2", "2"],
        "customer_id": ["a", "b", "a", "c", None],
        "ordered_at": ["2026-06-01", "2026-06-02", "2026-06-01", "2026-06-03", None],
        "product_id": ["p", "p", "q", "p", "q"],
        "line_amount": ["10.00", "7.00", "1.00", "2.00", "3.00"],
    }
    tables = read([source("orders", lines, line_items=True)], tmp_path)
    assert rows(tables, "orders", "customer_id", "order_id", "amount") == [
        ("a", "1", Decimal("11.00")), ("b", "1", Decimal("7.00")), ("c", "2", Decimal("5.00")),
    ]  # fmt: skip


def test_lines_of_no_order_and_orders_of_no_time_are_listed(tmp_path: Path) -> None:
    lines = {
        "order_id": ["1", "1", None, "2", "2"],
        "customer_id": ["a"] * 5,
        "ordered_at": ["2026-06-01", None, "2026-06-01", None, None],
        "line_amount": ["10.00", "1.00", "7.00", "2.00", "3.00"],
    }
    tables = read([source("orders", lines, line_items=True)], tmp_path, max_rejected=Decimal("0.9"))
    assert rows(tables, "orders", "order_id", "amount") == [("1", Decimal("11.00"))]
    assert tables.rejected.select("column", "reason").rows() == [
        ("order_id", "1 row of no order"), ("ordered_at", "2 rows without a time"),
    ]  # fmt: skip
