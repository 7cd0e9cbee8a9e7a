"""What segcli did itself, as tables: `sends` and `memberships`, and who asked to be forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from segcli.history import NewRun, commit_run, make_salt, next_memberships, next_people, open_history, resolve, run_name
from segcli.history.identity import FORGOTTEN, digests_of
from segcli.history.tables import JOURNAL, STATE, empty
from segcli.pipeline import compute, prepare
from segcli.problems import Problems, RecipeError
from segcli.project import load_project

AS_OF = dt.datetime(2026, 6, 30, 9)
NO_OUTPUTS = '{"outputs": {}}'

FIELDS = """
description: What segcli did
fields:
  messages: {from: sends, where: status = 'sent', value: count(*), default: 0}
  held: {from: sends, where: status = 'held_out', value: count(*), default: 0}
  lately: {from: sends, within: 7d, value: count(*), default: 0}
  last_step: {from: sends, top: step, by: max(send_at)}
  youngest: {from: sends, value: min(age_days)}
  best_left_at: {from: memberships, where: "segment = 'best'", value: max(left_at)}
  never_was: {from: memberships, where: "segment = 'no such'", value: count(*), default: 0}
segments:
  written_to: {where: messages > 0}
  not_written_to: {where: messages = 0}
"""
CUSTOMERS = "customer_id,email\nc1,ann@shop.example\nc2,bo@shop.example\n"


def shop(root: Path, customers: str = CUSTOMERS, recipe: str = FIELDS, buyer: str = "c2") -> Path:
    (root / "recipe").mkdir(exist_ok=True)
    (root / "recipe/recipe.yaml").write_text(recipe)
    (root / "customers.csv").write_text(customers)
    (root / "orders.csv").write_text(f"order_id,customer_id,ordered_at,amount\no1,{buyer},2026-06-01,5\n")
    sources = "sources: {customers: {files: customers.csv}, orders: {files: orders.csv}}\n"
    (root / "segcli.yaml").write_text(
        "shop: Shop\ntimezone: UTC\ncurrency: EUR\nas_of: 2026-06-30T09:00\nrecipes: [recipe]\n" + sources
    )
    return root


def columns(root: Path, *names: str) -> dict[str, tuple[Any, ...]]:
    """customer_id -> these columns."""
    problems = Problems()
    prepared = prepare(load_project([str(root)]), problems, wanted=names)
    run = compute(prepared, root / f"scratch{len(list(root.iterdir()))}")
    frame = run.computed.customers.select("customer_id", *names).collect()
    return {row[0]: row[1:] for row in frame.iter_rows()}


def committed(
    root: Path, day: int, rows: Sequence[dict[str, Any]], people: pl.DataFrame, best: Sequence[str] = ()
) -> None:
    """A run of that day in June that sent these rows, when these were the people and `best` the best of them."""
    as_of = dt.datetime(2026, 6, day, 9)
    history = open_history(root / "history", as_of)
    base = {"run": run_name(as_of), "as_of": as_of, "campaign": "drip", "series": "s", "status": "sent"}
    every = [{**dict.fromkeys(JOURNAL), **base, "send_at": as_of, **row} for row in rows]
    salt = make_salt(history.folder)
    renamed = resolve(history.people(), people.lazy(), salt)
    members = people.filter(pl.col("customer_id").is_in(best)).select("customer_id", segment=pl.lit("best"))
    run = NewRun(
        as_of=as_of,
        timezone="UTC",
        planned=["drip"],
        campaigns={},
        after=history.newest.name if history.newest else None,
        journal=pl.LazyFrame(every, schema=dict(JOURNAL)),
        state=empty(STATE),
        memberships=next_memberships(history.memberships(), members.lazy(), ["best"], as_of),
        people=next_people(history.people(), renamed, people.lazy(), salt),
    )
    commit_run(history.folder, root / "out", run, lambda folder: (folder / "manifest.json").write_text(NO_OUTPUTS))


def people(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict.fromkeys(("customer_id", "email"), pl.String), orient="row")


ANN_AND_BO = people(("c1", "ann@shop.example"), ("c2", "bo@shop.example"))


def test_without_history_or_campaigns_nothing_is_known(tmp_path) -> None:
    found = columns(shop(tmp_path), "messages", "written_to", "not_written_to")
    assert found == {"c1": (None, None, None), "c2": (None, None, None)}


def test_an_empty_history_is_known_and_empty(tmp_path) -> None:
    (tmp_path / "history").mkdir()
    found = columns(shop(tmp_path), "messages", "held", "never_was", "youngest", "not_written_to")
    assert found == {"c1": (0, 0, 0, None, True), "c2": (0, 0, 0, None, True)}


def test_with_campaigns_nothing_sent_yet_is_known(tmp_path) -> None:
    campaign = "campaigns: {drip: {audience: messages = 0, steps: [{message: hello, after: 0d}]}}\n"
    assert columns(shop(tmp_path, recipe=FIELDS + campaign), "messages") == {"c1": (0,), "c2": (0,)}


def test_what_was_sent_is_counted_for_each_customer(tmp_path) -> None:
    first = [
        {"customer_id": "c1", "step": "one", "number": 0},
        {"customer_id": "c2", "step": "one", "number": 0, "status": "held_out"},
        {"customer_id": "c2", "status": "entered"},
    ]
    committed(tmp_path, 1, first, ANN_AND_BO, ["c1"])
    committed(tmp_path, 28, [{"customer_id": "c1", "step": "two", "number": 1}], ANN_AND_BO)
    found = columns(shop(tmp_path), "messages", "held", "lately", "last_step", "youngest", "best_left_at", "never_was")
    assert found == {
        "c1": (2, 0, 1, "two", 2, dt.datetime(2026, 6, 28, 9), 0),
        "c2": (0, 1, 0, "one", 29, None, 0),
    }


def test_only_history_before_the_moment_is_read(tmp_path) -> None:
    for day in (1, 15, 28):
        committed(tmp_path, day, [{"customer_id": "c1", "step": "one", "number": 0}], ANN_AND_BO)
    text = (shop(tmp_path) / "segcli.yaml").read_text()
    for as_of, count in (("2026-06-15T09:00", 1), ("2026-06-15T09:01", 2), ("2026-06-30", 3)):
        (tmp_path / "segcli.yaml").write_text(text.replace("2026-06-30T09:00", as_of))
        assert columns(tmp_path, "messages")["c1"] == (count,)


def test_a_message_that_is_committed_counts_before_it_goes_out(tmp_path) -> None:
    later = dt.datetime(2026, 6, 30, 18)
    committed(tmp_path, 29, [{"customer_id": "c1", "step": "one", "number": 0, "send_at": later}], ANN_AND_BO)
    assert columns(shop(tmp_path), "messages", "lately")["c1"] == (1, 1)


@pytest.mark.parametrize(
    "customers",
    [
        "customer_id,email\na9,ann@shop.example\nc2,bo@shop.example\n",  # another id, the same address
        "customer_id,email\nb1,ann@shop.example\nc1,ann@shop.example\nc2,bo@shop.example\n",  # joined to another
        "customer_id,email\nc2,bo@shop.example\nc1,ann@shop.example\na0,ann@shop.example\n",
    ],
)
def test_messages_of_an_id_that_is_no_more_belong_to_who_that_is_today(customers, tmp_path) -> None:
    committed(tmp_path, 1, [{"customer_id": "c1", "step": "one", "number": 0}], ANN_AND_BO)
    (ann,) = {"a9", "b1", "a0"} & {line.split(",")[0] for line in customers.splitlines()}
    assert columns(shop(tmp_path, customers), "messages") == {ann: (1,), "c2": (0,)}


def test_an_id_of_an_order_alone_stays_who_it_was(tmp_path) -> None:
    committed(tmp_path, 1, [{"customer_id": "c1", "step": "one", "number": 0}], ANN_AND_BO)
    customers = "customer_id,email\nc3,ann@shop.example\nc2,bo@shop.example\n"
    assert columns(shop(tmp_path, customers, buyer="c1"), "messages") == {"c1": (1,), "c2": (0,), "c3": (0,)}


def test_who_is_only_in_the_history_is_no_customer(tmp_path) -> None:
    committed(tmp_path, 1, [{"customer_id": "c7", "step": "one", "number": 0}], people(("c7", "cy@shop.example")))
    assert columns(shop(tmp_path), "messages") == {"c1": (0,), "c2": (0,)}


def test_nothing_is_read_unless_a_field_needs_it(tmp_path) -> None:
    committed(tmp_path, 1, [{"customer_id": "c1", "step": "one", "number": 0}], ANN_AND_BO)
    (tmp_path / "history/2026-06-01T0900/sends.parquet").write_bytes(b"not read")
    assert columns(shop(tmp_path), "orders") == {"c1": (0,), "c2": (1,)}


def test_shards_make_no_difference(tmp_path, monkeypatch) -> None:
    committed(tmp_path, 1, [{"customer_id": each, "step": "one", "number": 0} for each in ("c1", "c2")], ANN_AND_BO)
    monkeypatch.setenv("SEGCLI_SHARDS", "3")
    assert columns(shop(tmp_path), "messages", "best_left_at") == {"c1": (1, None), "c2": (1, None)}


def test_a_table_of_the_projects_own_has_another_name(tmp_path) -> None:
    shop(tmp_path)
    text = (tmp_path / "segcli.yaml").read_text().replace("sources: {", "sources: {sends: {files: orders.csv}, ")
    (tmp_path / "segcli.yaml").write_text(text)
    with pytest.raises(
        RecipeError, match=r"'sends' is the table of what segcli itself did\. Give this table another name"
    ):
        columns(tmp_path, "messages")


FORGETS = FIELDS + "  gone: {where: forgotten}\n"


def test_nobody_is_forgotten_where_nobody_asked(tmp_path) -> None:
    committed(tmp_path, 1, [], ANN_AND_BO)
    assert columns(shop(tmp_path, recipe=FORGETS), "gone") == {"c1": (None,), "c2": (None,)}


@pytest.mark.parametrize("shards", ["1", "2"])
@pytest.mark.parametrize(
    "customers", [CUSTOMERS, "customer_id,email\nc0,ann@shop.example\nc1,ann@shop.example\nc2,bo@shop.example\n"]
)
def test_who_asked_to_be_forgotten_is_known_even_under_another_id(customers, shards, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SEGCLI_SHARDS", shards)
    committed(tmp_path, 1, [], ANN_AND_BO)
    salt = make_salt(tmp_path / "history")
    ann = digests_of(people(("c1", "old@shop.example")).lazy(), salt).select("digest").collect()
    ann.write_parquet(tmp_path / "history" / FORGOTTEN)
    found = columns(shop(tmp_path, customers, FORGETS), "gone")
    assert found == {min(found): (True,), "c2": (False,)}
