"""Shipped recipes that read tables of the shop's own, in a project that has no such table, or half of one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.small_shop import PROJECT, ran, small_shop

Capture = pytest.CaptureFixture[str]
OWN = PROJECT.replace("[./recipes/mine]", "[weather, support-pause, loyalty-import]")
SOURCES = "sources: {customers: customers.csv, orders: orders.csv"


def checked(folder: Path, capsys: Capture) -> tuple[int, list[str]]:
    code, out, err = ran(capsys, "check", folder)
    assert err == ""
    return code, out.splitlines()


def test_without_the_tables_what_rests_on_them_is_unavailable_and_nothing_is_wrong(
    tmp_path: Path, capsys: Capture
) -> None:
    code, lines = checked(small_shop(tmp_path, project=OWN), capsys)
    assert code == 0
    assert ": 0 errors, " in lines[-1]
    assert (
        "note not available for want of loyalty: app_not_joined, app_reward_close, app_reward_ready and app_tiers"
        in lines
    )
    assert "note not available for want of support: asked_support_about, asked_support_often and support_pause" in lines
    assert "note not available for want of weather and customers.city: weather_is" in lines
    assert [line for line in lines if line.startswith("note") and "Give it as" in line] == [
        "note loyalty: Give it as loyalty: {files: loyalty.csv} under sources, with the columns customer_id or email, "
        "state, points_balance, vip_tier and referral_url.",
        "note support: Give it as support: {files: support.csv, time: opened_at} under sources, with the columns "
        "customer_id or email, opened_at, status and topic.",
        "note weather: Give it as weather: {files: weather.csv, by: city} under sources, with the columns city, "
        "weather and temperature_c.",
    ]
    campaigns = [line for line in lines if "nothing of this campaign can be sent for want of" in line]
    assert [line.rsplit("want of ", 1)[1] for line in campaigns] == [
        "loyalty.", "loyalty.", *["weather and customers.city."] * 3,
    ]  # fmt: skip


@pytest.mark.slow
def test_every_command_goes_on_without_the_tables(tmp_path: Path, capsys: Capture) -> None:
    shop = small_shop(tmp_path, project=OWN)
    code, _, err = ran(capsys, "segment", shop)
    assert code == 0
    assert "Not available for want of support: support_pause, asked_support_about" in err
    code, _, err = ran(capsys, "campaign", "--project", shop)
    assert code == 0
    assert "weather_hot is not available for want of weather and customers.city." in err
    assert ran(capsys, "explain", "1", "app_reward_ready", "--project", shop)[1] == (
        "1: app_reward_ready is not available for want of loyalty.\n"
    )
    assert "not available for want of weather" in ran(capsys, "explain", "1", "weather_wet", "--project", shop)[1]
    profile = json.loads(ran(capsys, "profile", "1", "--project", shop, "--json")[1])
    assert profile["unavailable"]["weather_mood"] == ["weather", "customers.city"]
    entries = {entry["name"]: entry for entry in json.loads(ran(capsys, "fields", "--project", shop, "--json")[1])}
    assert entries["weather_mood"]["tables"] == ["customers", "weather"]
    assert entries["weather_temperature_c"]["meaning"] == "temperature_c of weather, by the customer's city"
    assert entries["app_points"]["tables"] == ["loyalty"]


@pytest.mark.slow
def test_a_file_that_lacks_columns_answers_the_rest(tmp_path: Path, capsys: Capture) -> None:
    project = OWN.replace(SOURCES, f"{SOURCES}, loyalty: loyalty.csv, support: tickets.csv, "
                          "weather: {files: weather.csv, by: country}")  # fmt: skip
    shop = small_shop(tmp_path, project=project)
    (shop / "loyalty.csv").write_text("email,points_balance\nada@example.com,250\nben@example.com,180\n")
    (shop / "tickets.csv").write_text("customer_id,opened_at,status\n1,2026-06-29 10:00,open\n2,2026-01-05,solved\n")
    (shop / "weather.csv").write_text("country,weather\nTR,rain\n")
    code, lines = checked(shop, capsys)
    assert code == 0
    assert [line for line in lines if line.startswith("note not available")] == [
        "note not available for want of loyalty.referral_url: app_referral_url",
        "note not available for want of loyalty.state: app_not_joined",
        "note not available for want of loyalty.vip_tier: app_tiers",
        "note not available for want of support.topic: asked_support_about",
        "note not available for want of weather.temperature_c: weather_is",
    ]
    assert (
        "note loyalty: If the file has state, referral_url and vip_tier under other names, "
        "write columns: {state: COLUMN, referral_url: COLUMN, vip_tier: COLUMN} at sources.loyalty."
    ) in lines
    answer = json.loads(ran(capsys, "segment", shop, "--json")[1])
    sizes = {each["name"]: each["customers"] for each in answer["segments"]}
    assert (sizes["app_reward_ready"], sizes["app_reward_close"], sizes["support_pause"]) == (1, 1, 1)


def test_a_window_over_a_table_without_its_time_is_unavailable(tmp_path: Path, capsys: Capture) -> None:
    shop = small_shop(tmp_path, project=OWN.replace(SOURCES, f"{SOURCES}, support: tickets.csv"))
    (shop / "tickets.csv").write_text("customer_id,status,topic\n1,open,late\n")
    code, lines = checked(shop, capsys)
    assert code == 0
    assert (
        "note not available for want of support.opened_at: asked_support_about, asked_support_often and support_pause"
        in lines
    )


def test_rows_of_ones_own_table_have_an_age_and_points_fade_with_it(tmp_path: Path, capsys: Capture) -> None:
    recipe = """fields:
  old_tickets: {from: support, where: age_days >= 3, value: count(*), default: 0}
  trouble: {points: [{from: support, each: 8, half_life: 1d}]}
