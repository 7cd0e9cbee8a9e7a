import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from segcli.problems import Place, RecipeError
from segcli.project import load_project, shipped_recipes
from segcli.project.campaign_models import Cap, ConsentSettings, Limits, QuietHours
from segcli.project.models import Expression, Project

NOON = dt.datetime(2026, 6, 30, 12, 0, 59, tzinfo=dt.UTC)
SEGMENT = "segments: {mine: {where: orders > 0}}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def project_of(text: str, **options: Any) -> Project:
    Path("segcli.yaml").write_text(text)
    return load_project([], **{"now": NOON, **options})


def write_recipe(name: str, text: str) -> None:
    Path(name).mkdir(parents=True)
    (Path(name) / "recipe.yaml").write_text(text)


def message(*paths: str, **options: Any) -> str:
    with pytest.raises(RecipeError) as raised:
        load_project(list(paths), **options)
    return str(raised.value)


def test_a_whole_project_is_read(here: Path) -> None:
    write_recipe("recipes/mine", SEGMENT)
    project = project_of(
        """
shop: Kettle & Co
timezone: Europe/Istanbul
currency: TRY
locale: tr-TR
country: TR
as_of: 2026-06-30T09:00
delivery_days: 3
max_rejected: 0.5 %
rates: {USD: 32.50}
recipes: [recipes/mine]
output: {folder: runs, keep: 30d}
esp: klaviyo
expect: {newest_order: 2d, rows: {orders: 1000}}
"""
    )
    assert (project.root, project.file) == (here, here / "segcli.yaml")
    assert (project.shop, project.timezone, project.currency) == (
        "Kettle & Co",
        ZoneInfo("Europe/Istanbul"),
        "TRY",
    )
    assert (project.locale, project.country, project.as_of) == ("tr_TR", "TR", dt.datetime(2026, 6, 30, 9))
    assert (project.delivery_days, project.max_rejected) == (3, Decimal("0.005"))
    assert project.rates == {"USD": Decimal("32.50")}
    assert [recipe.name for recipe in project.recipes] == ["builtin", "mine"]
    assert (project.output, project.keep, project.esp) == (here / "runs", dt.timedelta(days=30), "klaviyo")
    assert (project.expect.newest_order, project.expect.rows) == (dt.timedelta(days=2), {"orders": 1000})
    assert not project.default_recipes


def test_a_project_needs_to_say_little(here: Path) -> None:
    project = project_of("shop: Kettle\n")
    assert (project.timezone, project.locale, project.output) == (ZoneInfo("UTC"), "en", here / "out")
    assert (project.currency, project.country, project.delivery_days) == (None, None, 5)
    assert project.max_rejected == Decimal("0.01")
    assert project.default_recipes
    assert project.recipes[0].name == "builtin"


def test_a_project_is_its_folder_or_its_file(here: Path) -> None:
    Path("shop").mkdir()
    Path("shop/segcli.yaml").write_text("shop: Kettle\n")
    for path in ("shop", "shop/segcli.yaml", str(here / "shop")):
        project = load_project([path])
        assert (project.root, project.output) == (here / "shop", here / "shop" / "out")


def test_bare_files_are_recognised_and_written_where_the_command_was_typed(here: Path) -> None:
    project = load_project(["exports/orders.csv", "s3://bucket/events/*.parquet"], now=NOON)
    (source,) = project.sources
    assert (source.table, source.files) == ("", ("exports/orders.csv", "s3://bucket/events/*.parquet"))
    assert (project.file, project.root, project.output) == (None, here, here / "out")
    assert project.default_recipes


def test_nothing_to_read_says_what_to_type() -> None:
    assert "segcli segment PATH" in message()


def test_a_project_stands_alone() -> None:
    Path("segcli.yaml").write_text("shop: Kettle\n")
    assert "stands alone" in message(".", "orders.csv")


def test_another_yaml_file_is_no_project() -> None:
    Path("recipe.yaml").write_text(SEGMENT)
    assert "--recipe" in message("recipe.yaml")


@pytest.mark.parametrize(
    ("as_of", "moment"),
    [
        ("2026-06-30", dt.datetime(2026, 6, 30)),
        ("2026-06-30T09:00:30", dt.datetime(2026, 6, 30, 9)),
        ("2026-06-30 09:00", dt.datetime(2026, 6, 30, 9)),
        ("2026-06-30T09:00Z", dt.datetime(2026, 6, 30, 12)),
        ("2026-06-30T09:00-04:00", dt.datetime(2026, 6, 30, 16)),
        (None, dt.datetime(2026, 6, 30, 15)),
    ],
)
def test_as_of_is_on_the_shops_clocks(as_of: str | None, moment: dt.datetime) -> None:
    assert project_of("timezone: Europe/Istanbul\n", as_of=as_of).as_of == moment


