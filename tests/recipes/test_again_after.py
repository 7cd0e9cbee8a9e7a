"""Campaigns that begin anew: with the next sale that a shop writes down, and with points that were spent meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from segcli.__main__ import main

pytestmark = pytest.mark.slow

RECIPES = Path(__file__).parents[2] / "recipes"
PROJECT = """timezone: Europe/Istanbul
currency: EUR
country: US
sources: {{customers: customers.csv, orders: orders.csv{sources}}}
recipes: [{recipe}]
"""
CUSTOMERS = """customer_id,email,created_at
ada,ada@example.com,2025-01-01 00:00:00
eva,eva@example.com,2025-01-01 00:00:00
"""
ORDERS = """order_id,customer_id,ordered_at,amount
a,ada,2026-10-01,20.00
e,eva,2026-10-01,900.00
"""


def shop(folder: Path, recipe: str, sources: str = "") -> Path:
    for name, text in (
        ("segcli.yaml", PROJECT.format(recipe=recipe, sources=sources)),
        ("customers.csv", CUSTOMERS),
        ("orders.csv", ORDERS),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def sent(folder: Path, moment: str) -> set[tuple[str, str]]:
    """Customer and step of what a committed run sends."""
    assert main(["campaign", "--project", str(folder), "--commit", "--quiet", "--as-of", moment]) == 0
    rows = pl.read_parquet(folder / "history" / moment.replace(":", "") / "sends.parquet")
    return {*rows.filter(pl.col("status") == "sent").select("customer_id", "step").iter_rows()}


def test_the_next_sale_is_told_of_unless_it_comes_within_thirty_days_of_the_last(tmp_path: Path) -> None:
    shutil.copytree(RECIPES / "spenders", tmp_path / "mine")
    folder = shop(tmp_path, "./mine")
    recipe = folder / "mine" / "recipe.yaml"
    text = recipe.read_text(encoding="utf-8")

    def next_sale(day: str) -> None:
        assert text.count("2026-11-27") == 1
        recipe.write_text(text.replace("2026-11-27", day), encoding="utf-8")

    assert sent(folder, "2026-11-12T12:00") == {("eva", "your-place")}
    assert sent(folder, "2026-11-13T12:00") == {("ada", "sale-is-coming")}
    assert sent(folder, "2026-11-24T12:00") == {("eva", "doors-open-early")}
    # Two weeks and three days before it are 29 days after those before the last one, and then 30.
    next_sale("2026-12-26")
    assert sent(folder, "2026-12-12T12:00") == set()
    next_sale("2026-12-27")
    assert sent(folder, "2026-12-13T13:00") == {("ada", "sale-is-coming")}
    next_sale("2026-12-26")
    assert sent(folder, "2026-12-23T12:00") == set()
    next_sale("2026-12-27")
    assert sent(folder, "2026-12-24T12:00") == {("eva", "doors-open-early")}


def test_who_comes_close_to_a_reward_of_the_app_again_is_told_after_sixty_days(tmp_path: Path) -> None:
    folder = shop(tmp_path, "loyalty-import", sources=", loyalty: loyalty.csv")

    def points(ada: int, eva: int) -> None:
        rows = f"email,points_balance\nada@example.com,{ada}\neva@example.com,{eva}\n"
        (folder / "loyalty.csv").write_text(rows, encoding="utf-8")

    points(ada=0, eva=0)
    assert sent(folder, "2026-11-01T09:00") == set()
    points(ada=170, eva=170)
    assert sent(folder, "2026-11-02T09:00") == set()
    assert sent(folder, "2026-11-03T09:00") == {("ada", "points-close"), ("eva", "points-close")}
    points(ada=0, eva=0)
    assert sent(folder, "2026-12-01T09:00") == set()
    points(ada=170, eva=0)
    assert sent(folder, "2026-12-31T09:00") == set()
    points(ada=170, eva=170)
    assert sent(folder, "2027-01-01T09:00") == set()
    assert sent(folder, "2027-01-02T09:00") == {("eva", "points-close")}
