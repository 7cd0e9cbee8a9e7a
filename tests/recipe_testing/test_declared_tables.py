"""Tests of a recipe that declares tables of the shop's own: their rows need no word in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipe_testing.recipes_of_tests import failures, faults, recipe_in

RECIPE = """tables:
  support: {time: opened_at, columns: {topic: text, stars: number}}
  weather: {by: city, columns: {sky: text, temperature_c: number}}
  customers: {columns: {shoe_size: number}}
fields:
  tickets_7d: {from: support, within: 7d, value: count(*), default: 0}
  best_stars: {from: support, value: max(stars)}
  last_topic: {from: support, value: max(topic)}
segments:
  late: {where: tickets_7d > 0}
  freezing: {where: weather_temperature_c < 0.5}
  big_feet: {where: shoe_size >= 45}
  angry: {where: last_topic = 'complaint'}
"""
TESTS = """given:
  customers:
    - {customer_id: ada, city: Ankara, shoe_size: 45}
    - {customer_id: ben, city: Izmir, shoe_size: 38.5}
  support:
    - {email: ada@example.com, opened_at: 2026-06-01 08:00, stars: 4}
    - {customer_id: ben, opened_at: 2026-06-02 08:00}
  weather: [{city: Ankara, temperature_c: 0}, {city: Izmir, temperature_c: 12}]
tests:
  - name: it
    at:
      2026-06-01 09:00:
        segments: {late: [ada], freezing: [ada], big_feet: [ada]}
        fields: {ada: {best_stars: 4, weather_temperature_c: 0}, ben: {tickets_7d: 0, shoe_size: 38.5}}
      2026-06-02 09:00:
        given: {weather: [{city: Izmir, temperature_c: -2.5}]}
        segments: {late: [ada, ben], freezing: [ada, ben]}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return recipe_in(tmp_path / "own", RECIPE)


def test_rows_of_declared_tables_are_typed_joined_and_there_from_their_time_on(recipe: Path) -> None:
    assert failures(recipe, TESTS) == []


@pytest.mark.slow
def test_a_column_that_no_row_gives_and_a_table_without_rows_are_not_available(recipe: Path) -> None:
    text = TESTS.replace("segments: {late: [ada], freezing", "segments: {angry: [ada], late: [ada], freezing")
    [failure] = failures(recipe, text)
    assert "not available for want of support.topic" in " ".join(failure.reasons)
    without = "\n".join(line for line in TESTS.splitlines() if "weather: [{city: Ankara" not in line)
    without = without.replace("        given: {weather: [{city: Izmir, temperature_c: -2.5}]}\n", "")
    without = without.replace(", weather_temperature_c: 0", "")
    found = failures(recipe, without)
    assert [failure.what for failure in found] == ["segments freezing"] * 2
    assert all("not available for want of weather" in " ".join(failure.reasons) for failure in found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("stars: 4", "stars: many", "test.yaml:6:68: given.support[1].stars: must be a number, not 'many'."),
        ("stars: 4", "starz: 4", "support has no column 'starz'. Did you mean 'stars'"),
        ("[{city: Ankara, temp", "[{town: Ankara, temp", "the row has no 'city'"),
        ("  support:", "  suport:", "there is no table 'suport'. Did you mean 'support'?"),
    ],
)
def test_rows_that_do_not_fit_the_declaration_are_told_with_their_place(
    recipe: Path, old: str, new: str, said: str
) -> None:
    assert any(said in fault for fault in faults(recipe, TESTS.replace(old, new)))


def test_settings_go_before_the_declaration(recipe: Path) -> None:
    text = "settings: {sources: {weather: {by: region}}}\n" + TESTS.replace("city", "region")
    assert failures(recipe, text) == []
