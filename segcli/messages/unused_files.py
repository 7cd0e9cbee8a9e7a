"""Files of messages that lie in a recipe's folder and that nobody is ever sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from segcli.messages.front_matter import read_head
from segcli.messages.message_files import BODIES, TEXT, is_language
from segcli.messages.partials import included_files, read_text
from segcli.problems import Place, Problems, nearest
from segcli.project.campaign_models import Step
from segcli.project.models import Project, Recipe
from segcli.project.recipe_choice import shipped_folder
from segcli.project.yaml_text import shown_path

_NOTES = frozenset({"readme", "license", "changelog", "notes", "todo"})  # for people, in any spelling


def check_unused_files(project: Project, problems: Problems) -> None:
    """Warns of every file that no step sends, by itself or as a part of another, and of variants that no step has."""
    for recipe in project.recipes:
        steps = [step for campaign in recipe.campaigns for step in campaign.steps]
        if steps and not recipe.path.is_relative_to(shipped_folder()):
            _check_recipe(recipe, steps, project.root, problems)


def _check_recipe(recipe: Recipe, steps: Sequence[Step], root: Path, problems: Problems) -> None:
    folder = recipe.path.parent
    messages = sorted({step.message for step in steps})
    variants = {name: {each for step in steps if step.message == name for each in step.variants} for name in messages}
    pools = {(root / offer.code.pool).resolve() for step in steps for offer in step.offers
             if offer.code and offer.code.pool}  # fmt: skip
    used = _used(folder, messages)
    for path in _files(folder):
        name, *suffixes = path.stem.split(".")
        if path in used:
            known = variants.get(name)
            if known is not None and not known and suffixes and not is_language(suffixes[0]):
                hint = f"Write `variants: {{a: 50, {suffixes[0]}: 50}}` into the step, or a language such as tr."
                text = f"no step that sends '{name}' has a variant '{suffixes[0]}', and there is no such language."
                problems.warn(text, Place(shown_path(path), 1, 1), hint=hint)
        elif path.resolve() not in pools and name.lower() not in _NOTES:
            hint = nearest(name, messages) or f"The steps of the recipe send {', '.join(messages)}."
            problems.warn("no step sends this file.", Place(shown_path(path), 1, 1), hint=hint)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (*BODIES, TEXT) and path.is_file())


def _used(folder: Path, messages: Sequence[str]) -> set[Path]:
    """The files of messages, of those whose body they send, their pages, and what all of these include."""
    waiting = [path for name in messages for path in _family(folder, name)]
    used: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in used:
            used.add(path)
            waiting += _named_by(path, folder)
    return used


def _named_by(path: Path, folder: Path) -> Iterator[Path]:
    text = read_text(path, Problems())
    if text is None:
        return
    yield from included_files(text, folder)
    head = read_head(path, Problems())
    if head and head.body_of:
        yield from _family(folder, head.body_of)
    if head and head.landing:
        yield folder / head.landing


def _family(folder: Path, name: str) -> Iterator[Path]:
    return (path for path in _files(folder) if path.stem.split(".")[0] == name)
