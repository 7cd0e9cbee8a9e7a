"""What a YAML file is made of: scalars, lists and mappings, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segcli.problems import Place
from segcli.project.models import Scalar


@dataclass(frozen=True)
class ScalarNode:
    """A text, number, boolean or null; its place is its first character, after an opening quote."""

    place: Place
    value: Scalar
    written: str
    plain: bool  # neither quoted nor a block

    @property
    def empty(self) -> bool:
        """Nothing was written after the colon."""
        return self.plain and self.written == ""


@dataclass(frozen=True)
class ListNode:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True)
class MappingNode:
    """A mapping, in the order it was written."""

    place: Place
    entries: Mapping[str, Node]
    key_places: Mapping[str, Place]


Node = ScalarNode | ListNode | MappingNode
