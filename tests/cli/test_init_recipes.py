"""Which recipes `segcli init` takes, which it offers, and which it leaves out for want of what."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.cli.init_files import look_into
from segcli.cli.init_recipes import RecipeChoice, ShownRecipe, choose_recipes, first_sentence
from segcli.problems import Problems
from segcli.project import load_project, shipped_recipes
from segcli.project.recipe_choice import default_set, first_campaigns
from segcli.project.recipes import load_recipe
from tests.cli.small_shop import CUSTOMERS, ORDERS

SAMPLE = Path(__file__).parents[2] / "sample_data"
EVENTS = "customer_id,at,event\n1,2026-06-20T10:00,visit\n2,2026-06-20T11:00,visit\n"


def chosen_for(folder: Path, scratch: Path, **files: str) -> RecipeChoice:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    files_there = look_into(folder, scratch, lambda stage: None)
    return choose_recipes(files_there.project, files_there.events)


def names_of(recipes: tuple[ShownRecipe, ...]) -> list[str]:
    return [recipe.name for recipe in recipes]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def test_a_shop_that_has_every_file_begins_with_the_default_set_and_the_first_campaigns(
    tmp_path: Path, scratch: Path
) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    for file in SAMPLE.iterdir():
        if file.suffix in (".csv", ".parquet"):
            (folder / file.name).symlink_to(file)
    choice = chosen_for(folder, scratch)
    first = [each.name for each in (*default_set(Problems()), *first_campaigns(Problems()))]
    assert names_of(choice.chosen) == first
    assert sum(name.startswith("rfm") for name in names_of(choice.chosen)) == 1
    # Whatever is shipped is either taken, offered, or left out with a reason.
    known = {*names_of(choice.chosen), *names_of(choice.offered), *(each.name for each in choice.left_out)}
    assert known == shipped_recipes().keys()
    # These read tables that a shop has to name itself, and say which.
    own = {each.name: each.needs for each in choice.left_out if each.declared}
    assert own == {"weather": ("weather",), "loyalty-import": ("loyalty",), "support-pause": ("support",)}
    assert all(each.needs for each in choice.left_out)


def test_all_that_is_taken_can_stand_in_one_project(tmp_path: Path, scratch: Path) -> None:
    choice = chosen_for(tmp_path / "shop", scratch, orders=ORDERS, customers=CUSTOMERS)
    project = load_project([tmp_path / "shop"], recipes=names_of(choice.chosen))
    assert len(project.recipes) == 1 + len(choice.chosen)


def test_the_list_of_first_campaigns_names_recipes_with_campaigns() -> None:
    for wanted in first_campaigns(Problems()):
        recipe = load_recipe(shipped_recipes()[wanted.name], Problems())
        assert recipe is not None
        assert recipe.campaigns


def test_what_no_file_gives_is_left_out_with_the_file_or_column(tmp_path: Path, scratch: Path) -> None:
    choice = chosen_for(tmp_path / "shop", scratch, orders=ORDERS, customers=CUSTOMERS)
    needs = {each.name: each.needs for each in choice.left_out}
    assert needs["cart-series"] == needs["cart-abandoners"] == ("carts",)
    assert needs["birthday"] == ("customers.birth_date",)  # of which a birthday is worked out
    assert needs["welcome"] == ("customers.subscribed_at",)
    assert needs["interest"] == ("events",)
    assert {"winback", "loyalty-rewards"} <= {*names_of(choice.chosen), *names_of(choice.offered)}


def test_a_file_of_events_without_the_kind_that_is_asked_for_does_not_enable_a_recipe(
    tmp_path: Path, scratch: Path
) -> None:
    visits = chosen_for(tmp_path / "visits", scratch, orders=ORDERS, customers=CUSTOMERS, events=EVENTS)
    needs = {each.name: each.needs for each in visits.left_out}
    assert needs["best-hour"] == ("events.click", "events.open")
    assert needs["cart-series"] == ("carts",)  # carts come from what people put in, and nobody did
    opens = EVENTS.replace("visit", "open", 1).replace("visit", "add_to_cart")
    more = chosen_for(tmp_path / "opens", scratch, orders=ORDERS, customers=CUSTOMERS, events=opens)
    assert "best-hour" in names_of(more.offered)
    assert "cart-abandoners" in names_of(more.chosen)


def test_of_two_recipes_that_define_one_name_the_second_is_offered_instead_of_the_first(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = dict(shipped_recipes())
    twin = tmp_path / "another-rfm"
    twin.mkdir()
    (twin / "recipe.yaml").write_text(
        "description: Another. With more to it.\nsegments: {rfm: {each: country}}\n", encoding="utf-8"
    )
    monkeypatch.setattr("segcli.cli.init_recipes.shipped_recipes", lambda: {**folders, "another-rfm": twin})
    choice = chosen_for(tmp_path / "shop", scratch, orders=ORDERS, customers=CUSTOMERS)
    assert "rfm" in names_of(choice.chosen)
    offered = next(each for each in choice.offered if each.name == "another-rfm")
    assert (offered.instead_of, offered.summary) == ("rfm", "Another.")


def test_a_recipe_that_cannot_be_read_is_left_alone(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = dict(shipped_recipes())
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "recipe.yaml").write_text("description: [\n", encoding="utf-8")
    monkeypatch.setattr("segcli.cli.init_recipes.shipped_recipes", lambda: {**folders, "broken": broken})
    choice = chosen_for(tmp_path / "shop", scratch, orders=ORDERS, customers=CUSTOMERS)
    assert "rfm" in names_of(choice.chosen)
    assert "broken" not in {*names_of(choice.offered), *(each.name for each in choice.left_out)}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("RFM: 2, 3.5 and more. Then this.", "RFM: 2, 3.5 and more."),
        ("One sentence\n  over lines", "One sentence over lines"),
    ],
)
def test_a_recipe_is_told_by_its_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first
