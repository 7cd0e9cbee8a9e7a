"""A segcli.yaml and the command line's options, or bare export files, become a Project."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from segcli.problems import Place, Problems, RecipeError
from segcli.project import localities
from segcli.project.contact_settings import consent_of, limits_of
from segcli.project.message_settings import message_settings_of
from segcli.project.models import Expectations, Project, SourceDefinition
from segcli.project.project_keys import PROJECT
from segcli.project.recipe_choice import Wanted, choose_recipes, home_expanded
from segcli.project.shapes import Named, Values
from segcli.project.yaml_text import read_yaml, shown_path

PROJECT_FILE = "segcli.yaml"
KEY_FILE = ".segcli.key"
_T = TypeVar("_T")
_NOTHING = Values(Place(PROJECT_FILE), PROJECT, {}, {})


@dataclass(frozen=True)
class _Options:
    """What the command line says; it goes before what the file says."""

    as_of: str | None
    recipes: Sequence[str]
    out: Path | None
    maps: Sequence[str]
    esp: str | None
    now: dt.datetime | None


def load_project(
    paths: Sequence[Path | str],
    *,
    as_of: str | None = None,
    recipes: Sequence[str] | None = None,
    out: Path | None = None,
    maps: Sequence[str] = (),
    esp: str | None = None,
    now: dt.datetime | None = None,
) -> Project:
    """The project in a folder (or of its segcli.yaml), or one made of the export files at `paths`.

    `as_of`, `recipes`, `out` and `esp` replace what the file says; `maps` are `TABLE.COLUMN=HEADER`. A naive
    `as_of` is in the project's time zone; without one it is `now`, or else the clock's time, to the minute.
    Raises RecipeError with every problem that was found.
    """
    problems = Problems()
    options = _Options(as_of, recipes or (), out, maps, esp, now)
    file = _project_file(paths, problems)
    problems.stop_on_errors(RecipeError)
    tree = read_yaml(file, problems) if file else None
    if file and tree is None:
        raise RecipeError(list(problems))
    values = PROJECT.read_partly(tree, "", problems) if tree else _NOTHING
    root = file.parent if file else Path.cwd()
    project = _build(values, root, file, options, problems)
    if file is None:
        named = SourceDefinition("", tuple(str(path) for path in paths), Place("command line"))
        project = replace(project, sources=(named,))
    problems.stop_on_errors(RecipeError)
    return replace(project, warnings=tuple(problems))


def project_of(values: Values, root: Path, now: dt.datetime, problems: Problems) -> Project:
    """The project that the keys of a mapping make, as of `now`: one without a file of its own, in the folder `root`."""
    return _build(values, root, None, _Options(None, (), None, (), None, now), problems)


def _project_file(paths: Sequence[Path | str], problems: Problems) -> Path | None:
    """The segcli.yaml that is meant, or None when the paths are export files."""
    if not paths:
        file = Path.cwd() / PROJECT_FILE
        if not file.is_file():
            problems.error(
                f"nothing to read: there is no {PROJECT_FILE} here.",
                hint="Type 'segcli segment PATH' with your export files or their folder, or 'segcli init'.",
            )
        return file
    found = [each.resolve() for path in paths if (each := _as_project(Path(path), problems))]
    if found and len(paths) > 1:
        problems.error(
            f"{shown_path(found[0])} is a project, and stands alone.",
            hint="Name its other files under 'sources:', or leave it out.",
        )
    return found[0] if found else None


def _as_project(path: Path, problems: Problems) -> Path | None:
    if path.is_dir():
        return path / PROJECT_FILE if (path / PROJECT_FILE).is_file() else None
    if path.name == PROJECT_FILE:
        return path  # reading it says so when it is missing
    if path.suffix in (".yaml", ".yml"):
        hint = "A recipe is given with --recipe." if path.is_file() else None
        problems.error(f"{path} is no project: a project is a folder with {PROJECT_FILE}.", hint=hint)
    return None


def _build(values: Values, root: Path, file: Path | None, options: _Options, problems: Problems) -> Project:
    zone = _timezone(values, problems) or ZoneInfo("UTC")
    columns = _map_options(options.maps, problems)
    sources = _sources(values, problems)
    defined = {source.table for source in sources}
    wanted = _wanted_recipes(values, options)
    output = values.get("output")
    keep = output.get("keep") if isinstance(output, Values) else None
    listed = output.get("columns") if isinstance(output, Values) else None
    folder = output.get("folder") if isinstance(output, Values) else output
    expect: Values = values.get("expect") or _NOTHING
    written = (options.out or root / home_expanded(folder or "out")).resolve()
    return Project(
        root=root,
        file=file,
        shop=values.get("shop") or root.name,
        timezone=zone,
        currency=_currency(values, problems),
        locale=_given(values, "locale", localities.read_locale, problems) or "en",
        country=_given(values, "country", localities.read_country, problems),
        as_of=_moment(values, zone, options, problems),
        sources=tuple(
            replace(
                source,
                columns={**source.columns, **columns.get(source.table, {})},
                mapped=frozenset(columns.get(source.table, {})),
            )
            for source in sources
        ),
        recipes=choose_recipes(wanted, Path.cwd() if options.recipes else root, problems),
        output=written,
        history=_history(values, root, written, problems),
        key_file=root / KEY_FILE,
        limits=limits_of(values),
        consent=consent_of(values, root, problems),
        messages=message_settings_of(values, problems),
        rates={each.name: each.value for each in values.get("rates") or ()},
        delivery_days=_or(values.get("delivery_days"), 5),
        max_rejected=_or(values.get("max_rejected"), Decimal("0.01")),
        keep=keep,
        list_columns={each.name: each.place for each in listed or ()},
        chosen_recipes=bool(options.recipes),
        esp=options.esp or values.get("esp"),
        esp_place=None if options.esp else values.places.get("esp"),
        expect=Expectations(
            expect.get("newest_order"),
            {each.name: each.value for each in expect.get("rows") or ()},
            {**expect.places, **{each.name: each.place for each in expect.get("rows") or ()}},
        ),
        maps={table: mapping for table, mapping in columns.items() if table not in defined},
        default_recipes=not wanted,
    )


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _given(values: Values, key: str, read: Callable[[str, Place, Problems], _T], problems: Problems) -> _T | None:
    """What `read` makes of a text that was written; None when it was not."""
    text = values.get(key)
    return None if text is None else read(text, values.places[key], problems)


def _timezone(values: Values, problems: Problems) -> ZoneInfo | None:
    return _given(values, "timezone", localities.read_timezone, problems)


def _currency(values: Values, problems: Problems) -> str | None:
    code: str | None = values.get("currency")
    if code is not None:
        localities.check_currency(code, values.places["currency"], "currency", problems)
    elif values.get("rates"):
        problems.error("'rates' needs 'currency' beside it.", values.places["rates"])
    return code


def _moment(values: Values, zone: ZoneInfo, options: _Options, problems: Problems) -> dt.datetime:
    now = localities.naive_minute(options.now or dt.datetime.now(zone), zone)
    text = options.as_of or values.get("as_of")
    if text is None:
        return now
    place, key = (None, "--as-of") if options.as_of else (values.places["as_of"], "as_of")
    return localities.read_moment(text, zone, place, key, problems) or now


def _history(values: Values, root: Path, output: Path, problems: Problems) -> Path:
    """The folder of the history; never where runs are written, which may be swept."""
    folder = (root / home_expanded(values.get("history") or "history")).resolve()
    if output.is_relative_to(folder):
        place = values.places.get("history") or values.places.get("output")
        hint = "Give each a folder of its own; the output's may be emptied, the history's never."
        problems.error(f"runs are written into the history's folder '{folder.name}'.", place, "history", hint=hint)
    return folder


def _wanted_recipes(values: Values, options: _Options) -> list[Wanted]:
    if options.recipes:
        return [Wanted(name) for name in options.recipes]
    return [Wanted(each.name, each.place) for each in values.get("recipes") or () if each]


def _map_options(maps: Sequence[str], problems: Problems) -> dict[str, dict[str, str]]:
    """`orders.amount=revenue` as table -> column -> header."""
    columns: dict[str, dict[str, str]] = {}
    for text in maps:
        match = re.fullmatch(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)=(.*\S.*)", text)
        if not match:
            problems.error(
                f"'{text}' maps nothing.",
                key="--map",
                hint="Write TABLE.COLUMN=HEADER: orders.amount=revenue.",
            )
            continue
        table, column, header = match.groups()
        if columns.setdefault(table, {}).setdefault(column, header) != header:
            problems.error(f"{table}.{column} is mapped twice.", key="--map")
    return columns


def _sources(values: Values, problems: Problems) -> tuple[SourceDefinition, ...]:
    given = values.get("sources")
    if not given:
        return ()
    place = values.places["sources"]
    if isinstance(given, tuple) and isinstance(given[0], Named):
        found = [each for table in given for each in _table_sources(table.name, table.value, table.place, problems)]
    else:
        found = _table_sources("", given, place, problems)
    return tuple(found)


def _table_sources(table: str, value: Any, place: Place, problems: Problems) -> list[SourceDefinition]:
    """The definitions of one table: paths that stand side by side are one, an entry with keys is its own."""
    if not isinstance(value, tuple):
        value = (value,)
    found: list[SourceDefinition] = []
    for plain, items in itertools.groupby(value, key=lambda item: isinstance(item, str)):
        if plain:
            found.append(SourceDefinition(table, tuple(items), place))
        else:
            found.extend(_source(table, item, problems) for item in items if item is not None)
    return found


def _source(table: str, values: Values, problems: Problems) -> SourceDefinition:
    files = values["files"]
    _timezone(values, problems)
    return SourceDefinition(
        table, (files,) if isinstance(files, str) else tuple(files), values.place,
        columns={each.name: each.value for each in values.get("columns") or ()},
        preset=values.get("preset"), by=values.get("by"), time=values.get("time"),
        timezone=values.get("timezone"), date_format=values.get("date_format"), decimal=values.get("decimal"),
    )  # fmt: skip
