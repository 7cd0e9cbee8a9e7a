"""Calls such as `{{ coupon() }}` and includes put out into what they stand for, before anything is masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from jinja2 import TemplateSyntaxError

from segcli.messages.constants import check_known, constant, fold, lex, possible_values, put_in
from segcli.messages.layout import PARTIALS, Layout
from segcli.messages.pieces import Piece, group_statements, merged, split_pieces
from segcli.messages.text_lines import without_lines_of_tags
from segcli.problems import Place, Problems, nearest
from segcli.project.yaml_faults import report_unreadable_bytes
from segcli.project.yaml_text import shown_path

_CALL = re.compile(r"\s*([a-z_]\w*)\s*\((.*)\)\s*", re.DOTALL)
_SIGNATURE = re.compile(r"\{#\s*(\w+)\((.*?)\)\s*(.*?)#\}\s*", re.DOTALL)
_INCLUDE = re.compile(r"include\s+(['\"])([^'\"]+)\1")
_WORDS = re.compile(r"words\.(\w+)")
_DEEPEST = 5


@dataclass(frozen=True)
class Expansion:
    """What a message's own tags may stand for: `known` names, partials of the layout, files beside the message.

    `places` has where what a known name stands for was written, as far as that is a file of the shop's own.
    """

    layout: Layout
    folder: Path
    known: Mapping[str, str]
    problems: Problems
    places: Mapping[str, Place] = field(default_factory=dict)

    def included(self, pieces: Sequence[Piece], depth: int = 0) -> list[Piece]:
        """The pieces with the files that `{% include %}` names, which lie beside the message."""
        return merged(inner for piece in pieces for inner in self._included(piece, depth))

    def _included(self, piece: Piece, depth: int) -> Iterator[Piece]:
        if piece.kind != "statement" or piece.name not in ("include", "import", "from", "extends"):
            yield piece
            return
        found = _INCLUDE.fullmatch(piece.inner)
        path = self.folder / found.group(2) if found else None
        if found is None or path is None or piece.name != "include":
            hint = "Write {% include 'file' %} with a file beside the message; macros stand in the message itself."
            self.problems.error(f"'{piece.shown}' cannot be used here.", piece.place, hint=hint)
        elif path.resolve().parent != self.folder.resolve() or not path.is_file():
            names = [file.name for file in self.folder.iterdir()]
            hint = nearest(found.group(2), names) or "It lies in the folder of the message."
            self.problems.error(f"no file '{found.group(2)}' to include.", piece.place, hint=hint)
        elif depth == _DEEPEST:
            self.problems.error(f"'{piece.shown}' includes itself.", piece.place)
        else:
            text = read_text(path, self.problems)
            inner = split_pieces(text, Place(shown_path(path), 1, 1), self.problems) if text is not None else []
            yield from self.included(inner, depth + 1)

    def is_partial(self, piece: Piece) -> bool:
        """Whether a tag is a call of a partial; a call of anything else is a problem of the renderer's check."""
        found = _CALL.fullmatch(piece.text[2:-2]) if piece.kind == "output" else None
        return found is not None and found.group(1) in self.layout.partials()

    def expanded(self, pieces: Sequence[Piece], kind: Literal["mjml", "txt"]) -> list[Piece]:
        """The pieces with the partials that they call, and with the brand's values and words put in."""
        for piece in pieces:
            check_known(piece, self.known, self.problems)
        put = [inner for piece in pieces for inner in self._expanded(piece, kind)]
        return merged(fold(put, markup=kind == "mjml"))

    def _expanded(self, piece: Piece, kind: Literal["mjml", "txt"]) -> Iterator[Piece]:
        words = _WORDS.fullmatch(piece.inner) if piece.kind == "output" else None
        if words and words.group(0) in self.known:
            yield from self._words(words.group(0), piece)
        elif self.is_partial(piece):
            yield from self._partial(piece, kind)
        else:
            yield put_in(piece, self.known)

    def _words(self, name: str, piece: Piece) -> list[Piece]:
        text = self.known[name][1:-1].replace("\\'", "'").replace("\\n", "\n").replace("\\\\", "\\")
        own = self.places.get(name)
        pieces = split_pieces(text, own or _fixed(piece.place), self.problems)
        group_statements(pieces, self.problems)
        return pieces

    def _partial(self, piece: Piece, kind: Literal["mjml", "txt"]) -> list[Piece]:
        found = _CALL.fullmatch(piece.text[2:-2])
        name, written = (found.group(1), found.group(2)) if found else ("", "")
        path = self.layout.find(f"{PARTIALS}/{name}.{kind}")
        text = read_text(path, self.problems) if path else None
        if path is None or text is None:
            self.problems.error(f"the layout has no {PARTIALS}/{name}.{kind}.", piece.place)
            return []
        signature = _SIGNATURE.match(text)
        arguments = self._arguments(piece, name, signature.group(2) if signature else "", written)
        if arguments is None:
            return []
        start = signature.end() if signature else 0
        # What is wrong with segcli's own partial was caused where it is called.
        pieces = split_pieces(text, self.layout.place(path) or _fixed(piece.place), self.problems)
        group_statements(pieces, self.problems)
        if pieces and start and not pieces[0].is_tag:
            pieces[0] = replace(pieces[0], text=pieces[0].text.lstrip())
        if kind == "txt":
            pieces = _with_empty_line(without_lines_of_tags(pieces, lambda _: False))
        inner = replace(self, known={**self.known, **arguments})
        return [each for one in pieces for each in inner._expanded_once(one)]

    def _expanded_once(self, piece: Piece) -> Iterator[Piece]:
        check_known(piece, self.known, self.problems)
        words = _WORDS.fullmatch(piece.inner) if piece.kind == "output" else None
        yield from (
            self._words(words.group(0), piece)
            if words and words.group(0) in self.known
            else [put_in(piece, self.known)]
        )

    def _arguments(self, piece: Piece, name: str, signature: str, written: str) -> dict[str, str] | None:
        """The arguments of a call as Jinja text, by the names of the signature `columns=1|2, label`, which says of
        columns that it is 1 or 2, and 1 where nothing is said."""
        parameters: dict[str, str | None] = {}
        choices: dict[str, list[str]] = {}
        for named, equals, default in (each.partition("=") for each in signature.split(",") if each.strip()):
            values = [each.strip() for each in default.split("|")]
            if not all(constant(each)[0] for each in values):  # the | is a filter's, or a sign in a text
                values = [default.strip()]
            parameters[named.strip()] = values[0] if equals else None
            choices[named.strip()] = values if len(values) > 1 else []
        given = split_arguments(written)
        ways = (key if usual is None else f"{key}={usual}" for key, usual in parameters.items())
        shown = f"{name}({', '.join(ways)})"
        if given is None or len(given) > len(parameters):
            self.problems.error(f"'{piece.shown}' is not a call of {shown}.", piece.place)
            return None
        arguments = dict(parameters)
        for position, (key, value) in enumerate(given):
            wanted = key or list(parameters)[position]
            if wanted not in parameters:
                hint = nearest(wanted, parameters) or f"It is called as {shown}."
                self.problems.error(f"{name} takes no '{wanted}'.", piece.place, hint=hint)
                return None
            if "(" in value:
                hint = "Give it a constant, a name, or names joined by ~."
                self.problems.error(f"'{value}' cannot be given to {name}.", piece.place, hint=hint)
                return None
            if choices[wanted] and not _is_one_of(value, choices[wanted]):
                message = f"{name} takes {wanted}={' or '.join(choices[wanted])}, not {value}."
                hint = f"Write {{{{ {name}({wanted}={choices[wanted][-1]}) }}}}."
                self.problems.error(message, piece.place, hint=hint)
                return None
            arguments[wanted] = value if re.fullmatch(r"[\w.]+|'[^']*'|\"[^\"]*\"", value) else f"({value})"
        missing = [key for key, value in arguments.items() if value is None]
        if missing:
            self.problems.error(f"'{piece.shown}' lacks '{missing[0]}'.", piece.place, hint=f"Write {{{{ {shown} }}}}.")
            return None
        return {key: value for key, value in arguments.items() if value is not None}


