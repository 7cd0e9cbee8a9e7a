"""The commit of a run: written whole under hidden names, then one rename; and what the next start makes of a crash."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from segcli import __version__
from segcli.history import points
from segcli.history.folders import (
    ATTEMPT,
    CAMPAIGNS,
    DOOMED,
    REHEARSAL,
    RUN_NAME,
    disk_problems,
    hidden,
    make_folder,
    new_attempt,
    remove,
    run_name,
    seal,
    staged_folder,
    sync_folder,
)
from segcli.history.forgetting import FORGETTING, finish_forgetting
from segcli.history.identity import FORGOTTEN
from segcli.history.locking import project_lock
from segcli.history.past_runs import PastRun, committed_run, committed_runs
from segcli.history.publishing import MANIFEST, finished_runs, is_undecided, publish, repair_latest, sweep
from segcli.history.rewriting import put_back
from segcli.history.run_facts import FACTS, FILE_FORMAT, facts_text, file_facts, outputs_digest, read_facts
from segcli.history.salt import SALT
from segcli.history.superseded import delete_superseded
from segcli.history.tables import MEMBERS_FILE, PEOPLE_FILE, SENDS_FILE, STATE_FILE, Frame, write_history_table
from segcli.history.used_codes import USED_CODES_FILE
from segcli.problems import DataError, Problem

WriteOutputs = Callable[[Path], object]

SINGLE_FILES = (SALT, FORGOTTEN, USED_CODES_FILE, FORGETTING.removeprefix("."))
LEFTOVER = re.compile(
    rf"\.(?:{RUN_NAME.pattern}|{'|'.join(map(re.escape, SINGLE_FILES))})\.(?:{DOOMED})?{ATTEMPT.pattern}"
)


@dataclass(frozen=True)
class NewRun:
    """What a run adds to the history. The tables may be in any order; they become files when the run is committed.

    `planned` are the campaigns of this run, `campaigns` what is to be remembered of each that ever was. `after` is
    the newest run that was seen when this one was planned. `facts` go into run.json beside the others.
    """

    as_of: dt.datetime
    timezone: str
    planned: Collection[str]
    campaigns: Mapping[str, Mapping[str, Any]]
    after: str | None
    journal: Frame
    state: Frame | Sequence[Frame]  # several frames are written one after the other, see write_history_table
    memberships: Frame | Sequence[Frame]
    people: Frame
    key_fingerprint: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return run_name(self.as_of)


@dataclass(frozen=True)
class CommittedRun:
    """A committed run's folder in the history and its outputs. `already`: it had been committed before."""

    folder: Path
    outputs: Path
    already: bool = False


def commit_run(history: Path, out: Path, run: NewRun, write_outputs: WriteOutputs) -> CommittedRun:
    """Makes a run history and publishes `out/<run>-campaigns`. One rename is the commit: before it nothing is done.

    `write_outputs` fills a folder, with a manifest.json whose `outputs` have the digest of every other file. The
    same run again changes nothing and is `already` there. Raises LockedError while another process works with the
    history or `out`; DataError where a later run was committed, where the history is no longer what the run was
    planned on, or where the disk refuses: then nothing was committed.
    """
    outputs = out / (run.name + CAMPAIGNS)
    with project_lock(out, history):
        with _refusals(history):
            recover(history, out)
            check_history_is_there(history, out)
            known = already_committed(history, run.as_of, run.planned)
            if known:
                delete_superseded(history)
                return CommittedRun(known.folder, outputs, already=True)
            _check_order(history, run)
            staged = _commit(history, out, run, write_outputs)
        hint = "The run is committed. Its files are moved there when segcli writes there next."
        with disk_problems(out, "the outputs of a committed run", hint):
            publish(out, staged, outputs.name, sealed=True)
        delete_superseded(history)
    return CommittedRun(history / run.name, outputs)


def write_rehearsal(out: Path, as_of: dt.datetime, write_outputs: WriteOutputs) -> Path:
    """Publishes `out/<run>-rehearsal`, in place of one of the same minute; no history and no link knows of it."""
    name = run_name(as_of) + REHEARSAL
    with disk_problems(out), project_lock(out):
        sweep(out)
        with staged_folder(out, name) as staged:
            write_outputs(staged)
            return publish(out, staged, name)


def already_committed(history: Path, as_of: dt.datetime, campaigns: Iterable[str]) -> PastRun | None:
    """The run of these campaigns that was committed as of this minute, or None.

    Raises DataError where that minute's run was one of other campaigns.
    """
    known = committed_run(history, as_of)
    if known is None or set(known.facts["planned"]) == set(campaigns):
        return known
    others = ", ".join(known.facts["planned"]) or "no campaigns"
    hint = (
        "Nothing was written. Commit these as of another minute with --as-of, or take that run back with "
        f"`segcli undo {known.name}` if none of it went out."
    )
    raise DataError([Problem(f"the run {known.name} was committed with {others}.", hint=hint)])


