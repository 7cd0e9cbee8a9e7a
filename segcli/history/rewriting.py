"""What stands in its place already is put there anew: in a hidden copy, and in one step."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from segcli.history import points
from segcli.history.folders import (
    CAMPAIGNS,
    RUN_NAME,
    hidden,
    new_attempt,
    remove,
    seal,
    seal_file,
    staged_folder,
    sync_folder,
)
from segcli.history.manifests import read_manifest
from segcli.history.past_runs import PastRun
from segcli.history.publishing import ASIDE, move_in, publish
from segcli.history.run_facts import FACTS, facts_text, file_facts, outputs_digest
from segcli.history.tables import write_history_table

MOVED_ASIDE = re.compile(rf"\.(?P<name>{RUN_NAME.pattern})\.{ASIDE}")

Frame = pl.LazyFrame | pl.DataFrame


def replace_table(folder: Path, name: str, rows: Frame) -> None:
    """Writes a small Parquet file of the history in place of the one that is there, if any."""
    written = hidden(folder, name.removeprefix("."), new_attempt())
    rows.lazy().collect().write_parquet(written)
    seal_file(written)
    points.reached(f"{name} written")
    written.replace(folder / name)
    sync_folder(folder)
    points.reached(f"{name} replaced")


def copy_linked(folder: Path, staged: Path, without: Collection[str] = ()) -> None:
    """Fills `staged` with a folder's files, but for those (paths from the folder on) that will be other ones.

    They are hard links where the disk has them: whoever changes one has to write a new file in its place.
    """
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir():
            (staged / inside).mkdir(mode=0o700, parents=True, exist_ok=True)
        elif inside.as_posix() not in without:
            (staged / inside).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                os.link(path, staged / inside)
            except OSError:
                shutil.copy2(path, staged / inside)


def write_over(path: Path, content: bytes) -> None:
    """Writes a new file in place of one that may be a link to another's content; its times stay."""
    before = path.stat()
    path.unlink()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@contextmanager
def rewritten(folder: Path) -> Iterator[Path]:
    """A hidden folder to fill; when the block is done it stands in the place of `folder`, and the old one is gone.

    A crash leaves either the old or the new one. If the block raises, nothing has happened.
    """
    with staged_folder(folder.parent, folder.name) as staged:
        yield staged
        seal(staged)
        points.reached(f"{folder.parent.name} rewritten")
        move_in(staged, folder)
        sync_folder(folder.parent)
        points.reached(f"{folder.parent.name} replaced")


def write_run_anew(run: PastRun, staged: Path, tables: Mapping[str, Frame], facts: Mapping[str, Any]) -> None:
    """Fills `staged` with a committed run in which some tables are others, and some entries of its run.json."""
    copy_linked(run.folder, staged, without={*tables, FACTS})
    files = dict(run.facts["files"])
    for name, rows in tables.items():
        files[name] = file_facts(write_history_table(staged, name, rows))
    text = facts_text({**run.facts, **facts, "files": files})
    (staged / FACTS).write_text(text, encoding="utf-8")


def replace_outputs(
    run: PastRun,
    out: Path,
    fill: Callable[[Path], bool],
    facts: Mapping[str, Any],
    tables: Mapping[str, Frame] | None = None,
) -> bool:
    """Puts a committed run's outputs anew with what `fill` writes into a hidden folder, and the run with their digest.

    The run's own rename is the step: before it nothing has happened, and after it the outputs follow, by the next
    start if need be. If `fill` returns False nothing is put anywhere.
    """
    name = run.name + CAMPAIGNS
    staged = hidden(out, name, new_attempt())
    staged.mkdir(mode=0o700)
    digest = None
    try:
        if not fill(staged):
            shutil.rmtree(staged)
            return False
        digest = outputs_digest(read_manifest(staged)["outputs"])
        seal(staged)
        sync_folder(out)
        points.reached("outputs rewritten")
        with rewritten(run.folder) as copy:
            write_run_anew(run, copy, tables or {}, {**facts, "outputs_digest": digest})
    except BaseException:
        if digest is None or PastRun(run.folder).facts["outputs_digest"] != digest:
            shutil.rmtree(staged, ignore_errors=True)
        raise
    publish(out, staged, name, sealed=True)
    return True


def put_back(history: Path) -> None:
    """Puts back a run that was moved aside and not replaced, where folders cannot be swapped in one step."""
    for path in list(history.iterdir()):
        found = MOVED_ASIDE.fullmatch(path.name)
        if found and not (history / found["name"]).exists():
            path.rename(history / found["name"])
        elif found:
            remove(path)
