"""A shop whose runs send two campaigns, with codes of a pool, people who merge, and folders of all kinds in `out`.

As a program it takes back or erases something, and is killed at a point.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import signal
import sys
from pathlib import Path

import polars as pl

from segcli.history import (
    CommittedRun,
    NewRun,
    commit_run,
    committed_runs,
    make_salt,
    next_memberships,
    next_people,
    open_history,
    points,
    project_lock,
    rebuild_state,
    recover,
    resolve,
    run_name,
    with_ids_of_today,
    write_rehearsal,
)
from segcli.history.forgetting import forget
from segcli.history.manifests import manifest_text
from segcli.history.publishing import publish
from segcli.history.tables import JOURNAL
from segcli.history.traces import Person
from segcli.history.undoing import undo_runs
from segcli.history.undoing_campaigns import undo_campaign

FIRST = dt.datetime(2026, 6, 1, 7)
DAY = dt.date(2026, 7, 1)
PEOPLE = pl.DataFrame(
    {
        "customer_id": ["c1", "cus_Ada77", "3", "cus_Eve99"],
        "email": ["bo@shop.example", "ada@shop.example", None, "eve@shop.example"],
        "phone": ["+905550000001", "+905550000002", "+905550000003", "+905550000002"],
        "referred_by": [None, None, "cus_Ada77", None],
        "note": ["calls ADA@shop.example a friend", "likes tea", "", "her number ends in 02"],
    }
)
ADA = Person(frozenset({"cus_Ada77"}))


def moment(number: int) -> dt.datetime:
    """When the run of that number is, counted from 0: a day apart."""
    return FIRST + dt.timedelta(days=number)


def commit(shop: Path, number: int, customers: pl.DataFrame = PEOPLE) -> CommittedRun:
    """The run of that number: each campaign's next step for everybody; `gifts` gives codes of a pool."""
    history, as_of = open_history(shop / "history", moment(number)), moment(number)
    salt = make_salt(history.folder)
    current = customers.lazy().select("customer_id", "email", "phone")
    renamed = resolve(history.people(), current, salt)
    before = with_ids_of_today(history.state(), renamed)
    journal = pl.concat(_sent(before, current, name, as_of, number) for name in ("gifts", "news"))
    known = dict(history.newest.facts["campaigns"]) if history.newest else {}
    state = rebuild_state(with_ids_of_today(pl.concat([history.journal(), journal]), renamed))
    members = current.filter(pl.col("customer_id") != "c1").select("customer_id", segment=pl.lit("most"))
    run = NewRun(
        as_of=as_of,
        timezone="UTC",
        planned=["gifts", "news"],
        campaigns=known | {name: {"run": run_name(as_of), "condition": str(number)} for name in ("gifts", "news")},
        after=history.newest.name if history.newest else None,
        journal=journal,
        state=state,
        memberships=next_memberships(with_ids_of_today(history.memberships(), renamed), members, ["most"], as_of),
        people=next_people(history.people(), renamed, current, salt),
    )
    return commit_run(history.folder, shop / "out", run, lambda folder: write_campaigns(folder, customers, journal))


def _sent(state: pl.LazyFrame, current: pl.LazyFrame, campaign: str, as_of: dt.datetime, number: int) -> pl.LazyFrame:
    done = state.filter(pl.col("campaign") == campaign)
    done = done.select("customer_id", number=pl.col("steps").str.split(",").list.len())
    code = pl.format(f"P{number}-{{}}", "customer_id").str.to_uppercase().hash(1).cast(pl.String)
    values = {
        "number": pl.col("number").fill_null(0), "campaign": pl.lit(campaign), "series": pl.lit("s"),
        "status": pl.when(pl.col("customer_id") == "c1").then(pl.lit("held_out")).otherwise(pl.lit("sent")),
        "run": pl.lit(run_name(as_of)), "as_of": pl.lit(as_of), "send_at": pl.lit(as_of), "start": pl.lit(FIRST),
        "step": pl.format("step-{}", pl.col("number").fill_null(0)), "message": pl.lit(f"{campaign}.step"),
        "code_pool": pl.lit("pool.txt" if campaign == "gifts" else None, pl.String),
        "code": code if campaign == "gifts" else pl.lit(None, pl.String),
    }  # fmt: skip
    due = current.select("customer_id").join(done, on="customer_id", how="left").with_columns(**values)
    return due.select(
        pl.col(name).cast(dtype) if name in values or name == "customer_id" else pl.lit(None, dtype).alias(name)
        for name, dtype in JOURNAL.items()
    )


