"""The facts of a run as the text of its manifest.json: the same for the same facts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segcli.history.publishing import MANIFEST


def manifest_text(facts: Mapping[str, Any]) -> str:
    """A JSON object with a line for every entry of its lists and objects: to compare, and quick to write."""
    encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=_plain_value).encode
    members = []
    for key, value in sorted(facts.items()):
        if isinstance(value, Mapping) and value:
            entries = (encode({name: value[name]})[1:-1] for name in sorted(value))
            text = "{\n" + ",\n".join(entries) + "\n}"
        elif isinstance(value, list | tuple) and value:
            text = "[\n" + ",\n".join(map(encode, value)) + "\n]"
        else:
            text = encode(value)
        members.append(f"{encode(key)}: {text}")
    return "{\n" + ",\n".join(members) + "\n}\n"


def read_manifest(run: Path) -> dict[str, Any]:
    """The manifest of a finished run."""
    manifest: dict[str, Any] = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def _plain_value(value: object) -> object:
    """What JSON does not know: times in ISO 8601, sets sorted, everything else as its text."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
