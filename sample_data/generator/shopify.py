"""The shop platform's exports: orders (79 columns) and abandoned checkouts (70), one line per line item."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from generator.catalogue import slug
from generator.clock import AS_OF, DAY, shop_time
from generator.diary import Checkout
from generator.people import Person
from generator.purchases import SHIPPING, Line, Order

_ORDER_COLUMNS = (
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
ORDER_HEADER = tuple(_ORDER_COLUMNS.split(","))
# An abandoned checkout has no till, no payment and no receipt.
_NOT_IN_CHECKOUTS = (
    "Outstanding Balance,Employee,Location,Device ID,Payment ID,Payment Terms Name,Next Payment Due At,"
    "Payment References,Receipt Number"
)
CHECKOUT_HEADER = tuple(column for column in ORDER_HEADER if column not in _NOT_IN_CHECKOUTS.split(","))
CHECKOUTS_KEPT = 90 * DAY  # older ones are no longer in the export


def money(cents: int) -> str:
    """`12.90` from 1290."""
    return f"{cents // 100}.{cents % 100:02d}"


def order_rows(orders: Sequence[Order]) -> list[list[str]]:
    """Every line of the orders export, the newest order first, as the platform sorts it."""
    rows: list[list[str]] = []
    for order in reversed(orders):
        rows += _rows(ORDER_HEADER, _order_cells(order), order.lines, fulfilled=order.fulfilled_at is not None)
    return rows


def checkout_rows(checkouts: Iterable[Checkout]) -> list[list[str]]:
    """Every line of the abandoned-checkout export: the last 90 days, the newest first."""
    kept = [c for c in checkouts if c.at > AS_OF - CHECKOUTS_KEPT and (c.person.email or c.person.phone)]
    kept.sort(key=lambda checkout: (checkout.at, checkout.person.index))
    rows: list[list[str]] = []
    for number, checkout in reversed(list(enumerate(kept))):
        cells = _checkout_cells(checkout, 38_100_000_000_000 + number * 7_919)
        rows += _rows(CHECKOUT_HEADER, cells, checkout.lines, fulfilled=False)
    return rows


def _rows(header: Sequence[str], cells: dict[str, str], lines: Sequence[Line], fulfilled: bool) -> list[list[str]]:
    rows = []
    for number, line in enumerate(lines):
        # Later lines of an order repeat its name, address and time, and nothing else of it.
        row = dict(cells) if number == 0 else {key: cells[key] for key in ("Name", "Email", "Created at")}
        row |= {
            "Lineitem quantity": str(line.quantity), "Lineitem name": line.product.name,
            "Lineitem price": money(line.product.cents), "Lineitem sku": line.product.product_id,
            "Lineitem requires shipping": "true", "Lineitem taxable": "true",
            "Lineitem fulfillment status": "fulfilled" if fulfilled else "pending",
            "Vendor": line.product.brand, "Lineitem discount": "0.00",
        }  # fmt: skip
        rows.append([row.get(column, "") for column in header])
    return rows


def _order_cells(order: Order) -> dict[str, str]:
    person, rng = order.person, random.Random(f"cells:{order.number}")
    tax_name, rate = person.country.tax
    paid = order.status not in ("pending", "voided")
    method = "Shop card" if rng.random() < 0.7 else "Wallet"
    if (person.country.code in ("TR", "VN") and rng.random() < 0.3) or order.status == "pending":
        method = "Cash on Delivery"
    email = "" if person.email is None else person.email
    if rng.random() < 0.02:
        email = email.title()  # people type their address as they like
    tax = money(order.total - round(order.total / (1 + rate)))
    return _address_cells(person, "Billing") | _address_cells(person, "Shipping") | {
        "Name": f"#{order.number}", "Email": email, "Financial Status": order.status,
        "Paid at": shop_time(order.at + 40, offset=True) if paid else "",
        "Fulfillment Status": "fulfilled" if order.fulfilled_at else "unfulfilled",
        "Fulfilled at": shop_time(order.fulfilled_at, offset=True) if order.fulfilled_at else "",
        "Accepts Marketing": "yes" if person.email_consent else "no", "Currency": "USD",
        "Subtotal": money(order.subtotal), "Shipping": money(order.shipping), "Taxes": tax,
        "Total": money(order.total), "Discount Code": order.code or "",
        "Discount Amount": money(order.discount),
        "Shipping Method": "Standard" if order.shipping else "Free shipping",
        "Created at": shop_time(order.at, offset=True),
        "Cancelled at": shop_time(order.cancelled_at, offset=True) if order.cancelled_at else "",
        "Payment Method": "(for testing) Bogus Gateway" if order.test else method,
        "Refunded Amount": money(order.refunded),
        "Outstanding Balance": money(0 if paid or order.status == "voided" else order.total),
        "Id": str(5_400_000_000_000 + order.number * 32_768), "Tags": "test" if order.test else "",
        "Notes": "Please wrap as a gift,\nno invoice in the box" if rng.random() < 0.01 else "",
        "Risk Level": "Low", "Source": "web", "Tax 1 Name": tax_name, "Tax 1 Value": tax,
        "Phone": person.phone or "",
    }  # fmt: skip


def _checkout_cells(checkout: Checkout, number: int) -> dict[str, str]:
    person = checkout.person
    subtotal = sum(line.product.cents * line.quantity for line in checkout.lines)
    shipping = 0 if subtotal >= 6000 else SHIPPING
    tax_name, rate = person.country.tax
    tax = money(subtotal + shipping - round((subtotal + shipping) / (1 + rate)))
    return _address_cells(person, "Billing") | _address_cells(person, "Shipping") | {
        "Name": f"#{number}", "Id": str(number), "Email": person.email or "", "Currency": "USD",
        "Accepts Marketing": "yes" if person.email_consent else "no", "Subtotal": money(subtotal),
        "Shipping": money(shipping), "Taxes": tax, "Total": money(subtotal + shipping),
        "Discount Amount": "0.00",
        "Created at": shop_time(checkout.at, offset=True), "Refunded Amount": "0.00", "Risk Level": "Low",
        "Source": "web", "Tax 1 Name": tax_name, "Tax 1 Value": tax, "Phone": person.phone or "",
    }  # fmt: skip


def _address_cells(person: Person, role: str) -> dict[str, str]:
    street = f"{person.index % 97 + 1} {person.city.name} Sample Street"
    return {
        f"{role} Name": person.name, f"{role} Street": street, f"{role} Address1": street,
        f"{role} City": person.city.name, f"{role} Zip": f"'{person.city.postal_code}",
        f"{role} Province": region_code(person.city.region),
        f"{role} Country": person.country.code, f"{role} Phone": f"'{person.phone}" if person.phone else "",
        f"{role} Province Name": person.city.region,
    }  # fmt: skip


def region_code(region: str) -> str:
    """`CA` stays, `Bavaria` becomes `BAV`: the platform's short column; the full name stands beside it."""
    return region if len(region) == 2 else slug(region)[:3].upper()
