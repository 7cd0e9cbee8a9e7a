"""The shipped campaigns on the sample shop: what some of its people get on one morning, and why others get nothing."""

from __future__ import annotations

import csv
import datetime as dt
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from segcli.__main__ import main
from segcli.project import load_project

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "sample_data"
RECIPES = (
    "welcome",
    "cart-series",
    "winback",
    "birthday",
    "after-delivery",
    "loyalty-rewards",
    "referral-programme",
    "hot-leads",
)
MORNING = "2026-06-30T0900"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the sample shop with the recipes that have campaigns, and one committed run."""
    folder = tmp_path_factory.mktemp("sample") / "shop"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("out", "history", "generator", ".segcli.key"))
    file = folder / "segcli.yaml"
    chosen = f"\nrecipes: [{', '.join(RECIPES)}]\n"
    text, changes = re.subn(r"\nrecipes:\n(?:[ #].*\n|\n(?=  ))+", chosen, file.read_text("utf-8"))
    assert changes == 1
    file.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGCLI_KEY", "0" * 64)
        assert main(["campaign", "--project", str(folder), "--commit", "--quiet"]) == 0
        yield folder


@pytest.fixture(scope="module")
def sends(shop: Path) -> pl.DataFrame:
    """What the run did, from the history."""
    return pl.read_parquet(shop / "history" / MORNING / "sends.parquet")


@pytest.fixture(scope="module")
def excluded(shop: Path) -> pl.DataFrame:
    return pl.read_csv(shop / "out" / f"{MORNING}-campaigns" / "excluded.csv")


def got(sends: pl.DataFrame, customer: str, status: str = "sent") -> dict[str, dict[str, object]]:
    """`<campaign>.<step>` -> the row of the history, of everything that this customer was sent."""
    rows = sends.filter(pl.col("customer_id") == customer, pl.col("status") == status)
    return {row["message"]: row for row in rows.iter_rows(named=True)}


def reasons(excluded: pl.DataFrame, customer: str) -> dict[str, str]:
    """Campaign -> why this customer does not get its message."""
    rows = excluded.filter(pl.col("customer_id") == customer)
    return dict(rows.select("campaign", "reason").iter_rows())


def codes(shop: Path, step: str) -> dict[str, dict[str, str]]:
    """Customer -> their row in the coupons of a step."""
    table = pl.read_csv(shop / "out" / f"{MORNING}-campaigns" / "campaigns" / step / "coupons.csv", infer_schema=False)
    return {row["customer_id"]: row for row in table.iter_rows(named=True)}


def test_every_recipe_with_campaigns_is_tried_here() -> None:
    recipes = {recipe.name for recipe in load_project([SAMPLE]).recipes if recipe.campaigns}
    assert recipes == set(RECIPES)


def test_who_signed_up_two_days_ago_is_welcomed_with_a_code_for_48_hours(shop: Path, sends: pl.DataFrame) -> None:
    (message,) = got(sends, "C10001").values()  # signed up on the 28th at 21:24
    assert (message["message"], message["start"]) == ("welcome.welcome", dt.datetime(2026, 6, 28, 21, 24, 14))
    coupon = codes(shop, "welcome/welcome")["C10001"]
    assert coupon["code"].startswith("HELLO-")
    assert (coupon["reward"], coupon["value"], coupon["usage_limit"]) == ("percent", "10", "1")
    assert (coupon["starts_at"], coupon["expires_at"]) == ("2026-06-30T09:00:00", "2026-07-02T09:00:00")


def test_who_signed_up_earlier_goes_on_where_the_series_stands_for_them(sends: pl.DataFrame) -> None:
    assert set(got(sends, "C10081")) == {"welcome.what-do-you-like"}  # on the 22nd: five days, and within grace
    assert set(got(sends, "C11435")) == {"welcome.first-order"}  # on the 18th: nine days


def test_a_left_cart_goes_before_the_welcome(sends: pl.DataFrame, excluded: pl.DataFrame) -> None:
    (message,) = got(sends, "C10004").values()  # signed up at 6:55 on the 29th and left a cart at 7:02
    assert message["message"] == "cart_series.still-yours"
    assert message["products"] == ["COF-039", "CUP-009"]
    assert reasons(excluded, "C10004") == {"welcome": "beaten by a campaign of higher priority"}


def test_who_unsubscribed_gets_nothing_whatever_they_left(sends: pl.DataFrame, excluded: pl.DataFrame) -> None:
    assert got(sends, "C10032") == {}  # left a cart in the evening, unsubscribed in the morning
    assert reasons(excluded, "C10032") == {"cart_series": "suppressed", "welcome": "suppressed"}


def test_the_last_reminder_has_a_code_for_who_never_ordered_and_none_for_a_regular(
    shop: Path, sends: pl.DataFrame
) -> None:
    regular, newcomer = got(sends, "C10120"), got(sends, "C11056")
    assert set(regular) == set(newcomer) == {"cart_series.last-call"}
    assert regular["cart_series.last-call"]["code"] is None  # six orders so far
    coupons = codes(shop, "cart_series/last-call")
    assert "C10120" not in coupons
    assert coupons["C11056"]["code"].startswith("CART-")
    assert coupons["C11056"]["expires_at"] == "2026-07-02T09:00:00"


def test_who_is_held_out_of_the_carts_is_in_the_history_and_in_no_list(
    shop: Path, sends: pl.DataFrame, excluded: pl.DataFrame
) -> None:
    assert set(got(sends, "C10161", "held_out")) == {"cart_series.questions"}
    assert reasons(excluded, "C10161")["cart_series"] == "held out"
    written = shop / "out" / f"{MORNING}-campaigns" / "campaigns" / "cart_series" / "questions" / "send_list.csv"
    assert "C10161" not in written.read_text("utf-8")


def test_a_birthday_mail_goes_at_ten_where_the_customer_lives_and_its_code_lasts_a_day(
    shop: Path, sends: pl.DataFrame, excluded: pl.DataFrame
) -> None:
    coupons = codes(shop, "birthday/happy-birthday")
    # On the shop's clock, in Istanbul: ten o'clock in New York is 17:00, and in Stockholm 11:00.
    for customer, hour in (("C10311", 17), ("C12370", 11)):
        (message,) = got(sends, customer).values()
        assert (message["send_at"], message["offer_value"]) == (dt.datetime(2026, 6, 30, hour), 35.0)
        assert coupons[customer]["expires_at"] == f"2026-07-01T{hour}:00:00"
    assert reasons(excluded, "C12746")["birthday"] == "no consent"  # born on that day too, and never said yes


def test_the_winback_begins_after_three_months_and_says_goodbye_after_nine(sends: pl.DataFrame) -> None:
    first, last = got(sends, "C11760"), got(sends, "C12809")
    assert (set(first), set(last)) == ({"winback.we-miss-you"}, {"winback.goodbye"})
    sent = sends.filter(pl.col("campaign") == "winback", pl.col("status") == "sent")
    days = sent.select("message", days=(pl.col("send_at") - pl.col("start")).dt.total_days())
    assert days.filter(pl.col("message") == "winback.we-miss-you")["days"].is_between(90, 95).all()
    assert days.filter(pl.col("message") == "winback.goodbye")["days"].is_between(270, 280).all()


def test_who_was_not_heard_of_for_more_than_nine_months_gets_no_marketing_of_any_campaign(
    shop: Path, sends: pl.DataFrame, excluded: pl.DataFrame
) -> None:
    members = pl.read_parquet(shop / "history" / MORNING / "members.parquet")
    gone = set(members.filter(pl.col("segment") == "gone")["customer_id"])
    assert len(gone) > 500
    assert set(sends.filter(pl.col("status") == "sent")["customer_id"]) & gone == set()
    points = excluded.filter(pl.col("campaign") == "points_reward", pl.col("customer_id").is_in(list(gone)))
    assert points.height > 30
    assert set(points["reason"]) == {"suppressed"}


def test_a_week_after_the_delivery_come_products_that_were_not_bought(shop: Path, sends: pl.DataFrame) -> None:
    message = got(sends, "C10351")["after_delivery.goes-well-with"]
    assert message["start"] == dt.datetime(2026, 6, 22, 9, 38, 39)
    assert isinstance(message["products"], list)
    assert len(message["products"]) == 4
    lines = pl.read_csv(shop / "orders_export.csv", infer_schema=False)
    addresses = dict(pl.read_csv(shop / "customers.csv", infer_schema=False).select("customer_id", "email").iter_rows())
    bought = lines.with_columns(pl.col("Email").forward_fill().over("Name")).filter(
        pl.col("Email").str.to_lowercase() == addresses["C10351"]
    )["Lineitem sku"]
    assert len(bought) > 0
    assert set(message["products"]) & set(bought) == set()


def test_who_brought_twenty_friends_is_an_ambassador_once_if_they_said_yes(
    shop: Path, sends: pl.DataFrame, excluded: pl.DataFrame
) -> None:
    friends = pl.read_csv(shop / "customers.csv", infer_schema=False)["referred_by"].drop_nulls().value_counts()
    assert set(friends.filter(pl.col("count") >= 20)["referred_by"]) == {"C10046", "C11271", "C11053"}
    sent = sends.filter(pl.col("campaign") == "ambassador", pl.col("status") == "sent")
    assert sorted(sent["customer_id"]) == ["C10046", "C11271"]
    assert (set(sent["reward"]), set(sent["code"])) == ({"free_shipping"}, {None})
    assert reasons(excluded, "C11053")["ambassador"] == "no consent"


def test_points_are_a_discount_or_a_donation_and_a_month_later_200_fewer(shop: Path, sends: pl.DataFrame) -> None:
    now, donor = got(sends, "C10067"), got(sends, "C10140")
    assert now["points_reward.your-reward"]["offer_value"] == 20.0
    assert donor["points_reward.your-reward"]["reward"] == "donation"  # who has the tag `donates`
    assert donor["points_reward.your-reward"]["code"] is None
    later = ["campaign", "points_reward", "--project", str(shop), "--as-of", "2026-07-30T09:00", "--quiet"]
    assert main(later) == 0
    lists = "campaigns/points_reward/your-reward/send_list.csv"
    before = points_left(shop / "out" / f"{MORNING}-campaigns" / lists)
    after = points_left(shop / "out" / "2026-07-30T0900-rehearsal" / lists)
    both = before.keys() & after.keys()
    assert "C10067" in both  # nobody ordered in July, so nobody earned points
    assert {customer: before[customer] - after[customer] for customer in both} == dict.fromkeys(both, Decimal(200))
    too_few = {customer for customer, left in before.items() if left < 400}
    assert len(too_few) > 50
    assert too_few & after.keys() == set()


def points_left(path: Path) -> dict[str, Decimal]:
    rows = pl.read_csv(path, infer_schema=False).select("customer_id", pl.col("points_left").cast(pl.Decimal(18, 2)))
    return dict(rows.iter_rows())


def test_who_is_a_hot_lead_already_is_not_called_at_the_first_run(sends: pl.DataFrame) -> None:
    hot = sends.filter(pl.col("campaign") == "hot_leads")
    assert set(hot["status"]) == {"there"}
    assert hot.height == 28


def test_the_list_of_hot_leads_has_the_hottest_first_with_what_they_looked_at(shop: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(shop, tmp_path / "shop", ignore=shutil.ignore_patterns("out", "history"))
    recipe = (SAMPLE.parent / "recipes" / "hot-leads" / "recipe.yaml").read_text("utf-8")
    (folder / "mine").mkdir()
    those_of_today = recipe.replace("    channel: list", "    existing: true\n    channel: list")
    (folder / "mine" / "recipe.yaml").write_text(those_of_today, encoding="utf-8")
    file = folder / "segcli.yaml"
    file.write_text(file.read_text("utf-8").replace("hot-leads]", "./mine]"), encoding="utf-8")
    assert main(["campaign", "hot_leads", "--project", str(folder), "--quiet"]) == 0
    path = folder / "out" / f"{MORNING}-rehearsal" / "campaigns" / "hot_leads" / "call-them" / "call_list.csv"
    rows = list(csv.DictReader(path.read_text("utf-16").splitlines(), delimiter="\t"))
    with_phone = [float(row["Score"]) for row in rows if row["Phone"]]
    assert len(with_phone) > 5
    assert with_phone == sorted(with_phone, reverse=True)
    assert min(with_phone) >= 50
    assert all(1 <= len(row["Looked at"].split("; ")) <= 3 for row in rows if row["Looked at"])
    assert sum(bool(row["Looked at"]) for row in rows) > len(rows) / 2
    assert all(row["Call at (their time)"][11:] >= "09:00" for row in rows)
