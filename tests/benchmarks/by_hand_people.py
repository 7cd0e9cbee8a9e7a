"""By hand in Polars: the fields and segment flags that follow from a customer's own row."""

from __future__ import annotations

import polars as pl

from tests.benchmarks.by_hand_tables import ago, days_since
from tests.benchmarks.shop_clock import AS_OF

TODAY = AS_OF.date()
EU_AND_EEA = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO"
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def with_defaults(people: pl.LazyFrame) -> pl.LazyFrame:
    zero = [
        "orders",
        "order_days",
        "units",
        "referrals",
        "visits_30d",
        "clicks_90d",
        "views",
        "searches",
        "added",
        "opens",
        "warm_clicks",
        "subscribed",
        "reviews",
        "products_viewed_twice",
        "carts_begun",
        "spend",
        "bounces",
        "complaints",
    ]
    return people.with_columns(pl.col(name).fill_null(0) for name in zero)


def with_dates(people: pl.LazyFrame) -> pl.LazyFrame:
    birth = pl.col("birth_date")
    signed_up = pl.min_horizontal("created_at", "subscribed_at").dt.date()
    age = TODAY.year - birth.dt.year().cast(pl.Int64) - (occurrence(birth, TODAY.year) > TODAY).cast(pl.Int64)
    return people.with_columns(
        age=age,
        birthday=nearest_occurrence(birth),
        signup_anniversary=nearest_occurrence(signed_up),
        season=pl.when(pl.col("latitude") < 0).then(pl.lit("winter")).otherwise(pl.lit("summer")),
        recency_days=days_since("last_order_at"),
        customer_age_days=days_since("first_order_at"),
    )


def occurrence(day: pl.Expr, year: int) -> pl.Expr:
    leap_day = (day.dt.month() == 2) & (day.dt.day() == 29)
    return pl.date(year, day.dt.month(), pl.when(leap_day).then(28).otherwise(day.dt.day()))


def nearest_occurrence(day: pl.Expr) -> pl.Expr:
    found, distance = pl.lit(None, pl.Date), pl.lit(None, pl.Int64)
    for year in (TODAY.year + 1, TODAY.year, TODAY.year - 1):
        candidate = pl.when(occurrence(day, year) > day).then(occurrence(day, year))
        away = (candidate - pl.lit(TODAY)).dt.total_days().abs()
        nearer = away.is_not_null() & (distance.is_null() | (away < distance))
        found, distance = (
            pl.when(nearer).then(candidate).otherwise(found),
            pl.when(nearer).then(away).otherwise(distance),
        )
    return found


def cases(*pairs: tuple[pl.Expr, str], otherwise: str | None = None) -> pl.Expr:
    chain: pl.Expr = pl.lit(otherwise, pl.String)
    for condition, value in reversed(pairs):
        chain = pl.when(condition).then(pl.lit(value)).otherwise(chain)
    return chain


def bands(value: pl.Expr, *steps: tuple[float, str], above: str | None = None) -> pl.Expr:
    """The name of the first step that the value does not exceed."""
    return cases(*((value <= limit, name) for limit, name in steps), *([(value.is_not_null(), above)] if above else []))


