"""Which recipes a project uses: shipped ones by name, folders by path; names are defined once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from segcli.problems import Place, Problems, RecipeError, nearest
from segcli.project.models import Recipe
from segcli.project.project_keys import DEFAULT_SET
from segcli.project.recipes import RECIPE_FILE, load_recipe
from segcli.project.yaml_text import read_yaml

_PACKAGE = Path(__file__).resolve().parent.parent
BUILTIN_FILE = _PACKAGE / "fields" / "builtin.yaml"


@dataclass(frozen=True)
class Wanted:
    """A recipe as it was asked for, and where."""

    name: str
    place: Place | None = None


def shipped_folder() -> Path:
    """The recipes that come with segcli: inside the installed package, or beside it in a checkout."""
    inside = _PACKAGE / "recipes"
    return inside if inside.is_dir() else _PACKAGE.parent / "recipes"


def shipped_recipes() -> dict[str, Path]:
    """The folder of every shipped recipe, by name."""
    return {file.parent.name: file.parent for file in sorted(shipped_folder().glob(f"*/{RECIPE_FILE}"))}


def builtin_vocabulary() -> Recipe:
    """The fields that every project can use. Raises RecipeError if the file was damaged."""
    problems = Problems()
    recipe = load_recipe(BUILTIN_FILE, problems, name="builtin")
    if recipe is None:
        raise RecipeError(list(problems))
    return recipe


def choose_recipes(wanted: Sequence[Wanted], root: Path, problems: Problems) -> tuple[Recipe, ...]:
    """The built-in vocabulary and the wanted recipes (the default set when none), each name defined once."""
    wanted = wanted or default_set(problems)
    folders: dict[Path, None] = {}
    shipped = shipped_recipes()
    for each in wanted:
        folders.update(dict.fromkeys(_find(each, root, shipped, problems)))
    builtin = load_recipe(BUILTIN_FILE, problems, name="builtin")
    chosen = [recipe for folder in folders if (recipe := load_recipe(folder, problems))]
    return _defined_once(builtin, chosen, {folder / RECIPE_FILE for folder in shipped.values()}, problems)


def default_set(problems: Problems) -> list[Wanted]:
    """The shipped recipes that are used when none are named; all of them when no list says otherwise."""
    file = shipped_folder() / "default.yaml"
    if not file.is_file():
        return [Wanted(name) for name in shipped_recipes()]
    return _listed(file, "recipes", problems)


def first_campaigns(problems: Problems) -> list[Wanted]:
    """The shipped recipes with campaigns that a new project begins with."""
    file = shipped_folder() / "default.yaml"
    return _listed(file, "campaigns", problems) if file.is_file() else []


def _listed(file: Path, key: str, problems: Problems) -> list[Wanted]:
    tree = read_yaml(file, problems)
    values = DEFAULT_SET.read(tree, "", problems) if tree else None
    return [Wanted(each.name, each.place) for each in values.get(key) or ()] if values else []


def home_expanded(path: str) -> Path:
    """A path with `~/` in front read as the shell reads it."""
    return Path(path).expanduser() if path.startswith("~/") else Path(path)


def _find(wanted: Wanted, root: Path, shipped: Mapping[str, Path], problems: Problems) -> list[Path]:
    """The folder of a recipe; several when it is a folder of recipe folders."""
    path = root / home_expanded(wanted.name)
    try:
        if path.name == RECIPE_FILE and path.is_file():
            return [path.parent.resolve()]
        if (path / RECIPE_FILE).is_file():
            return [path.resolve()]
        if wanted.name in shipped:
            return [shipped[wanted.name]]
        if inner := sorted(path.glob(f"*/{RECIPE_FILE}")):
            return [file.parent.resolve() for file in inner]
        is_folder = path.is_dir()
    except (OSError, ValueError):  # no name that a file can have
        is_folder = False
    if is_folder:
        message = f"the folder '{wanted.name}' holds no {RECIPE_FILE}."
        hint: str | None = f"Name a folder with a {RECIPE_FILE}, or a folder of such folders."
    else:
        message = f"no recipe or folder named '{wanted.name}'."
        hint = nearest(wanted.name, shipped) or f"Shipped are {', '.join(shipped) or 'none'}."
        if wanted.name.startswith((".", "/", "~")):
            message = f"no folder '{wanted.name}'."
            hint = f"Name a folder with a {RECIPE_FILE}."
            if path.is_file():
                message = f"'{wanted.name}' is a file, and no recipe's folder."
    problems.error(message, wanted.place, "recipes" if wanted.place else "--recipe", hint=hint)
    return []


def _defined_once(
    builtin: Recipe | None, chosen: list[Recipe], shipped: Collection[Path], problems: Problems
) -> tuple[Recipe, ...]:
    """Says which names are defined twice; a project's own recipe, none of `shipped`, may replace a built-in field."""
    places: dict[str, Place] = {}
    campaigns: dict[str, Place] = {}  # names of their own: a campaign may be called like a segment
    for recipe in chosen:
        for campaign in recipe.campaigns:
            _note_place(campaign.name, campaign.place, campaigns, problems)
        for each in (*recipe.fields, *recipe.segments):
            _note_place(each.name, each.place, places, problems)
    if builtin is None:
        return tuple(chosen)
    own_fields = {each.name for recipe in chosen if recipe.path not in shipped for each in recipe.fields}
    for vocabulary in builtin.fields:
        if vocabulary.name in places and vocabulary.name not in own_fields:
            _report_twice(vocabulary.name, places[vocabulary.name], vocabulary.place, problems)
    kept = tuple(each for each in builtin.fields if each.name not in own_fields)
    return (replace(builtin, fields=kept), *chosen)


def _note_place(name: str, place: Place, places: dict[str, Place], problems: Problems) -> None:
    if name in places:
        _report_twice(name, place, places[name], problems)
    else:
        places[name] = place


def _report_twice(name: str, place: Place, first: Place, problems: Problems) -> None:
    problems.error(f"'{name}' is defined here and at {first}.", place, name, hint="Rename or remove one of them.")