def write_campaigns(folder: Path, customers: pl.DataFrame, journal: pl.LazyFrame) -> None:
    """Lists, coupons, who was left out, and what could not be read, with a manifest."""
    rows = journal.collect().sort("campaign", "customer_id").join(customers, on="customer_id", how="left")
    files, steps = {}, []
    for (campaign,), part in rows.group_by("campaign", maintain_order=True):
        path = f"campaigns/{campaign}/step/send_list.csv"
        files[path] = part.select("customer_id", "email", "phone", "referred_by", "note").write_csv()
        steps.append({"campaign": campaign, "step": "step", "messages": part.height, "files": [path]})
        if campaign == "gifts":
            coupons, discounts = "campaigns/gifts/step/coupons.csv", "campaigns/gifts/step/shopify-discounts.csv"
            files[coupons] = part.select("code", "campaign", "customer_id").write_csv()
            files[discounts] = part.select(Title="code", Code="code").write_csv()
            steps[-1]["files"] += [coupons, discounts]
    files["excluded.csv"] = rows.select("customer_id", "campaign", "step", reason=pl.lit("over the cap")).write_csv()
    files["rejected.csv"] = REJECTED
    write_folder(folder, files, {"steps": steps})


REJECTED = """file,line,column,reason,value,dropped
a.csv,7,birth_date,is no date,"Ada <Ada@shop.example>, 0555-000 00 02",false
a.csv,9,birth_date,is no date,a long line with ada@sho…,false
b.csv,2,customer_id,is no id,cus_Ada77,false
b.csv,3,customer_id,is no id,cus_Ada777,false
"""


def write_segments(shop: Path, number: int, customers: pl.DataFrame = PEOPLE) -> Path:
    """A run of segments as of that moment."""
    name = run_name(moment(number))
    staged = shop / "out" / f".{name}.{'0' * 32}"
    staged.mkdir(parents=True)
    customers.sort("customer_id").with_columns(tags=pl.concat_list("note")).write_parquet(staged / "customers.parquet")
    lists = {
        "segments/all.csv": customers.select("customer_id", "email", "phone", "note").write_csv(),
        "segments/excel.csv": "\ufeff" + customers.select("email", "phone").write_csv(separator=";"),
        "rejected.csv": REJECTED,
    }
    write_folder(staged, lists, {}, utf_16="segments/excel.csv")
    return publish(shop / "out", staged, name)


def write_folder(folder: Path, files: dict[str, str], facts: dict[str, object], utf_16: str = "") -> None:
    """Writes the files, and a manifest with the digests of all that is there."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-16-le" if name == utf_16 else "utf-8"))
    outputs = {
        path.relative_to(folder).as_posix(): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size,
            "rows": files.get(path.relative_to(folder).as_posix(), "\n" * 5).count("\n") - 1,
        }
        for path in sorted(folder.rglob("*")) if path.is_file()
    }  # fmt: skip
    (folder / "manifest.json").write_text(manifest_text({**facts, "outputs": outputs}))


def whole_shop(shop: Path, runs: int = 3) -> Path:
    """So many committed runs, a run of segments beside each, and a rehearsal."""
    for number in range(runs):
        commit(shop, number)
        write_segments(shop, number)
    journal = pl.scan_parquet(shop / "history" / run_name(moment(runs - 1)) / "sends.parquet")
    write_rehearsal(shop / "out", moment(runs), lambda folder: write_campaigns(folder, PEOPLE, journal))
    return shop


def take_back(shop: Path, task: str) -> None:
    """`undo`, `undo_later`, `undo_campaign`, `forget`, or `recover`, as a command does it."""
    history, out = shop / "history", shop / "out"
    with project_lock(out, history):
        recover(history, out)
        newest = max((run.name for run in committed_runs(history)), default="")
        if task in ("undo", "undo_later"):
            first = run_name(moment(0)) if task == "undo_later" else os.environ.get("RUN", newest)
            undo_runs(history, out, first, later=task == "undo_later")
        elif task == "undo_campaign":
            undo_campaign(history, out, newest, "gifts")
        elif task == "forget":
            forget(history, out, ADA, DAY, PEOPLE.filter(pl.col("customer_id") != "cus_Ada77"))


def main(shop: Path, task: str, point: int) -> None:
    passed = 0

    def reached(_: str) -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    points.reached = reached
    take_back(shop, task)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))


def facts_of(run: Path) -> dict[str, object]:
    """run.json of a run."""
    found: dict[str, object] = json.loads((run / "run.json").read_text())
    return found
