"""`output.columns`: fields that every send list has besides the usual ones."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.campaign_shop import CAMPAIGNS
from tests.cli.small_shop import PROJECT, RECIPE, ran, small_shop


def listed(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def with_columns(folder: Path, names: str) -> Path:
    return small_shop(folder, RECIPE, f"{PROJECT}output: {{columns: [{names}]}}\n")


def test_lists_have_the_fields_and_segments_that_the_project_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = with_columns(tmp_path, "standing, quiet_buyers, gender, spend")
    code, _, err = ran(capsys, "segment", shop)
    assert code == 0, err
    rows = {row["customer_id"]: row for row in listed(shop / "out/latest/segments/buyers.csv")}
    assert {who: (row["standing"], row["quiet_buyers"], row["gender"]) for who, row in rows.items()} == {
        "1": ("best", "false", "female"),
        "2": ("gone", "true", "male"),
        "3": ("fresh", "false", ""),
    }
    assert list(rows["1"]).count("spend") == 1


def test_a_service_gets_them_spelled_its_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = with_columns(tmp_path, "standing")
    assert ran(capsys, "segment", shop, "--esp", "klaviyo")[0] == 0
    rows = listed(shop / "out/latest/segments/buyers.csv")
    assert {row["Email"]: row["Standing"] for row in rows} == {
        "ada@example.com": "best",
        "ben@example.com": "gone",
        "cem@example.com": "fresh",
    }


def test_what_is_no_column_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = with_columns(tmp_path, "standng, countries, spend")
    code, _, err = ran(capsys, "segment", shop)
    assert code == 2
    told = " ".join(err.split())
    assert f"{shop}/segcli.yaml:8:20: output.columns: no field or column of customers named 'standng'." in told
    assert "Did you mean 'standing'" in told
    assert f"{shop}/segcli.yaml:8:29: output.columns: the segment 'countries' is many lists and no column." in told
    assert "many lists and no column. Name the field that it has a list for each value of: country." in told
    assert not (shop / "out/latest").exists()


def test_what_the_files_cannot_answer_is_in_no_list_and_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = with_columns(tmp_path, "favourite_brand, standing")
    code, _, err = ran(capsys, "segment", shop)
    assert code == 0
    assert f"warning {shop}/segcli.yaml:8:20: output.columns: 'favourite_brand' is in no list for want of " in err
    header = listed(shop / "out/latest/segments/buyers.csv")[0]
    assert "standing" in header
    assert "favourite_brand" not in header


def test_fields_of_recipes_that_an_option_left_out_are_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = with_columns(tmp_path, "standing, customer_age_days")
    code, _, err = ran(capsys, "segment", shop, "--recipe", "never-bought")
    assert code == 0, err
    lists = sorted((shop / "out/latest/segments").glob("*.csv"))
    assert lists
    header = lists[0].read_text(encoding="utf-8").splitlines()[0].split(",")
    assert "customer_age_days" in header
    assert "standing" not in header


def test_lists_of_campaigns_have_them_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = f"{PROJECT}output: {{columns: [customer_age_days, standing]}}\n"
    shop = small_shop(tmp_path, RECIPE + CAMPAIGNS, project)
    code, _, err = ran(capsys, "campaign", "hello", "--project", shop)
    assert code == 0, err
    rows = listed(shop / "out/2026-06-30T0900-rehearsal/campaigns/hello/hallo/send_list.csv")
    got = {row["customer_id"]: (row["customer_age_days"], row["standing"]) for row in rows}
    assert got == {"2": ("121", "gone"), "5": ("", "")}
