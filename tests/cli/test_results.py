"""`segcli results`: from committed runs and an orders file to the table, the JSON and the words."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from segcli.history import NewRun, commit_run, make_salt, next_people, run_name
from segcli.history.tables import JOURNAL, MEMBERS, PEOPLE, STATE, empty
from tests.cli.small_shop import ran

PROJECT = """shop: Small
timezone: Europe/Istanbul
currency: EUR
as_of: 2026-06-30T09:00
sources: {customers: customers.csv, orders: orders.csv}
"""
SENT_AT = dt.datetime(2026, 6, 1, 7)
PEOPLE_IN_ALL = 900
HELD_OUT_OF_THEM = 300


def commit(folder: Path, journal: pl.DataFrame, as_of: dt.datetime, ids: str = "c{}") -> None:
    """A committed run with this journal, as of then, in a history that knows everybody's address."""
    history = folder / "history"
    salt = make_salt(history)
    people = pl.LazyFrame(
        {
            "customer_id": [ids.format(one) for one in range(PEOPLE_IN_ALL)],
            "email": [f"c{one}@example.com" for one in range(PEOPLE_IN_ALL)],
        }
    )
    nobody = pl.DataFrame(schema={"old_id": pl.String(), "customer_id": pl.String()})
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in JOURNAL.items() if name not in journal.columns]
    run = NewRun(
        as_of=as_of,
        timezone="Europe/Istanbul",
        planned=["winback"],
        campaigns={"winback": {}},
        after=None,
        journal=journal.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in JOURNAL.items()),
        state=empty(STATE),
        memberships=empty(MEMBERS),
        people=next_people(empty(PEOPLE), nobody, people, salt),
    )
    commit_run(history, folder / "out", run, write_outputs)


def write_outputs(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"outputs": []}', encoding="utf-8")


def journal(held_out: int = HELD_OUT_OF_THEM, ids: str = "c{}", send_at: dt.datetime = SENT_AT) -> pl.DataFrame:
    """One step for everybody, of whom the last so many were held out."""
    return pl.DataFrame(
        {
            "run": run_name(SENT_AT),
            "as_of": SENT_AT,
            "campaign": "winback",
            "step": "hello",
            "number": 0,
            "message": "winback.hello",
            "customer_id": [ids.format(one) for one in range(PEOPLE_IN_ALL)],
            "series": "s",
            "send_at": send_at,
            "status": ["sent"] * (PEOPLE_IN_ALL - held_out) + ["held_out"] * held_out,
        }
    )


def shop(folder: Path) -> Path:
    """Two in five of the sent bought for 10.00 on the day after, and one in five of the others."""
    (folder / "segcli.yaml").write_text(PROJECT, encoding="utf-8")
    everybody = range(PEOPLE_IN_ALL)
    buyers = [one for one in everybody if one % 5 < (2 if one < PEOPLE_IN_ALL - HELD_OUT_OF_THEM else 1)]
    customers = [f"c{one},c{one}@example.com" for one in everybody]
    bought = [f"o{one},c{one},2026-06-02,10.00" for one in buyers]
    early_and_late = ["x1,c3,2026-05-01,5.00", "x2,c4,2026-06-29,5.00"]
    (folder / "customers.csv").write_text("\n".join(["customer_id,email", *customers, ""]), encoding="utf-8")
    header = "order_id,customer_id,ordered_at,amount"
    (folder / "orders.csv").write_text("\n".join([header, *bought, *early_and_late, ""]), encoding="utf-8")
    return folder


@pytest.fixture
def mailed(tmp_path: Path) -> Iterator[Path]:
    commit(shop(tmp_path), journal(), SENT_AT)
    yield tmp_path


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, list[dict[str, object]]]:
    code, out, err = ran(capsys, "results", *arguments, "--json")
    assert (code, err) == (0, "")
    found: dict[str, list[dict[str, object]]] = json.loads(out)
    return found


def test_results_compare_the_sent_with_the_held_out(mailed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "-p", mailed)
    assert [(row["campaign"], row["step"], row["verdict"]) for row in found["results"]] == [
        ("winback", None, "more"),
        ("winback", "hello", "more"),
    ]
    whole = found["results"][0]
    assert whole["sent"] == {
        "people": 600, "too_young": 0, "converted": 240, "rate": 0.4, "revenue": "2400.00", "revenue_per_person": "4.00"
    }  # fmt: skip
    assert whole["conversion"] == pytest.approx(
        {"difference": 0.2, "low": 0.1378, "high": 0.2573, "lift": 1.0}, abs=1e-3
    )
    assert whole["extra_revenue"] == {"difference": "1200.00", "low": "839.65", "high": "1560.35"}
    assert whole["last_touch"] == {"messages": 600, "orders": 240, "revenue": "2400.00"}
    assert found["notes"] == []