@pytest.mark.parametrize(
    "as_of", ["today", "2026-13-01", "0001-01-01T00:00+14:00", "20260630", "2026-W20", "30.06.2026"]
)
def test_anything_else_is_no_moment(as_of: str) -> None:
    assert f"--as-of: '{as_of}' is no moment." in message("orders.csv", as_of=as_of)


@pytest.mark.parametrize("as_of", ["0001-01-01", "1979-12-31", "2201-01-01", "9999-12-31T23:59"])
def test_a_moment_is_of_a_year_in_which_days_can_be_counted_on_and_back(as_of: str) -> None:
    assert f"--as-of: '{as_of}' is no moment at which a shop can be." in message("orders.csv", as_of=as_of)


def test_options_go_before_the_file(here: Path) -> None:
    write_recipe("shop/own", SEGMENT)
    write_recipe("tried", "segments: {tried: {where: true}}\n")
    Path("shop/segcli.yaml").write_text("recipes: [own]\noutput: runs\nesp: brevo\nas_of: 2020-01-01\n")
    project = load_project(["shop"], recipes=["tried"], out=Path("o"), esp="klaviyo", as_of="2026-06-30")
    assert [recipe.name for recipe in project.recipes] == ["builtin", "tried"]
    assert (project.output, project.esp, project.as_of) == (here / "o", "klaviyo", dt.datetime(2026, 6, 30))


def test_sources_come_in_their_order_and_three_shapes() -> None:
    project = project_of(
        """
sources:
  customers: customers.csv
  orders:
    - a.csv
    - b.csv
    - {files: old, columns: {amount: Total}, timezone: Asia/Tokyo, date_format: "%d.%m.%y", decimal: ","}
  weather: {files: [w.csv], by: city}
"""
    )
    customers, plain, old, weather = project.sources
    assert (customers.table, customers.files, customers.place) == (
        "customers", ("customers.csv",), Place("segcli.yaml", 3, 3),
    )  # fmt: skip
    assert (plain.table, plain.files) == ("orders", ("a.csv", "b.csv"))
    assert (old.table, old.columns, old.timezone, old.decimal) == (
        "orders",
        {"amount": "Total"},
        "Asia/Tokyo",
        ",",
    )
    assert (weather.files, weather.by) == (("w.csv",), "city")


def test_sources_may_be_a_list_to_be_recognised() -> None:
    project = project_of("sources: [exports, {files: shopify.csv, timezone: Europe/Berlin}]\n")
    assert [(source.table, source.files) for source in project.sources] == [
        ("", ("exports",)),
        ("", ("shopify.csv",)),
    ]


def test_maps_join_the_definition_of_their_table_or_stand_alone() -> None:
    project = project_of(
        "sources: {orders: {files: o.csv, columns: {amount: Total, status: State}}}\n",
        maps=["orders.amount=revenue", "customers.email=E-mail = 1"],
    )
    assert project.sources[0].columns == {"amount": "revenue", "status": "State"}
    assert project.maps == {"customers": {"email": "E-mail = 1"}}


@pytest.mark.parametrize("text", ["amount=revenue", "orders.amount", "orders.amount=", "Orders.amount=x"])
def test_a_map_that_maps_nothing_says_how(text: str) -> None:
    assert "TABLE.COLUMN=HEADER" in message("orders.csv", maps=[text])


def test_a_shipped_recipe_is_found_by_name() -> None:
    name = next(iter(shipped_recipes()))
    assert [recipe.name for recipe in project_of(f"recipes: [{name}]\n").recipes] == ["builtin", name]


def test_a_folder_of_recipes_is_all_of_them_once() -> None:
    write_recipe("recipes/b", "segments: {b: {where: true}}\n")
    write_recipe("recipes/a", "segments: {a: {where: true}}\n")
    project = project_of("recipes: [recipes, ./recipes/a]\n")
    assert [recipe.name for recipe in project.recipes] == ["builtin", "a", "b"]


def test_two_recipes_cannot_define_one_name() -> None:
    write_recipe("a", SEGMENT)
    write_recipe("b", "fields: {mine: {value: orders}}\n")
    assert "b/recipe.yaml:1:10: mine: 'mine' is defined here and at a/recipe.yaml:1:12." in message(
        ".", recipes=["a", "b"]
    )


def test_a_recipe_of_ones_own_replaces_a_built_in_field() -> None:
    write_recipe("own", "fields: {orders: {from: orders, value: count(*)}}\n")
    builtin, own = project_of("recipes: [own]\n").recipes
    assert own.fields[0].name == "orders"
    assert "orders" not in {field.name for field in builtin.fields}
    assert "spend" in {field.name for field in builtin.fields}


