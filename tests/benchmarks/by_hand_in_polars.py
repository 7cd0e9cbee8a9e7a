"""The fields and segment flags of all shipped recipes, written by hand in Polars for one known shop.

It knows what segcli has to find out: that every file is clean, which orders do not count, that there is one
currency and one record per customer. What segcli checks on the way in is not done here.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from tests.benchmarks.make_shop import AS_OF

TODAY = AS_OF.date()
NOW = pl.lit(AS_OF, pl.Datetime("us"))
PERSON = "customer_id"
VOID = ["cancelled", "refunded"]
GDPR = [
    "AT",
    "BE",
    "BG",
    "HR",
    "CY",
    "CZ",
    "DK",
    "EE",
    "FI",
    "FR",
    "DE",
    "GR",
    "HU",
    "IE",
    "IT",
    "LV",
    "LT",
    "LU",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SK",
    "SI",
    "ES",
    "SE",
    "IS",
    "LI",
    "NO",
]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def main(shop: Path, out: Path) -> None:
    """Reads the shop's files and writes one row per customer to `out`."""

    def scan(table: str) -> pl.LazyFrame:
        if (shop / f"{table}.parquet").exists():
            return pl.scan_parquet(shop / f"{table}.parquet")
        text = dict.fromkeys(
            ("customer_id", "order_id", "product_id", "postal_code", "region", "query", "tag"), pl.String
        )
        exact = {name: pl.Decimal(18, 2) for name in ("amount", "price")}
        path = shop / f"{table}.csv"
        header = pl.scan_csv(path, infer_schema=False).collect_schema().names()
        known = {name: dtype for name, dtype in {**text, **exact}.items() if name in header}
        return pl.scan_csv(path, schema_overrides=known, try_parse_dates=True)

    products = scan("products").select("product_id", "name", "category", "brand")
    orders = scan("orders")
    counted = orders.filter(pl.col("status").is_in(VOID).not_())
    pieces = [
        by_orders(counted),
        *by_lines(scan("order_items"), counted, products),
        *by_events(scan("events"), scan("customers"), products),
        by_carts(scan("events"), orders),
    ]
    base = places(scan("customers"), scan("stores"))
    for piece in pl.collect_all(pieces, engine="streaming"):
        base = base.join(piece.lazy(), on=PERSON, how="left")
    people = base.pipe(with_defaults).pipe(with_dates).pipe(with_row_fields).collect()
    people = people.pipe(with_scores).pipe(with_groups)
    people.sort(PERSON).write_parquet(out)


def ago(days: float) -> pl.Expr:
    return NOW - pl.duration(hours=int(days * 24))


def days_since(time: str) -> pl.Expr:
    return (NOW - pl.col(time)).dt.total_days()


def by_orders(counted: pl.LazyFrame) -> pl.LazyFrame:
    return counted.group_by(PERSON).agg(
        orders=pl.len().cast(pl.Int64),
        spend=pl.col("amount").sum(),
        largest_order=pl.col("amount").max(),
        first_order_at=pl.col("ordered_at").min(),
        last_order_at=pl.col("ordered_at").max(),
        order_days=pl.col("ordered_at").dt.date().n_unique().cast(pl.Int64),
    )


def by_lines(lines: pl.LazyFrame, counted: pl.LazyFrame, products: pl.LazyFrame) -> list[pl.LazyFrame]:
    bought = (
        lines.join(counted.select("order_id"), on="order_id", how="semi")
        .group_by(PERSON, "product_id")
        .agg(
            by=pl.col("quantity").sum().cast(pl.Float64),
            times=pl.col("order_id").n_unique(),
            latest=pl.col("ordered_at").max(),
        )
        .join(products, on="product_id")
    )
    lists = bought.group_by(PERSON).agg(
        units=pl.col("by").sum(),
        bought_category=pl.col("category").unique().sort(),
        bought_brand=pl.col("brand").unique().sort(),
        bought_product=pl.col("name").filter(pl.col("latest") > ago(365)).sort(),
        bought_product_again=pl.col("name").filter(pl.col("times") > 1).sort(),
    )
    return [
        lists.with_columns(
            pl.when(pl.col(name).list.len() > 0).then(name) for name in ("bought_product", "bought_product_again")
        ),
        first_of(bought, "product_id", "favourite_product"),
        top(bought, "category", "favourite_category"),
        top(bought, "brand", "favourite_brand"),
    ]


