"""Every header set that the platforms write, with a few fictional rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from segcli.problems import Place, Problems
from segcli.project.models import SourceDefinition
from segcli.sources.headers import fold
from segcli.sources.presets import load_presets
from segcli.sources.tables import CANONICAL, WORKING
from tests.sources.inline_files import catalog_of, project_of, typed, typed_sources, write_csv

SHOPIFY_ORDERS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,"
    "Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,"
    "Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,"
    "Billing Street,Billing Address1,Billing Address2,Billing Company,Billing City,Billing Zip,"
    "Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,Shipping Address1,"
    "Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,Shipping Country,"
    "Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,"
    "Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,"
    "Shipping Province Name,Payment ID,Payment Terms Name,Next Payment Due At,Payment References"
)
SHOPIFY_CHECKOUTS = ",".join(
    name
    for name in SHOPIFY_ORDERS.split(",")
    if name not in ("Outstanding Balance", "Employee", "Location", "Device ID", "Payment ID")
)
SHOPIFY_PRODUCTS = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,"
    "Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,Image Position,"
    "Image Alt Text,Gift Card,SEO Title,SEO Description,Variant Image,Variant Weight Unit,Variant Tax Code,"
    "Cost per item,Status"
)
SHOPIFY_PRODUCTS_2025 = (
    "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Barcode,"
    "Option1 name,Option1 value,Option1 Linked To,Price,Compare-at price,Cost per item,Charge tax,Tax code,"
    "Inventory tracker,Inventory quantity,Continue selling when out of stock,Weight value (grams),"
    "Weight unit for display,Requires shipping,Fulfillment service,Product image URL,Image position,Image alt text,"
    "Variant image URL,Gift card,SEO title,SEO description"
)
SHOPIFY_CUSTOMERS = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
    "Default Address Address1,Default Address Address2,Default Address City,"
    "Default Address Province Code,Default Address Country Code,Default Address Zip,"
    "Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags"
)
SHOPIFY_CUSTOMERS_OLD = (
    "First Name,Last Name,Email,Company,Address1,Address2,City,Province,Province Code,Country,"
    "Country Code,Zip,Phone,Accepts Email Marketing,Accepts SMS Marketing,Total Spent,Total Orders,"
    "Tags,Note,Tax Exempt"
)
SHOPIFY_CUSTOMERS_2026 = (
    SHOPIFY_CUSTOMERS + ",Accepts WhatsApp Marketing,Date of birth (customer.metafields.facts.birth_date)"
)
WOO_ADVANCED = (
    "Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),"
    "Company (Billing),Address 1&2 (Billing),City (Billing),State Code (Billing),Postcode (Billing),"
    "Country Code (Billing),Email (Billing),Phone (Billing),First Name (Shipping),Last Name (Shipping),"
    "Address 1&2 (Shipping),City (Shipping),State Code (Shipping),Postcode (Shipping),"
    "Country Code (Shipping),Item #,SKU,Name,Product Variation,Quantity,Quantity (- Refund),Item Cost,"
    "Order Line (w/o tax),Order Line Tax,Order Line Total,Order Line Total Refunded,"
    "Order Line Total (- Refund),Image URL,Coupon Code,Discount Amount,Discount Amount Tax,"
    "Payment Method Title,Coupons Used,Cart Discount Amount,Order Subtotal Amount,Order Tax Amount,"
    "Order Shipping Amount,Order Refund Amount,Order Total Amount,Order Total Tax Amount,Total items,"
    "Total products"
)
WEBTOFFEE = (
    "order_id,order_number,order_date,paid_date,status,shipping_total,order_total,order_subtotal,"
    "order_currency,payment_method,customer_id,customer_user,customer_email,billing_first_name,"
    "billing_last_name,billing_email,billing_phone,billing_city,billing_country,coupon_items,"
    "refund_items,customer_note,line_item_1,line_item_2,line_item_3"
)
SKYVERGE = (
    "order_id,order_number,date,status,shipping_total,order_total,order_currency,customer_id,"
    "billing_first_name,billing_last_name,billing_email,billing_phone,billing_country,line_items,"
    "coupons"
)
KLAVIYO_OLD = (
    "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,"
    "State / Region,Country,Zip Code,Latitude,Longitude,Source,IP Address,Email Marketing Consent,"
    "Email Marketing Consent Timestamp,Historic Customer Lifetime Value,Total Customer Lifetime Value,"
    "Predicted Customer Lifetime Value,Average Order Value,Historic Number Of Orders,First Active,"
    "Last Active,Profile Created On,Date Added,Last Open,Last Click,Average Days Between Orders,"
    "Email Suppressions"
)
KLAVIYO_2025 = (
    "Email,Klaviyo ID,First Name,Last Name,Email Marketing Consent,Email Suppressions,"
    "Email Suppressions Timestamp,First Active,Last Active,Profile Created On,Last Open,Last Click,"
    "Total Customer Lifetime Value,Predicted Customer Lifetime Value,Predicted Number Of Orders,"
    "Average Order Value,Average Days Between Orders,Historic Customer Lifetime Value,"
    "Historic Number Of Orders,Expected Date Of Next Order"
)
KLAVIYO_EVENTS = (
    "id,uuid,type,timestamp,datetime,person_id,metric_id,campaign_id,flow_id,flow_message_id,"
    "property_value,property_attribution"
)
KLAVIYO_PERSONS = (
    "id,email,first_name,last_name,phone_number,address_1,address_2,city,region,zip,country,latitude,"
    "longitude,organization,title,timezone,created,updated,last_event_date"
)
MAILCHIMP = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
MAILCHIMP_UNSUBSCRIBED = (
    MAILCHIMP + ",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER"
)
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at"
SENDGRID_BOUNCES = "status,reason,email,created"
MAGENTO_ORDERS = (
    "ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),"
    "Grand Total (Purchased),Status,Billing Address,Shipping Address,Shipping Information,"
    "Customer Email,Customer Group,Subtotal,Shipping and Handling,Customer Name,Payment Method,"
    "Total Refunded,Allocated sources,Pickup Location Code,Braintree Transaction Source,Dispute State"
)
MAGENTO_CUSTOMERS = (
    "email,_website,_store,confirmation,created_at,created_in,disable_auto_group_change,dob,firstname,"
    "gender,group_id,lastname,middlename,password_hash,prefix,rp_token,rp_token_created_at,store_id,"
    "suffix,taxvat,updated_at,website_id,password"
)
WOO_PRODUCTS_EXPORT = (
    'ID,Type,SKU,"GTIN, UPC, EAN, or ISBN",Name,Published,Is featured?,Visibility in catalog,Short description,'
    "Description,Date sale price starts,Date sale price ends,Tax status,Tax class,In stock?,Stock,Low stock amount,"
    "Backorders allowed?,Sold individually?,Weight (kg),Length (cm),Width (cm),Height (cm),Allow customer reviews?,"
    "Purchase note,Sale price,Regular price,Categories,Tags,Shipping class,Images,Download limit,Download expiry days,"
    "Parent,Grouped products,Upsells,Cross-sells,External URL,Button text,Position,Brands"
)
WOO_PRODUCTS = "Product title,SKU,Items sold,N. Revenue,Orders,Category,Variations,Status,Stock"
WOO_ORDERS_REPORT = "Date,Order #,Status,Customer,Product(s),Items sold,Coupon(s),N. Revenue"


@pytest.mark.parametrize(
    ("header", "platform", "tables"),
    [
        (SHOPIFY_ORDERS, "shopify", ("orders", "order_items", "customers")),
        (SHOPIFY_ORDERS.rsplit(",", 9)[0], "shopify", ("orders", "order_items", "customers")),
        (SHOPIFY_CHECKOUTS, "shopify", ("carts", "cart_items", "customers")),
        ("Id,Email,Created at,Total Price", "shopify", ("carts", "customers")),
        (SHOPIFY_PRODUCTS, "shopify", ("products",)),
        (SHOPIFY_PRODUCTS_2025, "shopify", ("products",)),
        (SHOPIFY_CUSTOMERS, "shopify", ("customers",)),
        (SHOPIFY_CUSTOMERS_OLD, "shopify", ("customers",)),
        (SHOPIFY_CUSTOMERS_2026, "shopify", ("customers",)),
        (WOO_ADVANCED, "woocommerce", ("orders", "order_items", "customers")),
        (WEBTOFFEE, "woocommerce", ("orders", "order_items", "customers")),
        (SKYVERGE, "woocommerce", ("orders", "order_items", "customers")),
        (WOO_PRODUCTS, "woocommerce", ("products",)),
        (WOO_PRODUCTS_EXPORT.replace('"GTIN, UPC, EAN, or ISBN",', ""), "woocommerce", ("products",)),
        (WOO_ORDERS_REPORT, "woocommerce", ()),
        (KLAVIYO_OLD, "klaviyo", ("customers",)),
        (KLAVIYO_2025, "klaviyo", ("customers",)),
        (KLAVIYO_EVENTS, "klaviyo", ("events",)),
        (KLAVIYO_PERSONS, "klaviyo", ("customers",)),
        (LISTMONK, "listmonk", ("customers",)),
        (MAILCHIMP, "mailchimp", ("customers",)),
        (MAILCHIMP_UNSUBSCRIBED, "mailchimp", ("customers", "events")),
        (MAGENTO_ORDERS, "magento", ("orders", "customers")),
        (MAGENTO_CUSTOMERS, "magento", ("customers",)),
    ],
)
def test_a_header_tells_platform_and_tables_in_any_order_and_case(
    tmp_path: Path, header: str, platform: str, tables: tuple[str, ...]
) -> None:
    names = header.split(",")
    straight = write_csv(tmp_path / "a.csv", names, dict.fromkeys(names, "1"))
    shuffled = ["\ufeff" + names[-1].upper(), *(name.lower() for name in reversed(names[:-1])), "Own column"]
    turned = write_csv(tmp_path / "b.csv", shuffled, dict.fromkeys(shuffled, "1"))
    beside = write_csv(tmp_path / "people.csv", "customer_id,email,city")
    for file in (straight, turned):
        first = catalog_of(project_of(tmp_path, file, beside)).files[0]
        assert (first.platform, first.tables) == (platform, tables)


def test_every_preset_names_only_columns_that_its_table_can_have() -> None:
    for kind in load_presets():
        for rule in kind.tables:
            known = {*CANONICAL[rule.table], *WORKING.get(rule.table, {}), "country"}
            assert set(rule.columns) <= known, (kind.platform, kind.name, rule.table)


def test_shopify_orders_are_the_first_line_of_each_order_and_items_all_lines(tmp_path: Path) -> None:
    order = {
        "Name": "#1001", "Email": "Ada@Example.com", "Financial Status": "partially_refunded",
        "Fulfilled at": "2024-05-02 10:00:00 +0200", "Accepts Marketing": "yes", "Currency": "EUR",
        "Total": "59.90", "Discount Code": "HELLO", "Created at": "2024-05-01 09:58:12 +0200",
        "Billing Name": "Ada Example Lovely", "Billing City": "Berlin", "Billing Zip": "'01067",
        "Billing Country": "DE", "Refunded Amount": "10.00", "Phone": "'+4915112345678", "Source": "web",
    }  # fmt: skip
    line = {"Name": "#1001", "Created at": "2024-05-01 09:58:12 +0200", "Vendor": "Acme"}
    shoe = {
        "Lineitem quantity": "1",
        "Lineitem name": "Shoe",
        "Lineitem price": "39.90",
        "Lineitem sku": "S-1",
    }
    sock = {"Lineitem quantity": "2", "Lineitem name": "Sock", "Lineitem price": "10.00"}
    late = {
        **order, "Name": "1002", "Total": "5.00", "Cancelled at": "2024-06-01 00:00:00 +0000",
        "Accepts Marketing": "no", **shoe,
    }  # fmt: skip
    file = write_csv(tmp_path / "orders.csv", SHOPIFY_ORDERS, {**order, **line, **shoe}, {**line, **sock}, late)
    project = project_of(tmp_path, file, timezone="Europe/Berlin")

    orders = typed(project, "orders")
    assert orders["order_id"].to_list() == ["1001", "1002"]
    assert orders["ordered_at"].to_list()[0] == dt.datetime(2024, 5, 1, 9, 58, 12)
    assert orders["amount"].to_list() == [Decimal("59.90"), Decimal("5.00")]
    assert orders["refunded"].to_list()[0] == Decimal("10.00")
    assert orders["email"].to_list()[0] == "ada@example.com"
    assert orders["phone"].to_list()[0] == "+4915112345678"
    assert orders["cancelled_at"].to_list() == [None, dt.datetime(2024, 6, 1, 2)]
    assert orders["source"].to_list() == ["web", "web"]
    assert orders["__problem"].null_count() == 2

    items = typed(project, "order_items", "order_id", "product_id", "quantity", "price", "name")
    assert items.rows() == [
        ("1001", "S-1", 1.0, Decimal("39.90"), "Shoe"),
        ("1001", "Sock", 2.0, Decimal("10.00"), "Sock"),
        ("1002", "S-1", 1.0, Decimal("39.90"), "Shoe"),
    ]
    people = typed(project, "customers", "first_name", "last_name", "postal_code", "email_consent", "seen_at")
    assert people.rows()[0] == ("Ada", "Example Lovely", "01067", True, dt.datetime(2024, 5, 1, 9, 58, 12))
    assert people["email_consent"].to_list() == [True, None]


PRODUCT = ("product_id", "name", "category", "brand", "price", "image_url", "stock")


def test_shopify_products_have_a_row_for_each_variant_with_what_the_product_says_once(tmp_path: Path) -> None:
    cup = {"Handle": "cup", "Variant Inventory Tracker": "shopify"}
    rows = [
        {**cup, "Title": "Cup", "Vendor": "Ladle", "Type": "Cups", "Variant SKU": "C-S", "Variant Inventory Qty": "5",
         "Variant Price": "9.50", "Image Src": "https://shop.example/1.jpg", "Status": "active"},
        {**cup, "Variant SKU": "C-L", "Variant Inventory Qty": "0", "Variant Price": "12.00",
         "Variant Image": "https://shop.example/l.jpg"},
        {"Handle": "cup", "Image Src": "https://shop.example/2.jpg", "Image Position": "2"},
        # Without a type of its own, and nobody counts how many there are.
        {"Handle": "bowl", "Title": "Bowl", "Vendor": "Ladle", "Variant Price": "20.00", "Variant Inventory Qty": "0",
         "Status": "active"},
        {"Handle": "old", "Title": "Old cup", "Vendor": "Ladle", "Type": "Cups", "Variant SKU": "O", "Status": "draft",
         "Variant Price": "1.00", "Variant Inventory Qty": "7", "Variant Inventory Tracker": "shopify"},
    ]  # fmt: skip
    found = typed(project_of(tmp_path, write_csv(tmp_path / "products.csv", SHOPIFY_PRODUCTS, *rows)), "products")
    assert found.select(PRODUCT).rows() == [
        ("C-S", "Cup", "Cups", "Ladle", Decimal("9.50"), "https://shop.example/1.jpg", 5),
        ("C-L", "Cup", "Cups", "Ladle", Decimal("12.00"), "https://shop.example/l.jpg", 0),
        ("Bowl", "Bowl", None, "Ladle", Decimal("20.00"), None, None),
        ("O", "Old cup", "Cups", "Ladle", Decimal("1.00"), None, 0),
    ]


def test_shopify_products_of_2025_say_the_same_in_other_words(tmp_path: Path) -> None:
    cup = {"URL handle": "cup", "Inventory tracker": "shopify"}
    rows = [
        {**cup, "Title": "Cup", "Vendor": "Ladle", "Product category": "Kitchen > Cups", "SKU": "C-S", "Price": "9.50",
         "Inventory quantity": "5", "Product image URL": "https://shop.example/1.jpg", "Status": "Active"},
        {**cup, "SKU": "C-L", "Price": "12.00", "Inventory quantity": "3"},
        {"URL handle": "old", "Title": "Old", "Vendor": "Ladle", "SKU": "O", "Price": "1.00", "Status": "Archived"},
    ]  # fmt: skip
    path = write_csv(tmp_path / "products.csv", SHOPIFY_PRODUCTS_2025, *rows)
    found = typed(project_of(tmp_path, path), "products")
    assert found.select(PRODUCT).rows() == [
        ("C-S", "Cup", "Kitchen > Cups", "Ladle", Decimal("9.50"), "https://shop.example/1.jpg", 5),
        ("C-L", "Cup", "Kitchen > Cups", "Ladle", Decimal("12.00"), "https://shop.example/1.jpg", 3),
        ("O", "Old", None, "Ladle", Decimal("1.00"), None, 0),
    ]


def test_drafts_cannot_be_had_where_the_export_has_no_stock_either(tmp_path: Path) -> None:
    header = SHOPIFY_PRODUCTS.replace("Variant Inventory Qty,", "")
    rows = [
        {
            "Handle": name,
            "Title": name,
            "Vendor": "Ladle",
            "Variant SKU": name,
            "Variant Price": "1.00",
            "Status": state,
        }
        for name, state in (("here", "active"), ("gone", "archived"))
    ]
    found = typed(project_of(tmp_path, write_csv(tmp_path / "products.csv", header, *rows)), "products")
    assert found.select("product_id", "stock").rows() == [("here", None), ("gone", 0)]


def test_shopify_checkouts_are_abandoned_carts(tmp_path: Path) -> None:
    first = {
        "Name": "#990",
        "Email": "ben@example.com",
        "Total": "20.00",
        "Created at": "2024-05-01 10:00:00 -0400",
        "Lineitem name": "Hat",
        "Lineitem quantity": "1",
        "Lineitem price": "20.00",
        "Lineitem sku": "H",
    }
    more = {"Name": "#990", "Created at": "2024-05-01 10:00:00 -0400", "Lineitem name": "Cap"}
    project = project_of(tmp_path, write_csv(tmp_path / "checkouts.csv", SHOPIFY_CHECKOUTS, first, more))
    carts = typed(project, "carts", "cart_id", "started_at", "stage", "amount", "abandoned", "email")
    at = dt.datetime(2024, 5, 1, 14)
    assert carts.rows() == [("990", at, "checkout", Decimal("20.00"), True, "ben@example.com")]
    items = typed(project, "cart_items", "cart_id", "product_id", "quantity")
    assert items.rows() == [("990", "H", 1.0), ("990", "Cap", None)]


def test_woocommerce_products_are_known_by_the_sku_that_orders_name(tmp_path: Path) -> None:
    pot = {
        "ID": "41", "Type": "simple", "SKU": "POT-1", "Name": "Moka Pot", "Published": "1", "Stock": "7",
        "Visibility in catalog": "visible", "Regular price": "41.90", "Categories": "Brewers > Pots, Gifts",
        "Images": "https://shop.example/pot.jpg, https://shop.example/pot-side.jpg", "Brands": "Kettle & Co",
    }  # fmt: skip
    cup = {"ID": "42", "Name": "Cup", "Sale price": "7.00", "Regular price": "9.00"}
    project = project_of(tmp_path, write_csv(tmp_path / "wc-product-export.csv", WOO_PRODUCTS_EXPORT, pot, cup))
    products = typed(project, "products", "product_id", "name", "category", "brand", "price", "image_url", "stock")
    image = "https://shop.example/pot.jpg"
    assert products.rows() == [
        ("POT-1", "Moka Pot", "Brewers > Pots", "Kettle & Co", Decimal("41.90"), image, 7),
        ("42", "Cup", None, None, Decimal("7.00"), None, None),
    ]


def test_trimmed_shopify_orders_are_still_orders_unless_the_project_says_otherwise(tmp_path: Path) -> None:
    header = "Name,Email,Financial Status,Created at,Total,Lineitem name,Lineitem quantity,Lineitem price"
    file = write_csv(tmp_path / "export.csv", header, {"Name": "#1", "Total": "5.00"})
    assert catalog_of(project_of(tmp_path, file)).files[0].tables == ("orders", "order_items", "customers")
    said = SourceDefinition("carts", ("export.csv",), Place("segcli.yaml", 3), preset="shopify.checkouts")
    assert catalog_of(project_of(tmp_path, said)).files[0].tables == ("carts", "cart_items", "customers")


def test_an_unknown_preset_is_a_problem_with_the_nearest_names(tmp_path: Path) -> None:
    write_csv(tmp_path / "export.csv", "customer_id,ordered_at,amount")
    problems = Problems()
    said = SourceDefinition("orders", ("export.csv",), Place("segcli.yaml", 3), preset="shopfy")
    catalog_of(project_of(tmp_path, said), problems)
    (problem,) = problems.errors
    assert "there is no preset 'shopfy'. Did you mean 'shopify'" in str(problem)


def test_shopify_customers_lose_the_apostrophes_that_spreadsheets_need(tmp_path: Path) -> None:
    row = {
        "Customer ID": "'7210448301122", "Email": "Ada@Example.com ", "Accepts Email Marketing": "yes",
        "Default Address Country Code": "NO", "Default Address Zip": "'0150", "Phone": "'+4740612345",
        "Accepts SMS Marketing": "no", "Tags": "vip, wholesale", "Total Spent": "12.00",
        "Date of birth (customer.metafields.facts.birth_date)": "1990-02-29",
    }  # fmt: skip
    file = write_csv(tmp_path / "customers.csv", SHOPIFY_CUSTOMERS_2026, row)
    people = typed(project_of(tmp_path, file), "customers")
    expected = {
        "customer_id": "7210448301122",
        "email": "ada@example.com",
        "email_consent": True,
        "sms_consent": False,
        "country": "NO",
        "postal_code": "0150",
        "phone": "+4740612345",
        "tags": ["vip", "wholesale"],
        "total_spent": "12.00",
        "birth_date": None,
    }
    assert people.select(list(expected)).row(0, named=True) == expected
    assert people["__problem"].to_list() == [
        {"column": "birth_date", "reason": "no such date", "value": "1990-02-29", "fatal": False}
    ]


@pytest.mark.parametrize("repeated", [True, False])
def test_woocommerce_cells_of_an_order_may_stand_on_every_line_or_the_first(tmp_path: Path, repeated: bool) -> None:
    order = {
        "Order Number": "77", "Order Status": "Completed", "Order Date": "2024-05-01 18:30",
        "Email (Billing)": "cem@example.com", "First Name (Billing)": "Cem", "Country Code (Billing)": "TR",
        "Phone (Billing)": "0212 555 01 23", "Order Total Amount": "30.00", "Order Refund Amount": "5.00",
    }  # fmt: skip
    one = {"Item #": "1", "SKU": "A", "Name": "Apple", "Quantity": "1", "Item Cost": "10.00"}
    two = {"Item #": "2", "SKU": "B", "Name": "Bread", "Quantity": "2", "Item Cost": "10.00"}
    file = write_csv(tmp_path / "orders.csv", WOO_ADVANCED, {**order, **one}, {**(order if repeated else {}), **two})
    project = project_of(tmp_path, file)
    (orders,) = typed_sources(project)["orders"]
    columns = ("order_id", "ordered_at", "amount", "refunded", "email", "phone")
    rows = orders.frame.select(columns).unique().collect().rows()
    when = dt.datetime(2024, 5, 1, 18, 30)
    assert rows == [("77", when, Decimal("30.00"), Decimal("5.00"), "cem@example.com", "+902125550123")]
    assert orders.line_items
    items = typed(project, "order_items", "order_id", "product_id", "price")
    assert items.rows() == [("77", "A", Decimal("10.00")), ("77", "B", Decimal("10.00"))]


def test_webtoffee_has_a_column_per_line_item(tmp_path: Path) -> None:
    row = {
        "order_id": "501",
        "order_number": "501",
        "order_date": "2024-05-01 10:00:00",
        "status": "completed",
        "order_total": "35.00",
        "order_currency": "EUR",
        "customer_id": "0",
        "billing_email": "eve@example.com",
        "coupon_items": "code:SPRING|amount:5.00",
        "line_item_1": "name:Blue shirt|product_id:12|sku:BS|quantity:2|total:20.00|sub_total:20.00",
        "line_item_2": "name:Cap|product_id:13|sku:CP|quantity:1|total:15.00|sub_total:15.00",
    }
    project = project_of(tmp_path, write_csv(tmp_path / "orders.csv", WEBTOFFEE, row))
    items = typed(project, "order_items", "order_id", "product_id", "quantity", "line_amount", "name")
    assert items.rows() == [
        ("501", "12", 2.0, Decimal("20.00"), "Blue shirt"),
        ("501", "13", 1.0, Decimal("15.00"), "Cap"),
    ]
    orders = typed(project, "orders", "order_id", "customer_id", "amount", "discount_code")
    assert orders.rows() == [("501", None, Decimal("35.00"), "SPRING")]


def test_skyverge_has_all_line_items_in_one_cell(tmp_path: Path) -> None:
    row = {
        "order_id": "7", "order_number": "7", "date": "2024-05-01 10:00:00", "status": "processing",
        "order_total": "25.00", "customer_id": "4", "billing_email": "eve@example.com",
        "line_items": "id:1|name:Tea|product_id:5|sku:T|quantity:1|total:10.00;"
        "id:2|name:Pot|product_id:6|sku:P|quantity:3|total:15.00",
    }  # fmt: skip
    project = project_of(tmp_path, write_csv(tmp_path / "orders.csv", SKYVERGE, row))
    items = typed(project, "order_items", "product_id", "quantity", "line_amount")
    assert items.rows() == [("5", 1.0, Decimal("10.00")), ("6", 3.0, Decimal("15.00"))]


def test_klaviyo_consent_is_yes_only_for_who_subscribed_and_is_not_suppressed(tmp_path: Path) -> None:
    def profile(name: str, consent: str, suppressions: str = "") -> dict[str, str]:
        return {
            "Email": f"{name}@example.com", "Klaviyo ID": f"01{name}", "Email Marketing Consent": consent,
            "Email Suppressions": suppressions, "Profile Created On": "2024-05-01 12:00:00",
        }  # fmt: skip

    rows = [
        profile("a", "SUBSCRIBED"), profile("b", "UNSUBSCRIBED"), profile("c", "NEVER_SUBSCRIBED"),
        profile("d", "SUBSCRIBED", "[\"HARD_BOUNCE\"]"), profile("e", "SUBSCRIBED", "[]"), profile("f", ""),
    ]  # fmt: skip
    for header in (KLAVIYO_OLD, KLAVIYO_2025):
        project = project_of(tmp_path, write_csv(tmp_path / "profiles.csv", header, *rows), timezone="Asia/Ho_Chi_Minh")
        people = typed(project, "customers", "customer_id", "email_consent", "created_at")
        assert people["email_consent"].to_list() == [True, False, False, False, True, None]
        assert people["created_at"].to_list()[0] == dt.datetime(2024, 5, 1, 19)


def test_klaviyo_suppresses_who_has_a_suppression_and_who_unsubscribed(tmp_path: Path) -> None:
    said = [
        ("SUBSCRIBED", ""),
        ("UNSUBSCRIBED", ""),
        ("NEVER_SUBSCRIBED", "[]"),
        ("SUBSCRIBED", '["SPAM_COMPLAINT"]'),
        ("", ""),
    ]
    rows = [
        {
            "Email": f"{name}@example.com",
            "Klaviyo ID": name,
            "Email Marketing Consent": consent,
            "Email Suppressions": list_,
        }
        for name, (consent, list_) in zip("abcde", said, strict=True)
    ]
    for header in (KLAVIYO_OLD, KLAVIYO_2025):
        project = project_of(tmp_path, write_csv(tmp_path / "profiles.csv", header, *rows))
        people = typed(project, "customers", "customer_id", "suppressed")
        assert people["suppressed"].to_list() == [False, True, False, True, None]


def test_listmonk_suppresses_who_is_blocklisted(tmp_path: Path) -> None:
    rows = [
        {"uuid": name, "email": f"{name}@example.com", "status": status, "created_at": "2024-05-01 10:00:00+00:00"}
        for name, status in (("a", "enabled"), ("b", "blocklisted"), ("c", "disabled"))
    ]
    project = project_of(tmp_path, write_csv(tmp_path / "subscribers.csv", LISTMONK, *rows))
    assert typed(project, "customers", "email", "suppressed")["suppressed"].to_list() == [False, True, True]


def test_sendgrid_bounces_are_known_by_their_header_alone_and_nothing_else_is_taken_for_them(tmp_path: Path) -> None:
    bounced = {"status": "5.1.1", "reason": "550 no such user", "email": "ada@example.com", "created": "1717200000"}
    project = project_of(tmp_path, write_csv(tmp_path / "bounces.csv", SENDGRID_BOUNCES, bounced))
    events = typed(project, "events", "email", "at", "event")
    assert events.rows() == [("ada@example.com", dt.datetime(2024, 6, 1), "bounce")]

    returns = write_csv(tmp_path / "returns.csv", SENDGRID_BOUNCES + ",customer_id", bounced)
    assert catalog_of(project_of(tmp_path, returns)).files[0].platform == "plain"


def test_what_any_list_looks_like_is_a_suppression_list_only_where_the_project_says_so(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "list.csv", "email,created", {"email": "ada@example.com", "created": "1717200000"})
    assert catalog_of(project_of(tmp_path, file)).files[0].platform == "plain"
    definition = SourceDefinition("customers", (str(file),), Place("segcli.yaml"), preset="sendgrid.unsubscribes")
    project = project_of(tmp_path, file, sources=(definition,))
    people = typed(project, "customers", "email", "unsubscribed_at", "suppressed")
    assert people.rows() == [("ada@example.com", dt.datetime(2024, 6, 1), True)]
    complaints = write_csv(
        tmp_path / "spam.csv", "ip,email,created", {"email": "ada@example.com", "created": "1717200000"}
    )
    definition = SourceDefinition("events", (str(complaints),), Place("segcli.yaml"), preset="sendgrid")
    project = project_of(tmp_path, complaints, sources=(definition,))
    assert typed(project, "events", "email", "event").rows() == [("ada@example.com", "complaint")]


def test_a_plain_list_may_say_who_is_not_to_be_written_to(tmp_path: Path) -> None:
    rows = [{"Email": "ada@example.com", "Do not email": "yes"}, {"Email": "ben@example.com", "Do not email": "no"}]
    project = project_of(tmp_path, write_csv(tmp_path / "people.csv", "Email,Do not email", *rows))
    assert typed(project, "customers", "email", "suppressed")["suppressed"].to_list() == [True, False]


def test_klaviyo_profiles_say_when_somebody_was_last_active(tmp_path: Path) -> None:
    profiles = [
        {"Klaviyo ID": "A", "Last Active": "2025-03-04 05:06:07", "Last Open": "2025-01-01", "Last Click": ""},
        {"Klaviyo ID": "B", "Last Active": "", "Last Open": "2025-01-01 00:00:00", "Last Click": "2025-01-02 00:00:00"},
        {"Klaviyo ID": "C", "Last Active": "", "Last Open": "2025-01-01 00:00:00", "Last Click": ""},
        {"Klaviyo ID": "D", "Last Active": "", "Last Open": "", "Last Click": ""},
    ]
    rows = [{"Email": f"{each['Klaviyo ID'].lower()}@example.com", **each} for each in profiles]
    people = typed(
        project_of(tmp_path, write_csv(tmp_path / "profiles.csv", KLAVIYO_2025, *rows)), "customers", "active_at"
    )
    days = (dt.datetime(2025, 3, 4, 5, 6, 7), dt.datetime(2025, 1, 2), dt.datetime(2025, 1, 1), None)
    assert people["active_at"].to_list() == [*days]


def test_klaviyo_metrics_become_events_of_our_names(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "type": name, "datetime": "2024-05-01T10:00:00+00:00", "person_id": "P", "metric_id": "M"}
        for name in ("Opened Email", "Viewed Product", "Added to Cart", "Started Checkout", "Own Metric")
    ]
    project = project_of(tmp_path, write_csv(tmp_path / "event.csv", KLAVIYO_EVENTS, *rows))
    events = typed(project, "events", "customer_id", "at", "event")
    assert events["event"].to_list() == ["open", "view", "add_to_cart", "checkout", "own_metric"]
    assert events.row(0)[:2] == ("P", dt.datetime(2024, 5, 1, 10))


def test_mailchimp_unsubscribed_say_no_and_did_so_on_a_day(tmp_path: Path) -> None:
    member = {
        "Email Address": "gul@example.com", "OPTIN_TIME": "2023-01-01 08:00:00", "CC": "TR", "LEID": "1",
        "TAGS": '"Big spender","Ankara"', "LAST_CHANGED": "2024-01-01 00:00:00",
    }  # fmt: skip
    audience = project_of(tmp_path, write_csv(tmp_path / "subscribed.csv", MAILCHIMP, member))
    people = typed(audience, "customers", "email_consent", "subscribed_at", "country", "tags", "updated_at")
    at = dt.datetime(2023, 1, 1, 8)
    assert people.rows() == [(True, at, "TR", ["Big spender", "Ankara"], dt.datetime(2024, 1, 1))]

    gone = {**member, "UNSUB_TIME": "2024-02-03 04:05:06", "UNSUB_CAMPAIGN_TITLE": "spring.hello"}
    project = project_of(tmp_path, write_csv(tmp_path / "unsubscribed.csv", MAILCHIMP_UNSUBSCRIBED, gone))
    left = dt.datetime(2024, 2, 3, 4, 5, 6)
    assert typed(project, "customers", "email_consent", "unsubscribed_at").rows() == [(False, left)]
    events = typed(project, "events", "email", "at", "event", "campaign")
    assert events.rows() == [("gul@example.com", left, "unsubscribe", "spring.hello")]


def test_magento_orders_and_customers_without_the_secrets(tmp_path: Path) -> None:
    order = {
        "ID": "000000012",
        "Purchase Date": "2024-05-01 10:00:00",
        "Grand Total (Base)": "$1,234.50",
        "Status": "closed",
        "Customer Email": "hal@example.com",
        "Customer Name": "Hal Sample",
        "Total Refunded": "0",
    }
    project = project_of(tmp_path, write_csv(tmp_path / "grid.csv", MAGENTO_ORDERS, order))
    orders = typed(project, "orders", "order_id", "amount", "email", "status")
    assert orders.rows() == [("000000012", Decimal("1234.50"), "hal@example.com", "closed")]

    person = {
        "email": "hal@example.com",
        "_website": "base",
        "dob": "1980-12-31",
        "gender": "Female",
        "password_hash": "x",
        "rp_token": "y",
        "password": "z",
        "created_at": "2020-01-01 00:00:00",
        "group_id": "1",
    }
    project = project_of(tmp_path, write_csv(tmp_path / "customers.csv", MAGENTO_CUSTOMERS, person))
    columns = catalog_of(project).tables["customers"].columns
    assert not {"password_hash", "rp_token", "rp_token_created_at", "password"} & set(columns)
    assert typed(project, "customers", "birth_date", "gender").rows() == [(dt.date(1980, 12, 31), "female")]


GA4_ROW = {
    "event_date": "20240501",
    "event_timestamp": 1714557492000000,
    "event_name": "view_item",
    "event_params": [{"key": "page_location", "value": {"string_value": "https://shop.example/a", "int_value": None}}],
    "event_previous_timestamp": None,
    "event_value_in_usd": None,
    "event_bundle_sequence_id": 1,
    "event_server_timestamp_offset": 0,
    "user_id": "C1",
    "user_pseudo_id": "1.2",
    "privacy_info": None,
    "user_first_touch_timestamp": 1714557492000000,
    "user_ltv": None,
    "device": None,
    "geo": {"country": "Turkey", "region": "Izmir", "city": "Izmir"},
    "app_info": None,
    "traffic_source": None,
    "stream_id": "9",
    "platform": "WEB",
    "event_dimensions": None,
    "ecommerce": {"transaction_id": None, "purchase_revenue": None},
    "items": [],
}


def test_ga4_events_come_nested_once_each_and_only_of_known_users(tmp_path: Path) -> None:
    bought = {
        **GA4_ROW, "event_name": "purchase", "event_bundle_sequence_id": 2,
        "ecommerce": {"transaction_id": "T-9", "purchase_revenue": 49.9},
        "items": [{"item_id": "S-1", "item_name": "Shoe", "quantity": 1, "price": 49.9}],
    }  # fmt: skip
    nobody = {**GA4_ROW, "user_id": None, "user_pseudo_id": "3.4"}
    frame = pl.DataFrame([GA4_ROW, GA4_ROW, bought, nobody], infer_schema_length=None)
    frame.write_parquet(tmp_path / "events_20240501.parquet")
    frame.write_ndjson(tmp_path / "events_20240501.ndjson")
    for name in ("events_20240501.parquet", "events_20240501.ndjson"):
        project = project_of(tmp_path, tmp_path / name, timezone="Europe/Istanbul")
        events = typed(project, "events", "customer_id", "at", "event", "page").sort("event", descending=True)
        at = dt.datetime(2024, 5, 1, 12, 58, 12)
        page = "https://shop.example/a"
        assert events.rows() == [("C1", at, "view", page), ("C1", at, "purchase", page)]
        orders = typed(project, "orders", "order_id", "customer_id", "amount")
        assert orders.rows() == [("T-9", "C1", Decimal("49.90"))]
        items = typed(project, "order_items", "order_id", "product_id", "quantity", "price", "name")
        assert items.rows() == [("T-9", "S-1", 1.0, Decimal("49.90"), "Shoe")]
        assert typed(project, "events", "geo_city")["geo_city"].unique().to_list() == ["Izmir"]


def test_ga4_flattened_to_csv_is_understood_too(tmp_path: Path) -> None:
    header = (
        "event_date,event_timestamp,event_name,user_id,user_pseudo_id,event_bundle_sequence_id,"
        "ecommerce_transaction_id,ecommerce_purchase_revenue,page_location,geo_country"
    )
    row = {
        "event_date": "20240501",
        "event_timestamp": "1714557492000000",
        "event_name": "purchase",
        "user_id": "C1",
        "user_pseudo_id": "1.2",
        "ecommerce_transaction_id": "T-9",
        "ecommerce_purchase_revenue": "49.9",
    }
    project = project_of(tmp_path, write_csv(tmp_path / "ga.csv", header, row, row))
    at = dt.datetime(2024, 5, 1, 9, 58, 12)
    orders = typed(project, "orders", "order_id", "ordered_at", "amount")
    assert orders.rows() == [("T-9", at, Decimal("49.90"))]
    assert typed(project, "events", "at", "event").rows() == [(at, "purchase")]


def test_tracked_purchases_give_way_to_a_file_of_orders(tmp_path: Path) -> None:
    pl.DataFrame([GA4_ROW]).write_parquet(tmp_path / "events.parquet")
    orders = write_csv(tmp_path / "orders.csv", "order_id,customer_id,ordered_at,amount")
    catalog = catalog_of(project_of(tmp_path, tmp_path / "events.parquet", orders))
    assert catalog.files[0].tables == ("events", "order_items")
    assert "left out, since another file has them" in str(catalog.files[0].note)


def test_folding_makes_equal_what_people_write_differently() -> None:
    assert fold("\ufeffEmail (Billing)") == fold("EMAIL_BILLING") == "email_billing"
    assert fold("CustomerID") == "customer_id"
    assert fold("Müşteri No") == "musteri_no"
    assert fold("Số điện thoại") == "so_dien_thoai"
