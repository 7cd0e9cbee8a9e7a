"""The built-in fields, and what all shipped recipes together keep to."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from segcli.problems import Problems
from segcli.project.models import Recipe
from segcli.project.recipes import load_recipe
from segcli.sources.tables import CANONICAL, DERIVED

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "recipes"
FOLDERS = sorted(path.parent.name for path in RECIPES.glob("*/recipe.yaml"))

EXPECTED = """
    orders spend average_order last_order_amount largest_order units first_order_at last_order_at recency_days
    customer_age_days average_gap_days reorder_days category_reorder_days orders_30d orders_90d orders_365d
    spend_30d spend_90d spend_365d last_delivered_at favourite_category favourite_brand favourite_product discount_share
    visits_30d views_30d searches_30d sent_90d opens_90d clicks_90d last_open_at last_click_at last_visit_at
    last_engaged_at days_since_engaged engaged_12m never_opened top_viewed_product top_viewed_category
    top_search products_viewed_twice best_hour best_weekday abandoned_carts cart_age_hours cart_amount
    cart_stage lead_score loyalty_points loyalty_tier referrals r_score f_score m_score rfm_score rfm_group
    lifecycle_stage engagement engaged_spend_percentile
"""


def loaded(path: Path) -> Recipe:
    problems = Problems()
    recipe = load_recipe(path, problems)
    assert [str(problem) for problem in problems] == []
    assert recipe is not None
    return recipe


@pytest.fixture(scope="module")
def builtin() -> Recipe:
    return loaded(ROOT / "segcli" / "fields" / "builtin.yaml")


@pytest.fixture(scope="module")
def recipes() -> list[Recipe]:
    return [loaded(RECIPES / name) for name in FOLDERS]


def test_every_builtin_field_says_what_it_means_its_unit_and_its_source(builtin: Recipe) -> None:
    bare = [item.name for item in builtin.fields if not (item.meaning and item.unit and item.source)]
    assert bare == []


def test_the_vocabulary_has_every_name_that_recipes_may_expect(builtin: Recipe) -> None:
    assert set(EXPECTED.split()) - {item.name for item in builtin.fields} == set()


def test_the_customers_table_has_the_columns_that_sources_add() -> None:
    assert {"age", "birthday", "signup_anniversary", "season", "nearest_store"} <= DERIVED["customers"].keys()


@pytest.mark.parametrize("name", FOLDERS)
def test_a_recipe_describes_itself_and_its_segments(name: str) -> None:
    recipe = loaded(RECIPES / name)
    assert recipe.name == name
    assert len(recipe.description) > 60
    assert recipe.segments or recipe.campaigns
    assert [campaign.name for campaign in recipe.campaigns if not campaign.meaning] == []
    assert [segment.name for segment in recipe.segments if not segment.meaning] == []
    assert [item.name for item in recipe.fields if not (item.meaning and item.unit and item.source)] == []


def test_no_two_recipes_use_the_same_name(builtin: Recipe, recipes: list[Recipe]) -> None:
    names = [item.name for recipe in [builtin, *recipes] for item in (*recipe.fields, *recipe.segments)]
    assert [name for name in sorted(set(names)) if names.count(name) > 1] == []
    assert set(names) & (CANONICAL["customers"].keys() | DERIVED["customers"].keys()) == set()


def test_the_default_set_names_shipped_recipes_and_one_rfm_scheme() -> None:
    chosen = yaml.safe_load((RECIPES / "default.yaml").read_text(encoding="utf-8"))["recipes"]
    assert set(chosen) <= set(FOLDERS)
    assert [name for name in chosen if name.startswith("rfm")] == ["rfm"]


def test_few_recipes_take_anybody_off_the_lists(recipes: list[Recipe]) -> None:
    found = [(recipe.name, segment.name) for recipe in recipes for segment in recipe.segments if segment.suppress]
    assert found == [("master-list", "non_responders"), ("support-pause", "support_pause"), ("winback", "gone")]


def test_hot_is_the_same_in_the_list_in_the_calls_and_in_the_mails(recipes: list[Recipe]) -> None:
    segments = {segment.name: segment.where for recipe in recipes for segment in recipe.segments}
    audiences = {campaign.name: campaign.audience for recipe in recipes for campaign in recipe.campaigns}
    said = {each.text for each in (segments["hot_leads"], audiences["hot_leads"], audiences["sales_drip"]) if each}
    assert said == {"orders = 0 and lead_score >= 50"}
    bands = yaml.safe_load((RECIPES / "lead-bands" / "recipe.yaml").read_text(encoding="utf-8"))["fields"]["lead_band"]
    assert bands["cases"][0] == {"when": "lead_score >= 50", "then": "hot"}
