"""`segcli preview`: real messages of real customers as a page to look at."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from segcli.problems import Problem

Name = Annotated[str, typer.Argument(help="A campaign of the project, or one of its steps as CAMPAIGN.STEP.")]


def preview(
    name: Name,
    project: options.Project = None,
    as_of: options.AsOf = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where the page is written. [default: out/preview-NAME.html]"),
    ] = None,
    pictures: Annotated[bool, typer.Option("--pictures", help="Let the page load the messages' pictures.")] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show a campaign's messages as customers would get them now, due or not.

    Writes one page: each message on a desktop and a phone, light and dark, its text part, headers, size, and what each
    field was. The customers are chosen for what could go wrong: no first name, long names, each language and version.
    """
    from segcli.campaign_preparing import prepare_campaigns
    from segcli.campaign_preview import preview_campaigns
    from segcli.cli.output import counted, print_json, print_problems, progress, stdout_console
    from segcli.exports.preview_page import preview_page
    from segcli.pipeline import scratch_folder
    from segcli.problems import Problem, Problems, RecipeError, nearest
    from segcli.project import load_project

    problems = Problems()
    campaign, _, step = name.partition(".")
    with progress(quiet=quiet or as_json) as say, scratch_folder() as scratch:
        say("Recognising files")
        shop = load_project([project] if project else [], as_of=as_of)
        if shop.messages.format == "none":  # a service renders them; they can be looked at all the same
            shop = replace(shop, messages=replace(shop.messages, format="columns"))
        prepared = prepare_campaigns(shop, [campaign], problems)
        problems.stop()
        steps = [each.step.name for each in prepared.campaigns[0].steps]
        if step and step not in steps:
            hint = nearest(step, steps) or f"It has {', '.join(steps)}."
            raise RecipeError([Problem(f"the campaign {campaign} has no step '{step}'.", hint=hint)])
        found = preview_campaigns(prepared, scratch, say, step=step or None)
    if not quiet:
        print_problems([*shop.warnings, *problems.warnings, *_notes(found.nobody_in)])
    if not found.messages:
        asked = f"{campaign}.{step}" if step else campaign
        hint = "Write a file for its message into the recipe's folder, such as " + f"{(step or steps[0])}.md."
        raise RecipeError([Problem(f"there is no message to show of {asked}.", hint=hint)])
    page = preview_page(f"{shop.shop}: {name}", found.messages, pictures=pictures)
    file = out or shop.output / f"preview-{name}.html"
    _write(file, page)
    if as_json:
        print_json({"page": str(file), "messages": len(found.messages), "without_message": list(found.without_message)})
    elif not quiet:
        stdout_console().print(f"{counted(len(found.messages), 'message')} in {file}", markup=False, soft_wrap=True)


def _notes(nobody: tuple[str, ...]) -> list[Problem]:
    from segcli.problems import Problem

    return [
        Problem(f"nobody is in the audience of {name} now: it is shown for other customers.", severity="warning")
        for name in nobody
    ]


def _write(file: Path, page: str) -> None:
    """The page has what the messages have about people: only its owner reads it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(page)
    draft.replace(file)
