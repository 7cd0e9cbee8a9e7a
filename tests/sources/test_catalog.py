"""The tables of a project before a row is read: columns, types, and what is given."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from segcli.problems import Place, Problems
from segcli.project.models import SourceDefinition
from segcli.sources.tables import CANONICAL, DERIVED, TIME, UNCOUNTED
from tests.sources.inline_files import catalog_of, project_of, typed, write_csv

ORDERS = "order_id,customer_id,ordered_at,amount"


def test_a_table_has_all_canonical_columns_and_says_which_are_given(tmp_path: Path) -> None:
    first = write_csv(tmp_path / "a.csv", f"{ORDERS},status")
    second = write_csv(tmp_path / "b.csv", f"{ORDERS},shipped_at,Gift Wrap")
    orders = catalog_of(project_of(tmp_path, first, second)).tables["orders"]
    assert set(orders.columns) == {*CANONICAL["orders"], *DERIVED["orders"], "gift_wrap"}
    assert {"status", "shipped_at", "delivered_at", "counts", "gap_days", "gift_wrap"} <= orders.given
    assert "discount_code" not in orders.given
    assert (orders.time, orders.by_person) == ("ordered_at", True)


def test_customers_are_there_whenever_anybody_is(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "orders.csv", "order_id,email,ordered_at,amount")
    tables = catalog_of(project_of(tmp_path, file)).tables
    assert tables["customers"].given == {"customer_id", "email", "email_valid"}
    assert tables[UNCOUNTED].columns == tables["orders"].columns


def test_carts_can_come_of_events_and_names_of_products(tmp_path: Path) -> None:
    events = write_csv(tmp_path / "events.csv", "customer_id,at,event,product_id")
    products = write_csv(tmp_path / "products.csv", "product_id,name,category,price")
    tables = catalog_of(project_of(tmp_path, events, products)).tables
    assert {"cart_id", "stage", "abandoned", "amount"} <= tables["carts"].given
    assert {"product_id", "price", "category"} <= tables["cart_items"].given
    assert {"name", "category"} <= tables["events"].given
    assert "brand" not in tables["events"].given


def test_facts_about_customers_rest_on_what_files_say(tmp_path: Path) -> None:
    people = write_csv(tmp_path / "people.csv", "customer_id,birth_date,city,created_at")
    stores = write_csv(tmp_path / "stores.csv", "store_id,name,city")
    given = catalog_of(project_of(tmp_path, people, stores)).tables["customers"].given
    assert {"age", "birthday", "signup_anniversary", "nearest_store", "nearest_store_name"} <= given
    assert not {"season", "nearest_store_km"} & given


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        (["1", "-20", ""], pl.Int64()),
        (["1", "2.5"], pl.Float64()),
        (["007", "1"], pl.String()),
        (["2024-01-01", "2024-12-31"], pl.Date()),
        (["2024-01-01 10:00:00", "2024-12-31T10:00:00Z"], TIME),
        (["true", "FALSE"], pl.Boolean()),
        (["1", "many"], pl.String()),
        (["1,5", "2,5"], pl.String()),
    ],
)
def test_an_extra_column_gets_its_type_from_all_of_its_cells_if_it_is_mentioned(
    tmp_path: Path, cells: list[str], dtype: pl.DataType
) -> None:
    rows = [{"customer_id": str(number), "My Extra": cell} for number, cell in enumerate(cells)]
    project = project_of(tmp_path, write_csv(tmp_path / "people.csv", "customer_id,city,My Extra", *rows))
    assert catalog_of(project).tables["customers"].columns["my_extra"] == pl.String
    mentioned = frozenset({"my_extra"})
    assert catalog_of(project, mentioned=mentioned).tables["customers"].columns["my_extra"] == dtype
    frame = typed(project, "customers", "my_extra", mentioned=mentioned)
    assert frame.schema["my_extra"] == dtype
    assert frame["my_extra"].null_count() == cells.count("")


def test_typed_files_keep_their_types_widened(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "customer_id": [1],
            "city": ["Izmir"],
            "visits": [3],
            "vip": [True],
            "seen": [dt.datetime(2024, 1, 1)],
        },
        schema_overrides={"visits": pl.Int8, "seen": pl.Datetime("ns")},
    )
    frame.write_parquet(tmp_path / "people.parquet")
    project = project_of(tmp_path, tmp_path / "people.parquet")
    columns = catalog_of(project).tables["customers"].columns
    assert [columns[name] for name in ("visits", "vip", "seen")] == [pl.Int64, pl.Boolean, TIME]
    assert typed(project, "customers", "customer_id", "visits", "seen").rows() == [("1", 3, dt.datetime(2024, 1, 1))]


def test_ten_thousand_columns_are_no_trouble(tmp_path: Path) -> None:
    header = ["customer_id", "email", *(f"Metafield {number}" for number in range(10_000))]
    file = write_csv(tmp_path / "wide.csv", header, {"customer_id": "1", "email": "ada@example.com"})
    catalog = catalog_of(project_of(tmp_path, file))
    assert "metafield_9999" in catalog.tables["customers"].given


def test_own_tables_belong_to_persons_or_are_looked_up(tmp_path: Path) -> None:
    write_csv(tmp_path / "tickets.csv", "Email,opened,topic,stars", {"Email": "A@example.com", "stars": "3"})
    write_csv(tmp_path / "weather.csv", "City,temperature", {"City": "Izmir", "temperature": "31.5"})
    people = write_csv(tmp_path / "people.csv", "customer_id,email,city")
    place = Place("segcli.yaml", 4, 3)
    project = project_of(
        tmp_path,
        people,
        SourceDefinition("support", ("tickets.csv",), place, time="opened"),
        SourceDefinition("weather", ("weather.csv",), place, by="city"),
    )
    mentioned = frozenset({"stars", "weather_temperature"})
    tables = catalog_of(project, mentioned=mentioned).tables
    support, weather = tables["support"], tables["weather"]
    assert (support.time, support.by_person, support.columns["stars"]) == ("opened", True, pl.Int64)
    assert (weather.by_person, weather.columns) == (False, {"city": pl.String, "temperature": pl.Float64})
    assert tables["customers"].columns["weather_temperature"] == pl.Float64
    assert "weather_temperature" in tables["customers"].given
    assert typed(project, "support", "email", "stars", mentioned=mentioned).rows() == [("a@example.com", 3)]
    weather_rows = typed(project, "weather", "city", "temperature", mentioned=mentioned)
    assert weather_rows.rows() == [("Izmir", 31.5)]


def test_an_own_table_without_a_person_is_a_problem(tmp_path: Path) -> None:
    write_csv(tmp_path / "tickets.csv", "ticket,topic")
    problems = Problems()
    said = SourceDefinition("support", ("tickets.csv",), Place("segcli.yaml", 4, 3))
    catalog_of(project_of(tmp_path, said), problems)
    (problem,) = problems.errors
    assert "tickets.csv has no column that says whose its rows are" in str(problem)
    assert "`columns: {customer_id: COLUMN}`" in str(problem.hint)


def test_a_project_of_which_nothing_is_recognised_is_a_problem(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "things.csv", "colour,size")
    problems = Problems()
    catalog_of(project_of(tmp_path, file), problems)
    (problem,) = problems.errors
    assert str(problem).startswith("things.csv is not recognised: its columns are colour, size.")


def test_a_file_that_two_sources_name_is_read_once(tmp_path: Path) -> None:
    write_csv(tmp_path / "orders.csv", ORDERS)
    definitions = (
        SourceDefinition("", (".",), Place("segcli.yaml", 2)),
        SourceDefinition("orders", ("orders.csv",), Place("segcli.yaml", 3)),
    )
    catalog = catalog_of(project_of(tmp_path, *definitions))
    assert [plan.definition.table for plan in catalog.plans] == ["orders"]
