"""Kinds of values that hold others: lists, mappings, and objects with known keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from segcli.problems import Place, Problems, nearest
from segcli.project.names import NAME_PATTERN, check_spelling
from segcli.project.values import Kind
from segcli.project.yaml_nodes import ListNode, MappingNode, Node, ScalarNode


@dataclass(frozen=True)
class Key:
    """A key of an object: what its value is, what it means, and which key it needs beside it."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    needs: str | None = None


@dataclass(frozen=True)
class Values:
    """An object as it was read: the values of the keys that were written."""

    place: Place
    shape: Shape
    values: Mapping[str, Any]
    places: Mapping[str, Place]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self.values


@dataclass(frozen=True)
class Shape:
    """An object: its keys, and the keys of which exactly one (or at least one) has to be there."""

    what: str
    meaning: str
    keys: tuple[Key, ...]
    one_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)  # a key that is wrong here -> why
    check: Callable[[Values, str, Problems], None] | None = None  # of values that are each without a fault

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(key.name for key in self.keys)

    def read(self, node: Node, key: str, problems: Problems) -> Values | None:
        if not isinstance(node, MappingNode):
            _report_shape(node, f"the keys of {self.what}", key, problems, f"Its keys are {', '.join(self.names)}.")
            return None
        before = len(problems.errors)
        values = self.read_partly(node, key, problems)
        if self.check and len(problems.errors) == before:
            self.check(values, key, problems)
        # Values of an object with a fault are of no use to anybody.
        return values if len(problems.errors) == before else None

    def read_partly(self, node: MappingNode, key: str, problems: Problems) -> Values:
        """What can be read of an object; a value with a fault is None."""
        for name in node.entries:
            if name not in self.names:
                self.report_unknown(name, node, key, problems)
        self.check_together(node, key, problems)
        values = {
            each.name: each.kind.read(node.entries[each.name], joined(key, each.name), problems)
            for each in self.keys
            if each.name in node.entries
        }
        return Values(node.place, self, values, {name: each.place for name, each in node.entries.items()})

    def report_unknown(self, name: str, node: MappingNode, key: str, problems: Problems) -> None:
        free = [known for known in self.names if known not in node.entries]
        hint = self.moved.get(name) or nearest(name, free) or f"The keys of {self.what} are {', '.join(self.names)}."
        problems.error(f"no key '{name}'.", node.key_places[name], key or None, hint=hint)

    def check_together(self, node: MappingNode, key: str, problems: Problems) -> None:
        """Missing keys, keys that exclude each other, and keys that need another one."""
        place = node.place
        for each in self.keys:
            misspelt = any(nearest(name, [each.name]) for name in node.entries if name not in self.names)
            if each.required and each.name not in node.entries and not misspelt:
                problems.error(f"the key '{each.name}' is missing.", place, key or None, hint=each.meaning)
            if each.name in node.entries and each.needs and each.needs not in node.entries:
                problems.error(
                    f"'{each.name}' needs '{each.needs}' beside it.", node.key_places[each.name], key or None
                )
        chosen = [name for name in self.one_of if name in node.entries]
        unknown = [name for name in node.entries if name not in self.names]
        for choices, meant in (
            (self.one_of, any(nearest(name, self.one_of) for name in unknown)),
            (self.any_of, unknown),
        ):
            if choices and not meant and not set(choices) & set(node.entries):
                words = " or ".join(f"'{name}'" for name in choices)
                problems.error(f"{words} is missing.", place, key or None)
        if len(chosen) > 1:
            both = " and ".join(f"'{name}'" for name in chosen)
            problems.error(f"{both} exclude each other.", node.key_places[chosen[1]], key or None, hint="Keep one.")

    def schema(self) -> dict[str, Any]:
        needed = {key.name: [key.needs] for key in self.keys if key.needs}
        required = [key.name for key in self.keys if key.required]
        return {
            "type": "object",
            "description": self.meaning,
            "properties": {key.name: {**key.kind.schema(), "description": key.meaning} for key in self.keys},
            "additionalProperties": False,
            **({"required": required} if required else {}),
            **({"dependentRequired": needed} if needed else {}),
            **({"oneOf": [{"required": [name]} for name in self.one_of]} if self.one_of else {}),
            **({"anyOf": [{"required": [name]} for name in self.any_of]} if self.any_of else {}),
        }


