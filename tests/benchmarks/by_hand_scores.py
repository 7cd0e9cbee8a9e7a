"""By hand in Polars: what needs all customers at once, scores and averages, and the groups they make."""

from __future__ import annotations

import polars as pl

from tests.benchmarks.by_hand_people import cases


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
    known = (pl.col("average_gap_days").count() >= 30) & (pl.col("customer_age_days").max() >= 180)
    of_category = people.group_by("favourite_category").agg(
        category_reorder_days=pl.when(known).then(pl.col("average_gap_days").median().clip(lower_bound=30))
    )
    people = people.join(of_category, on="favourite_category", how="left", maintain_order="left")
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
    due = pl.coalesce("category_reorder_days", "reorder_days")
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
        due_after_days=due,
        reorder_due=((orders == 1) & (recency > due)).fill_null(value=False),
        reorder_due_lately=((orders == 1) & (recency > due) & (recency <= 1.5 * due)).fill_null(value=False),
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
