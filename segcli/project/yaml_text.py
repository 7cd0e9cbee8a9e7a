"""A YAML file as a tree of nodes that know their places: YAML 1.2 values, all problems at once."""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from yamlcore import CCoreLoader

from segcli.problems import Place, Problems
from segcli.project.models import Scalar
from segcli.project.yaml_faults import dotted, report_cut, report_syntax_error, report_unreadable_bytes
from segcli.project.yaml_nodes import ListNode, MappingNode, Node, ScalarNode

_DEEPEST = 40
_TAG = "tag:yaml.org,2002:"


def shown_path(path: Path) -> str:
    """A path as messages show it: relative to where the command was typed when it lies below."""
    with contextlib.suppress(ValueError):
        return path.resolve().relative_to(Path.cwd()).as_posix()
    return str(path)


def read_yaml(path: Path, problems: Problems) -> MappingNode | None:
    """The mapping that a file holds; None (and problems) when there is none to be had."""
    shown = shown_path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.error(f"cannot be read: {error.strerror or error}", Place(shown))
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        report_unreadable_bytes(raw, error, shown, problems)
        return None
    return parse_yaml(text, shown, problems)


def parse_yaml(text: str, path: str, problems: Problems) -> MappingNode | None:
    """The mapping that a text holds; `path` is what places show."""
    # One kind of line end: a mark of the parser then is an index into the text.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        node = _TreeBuilder(text, path, problems).document()
    except yaml.YAMLError as error:
        report_syntax_error(error, text, path, problems)
        return None
    if node is None or (isinstance(node, ScalarNode) and node.value is None):
        problems.error("the file is empty.", Place(path, 1, 1))
        return None
    if not isinstance(node, MappingNode):
        problems.error("must hold keys and values.", node.place, hint="Write lines such as 'key: value'.")
        return None
    return node


@dataclass(frozen=True)
class _Entry:
    """A key and its value, and the ends of both in the text."""

    key: Node
    value: Node
    start: int
    end: int
    alone: bool  # stands in a flow mapping without a colon
    cut: bool = False  # was cut by a comma, and is put together again