def check_history_is_there(history: Path, out: Path) -> None:
    """Raises DataError where committed runs lie in `out` of which the history knows nothing: it may be elsewhere.

    An empty history would have everybody written to again.
    """
    published = finished_runs(out, CAMPAIGNS)
    if published and not committed_runs(history):
        hint = (
            f"Nothing was written. Put the history back or correct `history:` in segcli.yaml; to begin anew, "
            f"move {published[-1].name} and all other folders of campaigns away from {out}."
        )
        message = f"{published[-1]} was committed, and the history in {history} has no run at all."
        raise DataError([Problem(message, hint=hint)])


def _check_order(history: Path, run: NewRun) -> None:
    runs = committed_runs(history)
    newest = runs[-1] if runs else None
    if newest is not None and newest.name > run.name:
        hint = "Nothing was written. A run of the past can be rehearsed only. If the clock is wrong, set it right."
        message = f"the run {newest.name} was committed, which is later than {run.name}."
        raise DataError([Problem(message, hint=hint)])
    if (newest and newest.name) != run.after:
        hint = "Nothing was written. Run it again."
        raise DataError([Problem("the history has changed since this run was planned.", hint=hint)])


def _commit(history: Path, out: Path, run: NewRun, write_outputs: WriteOutputs) -> Path:
    """The commit itself; returns the hidden folder of the outputs, which are whole and on the disk."""
    make_folder(history)
    make_folder(out)
    attempt = new_attempt()
    staged, staged_outputs = hidden(history, run.name, attempt), hidden(out, run.name + CAMPAIGNS, attempt)
    committed = history / run.name
    try:
        staged_outputs.mkdir(mode=0o700)
        write_outputs(staged_outputs)
        points.reached("outputs written")
        seal(staged_outputs)
        sync_folder(out)
        points.reached("outputs sealed")
        staged.mkdir(mode=0o700)
        _write_history(staged, run, _manifest_outputs(staged_outputs))
        seal(staged)
        points.reached("before the commit")
        staged.rename(committed)
        points.reached("after the commit")
        sync_folder(history)
        points.reached("commit on the disk")
    except BaseException:
        if not committed.exists():
            shutil.rmtree(staged, ignore_errors=True)
            shutil.rmtree(staged_outputs, ignore_errors=True)
        raise
    return staged_outputs


def _write_history(staged: Path, run: NewRun, outputs: Mapping[str, Any]) -> None:
    files = {}
    for name, rows in (
        (SENDS_FILE, run.journal), (STATE_FILE, run.state), (MEMBERS_FILE, run.memberships), (PEOPLE_FILE, run.people),
    ):  # fmt: skip
        files[name] = file_facts(write_history_table(staged, name, rows))
        points.reached(f"{name} written")
    last: dt.datetime | None = pl.scan_parquet(staged / SENDS_FILE).select(pl.col("send_at").max()).collect().item()
    facts = {
        **run.facts,
        "format": FILE_FORMAT,
        "segcli": __version__,
        "as_of": run.as_of.isoformat(),
        "timezone": run.timezone,
        "planned": sorted(run.planned),
        "last_send_at": last and last.isoformat(),
        "campaigns": {name: dict(campaign) for name, campaign in run.campaigns.items()},
        "key_fingerprint": run.key_fingerprint,
        "files": files,
        "outputs_digest": outputs_digest(outputs),
    }
    (staged / FACTS).write_text(facts_text(facts), encoding="utf-8")
    points.reached(f"{FACTS} written")


def recover(history: Path, out: Path) -> tuple[str, ...]:
    """Finishes or removes what a crash left: outputs of a committed run are published, all else is swept.

    Whoever calls this holds the lock. Returns the names of the folders in `out` that were published.
    """
    if history.is_dir():
        put_back(history)
        for path in sorted(history.iterdir()):
            if LEFTOVER.fullmatch(path.name):
                remove(path)
                points.reached("history swept")
    published = _settle(history, out) if out.is_dir() else ()
    if history.is_dir():
        finish_forgetting(history, out)
    return published


def _settle(history: Path, out: Path) -> tuple[str, ...]:
    """Publishes or removes the hidden folders of campaign runs."""
    sweep(out)
    published = []
    for staged in sorted(path for path in out.iterdir() if is_undecided(path)):
        name = staged.name[1:].rpartition(".")[0]
        expected = _expected_digest(history / name.removesuffix(CAMPAIGNS))
        if expected is None or _digest(staged) != expected or _digest(out / name) == expected:
            remove(staged)
        else:
            publish(out, staged, name, sealed=True)
            published.append(name)
        points.reached("attempt settled")
    repair_latest(out, CAMPAIGNS)
    return tuple(published)


def _expected_digest(run: Path) -> str | None:
    return str(read_facts(run)["outputs_digest"]) if run.is_dir() else None


def _digest(outputs: Path) -> str | None:
    """The digest of a folder's manifest, or None where it has none that is whole."""
    try:
        return outputs_digest(_manifest_outputs(outputs))
    except (OSError, ValueError, KeyError):
        return None


def _manifest_outputs(outputs: Path) -> Mapping[str, Any]:
    manifest = json.loads((outputs / MANIFEST).read_text(encoding="utf-8"))
    found: Mapping[str, Any] = manifest["outputs"]
    return found


def _refusals(history: Path) -> Any:
    hint = "Nothing was committed, and every run before is as it was. Free some space and run it again."
    return disk_problems(history.parent, "the run", hint)
