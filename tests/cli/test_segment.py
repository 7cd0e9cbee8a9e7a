"""`segcli segment` as its user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.cli.small_shop import CUSTOMERS, ORDERS, PROJECT, ran, small_shop


def test_json_is_one_object_with_everything_a_script_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capsys, "segment", small_shop(tmp_path), "--json")
    answer = json.loads(out)
    assert code == 0
    assert list(answer) == ["run", "as_of", "customers", "segments", "unavailable", "rejected", "seconds"]
    assert Path(answer["run"]) == tmp_path / "out" / "2026-06-30T0900"
    assert answer["customers"] == 5
    buyers = {"name": "buyers", "customers": 3, "contactable": 3, "spend": "110.00"}
    assert answer["segments"][0] == buyers
    assert answer["rejected"] == 0
    assert err == ""


def test_a_send_list_holds_the_contactable_members_and_no_one_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = small_shop(tmp_path)
    (shop / "customers.csv").write_text(
        CUSTOMERS.replace("country\n", "country,email_consent\n", 1)
        .replace("female,TR\n", "female,TR,no\n")
        .replace("male,DE\n2", "male,DE,yes\n2"),
        encoding="utf-8",
    )
    rows = [line + ("," if line.count(",") == 3 else "") for line in (shop / "customers.csv").read_text().splitlines()]
    (shop / "customers.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert ran(capsys, "segment", shop, "-q")[0] == 0
    written = pl.read_csv(shop / "out" / "latest" / "segments" / "buyers.csv", infer_schema=False)
    assert written["customer_id"].to_list() == ["2", "3"]


def test_the_run_before_is_compared_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = small_shop(tmp_path)
    ran(capsys, "segment", shop, "-q")
    (shop / "orders.csv").write_text(ORDERS + "e,4,2026-06-30,5.00\n", encoding="utf-8")
    code, out, _ = ran(capsys, "segment", shop, "--as-of", "2026-07-01")
    assert code == 0
    assert "change" in out
    assert next(line for line in out.splitlines() if " buyers " in line).rstrip().endswith("+1")
    entered = (shop / "out" / "2026-07-01T0000" / "segments" / "buyers.entered.csv").read_text()
    assert [line.split(",")[0] for line in entered.splitlines()] == ["customer_id", "4"]


def test_who_lacks_nothing_but_consent_is_counted_by_policy_with_what_would_change_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = small_shop(tmp_path, project=PROJECT.replace("consent:", "# consent:"))
    people = [
        "customer_id,email,country,email_consent",
        "1,ada@example.com,TR,no", "2,ben@example.com,DE,yes", "3,cem@example.com,TR,", "4,dee@example.com,,",
        "5,eve,DE,",
    ]  # fmt: skip
    (shop / "customers.csv").write_text("\n".join(people), encoding="utf-8")
    code, _, err = ran(capsys, "segment", shop)
    assert code == 0
    said = next(line for line in err.splitlines() if "want of consent" in line)
    assert said.startswith("2 customers with a valid address may not be written to for want of consent, by policy: ")
    assert "strict 1, turkey 1. For strict this would change it: a file with their consent or their country" in said
    (shop / "segcli.yaml").write_text(PROJECT.replace("TR: us", "TR: gdpr"), encoding="utf-8")
    _, _, err = ran(capsys, "segment", shop)
    assert (
        "by policy: gdpr 1. For gdpr this would change it: a file with their consent, or `consent: {soft_opt_in" in err
    )


def test_quiet_says_nothing_when_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(capsys, "segment", small_shop(tmp_path), "--quiet") == (0, "", "")


def test_plain_files_need_no_project_and_write_where_the_command_was_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sales.csv").write_text(
        "customer_id,order_date,revenue\n007,2026-01-05,10\n007,2026-02-05,5.50\n8,2026-02-06,1\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    code, out, err = ran(capsys, "segment", "sales.csv", "--as-of", "2026-03-01")
    assert code == 0
    assert "2 customers as of 2026-03-01 00:00" in out
    assert "sales.csv: plain → orders" in err
    assert "no file has email addresses" in err
    customers = pl.read_parquet(tmp_path / "out" / "latest" / "customers.parquet")
    assert customers.select("customer_id", "orders").rows() == [("007", 2), ("8", 1)]


def test_map_says_what_a_column_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sales.csv").write_text("who,when,how_much\n1,2026-01-05,10\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    maps = ["orders.customer_id=who", "orders.ordered_at=when", "orders.amount=how_much"]
    options = [part for text in maps for part in ("--map", text)]
    code, out, _ = ran(capsys, "segment", "sales.csv", "--as-of", "2026-03-01", "--json", *options)
    assert code == 0
    assert json.loads(out)["customers"] == 1


def test_what_the_files_cannot_answer_is_named_with_what_would_enable_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = "description: x\nsegments:\n  searchers: {where: searches_30d > 0}\n"
    code, out, _ = ran(capsys, "segment", small_shop(tmp_path, recipe), "--json")
    assert code == 0
    assert json.loads(out)["unavailable"] == [{"segment": "searchers", "needs": ["events"]}]


def test_a_suppressing_segment_takes_its_members_off_every_other_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = (
        "description: x\nsegments:\n  buyers: {where: orders > 0}\n"
        "  ask_not: {where: customer_id = '1', suppress: true}\n"
    )
    shop = small_shop(tmp_path, recipe)
    assert ran(capsys, "segment", shop, "-q")[0] == 0
    lists = shop / "out" / "latest" / "segments"
    assert pl.read_csv(lists / "buyers.csv", infer_schema=False)["customer_id"].to_list() == ["2", "3"]
    assert pl.read_csv(lists / "ask_not.csv", infer_schema=False)["customer_id"].to_list() == ["1"]
