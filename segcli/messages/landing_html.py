"""The template of a landing page: checked, and finished with what keeps it private and its links relative."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import jinja2
from jinja2 import meta, nodes

from segcli.messages.compiling import compile_page
from segcli.messages.jinja_environment import MessageEnvironment
from segcli.messages.landing import page_names
from segcli.messages.layout import Layout
from segcli.messages.link_lints import link_fault
from segcli.messages.model import Source
from segcli.messages.partials import included_files, read_text
from segcli.messages.pieces import place_at
from segcli.problems import Place, Problems, nearest
from segcli.project.yaml_text import shown_path

ASSETS = "assets"
ASSET_TYPES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".css", ".js", ".woff2"})
# No script or font of others, whatever the page or a product's link says; and a link out does not tell the page's name.
POLICY = (
    "default-src 'none'; img-src 'self' https: data:; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "script-src 'self'; base-uri 'none'"
)
PRIVATE = (
    '<meta name="robots" content="noindex, nofollow, noarchive"><meta name="referrer" content="no-referrer">'
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
)
_CHARSET = '<meta charset="utf-8">'
_VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
# Stand for the characters of an output while the words around it are read, the second for one of the shop's own.
_OUTPUT, _BRAND = "\ue000", "\ue001"
_COMPILED = re.compile(r"\{\{-?\s*(?:brand|layout)\.")
_OTHERS = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
_FOREIGN_STYLE = re.compile(r"@import|@font-face[^}]*url\(\s*[\"']?(?:https?:)?//", re.IGNORECASE)
_NOT_ALLOWED = frozenset({"iframe", "frame", "object", "embed", "applet", "base"})


@dataclass(frozen=True)
class Page:
    """A finished template, and the files that it needs beside it: path in the published folder -> file."""

    source: Source
    assets: Mapping[str, Path] = field(default_factory=dict)


def compile_landing_page(
    path: Path, layout: Layout, problems: Problems, *, per_recipient: bool, language: str | None = None
) -> Page | None:
    """A page's file compiled and finished; None after everything wrong with it went to `problems`."""
    before = len(problems.errors)
    text = read_text(path, problems)
    if text is None:
        return None
    for file in (path, *included_files(text, path.parent)):
        _read_words(file, path.parent, problems)
    told = {error.message for error in problems.errors[before:]}
    source = compile_page(path, layout, problems, language=language)
    if source is None:
        return None
    # What the words say is told already, with places that a compiled page has only for its tags.
    again = Problems()
    page = finish_page(source, path.parent, again, per_recipient=per_recipient)
    start = re.search(r"<(?:html|body)\b[^>]*>|\A", text, re.IGNORECASE)
    beginning = place_at(Place(shown_path(path), 1, 1), text, start.end() if start else 0)
    found = [error for error in again.errors if error.message not in told]
    problems.found += [replace(error, place=error.place or beginning) for error in found]
    return page if len(problems.errors) == before else None


def _read_words(file: Path, folder: Path, problems: Problems) -> None:
    """Tells what is wrong with the words of a page, or of what is put into it, where they stand."""
    text = read_text(file, problems)
    if text is not None:
        places = tuple(Place(shown_path(file), number + 1, 1) for number in range(text.count("\n") + 1))
        _PageReader(Source(text, True, places), folder, problems, None).read()


def finish_page(
    source: Source, folder: Path, problems: Problems, *, per_recipient: bool, key: str | None = None
) -> Page | None:
    """A compiled page as it is rendered; None after everything wrong with it went to `problems`.

    Relative links to files beside it (in `folder`) lead to `assets/` of the published folder then. What asks search
    engines to keep out, browsers to load no script or font of others, and links not to tell where they were, is in its
    head.
    """
    before = len(problems.errors)
    _check_names(source, problems, per_recipient=per_recipient, key=key)
    reader = _PageReader(source, folder, problems, key)
    reader.read()
    if reader.head is None:
        problems.error("the page has no <head>.", source.place(1), key, "Write <head> before what is shown.")
    if reader.head is None or len(problems.errors) > before:
        return None
    edits = list(reader.edits("../../" if per_recipient else "../"))
    edits.append((reader.head, reader.head, reader.missing_in_head + PRIVATE))
    text = source.text
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return Page(replace(source, text=text), dict(reader.assets.values()))


def _check_names(source: Source, problems: Problems, *, per_recipient: bool, key: str | None) -> None:
    """Problems for every name that a page must not say; functions and filters are left to the template's check."""
    environment = MessageEnvironment(source.escape)
    try:
        tree = environment.parse(source.text)
        for filtered in tree.find_all(nodes.Filter):
            environment.filters.setdefault(filtered.name, str)
        for tested in tree.find_all(nodes.Test):
            environment.tests.setdefault(tested.name, lambda *_: True)
        named = meta.find_undeclared_variables(tree)
    except jinja2.TemplateSyntaxError as error:
        message = (error.message or "a syntax error").rstrip(".")
        problems.error(f"the template cannot be read: {message}.", source.place(error.lineno), key)
        return
    allowed = page_names(per_recipient=per_recipient)
    unknown = named - allowed
    called = {id(call.node) for call in tree.find_all(nodes.Call)}
    lines = source.text.splitlines()
    told: set[tuple[str, int]] = set()
    for node in tree.find_all(nodes.Name):
        if node.name not in unknown or id(node) in called or (node.name, node.lineno) in told:
            continue
        told.add((node.name, node.lineno))
        place = source.place(node.lineno)
        found = re.search(rf"\b{re.escape(node.name)}\b", lines[node.lineno - 1])
        place = place.moved(found.start()) if place and found else place
        if near := nearest(node.name, allowed):
            hint = f"{near} A page says nothing of one customer, since whoever has its link can read it."
            problems.error(f"a landing page has no name '{node.name}'.", place, key, hint)
        else:
            message = f"a landing page may not name '{node.name}': whoever has its link can read it."
            problems.error(message, place, key, f"It may name {', '.join(sorted(allowed))}.")


