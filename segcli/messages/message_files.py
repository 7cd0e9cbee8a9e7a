"""Which files a message has: one per variant and language, each with a body, a text part, or both."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import localedata

from segcli.problems import Place, Problems, nearest
from segcli.project.recipe_choice import shipped_folder
from segcli.project.yaml_text import shown_path

BODIES = (".md", ".mjml", ".html")
TEXT = ".txt"
SHIPPED_PLAIN = "en"  # what the plain files of shipped messages are written in
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]([A-Z][a-z]{3}|[A-Z]{2}))?")


@dataclass(frozen=True)
class MessageFile:
    """A message in one variant and language; at least one of `body` and `text` is there."""

    name: str
    variant: str | None
    language: str | None  # such as tr or pt-BR
    body: Path | None
    text: Path | None

    @property
    def path(self) -> Path:
        """The file that has the front matter."""
        path = self.body or self.text
        if path is None:
            raise ValueError("a message without a file")
        return path


@dataclass(frozen=True)
class MessageFamily:
    """All files of one message."""

    name: str
    folder: Path
    files: tuple[MessageFile, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({file.language for file in self.files if file.language}))

    def choose(self, variant: str | None = None, language: str | None = None) -> MessageFile | None:
        """The nearest file: variant and language, the variant, the language, the plain one. `tr-TR` also takes `tr`.

        None if there is not even a plain one.
        """
        found = {(file.variant, file.language): file for file in self.files}
        wanted = (language or "").replace("_", "-")
        spoken = [each for each in (wanted, wanted.split("-")[0]) if each]
        both = [(variant, each) for each in spoken] if variant else []
        tries = [*both, *([(variant, None)] if variant else []), *((None, each) for each in spoken), (None, None)]
        return next((found[each] for each in tries if each in found), None)


def find_messages(
    folder: Path, name: str, problems: Problems, *, variants: Collection[str] = (), place: Place | None = None
) -> MessageFamily | None:
    """The files `<name>[.<variant>][.<language>].(md|mjml|html|txt)` of a folder.

    `variants` are those that the step names; `place` is where the step names the message. None and a problem if there
    is no file; a problem for a suffix that is neither, for two bodies of one kind, and for a text part without a body.
    """
    paths: dict[tuple[str | None, str | None], list[Path]] = {}
    for path in sorted(folder.glob(f"{name}.*")):
        if path.suffix not in (*BODIES, TEXT) or not path.is_file():
            continue
        suffixes = path.name.removesuffix(path.suffix).removeprefix(name).split(".")[1:]
        key = _variant_and_language(suffixes, variants)
        if key is None:
            _report_suffix(path, suffixes, variants, problems)
        else:
            paths.setdefault(key, []).append(path)
    if not paths:
        names = sorted({path.name.split(".")[0] for path in folder.glob("*") if path.suffix in (*BODIES, TEXT)})
        hint = nearest(name, names) or f"Write {name}.md in {shown_path(folder)}."
        problems.error(f"no message '{name}'.", place or Place(shown_path(folder)), hint=hint)
        return None
    files = [_message_file(name, *key, found, problems) for key, found in paths.items()]
    with_body = {(file.variant, file.language) for file in files if file.body}
    for file in files:
        if file.body is None and with_body:
            beside = f"{file.text.stem if file.text else name}.md"
            problems.error(
                "is the text part of nothing.", Place(shown_path(file.path)), hint=f"Write {beside} beside it."
            )
    family = MessageFamily(name, folder, tuple(files))
    if family.choose() is None:
        hint = f"Write {name}{files[0].path.suffix}, for everybody whose language or variant has no file."
        problems.error(f"the message '{name}' has no plain file.", place or Place(shown_path(files[0].path)), hint=hint)
    return family


def is_language(word: str) -> bool:
    """Whether a suffix is a language such as `tr` or `pt-BR`."""
    found = _LANGUAGE.fullmatch(word)
    return found is not None and localedata.exists(found.group(1))


@cache
def shipped_languages() -> tuple[str, ...]:
    """The languages in which shipped messages are written."""
    words = {path.name.split(".")[-2] for path in shipped_folder().glob("*/*.*.*") if path.suffix in (*BODIES, TEXT)}
    return tuple(sorted({SHIPPED_PLAIN, *(word for word in words if is_language(word))}))


def _variant_and_language(suffixes: list[str], variants: Collection[str]) -> tuple[str | None, str | None] | None:
    if not suffixes:
        return None, None
    if len(suffixes) == 1:
        word = suffixes[0]
        if word in variants or not is_language(word):
            known = not variants or word in variants
            return (word, None) if known and re.fullmatch(r"[a-z0-9_-]+", word) else None
        return None, word.replace("_", "-")
    variant, language = suffixes[0], suffixes[1]
    good = len(suffixes) == 2 and is_language(language) and (not variants or variant in variants)
    return (variant, language.replace("_", "-")) if good else None


def _report_suffix(path: Path, suffixes: list[str], variants: Collection[str], problems: Problems) -> None:
    words = ".".join(suffixes)
    hint = nearest(suffixes[0], variants) or "Files are <name>.<variant>.<language>, such as we-miss-you.b.tr.md."
    problems.error(f"'{words}' is neither a variant of the step nor a language.", Place(shown_path(path)), hint=hint)


def _message_file(
    name: str, variant: str | None, language: str | None, paths: list[Path], problems: Problems
) -> MessageFile:
    bodies = [path for path in paths if path.suffix in BODIES]
    texts = [path for path in paths if path.suffix == TEXT]
    for others in (bodies, texts):
        for other in others[1:]:
            first = shown_path(others[0])
            problems.error(f"is the same message as {first}.", Place(shown_path(other)), hint="Keep one of them.")
    return MessageFile(name, variant, language, bodies[0] if bodies else None, texts[0] if texts else None)
