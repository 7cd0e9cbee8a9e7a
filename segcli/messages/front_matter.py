"""The head of a message file: its subject, preheader and the like, between two lines of `---`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from segcli.messages.partials import read_text
from segcli.messages.pieces import Piece, split_pieces
from segcli.problems import Place, Problems
from segcli.project.message_keys import ADDRESS
from segcli.project.names import NAME_PATTERN
from segcli.project.shapes import Key, Placed, Shape
from segcli.project.values import Text
from segcli.project.yaml_text import parse_yaml, shown_path

_FENCE = re.compile(r"---[ \t]*(?:\n|$)")
_BARE = re.compile(r"^([a-z_]+):[ \t]+(\{[{%].*)$", re.MULTILINE)
_LINE = Placed(Text("a line of text"))
_FILE = Text("the name of a file in the folder of the message", r"^[^/\\]+\.html$")

FRONT_MATTER = Shape(
    "a message", "The head of a message file.",
    (Key("subject", _LINE, "The subject; it may name fields, such as {{ first_name | default('Hello') }}."),
     Key("preheader", _LINE, "The line that mail programs show after the subject."),
     Key("body", Placed(Text("the name of a message", NAME_PATTERN.replace("_", "_-"))),
         "The message whose body this one sends again, under its own subject."),
     Key("from_name", Text("a name without fields of the customer", r"^(?!.*\{[{%])"),
         "Who it comes from, if not the shop."),
     Key("reply_to", ADDRESS, "Where answers go, if not to the sender."),
     Key("landing", Placed(_FILE), "The page that goes with it, such as page.html.")),
)  # fmt: skip


@dataclass(frozen=True)
class Head:
    """The front matter of a file, and its body. The body's place is where it begins."""

    path: Path
    body: str
    body_place: Place
    subject: tuple[Piece, ...] | None = None
    preheader: tuple[Piece, ...] | None = None
    body_of: str | None = None
    body_of_place: Place | None = None
    from_name: str | None = None
    reply_to: str | None = None
    landing: str | None = None
    places: tuple[tuple[str, Place], ...] = ()

    def place(self, key: str) -> Place:
        """Where a key's value stands, or where the file begins."""
        return dict(self.places).get(key, Place(shown_path(self.path), 1, 1))


def read_head(path: Path, problems: Problems) -> Head | None:
    """The front matter and the body of a message file; None and problems if it cannot be read."""
    text = read_text(path, problems)
    if text is None:
        return None
    shown = shown_path(path)
    opening = _FENCE.match(text)
    if opening is None:
        return Head(path, text, Place(shown, 1, 1))
    closing = next((found for found in _FENCE.finditer(text, opening.end()) if text[found.start() - 1] == "\n"), None)
    if closing is None:
        problems.error("the front matter has no end.", Place(shown, 1, 1), hint="End it with a line of '---'.")
        return None
    yaml = text[opening.end() : closing.start()]
    line = text[: closing.end()].count("\n") + 1
    body, body_place = text[closing.end() :], Place(shown, line, 1)
    if not yaml.strip():
        return Head(path, body, body_place)
    for bare in _BARE.finditer(yaml):
        place = Place(shown, 2 + yaml[: bare.start()].count("\n"), bare.start(2) - bare.start() + 1)
        problems.error("a text that starts with '{' goes in quotes.", place, bare.group(1),
                       hint=f'Write {bare.group(1)}: "{bare.group(2).replace(chr(34), chr(39))}".')  # fmt: skip
        return None
    tree = parse_yaml("\n" + yaml, shown, problems)  # one empty line for the opening fence: lines are those of the file
    values = FRONT_MATTER.read(tree, "", problems) if tree else None
    if values is None:
        return None

    def line_of(key: str) -> tuple[Piece, ...] | None:
        named = values.get(key)
        return tuple(split_pieces(named.value, named.place, problems)) if named else None

    body_of, landing = values.get("body"), values.get("landing")
    return Head(
        path, body, body_place, line_of("subject"), line_of("preheader"), body_of.value if body_of else None,
        body_of.place if body_of else None, values.get("from_name"), values.get("reply_to"),
        landing.value if landing else None, tuple(values.places.items()),
    )  # fmt: skip
