"""The project that a test.yaml's recipe runs in: its settings, and a shop that is made up where it says nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from segcli.problems import Place, Problems
from segcli.project import shipped_recipes
from segcli.project.message_models import Links, MessageSettings, Sender
from segcli.project.models import Project
from segcli.project.projects import PROJECT_FILE, project_of
from segcli.project.recipes import RECIPE_FILE
from segcli.project.shapes import Named, Values
from segcli.project.yaml_text import shown_path
from segcli.recipe_testing.keys import SETTINGS
from segcli.sources.declared_tables import DeclaredTable, declared_tables

SHOP = "Sample Shop"
CURRENCY = "USD"
SENDER = {"email": "hello@shop.example", "reply_to": "help@shop.example", "address": "Sample Shop, 1 Example Street"}
LINKS = Links(
    shop="https://shop.example", unsubscribe="https://shop.example/unsubscribe", help="https://shop.example/help",
    referral="https://shop.example/friends", survey="https://shop.example/survey",
    subscribe="https://shop.example/subscribe", landing="https://shop.example/l",
)  # fmt: skip
BEFORE_ANY_RUN = dt.datetime(2000, 1, 1)  # the moments say when runs are


def project_of_tests(settings: Values | None, recipes: tuple[Named, ...], file: Path, problems: Problems) -> Project:
    """The recipe beside the file and the others that it asks for, in a shop with these settings and no files."""
    place = settings.place if settings else Place(shown_path(file), 1, 1)
    values = {"shop": SHOP, "currency": CURRENCY, **(settings.values if settings else {})}
    values.pop("sources", None)
    folder = file.parent.resolve()
    values["recipes"] = (Named(str(folder), place, str(folder)), *(_sibling(each, folder) for each in recipes))
    places = dict.fromkeys(values, place) | dict(settings.places if settings else {})
    project = project_of(Values(place, SETTINGS, values, places), folder, BEFORE_ANY_RUN, problems)
    return replace(project, root=layout_root(folder), messages=_messages(project.messages, settings, place))


def tables_of_tests(settings: Values | None, project: Project, problems: Problems) -> dict[str, DeclaredTable]:
    """The tables that the recipes declare, and those of one's own that the settings name, which go before."""
    found = declared_tables(project.recipes, problems)
    for each in settings.get("sources", ()) if settings else ():
        known = found.get(each.name, DeclaredTable(each.name, each.place))
        by, time = each.value.get("by") or known.by, each.value.get("time") or known.time
        found[each.name] = replace(known, place=each.place, by=by, time=time)
    return found


def _sibling(named: Named, folder: Path) -> Named:
    """A recipe that lies beside the tested one may be called by its name alone."""
    beside = folder.parent / named.name
    if named.name not in shipped_recipes() and (beside / RECIPE_FILE).is_file():
        return replace(named, name=str(beside), value=str(beside))
    return named


def layout_root(folder: Path) -> Path:
    """The project that a recipe lies in, whose layout its messages get; else its own folder."""
    return next((each for each in folder.parents if (each / PROJECT_FILE).is_file()), folder)


def _messages(messages: MessageSettings, settings: Values | None, place: Place) -> MessageSettings:
    """The settings with a sender and links, so that every message can be rendered."""
    given: Mapping[str, object] = vars(messages.links)
    links = replace(messages.links, **{name: vars(LINKS)[name] for name in vars(LINKS) if given[name] is None})
    said = settings.get("messages") if settings else None
    form = messages.format if said is not None and "format" in said else "eml"
    return replace(messages, sender=messages.sender or Sender(place=place, **SENDER), links=links, format=form)
