"""A run derived again from its files, its recipes and the history before it, and compared with what it wrote."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from segcli import __version__
from segcli.campaign_pipeline import run_campaigns
from segcli.campaign_preparing import prepare_campaigns
from segcli.campaign_writing import write_campaigns
from segcli.campaigns.secret_key import ENVIRONMENT
from segcli.exports.facts import sha256_of
from segcli.history import CAMPAIGNS, REHEARSAL, committed_runs
from segcli.history.carried import history_of, restore_carried
from segcli.history.manifests import read_manifest
from segcli.history.past_runs import PastRun
from segcli.history.publishing import MANIFEST, finished_runs
from segcli.history.run_facts import file_facts
from segcli.history.tables import MEMBERS_FILE, SENDS_FILE, STATE_FILE
from segcli.pipeline import Progress, compute, prepare, quiet, write
from segcli.problems import DataError, Problem, Problems, RecipeError, nearest
from segcli.project.models import Project

COMPARED = (SENDS_FILE, STATE_FILE, MEMBERS_FILE)  # of the history; people also knows who came after


@dataclass(frozen=True)
class Verified:
    """How a run that was derived again compares. `changed` and `differences`: name -> what is the matter with it."""

    run: str  # the folder of its outputs, or its name in the history where those are gone
    files: int  # that were compared
    changed: Mapping[str, str]  # inputs, recipes and versions that are not those of the run
    differences: Mapping[str, str]  # outputs, and tables of the history
    redacted: str | None = None  # the last day on which somebody was taken out of it
    undone: tuple[str, ...] = ()  # campaigns that were taken out of it

    @property
    def equal(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class _Kept:
    """What there is of a run: its folder of outputs, its folder in the history, or both."""

    as_of: dt.datetime
    outputs: Path | None = None
    committed: PastRun | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)


def verify_run(project: Project, text: str, scratch: Path, progress: Progress = quiet) -> list[Verified]:
    """Compares the runs of this name: of segments, or `-campaigns`; the bare name means both, as far as they are there.

    `text` may be the path of a run's folder. Writes nothing but scratch files. Raises RecipeError for a run that
    there is not; DataError where it cannot be derived, with the key of its codes missing for one.
    """
    return [
        _verified(project, kept, scratch / str(number), progress)
        for number, kept in enumerate(_kept_runs(project, text))
    ]


def _kept_runs(project: Project, text: str) -> list[_Kept]:
    name = Path(text).name
    if name.endswith(REHEARSAL):
        hint = "A rehearsal can be made again at any time: `segcli campaign --as-of` its moment."
        raise RecipeError([Problem(f"{name} is a rehearsal, of which nothing is promised.", hint=hint)])
    runs = {run.name: run for run in committed_runs(project.history)}
    segments, campaigns = (
        {path.name: path for path in finished_runs(project.output, kind)} for kind in ("", CAMPAIGNS)
    )
    found = []
    if name in segments:
        manifest = read_manifest(segments[name])
        found.append(_Kept(dt.datetime.fromisoformat(manifest["as_of"]), segments[name], None, manifest))
    bare = name.removesuffix(CAMPAIGNS)
    # The path of a folder means that folder alone.
    if bare in runs and (bare != name or text == name):
        outputs = campaigns.get(bare + CAMPAIGNS)
        manifest = read_manifest(outputs) if outputs else {}
        found.append(_Kept(runs[bare].as_of, outputs, runs[bare], manifest))
    if not found:
        hint = nearest(name, [*runs, *segments, *campaigns]) or "Name it as 2026-06-30T0700, or by its folder."
        raise RecipeError([Problem(f"there is no run '{name}' in {project.output} or {project.history}.", hint=hint)])
    return found


def _verified(project: Project, kept: _Kept, scratch: Path, progress: Progress) -> Verified:
    scratch.mkdir(parents=True)
    past = replace(
        project, as_of=kept.as_of, output=scratch / "out", keep=None,
        esp=kept.manifest["esp"] if kept.manifest else project.esp,
    )  # fmt: skip
    changed = _changed(past, kept)
    if kept.committed:
        outputs, committed = _campaigns_again(past, kept.committed, scratch, progress)
        differences = _table_differences(kept.committed, committed)
        compared = len(COMPARED)
    else:
        outputs, differences, compared = _segments_again(past, kept, scratch, progress), {}, 0
    if kept.outputs:
        differences |= _output_differences(kept.outputs, kept.manifest["outputs"], outputs)
        compared += len(_files(kept.outputs))
    facts = kept.committed.facts if kept.committed else {}
    notes = [each["redactions"]["last"] for each in (kept.manifest, facts) if "redactions" in each]
    name = kept.outputs.name if kept.outputs else str(kept.committed and kept.committed.name)
    undone = tuple(facts.get("undone", ()))
    return Verified(name, compared, changed, dict(sorted(differences.items())), max(notes, default=None), undone)


def _changed(project: Project, kept: _Kept) -> dict[str, str]:
    """What the manifest names and is another one today."""
    manifest = kept.manifest
    now = {recipe.name: sha256_of(recipe.path) for recipe in project.recipes}
    found = {}
    for entry in manifest.get("inputs", ()):
        digest = sha256_of(project.root / entry["path"])
        if digest != entry["sha256"]:
            found[entry["path"]] = "changed" if digest else "missing"
    for name, digest in manifest.get("recipes", {}).items():
        if now.get(name) != digest:
            found[f"recipe {name}"] = "changed" if name in now else "not among the recipes"
    found |= {f"recipe {name}": "new" for name in now if manifest and name not in manifest["recipes"]}
    versions = {"segcli": __version__, "polars": pl.__version__}
    recorded = manifest.get("versions", {})
    found |= {
        name: f"{recorded[name]} then, {version} now"
        for name, version in versions.items()
        if recorded.get(name, version) != version
    }
    return found


def _segments_again(project: Project, kept: _Kept, scratch: Path, progress: Progress) -> Path:
    """The run's folder, written anew beside links to the runs before it, which it was compared with."""
    assert kept.outputs is not None
    project.output.mkdir()
    for earlier in finished_runs(kept.outputs.parent):
        if earlier.name < kept.outputs.name:
            _show_in(earlier, project.output / earlier.name)
    working = scratch / "working"
    working.mkdir()
    prepared = prepare(project, Problems())
    return write(compute(prepared, working, progress), progress).folder