class _PageReader(HTMLParser):
    """Reads the words of a template, each Jinja tag blanked out, so that every place stays what it was."""

    def __init__(self, source: Source, folder: Path, problems: Problems, key: str | None) -> None:
        super().__init__(convert_charrefs=True)
        self.head: int | None = None  # where the head's first element goes
        self.assets: dict[str, tuple[str, Path]] = {}  # link -> path in the published folder, file
        self._source, self._folder, self._problems, self._key = source, folder, problems, key
        self._words = _TAG.sub(_blanked, source.text)
        self._starts = [0, *(found.end() for found in re.finditer("\n", source.text))]
        self._links: list[tuple[int, int, str]] = []
        self._raw: str | None = None
        self._has_charset = self._has_viewport = False

    def read(self) -> None:
        self.feed(self._words)
        self.close()

    @property
    def missing_in_head(self) -> str:
        return ("" if self._has_charset else _CHARSET) + ("" if self._has_viewport else _VIEWPORT)

    def edits(self, up: str) -> Iterator[tuple[int, int, str]]:
        """What is put in place of the relative links: start, end, text."""
        for start, end, link in self._links:
            yield start, end, up + self.assets[link][0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "head" and self.head is None:
            self.head = self._offset() + len(self.get_starttag_text() or "")
        if tag == "meta":
            self._has_charset |= "charset" in values
            self._has_viewport |= values.get("name", "").lower() == "viewport"
        if tag in _NOT_ALLOWED:
            self._error(f"<{tag}> is not for a landing page: it would load a page of others.")
        if tag == "img" and "alt" not in values:
            self._problems.warn("an image has no alt text.", self._place(), self._key, 'Write alt="" for decoration.')
        if tag in ("script", "style"):
            self._raw = tag
        if tag == "script" and "src" not in values:
            self._error("a script is to be a file beside the page.", 'Write <script src="page.js"></script>.')
        for name, value in values.items():
            self._check_attribute(tag, name, value, values.get("rel", "").lower())

    def handle_endtag(self, tag: str) -> None:
        self._raw = None if tag == self._raw else self._raw

    def handle_data(self, data: str) -> None:
        if self._raw and _OUTPUT in data:
            self._error(f"nothing of Jinja's goes into <{self._raw}>: what is escaped for HTML is not escaped there.")
        if self._raw == "style" and _FOREIGN_STYLE.search(data):
            self._error("styles and fonts of others are not for a landing page: they would learn who reads it.")

    def _check_attribute(self, tag: str, name: str, value: str, rel: str) -> None:
        if name.startswith("on"):
            self._error(f"'{name}' is a script in the page.", "Put it into a file beside the page.")
        if name not in ("src", "href"):
            return
        loads = name == "src" or rel not in ("", "canonical", "alternate")
        if value.strip().lower().startswith("javascript:"):
            self._error("a link that is a script is not for a landing page.")
        elif tag in ("script", "link") and loads and (_OTHERS.match(value) or _OUTPUT in value or _BRAND in value):
            self._error(f"<{tag}> loads what is not the page's own: others would learn who reads it.")
        elif value.lower().startswith("http://"):
            self._problems.warn("the link begins with http:, not https:.", self._place(), self._key)
        elif _OTHERS.match(value) and not value.startswith(("//", "data:")):
            if fault := link_fault(value):
                self._error(fault.message, fault.hint)
        elif value and not _OTHERS.match(value) and value[0] not in f"#/?{_OUTPUT}{_BRAND}":
            self._take_asset(name, value)

    def _take_asset(self, name: str, value: str) -> None:
        """A relative link to a file beside the page."""
        path = (self._folder / value).resolve()
        inside = path.is_relative_to(self._folder.resolve())
        if not inside or not path.is_file() or path.suffix.lower() not in ASSET_TYPES:
            reason = "is outside of the recipe's folder" if not inside else "is no file beside the page"
            if inside and path.is_file():
                reason = "is of a kind that pages do not load"
            self._error(f"'{value}' {reason}.", f"Kinds are {', '.join(sorted(ASSET_TYPES))}.")
            return
        # A name by content, since several recipes are published into one folder.
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem)[:40].strip("-") or "file"
        self.assets[value] = (f"{ASSETS}/{stem}.{digest}{path.suffix.lower()}", path)
        tag = self.get_starttag_text() or ""
        written = re.search(rf"\b{name}\s*=\s*[\"']?({re.escape(html.escape(value))}|{re.escape(value)})", tag, re.I)
        if written:
            start = self._offset() + written.start(1)
            self._links.append((start, start + len(written[1]), value))

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def _place(self) -> Place | None:
        line, column = self.getpos()
        place = self._source.place(line)
        return place.moved(column) if place else None

    def _error(self, message: str, hint: str | None = None) -> None:
        self._problems.error(message, self._place(), self._key, hint)


def _blanked(tag: re.Match[str]) -> str:
    """As many characters, line ends where they were: marks for an output, spaces for a statement."""
    output = _BRAND if _COMPILED.match(tag.group()) else _OUTPUT
    return re.sub(r"[^\n]", output if tag.group().startswith("{{") else " ", tag.group())
