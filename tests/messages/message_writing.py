"""Messages written and compiled in a temporary folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from segcli.messages.compiling import compile_message
from segcli.messages.layout import Layout, load_layout
from segcli.messages.message_files import MessageFile, find_messages
from segcli.messages.model import CompiledMessage, Source
from segcli.problems import Problems

HEAD = '---\nsubject: "Hello"\npreheader: "News"\n---\n'
SHOP: Mapping[str, Any] = {
    "shop": "Kuzey", "shop_url": "https://shop.example/", "unsubscribe_url": "https://shop.example/u",
    "preheader": "News", "landing_url": "https://shop.example/l", "help_url": None,
    "sender_address": "Example Street 1, Ankara", "products": [], "coupon_code": None,
}  # fmt: skip


def layout(project: Path | None = None, **brand: str) -> Layout:
    problems = Problems()
    found = load_layout(project, brand, problems)
    assert not list(problems)
    return found


def write(folder: Path, **files: str) -> None:
    """Writes files; `news__tr__md` is news.tr.md. A body without front matter gets one."""
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        bare = path.suffix == ".txt" or text.startswith("---")
        path.write_text(text if bare else HEAD + text, encoding="utf-8")


def compile_in(
    folder: Path, name: str = "news", language: str | None = None, **options: Any
) -> tuple[CompiledMessage | None, list[str]]:
    """The message, and the problems as they are printed, with paths relative to the folder."""
    problems = Problems()
    family = find_messages(folder, name, problems)
    file: MessageFile | None = family.choose(None, language) if family else None
    options.setdefault("layout", layout())
    message = compile_message(file, problems=problems, **options) if file else None
    return message, [str(problem).replace(f"{folder}/", "") for problem in problems]


def compiled(folder: Path, name: str = "news", **options: Any) -> CompiledMessage:
    """A message that has to compile without a problem."""
    message, problems = compile_in(folder, name, **options)
    assert problems == []
    assert message is not None
    return message


def shown(source: Source | None, **context: Any) -> str:
    """A source rendered for one customer by Jinja itself."""
    assert source is not None
    environment = Environment(autoescape=source.escape, undefined=StrictUndefined)
    plain = {"money": lambda value: f"{value} TRY", "number": str, "percent": lambda value: f"{value:.0%}"}
    environment.filters.update(plain, date=lambda value, _: str(value))
    return environment.from_string(source.text).render({**SHOP, **context})
