"""What `segcli init` sees in a folder: what each file is, how long it is, and what its rows say of the shop."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from segcli.cli import init_files
from segcli.cli.init_files import FoundFile, ShopFiles, look_into
from segcli.cli.init_own_tables import example_source
from segcli.cli.init_platforms import platforms, where_from
from segcli.problems import Problems
from segcli.sources import recognise
from segcli.sources.presets import load_presets
from segcli.sources.tables import CANONICAL
from tests.cli.small_shop import CUSTOMERS, ORDERS
from tests.sources import test_presets as presets

SHOPIFY = (
    "Name,Email,Financial Status,Lineitem name,Created at,Total,Currency,Billing Country\n"
    "#1,ada@example.com,paid,Tea,2026-06-01 10:00:00 +0300,10.00,EUR,TR\n"
    "#1,ada@example.com,,Cup,2026-06-01 10:00:00 +0300,,,\n"
    "#2,ben@example.com,paid,Tea,2026-06-02 10:00:00 +0300,12.00,USD,DE\n"
    "#3,ben@example.com,paid,Tea,2026-06-03 10:00:00 +0300,12.00,USD,DE\n"
)
Looker = Callable[[], ShopFiles]


@pytest.fixture
def look(tmp_path: Path) -> Looker:
    (tmp_path / "shop").mkdir()
    (tmp_path / "scratch").mkdir()
    return lambda: look_into(tmp_path / "shop", tmp_path / "scratch", lambda stage: None)


def by_path(files: ShopFiles) -> dict[str, FoundFile]:
    return {file.path: file for file in files.files}


def test_each_file_is_told_with_its_kind_its_platform_and_its_rows(tmp_path: Path, look: Looker) -> None:
    (tmp_path / "shop/export.csv").write_text(SHOPIFY, encoding="utf-8")
    (tmp_path / "shop/lists").mkdir()
    (tmp_path / "shop/lists/people.csv").write_text(CUSTOMERS, encoding="utf-8")
    found = by_path(look())
    shopify, people = found["export.csv"], found["lists/people.csv"]
    assert (shopify.title, shopify.platform, shopify.rows, shopify.exact) == ("Shopify orders", "shopify", 4, True)
    assert shopify.tables == ("orders", "order_items", "customers")
    assert (people.title, people.rows, people.table) == ("customers", 5, "customers")


def test_rows_say_which_currency_and_country_are_most_frequent(tmp_path: Path, look: Looker) -> None:
    (tmp_path / "shop/export.csv").write_text(SHOPIFY, encoding="utf-8")
    values = look().values
    assert values["currency"] == ("USD", "EUR")
    assert values["country"] == ("DE", "TR")


def test_what_cannot_be_used_is_left_out_with_the_reason(tmp_path: Path, look: Looker) -> None:
    shop = tmp_path / "shop"
    (shop / "orders.csv").write_text(ORDERS, encoding="utf-8")
    (shop / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (shop / "empty.csv").write_bytes(b"")
    (shop / "book.xlsx").write_bytes(b"PK")
    (shop / "mail.zip").write_bytes(b"PK")
    (shop / "trimmed.csv").write_text(
        "Name,Email,Financial Status,Lineitem name,Created at,Total,Currency\n", encoding="utf-8"
    )
    found = by_path(look())
    assert {path for path, file in found.items() if file.title} == {"orders.csv", "trimmed.csv"}
    assert "its columns are a, b" in found["odd.csv"].why
    assert "--map" not in found["odd.csv"].why  # is an option of other commands
    assert found["empty.csv"].why == "the file is empty."
    assert "Save it as CSV UTF-8" in found["book.xlsx"].why
    assert "Unpack it" in found["mail.zip"].why
    assert "no rows" in found["trimmed.csv"].why


@pytest.mark.parametrize("packed", [False, True])
def test_of_a_long_file_the_beginning_is_looked_at_and_its_rows_are_estimated(
    tmp_path: Path, look: Looker, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(init_files, "SAMPLE_BYTES", 200_000)
    lines = [f"{number},{number % 977},2026-06-01T10:00:00,{number * 7919 % 100_003}.00\n" for number in range(40_000)]
    text = "order_id,customer_id,ordered_at,amount\n" + "".join(lines)
    if packed:
        (tmp_path / "shop/orders.csv.gz").write_bytes(gzip.compress(text.encode()))
    else:
        (tmp_path / "shop/orders.csv").write_text(text, encoding="utf-8")
    files = look()
    [found] = files.files
    assert not found.exact
    assert found.rows is not None
    assert 20_000 < found.rows < 60_000
    # The recipes are chosen by the sample, and the project names the file.
    assert files.project.sources[0].files == (found.sample,)
    assert found.path.startswith("orders.csv")


def test_kinds_of_event_are_known_only_where_every_file_was_read_whole(
    tmp_path: Path, look: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{number},2026-06-01T10:00:00,visit\n" for number in range(20_000))
    (tmp_path / "shop/events.csv").write_text(f"customer_id,at,event\n{rows}", encoding="utf-8")
    assert look().events == frozenset({"visit"})
    monkeypatch.setattr(init_files, "SAMPLE_BYTES", 100_000)
    assert look().events is None


def test_an_empty_or_missing_folder_has_no_files(tmp_path: Path, look: Looker) -> None:
    assert look().files == ()
    assert look_into(tmp_path / "nowhere", tmp_path / "scratch", lambda stage: None).files == ()


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (FoundFile("weather.csv", header=("city", "weather")), 'weather: {files: "weather.csv", by: city}'),
        (FoundFile("a/Help Desk.csv", header=("Email", "x")), 'help_desk: {files: "a/Help Desk.csv", time: COLUMN}'),
        (FoundFile("stock.csv", header=("a", "b")), 'stock: {files: "stock.csv", by: COLUMN}'),
        (FoundFile("orders.csv", header=("a", "b")), 'my_orders: {files: "orders.csv", by: COLUMN}'),
        (
            FoundFile("o.csv", header=("kunde", "umsatz"), notes=("say which with --map orders.ordered_at=COLUMN.",)),
            'orders: {files: "o.csv", columns: {ordered_at: COLUMN}}',
        ),
        (FoundFile("book.xlsx"), None),
    ],
)
def test_a_file_that_was_not_recognised_gets_a_line_that_would_use_it(file: FoundFile, line: str | None) -> None:
    assert example_source(file) == line


def test_platforms_are_those_that_files_are_recognised_of() -> None:
    assert platforms().keys() <= {kind.platform for kind in load_presets()}
    assert all(table in CANONICAL for platform in platforms().values() for table in platform.exports)
    assert where_from("carts", "shopify") == "Shopify: Orders > Abandoned checkouts > Export"
    assert where_from("orders", "other") == "a file with customer_id or email, ordered_at, amount"


HEADERS = {
    **{name.lower(): getattr(presets, name) for name in (
        "SHOPIFY_ORDERS", "SHOPIFY_CHECKOUTS", "SHOPIFY_CUSTOMERS", "WOO_ADVANCED", "WEBTOFFEE", "SKYVERGE",
        "KLAVIYO_OLD", "KLAVIYO_EVENTS", "KLAVIYO_PERSONS", "MAILCHIMP", "MAILCHIMP_UNSUBSCRIBED", "LISTMONK",
        "SENDGRID_BOUNCES", "MAGENTO_ORDERS", "MAGENTO_CUSTOMERS", "WOO_PRODUCTS", "WOO_ORDERS_REPORT",
    )},
    "plain_orders": "kunde,bestelldatum,betrag",
    "plain_lines": "invoice_no,customer_id,invoice_date,sku,qty,price",
    "plain_people": "customer_id,email,city",
    "plain_events": "email,time,event_name",
    "plain_carts": "cart_id,email,started_at",
    "plain_products": "sku,name,price",
}  # fmt: skip


@pytest.mark.parametrize("names", HEADERS)
def test_a_file_is_the_same_under_the_table_that_the_project_names_it_by(
    tmp_path: Path, look: Looker, names: str
) -> None:
    header = HEADERS[names]
    (tmp_path / "shop/export.csv").write_text(f"{header}\n{',' * header.count(',')}\n", encoding="utf-8")
    files = look()
    [found] = files.files
    if found.title is None:  # a report that tells of nobody
        assert (names, files.project.sources) == ("woo_orders_report", ())
        return
    assert files.project.sources[0].table == found.table
    [again] = recognise(files.project, frozenset(), Problems()).files
    assert (again.tables, again.platform) == (found.tables, found.platform)
