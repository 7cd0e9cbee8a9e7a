"""The frame that every mail of a shop shares: its layout, its partials, its brand and its words by language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from segcli.messages.constants import literal
from segcli.problems import Place, Problems, nearest
from segcli.project.recipe_choice import shipped_folder
from segcli.project.shapes import MappingOf, Placed
from segcli.project.values import Text
from segcli.project.yaml_text import read_yaml, shown_path

LAYOUT_FOLDER = "_layout"
LAYOUT_FILE, LAYOUT_TEXT = "layout.mjml", "layout.txt"
PARTIALS = "partials"  # the folder in a layout's own
KINDS = ("mjml", "txt")  # of partials: in HTML and in the text part
WORDS_FILE = "words.yaml"
_WORDS = MappingOf(MappingOf(Placed(Text("the words")), "names and words"), "languages and words", lambda *_: True)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


@dataclass(frozen=True)
class Brand:
    """What a shop's mails look like. Colours are `#rrggbb`; `logo` is the https address of an image, or nothing."""

    name: str = ""
    logo: str = ""
    logo_width: str = "160"
    colour: str = "#1f5f4a"
    button_text: str = "#ffffff"
    background: str = "#f4f4f2"
    surface: str = "#ffffff"
    text_colour: str = "#1d1d1b"
    muted_colour: str = "#5f5f5a"
    font: str = "Helvetica, Arial, sans-serif"
    radius: str = "6px"
    language: str = "en"  # of messages that do not say
    signature: str = ""  # what stands before the postal address: the shop's name, unless the address begins with it


@dataclass(frozen=True)
class Layout:
    """The files that mails are put into. `words` has the layout's own words by language, `word_places` where a shop's
    own ones stand."""

    folders: tuple[Path, ...]  # the shop's own first
    brand: Brand = Brand()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    word_places: Mapping[tuple[str, str], Place] = field(default_factory=dict)  # of language and name

    def find(self, name: str) -> Path | None:
        """A file of the layout: the shop's own before the shipped one."""
        return next((folder / name for folder in self.folders if (folder / name).is_file()), None)

    def place(self, path: Path) -> Place | None:
        """Where a file of the layout begins, or None if it is segcli's own."""
        return None if _is_shipped(path) else Place(shown_path(path), 1, 1)

    def own_files(self) -> list[Path]:
        """The files of the shop's own that mails are put into."""
        names = (LAYOUT_FILE, LAYOUT_TEXT, *(f"{PARTIALS}/{name}.{kind}" for name in self.partials() for kind in KINDS))
        found = (self.find(name) for name in names)
        return [path for path in found if path is not None and not _is_shipped(path)]

    def partials(self) -> tuple[str, ...]:
        """The names of what `{{ name() }}` puts in."""
        names = {file.stem for folder in self.folders for file in (folder / PARTIALS).glob("*.mjml")}
        return tuple(sorted(names))

    def language(self, language: str | None) -> str:
        return (language or self.brand.language).replace("_", "-")

    def known(self, language: str | None, *, marketing: bool) -> dict[str, str]:
        """What the layout's tags may name at compile time, as Jinja writes it; `words.x` are templates."""
        spoken = self.language(language)
        known = {f"brand.{each.name}": literal(getattr(self.brand, each.name)) for each in fields(self.brand)}
        words = {name: text for each in _tried(spoken) for name, text in self.words.get(each, {}).items()}
        known |= {f"words.{name}": literal(text) for name, text in words.items()}
        direction = "rtl" if spoken.split("-")[0] in _RIGHT_TO_LEFT else "ltr"
        known |= {"layout.language": literal(spoken), "layout.direction": literal(direction)}
        known |= {"layout.start": literal("right" if direction == "rtl" else "left")}
        known |= {"brand.colour_on_dark": literal(_on_dark(self.brand.colour))}
        return {**known, "layout.marketing": literal(marketing)}

    def places_of_words(self, language: str | None) -> dict[str, Place]:
        """Where the `words.x` of a language stand that are the shop's own."""
        found: dict[str, Place] = {}
        for spoken in _tried(self.language(language)):
            for name in self.words.get(spoken, {}):
                place = self.word_places.get((spoken, name))
                found.pop(f"words.{name}", None)
                found |= {f"words.{name}": place} if place else {}
        return found


def _tried(language: str) -> tuple[str, ...]:
    """The languages whose words hold, later ones before earlier ones."""
    return tuple(dict.fromkeys(("en", language.split("-")[0], language)))


def _on_dark(colour: str) -> str:
    """A colour made light enough to be read on a dark surface, whatever it is: 4.5 to 1 and more on #262626."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(0.4 * part + 0.6 * 255):02x}" for part in parts)


def _is_shipped(path: Path) -> bool:
    return path.is_relative_to(shipped_folder())


def load_layout(project_folder: Path | None, brand: Mapping[str, str], problems: Problems) -> Layout:
    """The shipped layout, and before it what a project has in `_layout` or `recipes/_layout`, in the shop's brand."""
    own = [project_folder / LAYOUT_FOLDER, project_folder / "recipes" / LAYOUT_FOLDER] if project_folder else []
    folders = [folder.resolve() for folder in (*own, shipped_folder() / LAYOUT_FOLDER) if folder.is_dir()]
    folders = list(dict.fromkeys(folders))
    words: dict[str, dict[str, str]] = {}
    places: dict[tuple[str, str], Place] = {}
    for folder in reversed(folders):
        tree = read_yaml(folder / WORDS_FILE, problems) if (folder / WORDS_FILE).is_file() else None
        for language in (_WORDS.read(tree, "", problems) or ()) if tree else ():
            for each in language.value or ():
                words.setdefault(language.name, {})[each.name] = each.value.value
                if not _is_shipped(folder):
                    places[language.name, each.name] = each.value.place
    return Layout(tuple(folders), _brand(brand, problems), words, places)


def _brand(values: Mapping[str, str], problems: Problems) -> Brand:
    names = [each.name for each in fields(Brand)]
    for name, value in values.items():
        if name not in names:
            problems.error(f"a brand has no '{name}'.", hint=nearest(name, names) or f"It has {', '.join(names)}.")
        elif (name.endswith("colour") or name in ("background", "surface", "button_text")) and not _COLOUR.fullmatch(
            value
        ):
            problems.error(f"the brand's {name} is a colour such as #1f5f4a, not '{value}'.")
    return Brand(**{name: value for name, value in values.items() if name in names})
