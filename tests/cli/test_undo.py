"""`segcli undo` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.campaign_shop import RUNS, campaign_shop, copied
from tests.cli.small_shop import ran
from tests.history.folder_contents import contents

NEWEST = RUNS[-1]


@pytest.fixture(scope="module")
def shop_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return campaign_shop(tmp_path_factory.mktemp("undo") / "shop")


@pytest.fixture
def shop(shop_before: Path, tmp_path: Path) -> Path:
    return copied(shop_before, tmp_path / "shop")


def without_timings(shop: Path) -> dict[str, bytes | dict[str, object]]:
    """Everything in the folders of runs and the history, but how long the stages took."""
    found: dict[str, bytes | dict[str, object]] = {}
    for name, content in contents(shop).items():
        manifest = json.loads(content) if name.endswith("manifest.json") else None
        found[name] = content if manifest is None else {**manifest, "timings": {}}
    return found


@pytest.mark.slow
def test_the_same_runs_again_are_the_same_bytes_and_codes(capsys, shop) -> None:
    before = without_timings(shop)
    code, out, err = ran(capsys, "undo", RUNS[0], "--later", "-p", shop)
    assert code == 0, err
    assert out.splitlines()[0] == "Taken back: 2026-06-30T0900, 2026-06-29T0900, 2026-06-28T0900"
    assert "6 messages will be found due again, unless they were too late by then." in err
    assert "3 codes of pools stay used: they come again to the same customers only." in err
    assert "No run is committed now." in err
    assert not (shop / "out/latest-campaigns").exists()
    for name in RUNS:
        assert ran(capsys, "campaign", "--commit", "-q", "-p", shop, "--as-of", f"{name[:13]}:00")[0] == 0
    after = without_timings(shop)
    assert after.pop("history/used_codes.parquet")
    assert after == before


def test_a_code_of_a_run_that_was_undone_goes_to_nobody_else(capsys, shop) -> None:
    assert ran(capsys, "undo", RUNS[0], "--later", "-q", "-p", shop)[0] == 0
    rows = (shop / "orders.csv").read_text().splitlines(keepends=True)
    (shop / "orders.csv").write_text("".join(row for row in rows if ",1," not in row) + "e,5,2026-06-20,5.00\n")
    assert ran(capsys, "campaign", "--commit", "-q", "-p", shop)[0] == 0
    coupons = shop / f"out/{NEWEST}-campaigns/campaigns/thanks/hello/coupons.csv"
    codes = {line.split(",")[9]: line.split(",")[0] for line in coupons.read_text().splitlines()[1:]}
    assert codes == {"2": "CODE1", "3": "CODE2", "5": "CODE3"}


def test_it_answers_with_json(capsys, shop) -> None:
    assert ran(capsys, "undo", NEWEST, "-q", "-p", shop)[0] == 0
    code, out, err = ran(capsys, "undo", f"{RUNS[1]}-campaigns", "thanks", "--json", "-p", shop)
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "undone": [RUNS[1]],
        "campaign": "thanks",
        "retracted": [{"run": RUNS[1], "campaign": "thanks", "step": "again", "messages": 2, "held_out": 0}],
        "codes_kept": 0,
        "unreadable": [],
        "newest": RUNS[1],
    }


def test_a_campaign_that_was_taken_back_comes_with_the_next_run_and_the_other_does_not(capsys, shop) -> None:
    for name in (NEWEST, RUNS[1]):
        assert ran(capsys, "undo", name, "-q", "-p", shop)[0] == 0
    assert ran(capsys, "undo", RUNS[0], "hello", "-q", "-p", shop)[0] == 0
    code, out, _ = ran(capsys, "campaign", "--commit", "--json", "-p", shop, "--as-of", "2026-06-28T10:00")
    steps = {(step["campaign"], step["step"]): step["messages"] for step in json.loads(out)["steps"]}
    assert code == 0
    assert steps == {("thanks", "hello"): 0, ("thanks", "again"): 0, ("hello", "hallo"): 1}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([RUNS[0]], "is not the newest run: 2026-06-29T0900, 2026-06-30T0900 came after it"),
        (["2026-06-30T1000"], "no committed run is named '2026-06-30T1000'. Did you mean '2026-06-30T0900'"),
        (["latest-campaigns"], "may be another run by now"),
        ([NEWEST, "thank"], "planned no campaign 'thank'. Did you mean 'thanks'?"),
        ([NEWEST, "thanks", "--later"], "one campaign can be taken out of the newest run only"),
    ],
)
def test_what_cannot_be_undone_is_said_with_exit_code_2_and_nothing_changes(arguments, says, capsys, shop) -> None:
    before = contents(shop)
    code, out, err = ran(capsys, "undo", *arguments, "-p", shop)
    assert (code, out) == (2, "")
    assert says in err
    assert contents(shop) == before


def test_without_a_history_nothing_is_made(capsys, shop_before, tmp_path) -> None:
    shop = copied(shop_before, tmp_path / "shop")
    code, _, err = ran(capsys, "undo", NEWEST, "--out", tmp_path / "elsewhere", "-p", shop / "recipes")
    assert code == 2, err
    assert not (tmp_path / "elsewhere").exists()


def test_a_damaged_newest_run_is_refused_by_the_next_one_and_taken_back(capsys, shop) -> None:
    (shop / "history" / NEWEST / "sends.parquet").unlink()
    code, _, err = ran(capsys, "campaign", "-p", shop, "--as-of", "2026-07-01T09:00")
    assert code == 1
    assert f"`segcli undo {NEWEST}`" in err
    code, _, err = ran(capsys, "undo", NEWEST, "-p", shop)
    assert code == 0
    assert f"Nobody can tell any more what {NEWEST} sent." in err
    assert ran(capsys, "campaign", "-q", "-p", shop, "--as-of", "2026-07-01T09:00")[0] == 0
