"""Every shipped recipe on the sample shop, and the default set on nothing but orders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from segcli import pipeline
from segcli.problems import Problems
from segcli.project.projects import load_project

pytestmark = pytest.mark.slow  # whole shops

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.parent.name for path in (ROOT / "recipes").glob("*/recipe.yaml"))


def run_of(paths: list[Path], scratch: Path, recipes: list[str] | None = None) -> pipeline.SegmentRun:
    problems = Problems()
    project = load_project(paths, as_of="2026-06-30T09:00", recipes=recipes)
    prepared = pipeline.prepare(project, problems)
    assert [str(problem) for problem in problems.errors] == []
    return pipeline.compute(prepared, scratch)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pipeline.SegmentRun]:
    yield run_of([ROOT / "sample_data"], tmp_path_factory.mktemp("scratch"), SHIPPED)


@pytest.mark.slow
def test_the_sample_shop_can_answer_every_shipped_recipe(sample: pipeline.SegmentRun) -> None:
    plan = sample.computed.plan
    # Of points a line may give none for want of such events; what rests on the field itself would be named.
    named = plan.unavailable.keys() & plan.definitions.keys()
    assert {name for name in named if plan.definitions[name].recipe != "builtin"} == set()


def test_every_segment_has_members_in_the_sample_shop(sample: pipeline.SegmentRun) -> None:
    with_members = {member.name for member in sample.members if member.customers}
    with_values = {member.name.partition("-")[0] for member in sample.members if member.value is not None}
    empty = [
        segment.name
        for segment in sample.computed.plan.segments
        if segment.name not in with_members
        and (segment.each is None or segment.name not in with_values)
        # It rests on codes that segcli sent: see test_past_of_the_shop.py.
        and segment.name != "welcome_code_unused"
    ]
    assert empty == []


@pytest.mark.parametrize(
    ("segment", "groups"),
    [
        ("rfm", 11),
        ("rfm_klaviyo", 6),
        ("rfm_shopify_like", 11),
        ("rfm_grid", 10),
        ("rfm_thresholds", 11),
        ("lifecycle", 4),
    ],
)
def test_a_scheme_puts_everybody_it_speaks_of_into_one_of_its_groups(
    sample: pipeline.SegmentRun, segment: str, groups: int
) -> None:
    found = [member for member in sample.members if member.name.startswith(f"{segment}-")]
    customers = sample.computed.customers.select(pl.len(), buyers=(pl.col("orders") > 0).sum()).collect()
    everybody = segment in ("rfm_shopify_like", "lifecycle")
    assert len(found) == groups
    assert sum(member.customers for member in found) == customers["len" if everybody else "buyers"].item()


def test_no_champion_and_no_loyal_customer_bought_only_once(sample: pipeline.SegmentRun) -> None:
    top = [member for member in sample.members if member.name in ("rfm-champions", "rfm-loyal")]
    assert [member.one_time_buyers for member in top] == [0, 0]


def test_a_file_of_orders_alone_is_enough_for_the_recipes_about_orders(tmp_path: Path) -> None:
    rows = [
        f"c{customer},o{customer}-{nth},2026-0{1 + (customer + nth) % 6}-{10 + customer % 18},{customer}.50"
        for customer in range(40)
        for nth in range(1 + customer % 4)
    ]
    orders = tmp_path / "orders.csv"
    orders.write_text("customer_id,order_id,ordered_at,amount\n" + "\n".join(rows) + "\n", encoding="utf-8")
    run = run_of([orders], tmp_path / "scratch")
    unavailable = set(run.computed.plan.unavailable)
    answered = {segment.name for segment in run.computed.plan.segments} - unavailable
    expected = """
        first_time first_time_recent lapsed lapsed_one_time lapsed_regulars loyal early_access lifecycle rfm
        active_users engagement_level best_10_percent best_15_percent order_value more_than_two_orders
        order_count
    """
    assert set(expected.split()) - answered == set()
    assert {"new_leads", "cart_abandoners", "clicked_lately", "never_openers", "many_pieces"} <= unavailable
