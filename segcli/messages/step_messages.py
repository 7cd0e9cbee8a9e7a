"""The messages of campaigns: every file of every step compiled, before any row is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from segcli.campaigns.starting_rows import ROW
from segcli.messages.compiling import compile_message
from segcli.messages.constants import names_of_tag
from segcli.messages.context import OF_MESSAGE
from segcli.messages.landing_html import Page, compile_landing_page
from segcli.messages.layout import PARTIALS, Layout, load_layout
from segcli.messages.links import LinkParameters, link_parameters, with_tagged_links
from segcli.messages.lints import check_layout, check_message
from segcli.messages.message_files import BODIES, SHIPPED_PLAIN, TEXT, MessageFamily, MessageFile, find_messages
from segcli.messages.model import CompiledMessage
from segcli.messages.pieces import split_pieces
from segcli.messages.remembered import Remembered, stamp
from segcli.messages.sms_lints import lint_text_file
from segcli.problems import Place, Problem, Problems
from segcli.project.campaign_models import Campaign, Step
from segcli.project.models import Project
from segcli.project.recipe_choice import shipped_folder
from segcli.project.yaml_text import shown_path


@dataclass(frozen=True)
class StepMessage:
    """One step's message in all its versions. `versions` are in the order of the files."""

    campaign: str
    step: Step
    family: MessageFamily
    versions: Mapping[MessageFile, CompiledMessage]
    parameters: LinkParameters
    locale: str  # of the plain versions
    pages: Mapping[str | None, Page] = field(default_factory=dict)  # the landing page by language, None for all others
    partials: tuple[str, ...] = ()  # what the layout puts in for `{{ name() }}`

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that a version mentions and that the message itself does not bring: fields, or mistakes.

        Its own loop variables too: rather more names than fewer.
        """
        found = frozenset(name for names, _ in self._tags for name in names)
        return found - OF_MESSAGE.keys() - {ROW}

    @cached_property
    def row_columns(self) -> frozenset[str]:
        """The columns that a version mentions of the row that starts the series: `{{ row.order_id }}`."""
        return frozenset(attribute for _, members in self._tags for name, attribute in members if name == ROW)

    @cached_property
    def _tags(self) -> list[tuple[frozenset[str], frozenset[tuple[str, str]]]]:
        texts = {source.text for version in self.versions.values() for _, source in version.sources}
        tags = {piece.inner for text in texts for piece in split_pieces(text, None, Problems()) if piece.is_tag}
        return [names_of_tag(tag) for tag in sorted(tags)]

    def __getstate__(self) -> dict[str, Any]:
        """Without what is worked out from the files: another process can have it, and does so itself."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def numbers(self, frame: pl.DataFrame) -> pl.Series:
        """For each row (`variant`, `language`) the number of its version among `versions`."""
        places = {file: number for number, file in enumerate(self.versions)}
        pairs = frame.select("variant", "language").unique()
        chosen = [self.family.choose(variant, language) for variant, language in pairs.iter_rows()]
        numbered = pairs.with_columns(
            version=pl.Series([None if file is None else places.get(file) for file in chosen], dtype=pl.Int64)
        )
        found = frame.select("variant", "language").join(
            numbered, on=["variant", "language"], how="left", nulls_equal=True, maintain_order="left"
        )
        return found["version"]


def layout_of(project: Project, problems: Problems) -> Layout:
    """The frame of the project's mails, in its brand."""
    brand = project.messages.brand
    given = {
        "logo": brand.logo, "colour": _six_digits(brand.colour), "background": _six_digits(brand.background),
        "text_colour": _six_digits(brand.text), "font": brand.font,
    }  # fmt: skip
    values = {name: value for name, value in given.items() if value is not None}
    own = {"name": project.shop, "language": project.locale.split("_")[0], "signature": _signature(project)}
    return load_layout(project.root, own | values, problems)


