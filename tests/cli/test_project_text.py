"""What a project file offers behind a # is something that a project can have: that of `init`, and the sample's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segcli.cli.init_files import FoundFile
from segcli.cli.init_recipes import RecipeChoice, ShownRecipe
from segcli.cli.project_text import project_text
from segcli.project import load_project
from segcli.project.models import Project

SAMPLE = Path(__file__).parents[2] / "sample_data" / "segcli.yaml"
NOTHING: dict[str, str | None] = {}
ALL = {
    "shop": "Ein: Laden", "currency": "TRY", "country": "TR", "timezone": "Europe/Istanbul", "language": "tr",
    "platform": "shopify", "esp": "klaviyo", "sender": "a@shop.example", "address": "Laden, 1 Example Street",
    "shop_link": "https://shop.example", "unsubscribe_link": "https://shop.example/stop",
}  # fmt: skip
FILES = (
    FoundFile("o.csv", "orders", "plain", ("orders",), 3),
    FoundFile("it's: a #file.csv", "customers", "plain", ("customers",), 3),
    FoundFile("weather.csv", notes=("not recognised: its columns are city, x",), header=("city", "x")),
)
RECIPES = RecipeChoice(
    chosen=(ShownRecipe("rfm", "RFM: groups.", False),),
    offered=tuple(ShownRecipe(name, f"{name.title()}: messages.", True) for name in ("winback", "welcome")),
)


def taken_out(text: str) -> str:
    """The file without the # before its keys, before what belongs to them, and before what a list offers."""
    lines, inside = [], False
    for line in text.splitlines():
        indent, mark, rest = re.fullmatch(r"( *)(# )?(.*)", line).groups()  # type: ignore[union-attr]
        begins = re.match(r"[a-z_]+:( |$)|- [\w-]+$", rest) is not None
        inside = mark is not None and (begins or (inside and rest.startswith("  ")))
        lines.append(indent + rest if inside else line)
    return "\n".join(lines) + "\n"


def project_of(folder: Path, text: str) -> Project:
    (folder / "segcli.yaml").write_text(text, encoding="utf-8")
    return load_project([folder])


@pytest.mark.parametrize("answers", [NOTHING, ALL, {**ALL, "unsubscribe_link": None, "currency": None}])
def test_every_line_that_init_offers_can_be_used(tmp_path: Path, answers: dict[str, str | None]) -> None:
    text = project_text(answers, FILES, RECIPES, ("TRY", "EUR"))
    assert project_of(tmp_path, text).limits.caps is None
    project = project_of(tmp_path, taken_out(text))
    assert [recipe.name for recipe in project.recipes if recipe.campaigns] == ["winback", "welcome"]
    assert (project.limits.ahead.days, len(project.limits.caps or ())) == (1, 2)
    assert [(source.table, source.by) for source in project.sources] == [
        ("customers", None), ("orders", None), ("weather", "city"),
    ]  # fmt: skip
    assert "EUR" in project.rates
    assert project.messages.sender is not None
    assert project.consent.soft_opt_in
    assert project.limits.most_due == 5000
    assert project.keep is not None


def test_what_was_answered_is_in_force_and_the_rest_is_not(tmp_path: Path) -> None:
    project = project_of(tmp_path, project_text(ALL, FILES, RECIPES))
    assert (project.shop, project.locale, project.esp) == ("Ein: Laden", "tr_TR", "klaviyo")
    assert project.messages.sender is not None
    assert project.messages.links.unsubscribe == "https://shop.example/stop"
    assert [source.files for source in project.sources] == [("it's: a #file.csv",), ("o.csv",)]
    nothing = project_of(tmp_path, project_text(NOTHING, FILES, RECIPES))
    assert (nothing.country, nothing.currency, nothing.esp, nothing.messages.sender) == (None, None, None, None)


def test_every_recipe_stands_below_what_it_is_for_and_no_line_is_too_long() -> None:
    lines = project_text(ALL, FILES, RECIPES).splitlines()
    for recipe in (*RECIPES.chosen, *RECIPES.offered):
        at = next(number for number, line in enumerate(lines) if line.endswith(f"- {recipe.name}"))
        assert lines[at - 1] == f"  # {recipe.summary}"
    assert lines.index("  - rfm") < lines.index("  # - winback")
    assert [line for line in lines if len(line) > 120] == []


def test_a_language_that_shipped_messages_lack_is_told() -> None:
    text = " ".join(project_text({"language": "es", "country": "ES"}, (), RecipeChoice()).replace("# ", "").split())
    assert "Shipped messages have no Spanish" in text
    assert 'locale: "es_ES"' in text


def test_every_line_that_the_sample_offers_can_be_used(tmp_path: Path) -> None:
    project = project_of(tmp_path, taken_out(SAMPLE.read_text("utf-8")))
    assert project.limits.quiet_hours.begin.hour == 20
    assert len(project.limits.caps or ()) == 3
    assert (project.consent.soft_opt_in, project.esp) == (True, "klaviyo")


@pytest.mark.parametrize(("language", "told"), [("de", True), ("fr", True), ("tr", False), ("en", False)])
def test_a_language_that_no_shipped_message_is_in_is_told_of(language: str, told: bool) -> None:
    assert ("Shipped messages have no" in project_text({**ALL, "language": language}, FILES, RECIPES)) == told
