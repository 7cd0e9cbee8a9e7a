"""Recipes that ask about segcli's own past, on a sample shop that has one: who gets what, and why they do."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segcli.campaign_pipeline import CampaignRun
from tests.recipes.living_shop import live_through

pytestmark = pytest.mark.slow

RECIPES = (
    "champion-at-risk", "engagement-tags", "profile-survey", "referral-programme", "sales-drip", "signup-confirmation",
    "unused-welcome-code", "welcome",
)  # fmt: skip
# In the first run nobody has a past; who was a champion in it and none in the next has left.
LONG_AGO, BEFORE, NOW = dt.datetime(2025, 3, 31, 9), dt.datetime(2026, 1, 15, 9), dt.datetime(2026, 6, 30, 9)
# For the second and the third mail of a series that has just begun.
DAYS_AFTER = (BEFORE + dt.timedelta(days=2), BEFORE + dt.timedelta(days=5))
CAMPAIGNS_OF_THE_PAST = {"champion_at_risk", "engagement_tags", "profile_survey_thanks", "sales_drip_cooled"}
SEGMENTS_OF_THE_PAST = {"welcome_code_unused"}


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> CampaignRun:
    """The last of some runs."""
    return live_through(tmp_path_factory.mktemp("past"), RECIPES, (LONG_AGO, BEFORE, *DAYS_AFTER, NOW))[-1]


@pytest.fixture(scope="module")
def journal(now: CampaignRun) -> pl.DataFrame:
    """What the runs before sent."""
    return now.history.journal().filter(pl.col("status") == "sent").collect()


def sent(run: CampaignRun, campaign: str) -> pl.DataFrame:
    """The messages of a campaign with what is known of who gets them."""
    known = run.run.computed.customers.collect()
    return run.sent.filter(pl.col("campaign") == campaign).join(
        known.select(pl.exclude([name for name in run.sent.columns if name != "customer_id"])), on="customer_id"
    )


def stays(run: CampaignRun, segment: str) -> pl.DataFrame:
    """Who was in a segment from when to when, as the runs before remember."""
    return run.history.memberships().filter(pl.col("segment") == segment).collect()


def test_who_was_a_champion_and_stayed_away_for_a_year_gets_a_personal_word(now: CampaignRun) -> None:
    written = sent(now, "champion_at_risk")
    were = stays(now, "champions_today")
    assert written.height > 5
    assert {*written["step"]} == {"a-personal-word"}
    assert {*written["rfm_group"]} <= {"at-risk", "cant-lose"}
    assert (written["recency_days"] > 365).all()
    left = were.filter(pl.col("left_at") == BEFORE, pl.col("entered_at") <= LONG_AGO)
    assert {*written["customer_id"]} <= {*left["customer_id"]}
    still = were.filter(pl.col("left_at").is_null())
    assert not {*written["customer_id"]} & {*still["customer_id"]}


def test_who_let_a_welcome_code_run_out_is_in_the_segment_and_gets_a_second_one(
    now: CampaignRun, journal: pl.DataFrame
) -> None:
    known = now.run.computed.customers.collect()
    codes = journal.filter(pl.col("campaign") == "welcome", pl.col("code").is_not_null())
    assert (codes["code_expires_at"] < NOW).all()
    never_ordered = known.filter("welcome_code_unused")
    assert never_ordered.height > 3
    assert (never_ordered["orders"] == 0).all()
    assert {*never_ordered["customer_id"]} == {*codes["customer_id"]} & {*known.filter(orders=0)["customer_id"]}


def test_who_answers_the_survey_gets_the_kind_of_discount_that_they_like(
    now: CampaignRun, journal: pl.DataFrame
) -> None:
    thanked = sent(now, "profile_survey_thanks")
    asked = journal.filter(pl.col("campaign") == "profile_survey")
    assert thanked.height > 2
    assert {*thanked["customer_id"]} <= {*asked["customer_id"]}
    liked = thanked.select(
        pl.when(pl.col("reward_preference").is_in(["free_shipping", "amount"]))
        .then("reward_preference")
        .otherwise(pl.lit("percent"))
    )
    assert liked.to_series().to_list() == thanked["reward"].to_list()
    assert (thanked["survey_answers_missing"] == 0).all()


def test_a_lead_that_was_hot_and_has_cooled_is_asked_once_more(now: CampaignRun, journal: pl.DataFrame) -> None:
    asked = sent(now, "sales_drip_cooled")
    assert asked.height > 2
    assert ((asked["lead_score"] < 10) & (asked["orders"] == 0)).all()
    drip = journal.filter(pl.col("campaign") == "sales_drip")
    assert {*asked["customer_id"]} <= {*drip["customer_id"]}
    assert {*drip["step"]} == {"still-deciding", "others-decided", "to-decide"}


def test_who_was_inactive_and_came_by_again_is_greeted_in_the_run_after(
    now: CampaignRun, journal: pl.DataFrame
) -> None:
    greeted = journal.filter(pl.col("campaign") == "engagement_tags")
    assert greeted.height > 10
    assert {*greeted["as_of"]} == {DAYS_AFTER[0]}
    back = stays(now, "tagged-inactive").filter(pl.col("left_at") == BEFORE)
    assert {*greeted["customer_id"]} <= {*back["customer_id"]}


def test_a_fifth_of_what_friends_pay_for_their_subscriptions_comes_back(now: CampaignRun) -> None:
    paid = sent(now, "referral_cashback")
    back = dict(paid.select("customer_id", pl.col("offer_value").cast(pl.Float64).round(2)).iter_rows())
    assert back == {"C10120": 3.8, "C11079": 3.8, "C12940": 7.6}  # of 19.00 each, and the last brought two


def test_who_has_not_confirmed_the_sign_up_is_asked_to_and_gets_no_welcome(now: CampaignRun) -> None:
    asked = {*sent(now, "signup_to_confirm")["customer_id"]}
    assert asked == {"C13121", "C13122"}
    welcome = now.decided.filter(pl.col("campaign") == "welcome", pl.col("customer_id").is_in(sorted(asked)))
    assert dict(welcome.select("customer_id", "reason").iter_rows()) == dict.fromkeys(asked, "no consent")