def with_row_fields(people: pl.LazyFrame) -> pl.LazyFrame:
    c = pl.col
    loyalty = (
        c("spend").cast(pl.Float64)
        + (50 * c("subscribed")).clip(upper_bound=50)
        + (20 * c("reviews")).clip(upper_bound=200)
        + 100 * c("referrals")
    ).round(2)
    lead = (
        c("visits_30d").clip(upper_bound=15)
        + (2 * c("views")).clip(upper_bound=20)
        + (3 * c("searches")).clip(upper_bound=15)
        + (10 * c("added")).clip(upper_bound=30)
        + c("opens").clip(upper_bound=10)
        + c("warm_clicks")
    ).round(2)
    people = people.with_columns(
        loyalty_points=loyalty,
        lead_score=lead,
        average_order=pl.when(c("orders") > 0).then(c("spend").cast(pl.Float64) / c("orders")),
        average_gap_days=pl.when(c("order_days") > 1).then(
            (c("last_order_at").dt.date() - c("first_order_at").dt.date()).dt.total_days() / (c("order_days") - 1)
        ),
        last_engaged_at=pl.max_horizontal("last_active_at", "last_order_at", "subscribed_at"),
        never_opened=c("last_sent_at").is_not_null() & c("last_open_at").is_null() & c("last_click_at").is_null(),
        profile_gaps=sum(
            (
                gap.cast(pl.Int64)
                for gap in (
                    c("birth_date").is_null(),
                    c("gender").is_null(),
                    pl.coalesce("city", "region", "postal_code").is_null(),
                )
            ),
            pl.lit(0),
        ),
        contactable=c("email").str.contains(r"^[^@ ]+@[^@ ]+[.][^@ .]+$").fill_null(value=False)
        & c("email_consent")
        & (c("bounces") + c("complaints") == 0)
        & (
            c("last_unsubscribe_at").is_null()
            | (c("last_subscribe_at") > c("last_unsubscribe_at")).fill_null(value=False)
        ),
    ).with_columns(days_since_engaged=days_since("last_engaged_at"))
    orders, recency, engaged = c("orders"), c("recency_days"), c("days_since_engaged")
    cart, points, gaps = c("cart_age_hours"), c("loyalty_points"), c("profile_gaps")
    recent_cart = (cart <= 720).fill_null(value=False)
    signed = pl.coalesce("subscribed_at", "created_at")
    country = c("country").str.to_uppercase()
    clicked = pl.coalesce("last_click_at", "last_open_at")
    flags = {
        "birthday_soon": c("birthday").is_between(TODAY, pl.lit(TODAY).dt.offset_by("7d")),
        "birthday_unknown": c("birth_date").is_null(),
        "near_a_store": c("nearest_store_km") <= 25,
        "leads": orders == 0,
        "new_leads": (orders == 0) & (c("subscribed_at") > ago(2)),
        "older_leads": (orders == 0) & (c("subscribed_at") <= ago(2)),
        "never_bought": (orders == 0) & (signed <= ago(30)),
        "never_bought_but_looking": (orders == 0) & (signed <= ago(30)) & (c("last_view_at") > ago(30)),
        "first_time": orders == 1,
        "first_time_recent": (orders == 1) & (recency <= 30),
        "more_than_two_orders": orders > 2,
        "second_order_lately": (orders == 2) & (recency <= 30),
        "many_pieces": c("units") >= 10,
        "high_lifetime_value": c("spend") > 800,
        "large_order_once": (c("largest_order") >= 2 * c("average_order")) & (orders > 1),
        "no_order_6_months": recency > 180,
        "silent_3_months": (orders > 0) & (engaged > 90),
        "advocates": (orders > 0) & (c("referrals") > 0),
        "referrers": c("referrals") > 0,
        "reward_ready": points >= 200,
        "reward_close": (points >= 170) & (points < 200),
        "hot_leads": (orders == 0) & (c("lead_score") >= 50),
        "viewed_more_than_once": c("products_viewed_twice") > 0,
        "profile_incomplete": gaps > 0,
        "profile_almost_empty": gaps >= 2,
        "cart_abandoners": recent_cart,
        "first_cart_abandoners": recent_cart & (c("carts_begun") == 1) & (orders == 0),
        "browse_abandoners": (c("last_view_at") > ago(7))
        & (c("last_order_at").is_null() | (c("last_order_at") < c("last_view_at")))
        & (cart.fill_null(720) > 168),
        "engaged_12m": engaged <= 365,
        "active_users": engaged <= 365,
        "clicked_lately": c("clicks_90d") > 0,
        "never_openers": c("never_opened"),
        "unopened_last": (c("last_sent_at") > ago(7))
        & (c("last_open_at").is_null() | (c("last_open_at") < c("last_sent_at")))
        & (clicked.is_null() | (clicked < c("last_sent_at"))),
        "regular_visitors": c("visits_30d") >= 4,
    }
    california = c("region").fill_null("").str.to_uppercase().is_in(["CA", "US-CA", "CALIFORNIA"])
    return people.with_columns(
        *(flag.fill_null(value=False).alias(name) for name, flag in flags.items() if name != "engaged_12m"),
        engaged_12m=flags["engaged_12m"],
        age_band=bands(
            c("age"),
            (17, "under-18"),
            (24, "18-to-24"),
            (34, "25-to-34"),
            (44, "35-to-44"),
            (54, "45-to-54"),
            (64, "55-to-64"),
            above="65-and-over",
        ),
        best_weekday_name=cases(*((c("best_weekday") == number, day) for number, day in enumerate(WEEKDAYS, 1))),
        order_count_band=cases(
            (orders == 1, "1"),
            (orders == 2, "2"),
            (orders.is_between(3, 4), "3-to-4"),
            (orders.is_between(5, 9), "5-to-9"),
            (orders >= 10, "10-or-more"),
        ),
        marketing_law=cases(
            (country.is_in(EU_AND_EEA.split(" ")), "gdpr"),
            (country.is_in(["GB", "UK"]), "uk-gdpr-pecr"),
            (country == "CA", "casl"),
            ((country == "US") & california, "ccpa"),
            (country == "US", "can-spam"),
            (country == "TR", "kvkk"),
            (country == "VN", "vietnam"),
            (country.is_not_null(), "elsewhere"),
        ),
        cart_left_at=cases((recent_cart & (c("cart_stage") == "checkout"), "checkout"), (recent_cart, "cart")),
        cart_left_when=bands(cart, (24, "last-day"), (72, "2-to-3-days"), (168, "4-to-7-days"), (720, "8-to-30-days")),
        lead_band=cases(
            (c("lead_score") >= 50, "hot"), (c("lead_score") >= 10, "warm"), (c("lead_score") < 10, "cold")
        ),
        loyalty_tier=cases(
            (points >= 2000, "platinum"), (points >= 800, "gold"), (points >= 200, "silver"), (points > 0, "bronze")
        ),
        engagement=bands(engaged, (90, "engaged"), (270, "cooling"), above="inactive"),
        mail_rhythm=bands(engaged, (30, "three-a-week"), (90, "weekly"), (270, "monthly"), above="winback-only"),
    ).drop("views", "searches", "added", "opens", "warm_clicks", "subscribed", "reviews")
