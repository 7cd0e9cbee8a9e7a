"""Runs that are taken back: whole, with those after them, and one campaign of the newest."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segcli.history import committed_runs, open_history, points, run_name, used_codes
from segcli.history.publishing import latest_run
from segcli.history.tables import JOURNAL
from segcli.history.undoing import undo_runs
from segcli.history.undoing_campaigns import undo_campaign
from segcli.problems import DataError, RecipeError
from tests.history.folder_contents import differences
from tests.history.two_campaigns import PEOPLE, commit, facts_of, moment, take_back, write_segments

PROGRAM = Path(__file__).parent / "two_campaigns.py"
RUNS = 4
NEWEST = run_name(moment(RUNS - 1))
Copies = Callable[[str], Path]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A shop before and after its last run. To be copied, never written to."""
    folder = tmp_path_factory.mktemp("undo")
    for number in range(RUNS - 1):
        commit(folder / "before", number)
        write_segments(folder / "before", number)
    shutil.copytree(folder / "before", folder / "after", symlinks=True)
    commit(folder / "after", RUNS - 1)
    return folder / "before", folder / "after"


@pytest.fixture
def new_shop(shops: tuple[Path, Path], tmp_path: Path) -> Copies:
    """Copies of the shop after its last run, by name."""
    return lambda name: Path(shutil.copytree(shops[1], tmp_path / name, symlinks=True))


