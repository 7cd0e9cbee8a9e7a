"""What a shop itself wrote of a message: its body or that of another, included files, its text part, the layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segcli.messages.front_matter import Head, read_head
from segcli.messages.layout import Layout
from segcli.messages.message_files import MessageFile, find_messages
from segcli.messages.partials import included_files, read_text
from segcli.messages.pieces import place_at
from segcli.problems import Place, Problems
from segcli.project.yaml_text import shown_path


@dataclass(frozen=True)
class Written:
    """A text as it was written, without its front matter; `suffix` says as what it is read."""

    suffix: str
    text: str
    origin: Place  # where it begins

    def place(self, offset: int) -> Place | None:
        """Where a character of the text stands."""
        return place_at(self.origin, self.text, offset)


def written_for(file: MessageFile) -> list[Written]:
    """The texts of a message, with the files that it includes; what cannot be read is left to those who compile it."""
    ignored = Problems()
    head = read_head(file.path, ignored)
    source, body_head = body_file(file, head, ignored) if head else (None, None)
    if source is None or body_head is None:
        return []
    found = [Written(body_head.path.suffix, body_head.body, body_head.body_place)]
    if source.body is not None and source.text is not None:
        found += _read(source.text, source.text.suffix)
    return [*found, *(inner for each in found for inner in _included(each, source.path.parent))]


def written_in_layout(layout: Layout) -> list[Written]:
    """The shop's own files of a layout."""
    return [each for path in layout.own_files() for each in _read(path, path.suffix)]


def is_document(text: str) -> bool:
    """Whether an MJML body is a whole document, which no layout is put around."""
    return re.search(r"<mjml[\s>]", text) is not None


def _included(written: Written, folder: Path) -> Iterator[Written]:
    for path in included_files(written.text, folder):
        yield from _read(path, written.suffix)


def _read(path: Path, suffix: str) -> Iterator[Written]:
    text = read_text(path, Problems())
    if text is not None:
        yield Written(suffix, text, Place(shown_path(path), 1, 1))


def body_file(file: MessageFile, head: Head, problems: Problems) -> tuple[MessageFile | None, Head | None]:
    """The file whose body is sent, and its head: the message's own, or that of the message which `body` names.

    A version may send the body of its own message's plain file.
    """
    if head.body_of is None:
        return file, head
    if head.body.strip():
        problems.error("has a body of its own and 'body' too.", head.place("body"), hint="Keep one of them.")
        return None, None
    other = _version_for(file, head.body_of, problems, head.body_of_place)
    if other is None:
        return None, None
    if other.path == file.path:
        hint = "Write its text below the front matter, or name another message."
        problems.error("a message cannot send its own body.", head.body_of_place, hint=hint)
        return None, None
    other_head = read_head(other.path, problems)
    if other_head and other_head.body_of is not None:
        message = f"the message '{head.body_of}' has no text of its own: it sends that of '{other_head.body_of}'."
        end = _end_of_bodies(file, other_head)
        hint = f"Write body: {end}." if end else "Write the text into one of the messages that name each other."
        problems.error(message, head.body_of_place, hint=hint)
        return None, None
    return other, other_head


def _version_for(file: MessageFile, name: str, problems: Problems, place: Place | None) -> MessageFile | None:
    """The version of a message that fits a file, and is another one than the file itself where there is one."""
    family = find_messages(file.path.parent, name, problems, place=place)
    if family is None:
        return None
    fitting = (family.choose(file.variant, file.language), family.choose(None, file.language), family.choose())
    there = [each for each in fitting if each]
    return next((each for each in there if each.path != file.path), there[0] if there else None)


def _end_of_bodies(file: MessageFile, head: Head) -> str | None:
    """The message that has the text where one message names another and that one a third, or None."""
    seen = {file.path, head.path}
    while (name := head.body_of) is not None:
        other = _version_for(file, name, Problems(), None)
        further = read_head(other.path, Problems()) if other and other.path not in seen else None
        if further is None:
            return None
        if further.body_of is None:
            return name
        seen.add(further.path)
        head = further
    return None
