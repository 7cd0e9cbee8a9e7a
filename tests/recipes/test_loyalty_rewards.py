"""The loyalty recipe over some weeks in a shop of eight: points, tiers and friends are each rewarded once."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from segcli.__main__ import main

pytestmark = pytest.mark.slow

PROJECT = """timezone: Europe/Istanbul
currency: EUR
country: US
sources: {customers: customers.csv, orders: orders.csv}
recipes: [loyalty-rewards, referral-programme]
"""
# dee brought old in January, f1 and f2 on one day in June, and f3 nine days later.
CUSTOMERS = """customer_id,email,tags,referred_by,created_at
ada,ada@example.com,donates,,2025-01-01 00:00:00
ben,ben@example.com,,,2025-01-01 00:00:00
cem,cem@example.com,,,2025-01-01 00:00:00
dee,dee@example.com,,,2025-01-01 00:00:00
old,old@example.com,,dee,2026-01-01 00:00:00
f1,f1@example.com,,dee,2026-06-09 10:00:00
f2,f2@example.com,,dee,2026-06-09 15:00:00
f3,f3@example.com,,dee,2026-06-18 10:00:00
"""
ORDERS = """order_id,customer_id,ordered_at,amount
a,ada,2026-06-01,300.00
b,ben,2026-06-01,450.00
c,cem,2026-05-01,700.00
d,cem,2026-06-15,200.00
"""
MOMENTS = ("2026-06-10T09:00", "2026-06-20T09:00", "2026-07-12T09:00")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, tuple[str, str, float | None]]]]:
    """Per committed run: customer -> campaign, reward and value of what they were sent."""
    folder = tmp_path_factory.mktemp("shop")
    for name, text in (("segcli.yaml", PROJECT), ("customers.csv", CUSTOMERS), ("orders.csv", ORDERS)):
        (folder / name).write_text(text, encoding="utf-8")
    for moment in MOMENTS:
        assert main(["campaign", "--project", str(folder), "--commit", "--quiet", "--as-of", moment]) == 0
    found = []
    for moment in MOMENTS:
        rows = pl.read_parquet(folder / "history" / moment.replace(":", "") / "sends.parquet")
        rows = rows.filter(pl.col("status") == "sent").select("customer_id", "campaign", "reward", "offer_value")
        found.append({customer: tuple(rest) for customer, *rest in rows.iter_rows()})
    yield found


def test_200_points_are_a_discount_or_a_donation_for_who_chose_that(
    runs: list[dict[str, tuple[str, str, float | None]]],
) -> None:
    assert runs[0]["ada"] == ("points_reward", "donation", 5.0)
    assert runs[0]["ben"] == runs[0]["cem"] == ("points_reward", "percent", 20.0)


def test_the_next_reward_comes_a_month_later_and_only_to_who_has_200_points_left(
    runs: list[dict[str, tuple[str, str, float | None]]],
) -> None:
    assert "ben" not in runs[1]
    assert runs[2]["ben"] == ("points_reward", "percent", 20.0)  # 450 less 200
    assert "ada" not in runs[2]  # 300 less 200


def test_reaching_a_tier_brings_its_gift_and_being_there_does_not(
    runs: list[dict[str, tuple[str, str, float | None]]],
) -> None:
    assert runs[1]["cem"] == ("gold_reached", "gift", None)  # 700 points, and then 900
    assert runs[2]["cem"] == ("points_reward", "percent", 20.0)


def test_every_new_friend_counts_once_two_of_one_day_as_well(
    runs: list[dict[str, tuple[str, str, float | None]]],
) -> None:
    assert runs[0]["dee"] == ("referral_credit", "amount", 10.0)
    assert runs[1]["dee"] == ("referral_credit", "amount", 5.0)
    assert runs[2]["dee"] == ("points_reward", "percent", 20.0)  # for the points that friends bring