def top(rows: pl.LazyFrame, column: str, name: str) -> pl.LazyFrame:
    """The value with the most `by`; ties: the latest, then the first by the alphabet."""
    sums = rows.group_by(PERSON, column).agg(by=pl.col("by").sum(), latest=pl.col("latest").max())
    return first_of(sums, column, name)


def first_of(rows: pl.LazyFrame, column: str, name: str) -> pl.LazyFrame:
    ordered = rows.select(PERSON, column, "by", "latest").sort(
        PERSON, "by", "latest", column, descending=[False, True, True, False]
    )
    return ordered.group_by(PERSON, maintain_order=True).agg(pl.col(column).first().alias(name))


def by_events(events: pl.LazyFrame, customers: pl.LazyFrame, products: pl.LazyFrame) -> list[pl.LazyFrame]:
    event, at = pl.col("event"), pl.col("at")
    mail = event.is_in(["open", "click"])
    active = event.is_in(
        [
            "open",
            "click",
            "visit",
            "view",
            "search",
            "add_to_cart",
            "checkout",
            "subscribe",
            "review",
            "referral",
            "feedback",
        ]
    )

    def count(name: str, days: int | None = None) -> pl.Expr:
        here = event == name if days is None else (event == name) & (at > ago(days))
        return here.sum().cast(pl.Int64)

    age = (NOW - at).dt.total_microseconds() / 3_600_000_000
    facts = events.group_by(PERSON).agg(
        *(
            at.filter(event == name).max().alias(f"last_{name}_at")
            for name in ("sent", "open", "click", "view", "subscribe", "unsubscribe")
        ),
        last_active_at=at.filter(active).max(),
        bounces=count("bounce"),
        complaints=count("complaint"),
        referrals=count("referral"),
        visits_30d=count("visit", 30),
        clicks_90d=count("click", 90),
        views=count("view", 30),
        searches=count("search", 30),
        added=count("add_to_cart", 30),
        opens=count("open", 30),
        warm_clicks=(3 * pl.lit(0.5).pow(age / 720)).filter(event == "click").sum(),
        subscribed=count("subscribe"),
        reviews=count("review"),
    )
    viewed = (
        events.filter(event == "view")
        .group_by(PERSON, "product_id")
        .agg(by=pl.len(), latest=at.max(), lately=(at > ago(30)).sum())
        .join(products, on="product_id", how="left")
    )
    again = viewed.group_by(PERSON).agg(
        products_viewed_twice=(pl.col("by") - 1).sum().cast(pl.Int64),
        viewed_again=pl.col("name").filter(pl.col("lately") >= 2).sort(),
    )
    searched = (
        events.filter(event == "search")
        .group_by(PERSON, "query")
        .agg(by=pl.len(), latest=at.max(), lately=(at > ago(90)).sum())
    )
    looked = (
        events.filter(event.is_in(["view", "search", "add_to_cart"]), at > ago(30), pl.col("product_id").is_not_null())
        .group_by(PERSON, "product_id")
        .len()
        .join(products, on="product_id")
    )
    reviewed = events.filter(event == "review", at > ago(365)).join(products, on="product_id")
    told = events.filter(event == "feedback", at > ago(365))
    zones = customers.select(PERSON, "timezone")
    shop_time = at.dt.replace_time_zone("Europe/Istanbul")
    local = at
    for zone in (
        "Asia/Ho_Chi_Minh",
        "Europe/Berlin",
        "Europe/London",
        "America/New_York",
        "America/Los_Angeles",
        "America/Toronto",
    ):
        there = shop_time.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        local = pl.when(pl.col("timezone") == zone).then(there).otherwise(local)
    read = (
        events.filter(mail, at > ago(365))
        .select(PERSON, "at")
        .join(zones, on=PERSON)
        .select(
            PERSON,
            latest="at",
            by=pl.lit(1),
            hour=local.dt.hour().cast(pl.Int64),
            weekday=local.dt.weekday().cast(pl.Int64),
        )
    )
    return [
        facts,
        again.with_columns(pl.when(pl.col("viewed_again").list.len() > 0).then("viewed_again")),
        top(viewed.filter(pl.col("category").is_not_null()), "category", "top_viewed_category"),
        first_of(searched, "query", "top_search"),
        listed(searched.filter(pl.col("lately") >= 2), "query", "searched_for"),
        listed(_often(looked, "category"), "category", "interested_in"),
        listed(_often(looked, "brand"), "brand", "interested_in_brand"),
        listed(reviewed, "category", "wrote_review"),
        listed(told, "tag", "gave_feedback"),
        top(read, "hour", "best_hour"),
        top(read, "weekday", "best_weekday"),
    ]


