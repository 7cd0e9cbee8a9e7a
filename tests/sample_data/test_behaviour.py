"""The sample's people behave like people: most buy once, carts are left, everybody has their own hours."""

from __future__ import annotations

import datetime as dt

import polars as pl

AS_OF = dt.datetime(2026, 6, 30, 9)
AS_OF_UTC = dt.datetime(2026, 6, 30, 6, tzinfo=dt.UTC)


def test_most_buyers_buy_once(counted_orders: pl.DataFrame) -> None:
    buyers = counted_orders.group_by("who").len()
    assert 1700 <= buyers.height <= 2100
    assert 0.60 <= (buyers["len"] == 1).mean() <= 0.68
    assert buyers["len"].max() <= 45


def test_spend_is_skewed(counted_orders: pl.DataFrame) -> None:
    spend = counted_orders.group_by("who").agg(pl.col("net").sum().cast(pl.Float64))["net"].sort(descending=True)
    assert spend.head(len(spend) // 10).sum() > 0.45 * spend.sum()
    assert spend.mean() > 2 * spend.median()
    assert (spend > 800).sum() > 50


def test_repeat_buyers_come_back_after_one_to_four_months(counted_orders: pl.DataFrame) -> None:
    gaps = (
        counted_orders.with_columns(day=pl.col("at").dt.date())
        .unique(["who", "day"])
        .sort("who", "day")
        .with_columns(gap=pl.col("day").diff().over("who").dt.total_days())
        .group_by("who")
        .agg(pl.col("gap").mean())["gap"]
        .drop_nulls()
    )
    assert len(gaps) >= 500
    assert 30 <= gaps.median() <= 90
    assert gaps.is_between(20, 130).mean() > 0.85


def test_black_friday_is_the_best_week_of_the_year(counted_orders: pl.DataFrame) -> None:
    weeks = counted_orders.group_by(pl.col("at").dt.truncate("1w")).len().filter(pl.col("at").dt.year() == 2025)
    assert weeks.sort("len")["at"].last().date() == dt.date(2025, 11, 24)


def test_some_orders_were_cancelled_refunded_or_tests(order_lines: pl.DataFrame) -> None:
    orders = order_lines.filter(pl.col("Total").is_not_null())
    status = dict(orders.group_by("Financial Status").len().iter_rows())
    assert set(status) == {"paid", "pending", "refunded", "partially_refunded", "voided"}
    assert 0.85 < status["paid"] / orders.height < 0.96
    assert orders["Cancelled at"].drop_nulls().len() > 50
    assert orders.filter(pl.col("Tags") == "test").height == 3


def test_three_of_four_carts_are_left(counted_orders: pl.DataFrame, events: pl.DataFrame) -> None:
    touched = events.filter(pl.col("event").is_in(["add_to_cart", "checkout"])).sort("customer_id", "at")
    begins = pl.col("at").diff().over("customer_id").fill_null(dt.timedelta(days=1)) > dt.timedelta(hours=1)
    carts = touched.select(begins.sum()).item()
    orders = counted_orders.filter(pl.col("at") >= dt.datetime(2025, 1, 1, tzinfo=dt.UTC)).height
    assert 0.70 <= 1 - orders / carts <= 0.80


def test_carts_of_both_stages_were_left_in_the_last_three_days(events: pl.DataFrame) -> None:
    recent = events.filter(pl.col("at") > AS_OF_UTC - dt.timedelta(hours=72))
    for stage in ("add_to_cart", "checkout"):
        hours = recent.filter(pl.col("event") == stage).select((AS_OF_UTC - pl.col("at")).dt.total_hours())
        assert hours.to_series().n_unique() > 12


def test_nothing_is_later_than_the_export(counted_orders: pl.DataFrame, events: pl.DataFrame) -> None:
    assert events["at"].max() < AS_OF_UTC
    assert counted_orders["at"].max() < AS_OF_UTC


def test_people_open_at_their_own_hours(customers: pl.DataFrame, events: pl.DataFrame) -> None:
    zones = customers.select("customer_id", "timezone")
    opens = events.filter(pl.col("event") == "open").join(zones, on="customer_id").partition_by("timezone")
    hours = pl.concat(
        frame.select("customer_id", hour=pl.col("at").dt.convert_time_zone(frame["timezone"][0]).dt.hour())
        for frame in opens
    )
    counts = hours.group_by("customer_id", "hour").len()
    people = counts.group_by("customer_id").agg(opens=pl.col("len").sum(), best=pl.col("len").top_k(3).sum())
    regular = people.filter(pl.col("opens") >= 15)
    assert regular.height > 300
    # Their best three hours hold most of what they open; over all people no single hour does.
    assert (regular["best"] / regular["opens"]).median() > 0.65
    everybody = hours.group_by("hour").len()
    assert everybody["len"].max() < 0.25 * everybody["len"].sum()


def test_some_never_open_and_a_few_bounce_complain_or_leave(events: pl.DataFrame) -> None:
    def people(event: str) -> set[str]:
        return set(events.filter(pl.col("event") == event)["customer_id"])

    assert 0.15 < len(people("sent") - people("open")) / len(people("sent")) < 0.40
    assert 20 < len(people("bounce")) < 120
    assert 5 < len(people("complaint")) < 60
    assert len(people("unsubscribe")) > 100


def test_engagement_fades(events: pl.DataFrame) -> None:
    active = events.filter(pl.col("event").is_in(["open", "click", "visit", "view", "search"]))
    days = active.group_by("customer_id").agg((AS_OF_UTC - pl.col("at").max()).dt.total_days().alias("days"))["days"]
    assert min((days <= 90).sum(), days.is_between(91, 270).sum(), (days > 270).sum()) > 200


def test_the_customers_cover_every_country_and_every_answer(customers: pl.DataFrame) -> None:
    assert set(customers["country"]) == {
        "TR",
        "VN",
        "DE",
        "FR",
        "NL",
        "IT",
        "ES",
        "PL",
        "SE",
        "GB",
        "US",
        "CA",
    }
    assert customers.filter(pl.col("country") == "US", pl.col("region") == "CA").height > 100
    for consent in ("email_consent", "sms_consent"):
        assert set(customers[consent]) == {"yes", "no", None}
    assert set(customers["gender"]) == {"female", "male", "other", None}
    assert customers.filter(pl.col("birth_date").str.ends_with("-02-29")).height >= 3
    coming = [(AS_OF + dt.timedelta(days=day)).strftime("-%m-%d") for day in range(8)]
    assert customers.filter(pl.col("birth_date").str.slice(4).is_in(coming)).height >= 10


def test_some_signed_up_in_the_last_two_days(customers: pl.DataFrame) -> None:
    since = f"{AS_OF - dt.timedelta(hours=48):%Y-%m-%d %H:%M:%S}"
    assert customers.filter(pl.col("subscribed_at") > since).height >= 20


def test_some_registered_twice_and_some_have_only_a_phone(customers: pl.DataFrame) -> None:
    twice = customers.filter(pl.col("email").is_not_null(), pl.col("email").is_duplicated())
    assert twice["email"].n_unique() >= 15
    assert twice["customer_id"].is_unique().all()
    assert customers.filter(pl.col("email").is_null()).height >= 40
    assert customers.filter(pl.col("email").is_null(), pl.col("phone").is_null()).is_empty()


def test_guests_are_in_no_customer_list(customers: pl.DataFrame, counted_orders: pl.DataFrame) -> None:
    known = set(customers["email"].drop_nulls()) | set(customers["phone"].drop_nulls())
    assert len(set(counted_orders["who"]) - known) >= 80


def test_somebody_brought_more_than_twenty_friends(customers: pl.DataFrame) -> None:
    brought = customers["referred_by"].drop_nulls().value_counts()
    assert (brought["count"] >= 20).sum() >= 2
    assert set(brought["referred_by"]) <= set(customers["customer_id"])


def test_feedback_has_topics_and_some_of_it_was_used(events: pl.DataFrame) -> None:
    topics = set(events.filter(pl.col("event") == "feedback")["tag"])
    assert {"UI", "delivery", "quality", "used"} <= topics