def test_a_segment_cannot_take_the_name_of_a_built_in_field() -> None:
    write_recipe("own", "segments: {orders: {where: spend > 0}}\n")
    assert "'orders' is defined here and at" in message(".", recipes=["own"])


def test_faults_of_the_project_and_of_its_recipes_come_together() -> None:
    write_recipe("a", "segments: {x: {wher: true}}\n")
    write_recipe("b", "segments: {y: {where: [1]}}\n")
    Path("segcli.yaml").write_text("timezone: Nowhere/City\nrecipes: [a, b, c]\n")
    lines = message().splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "a/recipe.yaml:1:16", "b/recipe.yaml:1:23", "segcli.yaml:1:11", "segcli.yaml:2:17",
    ]  # fmt: skip


def test_what_is_only_odd_is_a_warning_and_no_error() -> None:
    write_recipe("own", "fields: {news: {from: events, value: max(tag), default: on}}\n")
    (warning,) = project_of("recipes: [own]\n").warnings
    assert "'on' is the text 'on', not true" in warning.message


def test_norway_is_a_country() -> None:
    assert project_of("country: NO\n").country == "NO"


def test_history_and_key_lie_in_the_project(here: Path) -> None:
    project = project_of("shop: Kettle\n")
    assert (project.history, project.key_file) == (here / "history", here / ".segcli.key")
    assert project_of("history: kept/history\n").history == here / "kept" / "history"


def test_history_may_lie_in_the_output_and_not_the_other_way_round(here: Path) -> None:
    assert project_of("output: out\nhistory: out/history\n").history == here / "out" / "history"
    Path("segcli.yaml").write_text("output: kept/out\nhistory: kept\n")
    assert "segcli.yaml:2:10: history: runs are written into the history's folder 'kept'." in message()


def test_without_limits_those_that_are_shipped_count() -> None:
    assert project_of("shop: Kettle\n").limits == Limits()
    assert project_of("shop: Kettle\n").limits.caps is None


def test_limits_are_read_with_the_most_messages_due() -> None:
    limits = project_of(
        """
limits:
  ahead: 24h
  caps:
    - {when: orders > 5, max: 3, per: 7d}
    - {max: 1, per: 7d}
    - {max: 2, per: 30d, channel: sms}
  quiet_hours: {from: 20:30, until: "08:00"}
expect: {messages: 50000}
"""
    ).limits
    assert limits == Limits(
        ahead=dt.timedelta(hours=24),
        caps=(
            Cap(
                3, dt.timedelta(days=7), Place("segcli.yaml", 5, 7),
                when=Expression("orders > 5", Place("segcli.yaml", 5, 14)),
            ),
            Cap(1, dt.timedelta(days=7), Place("segcli.yaml", 6, 7)),
            Cap(2, dt.timedelta(days=30), Place("segcli.yaml", 7, 7), channel="sms"),
        ),
        quiet_hours=QuietHours(dt.time(20, 30), dt.time(8)),
        most_due=50000,
    )  # fmt: skip


def test_consent_names_policies_and_their_files(here: Path) -> None:
    (here / "policies").mkdir()
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (here / "policies" / name).write_text("x: 1\n")
    (here / "one.yaml").write_text("x: 1\n")
    consent = project_of(
        """
consent:
  default: strict
  soft_opt_in: true
  countries: {TR: strict, NO: gdpr}
  policies: [one.yaml, ./policies]
"""
    ).consent
    assert (consent.default, consent.soft_opt_in, consent.countries) == ("strict", True, {"TR": "strict", "NO": "gdpr"})
    assert consent.files == (here / "one.yaml", here / "policies" / "a.yml", here / "policies" / "b.yaml")
    assert consent.places["countries.NO"] == Place("segcli.yaml", 5, 27)
    assert consent.places["default"] == Place("segcli.yaml", 3, 12)


def test_without_consent_nothing_is_chosen() -> None:
    assert project_of("shop: Kettle\n").consent == ConsentSettings()


def test_two_recipes_cannot_define_one_campaign() -> None:
    campaign = "campaigns: {mine: {audience: orders > 0, message: hello}}\n"
    write_recipe("a", campaign)
    write_recipe("b", campaign)
    assert "b/recipe.yaml:1:13: mine: 'mine' is defined here and at a/recipe.yaml:1:13." in message(
        ".", recipes=["a", "b"]
    )


def test_a_campaign_may_be_called_like_a_segment() -> None:
    write_recipe("own", SEGMENT + "campaigns: {mine: {audience: mine, message: hello}}\n")
    own = project_of("recipes: [own]\n").recipes[1]
    assert [campaign.name for campaign in own.campaigns] == [segment.name for segment in own.segments]
