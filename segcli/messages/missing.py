"""What stands for null while Jinja renders: it is false, equals nothing, holds nothing, and must not be printed."""

from __future__ import annotations

from typing import NoReturn

from jinja2 import Undefined


class RenderingError(Exception):
    """A message that cannot be rendered for one recipient; its text is the reason and holds no data."""


class Missing(Undefined):
    """Null, or a name that is not there. `_undefined_hint` is the reason why, where it is more than being null."""

    __slots__ = ()

    def _never(self, other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __contains__ = _never  # type: ignore[assignment]

    def __hash__(self) -> int:
        return id(self)

    def __getitem__(self, key: object) -> Missing:  # type: ignore[override]
        return self

    def __str__(self) -> NoReturn:
        raise RenderingError(self._undefined_hint or f"{self._undefined_name or 'a value'} is missing")


def is_missing(value: object) -> bool:
    """Whether a value is null."""
    return value is None or isinstance(value, Undefined)
