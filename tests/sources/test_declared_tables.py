"""Tables that recipes declare, as the catalog has them: with a file, with a file that lacks columns, without one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from segcli.problems import Place, Problems
from segcli.project import load_recipe
from segcli.project.models import Project, SourceDefinition
from segcli.project.recipe_keys import COLUMN_TYPES
from segcli.sources.casting import BY_TYPE
from tests.sources.inline_files import catalog_of, project_of, typed, write_csv

HERE = Place("segcli.yaml", 4, 3)
TICKETS = "tables: {support: {time: opened_at, columns: {status: text, stars: number}}}"
WEATHER = "tables: {weather: {by: city, columns: {sky: text, temperature_c: number}}}"


def shop(folder: Path, declared: str | list[str], *sources: SourceDefinition) -> Project:
    """A shop of one customer in Izmir, whose recipes declare these tables."""
    recipes = []
    for number, text in enumerate([declared] if isinstance(declared, str) else declared):
        (folder / f"r{number}").mkdir()
        (folder / f"r{number}" / "recipe.yaml").write_text(
            f"{text}\nsegments: {{all_{number}: {{where: orders > 0}}}}\n"
        )
        problems = Problems()
        recipes.append(load_recipe(folder / f"r{number}", problems))
        assert not problems.found, problems.found
    people = write_csv(folder / "people.csv", "customer_id,email,city", {"customer_id": "1", "city": "Izmir"})
    return project_of(folder, people, *sources, recipes=tuple(recipes))


def said(project: Project) -> list[str]:
    problems = Problems()
    catalog_of(project, problems)
    return [str(problem) for problem in problems.errors]


def test_the_types_are_those_that_cells_can_be_cast_to() -> None:
    assert set(COLUMN_TYPES) == set(BY_TYPE.values())


def test_a_table_without_a_file_has_its_columns_and_gives_none(tmp_path: Path) -> None:
    catalog = catalog_of(shop(tmp_path, [TICKETS, WEATHER]))
    support, weather = catalog.table("support"), catalog.table("weather")
    assert support is not None and weather is not None
    assert (support.by_person, support.time, support.given) == (True, "opened_at", frozenset())
    assert support.columns == {
        "customer_id": pl.String, "opened_at": pl.Datetime("us"), "status": pl.String, "stars": pl.Float64,
        "age_days": pl.Int64, "age_hours": pl.Float64,
    }  # fmt: skip
    assert (weather.by_person, weather.by, weather.given) == (False, "city", frozenset())
    customers = catalog.tables["customers"]
    assert customers.columns["weather_temperature_c"] == pl.Float64
    assert "weather_temperature_c" not in customers.given
    assert customers.given_by["weather_temperature_c"] == ("weather",)
    assert not {"support", "weather"} & catalog.tables.keys()


def test_a_file_is_joined_as_the_recipe_says_and_its_columns_are_cast_to_the_declared_types(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", "Email,Opened at,Stars,Agent",
              {"Email": "A@example.com", "Opened at": "13/02/2026 10:00", "Stars": "4,5", "Agent": "7"})  # fmt: skip
    write_csv(tmp_path / "w.csv", "City,Temperature C", {"City": "Izmir", "Temperature C": "31"})
    sources = SourceDefinition("support", ("t.csv",), HERE), SourceDefinition("weather", ("w.csv",), HERE)
    project = shop(tmp_path, [TICKETS, WEATHER], *sources)
    catalog = catalog_of(project)
    support, customers = catalog.tables["support"], catalog.tables["customers"]
    assert support.time == "opened_at"
    assert {"email", "opened_at", "stars", "agent"} <= support.given
    assert (support.columns["status"], "status" in support.given) == (pl.String, False)
    assert "weather_temperature_c" in customers.given
    assert customers.given_by["weather_sky"] == ("weather.sky",)
    rows = typed(project, "support", "email", "opened_at", "stars", "agent").rows()
    assert rows == [("a@example.com", dt.datetime(2026, 2, 13, 10), 4.5, "7")]
    assert typed(project, "weather", "city", "temperature_c").rows() == [("Izmir", 31.0)]


def test_the_project_names_columns_otherwise_and_its_time_and_key_win(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", "who,Created,Closed,state",
              {"who": "1", "Created": "2026-01-01", "Closed": "2026-01-02", "state": "open"})  # fmt: skip
    write_csv(tmp_path / "w.csv", "region,sky")
    renamed = {"customer_id": "who", "opened_at": "created", "status": "State"}
    support = SourceDefinition("support", ("t.csv",), HERE, columns=renamed)
    weather = SourceDefinition("weather", ("w.csv",), HERE, by="region")
    project = shop(tmp_path, [TICKETS, WEATHER], support, weather)
    catalog = catalog_of(project)
    assert catalog.tables["support"].time == "opened_at"
    assert catalog.tables["weather"].by == "region"
    assert typed(project, "support", "customer_id", "opened_at", "status").rows() == [
        ("1", dt.datetime(2026, 1, 1), "open")
    ]
    closed = SourceDefinition("support", ("t.csv",), HERE, columns=renamed, time="Closed")
    explicit = project_of(tmp_path, closed, recipes=project.recipes)
    assert catalog_of(explicit).tables["support"].time == "closed"
    assert typed(explicit, "support", "closed", "opened_at").rows() == [
        (dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 1))
    ]


def test_a_table_of_ones_own_is_not_taken_for_the_file_of_a_platform(tmp_path: Path) -> None:
    row = {"status": "open", "reason": "late", "email": "a@example.com", "created": "2026-01-01"}
    write_csv(tmp_path / "t.csv", "status,reason,email,created", row)  # SendGrid's bounces have this header
    project = shop(tmp_path, TICKETS, SourceDefinition("support", ("t.csv",), HERE))
    assert catalog_of(project).tables.keys() & {"support", "events"} == {"support"}


def test_a_file_without_the_key_of_a_lookup_is_a_problem_that_says_how_to_name_it(tmp_path: Path) -> None:
    write_csv(tmp_path / "w.csv", "town,sky", {"town": "Izmir", "sky": "sunny"})
    project = shop(tmp_path, WEATHER, SourceDefinition("weather", ("w.csv",), HERE))
    [problem] = said(project)
    assert problem.startswith("segcli.yaml:4:3: sources.weather.by: w.csv has no column 'city'.")
    assert problem.endswith("Say which it is: columns: {city: COLUMN}.")
    renamed = SourceDefinition("weather", ("w.csv",), HERE, columns={"city": "town"})
    assert typed(project_of(tmp_path, renamed, recipes=project.recipes), "weather", "city", "sky").rows() == [
        ("Izmir", "sunny")
    ]


def test_what_a_lookup_gives_is_not_given_where_customers_have_no_key_for_it(tmp_path: Path) -> None:
    customers = catalog_of(shop(tmp_path, "tables: {weather: {by: region, columns: {sky: text}}}")).tables["customers"]
    assert customers.given_by["weather_sky"] == ("weather", "customers.region")
    (tmp_path / "odd").mkdir()
    [problem] = said(shop(tmp_path / "odd", "tables: {weather: {by: town, columns: {sky: text}}}"))
    assert "recipe.yaml:1:10: tables.weather.by: customers has no column 'town'." in problem


def test_two_recipes_declare_one_table_together(tmp_path: Path) -> None:
    more = "tables: {support: {columns: {status: text, topic: text}}}"
    support = catalog_of(shop(tmp_path, [TICKETS, more])).declared["support"]
    declared = {"opened_at", "status", "stars", "topic"}
    assert set(support.columns) == {"customer_id", "age_days", "age_hours", *declared}
    assert support.time == "opened_at"


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ("support: {columns: {stars: text}}",
         "r1/recipe.yaml:1:30: tables.support.columns: 'stars' is of type text here, and of type number at "),
        ("support: {by: city}",
         "r1/recipe.yaml:1:10: tables.support: 'support' is a lookup by city here, and a table of customers' rows at "),
        ("support: {time: closed_at}",
         "r1/recipe.yaml:1:10: tables.support.time: the time of 'support' is closed_at here, and opened_at at "),
    ],
)  # fmt: skip
def test_declarations_that_contradict_each_other_are_a_problem_with_both_places(
    tmp_path: Path, other: str, problem: str
) -> None:
    [found] = said(shop(tmp_path, [TICKETS, f"tables: {{{other}}}"]))
    assert problem in found
    assert "r0/recipe.yaml:1:" in found.split(problem)[1]


def test_the_column_that_says_when_is_a_time(tmp_path: Path) -> None:
    [problem] = said(shop(tmp_path, "tables: {support: {time: at, columns: {at: text}}}"))
    assert "'at' is of type text here, and of type time at" in problem


@pytest.mark.parametrize(
    ("declared", "source", "problem"),
    [
        (WEATHER, {"time": "day"},
         "'weather' is a table of customers' rows here, and a lookup by city for the recipe at "),
        (WEATHER, {"columns": {"email": "mail"}}, "'weather' is a table of customers' rows here"),
        (TICKETS.replace("support", "weather"), {"by": "city"},
         "'weather' is a lookup by city here, and a table of customers' rows for the recipe at "),
    ],
)  # fmt: skip
def test_a_project_that_joins_a_table_otherwise_is_a_problem_with_both_places(
    tmp_path: Path, declared: str, source: dict[str, str], problem: str
) -> None:
    write_csv(tmp_path / "w.csv", "city,mail,day,sky")
    [found, *_] = said(shop(tmp_path, declared, SourceDefinition("weather", ("w.csv",), HERE, **source)))
    assert found.startswith("segcli.yaml:4:3: sources.weather: " + problem)
    assert "r0/recipe.yaml:1:10" in found


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ("orders: {columns: {amount: text}}",
         "tables.orders.columns: segcli's table 'orders' has a column 'amount' always. Leave it out."),
        ("orders: {time: paid_at}", "tables.orders: 'orders' is a table of segcli's own. Only columns"),
        ("customers: {}", "tables.customers: 'customers' is a table of segcli's own. Only columns"),
        ("sends: {columns: {cost: money}}", "tables.sends: 'sends' is the table of what segcli itself did."),
    ],
)  # fmt: skip
def test_a_built_in_table_can_only_be_given_more_columns(tmp_path: Path, declared: str, problem: str) -> None:
    [found] = said(shop(tmp_path, f"tables: {{{declared}}}"))
    assert problem in found


def test_columns_of_a_built_in_table_are_declared_besides(tmp_path: Path) -> None:
    declared = "tables: {customers: {columns: {shoe_size: number, hobbies: text}}, orders: {columns: {gift: flag}}}"
    (tmp_path / "without").mkdir()
    catalog = catalog_of(shop(tmp_path / "without", declared))
    customers, orders = catalog.tables["customers"], catalog.table("orders")
    assert orders is not None
    assert (customers.columns["shoe_size"], orders.columns["gift"]) == (pl.Float64, pl.Boolean)
    assert not {"shoe_size", "gift"} & (customers.given | orders.given)
    people = write_csv(tmp_path / "p.csv", "customer_id,email,Shoe size,likes",
                       {"customer_id": "1", "Shoe size": "43", "likes": "tea"})  # fmt: skip
    named = SourceDefinition("customers", (str(people),), HERE, columns={"hobbies": "likes"})
    recipes = shop(tmp_path, declared).recipes
    assert typed(project_of(tmp_path, named, recipes=recipes), "customers", "shoe_size", "hobbies").rows() == [
        (43.0, "tea")
    ]
    mapped = project_of(tmp_path, people, recipes=recipes, maps={"customers": {"hobbies": "likes"}})
    assert typed(mapped, "customers", "hobbies").rows() == [("tea",)]
