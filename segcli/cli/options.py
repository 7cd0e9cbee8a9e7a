"""Options that several commands share: one name, one meaning, one help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help="A project folder, or export files, folders and globs. Default: the project in this folder.",
        show_default=False,
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="The moment to compute for, as 2026-06-30 or 2026-06-30T09:00. Default: the project's, else now.",
    ),
]
Recipes = Annotated[
    list[str] | None,
    typer.Option("--recipe", "-r", metavar="NAME", help="A shipped recipe or a recipe's folder; may be repeated."),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="TABLE.COLUMN=NAME",
        help="What a column of the files means: --map orders.amount=revenue. May be repeated.",
    ),
]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="The folder for runs. Default: out/ of the project.")]
Esp = Annotated[
    str | None,
    typer.Option("--esp", metavar="NAME", help="Write send lists as this email service imports them."),
]
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")]
# Where a command has both, `given` puts them together, and loading says that a project stands alone.
Project = Annotated[
    str | None,
    typer.Option("--project", "-p", metavar="PATH", help="The project folder. Default: the project in this folder."),
]


def given(project: str | None, paths: list[str] | None) -> list[str]:
    """What a command is to read: a project, or paths."""
    return [*([project] if project else []), *(paths or [])]
