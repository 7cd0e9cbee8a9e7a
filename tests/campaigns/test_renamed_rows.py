"""Rows whose ids change between runs: late orders and merged customers rename carts from events."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from segcli.__main__ import main
from tests.campaigns.calendar import Calendar, Rows, hours
from tests.cli.small_shop import small_shop

JOINED = {"orders": pl.Int64()}
RECIPE = """campaigns:
  it:
    audience: orders >= 0
    start: {from: carts, at: last_activity_at, where: abandoned}
    steps:
      - {message: one, after: 1h}
      - {message: two, after: 1d}
      - {message: three, after: 3d}
"""


# Every other hour about the moments at which a step may come.
RUNS = [hours(at) for day in ((0, 12), (24, 36), (54, 58), (72, 80), (102, 108)) for at in range(*day, 2)]


def somebody(as_of: dt.datetime) -> Rows:
    return [{"customer_id": "a", "orders": 0}]


def sent(folder: Path, carts: dict[str, tuple[float, bool]], later: dict[str, tuple[float, bool]]) -> list[str]:
    """What RUNS send: the carts of the first four hours (last activity, abandoned), then others."""

    def tables(as_of: dt.datetime) -> dict[str, Rows]:
        known = carts if as_of < hours(4) else later
        rows = [
            {"cart_id": cart, "customer_id": "a", "last_activity_at": hours(at), "abandoned": abandoned}
            for cart, (at, abandoned) in known.items()
        ]
        return {"carts": [*rows, {"cart_id": "z", "customer_id": "z", "last_activity_at": hours(0)}]}

    calendar = Calendar(RECIPE, folder, somebody, JOINED, tables)
    calendar.runs(RUNS)
    return [step for _, _, step in calendar.sent()]


SLOW = pytest.mark.slow  # some alone: each of them is two dozen runs


@pytest.mark.parametrize(
    ("later", "steps"),
    [
        # An order before the cart comes late: it is the customer's second cart.
        ({"a 1": (0, True)}, ["one", "two", "three"]),
        # Also where the customer was back at it since.
        pytest.param({"a 1": (5, True)}, ["one", "two", "three"], marks=SLOW),
        # The order was in the middle of what had been one cart.
        pytest.param({"a 0": (-5, False), "a 1": (0, True)}, ["one", "two", "three"], marks=SLOW),
        # The cart was bought, and another one began: that is a series of its own.
        ({"a 0": (0, False), "a 1": (5, True)}, ["one", "one", "two", "three"]),
        pytest.param({"a 1": (0, False), "a 2": (5, True)}, ["one", "one", "two", "three"], marks=SLOW),
        # Another cart while the first is open.
        pytest.param({"a 0": (0, True), "a 1": (30, True)}, ["one", "two", "one", "two", "three", "three"], marks=SLOW),
    ],
)
def test_a_cart_that_bears_another_id_goes_on_where_it_was(tmp_path, later, steps) -> None:
    assert sent(tmp_path, {"a 0": (0, True)}, later) == steps


def test_a_row_that_is_another_customers_now_is_not_taken_for_the_next_one_of_who_had_it(tmp_path) -> None:
    def tables(as_of: dt.datetime) -> dict[str, Rows]:
        moved = as_of >= hours(4)
        rows = [{"cart_id": "c1", "customer_id": "b" if moved else "a", "last_activity_at": hours(0)}]
        rows += [{"cart_id": "c2", "customer_id": "a", "last_activity_at": hours(3)}] if moved else []
        return {"carts": [{**row, "abandoned": True} for row in rows]}

    calendar = Calendar(RECIPE, tmp_path, somebody, JOINED, tables)
    calendar.runs(RUNS)
    assert [step for _, _, step in calendar.sent()] == ["one", "one", "two", "three"]


EVENTS = "customer_id,event,at,product_id\nb7,add_to_cart,2026-06-02 08:00,tea\n"
OLD_ORDER = "order_id,customer_id,ordered_at,amount\nx,other,2026-05-01 10:00,5\n"
PEOPLE = "customer_id,email,country\nb7,ada@example.com,TR\nother,ben@example.com,TR\n"
CHANGES = {
    "orders.csv": OLD_ORDER + "y,b7,2026-06-01 10:00,5\n",  # it comes late
    "customers.csv": PEOPLE + "a1,ada@example.com,TR\n",  # who turns out to be the same person
}


@pytest.mark.parametrize("changed", ["orders.csv", pytest.param("customers.csv", marks=SLOW)])
def test_a_mail_about_a_cart_from_events_comes_once_and_tells_of_the_cart(tmp_path, changed, capsys) -> None:
    project = """shop: Small
timezone: Europe/Istanbul
currency: EUR
sources: {customers: customers.csv, orders: orders.csv, events: events.csv}
recipes: [./recipes/mine]
consent: {default: us, countries: {TR: us}}
sender: {email: hello@shop.example, name: Small, address: "Small, 1 Example Street"}
links: {shop: https://shop.example, unsubscribe: https://shop.example/stop}
limits: {caps: [{max: 9, per: 24h}]}
"""
    recipe = "description: test\n" + RECIPE.replace("orders >= 0", "abandoned_carts > 0")
    shop = small_shop(tmp_path, recipe, project)
    for step in ("one", "two", "three"):
        (shop / "recipes" / "mine" / f"{step}.md").write_text(
            f"---\nsubject: {step}\n---\nCart {{{{ row.cart_id }}}}\n"
        )
    for name, text in {"events.csv": EVENTS, "orders.csv": OLD_ORDER, "customers.csv": PEOPLE}.items():
        (shop / name).write_text(text)
    for as_of in ("2026-06-02T08:00", "2026-06-02T09:30", "2026-06-02T12:30", "2026-06-03T12:30", "2026-06-05T12:30"):
        if as_of == "2026-06-02T12:30":
            (shop / changed).write_text(CHANGES[changed])
        assert main(["campaign", "--commit", "-q", "--project", str(shop), "--as-of", as_of]) == 0, capsys.readouterr()
    journal = pl.concat(pl.read_parquet(path) for path in sorted(shop.glob("history/2*/sends.parquet")))
    assert journal.filter(status="sent").sort("send_at")["step"].to_list() == ["one", "two", "three"]
    last = (
        next(shop.glob("out/2026-06-05T1230-campaigns/campaigns/it/three/eml/*/*.eml")).read_text().replace("=\n", "")
    )
    assert f"Cart {'b7 1' if changed == 'orders.csv' else 'a1 0'}" in last
