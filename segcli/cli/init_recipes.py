"""Which shipped recipes a folder's files can answer, which a new project begins with, and what the others lack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedRowStart
from segcli.campaigns.checking import campaign_names, check_campaigns
from segcli.campaigns.products import kinds_of, missing_columns
from segcli.fields.availability import spread
from segcli.fields.nodes import TableNode
from segcli.pipeline import Prepared, default_wanted, definitions, prepare
from segcli.problems import Problems
from segcli.project import shipped_recipes
from segcli.project.campaign_models import Step
from segcli.project.models import Project, Recipe
from segcli.project.recipe_choice import default_set, first_campaigns
from segcli.project.recipes import load_recipe
from segcli.sources.carts import CART_EVENTS
from segcli.sources.declared_tables import DeclaredTable, declared_tables
from segcli.sources.reading import RESTS_ON

Needs = tuple[
    str, ...
]  # tables, columns and kinds of event that no file gives: `carts`, `customers.city`, `events.open`
OF_REFERRERS = frozenset({"referral"})  # the kind of event that customers' files make, by who referred whom


@dataclass(frozen=True)
class ShownRecipe:
    """A recipe that the files can answer. `instead_of` defines a name that this one defines too."""

    name: str
    summary: str  # the first sentence of its description
    campaigns: bool
    instead_of: str | None = None


@dataclass(frozen=True)
class LeftOut:
    """A recipe that the files cannot answer, and what would enable it."""

    name: str
    needs: Needs
    useful: bool  # a new project would begin with it
    declared: Mapping[str, DeclaredTable] = field(default_factory=dict)  # of the needs the tables of the shop's own


@dataclass(frozen=True)
class RecipeChoice:
    """What a new project begins with, what it may take besides, and what its files cannot answer."""

    chosen: tuple[ShownRecipe, ...] = ()
    offered: tuple[ShownRecipe, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def choose_recipes(project: Project, events: frozenset[str] | None = None) -> RecipeChoice:
    """Sorts the shipped recipes by the files of `project` (whose only recipe is the built-in vocabulary).

    `events` are the kinds of event that occur; None where that is not known. A new project begins with the default
    set and the first campaigns; no two of its recipes define one name.
    """
    first = [wanted.name for wanted in (*default_set(Problems()), *first_campaigns(Problems()))]
    recipes = _ordered(first)
    needs: dict[str, Needs] = {}
    for pack in _without_doubles(recipes):
        needs |= _needs_of(replace(project, recipes=(*project.recipes, *pack)), events)
    chosen: list[ShownRecipe] = []
    offered: list[ShownRecipe] = []
    left_out: list[LeftOut] = []
    owners: dict[str, str] = {}  # a name that a recipe defines -> the recipe
    for recipe in recipes:
        lacks = needs.get(recipe.name)
        if lacks is None:  # it has only fields, for other recipes
            continue
        if lacks:
            asked = tuple(dict.fromkeys(map(_of_files, lacks)))
            own = {name: table for name, table in declared_tables([recipe], Problems()).items() if name in asked}
            left_out.append(LeftOut(recipe.name, asked, recipe.name in first, own))
            continue
        other = next((owners[name] for name in _names(recipe) if name in owners), None)
        shown = ShownRecipe(recipe.name, first_sentence(recipe.description), bool(recipe.campaigns), other)
        (chosen if recipe.name in first and other is None else offered).append(shown)
        owners |= {name: recipe.name for name in _names(recipe) if name not in owners}
    return RecipeChoice(tuple(chosen), tuple(offered), tuple(left_out))


def _of_files(need: str) -> str:
    """What files would have to give: a birthday comes from a birth_date."""
    table, _, column = need.partition(".")
    source, columns = RESTS_ON.get((table, column), (table, (column,)))
    return f"{source}.{columns[0]}" if column else table


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z0-9])", " ".join(text.split()), maxsplit=1)[0]


def _ordered(first: Sequence[str]) -> list[Recipe]:
    """Every shipped recipe that can be read: those of `first` in their order, then the others by name."""
    read = {name: load_recipe(folder, Problems()) for name, folder in shipped_recipes().items()}
    names = [name for name in first if name in read] + [name for name in read if name not in first]
    return [recipe for name in names if (recipe := read[name]) is not None]


def _names(recipe: Recipe) -> list[str]:
    """What a project may define once only. A campaign may be called like a segment."""
    own = [each.name for each in (*recipe.fields, *recipe.segments)]
    return [*own, *(f"campaign {campaign.name}" for campaign in recipe.campaigns)]


def _without_doubles(recipes: Iterable[Recipe]) -> list[list[Recipe]]:
    """The recipes in as few lots as it takes for no name to be defined twice in one."""
    packs: list[tuple[list[Recipe], set[str]]] = []
    for recipe in recipes:
        names = _names(recipe)
        pack = next((pack for pack in packs if pack[1].isdisjoint(names)), None)
        if pack is None:
            packs.append(pack := ([], set()))
        pack[0].append(recipe)
        pack[1].update(names)
    return [pack for pack, _ in packs]


def _needs_of(project: Project, events: frozenset[str] | None) -> dict[str, Needs]:
    """Recipe -> what it lacks: nothing where one of its segments, or of its campaigns if it has any, is to be had."""
    campaigns = [campaign for recipe in project.recipes for campaign in recipe.campaigns]
    mentioned = campaign_names(campaigns)
    wanted = [*default_wanted(project), *mentioned]
    prepared = _by_events(prepare(project, Problems(), wanted=wanted, mentioned=mentioned), events)
    fields, segments = definitions(project, Problems())
    known = {item.name: item for item in (*fields, *segments)}
    checked = check_campaigns(campaigns, prepared.plan, prepared.catalog, known, Problems())
    planned = {segment.name for segment in prepared.plan.segments}
    needs: dict[str, Needs] = {}
    for recipe in project.recipes:
        names = [segment.name for segment in recipe.segments if segment.name in planned]
        lacks = [prepared.plan.unavailable.get(name, ()) for name in names]
        if recipe.campaigns:
            lacks = [_lacks_of(campaign, prepared) for campaign in checked if campaign.campaign.recipe == recipe.name]
        if lacks:
            needs[recipe.name] = min(lacks, key=len)
    return needs


def _by_events(prepared: Prepared, events: frozenset[str] | None) -> Prepared:
    """The same, and without what rests on events of which there is not one: a header does not tell that."""
    if events is None:
        return prepared
    happened = events | OF_REFERRERS
    tables = dict(prepared.catalog.tables)
    by_file = {rule.table for plan in prepared.catalog.plans for rule in plan.kind.tables}
    if not happened & {*CART_EVENTS} and "carts" not in by_file:
        tables = {name: table for name, table in tables.items() if name not in ("carts", "cart_items")}
    customers = tables["customers"].given if "customers" in tables else frozenset()

    def causes(node: TableNode) -> Iterable[str]:
        if node.name in prepared.plan.unavailable:
            return prepared.plan.unavailable[node.name]
        if node.table in prepared.catalog.tables and node.table not in tables:
            return [node.table]
        asked = _kinds_asked(node.where.sql) if node.table == "events" and node.where else frozenset()
        return [f"events.{kind}" for kind in sorted(asked)] if asked and not asked & happened else []

    plan = spread(prepared.plan, causes, customers)
    return replace(prepared, plan=plan, catalog=replace(prepared.catalog, tables=tables))


def _kinds_asked(where: str) -> frozenset[str]:
    """The kinds of event of which a condition asks for one."""
    listed = re.findall(r"\"event\" in \(([^)]*)\)", where)
    words = [*re.findall(r"\"event\" = ('[^']*')", where), *listed]
    return frozenset(kind for word in words for kind in re.findall(r"'([^']*)'", word))


def _lacks_of(campaign: CheckedCampaign, prepared: Prepared) -> Needs:
    """What no file gives of what the campaign's audience, clock and messages rest on."""
    plan, tables = prepared.plan, prepared.catalog
    customers = tables.table("customers")
    given = customers.given if customers else frozenset()
    found: list[str] = []
    for name in sorted(campaign.needs):
        if name in plan.unavailable:
            found += plan.unavailable[name]
        elif name in plan.customer_columns and name not in given:
            found += plan.would_give(name)
    if isinstance(campaign.start, CheckedRowStart):
        table = tables.table(campaign.start.table)
        if table is None or not table.given:
            found.append(campaign.start.table)
        elif campaign.start.at not in table.given:
            found.append(f"{campaign.start.table}.{campaign.start.at}")
    if not found:
        least: Needs = min((_nothing_to_show(step.step, prepared) for step in campaign.steps), key=len)
        found += least
    return tuple(dict.fromkeys(found))


def _nothing_to_show(step: Step, prepared: Prepared) -> Needs:
    """What a step lacks that is not sent without products; nothing if it can be sent."""
    products = step.products
    if products is None or not products.at_least:
        return ()
    given: Mapping[str, frozenset[str]] = {name: table.given for name, table in prepared.catalog.tables.items()}
    lacking = missing_columns(products, given)
    return next(iter(lacking.values())) if lacking.keys() >= {*kinds_of(products)} else ()