def _is_one_of(value: str, choices: Sequence[str]) -> bool:
    """Whether an argument is one of some constants, for everybody."""
    known = [constant(each)[1] for each in choices]
    found = possible_values(value)
    return found is not None and all(any((type(a), a) == (type(b), b) for b in known) for a in found)


def included_files(text: str, folder: Path, depth: int = 0) -> list[Path]:
    """The files that a template's `{% include %}` names, and those that these name, as far as they are there."""
    found: list[Path] = []
    for piece in split_pieces(text, None, Problems()):
        named = _INCLUDE.fullmatch(piece.inner) if piece.kind == "statement" else None
        path = folder / named.group(2) if named else None
        if path and path.is_file() and depth < _DEEPEST:
            inner = read_text(path, Problems())
            found += [path, *(included_files(inner, folder, depth + 1) if inner is not None else ())]
    return list(dict.fromkeys(found))


def _fixed(place: Place | None) -> Place | None:
    return place and replace(place, fixed=True)


def _with_empty_line(pieces: Sequence[Piece]) -> list[Piece]:
    """A text partial with an empty line at its end; inside its last condition, so that nothing is nothing."""
    found = list(pieces)
    if found and not found[-1].is_tag:
        found[-1] = replace(found[-1], text=found[-1].text.rstrip("\n"))
    while found and not found[-1].text:
        found.pop()
    if found and found[-1].name == "endif":
        return [*found[:-1], Piece("\n", "words"), found[-1]]
    return [*found, Piece("\n\n", "words")]


def split_arguments(written: str) -> list[tuple[str | None, str]] | None:
    """The arguments of a call, with their names where they have one; None if they cannot be read."""
    try:
        tokens = lex(written)
    except TemplateSyntaxError:
        return None
    parts: list[list[tuple[str, str]]] = [[]]
    depth = 0
    for kind, text in tokens:
        if kind == "operator" and text in "([{":
            depth += 1
        elif kind == "operator" and text in ")]}":
            depth -= 1
        if depth == 0 and text == ",":
            parts.append([])
        elif kind != "whitespace" or parts[-1]:
            parts[-1].append((kind, text))
    arguments: list[tuple[str | None, str]] = []
    for part in parts:
        signs = [(kind, text) for kind, text in part if kind != "whitespace"]
        named = len(signs) > 2 and signs[0][0] == "name" and signs[1][1] == "="
        text = "".join(text for _, text in part).strip()
        if text:
            arguments.append((signs[0][1], text.split("=", 1)[1].strip()) if named else (None, text))
    return arguments


def read_text(path: Path, problems: Problems) -> str | None:
    """A file's text with one kind of line end, or None and a problem."""
    try:
        raw = path.read_bytes()
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        problems.error(f"cannot be read: {error.strerror or error}", Place(shown_path(path)))
    except UnicodeDecodeError as error:
        report_unreadable_bytes(raw, error, shown_path(path), problems)
    return None
