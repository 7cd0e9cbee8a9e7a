"""Kinds of values in a test.yaml that other files do not have: people, moments as keys, expected values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from segcli.problems import Place, Problems
from segcli.project.moments import ShopMoment
from segcli.project.names import check_spelling
from segcli.project.shapes import MappingOf, Named, Shape, Values
from segcli.project.values import AnyScalar
from segcli.project.yaml_nodes import ListNode, MappingNode, Node, ScalarNode
from segcli.recipe_testing.models import Wanted
from segcli.sources.tables import CANONICAL, HISTORY

MOMENT = ShopMoment()
MOMENT_PATTERN: str = MOMENT.schema()["pattern"]


def any_name(name: str, place: Place, key: str, problems: Problems) -> bool:
    """Names that are looked up later, where all that could be meant is known."""
    return True


def is_own_table(name: str, place: Place, key: str, problems: Problems) -> bool:
    """Whether a table can be one's own; notes a problem when not."""
    if name in CANONICAL or name in HISTORY:
        hint = "Its rows stand under 'given'." if name in CANONICAL else "Give this table another name."
        problems.error(f"'{name}' is a table of segcli's own.", place, key, hint=hint)
        return False
    return check_spelling(name, place, key, problems)


def is_moment(name: str, place: Place, key: str, problems: Problems) -> bool:
    """Whether a key is a moment; notes a problem when not."""
    return MOMENT.read(ScalarNode(place, name, name, plain=True), key, problems) is not None


class PartlyRead(Shape):
    """An object of which is read what can be, so that one slip of the pen hides no other."""

    def read(self, node: Node, key: str, problems: Problems) -> Values | None:
        if not isinstance(node, MappingNode):
            return super().read(node, key, problems)
        return self.read_partly(node, key, problems)


def mapping_of(kind: Any, says: str) -> MappingOf:
    """A mapping from names that are looked up later."""
    return MappingOf(kind, says, any_name, ".")


@dataclass(frozen=True)
class AsWritten:
    """A mapping that is read later, when the project is known; the node itself."""

    says: str
    meaning: str

    def read(self, node: Node, key: str, problems: Problems) -> MappingNode | None:
        if isinstance(node, MappingNode):
            return node
        if isinstance(node, ScalarNode) and node.empty:
            return MappingNode(node.place, {}, {})
        problems.error(f"must be {self.says}.", node.place, key)
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "object"}


@dataclass(frozen=True)
class Names:
    """A list of ids, perhaps empty: of customers, of products."""

    says: str

    def read(self, node: Node, key: str, problems: Problems) -> tuple[Named, ...] | None:
        if not isinstance(node, ListNode):
            hint = (
                f"Write [{node.written}]." if isinstance(node, ScalarNode) and not node.empty else "Write [] for none."
            )
            problems.error(f"must be {self.says}.", node.place, key, hint=hint)
            return None
        found = []
        for item in node.items:
            if isinstance(item, ScalarNode) and not item.empty:
                found.append(Named(item.written, item.place, item.written))
            else:
                problems.error("must be a single id.", item.place, key)
        seen: dict[str, Place] = {}
        for each in found:
            if each.name in seen:
                problems.error(f"'{each.name}' stands here twice.", each.place, key)
            seen[each.name] = each.place
        return tuple(found)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": ["string", "number"]}}


@dataclass(frozen=True)
class Nobody:
    """`[]`: nobody is expected."""

    def read(self, node: Node, key: str, problems: Problems) -> tuple[Named, ...]:
        if isinstance(node, ListNode) and not node.items:
            return ()
        hint = "Write {campaign: {step: [customers]}}, or [] for nobody."
        problems.error("a list does not say of which campaign and step.", node.place, key, hint=hint)
        return ()

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "maxItems": 0}


@dataclass(frozen=True)
class Value:
    """Any expected value: a text, a number, true, false, null, or a list of them."""

    def read(self, node: Node, key: str, problems: Problems) -> Wanted | None:
        if isinstance(node, ListNode):
            before = len(problems.errors)
            items = [AnyScalar().read(item, key, problems) for item in node.items]
            return None if len(problems.errors) > before else Wanted(items, node.place)
        before = len(problems.errors)
        value = AnyScalar().read(node, key, problems)
        return None if len(problems.errors) > before else Wanted(value, node.place)

    def schema(self) -> dict[str, Any]:
        single = AnyScalar().schema()
        return {"anyOf": [single, {"type": "array", "items": single}]}


@dataclass(frozen=True)
class Texts:
    """A text, or a list of texts; numbers count as they are written."""

    def read(self, node: Node, key: str, problems: Problems) -> Wanted | None:
        found = []
        for item in node.items if isinstance(node, ListNode) else (node,):
            if not isinstance(item, ScalarNode) or not item.written.strip():
                problems.error("must be a text or a list of texts.", item.place, key)
                return None
            found.append(item.written)
        if not found:
            problems.error("the list is empty: a text is expected.", node.place, key)
            return None
        return Wanted(tuple(found), node.place)

    def schema(self) -> dict[str, Any]:
        text = {"type": ["string", "number"]}
        return {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]}


@dataclass(frozen=True)
class Line:
    """One text, as it is written; null where nothing is expected."""

    def read(self, node: Node, key: str, problems: Problems) -> Wanted | None:
        if isinstance(node, ScalarNode) and not node.empty:
            return Wanted(None if node.value is None else node.written, node.place)
        problems.error("must be a text.", node.place, key)
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "null"]}


@dataclass(frozen=True)
class At:
    """A moment on the shop's clocks, or null."""

    def read(self, node: Node, key: str, problems: Problems) -> Wanted | None:
        if isinstance(node, ScalarNode) and node.value is None and not node.empty:
            return Wanted(None, node.place)
        moment: dt.datetime | None = MOMENT.read(node, key, problems)
        return None if moment is None else Wanted(moment, node.place)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [MOMENT.schema(), {"type": "null"}]}