class _TreeBuilder:
    """Builds nodes from the parser's events, which (unlike its nodes) show tags, anchors and depth."""

    def __init__(self, text: str, path: str, problems: Problems) -> None:
        self.text, self.path, self.problems = text, path, problems
        self.lines = text.split("\n")
        self.loader: Any = CCoreLoader(text)

    def document(self) -> Node | None:
        self.loader.get_event()  # the stream starts
        if isinstance(self.loader.get_event(), yaml.StreamEndEvent):
            return None
        node = self.node(self.loader.get_event(), ())
        self.loader.get_event()  # the document ends
        rest = self.loader.get_event()
        if not isinstance(rest, yaml.StreamEndEvent):
            self.problems.error("a second document starts here.", self.place(rest.start_mark), hint="Remove '---'.")
        return node

    def place(self, mark: Any) -> Place:
        return Place(self.path, mark.line + 1, mark.column + 1)

    def node(self, event: Any, path: tuple[str, ...]) -> Node:
        if len(path) > _DEEPEST:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)
        self.refuse_tags_and_anchors(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(inner := self.loader.get_event(), yaml.SequenceEndEvent):
                items.append(self.node(inner, (*path, f"[{len(items) + 1}]")))
            return ListNode(self.place(event.start_mark), tuple(items))
        return self.scalar(event)

    def refuse_tags_and_anchors(self, event: Any) -> None:
        place = self.place(event.start_mark)
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            self.problems.error(
                f"'{sign}{anchor}' is a YAML anchor or alias, which segcli does not use.", place,
                hint=f"Write the value out; a value that starts with {sign} goes in quotes.",
            )  # fmt: skip
        if tag:
            name = tag.replace(_TAG, "!!")
            self.problems.error(
                f"'{name}' is a YAML tag, which segcli does not use.", place,
                hint="A value that starts with ! goes in quotes; 'not' is spelled out.",
            )  # fmt: skip

    def scalar(self, event: Any) -> ScalarNode:
        if isinstance(event, yaml.AliasEvent):
            text = f"*{event.anchor}"
            return ScalarNode(self.place(event.start_mark), text, text, plain=True)
        if event.tag:
            text = f"{event.tag} {event.value}".strip()
            return ScalarNode(self.place(event.start_mark), text, text, plain=False)
        plain = event.style in (None, "")
        return ScalarNode(self.content_place(event), self.value(event) if plain else event.value, event.value, plain)

    def content_place(self, event: Any) -> Place:
        """The first character of what was written: after a quote, or in a block's first line."""
        place = self.place(event.start_mark)
        if event.style in ("'", '"'):
            return place.moved(1)
        if event.style in ("|", ">"):
            for number in range(event.start_mark.line + 1, len(self.lines)):
                if stripped := self.lines[number].lstrip():
                    return Place(self.path, number + 1, len(self.lines[number]) - len(stripped) + 1)
        return place

    def value(self, event: Any) -> Scalar:
        """The YAML 1.2 value of a plain scalar; a number beyond what a table can hold is a problem."""
        text: str = event.value
        kind = self.loader.resolve(yaml.ScalarNode, text, (True, False)).removeprefix(_TAG)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind not in ("int", "float"):
            return text
        number = _number(text, whole=kind == "int")
        if number is None:
            self.problems.error(
                f"'{text[:40]}' is not a number that can be computed with.", self.place(event.start_mark),
                hint="Put it in quotes if it is meant as text.",
            )  # fmt: skip
        return number

    def mapping(self, event: Any, path: tuple[str, ...]) -> MappingNode:
        found: list[_Entry] = []
        while not isinstance(inner := self.loader.get_event(), yaml.MappingEndEvent):
            key = self.node(inner, (*path, "?"))
            # The parser has looked ahead: the end of a nested key is not known, and never needed.
            key_end = inner.end_mark.index
            value_event = self.loader.get_event()
            value = self.node(value_event, (*path, _name(key)))
            alone = bool(event.flow_style) and not re.match(r"[\]}]*\s*:", self.text[key_end : key_end + 1000])
            start = inner.start_mark.index if alone else value_event.start_mark.index
            found.append(_Entry(key, value, start, key_end if alone else value_event.end_mark.index, alone))
        entries: dict[str, Node] = {}
        key_places: dict[str, Place] = {}
        for entry in self.rejoin_commas(found, path):
            self.add(entry, entries, key_places, path)
        return MappingNode(self.place(event.start_mark), entries, key_places)

    def rejoin_commas(self, found: list[_Entry], path: tuple[str, ...]) -> list[_Entry]:
        """Puts `{where: x in (1, 2)}` together again, so that one fault is one problem, with its place."""
        kept: list[_Entry] = []
        for entry in found:
            before = kept[-1] if kept and isinstance(kept[-1].value, ScalarNode) else None
            if before is None or not entry.alone or not self.is_cut(before, entry):
                kept.append(entry)  # a word alone stays a key without a value
                continue
            text = self.text[before.start : entry.end]
            joined = ScalarNode(before.value.place, text, text, plain=False)
            kept[-1] = replace(before, value=joined, end=entry.end, cut=True)
        for entry in kept:
            if entry.cut:
                name, text = _name(entry.key), self.text[entry.start : entry.end]
                report_cut(name, text, entry.value.place, (*path, name), self.problems)
        return kept

    def is_cut(self, before: _Entry, entry: _Entry) -> bool:
        """A bare word after a whole expression is a key whose value was forgotten; all else was cut off."""
        text = self.text[before.start : before.end]
        whole = text.count("(") == text.count(")") and text.count("'") % 2 == 0
        return not (whole and re.fullmatch(r"[a-z_]+", self.text[entry.start : entry.end].strip()))

    def add(self, entry: _Entry, entries: dict[str, Node], key_places: dict[str, Place], path: tuple[str, ...]) -> None:
        key, parent = entry.key, dotted(path)
        if not isinstance(key, ScalarNode):
            self.problems.error("a list or mapping cannot be a key.", key.place, parent)
        elif not isinstance(key.value, str):
            self.problems.error(
                f"the key '{key.written}' is not text.",
                key.place,
                parent,
                hint="Put it in quotes, or choose another name.",
            )
        elif key.value in entries:
            first = key_places[key.value]
            self.problems.error(
                f"the key '{key.value}' stands here a second time.", key.place, parent,
                hint=f"The first is at line {first.line}; keep one of them.",
            )  # fmt: skip
        else:
            entries[key.value], key_places[key.value] = entry.value, key.place


def _name(key: Node) -> str:
    return key.written if isinstance(key, ScalarNode) else "?"


def _number(text: str, *, whole: bool) -> int | float | None:
    if not whole:
        number = float(text)
        return number if math.isfinite(number) else None
    if len(text) > 30:
        return None
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    value = int(text, base)
    return value if abs(value) < 2**63 else None
