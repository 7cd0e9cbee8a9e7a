"""Every shipped message: that it is there, checks without a word, is rendered by columns, and says what it should."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from segcli.campaign_preparing import PreparedCampaigns, every_campaign, prepare_chosen
from segcli.campaign_trial import try_messages
from segcli.pipeline import compute
from segcli.problems import Problems
from segcli.project import load_project, shipped_recipes
from segcli.project.models import Project
from segcli.project.recipe_choice import shipped_folder

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def project() -> Project:
    """The sample shop with every shipped recipe."""
    return load_project([SAMPLE], recipes=sorted(shipped_recipes()))


@pytest.fixture(scope="module")
def prepared(project: Project) -> PreparedCampaigns:
    problems = Problems()
    found = prepare_chosen(project, every_campaign(project), problems)
    said = [str(problem) for problem in problems if ".md" in str(problem) or "message" in str(problem)]
    assert said == []
    return found


def test_every_email_step_of_a_shipped_recipe_has_a_message(project: Project, prepared: PreparedCampaigns) -> None:
    steps = {
        (campaign.name, step.name)
        for campaign in every_campaign(project) for step in campaign.steps if step.channel == "email"
    }  # fmt: skip
    assert steps == {key for key in prepared.messages if key in steps}
    assert len(steps) > 15


def test_every_shipped_message_is_rendered_by_columns(prepared: PreparedCampaigns) -> None:
    others = [
        (key, file.path.name, part, template.why_not_columnar)
        for key, checked in prepared.messages.items()
        for file, parts in checked.templates.items()
        for part, template in parts.items()
        if not template.columnar
    ]
    assert others == []


def test_every_version_has_a_subject_a_preheader_html_and_text(prepared: PreparedCampaigns) -> None:
    for key, checked in prepared.messages.items():
        for file, parts in checked.templates.items():
            of_email = {"subject", "preheader", "html", "text"}
            assert set(parts) == ({"text"} if file.path.suffix == ".txt" else of_email), (key, file.path)


def test_a_shop_that_sends_no_email_itself_is_asked_for_no_email(project: Project) -> None:
    alone = replace(project, messages=replace(project.messages, sender=None, format="none"))
    channels = {step.channel for campaign in every_campaign(alone) for step in campaign.steps}
    checked = prepare_chosen(alone, every_campaign(alone), Problems()).messages.values()
    assert "email" in channels
    assert {file.path.suffix for each in checked for file in each.templates} <= {".txt"}


def test_every_shipped_message_can_be_made_for_who_would_get_it(prepared: PreparedCampaigns, tmp_path: Path) -> None:
    run = compute(prepared.prepared, tmp_path / "run", needed=prepared.needed)
    assert [str(each.problem) for each in try_messages(prepared, run, tmp_path / "trial")] == []


def test_no_message_asks_a_question_where_the_shop_has_no_place_to_answer_it() -> None:
    """Without `links: {help: ...}` help_contact() is nothing, and so has to be what leads to it."""
    asking = re.compile(r"[?:]\n\n\{\{ help_contact\(\) \}\}\n(?!\{% endif %\})")
    assert [path.name for path in shipped_folder().glob("*/*.md") if asking.search(path.read_text("utf-8"))] == []
