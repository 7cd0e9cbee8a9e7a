"""What a manifest says of a run's files; its text is history's, which rewrites it when something is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segcli.exports.list_files import WrittenFile
from segcli.history.manifests import manifest_text

__all__ = ["manifest_text", "outputs_of"]


def outputs_of(files: Sequence[WrittenFile]) -> dict[str, dict[str, Any]]:
    """Path -> digest, size and rows of every file of a run."""
    return {file.path: {"sha256": file.sha256, "bytes": file.bytes, "rows": file.rows} for file in files}
