"""recipes/README.md: what every shipped recipe does, reads and adds, written from the recipes themselves.

.venv/bin/python -m tests.recipes.recipe_index      writes it anew
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from segcli.campaign_preparing import every_campaign, prepare_chosen
from segcli.campaigns.products import needed_tables
from segcli.fields.nodes import TableNode
from segcli.problems import Problems
from segcli.project import load_project, shipped_recipes
from segcli.project.campaign_models import Campaign, RowStart, Step
from segcli.project.durations import duration_text
from segcli.project.models import Project, Recipe

ROOT = Path(__file__).parents[2]
INDEX = ROOT / "recipes" / "README.md"
OWN = frozenset({"sends", "memberships"})  # tables that no file gives
HEAD = """# Recipes

Each folder is a recipe: fields, segments, campaigns and the messages that they send. Name the ones you want under
`recipes:` in `segcli.yaml`, or copy a folder and change it. Where the shop has no file of what a recipe reads, what
rests on it is left out, and `segcli check` says so. `customers` are made from orders where there is no file of them.
"""


def index_text() -> str:
    """The whole file."""
    everything = load_project([ROOT / "sample_data"], recipes=sorted(shipped_recipes()))
    everything = replace(everything, messages=replace(everything.messages, format="none"))
    own = [recipe for recipe in everything.recipes if recipe.name in shipped_recipes()]
    rows = [f"| [{recipe.name}](#{recipe.name}) | {' '.join(recipe.description.split())} |" for recipe in own]
    parts = [HEAD, "| recipe | what it is for |\n|---|---|\n" + "\n".join(rows) + "\n"]
    parts += ["\n".join(_recipe(recipe, everything)) + "\n" for recipe in own]
    return "\n".join(parts)


def _recipe(recipe: Recipe, everything: Project) -> Iterator[str]:
    yield f"## {recipe.name}\n"
    yield f"{' '.join(recipe.description.split())}\n"
    yield f"- reads: {', '.join(_tables(recipe, everything))}"
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
    found = {"customers"}
    for campaign in prepared.campaigns:
        asked += sorted(campaign.needs)
        found |= {table for table, columns in campaign.needed_columns().items() if columns}
        shown = [each.step.products for each in campaign.steps if each.step.products]
        found |= {table for products in shown for table in needed_tables(products)}
    nodes, seen = prepared.prepared.plan.by_name, set[str]()
    while asked:
        name = asked.pop()
        node = nodes.get(name)
        if node is None or name in seen:
            continue
        seen.add(name)
        found |= {node.table} if isinstance(node, TableNode) else set()
        asked += sorted(node.needs)
    return sorted(found - OWN)


def _start(campaign: Campaign) -> str:
    if campaign.start is None:
        return "from entering its audience"
    if isinstance(campaign.start, RowStart):
        return f"from each row of {campaign.start.table} ({campaign.start.at})"
    return f"from {campaign.start.text}"


def _step(step: Step, recipe: Recipe) -> str:
    offers = ", ".join(dict.fromkeys(offer.reward for offer in step.offers))
    languages = sorted(
        path.name.split(".")[-2]
        for path in recipe.path.parent.glob(f"{step.message}.*.md")
    )  # fmt: skip
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
