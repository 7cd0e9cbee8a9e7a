import datetime as dt
import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segcli.exports import finished_runs, latest_run, read_manifest, write_run
from segcli.history import project_lock, publishing
from segcli.problems import DataError, LockedError


def shown(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if not path.name.startswith("."))


def hidden(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.name.startswith(".20") or path.name.startswith(".latest"))


def test_a_run_is_a_folder_of_its_minute_and_latest_names_it(customers, segment, contents, tmp_path) -> None:
    run = write_run(tmp_path / "out", contents(customers, segment("lapsed")))
    assert run == tmp_path / "out" / "2026-01-01T0900"
    assert sorted(path.name for path in run.iterdir()) == [
        "customers.parquet", "manifest.json", "rejected.csv", "segments",
    ]  # fmt: skip
    assert (tmp_path / "out" / "latest").readlink() == Path("2026-01-01T0900")
    assert latest_run(tmp_path / "out") == run
    assert hidden(tmp_path / "out") == []


def test_everything_is_readable_by_the_owner_only(customers, segment, contents, tmp_path) -> None:
    out = tmp_path / "out"
    write_run(out, contents(customers, segment("lapsed")))
    for path in [out, *out.rglob("*")]:
        if not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_manifest_has_the_digest_of_every_other_file(customers, segment, contents, tmp_path) -> None:
    run = write_run(tmp_path, contents(customers, segment("lapsed"), manifest={"cut_points": {"r_score": [1, 2]}}))
    manifest = read_manifest(run)
    files = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()} - {"manifest.json"}
    assert files == set(manifest["outputs"])
    for name, facts in manifest["outputs"].items():
        content = (run / name).read_bytes()
        assert (facts["sha256"], facts["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert manifest["as_of"] == "2026-01-01T09:00:00"
    assert manifest["cut_points"] == {"r_score": [1, 2]}


def test_customers_are_kept_with_their_types(customers, segment, contents, tmp_path) -> None:
    run = write_run(tmp_path, contents(customers, segment("lapsed")))
    assert_frame_equal(pl.read_parquet(run / "customers.parquet"), customers)


@pytest.mark.parametrize("exchange", [True, False])
def test_the_same_run_again_replaces_it_and_leaves_the_same_bytes(
    exchange, customers, segment, contents, tmp_path, monkeypatch
) -> None:
    if not exchange:  # a file system that cannot swap two folders in one step
        monkeypatch.setattr(publishing, "_exchange", lambda staged, run: False)
    run = write_run(tmp_path, contents(customers, segment("lapsed")))
    (run / "stray.txt").write_text("of an older version")
    first = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != "stray.txt"}
    write_run(tmp_path, contents(customers, segment("lapsed")))
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == first
    assert (shown(tmp_path), hidden(tmp_path)) == (["2026-01-01T0900", "latest"], [])


def test_only_timings_differ_between_two_equal_runs(customers, segment, contents, tmp_path) -> None:
    texts = []
    for seconds in (0.1, 0.2):
        run = write_run(tmp_path, contents(customers, segment("lapsed"), manifest={"timings": {"fields": seconds}}))
        texts.append((run / "manifest.json").read_text())
    assert texts[0] != texts[1]
    assert texts[0].replace('"fields": 0.1', '"fields": 0.2') == texts[1]


def test_latest_stays_with_the_latest_moment_when_the_past_is_replayed(customers, segment, contents, tmp_path) -> None:
    newest = write_run(tmp_path, contents(customers, segment("lapsed"), day=9))
    write_run(tmp_path, contents(customers, segment("lapsed"), day=2))
    assert latest_run(tmp_path) == newest


def test_where_links_cannot_be_had_latest_is_a_file_with_the_name(
    customers, segment, contents, tmp_path, monkeypatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    run = write_run(tmp_path, contents(customers, segment("lapsed")))
    assert (tmp_path / "latest").read_text() == "2026-01-01T0900\n"
    assert latest_run(tmp_path) == run


def test_what_crashed_attempts_left_is_swept_and_nothing_else(customers, segment, contents, tmp_path) -> None:
    for name in (".2026-01-01T0900.abc", ".2025-12-31T0900.def/segments", ".mine", "notes"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".latest.0a1b").symlink_to("nowhere")
    write_run(tmp_path, contents(customers, segment("lapsed")))
    assert shown(tmp_path) == ["2026-01-01T0900", "latest", "notes"]
    assert hidden(tmp_path) == []
    assert (tmp_path / ".mine").is_dir()


def test_a_replacement_that_was_interrupted_puts_the_old_run_back(customers, segment, contents, tmp_path) -> None:
    run = write_run(tmp_path, contents(customers, segment("lapsed")))
    run.rename(tmp_path / ".2026-01-01T0900.replaced")
    write_run(tmp_path, contents(customers, segment("lapsed"), day=2))
    assert [path.name for path in finished_runs(tmp_path)] == ["2026-01-01T0900", "2026-01-02T0900"]


def test_runs_written_long_ago_are_deleted_and_the_latest_never(customers, segment, contents, tmp_path) -> None:
    for day in (1, 5, 20):
        run = write_run(tmp_path, contents(customers, segment("lapsed"), day=day))
        long_ago = (run / "manifest.json").stat().st_mtime - day * 86_400
        os.utime(run / "manifest.json", (long_ago, long_ago))
    (tmp_path / "2026-01-02T0000").mkdir()  # somebody's own folder: it has no manifest
    write_run(tmp_path, contents(customers, segment("lapsed"), day=3), keep=dt.timedelta(days=4))
    assert shown(tmp_path) == [
        "2026-01-01T0900",
        "2026-01-02T0000",
        "2026-01-03T0900",
        "2026-01-20T0900",
        "latest",
    ]
    assert latest_run(tmp_path) == tmp_path / "2026-01-20T0900"


def test_runs_of_campaigns_are_kept_as_long_and_the_latest_of_each_kind_longer(
    customers, segment, contents, tmp_path
) -> None:
    names = [f"2026-01-0{day}T0900{kind}" for day in (1, 2) for kind in ("-campaigns", "-rehearsal")]
    for name in names:
        staged = tmp_path / f".{name}.{'0' * 32}"
        staged.mkdir()
        (staged / "manifest.json").write_text("{}")
        os.utime(staged / "manifest.json", (1_000_000, 1_000_000))
        publishing.publish(tmp_path, staged, name)
    write_run(tmp_path, contents(customers, segment("lapsed"), day=3), keep=dt.timedelta(days=4))
    assert shown(tmp_path) == ["2026-01-02T0900-campaigns", "2026-01-03T0900", "latest", "latest-campaigns"]
    assert latest_run(tmp_path, "-campaigns") == tmp_path / "2026-01-02T0900-campaigns"


def test_a_committed_run_that_waits_to_be_published_is_not_swept(customers, segment, contents, tmp_path) -> None:
    waiting = tmp_path / f".2026-01-01T0900-campaigns.{'a' * 32}"
    waiting.mkdir()
    deleted = tmp_path / f".2026-01-01T0900-campaigns.gone{'a' * 32}"
    deleted.mkdir()
    write_run(tmp_path, contents(customers, segment("lapsed")))
    assert waiting.is_dir() and not deleted.exists()


def test_a_past_day_that_is_computed_now_is_not_old(customers, segment, contents, tmp_path) -> None:
    write_run(tmp_path, contents(customers, segment("lapsed"), day=1), keep=dt.timedelta(days=1))
    write_run(tmp_path, contents(customers, segment("lapsed"), day=25), keep=dt.timedelta(days=1))
    assert shown(tmp_path) == ["2026-01-01T0900", "2026-01-25T0900", "latest"]


def test_a_failure_in_the_middle_leaves_nothing_behind(customers, segment, contents, tmp_path) -> None:
    before = write_run(tmp_path, contents(customers, segment("lapsed")))
    broken = customers.with_columns(lapsed=pl.Series(["no", "flag", "at", "all"]))
    with pytest.raises(pl.exceptions.PolarsError):
        write_run(tmp_path, contents(broken, segment("lapsed"), day=2))
    assert (shown(tmp_path), hidden(tmp_path)) == ([before.name, "latest"], [])


def test_a_folder_that_cannot_be_written_is_a_data_problem(customers, contents, tmp_path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DataError, match=r"could not be written to .*out: "):
        write_run(tmp_path / "out", contents(customers))


HOLD = """
import sys
from pathlib import Path
from segcli.history import project_lock
with project_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_told_who_holds_the_lock(customers, segment, contents, tmp_path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=rf"another run \(process {holder.pid} on .*, since 20") as caught:
            write_run(tmp_path, contents(customers, segment("lapsed")))
        holder.communicate()
    assert caught.value.exit_code == 4
    write_run(tmp_path, contents(customers, segment("lapsed")))


def test_a_caller_may_hold_the_lock_around_the_whole_run(customers, segment, contents, tmp_path) -> None:
    with project_lock(tmp_path):
        write_run(tmp_path, contents(customers, segment("lapsed")))
        holder = json.loads((tmp_path / ".lock.holder").read_text())
    assert holder["pid"] == os.getpid()
