"""A piece of Jinja source checked against the columns that there are, and ready to be rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl
from jinja2 import TemplateSyntaxError

from segcli.messages.coding import Coding
from segcli.messages.columnar.compiling import compiled
from segcli.messages.columnar.tree import Block, NotColumnarError
from segcli.messages.jinja_environment import MessageEnvironment
from segcli.messages.jinja_path import JinjaRenderer
from segcli.messages.model import Source
from segcli.messages.surroundings import Surroundings
from segcli.messages.template_checking import Nullable, TemplateChecker
from segcli.problems import Problems


@dataclass(frozen=True, eq=False)
class Template:
    """A checked template: renders for every frame that has the columns `names` in the kinds of `schema`, theirs."""

    source: Source
    schema: Mapping[str, pl.DataType]
    names: tuple[str, ...]
    nullable: tuple[Nullable, ...]

    @property
    def columnar(self) -> bool:
        """Whether the columnar way renders it."""
        return self.block is not None

    @cached_property
    def block(self) -> Block | None:
        """What the columnar way evaluates, or None."""
        return self._compiled[0]

    @cached_property
    def why_not_columnar(self) -> str | None:
        """What only Jinja renders, or None."""
        return self._compiled[1]

    @cached_property
    def _compiled(self) -> tuple[Block | None, str | None]:
        try:
            return compiled(MessageEnvironment(self.source.escape).parse(self.source.text), self.schema), None
        except NotColumnarError as reason:
            return None, str(reason)

    @cached_property
    def _renderers(self) -> dict[Coding, JinjaRenderer]:
        return {}

    def jinja(self, coding: Coding) -> JinjaRenderer:
        """The template compiled by Jinja for one coding, once."""
        if coding not in self._renderers:
            source = self.source
            self._renderers[coding] = JinjaRenderer(source.text, source.escape, coding, source.one_blank_line)
        return self._renderers[coding]

    def __getstate__(self) -> dict[str, Any]:
        return {name: vars(self)[name] for name in ("source", "schema", "names", "nullable")}


def check_source(
    source: Source, schema: Mapping[str, pl.DataType], problems: Problems, key: str | None = None,
    around: Surroundings | None = None,
) -> Template | None:  # fmt: skip
    """The template of a source, or None with what is wrong added to `problems`, by its place in the user's file.

    A column of Null is null for everybody, and would be of any kind.
    """
    environment = MessageEnvironment(source.escape)
    try:
        tree = environment.parse(source.text)
    except TemplateSyntaxError as error:
        message = (error.message or "a syntax error").rstrip(".")
        problems.error(f"the template cannot be read: {message}.", source.place(error.lineno), key)
        return None
    before = len(problems.errors)
    checker = TemplateChecker(source, schema, problems, key, around or Surroundings())
    checker.body(tree.body)
    if len(problems.errors) > before:
        return None
    names = tuple(name for name in schema if name in checker.used)
    rendered = {name: pl.String() if schema[name] == pl.Null else schema[name] for name in names}
    return Template(source, rendered, names, tuple(checker.nullable))