def _campaigns_again(project: Project, run: PastRun, scratch: Path, progress: Progress) -> tuple[Path, PastRun]:
    """The outputs and the committed run, made anew on a copy of the history before it."""
    key_there = bool(os.environ.get(ENVIRONMENT)) or project.key_file.exists()
    if run.facts["key_fingerprint"] and not key_there:
        hint = f"Put it back into {project.key_file.name} or into {ENVIRONMENT}: without it no code can be derived."
        raise DataError([Problem("the key that the codes of this run were made with is not here.", hint=hint)])
    history = _history_before(run, scratch / "history")
    project = replace(project, history=history, key_file=project.key_file if key_there else scratch / "key")
    working = scratch / "working"
    working.mkdir()
    prepared = prepare_campaigns(project, run.facts["planned"], Problems())
    written = write_campaigns(run_campaigns(prepared, working, progress), commit=True, progress=progress)
    return written.folder, PastRun(history / run.name)


def _history_before(run: PastRun, scratch: Path) -> Path:
    """A history of the runs before this one; the newest has the tables again that later runs took over."""
    history = run.folder.parent
    scratch.mkdir()
    for path in history.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy2(path, scratch / path.name)
    runs = committed_runs(history)
    for earlier in (each for each in runs if each.name < run.name):
        (scratch / earlier.name).mkdir()
        # Links to files, not to folders: what is deleted in this copy is a link.
        for path in earlier.folder.iterdir():
            _show_in(path, scratch / earlier.name / path.name)
    before = committed_runs(scratch)
    if before:
        restore_carried(history_of(scratch, before, [each for each in runs if each.name >= run.name]))
    return scratch


def _show_in(path: Path, place: Path) -> None:
    """Makes a file or folder seen at another place: by a link, or where there are none by a copy."""
    try:
        place.symlink_to(path.resolve(), target_is_directory=path.is_dir())
    except (OSError, NotImplementedError):
        (shutil.copytree if path.is_dir() else shutil.copy2)(path, place)


def _table_differences(run: PastRun, again: PastRun) -> dict[str, str]:
    found = {}
    for file in COMPARED:
        recorded = run.facts["files"].get(file, {}).get("sha256")
        if run.has(file) and file_facts(run.folder / file)["sha256"] != recorded:
            found[f"history: {file}"] = "changed since it was committed"
        elif again.facts["files"][file]["sha256"] != recorded:
            found[f"history: {file}"] = "differs"
    return found


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}


def _output_differences(folder: Path, recorded: Mapping[str, Any], made: Path) -> dict[str, str]:
    """Between a folder, what its manifest says, and the same made again."""
    return dict(_differing(folder, recorded, made))


def _differing(folder: Path, recorded: Mapping[str, Any], made: Path) -> Iterator[tuple[str, str]]:
    there, again = _files(folder), read_manifest(made)["outputs"]
    # Single emails and pages are named by their index, whose digest is recorded.
    single = _files(made) - again.keys()
    for name, facts in recorded.items():
        if name not in there:
            yield name, "missing from the folder"
        elif sha256_of(folder / name) != facts["sha256"]:
            yield name, "changed since it was written"
        elif name not in again:
            yield name, "not made again"
        elif again[name]["sha256"] != facts["sha256"]:
            yield name, "differs"
    for name in sorted(there - recorded.keys()):
        if name not in single:
            yield name, "not of this run"
        elif (folder / name).read_bytes() != (made / name).read_bytes():
            yield name, "differs"
    for name in sorted(single - there):
        yield name, "missing from the folder"
    for name in sorted(again.keys() - recorded.keys()):
        yield name, "made now and not then"
