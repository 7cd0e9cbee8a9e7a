import datetime as dt
import json
import shutil

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segcli.history import committed_runs, open_history
from segcli.history.run_facts import FACTS
from segcli.history.superseded import CARRIED, keeping
from segcli.history.tables import JOURNAL, MEMBERS, PEOPLE, STATE
from segcli.problems import DataError
from tests.history.committing import FIRST, commit, moment
from tests.history.conftest import BEFORE
from tests.history.folder_contents import contents

LAST = moment(BEFORE - 1)


def test_a_history_that_is_not_there_is_empty(tmp_path) -> None:
    history = open_history(tmp_path / "history", FIRST)
    assert (history.runs, history.newest, history.later) == ((), None, None)
    frames = (history.journal(), history.state(), history.memberships(), history.people())
    for frame, schema in zip(frames, (JOURNAL, STATE, MEMBERS, PEOPLE), strict=True):
        assert_frame_equal(frame.collect(), pl.DataFrame(schema=dict(schema)))
    assert list(tmp_path.iterdir()) == []


def test_only_runs_before_the_moment_are_seen(shop_before) -> None:
    folder = shop_before / "history"
    history = open_history(folder, moment(2))
    assert [run.as_of for run in history.runs] == [moment(0), moment(1)]
    assert history.later == committed_runs(folder)[-1].name
    assert history.journal(["run"]).unique().collect().height == 2
    assert open_history(folder, moment(2) + dt.timedelta(seconds=1)).newest.as_of == moment(2)
    assert open_history(folder, FIRST).runs == ()
    assert open_history(folder, LAST + dt.timedelta(minutes=1)).later is None


def test_a_past_moment_sees_what_was_known_then_even_if_its_files_are_gone(new_shop, shop_before, tmp_path) -> None:
    for number in range(BEFORE):
        shop = new_shop(f"then-{number}")
        then = open_history(shop / "history", moment(number) + dt.timedelta(minutes=1))
        only = tmp_path / f"only-{number}"
        for run in then.runs:  # a history in which nothing later ever was
            commit(only, run.as_of)
        expected = open_history(only / "history", moment(number) + dt.timedelta(minutes=1))
        for name in ("state", "memberships"):
            order = ["customer_id", *(["entered_at"] if name == "memberships" else [])]
            now, was = (getattr(each, name)().collect().sort(order) for each in (then, expected))
            assert_frame_equal(now, was)
    assert not all((run.folder / file).exists() for run in committed_runs(shop_before / "history") for file in CARRIED)


def test_runs_whose_messages_all_went_out_before_are_not_opened(new_shop) -> None:
    folder = new_shop("old") / "history"
    first, second = committed_runs(folder)[:2]
    (first.folder / FACTS).write_text("not read")
    (first.folder / "sends.parquet").write_bytes(b"not read")
    history = open_history(folder, LAST + dt.timedelta(minutes=1))
    rows = history.journal(["run"], since=dt.datetime(2026, 3, 1)).collect()
    assert rows.is_empty()
    with pytest.raises(DataError, match=first.name):
        history.journal()
    # Within forty days a run is asked when its last message was.
    with pytest.raises(DataError, match=first.name):
        history.journal(since=moment(1))
    assert second.last_send_at == moment(1)


def test_a_message_that_goes_out_long_after_its_run_is_found_by_its_time(new_shop) -> None:
    folder = new_shop("ahead") / "history"
    run = committed_runs(folder)[0]
    facts = json.loads((run.folder / FACTS).read_text())
    (run.folder / FACTS).write_text(json.dumps({**facts, "last_send_at": "2026-01-09T00:00:00"}))
    history = open_history(folder, dt.datetime(2026, 1, 10))
    assert history.journal(["run"], since=dt.datetime(2026, 1, 8)).unique().collect()["run"].to_list() == [run.name]
    assert history.journal(["run"], since=dt.datetime(2026, 1, 9, 1)).collect().is_empty()


