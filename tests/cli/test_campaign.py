"""`segcli campaign` as its users see it: rehearsals, commits, repeats, and every mistake with its place."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segcli.history import committed_runs
from tests.cli.small_shop import PROJECT, RECIPE, ran, small_shop

Capture = pytest.CaptureFixture[str]
HELLO = """
campaigns:
  thanks:
    meaning: Thanks for the first order
    audience: orders > 0
    start: first_order_at
    grace: 400d
    again_after: never
    steps:
      - {message: hello, after: 1d, offer: {reward: percent, value: 10, code: {prefix: HI}, valid: 48h}}
      - {message: again, after: 2d}
"""


def shop(folder: Path, campaigns: str = HELLO, settings: str = "") -> Path:
    """The small shop with these campaigns and settings."""
    return small_shop(folder, RECIPE + campaigns, PROJECT + settings)


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but locks, with its bytes; the timings of a manifest are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".lock"):
            found[str(path.relative_to(folder))] = path.read_bytes()
            if path.name == "manifest.json":
                facts = json.loads(path.read_bytes())
                facts.pop("timings")
                found[str(path.relative_to(folder))] = json.dumps(facts, sort_keys=True).encode()
    return found


def sent(out: str) -> dict[str, int]:
    return {f"{row['campaign']}.{row['step']}": row["messages"] for row in json.loads(out)["steps"]}


def test_a_rehearsal_is_remembered_by_nobody_and_repeats_byte_for_byte(tmp_path: Path, capsys: Capture) -> None:
    shop(tmp_path)
    code, out, err = ran(capsys, "campaign", "--project", tmp_path, "--json")
    assert (code, err) == (0, "")
    assert sent(out)["thanks.hello"] > 0
    answer = json.loads(out)
    assert (answer["committed"], answer["refused"]) == (False, None)
    first = files(tmp_path / "out")
    assert ran(capsys, "campaign", "--project", tmp_path, "-q")[0] == 0
    assert files(tmp_path / "out") == first
    assert committed_runs(tmp_path / "history") == []


def test_a_committed_message_does_not_come_again_and_the_same_run_is_not_done_twice(
    tmp_path: Path, capsys: Capture
) -> None:
    shop(tmp_path)
    code, out, _ = ran(capsys, "campaign", "--commit", "--project", tmp_path, "--json")
    assert code == 0
    count = sent(out)["thanks.hello"]
    assert count > 0
    before = files(tmp_path)
    code, out, _ = ran(capsys, "campaign", "--commit", "--project", tmp_path, "--json")
    assert (code, json.loads(out)["already"]) == (0, True)
    assert files(tmp_path) == before
    run = committed_runs(tmp_path / "history")[0]
    hour_later = run.name[:11] + f"{int(run.name[11:13]) + 1:02d}:00"
    code, out, _ = ran(capsys, "campaign", "--commit", "--project", tmp_path, "--json", "--as-of", hour_later)
    assert (code, sent(out)) == (0, {"thanks.hello": 0, "thanks.again": 0})


def test_the_list_has_the_code_and_the_coupons_are_those_of_the_list(tmp_path: Path, capsys: Capture) -> None:
    import polars as pl

    shop(tmp_path)
    code, out, _ = ran(capsys, "campaign", "--project", tmp_path, "--json")
    assert code == 0
    folder = Path(json.loads(out)["run"]) / "campaigns" / "thanks" / "hello"
    listed = pl.read_csv(folder / "send_list.csv", infer_schema=False)
    coupons = pl.read_csv(folder / "coupons.csv", infer_schema=False)
    assert set(listed["coupon_code"]) == set(coupons["code"]) and listed["coupon_code"].is_unique().all()
    assert set(listed["segment"]) == {"thanks.hello"}
    key = tmp_path / ".segcli.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_run_of_the_past_is_a_rehearsal_and_says_so(tmp_path: Path, capsys: Capture) -> None:
    shop(tmp_path)
    assert ran(capsys, "campaign", "--commit", "--project", tmp_path, "-q")[0] == 0
    history = files(tmp_path / "history")
    code, _, err = ran(capsys, "campaign", "--commit", "--project", tmp_path, "-q", "--as-of", "2026-01-05T09:00")
    assert code == 1
    assert "which is not before this one" in err
    assert files(tmp_path / "history") == history
    assert (tmp_path / "out" / "2026-01-05T0900-rehearsal").is_dir()


def test_a_key_that_is_another_one_is_refused_once_codes_were_mailed(tmp_path: Path, capsys: Capture) -> None:
    shop(tmp_path)
    assert ran(capsys, "campaign", "--commit", "--project", tmp_path, "-q")[0] == 0
    (tmp_path / ".segcli.key").write_text("0" * 64)
    code, _, err = ran(capsys, "campaign", "--project", tmp_path, "--as-of", "2027-01-01")
    assert code == 1
    assert "codes that were mailed would change" in err


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, capsys: Capture) -> None:
    shop(tmp_path)
    (tmp_path / ".segcli.key").write_text("1" * 64)
    (tmp_path / ".segcli.key").chmod(0o644)
    code, _, err = ran(capsys, "campaign", "--project", tmp_path)
    assert code == 1
    assert "chmod 600" in err


def test_of_two_runs_at_once_one_says_who_holds_the_lock(tmp_path: Path, capsys: Capture) -> None:
    shop(tmp_path)
    (tmp_path / "history").mkdir()
    holding = (
        "import sys, time\nfrom pathlib import Path\nfrom segcli.history import project_lock\n"
        "with project_lock(Path(sys.argv[1]) / 'out', Path(sys.argv[1]) / 'history'):\n"
        "    print('held', flush=True)\n    time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", holding, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None and child.stdout.readline() == "held\n"
        code, _, err = ran(capsys, "campaign", "--commit", "--project", tmp_path)
        assert code == 4
        assert f"process {child.pid} on " in err
    finally:
        child.kill()
        child.wait()
        child.stdout and child.stdout.close()
    assert (
        ran(capsys, "campaign", "--commit", "--project", tmp_path, "-q")[0] == 0
    )  # the lock of a dead process is free


def test_days_ahead_are_counted_and_nothing_is_written(tmp_path: Path, capsys: Capture) -> None:
    shop(tmp_path)
    code, out, _ = ran(capsys, "campaign", "--days", "3", "--project", tmp_path, "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["days"] == 3
    assert sum(row["messages"] for row in answer["messages"]) > 0
    assert not list((tmp_path / "out").glob("2*")) if (tmp_path / "out").exists() else True
    code, _, err = ran(capsys, "campaign", "--days", "3", "--commit", "--project", tmp_path)
    assert code == 2
    assert "cannot be committed" in err


def test_days_ahead_give_each_code_of_a_pool_once(tmp_path: Path, capsys: Capture) -> None:
    steps = "steps: [{message: hello, after: 1d, offer: {reward: percent, value: 10, code: {pool: codes.txt}}}]"
    shop(tmp_path, f"\ncampaigns:\n  thanks: {{audience: orders > 0, start: first_order_at, {steps}}}\n")
    (tmp_path / "codes.txt").write_text("ONE\nTWO\n")
    days = enumerate(("2026-06-28", "2026-06-29", "2026-06-30"), 1)
    orders = [f"{customer},{customer},{day} 08:00,5" for customer, day in days]
    (tmp_path / "orders.csv").write_text("\n".join(["order_id,customer_id,ordered_at,amount", *orders]) + "\n")
    code, out, _ = ran(capsys, "campaign", "--days", "3", "--project", tmp_path, "--json")
    answer = json.loads(out)
    assert (code, [row["messages"] for row in answer["messages"]]) == (0, [2])
    assert {row["reason"] for row in answer["excluded"]} == {"no code left"}


def test_more_messages_than_expected_stop_the_run_before_anything_is_written(tmp_path: Path, capsys: Capture) -> None:
    shop(tmp_path, settings="expect: {messages: 1}\n")
    code, _, err = ran(capsys, "campaign", "--commit", "--project", tmp_path)
    assert code == 1
    assert "more than the 1 that are expected" in err
    assert committed_runs(tmp_path / "history") == []
    assert not list((tmp_path / "out").glob("2*"))


def test_lists_by_hour_and_lists_of_an_email_service(tmp_path: Path, capsys: Capture) -> None:
    shop(tmp_path, HELLO.replace("    steps:", "    split: send_hour\n    steps:"))
    for esp in ("klaviyo", "mailchimp", "excel"):
        code, out, _ = ran(capsys, "campaign", "--project", tmp_path, "--json", "--esp", esp)
        assert code == 0
        names = [path.name for path in (Path(json.loads(out)["run"]) / "campaigns/thanks/hello").iterdir()]
        assert any(name.startswith("send_list.") and name.endswith("h.csv") for name in names)


def test_an_unknown_campaign_names_the_nearest(tmp_path: Path, capsys: Capture) -> None:
    shop(tmp_path)
    code, _, err = ran(capsys, "campaign", "thank", "--project", tmp_path)
    assert code == 2
    assert "no campaign named 'thank'. Did you mean 'thanks'?" in err


def test_a_project_without_campaigns_says_so(tmp_path: Path, capsys: Capture) -> None:
    small_shop(tmp_path)
    code, _, err = ran(capsys, "campaign", "--project", tmp_path)
    assert code == 2
    assert "have no campaigns" in err


BAD = {
    "an audience that is no field": (
        "{audience: recensy_days > 3, steps: [{message: a}]}", 2, "'recensy_days' is not a field"),
    "an audience that is no condition": ("{audience: orders + 1, steps: [{message: a}]}", 2, "audience"),
    "a start of no table": (
        "{audience: orders > 0, start: cards.started_at, steps: [{message: a}]}", 2, "no table named 'cards'"),
    "a start of no column": (
        "{audience: orders > 0, start: orders.orderd_at, steps: [{message: a}]}", 2, "has no column 'orderd_at'"),
    "a start that is no time": (
        "{audience: orders > 0, start: spend, steps: [{message: a}]}", 2, "a start is a date or a time"),
    "a start to come": (
        "{audience: orders > 0, start: \"timestamp '2090-01-01 00:00:00'\", steps: [{message: a}]}", 2,
        "still to come"),
    "no message": ("{audience: orders > 0, steps: [{after: 1d}]}", 2, "message"),
    "steps out of order": (
        "{audience: orders > 0, steps: [{message: a, after: 2d}, {message: b, after: 1d}]}", 2, "steps[2]"),
    "an inverted window": (
        "{audience: orders > 0, active: {since: 2026-02-01, until: 2026-01-01}, steps: [{message: a}]}", 2,
        "inverted window"),
    "no product list of that name": (
        "{audience: orders > 0, products: {bestseller: 3}, steps: [{message: a}]}", 2, "bestsellers"),
    "products of no field": (
        "{audience: orders > 0, products: {bestsellers: 3, of: favorite}, steps: [{message: a}]}", 2, "'favorite'"),
    "weights that do not sum": (
        "{audience: orders > 0, variants: {a: 50, b: 40}, steps: [{message: a}]}", 2, "90"),
    "an offer's condition with a fault": (
        "{audience: orders > 0, offer: {reward: percent, value: 5, when: ordrs > 1}, steps: [{message: a}]}", 2,
        "'ordrs'"),
    "a pool without a code": (
        "{audience: orders > 0, offer: {reward: gift, code: {pool: empty.csv}}, steps: [{message: a}]}", 1,
        "empty.csv"),
    "a table that is not fresh, and not there": (
        "{audience: orders > 0, fresh: {ordres: 2h}, steps: [{message: a}]}", 2, "'ordres'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_every_mistake_in_a_campaign_has_one_message_with_its_place(
    fault: str, tmp_path: Path, capsys: Capture
) -> None:
    text, expected, words = BAD[fault]
    shop(tmp_path, f"campaigns:\n  wrong: {text}\n")
    (tmp_path / "empty.csv").write_text("code\n")
    code, out, err = ran(capsys, "campaign", "--commit", "--project", tmp_path)
    errors = [line for line in err.splitlines() if line.startswith("error ")]
    assert (code, out) == (expected, "")
    assert len(errors) == 1, err
    assert words in errors[0]
    assert "recipe.yaml:" in errors[0]
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").glob("2*"))
    assert committed_runs(tmp_path / "history") == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("limits: {caps: [{max: 0, per: 1d}]}\n", "segcli.yaml:"),
        ("consent: {countries: {XX: gdpr}}\n", "no country with the code 'XX'"),
        ("consent: {countries: {DE: gdprr}}\n", "gdprr"),
    ],
)
def test_every_mistake_in_the_settings_has_its_place(
    settings: str, words: str, tmp_path: Path, capsys: Capture
) -> None:
    project = "\n".join(line for line in PROJECT.splitlines() if not line.startswith("consent")) + "\n"
    small_shop(tmp_path, RECIPE + HELLO, project + settings)
    code, _, err = ran(capsys, "campaign", "--project", tmp_path)
    assert code == 2
    assert words in err and "segcli.yaml:" in err


def test_an_audience_that_reads_its_own_clock_is_warned_of(tmp_path: Path, capsys: Capture) -> None:
    recipe = HELLO.replace("audience: orders > 0", "audience: first_order_at < as_of")
    shop(tmp_path, recipe)
    code, _, err = ran(capsys, "campaign", "--project", tmp_path)
    assert code == 0
    assert "the audience reads 'first_order_at', which is the clock of the series as well" in err
    ended = recipe.replace("audience:", "until: orders > 5\n    audience:")
    code, _, err = ran(capsys, "campaign", "--project", shop(tmp_path / "ended", ended))
    assert (code, "which is the clock" in err) == (0, False)


def test_a_history_of_a_newer_version_is_left_alone(tmp_path: Path, capsys: Capture) -> None:
    shop(tmp_path)
    assert ran(capsys, "campaign", "--commit", "--project", tmp_path, "-q")[0] == 0
    facts = committed_runs(tmp_path / "history")[0].folder / "run.json"
    newer = json.loads(facts.read_text("utf-8")) | {"format": 99}
    facts.write_text(json.dumps(newer), encoding="utf-8")
    before = files(tmp_path)
    code, _, err = ran(capsys, "campaign", "--commit", "--project", tmp_path, "--as-of", "2027-01-01")
    assert code == 1
    assert "which is newer" in err
    assert files(tmp_path) == before


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_and_done_again_is_as_if_it_had_not_been(tmp_path: Path) -> None:
    """The whole command, killed by SIGKILL while it reads, writes and commits."""
    whole = shop(tmp_path / "whole")
    (whole / "history").mkdir()
    (whole / "history" / "salt").write_text("a" * 64)
    (whole / ".segcli.key").write_text("b" * 64)
    (whole / ".segcli.key").chmod(0o600)
    command = [sys.executable, "-m", "segcli", "campaign", "--commit", "-q", "--project"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    broken = tmp_path / "broken"
    subprocess.run(["cp", "-a", str(whole), str(broken)], check=True)
    started = time.monotonic()
    subprocess.run([*command, str(whole)], check=True, env=environment)
    took = time.monotonic() - started
    for number in range(12):
        child = subprocess.Popen([*command, str(broken)], env=environment)
        time.sleep(took * (number + 1) / 12)
        child.kill()
        child.wait()
    subprocess.run([*command, str(broken)], check=True, env=environment)
    assert files(broken / "history") == files(whole / "history")
    assert {name: text for name, text in files(broken / "out").items() if "manifest" not in name} == {
        name: text for name, text in files(whole / "out").items() if "manifest" not in name
    }
