"""Names of segments to names of files that every file system takes, the same in every run."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

LONGEST = 80
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
# Letters that Unicode does not decompose, so that names stay readable.
FOLDED = str.maketrans(
    {"ı": "i", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ß": "ss", "æ": "ae", "œ": "oe"}
)


def file_stems(names: Iterable[str]) -> dict[str, str]:
    """Name -> file name without an extension: letters, digits, `-` and `_` alone, at most 89 of them.

    A space becomes `-`. Whatever else is lost is made up for by a short hash of the name, as is a clash
    with another name where case does not count, so no two names share a file.
    """
    stems = {name: _stem(name) for name in names}
    shared = Counter(stem.lower() for stem in stems.values())
    return {name: stem if shared[stem.lower()] == 1 else _hashed(stem, name) for name, stem in stems.items()}


def _stem(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.translate(FOLDED)).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9_]+", "-", folded)[:LONGEST].strip("-")
    unchanged = stem == name.replace(" ", "-") and stem.lower() not in RESERVED
    return stem if unchanged and stem else _hashed(stem, name)


def _hashed(stem: str, name: str) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{stem}-{digest}" if stem else digest
