"""How long the lines of any message of a frame may be, from the longest value of each column: no text is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Lines:
    """The bytes of the lines of a piece; a piece without a line's end has one."""

    widths: tuple[int, ...]


@dataclass(frozen=True)
class OneOf:
    """One of several shapes."""

    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Repeated:
    """A shape, at most so many times."""

    shape: Shape
    most: int


Shape = Sequence[Lines | OneOf | Repeated]


def longest_line(shape: Shape) -> int:
    """The most bytes that a line may have."""
    return max(_walked(shape, 0, 0))


def _walked(shape: Shape, open_line: int, longest: int) -> tuple[int, int]:
    """The bytes of the line that is not ended yet, and of the longest one so far."""
    for part in shape:
        if isinstance(part, Lines):
            open_line += part.widths[0]
            for width in part.widths[1:]:
                open_line, longest = width, max(longest, open_line)
        elif isinstance(part, OneOf):
            ways = [_walked(one, open_line, longest) for one in part.shapes]
            open_line, longest = max(way[0] for way in ways), max(way[1] for way in ways)
        else:
            for _ in range(part.most):
                after, longest = _walked(part.shape, open_line, longest)
                open_line = max(open_line, after)
    return open_line, max(longest, open_line)
