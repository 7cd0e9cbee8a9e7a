"""What lies in the folders of a shop, to compare."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl

from segcli.history import CAMPAIGNS, committed_runs, open_history
from segcli.history.publishing import finished_runs
from segcli.history.run_facts import outputs_digest
from tests.history.committing import moment


def contents(shop: Path) -> dict[str, bytes]:
    """Path -> bytes of everything but the locks; of a link what it says."""
    found = {}
    for path in sorted(shop.rglob("*")):
        name = str(path.relative_to(shop))
        if path.is_symlink():
            found[name] = str(path.readlink()).encode()
        elif path.is_dir():
            found[name] = b"a folder"
        elif ".lock" not in path.name:
            found[name] = path.read_bytes()
    return found


def differences(shop: Path, other: Path) -> list[str]:
    """The names of what is not the same in both."""
    one, two = contents(shop), contents(other)
    return [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]


def assert_whole(shop: Path) -> None:
    """Whatever is there under its own name is whole: committed runs, and outputs of committed runs."""
    history = open_history(shop / "history", moment(100_000))
    for frame in (history.state(), history.memberships(), history.people(), history.journal()):
        frame.collect()
    runs = {run.name: run for run in committed_runs(shop / "history")}
    for run in runs.values():
        for name, facts in run.facts["files"].items():
            if run.has(name):
                assert hashlib.sha256((run.folder / name).read_bytes()).hexdigest() == facts["sha256"]
    for folder in finished_runs(shop / "out", CAMPAIGNS):
        outputs = json.loads((folder / "manifest.json").read_text())["outputs"]
        assert runs[folder.name.removesuffix(CAMPAIGNS)].facts["outputs_digest"] == outputs_digest(outputs)
        for name, facts in outputs.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == facts["sha256"]


def assert_each_message_once(shop: Path, runs: int, customers: int = 40) -> None:
    """Every customer has every number, once."""
    journal = open_history(shop / "history", moment(100_000)).journal().collect()
    counted = journal.group_by("customer_id").agg(pl.col("number").sort()).sort("customer_id")
    assert counted.height == customers
    assert counted["number"].to_list() == [list(range(runs))] * customers