def _often(looked: pl.LazyFrame, column: str) -> pl.LazyFrame:
    return looked.group_by(PERSON, column).agg(pl.col("len").sum()).filter(pl.col("len") >= 3)


def listed(rows: pl.LazyFrame, column: str, name: str) -> pl.LazyFrame:
    return rows.group_by(PERSON).agg(pl.col(column).unique().sort().alias(name))


def by_carts(events: pl.LazyFrame, orders: pl.LazyFrame) -> pl.LazyFrame:
    """Carts from what was put in and taken out; every order closes the carts before it."""
    sign = {"add_to_cart": 1, "remove_from_cart": -1, "checkout": 0}
    steps = events.filter(pl.col("event").is_in(list(sign))).select(
        PERSON, "at", "product_id", "event", is_order=pl.lit(0)
    )
    bought = orders.select(PERSON, at="ordered_at", is_order=pl.lit(1))
    numbered = (
        pl.concat([steps, bought], how="diagonal")
        .sort(PERSON, "at", "is_order")
        .with_columns(cart=pl.col("is_order").cum_sum())  # with the customer a key, though not the nth
        .filter(pl.col("is_order") == 0)
    )
    held = (
        numbered.with_columns(change=pl.col("event").replace_strict(sign, return_dtype=pl.Int64))
        .group_by(PERSON, "cart", "product_id")
        .agg(
            held=pl.col("change").sum(),
            started_at=pl.col("at").min(),
            touched_at=pl.col("at").max(),
            at_checkout=(pl.col("event") == "checkout").any(),
        )
        .group_by(PERSON, "cart")
        .agg(
            pl.col("started_at").min(),
            pl.col("touched_at").max(),
            pl.col("at_checkout").any(),
            filled=(pl.col("held") > 0).any(),
        )
        .filter("filled")
    )
    last_bought = orders.group_by(PERSON).agg(last_bought=pl.col("ordered_at").max())
    left = pl.col("last_bought").is_null() | (pl.col("last_bought") < pl.col("started_at"))
    idle = pl.col("touched_at") <= ago(1 / 24)
    abandoned = left & idle
    return (
        held.join(last_bought, on=PERSON, how="left")
        .with_columns(abandoned=abandoned)
        .group_by(PERSON)
        .agg(
            carts_begun=pl.len().cast(pl.Int64),
            last_cart_at=pl.col("touched_at").filter("abandoned").max(),
            checkout_at=pl.col("touched_at").filter(pl.col("abandoned") & pl.col("at_checkout")).max(),
        )
        .select(
            PERSON,
            "carts_begun",
            "last_cart_at",
            cart_age_hours=(NOW - pl.col("last_cart_at")).dt.total_microseconds() / 3_600_000_000,
            cart_stage=pl.when(pl.col("last_cart_at") == pl.col("checkout_at"))
            .then(pl.lit("checkout"))
            .when(pl.col("last_cart_at").is_not_null())
            .then(pl.lit("cart")),
        )
    )


def places(customers: pl.LazyFrame, stores: pl.LazyFrame) -> pl.LazyFrame:
    """Customers with the nearest store; places are few, so distances are worked out per place."""
    north, there = pl.col("latitude").radians(), pl.col("latitude_right").radians()
    across = (pl.col("longitude") - pl.col("longitude_right")).radians() / 2
    chord = ((north - there) / 2).sin() ** 2 + north.cos() * there.cos() * across.sin() ** 2
    nearest = (
        customers.select("latitude", "longitude")
        .unique()
        .join(stores.select("store_id", "latitude", "longitude"), how="cross")
        .with_columns(km=(2 * 6371.0088 * pl.min_horizontal(chord.sqrt(), 1.0).arcsin()).round(3))
        .sort("km", "store_id")
        .group_by("latitude", "longitude", maintain_order=True)
        .agg(nearest_store=pl.col("store_id").first(), nearest_store_km=pl.col("km").first())
    )
    return customers.join(nearest, on=["latitude", "longitude"], how="left")


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
        & c("email_consent").fill_null(value=True)
        & (c("bounces") + c("complaints") == 0)
        & (
            c("last_unsubscribe_at").is_null()
            | (c("last_subscribe_at") >= c("last_unsubscribe_at")).fill_null(value=False)
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
        "hot_leads": (orders == 0) & (c("lead_score") >= 40),
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
            (country.is_in(GDPR), "gdpr"),
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
            (c("lead_score") >= 40, "hot"), (c("lead_score") >= 10, "warm"), (c("lead_score") < 10, "cold")
        ),
        loyalty_tier=cases(
            (points >= 2000, "platinum"), (points >= 800, "gold"), (points >= 200, "silver"), (points > 0, "bronze")
        ),
        engagement=bands(engaged, (90, "engaged"), (270, "cooling"), above="inactive"),
        mail_rhythm=bands(engaged, (30, "three-a-week"), (90, "weekly"), (270, "monthly"), above="winback-only"),
    ).drop("views", "searches", "added", "opens", "warm_clicks", "subscribed", "reviews")