segments: {patient: {where: old_tickets > 0}}
"""
    shop = small_shop(tmp_path, recipe, PROJECT.replace(SOURCES, f"{SOURCES}, support: tickets.csv"))
    (shop / "tickets.csv").write_text("customer_id,created_at\n1,2026-06-27 09:00\n2,2026-06-29 09:00\n")
    for person, old, points in (("1", 1, 1.0), ("2", 0, 4.0)):
        found = json.loads(ran(capsys, "profile", person, "--project", shop, "--json")[1])["customer"]
        assert (found["old_tickets"], found["trouble"]) == (old, points)


def test_columns_of_customers_that_a_recipe_declares_may_be_absent(tmp_path: Path, capsys: Capture) -> None:
    project = PROJECT.replace("[./recipes/mine]", "[profile-survey]")
    code, lines = checked(small_shop(tmp_path, project=project), capsys)
    assert code == 0
    lacking = "customers.interests and customers.reward_preference"
    assert f"note not available for want of {lacking}: survey_open" in lines
    assert sum(f"nothing of this campaign can be sent for want of {lacking}." in line for line in lines) == 2
    assert any(
        line.startswith("note customers: If the file has interests and reward_preference under") for line in lines
    )


def test_a_name_that_is_neither_declared_nor_known_is_an_error_with_the_nearest(
    tmp_path: Path, capsys: Capture
) -> None:
    recipe = """tables:
  support: {time: opened_at, columns: {topic: text}}
  weather: {by: country, columns: {sky: text}}
fields:
  topics: {from: suport, value: count(*)}
  late: {from: support, where: topc = 'late', value: count(*)}
  sunny: {value: weather_sk = 'sunny'}
"""
    code, lines = checked(small_shop(tmp_path, recipe), capsys)
    assert code == 2
    assert [line.split("fields.")[1] for line in lines[:3]] == [
        "topics.from: no table named 'suport'. Did you mean 'support'?",
        "late.where: 'topc' is not a column of support or a field. Did you mean 'topic' or 'topics'?",
        "sunny.value: 'weather_sk' is not a field. Did you mean 'weather_sky'?",
    ]


def test_contradictions_are_told_by_check_with_both_places(tmp_path: Path, capsys: Capture) -> None:
    recipe = "tables: {loyalty: {by: country, columns: {points_balance: text}}}\nsegments: {rich: {where: spend > 1}}\n"
    project = PROJECT.replace("[./recipes/mine]", "[./recipes/mine, loyalty-import]")
    code, lines = checked(small_shop(tmp_path, recipe, project), capsys)
    assert code == 2
    assert any("'loyalty' is a table of customers' rows here, and a lookup by country at " in line for line in lines)
    assert any("'points_balance' is of type number here, and of type text at " in line for line in lines)


def test_a_broken_recipe_hides_no_declaration_from_the_files(tmp_path: Path, capsys: Capture) -> None:
    project = PROJECT.replace(SOURCES, f"{SOURCES}, weather: weather.csv")
    recipe = (
        "tables: {weather: {by: country, columns: {sky: text}}}\nsegments: {sunny: {were: weather_sky = 'sunny'}}\n"
    )
    shop = small_shop(tmp_path, recipe, project)
    (shop / "weather.csv").write_text("country,sky\nTR,sunny\n")
    code, lines = checked(shop, capsys)
    assert code == 2
    [problem, _] = lines
    assert "no key 'were'" in problem


def test_a_lookup_that_no_expression_of_a_field_reads_is_missed_by_campaigns_too(
    tmp_path: Path, capsys: Capture
) -> None:
    recipe = """tables:
  weather: {by: country, columns: {sky: text}}
campaigns:
  sunny: {audience: weather_sky = 'sunny', steps: [{message: hi, after: 0d}]}
"""
    code, lines = checked(small_shop(tmp_path, recipe), capsys)
    assert code == 0
    assert any("campaigns.sunny: nothing of this campaign can be sent for want of weather." in line for line in lines)
    assert any(line.startswith("note weather: Give it as weather: {files: weather.csv, by: country}") for line in lines)


def test_the_readmes_example_is_read_with_the_files_that_it_names(tmp_path: Path, capsys: Capture) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    [declared] = re.findall(r"```yaml\n(tables:\n.*?)```", readme, re.DOTALL)
    [named] = re.findall(r"`sources: \{(support: tickets[^`]*)\}`", readme)
    fields = (
        "fields: {warm: {value: weather_temperature_c > 20}, tickets: {from: support, within: 7d, value: count(*)}}\n"
    )
    project = PROJECT.replace(SOURCES, f"{SOURCES}, {named}")
    shop = small_shop(tmp_path, declared + fields + "segments: {large: {where: shoe_size > 45}}\n", project)
    (shop / "customers.csv").write_text("customer_id,city,shoe_size\n1,Izmir,46\n2,Bonn,40\n")
    (shop / "tickets.csv").write_text("customer_id,opened_at,status,topic\n1,2026-06-29,open,late\n")
    (shop / "weather.csv").write_text("city,weather,temperature_c\nIzmir,sunny,31\nBonn,rain,18\n")
    code, lines = checked(shop, capsys)
    assert code == 0
    assert not [line for line in lines if "not available" in line]