@pytest.mark.parametrize("damage", ["no facts", "no json", "no object", "no sends", "cut sends", "no state", "garbage"])
def test_a_run_that_cannot_be_read_is_named_with_the_way_out_and_nothing_is_written(new_shop, damage) -> None:
    shop = new_shop("damaged")
    run = committed_runs(shop / "history")[-1].folder
    sends = run / "sends.parquet"
    match damage:
        case "no facts":
            (run / FACTS).unlink()
        case "no json":
            (run / FACTS).write_text("{")
        case "no object":
            (run / FACTS).write_text("[]")
        case "no sends":
            sends.unlink()
        case "cut sends":
            sends.write_bytes(sends.read_bytes()[:-9])
        case "no state":
            (run / "state.parquet").unlink()
        case "garbage":
            sends.write_bytes(b"x" * sends.stat().st_size)
    before = contents(shop)
    with pytest.raises(DataError, match="the history is damaged") as caught:
        commit(shop, moment(BEFORE))
    assert run.name in str(caught.value) and f"segcli undo {run.name}" in str(caught.value)
    assert contents(shop) == before


def test_an_older_run_that_lost_its_sends_is_damaged(new_shop) -> None:
    folder = new_shop("damaged") / "history"
    (committed_runs(folder)[0].folder / "sends.parquet").unlink()
    with pytest.raises(DataError, match=r"2026-01-01T0700: sends.parquet is missing"):
        open_history(folder, LAST)


def test_a_history_of_a_newer_segcli_is_left_alone(new_shop) -> None:
    shop = new_shop("newer")
    facts = committed_runs(shop / "history")[-1].folder / FACTS
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "format": 2, "segcli": "9.1"}))
    before = contents(shop)
    for as_of in (moment(BEFORE), moment(1)):  # even where only older runs would be read
        with pytest.raises(DataError, match=r"written by segcli 9\.1, which is newer\. Use that version"):
            open_history(shop / "history", as_of)
    with pytest.raises(DataError, match=r"which is newer"):
        commit(shop, moment(BEFORE))
    assert contents(shop) == before


def test_the_newest_three_and_the_last_of_seven_days_keep_their_files() -> None:
    names = [f"2026-01-{day:02}T{hour:02}00" for day in range(1, 13) for hour in (6, 12, 18)]
    kept = keeping(names)
    assert sorted(kept) == [
        "2026-01-06T1800", "2026-01-07T1800", "2026-01-08T1800", "2026-01-09T1800", "2026-01-10T1800",
        "2026-01-11T1800", "2026-01-12T0600", "2026-01-12T1200", "2026-01-12T1800",
    ]  # fmt: skip
    assert keeping(["2025-01-01T0600", "2026-01-01T0600"]) == {"2025-01-01T0600", "2026-01-01T0600"}
    assert keeping([]) == set()


def test_files_of_superseded_runs_are_deleted_and_what_they_say_of_themselves_stays(shop_before) -> None:
    runs = committed_runs(shop_before / "history")
    kept = keeping([run.name for run in runs])
    assert 0 < len(kept) < len(runs)
    for run in runs:
        assert all(run.has(file) == (run.name in kept) for file in CARRIED)
        assert run.has("sends.parquet")
        assert set(run.facts["files"]) == {"sends.parquet", *CARRIED}


def test_without_a_salt_a_history_is_damaged(new_shop) -> None:
    shop = new_shop("salt")
    (shop / "history/salt").unlink()
    with pytest.raises(DataError, match=r"salt is missing"):
        commit(shop, moment(BEFORE))
    (shop / "history/salt").write_text("ab")
    with pytest.raises(DataError, match=r"salt is cut off"):
        commit(shop, moment(BEFORE))


def test_folders_that_are_no_runs_are_not_looked_at(new_shop) -> None:
    shop = new_shop("notes")
    (shop / "history/notes").mkdir()
    shutil.copytree(shop / "history/2026-01-01T0700", shop / "history/.2026-01-03T0700.abc")
    assert len(open_history(shop / "history", moment(99)).runs) == BEFORE
