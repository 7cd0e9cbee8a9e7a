"""A person who is forgotten: what is erased, what stays, and that it is finished whatever happens meanwhile."""

from __future__ import annotations

import hashlib
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

from segcli.history import committed_runs, open_history, points, read_forgotten, read_salt, run_name, used_codes
from segcli.history.forgetting import FORGETTING, Erased, finish_forgetting, forget, is_forgotten
from segcli.history.identity import forgotten_customers
from segcli.history.run_facts import outputs_digest
from segcli.history.traces import Person
from segcli.problems import DataError
from tests.history.folder_contents import assert_whole, contents, differences
from tests.history.two_campaigns import ADA, DAY, PEOPLE, commit, facts_of, moment, take_back, whole_shop

PROGRAM = Path(__file__).parent / "two_campaigns.py"
OTHERS = PEOPLE.filter(pl.col("customer_id") != "cus_Ada77")
Copies = Callable[[str], Path]


@pytest.fixture(scope="module")
def shop_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with runs of all kinds. To be copied, never written to."""
    return whole_shop(tmp_path_factory.mktemp("forget") / "shop")


@pytest.fixture
def new_shop(shop_before: Path, tmp_path: Path) -> Copies:
    return lambda name: Path(shutil.copytree(shop_before, tmp_path / name, symlinks=True))


def forget_ada(shop: Path, person: Person = ADA, others: pl.DataFrame | None = OTHERS) -> Erased:
    return forget(shop / "history", shop / "out", person, DAY, others)


def found(shop: Path, *words: str) -> set[str]:
    """Where one of the words stands: in the bytes as they are, as UTF-16, or in any cell of a table. In any case.

    Nothing of what is tested here is used for it.
    """
    places = set()
    for path in (path for path in shop.rglob("*") if path.is_file()):
        texts = [path.read_bytes(), path.read_bytes().replace(b"\0", b"")]
        if path.suffix == ".parquet":
            texts.append(repr(pl.read_parquet(path, glob=False).rows()).encode())
        if any(word.lower().encode() in text.lower() for word in words for text in texts):
            places.add(str(path.relative_to(shop)))
    return places


WORDS = ("cus_ada77'", '"cus_ada77"', "cus_ada77,", "ada@shop", "ada@sho…", "555-000 00 02")


def test_nothing_of_the_person_is_left_in_any_byte(shop_before, new_shop) -> None:
    shop = new_shop("forgotten")
    assert len(found(shop_before, *WORDS)) > 30
    erased = forget_ada(shop)
    assert found(shop, *WORDS) == set()
    assert erased.anything
    assert erased.history == {"sends.parquet": 6, "state.parquet": 6, "members.parquet": 3, "people.parquet": 9}
    assert sorted(erased.outputs) == sorted(path.name for path in (shop / "out").glob("20*"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("person", "others"),
    [
        (Person(emails=frozenset({"ada@shop.example"})), OTHERS),
        (ADA, None),
        (Person(ADA.ids, frozenset({"ada@shop.example"})), None),
    ],
)
def test_it_is_all_the_same_by_what_they_were_named(person, others, new_shop) -> None:
    shop, other = new_shop("one"), new_shop("other")
    forget_ada(shop, person, OTHERS)
    forget_ada(other, person, others)
    assert found(other, *WORDS) == set()
    kept = pl.read_parquet(other / "history/forgotten.parquet").height
    assert kept == (2 if others is not None else 3)  # without the shop's files nobody else has her phone number


def test_rows_of_others_stay_and_what_names_the_person_in_them_is_blanked(new_shop) -> None:
    shop = new_shop("others")
    forget_ada(shop)
    run = shop / "out" / run_name(moment(0))
    customers = pl.read_parquet(run / "customers.parquet")
    expected = OTHERS.sort("customer_id").with_columns(
        referred_by=pl.lit(None, pl.String), note=pl.Series(["", None, "her number ends in 02"])
    )
    assert_frame_equal(customers.drop("tags"), expected)
    assert customers["tags"].to_list() == [[""], None, ["her number ends in 02"]]
    lines = (run / "rejected.csv").read_text().splitlines()
    assert lines == [
        "file,line,column,reason,value,dropped",
        "a.csv,7,birth_date,is no date,,false",
        "a.csv,9,birth_date,is no date,,false",
        "b.csv,2,customer_id,is no id,,false",
        "b.csv,3,customer_id,is no id,cus_Ada777,false",
    ]


def test_a_phone_that_somebody_else_has_today_is_left_to_them(new_shop) -> None:
    shop = new_shop("phone")
    forget_ada(shop)
    current = OTHERS.lazy().select("customer_id", "email", "phone")
    forgotten, salt = read_forgotten(shop / "history"), read_salt(shop / "history")
    assert forgotten_customers(current, forgotten, salt).collect().is_empty()
    assert (
        "cus_Eve99,eve@shop.example,+905550000002" in (shop / f"out/{run_name(moment(0))}/segments/all.csv").read_text()
    )


def test_manifests_and_run_json_have_the_new_digests_and_a_note_without_names(new_shop) -> None:
    shop = new_shop("notes")
    forget_ada(shop)
    assert_whole(shop)
    for folder in sorted((shop / "out").glob("20*")):
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, facts in manifest["outputs"].items():
            content = (folder / name).read_bytes()
            assert (facts["sha256"], facts["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content)), name
        assert set(manifest["redactions"]) == {"rows", "cells", "last"}
        assert manifest["redactions"]["last"] == "2026-07-01"
        assert manifest["outputs"]["rejected.csv"]["rows"] == 4
        if folder.name.endswith("-campaigns"):
            facts = facts_of(shop / "history" / folder.name.removesuffix("-campaigns"))
            assert facts["outputs_digest"] == outputs_digest(manifest["outputs"])
            assert facts["redactions"] == {"rows": 8, "cells": 0, "last": "2026-07-01"}
            assert manifest["outputs"]["excluded.csv"]["rows"] == 6


def test_codes_that_the_person_was_given_stay_used_and_nobody_can_tell_whose_they_were(shop_before, new_shop) -> None:
    shop = new_shop("codes")
    before = used_codes(open_history(shop_before / "history", moment(9))).collect()
    forget_ada(shop)
    after = used_codes(open_history(shop / "history", moment(9))).collect()
    assert set(after["code"]) == set(before["code"])
    hers = before.filter(pl.col("customer_id") == "cus_Ada77")["code"]
    whose = after.filter(pl.col("code").is_in(hers.implode()))
    assert whose.select("campaign", "series", "customer_id").null_count().row(0) == (3, 3, 3)
    places = found(shop, *hers)
    assert places == {"history/used_codes.parquet"}


def test_codes_of_runs_that_were_undone_are_nobodys_as_well(new_shop) -> None:
    shop = new_shop("undone")
    take_back(shop, "undo")
    forget_ada(shop)
    assert found(shop, *WORDS) == set()
    assert pl.read_parquet(shop / "history/used_codes.parquet")["code"].n_unique() == 3 + 4 - 1


def test_the_forgotten_stay_suppressed_also_under_a_new_id(new_shop) -> None:
    shop = new_shop("suppressed")
    forget_ada(shop)
    new = pl.LazyFrame({"customer_id": ["new", "c1"], "email": ["ada@shop.example", "bo@shop.example"]})
    forgotten, salt = read_forgotten(shop / "history"), read_salt(shop / "history")
    assert forgotten_customers(new, forgotten, salt).collect()["customer_id"].to_list() == ["new"]
    assert is_forgotten(shop / "history", Person(emails=frozenset({"ada@shop.example"})))
    assert not is_forgotten(shop / "history", Person(emails=frozenset({"bo@shop.example"})))


def test_old_ids_and_addresses_are_known_by_the_hashes_of_the_history(new_shop) -> None:
    shop = new_shop("renamed")
    new = PEOPLE.with_columns(
        pl.col("customer_id").replace("cus_Ada77", "cus_000new"),
        pl.when(pl.col("customer_id") == "cus_Ada77")
        .then(pl.lit("lovelace@shop.example"))
        .otherwise("email")
        .alias("email"),
    )
    commit(shop, 3, PEOPLE.with_columns(pl.col("customer_id").replace("cus_Ada77", "cus_000new")))
    commit(shop, 4, new)
    person = Person(frozenset({"cus_000new"}), frozenset({"lovelace@shop.example"}))
    forget_ada(shop, person, new.filter(pl.col("customer_id") != "cus_000new"))
    assert found(shop, *WORDS, "cus_000new", "lovelace") == set()


def test_forgetting_again_changes_nothing(new_shop) -> None:
    shop = new_shop("again")
    forget_ada(shop)
    before = contents(shop)
    assert not forget_ada(shop).anything
    assert contents(shop) == before


def test_what_segcli_cannot_change_is_named_loudly(new_shop) -> None:
    shop = new_shop("loud")
    foreign = shop / "out" / run_name(moment(0)) / "notes.txt"
    foreign.write_text("To: Ada@Shop.example")
    with pytest.raises(DataError, match=r"notes.txt still speaks of that person. What segcli did not write"):
        forget_ada(shop)
    foreign.unlink()
    assert found(shop, *WORDS) == set()
    forget_ada(shop)


def test_a_shop_without_any_history_can_forget_as_well(tmp_path) -> None:
    erased = forget_ada(tmp_path)
    assert (erased.anything, erased.known_by) == (False, 1)
    assert is_forgotten(tmp_path / "history", ADA)


def killed(shop: Path, task: str, point: int) -> bool:
    command = [sys.executable, str(PROGRAM), str(shop), task, str(point)]
    environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def passed_points(shop: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    passed: list[str] = []
    monkeypatch.setattr(points, "reached", passed.append)
    take_back(shop, "forget")
    monkeypatch.setattr(points, "reached", lambda point: None)
    return passed


@pytest.mark.slow
@pytest.mark.parametrize("finished_by", ["recover", "forget"])
def test_what_a_kill_interrupted_the_next_start_finishes(finished_by, new_shop, monkeypatch) -> None:
    passed = passed_points(new_shop("uninterrupted"), monkeypatch)
    for point in range(2, len(passed) + 1, 60):
        kill_and_finish(new_shop(f"killed-{point}"), point, finished_by, passed[point - 1])


@pytest.mark.slow
def test_a_kill_at_any_point_is_finished_by_the_next_start(new_shop, monkeypatch) -> None:
    passed = passed_points(new_shop("uninterrupted"), monkeypatch)
    # Every third call, and each kind of call at least once: most are the same done to one file after the other.
    chosen = {*range(2, len(passed) + 1, 3), *(passed.index(name) + 1 for name in {*passed[1:]})} - {1}
    for point in sorted(chosen):
        kill_and_finish(new_shop(f"killed-{point}"), point, "recover", passed[point - 1])


def kill_and_finish(shop: Path, point: int, finished_by: str, name: str) -> None:
    assert killed(shop, "forget", point), name
    take_back(shop, finished_by)
    assert found(shop, *WORDS) == set(), name
    assert_whole(shop)
    assert not (shop / "history" / FORGETTING).exists()
    assert is_forgotten(shop / "history", ADA)
    assert differences(shop, shop.parent / "uninterrupted") == [], name
    assert len(committed_runs(shop / "history")) == 3
    assert not finish_forgetting(shop / "history", shop / "out")
    shutil.rmtree(shop)