def test_the_table_is_on_stdout_and_remarks_are_on_stderr(mailed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capsys, "results", "-p", mailed, "--as-of", "2026-06-05T09:00")
    assert code == 0
    assert "winback" in out and "too early to say" in out
    assert "900 too young to count, their 7d are not over" in err
    code, out, err = ran(capsys, "results", "winback", "-p", mailed)
    assert (code, err) == (0, "")
    first, second = (" ".join(line.split()) for line in out.splitlines()[2:4])
    assert first == "winback 600 40.00 % +20.00 4.00 +2.00 more bought 240"
    assert second == "300 20.00 % +13.78 to +25.73 2.00 +1.40 to +2.60 5 (4 to 8) 2,400.00"
    assert "about +1,200.00 EUR (+839.65 to +1,560.35) from 600 people written to, within 7d" in out


def test_quiet_keeps_the_answer_and_drops_the_remarks(mailed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capsys, "results", "-p", mailed, "--as-of", "2026-06-05T09:00", "-q")
    assert (code, err) == (0, "")
    assert "winback" in out


def test_the_window_may_be_another(mailed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "-p", mailed, "--window", "12h")
    assert (found["window"], found["results"][0]["verdict"]) == ("12h", "too_little")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--window", "90"), "Write 90d"), (("winbak",), "Did you mean 'winback'?"), (("--window", "0d"), "no duration")],
)
def test_what_was_typed_wrong_is_said_with_the_way_out(
    arguments: tuple[str, ...], words: str, mailed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ran(capsys, "results", *arguments, "-p", mailed)
    assert (code, out) == (2, "")
    assert words in err


def test_without_a_holdout_the_way_to_one_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(shop(tmp_path), journal(held_out=0), SENT_AT)
    code, out, err = ran(capsys, "results", "-p", tmp_path)
    assert code == 0
    assert "nobody held out" in out
    assert "`holdout: 10%`" in err


def test_later_steps_are_said_to_be_no_experiment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = journal()
    later = first.with_columns(
        step=pl.lit("again"), number=pl.lit(1, pl.Int64), send_at=pl.lit(SENT_AT + dt.timedelta(days=10))
    )
    commit(shop(tmp_path), pl.concat([first, later], how="vertical_relaxed"), SENT_AT)
    found = answer(capsys, "-p", tmp_path)
    assert [(row["step"], row["verdict"]) for row in found["results"]] == [
        (None, "more"), ("hello", "more"), ("again", "too_little")
    ]  # fmt: skip
    assert any("drawn by lot" in str(note) for note in found["notes"])


def test_without_a_committed_run_nothing_was_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "-p", shop(tmp_path))
    assert found["results"] == []
    assert "Nothing was sent before 2026-06-30 09:00" in str(found["notes"])


def test_who_has_another_id_by_now_is_still_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(shop(tmp_path), journal(ids="old{}"), SENT_AT, ids="old{}")
    whole = answer(capsys, "-p", tmp_path)["results"][0]
    assert (whole["verdict"], whole["last_touch"]) == ("more", {"messages": 600, "orders": 240, "revenue": "2400.00"})


def test_an_export_that_does_not_reach_as_far_as_the_messages_is_remarked(
    mailed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for line in (mailed / "orders.csv").read_text("utf-8").splitlines() if not line.startswith("x")]
    (mailed / "orders.csv").write_text("\n".join(lines), encoding="utf-8")
    code, _, err = ran(capsys, "results", "-p", mailed)
    assert code == 0
    assert "The newest order is of 2026-06-02" in err and "--as-of 2026-06-03" in err
    assert "The oldest order is of 2026-06-02, and messages began on 2026-06-01" in err


def test_without_orders_nobody_can_tell(mailed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mailed / "segcli.yaml").write_text(PROJECT.replace(", orders: orders.csv", ""), encoding="utf-8")
    code, out, err = ran(capsys, "results", "-p", mailed)
    assert (code, out) == (1, "")
    assert "no file has orders" in err


def test_without_scipy_the_command_says_how_to_get_it(
    mailed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    code, out, err = ran(capsys, "results", "-p", mailed)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and "pip install" in err