def _signature(project: Project) -> str:
    """What stands before the postal address: the shop's name, unless that is what the address begins with."""
    sender = project.messages.sender
    first = re.split(r"[,\n]", sender.address or "")[0].casefold().strip() if sender else ""
    for name in (project.shop, sender.name if sender else None):
        behind = first.removeprefix(name.casefold()) if name else first
        if behind != first and not re.match(
            r"\w|.*\d", behind
        ):  # "Kettle Street 1" is where Kettle is, and not its name
            return ""
    return f"{project.shop} · "


def _six_digits(colour: str | None) -> str | None:
    if colour is None or len(colour) == len("#rrggbb"):
        return colour
    return "#" + "".join(digit * 2 for digit in colour.removeprefix("#"))


def has_message(folder: Path, step: Step) -> bool:
    """Whether a recipe's folder has any file of the step's message."""
    return any(
        path.suffix in (*BODIES, TEXT) and path.name.split(".")[0] == step.message
        for path in folder.glob(f"{step.message}.*")
    )


# A message is compiled once per process: a recipe's tests, and whoever runs again and again, have the same ones.
compiled_before = Remembered[tuple["StepMessage | None", list[Problem]]](most=1_000)


def compile_messages(project: Project, campaigns: Sequence[Campaign], problems: Problems) -> tuple[StepMessage, ...]:
    """Every message that has a file; where finished emails are asked for, a step without one is a problem.

    What is wrong with a file goes to `problems` with its place.
    """
    folders = {recipe.name: recipe.path.parent for recipe in project.recipes}
    layout: Layout | None = None
    common = ""
    found = []
    for campaign in campaigns:
        folder = folders[campaign.recipe]
        for step in campaign.steps:
            if step.channel == "email" and project.messages.format == "none":
                continue
            if not has_message(folder, step):
                _tell_of_no_file(project, step, folder, problems)
                continue
            if layout is None:
                layout = layout_of(project, problems)
                check_layout(layout, problems)
                facts = (layout, project.messages, project.locale, Path.cwd())  # places are shown from where one is
                files = (stamp(each) for folder in layout.folders for each in (folder, folder / PARTIALS))
                common = repr((*facts, *files))
            key = (campaign.name, repr(step), str(folder), stamp(folder), common)
            message, told = compiled_before.get(key) or _compiled(project, campaign, step, folder, layout)
            compiled_before.put(key, (message, told))
            problems.found.extend(told)
            if message is not None:
                found.append(message)
    return tuple(found)


def _tell_of_no_file(project: Project, step: Step, folder: Path, problems: Problems) -> None:
    if project.messages.format in ("eml", "mbox") and step.channel == "email":
        hint = f"Write {folder.name}/{step.message}.md, or `messages: {{format: columns}}` for send lists alone."
        problems.error(f"the message '{step.message}' has no file.", step.place, hint=hint)


def _compiled(
    project: Project, campaign: Campaign, step: Step, folder: Path, layout: Layout
) -> tuple[StepMessage | None, list[Problem]]:
    """The message, if one can be made, and everything that is to be said about it."""
    problems = Problems()
    return _with_versions(project, campaign, step, folder, layout, problems), problems.found


def _with_versions(
    project: Project, campaign: Campaign, step: Step, folder: Path, layout: Layout, problems: Problems
) -> StepMessage | None:
    links = project.messages.links
    parameters = link_parameters(
        links.shop, links.utm, links.token, campaign=campaign.name, step=step.name, medium=step.channel
    )
    family = find_messages(folder, step.message, problems, variants=step.variants, place=step.place)
    if family is None:
        return None
    _check_variants(step, family, problems)
    _check_language(project, family, problems)
    versions = {}
    for file in family.files:
        compiled = compile_message(file, layout, problems, marketing=step.marketing, channel=step.channel)
        if compiled is None:
            continue
        _lint(project, step, file, compiled, layout, problems)
        versions[file] = with_tagged_links(compiled, parameters)
    parts = {version.html is None for version in versions.values()}
    if len(parts) > 1:
        hint = "Write all of them with HTML, or all as text alone."
        problems.error(f"the versions of '{step.message}' are not all of one kind.", step.place, hint=hint)
    pages = _pages(project, family, versions, layout, problems)
    return StepMessage(campaign.name, step, family, versions, parameters, project.locale, pages, layout.partials())


