"""Headers without a platform, other people's words, and what overrides them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from segcli.problems import Place, Problems
from segcli.project.models import SourceDefinition
from segcli.sources.tables import CANONICAL
from tests.sources.inline_files import catalog_of, project_of, typed, typed_sources, write_csv


@pytest.mark.parametrize("table", sorted(CANONICAL))
def test_a_canonical_file_is_known_by_its_own_column_names(tmp_path: Path, table: str) -> None:
    names = sorted(CANONICAL[table])
    file = write_csv(tmp_path / "some export.csv", names, dict.fromkeys(names, ""))
    beside = write_csv(tmp_path / "orders of others.csv", "order_id,customer_id,ordered_at,amount")
    found = catalog_of(project_of(tmp_path, file, beside)).files[0]
    assert found.platform == "canonical"
    assert found.tables[0] == table
    assert found.columns == {name: name for name in CANONICAL[table]}


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("customer_id,order_date,number_of_cds,revenue", ("customer_id", "order_date", "revenue")),
        ("Müşteri No;Sipariş Tarihi;Tutar", ("Müşteri No", "Sipariş Tarihi", "Tutar")),
        ("Kundennummer;Bestelldatum;Betrag", ("Kundennummer", "Bestelldatum", "Betrag")),
        ("N° client;Date de commande;Montant", None),
        ("Client;Date de commande;Montant", ("Client", "Date de commande", "Montant")),
        ("Cliente;Fecha;Importe", ("Cliente", "Fecha", "Importe")),
        ("Mã khách hàng;Ngày đặt hàng;Số tiền", ("Mã khách hàng", "Ngày đặt hàng", "Số tiền")),
        ("CustomerID;InvoiceDate;Total", ("CustomerID", "InvoiceDate", "Total")),
    ],
)
def test_plain_orders_are_understood_in_several_languages(
    tmp_path: Path, header: str, columns: tuple[str, str, str] | None
) -> None:
    file = tmp_path / "export.csv"
    file.write_text(f"{header}\n", encoding="utf-8")
    problems = Problems()
    found = catalog_of(project_of(tmp_path, file), problems).files[0]
    if columns is None:
        assert found.tables == ()
        assert "As orders it lacks customer_id" in str(found.note)
    else:
        assert found.tables == ("orders",)
        assert tuple(found.columns[name] for name in ("customer_id", "ordered_at", "amount")) == columns


def test_lines_of_baskets_are_order_items_and_orders(tmp_path: Path) -> None:
    header = "household_id,store_id,basket_id,product_id,quantity,sales_value,transaction_timestamp"
    line = {"household_id": "7", "basket_id": "B1", "transaction_timestamp": "2017-01-28 19:06:53"}
    rows = (
        {**line, "product_id": "1", "quantity": "2.0", "sales_value": "3.86"},
        {**line, "product_id": "2", "quantity": "1", "sales_value": "1.10"},
    )
    project = project_of(tmp_path, write_csv(tmp_path / "transactions.csv", header, *rows))
    sources = typed_sources(project)
    (orders,) = sources["orders"]
    assert orders.line_items
    at = dt.datetime(2017, 1, 28, 19, 6, 53)
    assert orders.frame.select("order_id", "customer_id", "ordered_at", "line_amount").collect().rows() == [
        ("B1", "7", at, Decimal("3.86")), ("B1", "7", at, Decimal("1.10")),
    ]  # fmt: skip
    items = typed(project, "order_items", "order_id", "product_id", "quantity", "line_amount", "store_id")
    assert items.rows() == [("B1", "1", 2.0, Decimal("3.86"), None), ("B1", "2", 1.0, Decimal("1.10"), None)]
    assert orders.file.columns["amount"] == "sales_value"


def test_online_retail_lines_with_unit_prices(tmp_path: Path) -> None:
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    row = {
        "InvoiceNo": "536365", "StockCode": "85123A", "Quantity": "6", "InvoiceDate": "12/13/2010 8:26",
        "UnitPrice": "2.55", "CustomerID": "17850.0", "Country": "United Kingdom",
    }  # fmt: skip
    project = project_of(tmp_path, write_csv(tmp_path / "retail.csv", header, row))
    orders = typed(project, "orders", "order_id", "ordered_at", "price", "quantity")
    assert orders.rows() == [("536365", dt.datetime(2010, 12, 13, 8, 26), Decimal("2.55"), 6.0)]
    assert typed(project, "customers", "customer_id", "country").rows() == [("17850", "GB")]


def test_people_are_told_from_lists_of_other_things(tmp_path: Path) -> None:
    people = write_csv(tmp_path / "demographics.csv", "household_id,age,income,marital_status", {"age": "65+"})
    sent = write_csv(tmp_path / "campaigns.csv", "campaign_id,household_id", {"campaign_id": "1"})
    used = write_csv(tmp_path / "coupon_redemptions.csv", "household_id,coupon_upc,campaign_id,redemption_date")
    about = write_csv(tmp_path / "campaign_descriptions.csv", "campaign_id,campaign_type,start_date,end_date")
    goods = write_csv(
        tmp_path / "products.csv", "product_id,manufacturer_id,department,brand,product_category,product_type"
    )
    catalog = catalog_of(project_of(tmp_path, people, sent, used, about, goods))
    assert [file.tables for file in catalog.files] == [("customers",), (), (), (), ("products",)]
    assert catalog.files[4].columns == {
        "product_id": "product_id", "category": "product_category", "brand": "brand",
    }  # fmt: skip
    for file in catalog.files[1:4]:
        assert str(file.note).startswith("not recognised: its columns are ")
        assert "`--map TABLE.COLUMN=HEADER` or `sources:` in segcli.yaml would use it." in str(file.note)
    assert {"file_age", "income", "marital_status"} <= catalog.tables["customers"].given


def test_tickets_of_a_help_desk_make_nobody_a_customer(tmp_path: Path) -> None:
    beside = write_csv(tmp_path / "orders.csv", "order_id,customer_id,ordered_at,amount")
    tickets = write_csv(tmp_path / "tickets.csv", "id,email,subject,status,created_at", {"email": "ada@example.com"})
    others = write_csv(tmp_path / "desk.csv", "ticket_id,email,opened_at,topic,status,satisfaction")
    catalog = catalog_of(project_of(tmp_path, beside, tickets, others))
    assert [file.tables for file in catalog.files] == [("orders",), (), ()]
    assert catalog.files[1].note == (
        "not recognised: its columns are id, email, subject, status, created_at. With 'subject' it tells what people "
        "wrote, such as tickets, and not who is a customer: `sources: {support: {files: tickets.csv}}` in segcli.yaml "
        "would use it."
    )
    assert "With 'ticket_id' it tells what people wrote" in str(catalog.files[2].note)


@pytest.mark.parametrize(
    "header", ["email", "id,email", "email,created_at", "id,email,status,created_at", "email,tags"]
)
def test_little_is_enough_for_a_list_of_people(tmp_path: Path, header: str) -> None:
    people = write_csv(tmp_path / "export.csv", header)
    assert catalog_of(project_of(tmp_path, people)).files[0].tables == ("customers",)


def test_who_calls_tickets_customers_is_heard(tmp_path: Path) -> None:
    write_csv(tmp_path / "tickets.csv", "id,email,subject", {"id": "7", "email": "ada@example.com", "subject": "Hello"})
    said = SourceDefinition("customers", ("tickets.csv",), Place("segcli.yaml", 3))
    assert typed(project_of(tmp_path, said), "customers", "email", "subject").rows() == [("ada@example.com", "Hello")]


@pytest.mark.parametrize(
    ("header", "table"),
    [
        ("id,name,sku,price", "products"),
        ("id,name,price,category,created_at", "products"),
        ("id,name,stock", "products"),
        ("id,name,city", "stores"),
        ("id,name,city,region,country,latitude,longitude", "stores"),
        ("store_id,name", "stores"),
    ],
)
def test_an_id_and_a_name_are_a_product_where_there_is_a_price_or_a_stock(
    tmp_path: Path, header: str, table: str
) -> None:
    file = write_csv(tmp_path / "export.csv", header)
    beside = write_csv(tmp_path / "orders of others.csv", "order_id,customer_id,ordered_at,amount")
    assert catalog_of(project_of(tmp_path, file, beside)).files[0].tables == (table,)


def test_a_file_of_nothing_else_is_a_problem_that_says_what_it_lacks(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "orders.csv", "customer_id,order_date,eur", {"eur": "1"})
    problems = Problems()
    catalog_of(project_of(tmp_path, file), problems)
    assert [str(problem) for problem in problems] == [
        "command line: orders.csv cannot be read as orders: its columns are customer_id, order_date, eur. "
        "As orders it lacks amount: say which that is with --map orders.amount=COLUMN."
    ]


def test_map_says_which_column_is_meant(tmp_path: Path) -> None:
    row = {"customer_id": "a", "order_date": "2024-01-01", "total": "9.00", "eur": "1.50"}
    file = write_csv(tmp_path / "export.csv", "customer_id,order_date,total,eur", row)
    project = project_of(tmp_path, file, maps={"orders": {"amount": "EUR"}})
    orders = typed(project, "orders", "amount", "total")
    assert orders.rows() == [(Decimal("1.50"), "9.00")]


def test_a_preset_can_be_overruled(tmp_path: Path) -> None:
    header = "Name,Email,Financial Status,Created at,Total,Subtotal,Lineitem name,Employee"
    row = {"Name": "#1", "Created at": "2024-01-01 00:00:00 +0000", "Total": "9.00", "Subtotal": "7.00"}
    file = write_csv(tmp_path / "export.csv", header, row)
    project = project_of(tmp_path, file, maps={"orders": {"amount": "Subtotal"}})
    assert typed(project, "orders", "amount").rows() == [(Decimal("7.00"),)]


def test_a_mapped_column_that_is_absent_is_a_problem_with_the_nearest_names(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "export.csv", "customer_id,order_date,revenue", {"revenue": "1"})
    said = SourceDefinition("orders", ("export.csv",), Place("segcli.yaml", 3, 5), columns={"amount": "revenu"})
    problems = Problems()
    catalog_of(project_of(tmp_path, said), problems)
    assert [str(problem) for problem in problems] == [
        "segcli.yaml:3:5: sources.orders.columns.amount: export.csv has no column 'revenu'. "
        "Its columns are customer_id, order_date, revenue. Did you mean 'revenue'?"
    ]
    problems = Problems()
    maps = {"orders": {"amount": "revenu", "amuont": "revenue"}, "order": {"amount": "revenue"}}
    catalog_of(project_of(tmp_path, file, maps=maps), problems)
    assert [str(problem) for problem in problems] == [
        "--map: no file has a column 'revenu' for orders.amount. Did you mean 'revenue'?",
        "--map: orders has no column 'amuont'. Did you mean 'amount'?",
        "--map: there is no table 'order'. Did you mean 'orders' or 'order_items'?",
    ]


def test_a_column_serves_once_and_our_own_name_goes_first(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "export.csv", "user_id,date,ordered_at,total,value,currency")
    found = catalog_of(project_of(tmp_path, file)).files[0]
    assert found.columns == {
        "customer_id": "user_id", "ordered_at": "ordered_at", "amount": "total", "currency": "currency",
    }  # fmt: skip


def test_events_from_a_plain_log_speak_our_names(tmp_path: Path) -> None:
    row = {"user_id": "u", "timestamp": "2024-01-01T00:00:00Z", "action": "Product Viewed", "sku": "S"}
    file = write_csv(tmp_path / "log.csv", "user_id,timestamp,action,sku", row)
    events = typed(project_of(tmp_path, file), "events", "customer_id", "event", "product_id")
    assert events.rows() == [("u", "view", "S")]


def test_events_that_say_in_which_cart_they_happened_are_events(tmp_path: Path) -> None:
    header = "occurred_at,email,event,product_id,product_name,price,quantity,cart_id"
    found = catalog_of(project_of(tmp_path, write_csv(tmp_path / "clicks.csv", header))).files[0]
    assert found.tables == ("events",)
    lines = write_csv(tmp_path / "lines.csv", "cart_id,email,added_at,product_id,quantity")
    assert catalog_of(project_of(tmp_path, lines)).files[0].tables == ("cart_items",)


@pytest.mark.parametrize(
    ("header", "email", "phone"),
    [
        ("Müşteri E-posta;Müşteri Telefonu;Sipariş Tarihi;Tutar", "Müşteri E-posta", "Müşteri Telefonu"),
        ("Kunden-E-Mail;Kundentelefon;Bestelldatum;Betrag", "Kunden-E-Mail", "Kundentelefon"),
    ],
)
def test_the_customers_address_is_one_in_an_orders_file(tmp_path: Path, header: str, email: str, phone: str) -> None:
    file = tmp_path / "export.csv"
    file.write_text(f"{header}\n", encoding="utf-8")
    columns = catalog_of(project_of(tmp_path, file)).files[0].columns
    assert (columns["email"], columns["phone"]) == (email, phone)


def test_the_day_of_a_consent_is_known_in_turkish(tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_text("E-posta;E-posta İzni;İzin Tarihi\n", encoding="utf-8")
    assert catalog_of(project_of(tmp_path, file)).files[0].columns["consent_at"] == "İzin Tarihi"
