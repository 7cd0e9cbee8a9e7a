"""A run's output folder: moved into its place whole, and what `latest` names."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from segcli.history import points
from segcli.history.folders import (
    ANY_RUN,
    ATTEMPT,
    CAMPAIGNS,
    REHEARSAL,
    RUN_NAME,
    hidden,
    new_attempt,
    remove,
    seal,
    seal_file,
    sync_folder,
)

MANIFEST = "manifest.json"
ASIDE = "replaced"  # ends the name of a run's old folder while the new one moves in
# What each kind of run is found by: rehearsals have no link, since nobody should send them by mistake.
LATEST = {"": "latest", CAMPAIGNS: "latest-campaigns", REHEARSAL: None}
LEFTOVER = re.compile(rf"\.(?P<name>{ANY_RUN.pattern}|latest(?:{CAMPAIGNS})?)\.(?P<end>[0-9a-z]+)")


def finished_runs(out: Path, kind: str = "") -> list[Path]:
    """Every whole run of a kind in the output folder, the earliest first."""
    if not out.is_dir():
        return []
    named = re.compile(RUN_NAME.pattern + re.escape(kind))
    return sorted(path for path in out.iterdir() if named.fullmatch(path.name) and (path / MANIFEST).is_file())


def latest_run(out: Path, kind: str = "") -> Path | None:
    """The run that `latest` (`latest-campaigns`) names, or None where there is none."""
    link = out / (LATEST[kind] or "")
    if link.is_symlink():
        run = out / link.readlink()
    elif link.is_file():
        run = out / link.read_text(encoding="utf-8").strip()
    else:
        return None
    return run if (run / MANIFEST).is_file() else None


def kind_of(name: str) -> str:
    """What follows the minute in the name of a run's folder."""
    return "".join(RUN_NAME.split(name)[1:])


def sweep(out: Path) -> None:
    """Removes what crashed attempts left, after putting back a run that was moved aside and not replaced.

    Hidden folders of campaign runs stay: only their history knows whether they are to be published.
    """
    for path in list(out.iterdir()):
        found = LEFTOVER.fullmatch(path.name)
        if not found or is_undecided(path):
            continue
        if found["end"] == ASIDE and not (out / found["name"]).exists():
            path.rename(out / found["name"])
        else:
            remove(path)
        points.reached("output swept")


def is_undecided(path: Path) -> bool:
    """Whether this is a campaign run's hidden folder, which a committed run may be waiting for."""
    found = LEFTOVER.fullmatch(path.name)
    return bool(found and found["name"].endswith(CAMPAIGNS) and ATTEMPT.fullmatch(found["end"]) and path.is_dir())


def publish(out: Path, staged: Path, name: str, *, sealed: bool = False) -> Path:
    """Moves a staged run into place and `latest` to its kind's run of the latest moment; durable when it returns."""
    if not sealed:
        seal(staged)
    run, kind = out / name, kind_of(name)
    link = LATEST[kind]
    newest = max([name, *(path.name for path in finished_runs(out, kind))])
    prepared = _prepare_link(out, link, newest) if link else None
    try:
        points.reached("before the output's rename")
        move_in(staged, run)
        points.reached("after the output's rename")
        if link and prepared:
            prepared.replace(out / link)
    except BaseException:
        if prepared:
            prepared.unlink(missing_ok=True)
        raise
    sync_folder(out)
    points.reached("after latest")
    return run


def repair_latest(out: Path, kind: str) -> None:
    """Points `latest` at its kind's run of the latest moment, or removes it where there is none."""
    link, runs = LATEST[kind], finished_runs(out, kind)
    if link is None or (runs and latest_run(out, kind) == runs[-1]):
        return
    if runs:
        _prepare_link(out, link, runs[-1].name).replace(out / link)
    else:
        (out / link).unlink(missing_ok=True)
    sync_folder(out)


def move_in(staged: Path, run: Path) -> None:
    """Moves a staged folder into its place, and deletes the one that it replaces."""
    if not run.exists():
        staged.rename(run)
    elif _exchange(staged, run):
        shutil.rmtree(staged)
    else:
        aside = hidden(run.parent, run.name, ASIDE)
        run.rename(aside)
        try:
            staged.rename(run)
        except BaseException:
            aside.rename(run)
            raise
        shutil.rmtree(aside)


def _prepare_link(out: Path, link: str, name: str) -> Path:
    """A link to the run (or a file with its name) ready to be renamed to `latest`."""
    prepared = hidden(out, link, new_attempt())
    try:
        prepared.symlink_to(name, target_is_directory=True)
    except (OSError, NotImplementedError):
        prepared.write_text(f"{name}\n", encoding="utf-8")
        seal_file(prepared)
    return prepared


def _exchange(staged: Path, run: Path) -> bool:
    """Swaps two folders in one step, so that the name is never without a run; False where that cannot be."""
    if sys.platform != "linux":
        return False
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    with suppress(AttributeError, OSError):
        rename = ctypes.CDLL(None, use_errno=True).renameat2
        return bool(rename(here, os.fsencode(staged), here, os.fsencode(run), swap) == 0)
    return False
