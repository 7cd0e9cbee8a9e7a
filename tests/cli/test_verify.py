"""`segcli verify` as it is typed."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from segcli.history import open_history
from segcli.history.state_check import JOURNAL_ONLY, STATE_ONLY, compared_states
from segcli.history.tables import STATE
from tests.cli.campaign_shop import RUNS, campaign_shop, copied
from tests.cli.small_shop import CUSTOMERS, ran
from tests.history.folder_contents import contents

NEWEST = RUNS[-1]


@pytest.fixture(scope="module")
def shop_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return campaign_shop(tmp_path_factory.mktemp("verify") / "shop")


@pytest.fixture
def shop(shop_before: Path, tmp_path: Path) -> Path:
    return copied(shop_before, tmp_path / "shop")


@pytest.mark.slow
def test_every_run_is_derived_again_byte_for_byte_and_nothing_is_written(capsys, shop) -> None:
    before = contents(shop)
    for name in RUNS:
        code, out, err = ran(capsys, "verify", name, "-p", shop)
        assert code == 0, out + err
        assert f"{name}-campaigns: all " in out
    assert out.splitlines() == [
        "2026-06-30T0900: all 9 files are the same, byte for byte",
        "2026-06-30T0900-campaigns: all 5 files are the same, byte for byte",
    ]
    assert contents(shop) == before


def test_a_run_whose_outputs_were_deleted_is_compared_with_the_history(capsys, shop) -> None:
    shutil.rmtree(shop / f"out/{RUNS[1]}-campaigns")
    code, out, _ = ran(capsys, "verify", RUNS[1], "-p", shop)
    assert (code, out) == (0, f"{RUNS[1]}: all 3 files are the same, byte for byte\n")


def test_what_was_changed_missing_or_added_in_a_folder_is_listed(capsys, shop) -> None:
    folder = shop / "out" / NEWEST
    (folder / "segments/buyers.csv").write_text("mine\n")
    (folder / "rejected.csv").unlink()
    (folder / "notes.txt").write_text("")
    code, out, _ = ran(capsys, "verify", folder, "--json", "-p", shop)
    assert code == 1
    (answer,) = json.loads(out)
    assert answer["equal"] is False
    assert answer["differences"] == {
        "notes.txt": "not of this run",
        "rejected.csv": "missing from the folder",
        "segments/buyers.csv": "changed since it was written",
    }


def test_changed_files_and_recipes_are_named_before_the_differences(capsys, shop) -> None:
    (shop / "customers.csv").write_text(CUSTOMERS.replace("3,cem@example.com,,TR", "3,cem@example.com,,DE"))
    recipe = shop / "recipes/mine/recipe.yaml"
    recipe.write_text(recipe.read_text() + "# a word\n")
    code, out, err = ran(capsys, "verify", f"{NEWEST}-campaigns", "-p", shop)
    assert code == 1
    assert err.splitlines() == [
        "customers.csv: changed",
        "recipe mine: changed",
        "With what has changed since, differences are to be expected.",
    ]
    assert out.splitlines() == [
        "2026-06-30T0900-campaigns: 4 differences",
        "  campaigns/hello/hallo/send_list.csv: made now and not then",
        "  history: members.parquet: differs",
        "  history: sends.parquet: differs",
        "  history: state.parquet: differs",
    ]


def test_a_run_that_somebody_was_taken_out_of_says_so(capsys, shop) -> None:
    days = [dt.datetime.now(ZoneInfo("Europe/Istanbul")).date()]  # of the run it is 2026-06-30
    assert ran(capsys, "forget", "1", "-q", "-p", shop)[0] == 0
    days.append(dt.datetime.now(ZoneInfo("Europe/Istanbul")).date())
    code, _, err = ran(capsys, "verify", NEWEST, "-p", shop)
    assert code == 1
    assert any(f"{NEWEST}: somebody was taken out of it, last on {day}, by `segcli forget`." in err for day in days)


def test_a_project_and_files_beside_it_are_not_both_taken(capsys, shop) -> None:
    code, out, err = ran(capsys, "verify", NEWEST, shop / "orders.csv", "-p", shop)
    assert (code, out) == (2, "")
    assert "is a project, and stands alone" in err


def test_a_run_that_a_campaign_was_taken_out_of_says_so(capsys, shop) -> None:
    assert ran(capsys, "undo", NEWEST, "thanks", "-q", "-p", shop)[0] == 0
    _, _, err = ran(capsys, "verify", f"{NEWEST}-campaigns", "-p", shop)
    assert f"{NEWEST}-campaigns: thanks was taken out of it by `segcli undo`." in err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("2026-06-30T1000", "there is no run '2026-06-30T1000'"),
        ("2026-06-30T0900-rehearsal", "is a rehearsal, of which nothing is promised"),
    ],
)
def test_a_run_that_is_not_there_is_exit_code_2(name, says, capsys, shop) -> None:
    code, out, err = ran(capsys, "verify", name, "-p", shop)
    assert (code, out) == (2, "")
    assert says in err


def test_a_bare_file_needs_no_project(capsys, shop, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(shop / "recipes")
    (shop / "recipes/orders.csv").write_bytes((shop / "orders.csv").read_bytes())
    assert ran(capsys, "segment", "orders.csv", "-q", "--as-of", "2026-06-30T10:00")[0] == 0
    code, out, err = ran(capsys, "verify", "2026-06-30T1000", "orders.csv")
    assert code == 0, out + err


def test_the_state_of_each_run_is_what_its_journal_tells(capsys, shop) -> None:
    for name in RUNS:
        code, out, err = ran(capsys, "verify", name, "--state", "-p", shop)
        assert (code, out) == (0, "The state is what the journal tells.\n"), err


def test_a_damaged_state_is_told_and_written_anew_from_the_journal(capsys, shop, shop_before) -> None:
    path = shop / "history" / NEWEST / "state.parquet"
    path.write_bytes(b"nothing")
    code, _, err = ran(capsys, "campaign", "-p", shop, "--as-of", "2026-07-01T09:00")
    assert code == 1
    assert "state.parquet has 7 bytes" in err
    code, out, err = ran(capsys, "verify", "--rebuild-state", "-p", shop)
    assert (code, out) == (0, f"The state of {NEWEST} is written anew.\n"), err
    assert path.read_bytes() == (shop_before / "history" / NEWEST / "state.parquet").read_bytes()
    facts = json.loads((path.parent / "run.json").read_text())
    assert facts["rebuilt"] == ["state.parquet"]
    assert ran(capsys, "campaign", "-q", "-p", shop, "--as-of", "2026-07-01T09:00")[0] == 0
    code, out, _ = ran(capsys, "verify", NEWEST, "--rebuild-state", "--json", "-p", shop)
    assert json.loads(out) == {"run": NEWEST, "changed": False}
    code, _, err = ran(capsys, "verify", RUNS[0], "--rebuild-state", "-p", shop)
    assert code == 2
    assert "only the newest run's state is ever read again" in err


def test_series_that_state_and_journal_tell_differently_are_named(shop_before) -> None:
    state = open_history(shop_before / "history", dt.datetime(2027, 1, 1)).state().collect()
    one, two = state.head(1), state.slice(1, 1)
    other = one.with_columns(steps=pl.lit("another"), message=pl.lit("thanks.another"))
    found = compared_states(pl.concat([one, two]).lazy(), other.lazy())
    assert found["differs"].to_list() == ["steps, message", STATE_ONLY]
    none = pl.LazyFrame(schema=dict(STATE))
    assert compared_states(none, one.lazy())["differs"].to_list() == [JOURNAL_ONLY]
    replaced = pl.concat([one, one.with_columns(series=pl.lit("earlier"))])
    assert compared_states(one.lazy(), replaced.lazy()).is_empty()