def _check_variants(step: Step, family: MessageFamily, problems: Problems) -> None:
    """Warns of variants that are the same message: they all send the plain one."""
    written = {file.variant for file in family.files}
    plain = [name for name in step.variants if name not in written]
    if len(plain) > 1:
        message = f"the variants {', '.join(plain)} of '{step.message}' are one and the same message."
        hint = f"Write {family.name}.{plain[-1]}{family.files[0].path.suffix}; one variant may be the plain message."
        problems.warn(message, step.place, "variants", hint)


def _check_language(project: Project, family: MessageFamily, problems: Problems) -> None:
    """Warns, once for a recipe, of shipped messages that the shop's customers would get in another language.

    What the plain file of a recipe of the shop's own is written in, nobody but the shop knows.
    """
    language = project.locale.split("_")[0]
    spoken = {each.split("-")[0] for each in (SHIPPED_PLAIN, *family.languages)}
    if family.folder.parent.resolve() == shipped_folder().resolve() and language not in spoken:
        message = f"its messages are not written in the shop's language, '{language}': whoever reads it gets English."
        hint = f"Copy the folder beside segcli.yaml, and write {family.name}.{language}.md and the others in it."
        problems.warn(message, Place(shown_path(family.folder)), hint=hint)


def _lint(
    project: Project, step: Step, file: MessageFile, message: CompiledMessage, layout: Layout, problems: Problems
) -> None:
    if step.channel == "email":
        shop = project.messages.links.shop
        check_message(file, message, layout, problems, marketing=step.marketing, shop=shop)
        if message.html and message.preheader and not re.search(r"\bpreheader\b", message.html.text):
            hint = "Write {{ preheader }} into the body, at its beginning and hidden, or leave it out."
            problems.warn("the preheader is shown nowhere.", Place(shown_path(file.path), 1, 1), "preheader", hint)
    elif step.channel == "sms":
        if file.body is not None:
            hint = f"Write {file.name}.txt instead."
            problems.error("a text message is a .txt file.", Place(shown_path(file.path), 1, 1), hint=hint)
        lint_text_file(file.path, None, problems)


def _pages(
    project: Project, family: MessageFamily, versions: Mapping[MessageFile, CompiledMessage], layout: Layout,
    problems: Problems,
) -> dict[str | None, Page]:  # fmt: skip
    """The landing page that the plain version names, in each language of the message."""
    plain = family.choose()
    version = versions.get(plain) if plain else None
    name = version.landing if version else None
    for other in versions.values():
        if other.landing not in (None, name):
            hint = "Write it in the message without a language in its name: its page is made in every language."
            problems.error(f"the page '{other.landing}' is made for nobody.", other.landing_place, "landing", hint=hint)
    if plain is None or name is None:
        return {}
    place = version.landing_place if version else None
    if project.messages.links.landing is None:
        hint = "Write in segcli.yaml where the pages are published, such as `links: {landing: https://.../l}`."
        problems.error("'landing' needs a folder that is published.", place, "landing", hint=hint)
        return {}
    path = family.folder / name if (family.folder / name).is_file() else layout.find(name)
    if path is None:
        hint = f"Write {name} beside the message, or take the layout's landing.html."
        problems.error(f"there is no page '{name}'.", place, "landing", hint=hint)
        return {}
    own = project.messages.landing_per_recipient
    pages = {
        language: compile_landing_page(path, layout, problems, per_recipient=own, language=language)
        for language in (None, *family.languages)
    }
    return {language: page for language, page in pages.items() if page is not None}
