"""The sample's files have the headers, the size and the made-up addresses that they should."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import polars as pl

from segcli.sources.tables import CANONICAL

ORDER_HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,"
    "Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,"
    "Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,"
    "Billing Address1,Billing Address2,Billing Company,Billing City,Billing Zip,Billing Province,"
    "Billing Country,Billing Phone,Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,"
    "Shipping Company,Shipping City,Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,"
    "Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,"
    "Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,"
    "Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,"
    "Payment ID,Payment Terms Name,Next Payment Due At,Payment References"
)
# Own survey answers, beside the canonical columns.
EXTRA_CUSTOMER_COLUMNS = {"interests", "reward_preference"}
RESERVED_DOMAIN = re.compile(r"@(example\.(com|org|net)|[a-z-]+\.example)$")
FICTION_PHONES = re.compile(
    r"^(\+1[2-9]\d\d5550(1\d\d)"  # 555-0100 to 555-0199
    r"|\+447700900\d{3}"  # Ofcom
    r"|\+493023125\d{3}"  # Bundesnetzagentur
    r"|\+3363998\d{4}"  # Arcep
    r"|\+46701740(60[5-9]|6[1-9]\d))$"  # PTS
)


def header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def test_the_orders_export_has_the_platforms_79_columns(sample: Path) -> None:
    columns = header(sample / "orders_export.csv")
    assert columns == ORDER_HEADER.split(",")
    assert len(columns) == 79


def test_the_checkouts_export_has_70_of_them_and_no_till_or_payment(sample: Path) -> None:
    columns = header(sample / "checkouts_export.csv")
    assert len(columns) == 70
    assert columns == [column for column in ORDER_HEADER.split(",") if column in columns]
    assert not {"Outstanding Balance", "Employee", "Location", "Device ID", "Payment ID"} & set(columns)


def test_the_other_files_have_canonical_columns(sample: Path, events: pl.DataFrame) -> None:
    columns = set(CANONICAL["customers"]) - {"suppressed", "active_at"}  # only exports of email services have these
    assert set(header(sample / "customers.csv")) == columns | EXTRA_CUSTOMER_COLUMNS
    assert header(sample / "products.csv") == list(CANONICAL["products"])
    assert header(sample / "stores.csv") == list(CANONICAL["stores"])
    own = set(CANONICAL["events"]) - {"name", "category", "brand"}
    assert set(events.columns) == own


def test_order_cells_stand_on_the_first_line_of_an_order_only(order_lines: pl.DataFrame) -> None:
    later = order_lines.filter(pl.col("Name") == pl.col("Name").shift())
    assert later.height > 2000
    for column in ("Total", "Financial Status", "Currency", "Billing Name", "Id"):
        assert later[column].null_count() == later.height
    assert later["Lineitem sku"].null_count() == 0
    assert order_lines.filter(pl.col("Total").is_not_null())["Name"].is_unique().all()


def test_totals_are_what_the_lines_say(order_lines: pl.DataFrame) -> None:
    cents = {
        name: pl.col(name).cast(pl.Decimal(18, 2)) for name in ("Subtotal", "Shipping", "Total", "Discount Amount")
    }
    line = pl.col("Lineitem price").cast(pl.Decimal(18, 2)) * pl.col("Lineitem quantity").cast(pl.Int64)
    orders = order_lines.group_by("Name").agg(
        lines=line.sum(), **{name: value.drop_nulls().first() for name, value in cents.items()}
    )
    wrong = orders.filter(
        (pl.col("lines") - pl.col("Discount Amount") != pl.col("Subtotal"))
        | (pl.col("Subtotal") + pl.col("Shipping") != pl.col("Total"))
    )
    assert wrong.is_empty()


def test_every_file_together_is_under_12_megabytes(sample: Path) -> None:
    files = [path for path in sample.iterdir() if path.suffix in {".csv", ".parquet", ".yaml"}]
    assert sum(path.stat().st_size for path in files) < 12_000_000


def test_every_address_is_in_a_domain_reserved_for_examples(sample: Path, customers: pl.DataFrame) -> None:
    addresses = set(customers["email"].drop_nulls())
    for name in ("orders_export.csv", "checkouts_export.csv"):
        addresses |= set(pl.read_csv(sample / name, infer_schema=False)["Email"].drop_nulls())
    addresses |= set(pl.read_csv(sample / "support.csv", infer_schema=False)["email"])
    assert [address for address in addresses if not RESERVED_DOMAIN.search(address.lower())] == []


def test_no_file_names_a_real_web_site(sample: Path) -> None:
    for path in sample.glob("*.csv"):
        hosts = set(re.findall(r"https?://([^/\s,\"]+)", path.read_text(encoding="utf-8")))
        assert hosts <= {"shop.example"}


def test_every_phone_is_kept_for_fiction_and_one_persons(order_lines: pl.DataFrame, customers: pl.DataFrame) -> None:
    phones = customers.filter(pl.col("phone").is_not_null())
    assert phones.group_by("phone").agg(people=pl.col("email").n_unique())["people"].max() == 1
    numbers = set(phones["phone"])
    for column in ("Phone", "Billing Phone", "Shipping Phone"):
        numbers |= set(order_lines[column].drop_nulls().str.strip_chars_start("'"))
    assert [number for number in numbers if not FICTION_PHONES.match(number)] == []
