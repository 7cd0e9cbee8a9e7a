"""recipes/README.md: what every shipped recipe does, reads and adds, written from the recipes themselves.

And which of them answers what the field's playbooks ask for, written from recipes/playbooks.yaml.

.venv/bin/python -m tests.recipes.recipe_index      writes it anew
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from segcli.campaign_preparing import every_campaign, prepare_chosen
from segcli.campaigns.products import needed_tables
from segcli.fields.nodes import TableNode
from segcli.problems import Problems
from segcli.project import load_project, shipped_recipes
from segcli.project.campaign_models import Campaign, RowStart, Step
from segcli.project.durations import duration_text
from segcli.project.models import Project, Recipe
from segcli.sources.declared_tables import DeclaredTable, declared_tables
from segcli.sources.tables import CANONICAL, NEAREST_STORE

ROOT = Path(__file__).parents[2]
INDEX = ROOT / "recipes" / "README.md"
PLAYBOOKS = ROOT / "recipes" / "playbooks.yaml"
OWN = frozenset({"sends", "memberships"})  # tables that no file gives
HEAD = """# Recipes

Each folder is a recipe: fields, segments, campaigns and the messages that they send. Name the ones you want under
`recipes:` in `segcli.yaml`, or copy a folder and change it. Where the shop has no file of what a recipe reads, what
rests on it is left out, and `segcli check` says so. `customers` are made from orders where there is no file of them.
"""
PLAYBOOKS_HEAD = """## The field's playbooks

What they ask of a shop's emails (1 to 44), the recipes that they tell of (R1 to R18), the criteria by which they divide
a list (C1 to C11), and where each is.

| row | what they ask for | where it is |
|---|---|---|"""


def index_text() -> str:
    """The whole file."""
    everything = load_project([ROOT / "sample_data"], recipes=sorted(shipped_recipes()))
    everything = replace(everything, messages=replace(everything.messages, format="none"))
    own = [recipe for recipe in everything.recipes if recipe.name in shipped_recipes()]
    asked = playbooks()
    rows = [f"| [{recipe.name}](#{recipe.name}) | {' '.join(recipe.description.split())} |" for recipe in own]
    parts = [HEAD, "| recipe | what it is for |\n|---|---|\n" + "\n".join(rows) + "\n"]
    parts += ["\n".join(_recipe(recipe, everything, asked)) + "\n" for recipe in own]
    parts += [PLAYBOOKS_HEAD, "\n".join(_row(row) for row in asked) + "\n"]
    return "\n".join(parts)


@dataclass(frozen=True)
class PlaybookRow:
    """What the playbooks ask for, and what answers it: recipes, a command, a feature, or several of them."""

    name: str  # 17, 3b, R6, C4
    about: str
    recipes: tuple[str, ...] = ()
    command: str | None = None
    feature: str | None = None


def playbooks() -> list[PlaybookRow]:
    """The rows of recipes/playbooks.yaml, in their order."""
    rows = yaml.safe_load(PLAYBOOKS.read_text("utf-8"))
    return [PlaybookRow(name, **{**row, "recipes": tuple(row.get("recipes", ()))}) for name, row in rows.items()]


def _row(row: PlaybookRow) -> str:
    recipes = ", ".join(f"[{name}](#{name})" for name in row.recipes)
    answers = [recipes, _code(row.command) if row.command else "", row.feature or ""]
    return f"| {row.name} | {row.about} | {'; '.join(answer for answer in answers if answer)} |"


def _recipe(recipe: Recipe, everything: Project, asked: list[PlaybookRow]) -> Iterator[str]:
    yield f"## {recipe.name}\n"
    yield f"{' '.join(recipe.description.split())}\n"
    if rows := [row.name for row in asked if recipe.name in row.recipes]:
        yield f"- playbooks: {', '.join(rows)}"
    yield f"- reads: {', '.join(_tables(recipe, everything))}"
    for table in declared_tables([recipe], Problems()).values():
        yield f"- {_declared(table)}"
    if recipe.segments:
        yield f"- segments: {', '.join(_code(item.name) for item in recipe.segments)}"
    if recipe.fields:
        yield f"- fields: {', '.join(_code(item.name) for item in recipe.fields)}"
    for campaign in recipe.campaigns:
        yield f"- campaign `{campaign.name}`, {_start(campaign)}:"
        yield from (f"  - {_step(step, recipe)}" for step in campaign.steps)


def _tables(recipe: Recipe, everything: Project) -> list[str]:
    """The tables that its fields, segments and campaigns need, those of the vocabulary behind them too."""
    vocabulary = [each for each in everything.recipes if each.name not in shipped_recipes()]
    alone = replace(everything, recipes=(*vocabulary, recipe))
    prepared = prepare_chosen(alone, every_campaign(alone), Problems())
    asked = [*(item.name for item in recipe.fields), *(item.name for item in recipe.segments)]
    asked += [item.each for item in recipe.segments if item.each and not item.table]
    found = {"customers"}
    for campaign in prepared.campaigns:
        asked += sorted(campaign.needs)
        found |= {table for table, columns in campaign.needed_columns().items() if columns}
        shown = [each.step.products for each in campaign.steps if each.step.products]
        found |= {table for products in shown for table in needed_tables(products)}
    nodes, seen = prepared.prepared.plan.by_name, set[str]()
    lookups = {table.name for table in recipe.tables if table.by}
    while asked:
        name = asked.pop()
        node = nodes.get(name)
        found |= {lookup for lookup in lookups if name.startswith(f"{lookup}_")}
        found |= {"stores"} if name in NEAREST_STORE else set()
        if node is None or name in seen:
            continue
        seen.add(name)
        found |= {node.table} if isinstance(node, TableNode) else set()
        asked += sorted(node.needs)
    return sorted(found - OWN)


def _declared(table: DeclaredTable) -> str:
    """What a file has to have: of a table of the shop's own how to name it, of a built-in one the columns besides."""
    if table.name in CANONICAL:
        return f"columns of {table.name} besides: {', '.join(map(_code, table.columns))}"
    return f"a table of your own: {_code(table.entry)} under `sources:`, with the columns {', '.join(table.header)}"


def _start(campaign: Campaign) -> str:
    if campaign.start is None:
        return "from entering its audience"
    if isinstance(campaign.start, RowStart):
        return f"from each row of {campaign.start.table} ({campaign.start.at})"
    return f"from {campaign.start.text}"


def _step(step: Step, recipe: Recipe) -> str:
    offers = ", ".join(dict.fromkeys(offer.reward for offer in step.offers))
    versions = [path for path in recipe.path.parent.glob(f"{step.message}.*.*") if path.suffix in (".md", ".txt")]
    languages = sorted({path.name.split(".")[-2] for path in versions})
    said = [f"after {duration_text(step.after)}"]
    said += [f"to {step.channel}"] if step.channel != "email" else []
    said += [f"offers {offers}"] if offers else []
    said += [f"shows {step.products.count} products"] if step.products else []
    said += [f"also in {', '.join(languages)}"] if languages else []
    return f"{_code(step.name)} {'; '.join(said)}"


def _code(name: str) -> str:
    return f"`{name}`"


if __name__ == "__main__":
    INDEX.write_text(index_text(), encoding="utf-8")
