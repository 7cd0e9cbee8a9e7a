"""What was made of files, remembered for as long as they stay as they are."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Generic, TypeVar

Stamp = tuple[tuple[str, int, int], ...]


def stamp(folder: Path) -> Stamp:
    """Name, time of change and size of each file that lies in a folder: another one once any is changed.

    Folders in it are not looked into, since a recipe may lie in the shop's own folder, above all of its runs.
    """
    files = (path for path in sorted(folder.glob("*")) if path.is_file())
    facts = ((str(path), path.stat()) for path in files)
    return tuple((name, found.st_mtime_ns, found.st_size) for name, found in facts)


Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """The last so many values by their keys."""

    def __init__(self, most: int) -> None:
        self._values: dict[Hashable, Value] = {}
        self._most = most

    def get(self, key: Hashable) -> Value | None:
        return self._values.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        self._values.pop(key, None)
        self._values[key] = value
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]
