"""By hand in Polars: each file of the shop grouped to one row per customer."""

from __future__ import annotations

import polars as pl

from tests.benchmarks.shop_clock import AS_OF

NOW = pl.lit(AS_OF, pl.Datetime("us"))
PERSON = "customer_id"


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
