"""The RFM groups of the shipped recipes, tried with every combination of scores that there is."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from pathlib import Path

import polars as pl

from segcli.problems import Problems
from segcli.project.models import CasesField, Recipe, ScoreField, ValueField
from segcli.project.recipes import load_recipe

ROOT = Path(__file__).parents[2]
FIVE = range(1, 6)


def recipe_at(path: str) -> Recipe:
    recipe = load_recipe(ROOT / path, Problems())
    assert recipe is not None
    return recipe


def cases_of(recipe: Recipe, name: str) -> CasesField:
    found = next(item for item in recipe.fields if item.name == name)
    assert isinstance(found, CasesField)
    return found


def groups(cases: CasesField, cells: pl.DataFrame) -> list[str | None]:
    """The first case that holds, for every row of `cells`."""
    whens = " ".join(f"when {case.when.text} then '{case.then}'" for case in cases.cases)
    return cells.lazy().sql(f"select case {whens} end as found from self").collect()["found"].to_list()


def cases_that_hold(cases: CasesField, cells: pl.DataFrame) -> list[int]:
    """How many cases hold, whatever their order, for every row of `cells`."""
    counted = " + ".join(f"case when {case.when.text} then 1 else 0 end" for case in cases.cases)
    return cells.lazy().sql(f"select {counted} as number from self").collect()["number"].to_list()


def rows(names: list[str], cells: Iterable[tuple[float, ...]]) -> pl.DataFrame:
    return pl.DataFrame(list(cells), schema=names, orient="row")


def score_and_average(score: str, average: str) -> pl.DataFrame:
    cells = product(FIVE, (half / 2 for half in range(2, 11)))
    return rows([score, average], cells).with_columns(orders=pl.lit(1))


def test_every_cell_of_the_default_scheme_has_a_group_and_every_group_a_cell() -> None:
    cases = cases_of(recipe_at("segcli/fields/builtin.yaml"), "rfm_group")
    found = groups(cases, score_and_average("r_score", "fm_score"))
    assert None not in found
    assert set(found) == {case.then for case in cases.cases}
    assert len(set(found)) == 11


def test_the_default_scheme_follows_putlers_ranges_with_the_narrower_first() -> None:
    # (lowest, highest) of recency, and of the average of frequency and money, on Putler's scale from 0 to 5.
    published = {
        "champions": ((4, 5), (4, 5)), "loyal": ((2, 5), (3, 5)), "potential-loyalists": ((3, 5), (1, 3)),
        "recent": ((4, 5), (0, 1)), "promising": ((3, 4), (0, 1)), "needs-attention": ((2, 3), (2, 3)),
        "about-to-sleep": ((2, 3), (0, 2)), "at-risk": ((0, 2), (2, 5)), "cant-lose": ((0, 1), (4, 5)),
        "hibernating": ((1, 2), (1, 2)), "lost": ((0, 2), (0, 2)),
    }  # fmt: skip

    def area(name: str) -> int:
        (r_low, r_high), (fm_low, fm_high) = published[name]
        return (r_high - r_low) * (fm_high - fm_low)

    cells = score_and_average("r_score", "fm_score")
    expected = [
        min(
            (
                name
                for name, ((r_low, r_high), (fm_low, fm_high)) in published.items()
                if r_low < r <= r_high and fm_low < fm <= fm_high
            ),
            key=area,
        )
        for r, fm in cells.select("r_score", "fm_score").iter_rows()
    ]
    assert groups(cases_of(recipe_at("segcli/fields/builtin.yaml"), "rfm_group"), cells) == expected


def test_a_one_time_buyer_is_neither_champion_nor_loyal() -> None:
    cells = rows(["r_score", "m_score"], product(FIVE, FIVE)).with_columns(
        fm_score=(1 + pl.col("m_score")) / 2, orders=pl.lit(1)
    )
    found = groups(cases_of(recipe_at("segcli/fields/builtin.yaml"), "rfm_group"), cells)
    assert {"champions", "loyal", "cant-lose"} & set(found) == set()


def test_the_table_in_the_rfm_recipe_is_what_the_fields_do() -> None:
    lines = (ROOT / "recipes/rfm/recipe.yaml").read_text(encoding="utf-8").splitlines()
    drawn = {}
    for line in lines:
        score, bar, names = line.removeprefix("#").partition("|")
        if bar and score.strip().isdigit():
            drawn[int(score)] = names.split()
    cells = score_and_average("r_score", "fm_score").sort("r_score", "fm_score", descending=[True, False])
    found = groups(cases_of(recipe_at("segcli/fields/builtin.yaml"), "rfm_group"), cells)
    columns = [0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert found == [drawn[score][column] for score in range(5, 0, -1) for column in columns]


def test_klaviyos_27_codes_are_each_in_exactly_one_group() -> None:
    recipe = recipe_at("recipes/rfm-klaviyo")
    published = {
        "champions": "333 332 323", "loyal": "321 322 331 232 233", "recent": "312 313 311 222 223",
        "needs-attention": "213 221 123 132 133", "at-risk": "231 212 122 131 211",
        "inactive": "111 112 113 121",
    }  # fmt: skip
    expected = {int(code): name for name, codes in published.items() for code in codes.split()}
    assert len(expected) == 27
    cells = pl.DataFrame({"klaviyo_code": sorted(expected)})
    cases = cases_of(recipe, "klaviyo_group")
    assert groups(cases, cells) == [expected[code] for code in sorted(expected)]
    assert set(cases_that_hold(cases, cells)) == {1}


def test_klaviyos_code_holds_recency_frequency_and_money_in_this_order() -> None:
    code = next(item for item in recipe_at("recipes/rfm-klaviyo").fields if item.name == "klaviyo_code")
    assert isinstance(code, ValueField)
    cells = pl.LazyFrame({"klaviyo_r": [3], "klaviyo_f": [1], "klaviyo_m": [2]})
    assert cells.sql(f"select {code.value.text} as code from self").collect()["code"].to_list() == [312]


def test_the_shopify_like_groups_leave_no_hole_and_all_are_reached() -> None:
    cases = cases_of(recipe_at("recipes/rfm-shopify-like"), "shopify_group")
    cells = score_and_average("shopify_r", "shopify_fm")
    found = groups(cases, cells)
    assert None not in found
    assert {*found, "prospects"} == {case.then for case in cases.cases}
    by_cell = dict(zip(cells.select("shopify_r", "shopify_fm").rows(), found, strict=True))
    assert by_cell[3, 2.5] == by_cell[3, 3] == "needs-attention"
    assert [by_cell[r, 3.5] for r in FIVE] == ["at-risk", "at-risk", "loyal", "loyal", "champions"]
    assert [by_cell[r, 1] for r in FIVE] == ["dormant", "dormant", "almost-lost", "promising", "new"]
    assert by_cell[2, 4.5] == "previously-loyal"
    assert by_cell[5, 1.5] == by_cell[4, 3] == "active"


def test_each_of_the_25_cells_of_the_grid_is_in_exactly_one_group() -> None:
    drawn = {
        5: "new-customers potential-loyalists potential-loyalists champions champions",
        4: "promising potential-loyalists potential-loyalists loyal-customers loyal-customers",
        3: "about-to-sleep about-to-sleep needs-attention loyal-customers loyal-customers",
        2: "hibernating hibernating at-risk at-risk cant-lose",
        1: "hibernating hibernating at-risk at-risk cant-lose",
    }
    cases = cases_of(recipe_at("recipes/rfm-grid"), "grid_group")
    cells = rows(["grid_r", "grid_f"], product(FIVE, FIVE))
    assert groups(cases, cells) == [name for r in FIVE for name in drawn[r].split()]
    assert set(cases_that_hold(cases, cells)) == {1}


def test_every_group_with_fixed_thresholds_is_reached_and_every_buyer_has_one() -> None:
    cases = cases_of(recipe_at("recipes/rfm-thresholds"), "threshold_group")
    cells = rows(["threshold_r", "threshold_f", "threshold_m"], product(FIVE, FIVE, FIVE))
    found = groups(cases, cells.with_columns(orders=pl.lit(1)))
    assert None not in found
    assert set(found) == {case.then for case in cases.cases}
    assert len(set(found)) == 11  # ten names, and the others


def test_every_scheme_scores_buyers_only_and_recency_from_low() -> None:
    schemes = ["rfm-klaviyo", "rfm-shopify-like", "rfm-grid", "rfm-thresholds"]
    paths = ["segcli/fields/builtin.yaml", *(f"recipes/{name}" for name in schemes)]
    scores = [item for path in paths for item in recipe_at(path).fields if isinstance(item, ScoreField)]
    measures = ("recency_days", "orders", "spend")
    rfm = [item for item in scores if item.score.text in measures and item.bins != 100]
    assert len(rfm) == 14
    assert all(item.among is not None and item.among.text == "orders > 0" for item in rfm)
    assert all((item.best == "low") == (item.score.text == "recency_days") for item in rfm)