def killed(shop: Path, task: str, point: int) -> bool:
    """Whether the task came to that point, where it was killed."""
    environment = {**os.environ, "RUN": NEWEST, "POLARS_MAX_THREADS": "1"}
    command = [sys.executable, str(PROGRAM), str(shop), task, str(point)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def points_of(shop: Path, task: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The points that the task passes; it is done then."""
    passed: list[str] = []
    monkeypatch.setattr(points, "reached", passed.append)
    take_back(shop, task)
    monkeypatch.setattr(points, "reached", lambda point: None)
    return passed


def test_the_newest_run_is_gone_as_if_it_had_never_been(shops, new_shop) -> None:
    shop = new_shop("undone")
    done = undo_runs(shop / "history", shop / "out", NEWEST)
    assert done.runs == (NEWEST,)
    assert differences(shop, shops[0]) == ["history/used_codes.parquet"]
    assert latest_run(shop / "out", "-campaigns").name == run_name(moment(RUNS - 2)) + "-campaigns"


def test_it_says_how_many_messages_of_which_step_it_took_back_and_how_many_codes_stay_used(new_shop) -> None:
    shop = new_shop("undone")
    done = undo_runs(shop / "history", shop / "out", NEWEST + "-campaigns")
    expected = pl.DataFrame(
        [(NEWEST, "gifts", "step-3", 3, 1), (NEWEST, "news", "step-3", 3, 1)], done.retracted.schema, orient="row"
    )
    assert_frame_equal(done.retracted, expected)
    assert done.codes == 4


def test_the_same_run_again_is_the_same_run_and_codes_are_not_new(shops, new_shop) -> None:
    shop = new_shop("again")
    undo_runs(shop / "history", shop / "out", str(shop / "out" / f"{NEWEST}-campaigns"))
    commit(shop, RUNS - 1)
    assert differences(shop, shops[1]) == ["history/used_codes.parquet"]


def test_codes_of_pools_stay_used_with_whose_they_were(new_shop) -> None:
    shop = new_shop("codes")
    before = used_codes(open_history(shop / "history", moment(9))).collect().sort(pl.all())
    undo_runs(shop / "history", shop / "out", NEWEST)
    after = used_codes(open_history(shop / "history", moment(9))).collect().sort(pl.all())
    assert before.height == 4 * RUNS
    assert_frame_equal(after, before)


def test_an_older_run_is_refused_with_those_after_it_and_what_later_does(new_shop) -> None:
    shop = new_shop("refused")
    with pytest.raises(RecipeError) as caught:
        undo_runs(shop / "history", shop / "out", run_name(moment(1)))
    (problem,) = caught.value.problems
    assert problem.message == ("2026-06-02T0700 is not the newest run: 2026-06-03T0700, 2026-06-04T0700 came after it.")
    assert problem.hint == (
        "`segcli undo 2026-06-02T0700 --later` takes all 3 back. "
        "Whatever of them was mailed would then be mailed again."
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("2026-06-04T0800", "no committed run is named '2026-06-04T0800'. Did you mean '2026-06-04T0700'"),
        ("yesterday", "no committed run is named 'yesterday'. The newest is 2026-06-04T0700"),
        ("latest-campaigns", "may be another run by now"),
        ("2026-06-04T0700-rehearsal", "is a rehearsal and no history"),
    ],
)
def test_a_run_that_is_not_there_is_said_with_the_nearest(name, says, new_shop) -> None:
    shop = new_shop("unknown")
    with pytest.raises(RecipeError, match="(?s)" + says.replace("'", ".")):
        undo_runs(shop / "history", shop / "out", name)


def test_without_any_run_there_is_nothing_to_undo(tmp_path) -> None:
    with pytest.raises(RecipeError, match=r"nothing to undo: .*history has no committed run"):
        undo_runs(tmp_path / "history", tmp_path / "out", NEWEST)


def test_later_takes_back_everything_after_a_run_too(new_shop) -> None:
    shop = new_shop("later")
    done = undo_runs(shop / "history", shop / "out", run_name(moment(0)), later=True)
    assert done.runs == tuple(run_name(moment(number)) for number in (3, 2, 1, 0))
    assert committed_runs(shop / "history") == []
    assert not list((shop / "out").glob("*-campaigns"))
    assert {path.name for path in (shop / "out").glob("20*")} == {run_name(moment(number)) for number in range(3)}


def test_a_run_whose_tables_newer_runs_had_taken_over_has_them_again(tmp_path) -> None:
    shop, other = tmp_path / "shop", tmp_path / "other"
    for number in range(12):
        commit(shop, number)
        if number == 2:
            shutil.copytree(shop, other, symlinks=True)
    assert not (shop / "history" / run_name(moment(2)) / "state.parquet").exists()
    undo_runs(shop / "history", shop / "out", run_name(moment(3)), later=True)
    found, expected = (open_history(each / "history", moment(9)) for each in (shop, other))
    assert_frame_equal(found.state().collect(), expected.state().collect())
    assert_frame_equal(found.memberships().collect(), expected.memberships().collect())
    assert_frame_equal(found.people().collect(), expected.people().collect())
    assert facts_of(found.newest.folder)["rebuilt"] == ["members.parquet", "people.parquet", "state.parquet"]
    commit(shop, 3)


@pytest.mark.parametrize("file", ["sends.parquet", "run.json"])
def test_a_damaged_newest_run_can_be_taken_back_as_the_error_offers(file, shops, new_shop) -> None:
    shop = new_shop("damaged")
    path = shop / "history" / NEWEST / file
    path.write_bytes(b"{") if file == "run.json" else path.unlink()
    with pytest.raises(DataError, match=f"take the run back with `segcli undo {NEWEST}`"):
        open_history(shop / "history", moment(9))
    done = undo_runs(shop / "history", shop / "out", NEWEST)
    assert done.unreadable == ((NEWEST,) if file == "sends.parquet" else ())
    assert differences(shop, shops[0]) == ["history/used_codes.parquet"]
    assert pl.read_parquet(shop / "history/used_codes.parquet")["code"].n_unique() == 4


def test_a_run_of_a_newer_segcli_is_not_touched(new_shop) -> None:
    shop = new_shop("newer")
    path = shop / "history" / NEWEST / "run.json"
    path.write_text(json.dumps(facts_of(path.parent) | {"format": 99}))
    with pytest.raises(DataError, match="a newer segcli has written the run"):
        undo_runs(shop / "history", shop / "out", NEWEST)


def test_one_campaign_of_the_newest_run_is_taken_back_and_the_others_stay(shops, new_shop) -> None:
    shop = new_shop("campaign")
    done = undo_campaign(shop / "history", shop / "out", NEWEST, "gifts")
    assert (done.campaign, done.codes) == ("gifts", 4)
    assert done.retracted["campaign"].to_list() == ["gifts"]
    history, before, after = (open_history(each / "history", moment(9)) for each in (shop, *shops))
    journal = pl.read_parquet(history.newest.folder / "sends.parquet")
    whole = pl.read_parquet(after.newest.folder / "sends.parquet")
    assert_frame_equal(journal, whole.filter(pl.col("campaign") == "news"))
    gifts = pl.col("campaign") == "gifts"
    assert_frame_equal(history.state().filter(gifts).collect(), before.state().filter(gifts).collect())
    assert_frame_equal(history.state().filter(~gifts).collect(), after.state().filter(~gifts).collect())
    assert_frame_equal(history.memberships().collect(), after.memberships().collect())
    facts = history.newest.facts
    assert (facts["planned"], facts["undone"]) == (["news"], ["gifts"])
    assert facts["campaigns"]["gifts"] == before.newest.facts["campaigns"]["gifts"]
    assert facts["campaigns"]["news"] == after.newest.facts["campaigns"]["news"]


def test_the_outputs_of_a_campaign_that_was_taken_back_are_gone_and_others_as_they_were(shops, new_shop) -> None:
    shop, outputs = new_shop("outputs"), f"out/{NEWEST}-campaigns"
    undo_campaign(shop / "history", shop / "out", NEWEST, "gifts")
    assert not (shop / outputs / "campaigns/gifts").exists()
    manifest = json.loads((shop / outputs / "manifest.json").read_text())
    assert manifest["undone"] == ["gifts"]
    assert [step["campaign"] for step in manifest["steps"]] == ["news"]
    assert sorted(manifest["outputs"]) == ["campaigns/news/step/send_list.csv", "excluded.csv", "rejected.csv"]
    assert manifest["outputs"]["excluded.csv"]["rows"] == 4
    assert "gifts" not in (shop / outputs / "excluded.csv").read_text()
    changed = {name for name in differences(shop, shops[1]) if "gifts" not in name}
    run = f"history/{NEWEST}"
    assert changed == {
        f"{outputs}/excluded.csv", f"{outputs}/manifest.json", f"{run}/run.json", f"{run}/sends.parquet",
        f"{run}/state.parquet", "history/used_codes.parquet",
    }  # fmt: skip


def test_who_has_another_id_since_has_it_in_the_state_that_comes_back(shops, tmp_path) -> None:
    shop = Path(shutil.copytree(shops[0], tmp_path / "renamed", symlinks=True))
    commit(shop, RUNS - 1, PEOPLE.with_columns(pl.col("customer_id").replace("cus_Eve99", "cus_0new")))
    undo_campaign(shop / "history", shop / "out", NEWEST, "gifts")
    state = open_history(shop / "history", moment(9)).state().filter(pl.col("campaign") == "gifts").collect()
    assert state["customer_id"].to_list() == ["3", "c1", "cus_0new", "cus_Ada77"]
    assert state["steps"].to_list() == [",".join(f"step-{number}" for number in range(RUNS - 1))] * 4


def test_the_last_campaign_of_a_run_takes_the_run_with_it(shops, new_shop) -> None:
    shop = new_shop("both")
    for campaign in ("gifts", "news"):
        undo_campaign(shop / "history", shop / "out", NEWEST, campaign)
    assert differences(shop, shops[0]) == ["history/used_codes.parquet"]


def test_of_an_older_run_no_campaign_is_taken_back_nor_one_that_it_did_not_plan(new_shop) -> None:
    shop = new_shop("no")
    with pytest.raises(RecipeError, match="is not the newest run"):
        undo_campaign(shop / "history", shop / "out", run_name(moment(0)), "gifts")
    with pytest.raises(RecipeError, match=r"planned no campaign 'gift'\. Did you mean 'gifts'"):
        undo_campaign(shop / "history", shop / "out", NEWEST, "gift")


@pytest.mark.slow
@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("task", ["undo", "undo_later", "undo_campaign"])
def test_undo_killed_at_any_point_and_done_again_is_done(task, every, new_shop, monkeypatch) -> None:
    uninterrupted = new_shop("uninterrupted")
    passed = points_of(uninterrupted, task, monkeypatch)
    first = 2 if task == "undo_later" else 1
    for point in range(first, len(passed) + 1, every):
        shop = new_shop(f"killed-{point}")
        assert killed(shop, task, point), passed[point - 1]
        open_history(shop / "history", moment(9))
        journal = open_history(shop / "history", moment(9)).journal().collect()
        assert dict(journal.schema) == dict(JOURNAL)
        again(shop, task)
        assert differences(shop, uninterrupted) == [], passed[point - 1]
        shutil.rmtree(shop)


def again(shop: Path, task: str) -> None:
    """The same command once more: what is done already is refused, and swept all the same."""
    take_back(shop, "recover")
    runs = committed_runs(shop / "history")
    done = {
        "undo_later": not runs,
        "undo": not runs or runs[-1].name != NEWEST,
        "undo_campaign": not runs or "gifts" not in runs[-1].facts["planned"],
    }
    if not done[task]:
        take_back(shop, task)


def test_where_folders_cannot_be_swapped_a_run_that_was_moved_aside_comes_back(new_shop, monkeypatch) -> None:
    monkeypatch.setattr("segcli.history.publishing._exchange", lambda staged, run: False)
    shop, other = new_shop("slow"), new_shop("moved")
    undo_campaign(shop / "history", shop / "out", NEWEST, "gifts")
    assert not list((shop / "history").glob(".20*"))
    (other / "history" / NEWEST).rename(other / "history" / f".{NEWEST}.replaced")
    take_back(other, "recover")
    undo_campaign(other / "history", other / "out", NEWEST, "gifts")
    assert differences(shop, other) == []
