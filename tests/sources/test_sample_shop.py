"""The sample shop through the sources: what its recipes rest on is there."""

from pathlib import Path

import polars as pl
import pytest

from segcli.problems import Problems
from segcli.project import load_project
from segcli.sources import read_tables, recognise
from segcli.sources.tables import Tables

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    project = load_project([SAMPLE])
    problems = Problems()
    mentioned = frozenset({"weather_weather", "weather_temperature_c"})
    catalog = recognise(project, mentioned, problems)
    needed = {
        "customers": mentioned,
        "orders": frozenset({"amount", "delivered_at"}),
        "order_items": frozenset({"category", "brand", "name", "product_order"}),
    }
    read = read_tables(project, catalog, needed, tmp_path_factory.mktemp("scratch"), problems)
    assert not problems.errors
    return read


def nulls(tables: Tables, table: str, column: str) -> float:
    """The share of rows without a value."""
    share = pl.col(column).null_count() / pl.len()
    return float(tables[table].whole.select(share).collect().item())


def test_every_line_of_the_sample_shop_has_its_order_and_its_product(tables: Tables) -> None:
    assert tables["order_items"].rows > 10_000
    for column in ("customer_id", "ordered_at", "product_id", "category", "brand", "name", "product_order"):
        assert nulls(tables, "order_items", column) == 0, column


def test_the_orders_of_the_sample_shop_were_delivered_but_the_latest(tables: Tables) -> None:
    assert nulls(tables, "orders", "delivered_at") < 0.02


def test_the_weather_of_the_sample_shop_is_found_by_city(tables: Tables) -> None:
    assert tables["weather"].rows > 10
    assert tables["weather"].columns == {"city": pl.String()}
    assert nulls(tables, "customers", "weather_weather") < 0.05
