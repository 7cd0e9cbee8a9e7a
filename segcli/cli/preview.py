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
    from segcli.project.campaign_models import Step
    from segcli.project.message_models import MessageSettings

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

    Writes one page: each message on a desktop and a phone, light and dark, its landing page, text part, headers, size,
    and what each field was; of lists for people who call their columns. The customers are chosen for what could go
    wrong: what cannot be made, no first name, long names, each language and version.
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
        stood_in: tuple[str, ...] = ()
        if shop.messages.format == "none":  # a service renders them; they can be looked at all the same
            messages, stood_in = _with_stand_ins(shop.messages)
            shop = replace(shop, messages=messages)
        prepared = prepare_campaigns(shop, [campaign], problems)
        problems.stop()
        files = {each.step.name: _file_of(each.step) for each in prepared.campaigns[0].steps}
        steps = list(files)
        if step and step not in steps:
            hint = nearest(step, steps) or f"It has {', '.join(steps)}."
            raise RecipeError([Problem(f"the campaign {campaign} has no step '{step}'.", hint=hint)])
        found = preview_campaigns(prepared, scratch, say, step=step or None)
    if not quiet:
        print_problems([*shop.warnings, *problems.warnings, *_notes(found.nobody_in, stood_in)])
    if not found.messages:
        asked = f"{campaign}.{step}" if step else campaign
        hint = f"Write a file for its message into the recipe's folder, such as {files[step or steps[0]]}."
        raise RecipeError([Problem(f"there is no message to show of {asked}.", hint=hint)])
    page = preview_page(f"{shop.shop}: {name}", found.messages, pictures=pictures)
    file = out or shop.output / f"preview-{name}.html"
    _write(file, page)
    if as_json:
        print_json({"page": str(file), "messages": len(found.messages), "without_message": list(found.without_message)})
    elif not quiet:
        stdout_console().print(f"{counted(len(found.messages), 'message')} in {file}", markup=False, soft_wrap=True)


def _file_of(step: Step) -> str:
    """What a file of the step's message may be called."""
    return f"{step.message}.{'txt' if step.channel == 'sms' else 'md'}"


def _with_stand_ins(given: MessageSettings) -> tuple[MessageSettings, tuple[str, ...]]:
    """What messages need of a project, made up where it does not say it; and which keys of it were made up."""
    from segcli.problems import Place
    from segcli.project.message_models import Sender

    sender = given.sender or Sender("hello@shop.example", Place("segcli.yaml"))
    missing = {
        "sender.address": not sender.address, "links.shop": not given.links.shop,
        "links.unsubscribe": not given.links.unsubscribe,
    }  # fmt: skip
    links = replace(
        given.links,
        shop=given.links.shop or "https://shop.example",
        unsubscribe=given.links.unsubscribe or "https://shop.example/unsubscribe",
    )
    sender = replace(sender, address=sender.address or "1 Example Street")
    return replace(given, sender=sender, links=links, format="columns"), tuple(
        key for key, lacks in missing.items() if lacks
    )


def _notes(nobody: tuple[str, ...], stood_in: tuple[str, ...]) -> list[Problem]:
    from segcli.problems import Problem

    notes = [f"nobody is in the audience of {name} now: it is shown for other customers." for name in nobody]
    if stood_in:
        notes.append(f"the project does not say {', '.join(stood_in)}: the page shows an example in their place.")
    return [Problem(note, severity="warning") for note in notes]


def _write(file: Path, page: str) -> None:
    """The page has what the messages have about people: only its owner reads it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(page)
    draft.replace(file)
