"""Mistakes in a test.yaml: each is told with its place and the way out, all of them at once, before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.problems import Problems
from segcli.recipe_testing import load_recipe_tests, recipe_tests_schema
from segcli.recipe_testing.keys import RECIPE_TESTS
from tests.project.test_schemas import objects
from tests.recipe_testing.recipes_of_tests import GIVEN, faults, loaded, moment, recipe_in


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recipe_in(tmp_path_factory.mktemp("recipes") / "thanks")


def test_a_good_file_is_read(recipe: Path) -> None:
    tests = loaded(recipe, moment("due: {}"))
    assert tests.recipe == "thanks"
    assert tests.own_campaigns == {"thanks", "hello"}
    assert [test.name for test in tests.tests] == ["it"]


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("due: {thank: {thanks: [ada]}}", "there is no campaign 'thank'. Did you mean 'thanks'?"),
        ("due: {thanks: {thank: [ada]}}", "there is no step 'thank' of thanks. Did you mean 'thanks'?"),
        ("due: {thanks: {thanks: [adda]}}", "there is no customer 'adda' in the given rows. Did you mean 'ada'?"),
        ("due: {thanks: {thanks: [ada, ada]}}", "'ada' stands here twice."),
        ("due: {thanks: {thanks: ada}}", "must be a list of customers. Write [ada]."),
        ("due: [thanks]", "a list does not say of which campaign and step."),
        ("segments: {buyer: [ada]}", "there is no segment 'buyer'. Did you mean 'buyers'?"),
        ("segments: {depths: [ada]}", "'depths' is a segment per value. Write depths-<value of depth>."),
        ("segments: {buyers: ada}", "must be a list of members. Write [ada]."),
        ("fields: {ada: {ordrs: 1}}", "there is no field 'ordrs'. Did you mean 'orders'"),
        ("fields: {aba: {orders: 1}}", "there is no customer 'aba' in the given rows. Did you mean 'ada'?"),
        ("excluded: {cem: {thanks: no adress}}", "'no adress' is no reason. Did you mean 'no address'"),
        ("coupons: {thanks: {thanks: {ada: {valu: 10}}}}", "no key 'valu'. Did you mean 'value'?"),
        ("coupons: {thanks: {thanks: {ada: {}}}}", "'reward' or 'value' or 'code'"),
        ("products: {thanks: {thanks: {ada: [P3]}}}", "there is no product 'P3' in the given rows. There are P1, P2."),
        ("messages: {thanks: {thanks: {ada: {version: de}}}}", "there is no version 'de'. There are plain, tr."),
        ("messages: {thanks: {thanks: {ada: {sbject: Hi}}}}", "no key 'sbject'. Did you mean 'subject'?"),
        ("du: {}", "no key 'du'. Did you mean 'due'?"),
        ("given: {each: {customers: {country: US}}}\ndue: {}", "'each' stands in the given of the file or of a test."),
    ],
)
def test_a_misspelt_expectation_is_told_with_its_place(recipe: Path, expected: str, said: str) -> None:
    (fault,) = faults(recipe, moment(expected))
    line = GIVEN.count("\n") + 5
    assert fault.startswith(f"test.yaml:{line}:")
    assert said in fault


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("custmers: []", "2:3: given: there is no table 'custmers'. Did you mean 'customers'?"),
        ("tickets: []", "A recipe declares a table of your own: tables: {tickets: {columns: {topic: text}}}."),
        ("sends: []", "'sends' is the table of what segcli itself did. Let an earlier moment of the test make it."),
        ("customers: [{customer_id: ada, contry: US}]", "2:34: given.customers[1]: customers has no column 'contry'."),
        ("customers: [{customer_id: ada, shoe_size: 4}]", "No expression and no message of the recipes uses it"),
        ("customers: [{customer_id: ada, age: 4}]", "'age' is worked out from the other columns. Leave it out."),
        ("customers: [{email: a@example.com}]", "given.customers[1]: the row has no 'customer_id'."),
        ("customers: [{customer_id: ada}, {customer_id: ada}]", "customer_id 'ada' stands here a second time."),
        ("customers: [{customer_id: ada, email_consent: yes}]", "must be true or false, not 'yes'. Write true."),
        ("customers: [{customer_id: ada, birth_date: 1990-02-30}]", "must be a date such as 1990-05-31"),
        ("customers: ada", "must be a list of rows."),
        ("customers: [ada]", "must be a row: {column: value, ...}."),
        ("products: [{product_id: P1, name: Cup, stock: 1.5}]", "must be a whole number, not '1.5'."),
        ("pools: {../codes.txt: [A]}", "given.pools.../codes.txt: must be a path inside the project."),
        ("pools: {codes.txt: A}", "must be a list of codes."),
        ("each: {customers: {contry: US}}", "2:22: given.each.customers: customers has no column 'contry'."),
        (
            "orders: [{order_id: o1, customer_id: a, ordered_at: 2026-01-01}]",
            "orders: the rows of orders have no 'amount'.",
        ),
    ],
)
def test_a_row_that_does_not_fit_is_told_with_its_place(recipe: Path, rows: str, said: str) -> None:
    (fault,) = faults(recipe, f"given:\n  {rows}\ntests:\n  - name: it\n    at: {{2026-06-01 09:00: {{due: {{}}}}}}\n")
    assert said in fault
    assert fault.startswith("test.yaml:2:")


def test_an_id_that_is_nearly_a_customers_is_a_slip_of_the_pen(recipe: Path) -> None:
    text = moment("due: {}").replace("order_id: o1, customer_id: ada", "order_id: o1, customer_id: adda")
    (fault,) = faults(recipe, text)
    assert fault == "test.yaml:9:35: orders.customer_id: 'adda' is not in customers. Did you mean 'ada'?"


def test_a_line_of_no_order_is_told(recipe: Path) -> None:
    (fault,) = faults(
        recipe, moment("due: {}").replace("{order_id: o1, product_id: P2", "{order_id: o3, product_id: P2")
    )
    assert fault == "test.yaml:13:18: there is no order_id 'o3' in orders. There are o1, o2."


def test_moments_stand_in_the_order_of_time(recipe: Path) -> None:
    text = moment("due: {}") + "\n      2026-05-31:\n        due: {}\n      2026-6-1:\n        due: {}\n"
    found = faults(recipe, text)
    assert "2026-05-31 00:00 is not after 2026-06-01 09:00. Moments stand in the order of time." in found[0]
    assert "'2026-6-1' is no moment." in found[1]
    assert len(found) == 2


def test_a_test_that_expects_nothing_is_none(recipe: Path) -> None:
    (fault,) = faults(recipe, f"{GIVEN}tests:\n  - name: it\n    at: {{2026-06-01 09:00: {{}}}}\n")
    assert "the test expects nothing, so it could never fail. Write due, segments," in fault


def test_two_tests_of_one_name_and_a_test_without_one_are_told(recipe: Path) -> None:
    tests = "".join(f"  - {name}\n    at: {{2026-06-01: {{due: {{}}}}}}\n" for name in ("name: a", "name: a", "nam: b"))
    found = faults(recipe, f"{GIVEN}tests:\n{tests}")
    line = GIVEN.count("\n") + 2
    assert f"test.yaml:{line + 2}:11: name: two tests have this name. The first is at line {line}." in found
    assert any("no key 'nam'. Did you mean 'name'?" in fault for fault in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "test.yaml:1:1: the file is empty."),
        ("# nothing yet\n", "test.yaml:1:1: the file is empty."),
        ("tests: [\n", "not valid YAML"),
        ("- name: it\n", "must hold keys and values."),
        ("given: {}\n", "test.yaml:1:1: the key 'tests' is missing."),
        ("tests: []\n", "test.yaml:1:8: tests: the list is empty"),
        ("tests:\n\t- name: it\n", "a tab indents this line."),
    ],
)
def test_a_file_that_is_no_test_file_is_told(recipe: Path, text: str, said: str) -> None:
    assert any(said in fault for fault in faults(recipe, text))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("settings: {timezon: UTC}", "settings: no key 'timezon'. Did you mean 'timezone'?"),
        ("settings: {timezone: Europe/Istambul}", "Did you mean 'Europe/Istanbul' or"),
        ("settings: {as_of: 2026-01-01}", "settings: no key 'as_of'. The moments stand under 'at'."),
        ("settings: {sources: {orders: {}}}", "'orders' is a table of segcli's own. Its rows stand under 'given'."),
        ("settings: {consent: {default: gdrp}}", "gdrp"),
        ("recipes: [loyalty-tirs]", "recipes: no recipe or folder named 'loyalty-tirs'. Did you mean 'loyalty-tiers'"),
    ],
)  # fmt: skip
def test_settings_are_checked_like_those_of_a_project(recipe: Path, settings: str, said: str) -> None:
    (fault,) = faults(recipe, f"{settings}\n{moment('due: {}')}")
    assert fault.startswith("test.yaml:1:")
    assert said in fault


def test_every_mistake_is_told_at_once(recipe: Path) -> None:
    text = moment("due: {thank: {x: [ada]}}\nsegments: {buyer: []}\nfilds: {}").replace("country: US", "contry: US")
    found = faults(recipe, text)
    assert [any(word in fault for fault in found) for word in ("thank", "buyer", "filds", "contry")] == [True] * 4


def test_a_recipe_with_faults_is_told_of_at_its_place(tmp_path: Path) -> None:
    folder = recipe_in(tmp_path / "broken", "segments: {buyers: {wher: orders > 0}}\n")
    assert any(fault.startswith("recipe.yaml:1:") and "'wher'" in fault for fault in faults(folder, moment("due: {}")))


def test_codes_of_a_file_have_to_be_given(tmp_path: Path) -> None:
    offer = "offer: {reward: gift, code: {pool: codes.txt}}"
    steps = f"steps: [{{message: hello, after: 0h, {offer}}}]"
    text = f"description: x\ncampaigns:\n  hello:\n    audience: orders = 0\n    {steps}\n"
    (fault,) = faults(recipe_in(tmp_path / "gifts", text), moment("due: {}"))
    assert "the recipe takes codes from codes.txt, which is not given. Write given: {pools: {codes.txt:" in fault


def test_no_file_is_a_problem(tmp_path: Path) -> None:
    problems = Problems()
    assert load_recipe_tests(tmp_path / "test.yaml", problems) is None
    assert "No such file" in str(problems.found[0])


def test_the_schema_has_the_keys_that_are_validated() -> None:
    schema = recipe_tests_schema()
    for each in objects(schema):
        assert each["additionalProperties"] is False
        assert all(key["description"].endswith(".") for key in each["properties"].values())
    assert set(schema["properties"]) == set(RECIPE_TESTS.names)
    test = schema["properties"]["tests"]["items"]
    assert set(test["properties"]) == {"name", "given", "at"}
    moments = test["properties"]["at"]["additionalProperties"]
    assert set(moments["properties"]) == {
        "given", "fields", "segments", "due", "excluded", "coupons", "products", "messages",
    }  # fmt: skip
    assert schema["properties"]["settings"]["properties"]["sources"]["additionalProperties"]["properties"].keys() == {
        "by", "time",
    }  # fmt: skip
