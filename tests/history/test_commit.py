import json
import stat

import pytest

from segcli.history import (
    already_committed,
    commit_run,
    committed_runs,
    open_history,
    recover,
    write_rehearsal,
)
from segcli.history.publishing import latest_run
from segcli.history.run_facts import FACTS
from segcli.problems import DataError
from tests.history.committing import FIRST, commit, moment, new_run, write_outputs
from tests.history.conftest import BEFORE
from tests.history.folder_contents import assert_whole, contents, differences


def test_a_commit_is_a_folder_of_the_history_and_its_outputs(tmp_path) -> None:
    done = commit(tmp_path, FIRST)
    assert done.folder == tmp_path / "history/2026-01-01T0700"
    assert sorted(path.name for path in done.folder.iterdir()) == [
        "members.parquet", "people.parquet", FACTS, "sends.parquet", "state.parquet",
    ]  # fmt: skip
    assert done.outputs == tmp_path / "out/2026-01-01T0700-campaigns"
    assert latest_run(tmp_path / "out", "-campaigns") == done.outputs
    assert not (tmp_path / "out/latest").exists()
    assert_whole(tmp_path)


def test_everything_is_readable_by_the_owner_only(tmp_path) -> None:
    commit(tmp_path, FIRST)
    for path in (tmp_path / "history").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_what_a_run_says_of_itself(tmp_path) -> None:
    done = commit(tmp_path, FIRST)
    facts = json.loads((done.folder / FACTS).read_text())
    assert facts.keys() == {
        "format", "segcli", "as_of", "timezone", "planned", "last_send_at", "campaigns", "key_fingerprint", "files",
        "outputs_digest",
    }  # fmt: skip
    assert (facts["as_of"], facts["planned"]) == ("2026-01-01T07:00:00", ["drip"])


def test_two_shops_with_one_salt_are_the_same_bytes(new_shop) -> None:
    shops = [new_shop(name) for name in ("one", "two")]
    for shop in shops:
        commit(shop, moment(BEFORE))
    assert differences(*shops) == []


def test_the_same_run_again_changes_nothing(new_shop) -> None:
    shop = new_shop("again")
    before = contents(shop)
    done = commit(shop, moment(BEFORE - 1))
    assert done.already and contents(shop) == before


def test_another_run_of_the_same_minute_is_refused(new_shop) -> None:
    shop = new_shop("other")
    as_of = moment(BEFORE - 1)
    assert already_committed(shop / "history", as_of, ["drip"]) is not None
    assert already_committed(shop / "history", moment(BEFORE), ["drip"]) is None
    with pytest.raises(DataError, match=r"was committed with drip\. Nothing was written\. .*--as-of.*segcli undo"):
        already_committed(shop / "history", as_of, ["drip", "welcome"])


def test_with_a_clock_set_back_nothing_is_committed(new_shop) -> None:
    shop = new_shop("back")
    before = contents(shop)
    with pytest.raises(DataError, match=r"was committed, which is later than 2026-01-01T0800.*clock") as caught:
        commit(shop, FIRST.replace(hour=8))
    assert committed_runs(shop / "history")[-1].name in str(caught.value)
    assert contents(shop) == before


def test_a_history_that_is_missing_is_told_from_one_that_is_new(new_shop) -> None:
    shop = new_shop("unmounted")
    (shop / "history").rename(shop / "elsewhere")
    with pytest.raises(DataError, match=r"the history in .*history has no run at all.*Put the history back"):
        commit(shop, moment(BEFORE))
    assert committed_runs(shop / "history") == []


def test_a_failure_before_the_commit_leaves_nothing(new_shop) -> None:
    shop = new_shop("failed")
    before = contents(shop)
    run = new_run(open_history(shop / "history", moment(BEFORE)), moment(BEFORE))

    def fail(folder) -> None:
        write_outputs(folder, run.journal.lazy())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        commit_run(shop / "history", shop / "out", run, fail)
    assert contents(shop) == before


def test_a_rehearsal_is_replaced_and_named_by_nothing(new_shop) -> None:
    shop = new_shop("rehearsal")
    history = open_history(shop / "history", moment(BEFORE))
    rows = new_run(history, moment(BEFORE)).journal.lazy()
    before = contents(shop)
    for _ in range(2):
        folder = write_rehearsal(shop / "out", moment(BEFORE), lambda folder: write_outputs(folder, rows))
    assert folder.name == f"{moment(BEFORE):%Y-%m-%dT%H%M}-rehearsal"
    assert {name for name in contents(shop).keys() - before.keys() if "/" not in name.removeprefix("out/")} == {
        f"out/{folder.name}"
    }
    assert committed_runs(shop / "history")[-1].as_of == moment(BEFORE - 1)


def test_recovery_publishes_what_was_committed_and_sweeps_what_was_not(new_shop) -> None:
    shop = new_shop("recovered")
    expected = contents(shop)
    out, history = shop / "out", shop / "history"
    names = [f"{moment(number):%Y-%m-%dT%H%M}" for number in (BEFORE - 1, BEFORE)]
    (out / f"{names[0]}-campaigns").rename(out / f".{names[0]}-campaigns.{'a' * 32}")
    for left in (
        out / f".{names[1]}-campaigns.{'b' * 32}", out / f".{names[1]}-rehearsal.{'c' * 32}",
        history / f".{names[1]}.{'d' * 32}", history / f".{names[1]}.gone{'e' * 32}",
    ):  # fmt: skip
        left.mkdir()
        (left / "manifest.json").write_text("{")
    (history / f".salt.{'f' * 32}").write_text("half")
    assert recover(history, out) == (f"{names[0]}-campaigns",)
    assert contents(shop) == expected


def test_outputs_of_a_committed_run_that_were_deleted_stay_deleted(new_shop) -> None:
    shop = new_shop("deleted")
    (shop / "out" / f"{moment(0):%Y-%m-%dT%H%M}-campaigns").rename(shop / "elsewhere")
    assert recover(shop / "history", shop / "out") == ()
    assert len(committed_runs(shop / "history")) == BEFORE


def test_where_no_folder_is_there_is_nothing_to_recover(tmp_path) -> None:
    assert recover(tmp_path / "history", tmp_path / "out") == ()
    assert list(tmp_path.iterdir()) == []
