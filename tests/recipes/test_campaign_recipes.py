"""The shipped campaigns on the sample shop: who gets what and why, and points that are spent once."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import polars as pl
import pytest

from segcli.__main__ import main
from segcli.history import open_history

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "sample_data"
AS_OF = dt.datetime(2026, 6, 30, 9)
LATER = dt.datetime(2026, 8, 1, 9)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample shop after one committed run."""
    folder = tmp_path_factory.mktemp("sample") / "shop"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("out", "history", "generator", ".segcli.key"))
    assert main(["campaign", "--commit", "-q", "--project", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def sent(shop: Path) -> pl.DataFrame:
    """The messages of that run."""
    journal = open_history(shop / "history", before=LATER).journal().collect()
    return journal.filter(pl.col("status") == "sent")


def listed(shop: Path, campaign: str, step: str) -> pl.DataFrame:
    file = shop / "out" / "2026-06-30T0900-campaigns" / "campaigns" / campaign / step / "send_list.csv"
    return pl.read_csv(file, infer_schema=False)


def test_who_has_just_signed_up_is_welcomed_with_a_code_for_48_hours(shop: Path, sent: pl.DataFrame) -> None:
    welcome = sent.filter(pl.col("message") == "welcome.welcome")
    assert welcome.height > 0
    assert (welcome["start"] >= AS_OF - dt.timedelta(hours=48)).all()
    assert (welcome["code_expires_at"] - welcome["send_at"] == dt.timedelta(hours=48)).all()
    assert welcome["code"].str.starts_with("HELLO-").all()
    assert set(listed(shop, "welcome", "welcome")["orders"]) == {"0"}


def test_of_a_cart_everybody_sees_what_lies_in_it(shop: Path) -> None:
    cart = listed(shop, "cart_series", "still-yours")
    assert cart.height > 0
    assert set(cart["product_1_kind"]) == {"cart"}


def test_nobody_gets_two_marketing_emails_in_one_run(sent: pl.DataFrame) -> None:
    emails = sent.filter("marketing", pl.col("channel") == "email")
    assert not emails["customer_id"].is_duplicated().any()


def test_every_code_is_given_once(sent: pl.DataFrame) -> None:
    codes = sent["code"].drop_nulls()
    assert len(codes) > 50
    assert codes.is_unique().all()


def test_200_points_are_20_percent_or_a_donation_and_are_spent_once(shop: Path, sent: pl.DataFrame) -> None:
    rewards = sent.filter(pl.col("campaign") == "points_reward")
    shown = listed(shop, "points_reward", "your-reward")
    points = shown["points_left"].cast(pl.Float64)
    assert rewards.height > 100
    assert (points >= 200).all()
    assert set(rewards["reward"]) <= {"percent", "donation"}
    assert set(rewards.filter(pl.col("reward") == "percent")["offer_value"]) == {20.0}
    assert main(["campaign", "points_reward", "-q", "--project", str(shop), "--as-of", LATER.isoformat()]) == 0
    file = shop / "out" / "2026-08-01T0900-rehearsal" / "campaigns" / "points_reward" / "your-reward" / "send_list.csv"
    after = pl.read_csv(file, infer_schema=False).select("customer_id", later="points_left", spent="points_spent")
    both = shown.select("customer_id", before="points_left").join(after, on="customer_id")
    assert both.height > 0
    assert set(both["spent"].cast(pl.Float64)) == {200.0}
    left = both.select(pl.col("before").cast(pl.Float64) - pl.col("later").cast(pl.Float64)).to_series()
    assert set(left.round(2)) == {200.0}


def test_twenty_friends_make_an_ambassador(shop: Path, sent: pl.DataFrame) -> None:
    ambassadors = sent.filter(pl.col("campaign") == "ambassador")
    assert ambassadors.height > 0
    assert set(ambassadors["reward"]) == {"free_shipping"}
