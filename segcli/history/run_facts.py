"""run.json: what a committed run says of itself, and how it is told that a run is damaged or from a newer segcli."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from segcli.problems import DataError, Problem

FACTS = "run.json"
FILE_FORMAT = 1  # of the history; raised when an earlier segcli could not read it


def facts_text(facts: Mapping[str, Any]) -> str:
    """The text of a run.json: the same for the same facts."""
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def read_facts(run: Path) -> dict[str, Any]:
    """The facts of a committed run. Raises DataError for one that is damaged or of a newer format."""
    try:
        facts = json.loads((run / FACTS).read_text(encoding="utf-8"))
        newer = int(facts["format"]) > FILE_FORMAT
        if not newer:
            dt.datetime.fromisoformat(facts["as_of"])
            {name: (entry["sha256"], entry["bytes"]) for name, entry in facts["files"].items()}
            if not isinstance(facts["campaigns"], dict) or not all(isinstance(name, str) for name in facts["planned"]):
                raise TypeError("campaigns")
            facts["last_send_at"] and dt.datetime.fromisoformat(facts["last_send_at"])
    except FileNotFoundError:
        raise damaged(run, f"{FACTS} is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "cannot be understood"
        raise damaged(run, f"{FACTS}: {reason}") from error
    if newer:
        message = (
            f"{run}: this history was written by segcli {facts.get('segcli', 'of a later version')}, which is newer."
        )
        raise DataError([Problem(message, hint="Use that version or a later one. Nothing was written.")])
    return dict(facts)


def is_newer(run: Path) -> bool:
    """Whether a later segcli wrote this run, as far as its run.json can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return int(json.loads((run / FACTS).read_text(encoding="utf-8"))["format"]) > FILE_FORMAT
    return False


def check_file(run: Path, name: str, facts: Mapping[str, Any]) -> Path:
    """The path of a run's file. Raises DataError if it is missing or has not the size that run.json says."""
    path = run / name
    try:
        size = path.stat().st_size
    except OSError:
        raise damaged(run, f"{name} is missing") from None
    expected = facts["files"].get(name, {}).get("bytes")
    if size != expected:
        raise damaged(run, f"{name} has {size} bytes, and had {expected} when it was committed")
    return path


def damaged(run: Path, reason: str) -> DataError:
    """What is said of a committed run that cannot be read, with the way out."""
    hint = (
        "Nothing was written. Put that folder back from a backup; or, if none of what it sent went out, "
        f"take the run back with `segcli undo {run.name}`."
    )
    return DataError([Problem(f"the history is damaged: {run}: {reason}.", hint=hint)])


def file_facts(path: Path) -> dict[str, Any]:
    """Digest and size of a file, as run.json holds them."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}


def outputs_digest(outputs: Mapping[str, Any]) -> str:
    """SHA-256 over a manifest's `outputs`: by it a committed run and its output folder know each other."""
    text = json.dumps(outputs, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