def score(
    people: pl.DataFrame,
    column: str,
    among: pl.Expr,
    *,
    bins: int = 0,
    cuts: list[float] | None = None,
    low: bool = False,
) -> pl.Expr:
    """One plus the number of cut points below the value."""
    if cuts is None:
        values = (
            people.lazy()
            .filter(among)
            .select(pl.col(column).cast(pl.Float64).drop_nulls().sort())
            .collect()
            .to_series()
        )
        cuts = values.gather([(len(values) - 1) * k // bins for k in range(1, bins)]).to_list()
    below = (
        pl.lit(pl.Series(cuts, dtype=pl.Float64))
        .search_sorted(pl.col(column).cast(pl.Float64), side="left")
        .cast(pl.Int64)
    )
    return pl.when(among & pl.col(column).is_not_null()).then(len(cuts) + 1 - below if low else below + 1)


def with_scores(people: pl.DataFrame) -> pl.DataFrame:
    buyer, recency = pl.col("orders") > 0, "recency_days"
    repeat = people["average_gap_days"].drop_nulls()
    enough = len(repeat) >= 100 and (people["customer_age_days"].max() or 0) >= 180
    reorder = max(repeat.median(), 30.0) if enough else None
    steps = [1, 2, 4, 8]
    return people.with_columns(
        r_score=score(people, recency, buyer, bins=5, low=True),
        f_score=score(people, "orders", buyer, cuts=steps),
        m_score=score(people, "spend", buyer, bins=5),
        grid_r=score(people, recency, buyer, bins=5, low=True),
        grid_f=score(people, "orders", buyer, cuts=steps),
        klaviyo_r=score(people, recency, buyer, cuts=[180, 365], low=True),
        klaviyo_f=score(people, "orders", buyer, bins=3),
        klaviyo_m=score(people, "spend", buyer, bins=3),
        shopify_r=score(people, recency, buyer, bins=5, low=True),
        shopify_f=score(people, "orders", buyer, bins=5),
        shopify_m=score(people, "spend", buyer, bins=5),
        threshold_r=score(people, recency, buyer, cuts=[30, 90, 180, 365], low=True),
        threshold_f=score(people, "orders", buyer, cuts=steps),
        threshold_m=score(people, "spend", buyer, cuts=[50, 150, 400, 800]),
        spend_quarter=score(people, "spend", buyer, bins=4),
        average_order_third=score(people, "average_order", buyer, bins=3),
        engaged_spend_percentile=score(people, "spend", pl.col("engaged_12m").fill_null(value=False), bins=100),
        average_spend=pl.lit(people.filter(buyer)["spend"].cast(pl.Float64).mean()),
        reorder_days=pl.lit(reorder, pl.Float64),
    )


def with_groups(people: pl.DataFrame) -> pl.DataFrame:
    c = pl.col
    orders, recency, percentile = c("orders"), c("recency_days"), c("engaged_spend_percentile")
    r, fm, gr, gf = c("r_score"), c("fm_score"), c("grid_r"), c("grid_f")
    sr, sfm, code = c("shopify_r"), c("shopify_fm"), c("klaviyo_code")
    tr, tf, tm = (c(f"threshold_{letter}") for letter in "rfm")

    def boxed(r_low: int, r_high: int, low: int, high: int) -> pl.Expr:
        return tr.is_between(r_low, r_high) & tf.is_between(low, high) & tm.is_between(low, high)

    usual = pl.max_horizontal("average_gap_days", pl.coalesce("reorder_days", 90))
    people = people.lazy().with_columns(
        fm_score=(c("f_score") + c("m_score")) / 2,
        shopify_fm=(c("shopify_f") + c("shopify_m")) / 2,
        klaviyo_code=100 * c("klaviyo_r") + 10 * c("klaviyo_f") + c("klaviyo_m"),
        usual_gap_days=usual,
        average_order_band=cases(
            *((c("average_order_third") == number, name) for number, name in enumerate(("small", "middle", "large"), 1))
        ),
        lapsed=((orders > 0) & (recency > 2 * usual)).fill_null(value=False),
        loyal=((orders > 2) & (recency <= 2 * usual)).fill_null(value=False),
        lifecycle_stage=cases(
            (orders == 0, "lead"),
            ((orders == 1) & (recency <= 30), "new"),
            (recency <= 2 * usual, "active"),
            otherwise="lapsed",
        ),
        above_average=((orders > 0) & (c("spend").cast(pl.Float64) > c("average_spend"))).fill_null(value=False),
        low_spenders=(c("spend_quarter") == 1).fill_null(value=False),
        best_10_percent=(percentile > 90).fill_null(value=False),
        best_15_percent=(percentile > 85).fill_null(value=False),
        reorder_due=((orders == 1) & (recency > c("reorder_days"))).fill_null(value=False),
        reorder_due_lately=(
            (orders == 1) & (recency > c("reorder_days")) & (recency <= 1.5 * c("reorder_days"))
        ).fill_null(value=False),
    )
    return people.with_columns(
        lapsed_one_time=c("lapsed") & (orders == 1),
        lapsed_regulars=c("lapsed") & (orders > 2),
        early_access=c("loyal") & c("best_15_percent"),
        rfm_group=cases(
            ((r == 5) & (fm > 4), "champions"),
            ((r >= 3) & (fm > 3), "loyal"),
            ((r >= 4) & (fm > 1), "potential-loyalists"),
            (r == 5, "recent"),
            (r == 4, "promising"),
            ((r == 3) & (fm > 2), "needs-attention"),
            (r == 3, "about-to-sleep"),
            ((r == 1) & (fm > 4), "cant-lose"),
            ((r <= 2) & (fm > 2), "at-risk"),
            ((r == 2) & (fm > 1), "hibernating"),
            (r <= 2, "lost"),
        ),
        grid_group=cases(
            ((gr <= 2) & (gf <= 2), "hibernating"),
            ((gr <= 2) & gf.is_between(3, 4), "at-risk"),
            ((gr <= 2) & (gf == 5), "cant-lose"),
            ((gr == 3) & (gf <= 2), "about-to-sleep"),
            ((gr == 3) & (gf == 3), "needs-attention"),
            (gr.is_between(3, 4) & (gf >= 4), "loyal-customers"),
            ((gr == 4) & (gf == 1), "promising"),
            ((gr == 5) & (gf == 1), "new-customers"),
            ((gr >= 4) & gf.is_between(2, 3), "potential-loyalists"),
            ((gr == 5) & (gf >= 4), "champions"),
        ),
        klaviyo_group=cases(
            (code.is_in([333, 332, 323]), "champions"),
            (code.is_in([321, 322, 331, 232, 233]), "loyal"),
            (code.is_in([312, 313, 311, 222, 223]), "recent"),
            (code.is_in([213, 221, 123, 132, 133]), "needs-attention"),
            (code.is_in([231, 212, 122, 131, 211]), "at-risk"),
            (code.is_in([111, 112, 113, 121]), "inactive"),
        ),
        shopify_group=cases(
            (orders == 0, "prospects"),
            ((sr == 5) & (sfm > 3), "champions"),
            ((sr >= 3) & (sfm > 3), "loyal"),
            ((sr >= 4) & (sfm > 1), "active"),
            (sr == 5, "new"),
            (sr == 4, "promising"),
            ((sr == 3) & (sfm > 2), "needs-attention"),
            (sr == 3, "almost-lost"),
            ((sr <= 2) & (sfm > 4), "previously-loyal"),
            ((sr <= 2) & (sfm > 2), "at-risk"),
            (sr <= 2, "dormant"),
        ),
        threshold_group=cases(
            (boxed(4, 5, 1, 1), "new"),
            (boxed(3, 4, 1, 1), "promising"),
            (boxed(1, 1, 4, 5), "cant-lose"),
            (boxed(4, 5, 4, 5), "champions"),
            (boxed(2, 3, 2, 3), "needs-attention"),
            (boxed(2, 3, 1, 2), "about-to-sleep"),
            (boxed(1, 2, 1, 2), "lost"),
            (boxed(3, 5, 1, 3), "potential-loyalists"),
            (boxed(1, 2, 2, 5), "at-risk"),
            (boxed(2, 5, 3, 5), "loyal"),
            (orders > 0, "others"),
        ),
    ).collect()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