def joined(key: str, name: str) -> str:
    """`fields` and `orders` are `fields.orders`."""
    return f"{key}.{name}" if key else name


def _report_shape(node: Node, says: str, key: str, problems: Problems, hint: str | None = None) -> None:
    if isinstance(node, ScalarNode):
        message = f"has no value: it takes {says}." if node.empty else f"must be {says}, not '{node.written[:60]}'."
    else:
        message = f"must be {says}, not a {'list' if isinstance(node, ListNode) else 'mapping'}."
    problems.error(message, node.place, key or None, hint=hint)


@dataclass(frozen=True)
class ListOf:
    """A list with at least one item."""

    item: Kind
    says: str
    check: Callable[[ListNode, list[Any], str, Problems], None] | None = None

    def read(self, node: Node, key: str, problems: Problems) -> tuple[Any, ...] | None:
        if not isinstance(node, ListNode) or not node.items:
            if isinstance(node, ListNode):
                problems.error(f"the list is empty: {self.says} is expected.", node.place, key)
            else:
                alone = isinstance(node, ScalarNode) and not node.empty
                hint = f"Write [{node.written}]." if alone and isinstance(node, ScalarNode) else None
                _report_shape(node, self.says, key, problems, hint)
            return None
        before = len(problems.errors)
        items = [self.item.read(item, f"{key}[{number}]", problems) for number, item in enumerate(node.items, start=1)]
        if self.check and len(problems.errors) == before:
            self.check(node, items, key, problems)
        return tuple(items)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item.schema(), "minItems": 1}


@dataclass(frozen=True)
class Named:
    """One entry of a mapping: its name, where the name stands, and its value."""

    name: str
    place: Place
    value: Any


@dataclass(frozen=True)
class Placed:
    """A text that keeps where it stands."""

    text: Kind

    def read(self, node: Node, key: str, problems: Problems) -> Named | None:
        text = self.text.read(node, key, problems)
        return None if text is None else Named(text, node.place, text)

    def schema(self) -> dict[str, Any]:
        return self.text.schema()


@dataclass(frozen=True)
class MappingOf:
    """A mapping from names of the user's choice to values of one kind."""

    value: Kind
    says: str
    check_name: Callable[[str, Place, str, Problems], bool] = check_spelling
    pattern: str = NAME_PATTERN  # what `check_name` asks for, as far as a schema can say it
    check: Callable[[MappingNode, tuple[Named, ...], str, Problems], None] | None = None

    def read(self, node: Node, key: str, problems: Problems) -> tuple[Named, ...]:
        if not isinstance(node, MappingNode):
            _report_shape(node, self.says, key, problems)
            return ()
        before = len(problems.errors)
        found = []
        for name, value in node.entries.items():
            place = node.key_places[name]
            good = self.check_name(name, place, key, problems)
            read = self.value.read(value, joined(key, name), problems)
            if good and read is not None:
                found.append(Named(name, place, read))
        if self.check and len(problems.errors) == before:
            self.check(node, tuple(found), key, problems)
        return tuple(found)

    def schema(self) -> dict[str, Any]:
        names = {"pattern": self.pattern}
        return {"type": "object", "propertyNames": names, "additionalProperties": self.value.schema()}


@dataclass(frozen=True)
class EitherOf:
    """A value that may be written in several shapes: alone, as a list, or with keys."""

    single: Kind | None = None
    several: Kind | None = None
    keyed: Kind | None = None

    def read(self, node: Node, key: str, problems: Problems) -> Any:
        by_shape = {ScalarNode: self.single, ListNode: self.several, MappingNode: self.keyed}
        # A shape that is not allowed is reported by one that is.
        kind = by_shape[type(node)] or self.keyed or self.several or self.single
        return kind.read(node, key, problems) if kind else None

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [kind.schema() for kind in (self.single, self.several, self.keyed) if kind]}
